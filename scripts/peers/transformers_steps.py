#!/usr/bin/env python3
"""Trains a whole network with transformers; the job: steps.py.

usage: transformers_steps.py JOB
"""
from steps import Peer, run
from transformers import AutoModelForSequenceClassification


def make_peer(job):
    return Peer(AutoModelForSequenceClassification.from_pretrained(job['model'], num_labels=2))


if __name__ == '__main__':
    run(make_peer)
