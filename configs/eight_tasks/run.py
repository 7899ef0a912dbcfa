#!/usr/bin/env python3
"""Adapters against full fine-tuning on eight tasks with 2,000 training examples each.

First each method's learning rate is chosen among three by the development splits of trec6, sst2 and sick_nli; with it all
tasks are trained and scored on their test splits (x 100), trec6 and sick_nli with three seeds. The mean gap to full
fine-tuning stands beside its standard error by a paired bootstrap over the test examples. Scores and predictions of every
training are kept in record.json, so that the same command goes on where it was stopped; results.md and results.json are
made from it.
"""
import statistics

from plan import (HERE, RATES, SEED, candidates, chosen_rate, finish_arguments, open_experiment, parse_arguments,
                  suite_training, write_results)

from measure.markdown import table
from measure.scores import Pairing, compare
from measure.tensors import parameter_count

BASELINE = 'full'
BARS = {'houlsby': 0.5, 'pfeiffer': 1.0}  # points below full fine-tuning
DRAWS, FIRST_DRAWS = 1000, 200  # of the bootstrap at the end, and on the way


class Suite:
    """The trainings with the chosen learning rates, as far as they are done."""

    def __init__(self, experiment, arguments):
        self.experiment, self.arguments, self.plan = experiment, arguments, arguments.plan
        self.rates = {}
        self.done = {}  # (method, task): trainings, one a seed

    def choose(self):
        self.rates = {method: chosen_rate(self.experiment, self.arguments, method) for method in RATES}

    def add(self, wanted):
        """Trains and tests each (method, task, seed)."""
        trainings = [suite_training(self.arguments, method, self.rates[method], task, seed) for method, task, seed in wanted]
        self.experiment.test_all(trainings)
        for (method, task, _), training in zip(wanted, trainings):
            self.done.setdefault((method, task), []).append(training)

    def tasks(self, names):
        """Those that all methods have been trained on."""
        return [task for task in names if all((method, task) in self.done for method in RATES)]

    def scores(self, method, task):
        return [100 * self.experiment.test(training)['test'] for training in self.done[method, task]]

    def mean(self, method, tasks):
        return statistics.fmean(statistics.fmean(self.scores(method, task)) for task in tasks)

    def pairing(self, method, task):
        """With the seeds that both have."""
        pairs = list(zip(self.done[BASELINE, task], self.done[method, task]))
        predictions = [[self.experiment.predicted(training) for training in side] for side in zip(*pairs)]
        first = pairs[0][0]
        return Pairing(self.experiment.test(first)['metric'], self.experiment.gold(first), *predictions)

    def share(self, method):
        """Largest share of trained parameters over the tasks, in % of the backbone's."""
        backbone = parameter_count(self.arguments.model / 'model.safetensors')
        return 100 * max(self.experiment.train(training)['parameters'] / backbone
                         for (name, _), trainings in self.done.items() if name == method for training in trainings)

    def gap(self, method, tasks, draws):
        comparison = compare([self.pairing(method, task) for task in tasks], draws)
        gap, error, bar = -comparison.difference, comparison.standard_error, BARS.get(method)
        verdict = '' if bar is None else 'met' if gap <= bar else 'within one standard error' if gap - error <= bar else 'missed'
        return {'gap': gap, 'standard_error': error, 'bar': bar, 'verdict': verdict,
                'interval': [-comparison.high, -comparison.low]}


def rate_table(suite):
    rows = [[method, *(f'{rate}: {100 * suite.experiment.development_mean(trainings):.2f}'
                       for rate, trainings in candidates(suite.arguments, method).items()), chosen]
            for method, chosen in suite.rates.items()]
    return table(['method', 'first', 'second', 'third', 'chosen'], rows)


def score_table(suite, tasks):
    rows = []
    for task in tasks + suite.tasks(suite.plan.reported):
        first = suite.done[BASELINE, task][0]
        seeds = len(suite.done[BASELINE, task])
        rows.append([task + (f' (mean of {seeds} seeds)' if seeds > 1 else ''), suite.experiment.test(first)['metric'],
                     *(f'{statistics.fmean(suite.scores(method, task)):.2f}' for method in RATES)])
    if tasks:
        rows.append([f'mean of the {len(tasks)} with a bar', '', *(f'{suite.mean(method, tasks):.2f}' for method in RATES)])
    return table(['task', 'metric', *RATES], rows)


def gap_table(gaps, suite):
    rows = [[method, f'{gap["gap"]:.2f}', f'{gap["standard_error"]:.2f}',
             f'{gap["interval"][0]:.2f} to {gap["interval"][1]:.2f}', gap['bar'] or '', gap['verdict'],
             f'{suite.share(method):.2f}'] for method, gap in gaps.items()]
    return table(['method', 'mean gap to full', 'standard error', '95 %', 'bar', 'verdict', 'trained parameters, %'], rows)


def write_tables(suite, draws):
    tasks = suite.tasks(suite.plan.scored)
    gaps = {method: suite.gap(method, tasks, draws) for method in RATES if method != BASELINE and tasks}
    text = (f'# Eight tasks, 2,000 training examples each\n\nScores of the test splits x 100; head_only always with one '
            f'seed. All trainings together took {suite.experiment.hours_text()}. Written by '
            f'configs/eight_tasks/run.py.\n\n## Scores\n\n{score_table(suite, tasks)}'
            f'\n## Gap to full fine-tuning\n\n{gap_table(gaps, suite)}'
            f'\n## Learning rates: mean of the development scores of {", ".join(suite.plan.choice)}\n\n{rate_table(suite)}')
    facts = {'rates': suite.rates, 'gaps': gaps, 'training_hours': suite.experiment.hours(), 'jobs': suite.experiment.jobs,
             'threads': suite.arguments.threads,
             'scores': {task: {method: suite.scores(method, task) for method in RATES} for task in suite.tasks(suite.plan.scored + suite.plan.reported)},
             'trained_percent': {method: suite.share(method) for method in RATES if tasks}}
    write_results(suite.arguments, 'results', text, facts)
    return text


def main():
    arguments = finish_arguments(parse_arguments(__doc__).parse_args())
    suite = Suite(open_experiment(arguments, HERE / 'suite.yaml', arguments.output, 'record.json'), arguments)
    suite.choose()
    suite.add([(method, task, SEED) for task in suite.plan.scored + suite.plan.reported for method in RATES])
    write_tables(suite, FIRST_DRAWS)
    suite.add([(method, task, seed) for task, seeds in suite.plan.more_seeds.items() for seed in seeds
               for method in (BASELINE, *BARS)])
    print(write_tables(suite, DRAWS))


if __name__ == '__main__':
    main()
