#!/usr/bin/env python3
"""What kept states are worth where only a knowledge adapter is trained (fac of knowledge.yaml): the time of an epoch
with the backbone, of the first one that keeps its states, of a later one that reads them, and of a second, smaller
adapter on the same data; the size on disk; how far losses are apart over 50 steps; and whether the adapter ends with
the same bits when it is trained again, killed while the states are written or while it trains, and when the states
are made again.

kept_states.md and kept_states.json are made from one run.
"""
import hashlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'scripts'))
from measure.markdown import table
from measure.program import BACKBONE, Program, fail, require_file, with_threads
from measure.script import experiment_parser, write_results

STEPS = 50
KEPT = re.compile(r'kept in ([\d.]+) s')
PROFILE = re.compile(r'profile: data ([\d.]+) %  forward ([\d.]+) % \(backbone ([\d.]+) %\).*of ([\d.]+) ms a step')


class KeptStates:
    def __init__(self, arguments):
        environment = {**with_threads(arguments.threads), 'DATA': str(arguments.data), 'MODEL': str(arguments.model)}
        self.program = Program(arguments.binary, environment, arguments.device)
        self.output = arguments.output
        self.states = self.output / 'states'
        shutil.rmtree(self.output, ignore_errors=True)
        self.epoch = ('train.max_steps=4',) if arguments.quick else ('train.num_train_epochs=1',)

    def words(self, name, *overrides, states=None):
        own = ('cache.enabled=false',) if states is None else ('cache.enabled=true', f'cache.dir={states}')
        return ['train', HERE / 'knowledge.yaml', '--task', 'fac', '--output-dir', self.output / name, 'train.eval_strategy=no',
                *own, *overrides]

    def timed_epoch(self, name, *overrides, states=None):
        begin = time.monotonic()
        self.program.run(*self.words(name, *self.epoch, *overrides, states=states), '--profile')
        seconds = time.monotonic() - begin
        log = (self.output / name / 'log.txt').read_text(encoding='utf-8')
        data, forward, backbone, step = map(float, PROFILE.search(log).groups())
        finished = json.loads((self.output / name / 'results.json').read_text(encoding='utf-8'))['results'][0]
        steps = finished['step']
        keeping = sum(map(float, KEPT.findall(log)))
        return {'seconds': seconds, 'steps': steps, 'step_ms': step, 'keeping': keeping, 'epoch': steps * step / 1000,
                'backbone': keeping + steps * step * (data + backbone) / 1e5}

    def losses(self, name, states=None):
        self.program.run(*self.words(name, f'train.max_steps={STEPS}', 'train.logging_steps=1', states=states))
        lines = (self.output / name / 'fac/metrics.jsonl').read_text(encoding='utf-8').splitlines()
        return [entry['loss'] for entry in map(json.loads, lines) if 'loss' in entry]

    def digest(self, name):
        return hashlib.sha256((self.output / name / 'fac/adapter/adapter.safetensors').read_bytes()).hexdigest()

    def trained(self, name, states, *, killed_when=None):
        """The digest of an adapter of as many steps; with `killed_when` it is killed when that is so, and started again."""
        words = self.words(name, f'train.max_steps={STEPS}', 'train.logging_steps=1', 'train.save_steps=20', states=states)
        if killed_when:
            process = subprocess.Popen([self.program.binary, *map(str, words)], env=self.program.environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not killed_when():
                if process.poll() is not None:
                    fail(f'{name} ended before it could be killed', 'see its log.txt')
                time.sleep(0.02)
            process.kill()
            process.wait()
        self.program.run(*words)
        return self.digest(name)

    def reproduced(self):
        first = self.trained('first', self.states)
        again = self.output / 'states_again'
        written = lambda: any(file.stat().st_size > 1e6 for file in again.glob('*.tmp'))
        saved = lambda: (self.output / 'killed_in_training/fac/checkpoints/step-20').exists()
        digests = {'trained again': self.trained('again', self.states),
                   'killed while states were written, which are so made again':
                       self.trained('killed_in_writing', again, killed_when=written),
                   'killed in training': self.trained('killed_in_training', self.states, killed_when=saved)}
        return {name: digest == first for name, digest in digests.items()}

    def measure(self):
        epochs = {'with the backbone': self.timed_epoch('direct'),
                  'the first one, which keeps states': self.timed_epoch('keeping', states=self.states),
                  'a later one': self.timed_epoch('later', states=self.states),
                  'a second adapter on the same data':
                      self.timed_epoch('second', 'adapter={config: k_adapter, adapter_size: 96}', states=self.states)}
        size = sum(file.stat().st_size for file in self.states.iterdir())
        apart = [abs(a - b) for a, b in zip(self.losses('loss_direct'), self.losses('loss_kept', self.states), strict=True)]
        return {'epochs': epochs, 'bytes': size, 'losses_apart': max(apart), 'same_bits': self.reproduced()}


def text_of(facts):
    direct = facts['epochs']['with the backbone']
    rows = [[name, f'{own["seconds"]:.1f}', f'{own["epoch"]:.1f}', f'{own["backbone"]:.2f}',
             f'{100 * own["backbone"] / direct["backbone"]:.1f} %']
            for name, own in facts['epochs'].items()]
    same = '; '.join(f'{name}: {"the same bits" if same else "OTHER BITS"}' for name, same in facts['same_bits'].items())
    return ('# Kept states of a knowledge adapter\n\nSeconds of one epoch of fac on wiki80_small: the command as a whole, its '
            'steps, and the part of the backbone: its passes, the states of both splits that are kept before the first step, and '
            'what steps wait for states that are read. Written by configs/knowledge/kept_states.py.'
            '\n\n' + table(['epoch', 'command', 'steps', 'backbone', 'of that without states'], rows)
            + f'\nStates on disk: {facts["bytes"] / 2 ** 20:.0f} MiB. Losses of {STEPS} steps with and without them are at most '
            f'{facts["losses_apart"]:.1e} apart. {same}.\n')


def main():
    parser = experiment_parser(__doc__, 'runs/kept_states', HERE)
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.results = arguments.output
    require_file(arguments.data / 'knowledge/wiki80_small/train.jsonl', 'name the folder of the data sets with --data')
    facts = KeptStates(arguments).measure()
    text = text_of(facts)
    write_results(arguments, 'kept_states', text, facts)
    print(text)


if __name__ == '__main__':
    main()
