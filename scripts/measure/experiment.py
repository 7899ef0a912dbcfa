"""Many trainings of one configuration, with their scores and predictions; what is done already is not done again."""
import os
import pathlib
import shutil
import sys
import time
from dataclasses import dataclass

from measure.datasets import read_rows
from measure.program import fail
from measure.record import Record
from measure.scores import METRICS
from measure.tensors import parameter_count


def defined(score):
    """A correlation with predictions that are all the same is undefined: it counts as none."""
    return 0.0 if score is None else score


@dataclass(frozen=True)
class Training:
    """One task trained, or one target fused, into a run folder."""
    folder: pathlib.Path
    task: str
    overrides: tuple = ()
    command: str = 'train'

    @property
    def task_folder(self):
        return self.folder / 'fusion' / self.task if self.command == 'fuse' else self.folder / self.task

    @property
    def product(self):
        return self.task_folder / ('fusion' if self.command == 'fuse' else 'adapter')

    @property
    def predictions(self):
        return self.task_folder / 'test_predictions.jsonl'


class Experiment:
    """`test_file` gives the test file of a task."""

    def __init__(self, program, config, output, test_file):
        self.program, self.config, self.output, self.test_file = program, config, output, test_file
        self.record = Record(output / 'record.json', {})
        self.begin = time.monotonic()

    def train(self, training):
        """{dev, epoch, seconds, parameters} of a training, done now if it was not."""
        entry = self.entry(training)
        if 'dev' not in entry:
            row, = self.program.results(training.command, *self.words(training))
            weights, = training.product.glob('*.safetensors')
            entry.update(dev=defined(row['best']), epoch=row['epoch'], seconds=row['seconds'], parameters=parameter_count(weights))
            shutil.rmtree(training.task_folder / 'checkpoints', ignore_errors=True)
            self.note(training, f'dev {100 * entry["dev"]:.2f} at epoch {entry["epoch"]:.0f}, {entry["seconds"]:.0f} s')
        return entry

    def test(self, training):
        """The same, with {metric, test} and, of a fusion, {attention}; the predictions lie beside the adapter."""
        entry = self.train(training)
        if 'test' not in entry:
            row, = self.program.results('eval', *self.words(training), '--split', 'test')
            self.program.run('predict', training.product, self.test_file(training.task), '-o', training.predictions)
            score = defined(row['fusion' if training.command == 'fuse' else 'adapter'])
            self.check(training, row['metric'], score)
            entry.update(metric=row['metric'], test=score)
            if training.command == 'fuse':
                entry['attention'] = row['attention']['mean']
            self.note(training, f'test {100 * score:.2f}')
        return entry

    def predicted(self, training):
        rows = read_rows(training.predictions)
        return [row.get('label', row['score']) for row in rows]

    def gold(self, training):
        return [row['label'] for row in read_rows(self.test_file(training.task))]

    def check(self, training, metric, score):
        """What is compared later must be what was scored."""
        own = METRICS[metric](self.gold(training), self.predicted(training))
        if abs(own - score) > 1e-6:
            fail(f'{training.product}: eval says {score}, the predictions {own}', 'remove its folder and run this again')

    def seconds(self):
        """Of all trainings."""
        return sum(entry.get('seconds', 0) for entry in self.record.data.values())

    def entry(self, training):
        return self.record.data.setdefault(os.path.relpath(training.task_folder, self.output), {})

    def words(self, training):
        return [self.config, *training.overrides, '--task', training.task, '--output-dir', training.folder]

    def note(self, training, text):
        self.record.save()
        minutes = (time.monotonic() - self.begin) / 60
        name = os.path.relpath(training.task_folder, self.output)
        print(f'{minutes:6.1f} min  {name:45} {text}', file=sys.stderr, flush=True)
