#!/usr/bin/env python3
"""Trains or infers with AdapterHub's library and tells of every step: one process of scripts/benchmark.py, for a Python
that has `adapters`.

usage: adapterhub_steps.py '{"model": FOLDER, "file": JSONL, "method": "seq_bn", "fused": 0, "train": true,
                             "length": 128, "batch": 32, "steps": 10, "threads": 2}'

The loop does what the library's trainer does, with less around it: random batches padded to their longest text, AdamW
(fused), clipping, a linear schedule, and for a fusion the gradient of its regularisation after each step.
"""
import itertools
import json
import sys

import torch
from adapters import AutoAdapterModel
from adapters.composition import Fuse
from torch.utils.data import DataLoader
from transformers import AutoTokenizer, DataCollatorWithPadding, get_linear_schedule_with_warmup


def examples(file, tokenizer, length):
    with open(file, encoding='utf-8') as lines:
        rows = [json.loads(line) for line in lines]
    labels = sorted({row['label'] for row in rows})
    encoded = tokenizer([row['text'] for row in rows], truncation=True, max_length=length)
    return [{**{key: encoded[key][i] for key in encoded}, 'labels': labels.index(row['label'])}
            for i, row in enumerate(rows)]


def make_model(job):
    model = AutoAdapterModel.from_pretrained(job['model'])
    names = [f'task{i}' for i in range(max(1, job['fused']))]
    for name in names:
        model.add_adapter(name, config=job['method'])
    model.add_classification_head('task0', num_labels=2, layers=1)
    if job['fused']:
        model.add_adapter_fusion(Fuse(*names), 'dynamic')
        model.train_adapter_fusion(Fuse(*names))
    else:
        model.train_adapter('task0')
    model.active_head = 'task0'
    return model


def train(model, batches, steps, fused):
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0, fused=True)
    schedule = get_linear_schedule_with_warmup(optimizer, int(0.06 * steps), steps)
    model.train()
    for batch in batches:
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if fused:
            model.base_model.get_fusion_regularization_loss().backward()
        yield


def infer(model, batches):
    model.eval()
    for batch in batches:
        with torch.no_grad():
            model(**batch).logits.argmax(-1)
        yield


def main(job):
    torch.set_num_threads(job['threads'])
    torch.manual_seed(42)
    tokenizer = AutoTokenizer.from_pretrained(job['model'])
    loader = DataLoader(examples(job['file'], tokenizer, job['length']), batch_size=job['batch'], shuffle=job['train'],
                        collate_fn=DataCollatorWithPadding(tokenizer))
    model = make_model(job)
    # Pass after pass, as often as the steps need.
    batches = itertools.islice(itertools.chain.from_iterable(itertools.repeat(loader)), job['steps'])
    steps = train(model, batches, job['steps'], job['fused']) if job['train'] else infer(model, batches)
    for number, _ in enumerate(steps, 1):
        print(f'step={number}/{job["steps"]}', file=sys.stderr, flush=True)


if __name__ == '__main__':
    main(json.loads(sys.argv[1]))
