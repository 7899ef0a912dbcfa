#!/usr/bin/env python3
"""Writes a backbone of BERT-base's shape with random weights, for a Python that has `transformers`.

usage: random_bert.py MODEL FOLDER

Its vocabulary is as large as that of MODEL, whose tokenizer it is to be used with.
"""
import sys

import torch
from transformers import AutoConfig, BertConfig, BertModel


def main(source, folder):
    torch.manual_seed(42)
    BertModel(BertConfig(vocab_size=AutoConfig.from_pretrained(source).vocab_size)).save_pretrained(folder)


if __name__ == '__main__':
    main(*sys.argv[1:])
