"""Many trainings of one configuration, with their scores and predictions; what is done already is not done again."""
import os
import pathlib
import shutil
import statistics
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from measure.datasets import read_rows
from measure.predictions import packed, unpacked
from measure.program import fail
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


class Experiment:
    """`record` keeps what was measured, `test_file` gives the test file of a task, `jobs` trainings run at once."""

    def __init__(self, program, config, output, record, test_file, jobs=1):
        self.program, self.config, self.output, self.test_file = program, config, output, test_file
        self.record, self.jobs = record, jobs
        self.lock = threading.Lock()
        self.begin = time.monotonic()

    def train(self, training):
        """{dev, epoch, seconds, cpu_seconds, parameters} of a training, done now if it was not."""
        entry = self.entry(training)
        if 'dev' not in entry:
            resumed = (training.task_folder / 'checkpoints').exists()
            (row,), cpu_seconds = self.program.timed_results(training.command, *self.words(training))
            if resumed:  # what an interrupted process took is not known: at most its share of the cores all the time
                cpu_seconds = row['seconds'] * os.cpu_count() / self.jobs
            weights, = training.product.glob('*.safetensors')
            shutil.rmtree(training.task_folder / 'checkpoints', ignore_errors=True)
            self.note(training, f'dev {100 * defined(row["best"]):.2f} at epoch {row["epoch"]:.0f}, {row["seconds"]:.0f} s',
                      dev=defined(row['best']), epoch=row['epoch'], seconds=row['seconds'], cpu_seconds=cpu_seconds,
                      parameters=parameter_count(weights))
        return entry

    def score(self, training):
        """The same, with {metric, test} and, of a fusion that attends, {attention}."""
        entry = self.train(training)
        if 'test' not in entry:
            self.restore(training)
            row, = self.program.results('eval', *self.words(training), '--split', 'test')
            score = defined(row['fusion' if training.command == 'fuse' else 'adapter'])
            attention = {'attention': row['attention']['mean']} if row.get('attention') else {}
            self.note(training, f'test {100 * score:.2f}', metric=row['metric'], test=score, **attention)
        return entry

    def test(self, training):
        """The same, with {predictions}."""
        entry = self.score(training)
        if 'predictions' not in entry:
            self.restore(training)
            self.note(training, 'predicted', predictions=packed(self.predict(training, entry['metric'], entry['test'])))
        return entry

    def scores(self, training, command, *flags):
        """What a command that scores a training in several ways says of its test split, in its order."""
        entry = self.entry(training)
        key = ' '.join((command, *flags))
        if key not in entry:
            if not training.product.is_dir():
                self.train(training)
            rows = self.program.results(command, *self.words(training), '--split', 'test', *flags)
            self.note(training, f'{key}: ' + ' '.join(f'{100 * defined(row["score"]):.2f}' for row in rows),
                      **{key: [defined(row['score']) for row in rows]})
        return entry[key]

    def train_all(self, trainings):
        self.at_once(self.train, trainings)

    def score_all(self, trainings):
        self.at_once(self.score, trainings)

    def test_all(self, trainings):
        self.at_once(self.test, trainings)

    def at_once(self, function, trainings):
        with ThreadPoolExecutor(self.jobs) as pool:
            futures = [pool.submit(function, training) for training in trainings]
            try:
                for future in futures:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def restore(self, training):
        """Trains again where the record is there and the adapter is not."""
        if not training.product.is_dir():
            self.program.results(training.command, *self.words(training))

    def predict(self, training, metric, score):
        """Predictions of the test split. What is compared later must be what was scored."""
        file = training.task_folder / 'test_predictions.jsonl'
        self.program.run('predict', training.product, self.test_file(training.task), '-o', file)
        predictions = [row.get('label', row['score']) for row in read_rows(file)]
        own = METRICS[metric](self.gold(training), predictions)
        if abs(own - score) > 1e-6:
            fail(f'{training.product}: eval says {score}, the predictions {own}', 'remove its folder and run this again')
        return predictions

    def predicted(self, training):
        return unpacked(self.test(training)['predictions'])

    def gold(self, training):
        return [row['label'] for row in read_rows(self.test_file(training.task))]

    def choose(self, candidates):
        """The name in {name: trainings} whose trainings have the best mean of development scores."""
        self.train_all([training for trainings in candidates.values() for training in trainings])
        return max(candidates, key=lambda name: self.development_mean(candidates[name]))

    def development_mean(self, trainings):
        return statistics.fmean(self.train(training)['dev'] for training in trainings)

    def hours(self):
        """Of all trainings: on all cores of this machine by the processor time they took, None where a record does not
        know it of each; or on one GPU that `jobs` of them share."""
        trained = [entry for entry in self.record.data.values() if 'dev' in entry]
        if self.program.device != 'cpu':
            return sum(entry['seconds'] for entry in trained) / self.jobs / 3600
        if not all('cpu_seconds' in entry for entry in trained):
            return None
        return sum(entry['cpu_seconds'] for entry in trained) / os.cpu_count() / 3600

    def hours_text(self):
        hours = self.hours()
        if hours is None:
            return 'a time that the record does not hold'
        if self.program.device != 'cpu':
            return f'{60 * hours:.1f} minutes of one GPU, {self.jobs} at once'
        return f'{hours:.1f} hours of {os.cpu_count()} cores'

    def entry(self, training):
        with self.lock:
            return self.record.data.setdefault(os.path.relpath(training.task_folder, self.output), {})

    def words(self, training):
        return [self.config, *training.overrides, '--task', training.task, '--output-dir', training.folder]

    def note(self, training, text, **facts):
        entry = self.entry(training)
        with self.lock:
            entry.update(facts)
            self.record.save()
        minutes = (time.monotonic() - self.begin) / 60
        name = os.path.relpath(training.task_folder, self.output)
        print(f'{minutes:6.1f} min  {name:45} {text}', file=sys.stderr, flush=True)
