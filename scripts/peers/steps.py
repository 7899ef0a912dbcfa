"""Trains or infers and tells of every step: one process of scripts/benchmark.py on the side of a Python library. A
script beside this one makes the model of its library and calls run().

The loop does what the Hugging Face Trainer does, with less around it: random batches padded to their longest text, or
batches of similar length (group_by_length), AdamW (fused), clipping, a linear schedule, bfloat16 by autocast around the
forward pass.

A job, a script's only argument, in JSON:
  model, file    a model folder, and texts with labels in JSON lines
  length, batch  tokens of the longest texts, and texts in a batch
  steps          how many batches, pass after pass
  train          false: infer
  method         an adapter configuration; empty: none
  fused, tasks   adapters in a fusion (0: no fusion); tasks that answer for each input, `together` in one pass
  dropped        lowest layers without adapters
  bf16, grouped  autocast to bfloat16; batches of similar length
  threads
"""
import contextlib
import itertools
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader, RandomSampler, SequentialSampler
from transformers import AutoTokenizer, DataCollatorWithPadding, get_linear_schedule_with_warmup


def nothing():
    pass


@dataclass
class Peer:
    model: torch.nn.Module
    passes: tuple = (nothing,)  # called each before a forward pass over the same batch of inference
    penalty: Callable = None    # of the weights, whose gradient is added after each step


def examples(job, tokenizer):
    with open(job['file'], encoding='utf-8') as lines:
        rows = [json.loads(line) for line in lines]
    encoded = tokenizer([row['text'] for row in rows], truncation=True, max_length=job['length'])
    inputs = [{key: encoded[key][i] for key in encoded} for i in range(len(rows))]
    if not job['train']:
        return inputs
    labels = sorted({row['label'] for row in rows})
    return [{**one, 'labels': labels.index(row['label'])} for one, row in zip(inputs, rows)]


def order(job, rows):
    if job['grouped']:
        from transformers.trainer_pt_utils import LengthGroupedSampler  # slow to import
        return LengthGroupedSampler(job['batch'], lengths=[len(row['input_ids']) for row in rows])
    return RandomSampler(rows) if job['train'] else SequentialSampler(rows)


def forward_mode(job):
    return torch.autocast('cpu', torch.bfloat16) if job['bf16'] else contextlib.nullcontext()


def train(job, peer, batches):
    model = peer.model
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, int(0.06 * job['steps']), job['steps'])
    model.train()
    for batch in batches:
        with forward_mode(job):
            loss = model(**batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if peer.penalty:
            peer.penalty().backward()
        yield


def infer(job, peer, batches):
    peer.model.eval()
    for batch in batches:
        for prepare in peer.passes:
            prepare()
            with torch.no_grad(), forward_mode(job):
                peer.model(**batch).logits.argmax(-1)
        yield


def run(make_peer):
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job['threads'])
    torch.manual_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(job['model'])
    rows = examples(job, tokenizer)
    loader = DataLoader(rows, batch_size=job['batch'], sampler=order(job, rows),
                        collate_fn=DataCollatorWithPadding(tokenizer))
    peer = make_peer(job)
    batches = itertools.islice(itertools.chain.from_iterable(itertools.repeat(loader)), job['steps'])
    steps = train(job, peer, batches) if job['train'] else infer(job, peer, batches)
    for number, _ in enumerate(steps, 1):
        print(f'step={number}/{job["steps"]}', file=sys.stderr, flush=True)
