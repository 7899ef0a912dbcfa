#!/usr/bin/env python3
"""Loads exported folders with AdapterHub's library and prints the logits of sentences, for a Python that has `adapters`.

usage: adapterhub_logits.py MODEL SENTENCES.jsonl '[{"name": "lora", "adapters": [FOLDER], "fusion": null, "head": null},
                            {"name": "fusion", "adapters": [FOLDER, FOLDER], "fusion": FOLDER, "head": FOLDER}]'

A head of its own stands in the adapter's folder where none is named. Prints one JSON object a case: its name, the keys
that were missing in or unknown to the files, the logits, and those of the same head without the adapters.
"""
import json
import sys

import torch
from adapters import AutoAdapterModel
from adapters.loading import AdapterFusionLoader, PredictionHeadLoader
from transformers import AutoTokenizer


def load(model, case):
    """Makes the case active; names of keys that did not fit."""
    unfit = {'missing_keys': [], 'unexpected_keys': []}

    def note(loader, folder, **options):
        info = {}
        loader(folder, loading_info=info, **options)
        for kind, names in unfit.items():
            names.extend(info[kind])

    for folder in case['adapters']:
        note(model.load_adapter, folder, set_active=not case['fusion'], with_head=False)
    if case['fusion']:
        note(AdapterFusionLoader(model).load, case['fusion'], set_active=True)
    note(PredictionHeadLoader(model).load, case['head'] or case['adapters'][0])
    return unfit


def main(folder, sentences, cases):
    with open(sentences, encoding='utf-8') as lines:
        rows = [json.loads(line) for line in lines]
    columns = [[row[name] for row in rows] for name in ('text', 'text_pair') if name in rows[0]]
    batch = AutoTokenizer.from_pretrained(folder)(*columns, padding=True, truncation=True, max_length=128,
                                                  return_tensors='pt')
    for case in cases:
        model = AutoAdapterModel.from_pretrained(folder)
        unfit = load(model, case)
        model.eval()
        with torch.no_grad():
            logits = model(**batch).logits
            model.set_active_adapters(None)
            without = model(**batch).logits
        print(json.dumps({'name': case['name'], **unfit, 'logits': logits.tolist(), 'without': without.tolist()}))


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3]))
