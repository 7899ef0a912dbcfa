#!/usr/bin/env python3
"""Ends training runs at random moments, resumes them, and compares what they write with an undisturbed run's, bitwise.

usage: kill_test.py [--runs 20] [--data FOLDER] [--seed 1]

Three parts: runs ended by SIGKILL (at least once each, then perhaps again), runs ended by SIGTERM (which must end with
status 75 when it comes in time), and, as root on Linux, runs whose disk is filled, so that writes of several kinds meet a
full disk: they must end with status 4 and go on once there is room. In the end the adapter and the checkpoints must hold
the undisturbed run's bits. Prints a line a run; status 1 if any differs.
"""
import argparse
import pathlib
import random
import sys
import tempfile

from interruption.disk import full_disk_runs
from interruption.runs import Training, undisturbed
from interruption.signals import signal_runs
from measure.datasets import split_file
from measure.program import BACKBONE, BINARY, require_file, with_threads, write_config

TASK = 'task'


def configuration(model, data):
    """A run of seconds in which checkpoints, evaluations and lines of the log come often."""
    train = {'max_steps': 60, 'per_device_train_batch_size': 8, 'learning_rate': 1e-3, 'logging_steps': 1,
             'eval_strategy': 'steps', 'eval_steps': 15, 'save_strategy': 'steps', 'save_steps': 10,
             'early_stopping_patience': None, 'report_to': ['tensorboard']}
    return {'model': str(model), 'adapter': 'pfeiffer',
            'task': {'name': TASK, 'type': 'classification'}, 'train': train,
            'data': {'train': str(split_file(data, 'train')), 'validation': str(split_file(data, 'dev')),
                     'max_train_samples': 160, 'max_eval_samples': 64, 'max_seq_length': 48}}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=BINARY, type=pathlib.Path)
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    parser.add_argument('--data', default='configs/quickstart/topic', type=pathlib.Path,
                        help='folder with train and dev files of a classification task (.jsonl or .jsonl.gz)')
    parser.add_argument('--runs', default=20, type=int, help='runs of each part')
    parser.add_argument('--seed', default=1, type=int, help='of the moments')
    parser.add_argument('--threads', default=2, type=int)
    arguments = parser.parse_args()
    require_file(arguments.binary, 'build it first (scripts/quickstart.sh), or name one with --binary')
    with tempfile.TemporaryDirectory(prefix='adaptune-') as folder:
        folder = pathlib.Path(folder)
        config = write_config(folder / 'config.yaml', configuration(arguments.model, arguments.data))
        training = Training(arguments.binary, config, TASK, with_threads(arguments.threads))
        reference = undisturbed(training, folder / 'undisturbed')
        generator = random.Random(arguments.seed)
        results = signal_runs('SIGKILL', training, reference, arguments.runs, generator, folder)
        results += signal_runs('SIGTERM', training, reference, arguments.runs, generator, folder)
        results += full_disk_runs(training, reference, arguments.runs, generator, folder)
    print(f'{sum(results)} passed, {len(results) - sum(results)} failed')
    sys.exit(0 if all(results) else 1)


if __name__ == '__main__':
    main()
