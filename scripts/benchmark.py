#!/usr/bin/env python3
"""Speed and memory of adaptune, and of the libraries it is compared with where a Python that has them is named:
AdapterHub's, transformers (full fine-tuning) and PEFT (LoRA), as people run them (default) and at their best known
settings (tuned).

The rows stand in scripts/speed/plan.py: training, inference, many tasks on one input, the time from the command to the
first step, and peak memory; on dense texts of 128 tokens and on sst2 with its real lengths; on all-MiniLM-L6-v2 (minilm)
and on a backbone of BERT-base's shape with random weights (base), which transformers makes in the work folder. Ours
trains, as by default, in batches of similar length; theirs, like the Hugging Face Trainer, in random batches padded to
their longest text, tuned in batches of similar length.

Every measurement is a process of its own (of ours in inference the difference of two); the sides alternate. What is
measured is kept in the output file, so that the same command goes on where it was stopped; a side that failed is tried
again. The tables are printed and written beside that file.
"""
import argparse
import os
import pathlib
import sys

from measure.child import ChildFailed
from measure.machine import machine
from measure.program import BACKBONE, BINARY, fail
from measure.record import Record
from speed.backbones import backbones
from speed.bench import Bench
from speed.images import Images
from speed.ours import Ours
from speed.plan import ROWS, has_bar
from speed.profile import Profiler
from speed.report import tables
from speed.rows import BATCHES, FULL, QUICK
from speed.settings import default_setting, tuned_setting
from speed.texts import Texts
from speed.theirs import Theirs

BUSY = 0.5  # processes that run already, above which timings mean little


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=BINARY, type=pathlib.Path)
    parser.add_argument('--python', help='a Python with adapters 1.3 and peft, to compare with')
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    parser.add_argument('--data', default=os.environ.get('DATA', 'data'), type=pathlib.Path,
                        help='folder with text/sst2/train.jsonl and vision/cifar10/train.tar.gz (default: $DATA, or data)')
    parser.add_argument('--rounds', default=5, type=int)
    parser.add_argument('--threads', default=2, type=int)
    parser.add_argument('--shape', default='all', choices=[*BATCHES, 'all'], help='rows of this backbone')
    parser.add_argument('--only', action='append', help='rows whose names contain this: "train, pfeiffer"; more than once: or that')
    parser.add_argument('--bars', action='store_true', help='only rows, and sides of them, that a bar is set for')
    parser.add_argument('--profile', action='store_true',
                        help='also where the time of our side goes, for rows with a bar against a library (by Linux perf)')
    parser.add_argument('--quick', action='store_true', help='one small round, to see whether everything runs')
    parser.add_argument('--work', default='runs/benchmark', type=pathlib.Path,
                        help='folder for the random backbone, texts and runs')
    parser.add_argument('--output', type=pathlib.Path,
                        help='JSON of all measurements (default: benchmark.json in the work folder)')
    arguments = parser.parse_args()
    arguments.runs = arguments.work / 'quick' if arguments.quick else arguments.work
    arguments.rounds = 1 if arguments.quick else arguments.rounds
    arguments.output = arguments.output or arguments.runs / 'benchmark.json'
    return arguments


def chosen_rows(arguments):
    wanted = arguments.only or ['']
    rows = [row for row in ROWS if arguments.shape in (row.shape, 'all') and any(text in row.name for text in wanted)]
    if not rows:
        known = '\n  '.join(row.key for row in ROWS)
        fail(f'no row of {arguments.shape} has {" or ".join(wanted)} in its name', f'the rows are:\n  {known}')
    return rows


def make_sides(arguments, rows):
    folders = backbones(arguments.model, arguments.work, arguments.binary, arguments.python, {row.shape for row in rows})
    bench = Bench(folders, Texts(arguments.runs / 'texts', arguments.model, arguments.data),
                  Images(arguments.runs / 'images', arguments.data, arguments.python),
                  QUICK if arguments.quick else FULL, arguments.threads)
    sides = [Ours(arguments.binary, arguments.runs / 'ours', bench)]
    if arguments.python:
        sides += [Theirs(arguments.python, setting, bench)
                  for setting in (default_setting(), tuned_setting(arguments.runs))]
    return sides


def open_record(arguments, sides):
    """Measurements of another machine or other versions do not mix with these."""
    about = {'machine': machine(arguments.threads), 'quick': arguments.quick}
    versions = {side.name: side.about for side in sides}
    record = Record(arguments.output, {**about, 'versions': versions, 'samples': {}})
    known = record.data['versions']
    same = all(record.data[key] == value for key, value in about.items())
    if not same or any(known.get(name, version) != version for name, version in versions.items()):
        fail(f'{arguments.output} was measured on another machine or with other versions', 'name another --output')
    known.update(versions)
    return record


def warn_if_busy():
    load = os.getloadavg()[0]
    if load > BUSY:
        print(f'warning: other processes keep this machine busy (load {load:.1f}); these timings will mean little',
              file=sys.stderr)


def measure(record, row, side, number):
    samples = record.data['samples'].setdefault(row.key, {}).setdefault(side.name, {})
    if 'failed' not in samples.get(str(number), {'failed': 'not tried'}):
        return
    try:
        sample = side.measure(row)
    except ChildFailed as failure:
        sample = {'failed': str(failure)}
    samples[str(number)] = sample
    record.save()
    text = ' '.join(f'{name}={value:.4g}' if isinstance(value, float) else f'{name} ({value})'
                    for name, value in sample.items())
    print(f'round {number}  {row.key:60} {side.name:7} {text}', file=sys.stderr, flush=True)


def profile(record, rows, ours, folder):
    profiler, known = Profiler(folder), record.data.setdefault('profiles', {})
    for row in rows:
        if row.kind in ('train', 'infer') and row.time and row.key not in known:
            known[row.key] = ours.profile(row, profiler)
            record.save()
            print(f'profile  {row.key}', file=sys.stderr, flush=True)


def main():
    arguments = parse_arguments()
    rows = chosen_rows(arguments)
    sides = make_sides(arguments, rows)
    record = open_record(arguments, sides)
    warn_if_busy()
    for number in range(1, arguments.rounds + 1):
        for row in rows:
            for side in sides if number % 2 else reversed(sides):
                known = side is sides[0] or row.network.script
                if known and (not arguments.bars or has_bar(row, side.name)):
                    measure(record, row, side, number)
    if arguments.profile:
        profile(record, rows, sides[0], arguments.runs)
    text = tables(record.data)
    arguments.output.with_suffix('.md').write_text(text, encoding='utf-8')
    print(text)


if __name__ == '__main__':
    main()
