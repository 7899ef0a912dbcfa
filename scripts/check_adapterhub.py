#!/usr/bin/env python3
"""Trains small adapters, exports them in AdapterHub's layout, loads them with that library, and compares the logits.

usage: check_adapterhub.py --python PYTHON [--data FOLDER]

PYTHON has `adapters` 1.3 (pip install adapters). Covered: houlsby's form with frozen LayerNorms (AdapterHub's files
cannot hold trained ones), pfeiffer, parallel, lora, ia3, and a fusion of three. Prints a line a case; status 1 if a key
is missing or unexpected, if a logit differs by more than 1e-5 (of the largest, if that is above 1), or if an adapter has
no effect.
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from measure.datasets import read_rows, split_file
from measure.program import BACKBONE, BINARY, REPOSITORY, Program, fail, write_config

METHODS = {'houlsby': 'double_seq_bn', 'pfeiffer': 'pfeiffer', 'parallel': 'parallel', 'lora': 'lora', 'ia3': 'ia3'}
FUSED = {'pfeiffer': 42, 'second': 43, 'third': 44}  # names, and their seeds
TARGET = 'pfeiffer'
SENTENCES = 40
TOLERANCE = 1e-5


def configuration(model, data):
    train = {'learning_rate': 1e-3, 'max_steps': 30, 'per_device_train_batch_size': 16, 'eval_strategy': 'no',
             'save_strategy': 'no', 'save_steps': None}
    tasks = {name: {'type': 'classification', 'adapter': method} for name, method in METHODS.items()}
    tasks.update({name: {'type': 'classification', 'train': {'seed': seed}} for name, seed in FUSED.items()
                  if name not in tasks})
    return {'model': str(model), 'adapter': 'pfeiffer', 'tasks': tasks, 'train': train,
            'data': {'train': str(split_file(data, 'train')), 'max_train_samples': 500},
            'fusion': {'adapters': list(FUSED), 'targets': [TARGET], 'train': {'learning_rate': 1e-3}}}


def our_logits(program, trained, sentences, output):
    program.run('predict', trained, sentences, '--logits', '-o', output)
    return [row['logits'] for row in read_rows(output)]


def export_all(program, run, folder):
    """The cases as the other side reads them, and the trained folder of each."""
    trained = {name: run / name / 'adapter' for name in METHODS}
    cases = []
    for name, path in trained.items():
        program.run('export', path, '--format', 'adapterhub', '-o', folder / name)
        cases.append({'name': name, 'adapters': [str(folder / name)], 'fusion': None, 'head': None})
    trained['fusion'] = run / 'fusion' / TARGET / 'fusion'
    parts = folder / 'fusion'
    program.run('export', trained['fusion'], '--format', 'adapterhub', '-o', parts)
    cases.append({'name': 'fusion', 'adapters': [str(parts / name) for name in FUSED],
                  'fusion': str(parts / ','.join(FUSED)), 'head': str(parts / f'head_{TARGET}')})
    return cases, trained


def their_answers(python, model, sentences, cases):
    command = [python, REPOSITORY / 'scripts/peers/adapterhub_logits.py', model, sentences, json.dumps(cases)]
    done = subprocess.run(command, env={**os.environ, 'HF_HUB_OFFLINE': '1'}, capture_output=True, text=True)
    if done.returncode != 0:
        fail(f'AdapterHub\'s library failed:\n{done.stderr[-2000:]}', 'see above')
    return {answer['name']: answer for answer in map(json.loads, done.stdout.splitlines())}


def largest_difference(a, b):
    return max(abs(x - y) for row_a, row_b in zip(a, b, strict=True) for x, y in zip(row_a, row_b, strict=True))


def check(name, ours, theirs):
    """Whether a case holds; prints its line."""
    scale = max(1, max(abs(x) for row in theirs['logits'] for x in row))
    error = largest_difference(ours, theirs['logits']) / scale
    effect = largest_difference(theirs['without'], theirs['logits'])
    unfit = theirs['missing_keys'] + theirs['unexpected_keys']
    good = error <= TOLERANCE and effect > 100 * TOLERANCE and not unfit
    print(f'{name:10} largest error {error:.1e}, effect of the adapter {effect:.2f}, '
          f'{len(unfit)} keys do not fit{": " if unfit else ""}{", ".join(unfit[:3])}   {"ok" if good else "FAILED"}')
    return good


def run(arguments, folder):
    program, run_folder = Program(arguments.binary), folder / 'run'
    config = write_config(folder / 'config.yaml', configuration(arguments.model, arguments.data))
    sentences = folder / 'sentences.jsonl'
    rows = read_rows(split_file(arguments.data, 'dev'))[:SENTENCES]
    sentences.write_text(''.join(json.dumps(row) + '\n' for row in rows), encoding='utf-8')
    for command in ('train', 'fuse'):
        program.run(command, config, '--output-dir', run_folder)
    cases, trained = export_all(program, run_folder, folder / 'exported')
    theirs = their_answers(arguments.python, arguments.model, sentences, cases)
    results = [check(name, our_logits(program, path, sentences, folder / 'logits.jsonl'), theirs[name])
               for name, path in trained.items()]
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed')
    return all(results)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--python', required=True, help='a Python with adapters 1.3')
    parser.add_argument('--binary', default=BINARY, type=pathlib.Path)
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    parser.add_argument('--data', default='configs/quickstart/topic', type=pathlib.Path,
                        help='folder with train and dev files of a classification task (.jsonl or .jsonl.gz)')
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix='adaptune-') as folder:
        sys.exit(0 if run(arguments, pathlib.Path(folder)) else 1)


if __name__ == '__main__':
    main()
