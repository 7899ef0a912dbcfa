#!/usr/bin/env python3
"""Trains LoRA on queries and values with PEFT, for a Python that has `peft`; the job: steps.py.

usage: peft_steps.py JOB
"""
from peft import LoraConfig, get_peft_model
from steps import Peer, run
from transformers import AutoModelForSequenceClassification


def make_peer(job):
    model = AutoModelForSequenceClassification.from_pretrained(job['model'], num_labels=2)
    config = LoraConfig(task_type='SEQ_CLS', r=8, lora_alpha=8, target_modules=['query', 'value'])
    return Peer(get_peft_model(model, config))


if __name__ == '__main__':
    run(make_peer)
