#!/usr/bin/env python3
"""Speed and memory of adaptune, and of AdapterHub's library where a Python with it is named.

Training steps (houlsby, pfeiffer, fusion of 2, 4, 8), inference, the time from the command to the first step, and peak
memory, on dense texts of 128 tokens and on sst2 with its real lengths, each as its side does by default: ours in batches
of similar length, theirs, like the Hugging Face Trainer, in random batches padded to their longest text. Every
measurement is a process of its own; the sides alternate. Finished measurements are kept in the output file, so that the
same command goes on where it was stopped.

`houlsby` is AdapterHub's double_seq_bn on both sides (reduction factor 16, LayerNorms frozen).
"""
import argparse
import os
import pathlib
import sys

from measure.machine import machine
from measure.program import BACKBONE, BINARY, fail
from measure.record import Record
from speed.ours import Ours
from speed.report import tables
from speed.rows import FULL, QUICK, all_rows
from speed.texts import make_texts
from speed.theirs import Theirs

BUSY = 0.5  # processes that run already, above which timings mean little


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=BINARY, type=pathlib.Path)
    parser.add_argument('--python', help='a Python with adapters 1.3, to compare with')
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    parser.add_argument('--data', default=os.environ.get('DATA', 'data'), type=pathlib.Path,
                        help='folder with text/sst2/train.jsonl (default: $DATA, or data)')
    parser.add_argument('--rounds', default=5, type=int)
    parser.add_argument('--threads', default=2, type=int)
    parser.add_argument('--only', default='', help='rows whose names contain this')
    parser.add_argument('--quick', action='store_true', help='one small round, to see whether everything runs')
    parser.add_argument('--work', default='runs/benchmark', type=pathlib.Path, help='folder for texts and runs')
    parser.add_argument('--output', type=pathlib.Path, help='JSON of all measurements (default: in the work folder)')
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.rounds, arguments.work = 1, arguments.work / 'quick'
    arguments.output = arguments.output or arguments.work / 'benchmark.json'
    return arguments


def open_record(arguments, sides):
    """Measurements of another machine or other versions do not mix with these."""
    about = {'machine': machine(arguments.threads), 'quick': arguments.quick}
    versions = {side.name: side.versions for side in sides}
    record = Record(arguments.output, {**about, 'versions': versions, 'samples': {}})
    known = record.data['versions']
    same = all(record.data[key] == value for key, value in about.items())
    if not same or any(known.get(name, version) != version for name, version in versions.items()):
        fail(f'{arguments.output} was measured on another machine or with other versions', 'name another --output')
    known.update(versions)
    record.data['rounds'] = max(arguments.rounds, record.data.get('rounds', 0))
    return record


def warn_if_busy():
    load = os.getloadavg()[0]
    if load > BUSY:
        print(f'warning: other processes keep this machine busy (load {load:.1f}); these timings will mean little',
              file=sys.stderr)


def measure(record, row, side, number):
    samples = record.data['samples'].setdefault(row.key, {}).setdefault(side.name, {})
    if str(number) in samples:
        return
    sample = samples[str(number)] = side.measure(row)
    record.save()
    text = ' '.join(f'{name}={value:.4g}' for name, value in sample.items())
    print(f'round {number}  {row.key:28} {side.name:6} {text}', file=sys.stderr, flush=True)


def main():
    arguments = parse_arguments()
    scale = QUICK if arguments.quick else FULL
    texts = make_texts(arguments.work / 'texts', arguments.model, arguments.data, scale)
    sides = [Ours(arguments.binary, arguments.model, texts, scale, arguments.work / 'ours', arguments.threads)]
    if arguments.python:
        sides.append(Theirs(arguments.python, arguments.model, texts, scale, arguments.threads))
    record = open_record(arguments, sides)
    warn_if_busy()
    for number in range(1, arguments.rounds + 1):
        for row in all_rows():
            if arguments.only in row.key:
                for side in sides if number % 2 else reversed(sides):
                    measure(record, row, side, number)
    print(tables(record.data))


if __name__ == '__main__':
    main()
