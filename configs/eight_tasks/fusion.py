#!/usr/bin/env python3
"""Fusion of eight adapters for targets with few examples.

For rte, qnli_small and amcd_en, each cut to the same 500 training examples: an adapter of its own, and a fusion of it with
the other seven adapters of run.py (pfeiffer, 2,000 examples each; they are trained if they are missing). Head and learning
rate of the fusion, and whatever else is named below, are trained with two seeds and chosen by the mean development score;
the chosen setting is scored on the test splits (x 100). Writes fusion_results.md and fusion_results.json.
"""
import itertools
import os
import statistics

from plan import (EIGHT, HERE, chosen_rate, finish_arguments, open_experiment, parse_arguments, suite_training,
                  write_results)

from measure.experiment import Training
from measure.markdown import table
from measure.scores import Pairing, compare

SEEDS = [42, 43]
BAR = -0.3  # points that the fusions may lie below the own adapters, on average


def arguments_of_command():
    parser = parse_arguments(__doc__)
    parser.add_argument('--heads', nargs='+', default=['new', 'warm'], choices=['new', 'warm'])
    parser.add_argument('--rates', nargs='+', default=['5e-5', '2e-4', '1e-3'])
    parser.add_argument('--include-target', nargs='+', default=['true'], choices=['true', 'false'])
    parser.add_argument('--regularization', nargs='+', default=['true'], choices=['true', 'false'])
    return finish_arguments(parser.parse_args())


class Fusions:
    def __init__(self, arguments):
        self.arguments, self.plan = arguments, arguments.plan
        suite = open_experiment(arguments, HERE / 'suite.yaml', arguments.output, 'record.json')
        self.rate = chosen_rate(suite, arguments, 'pfeiffer')
        sources = {task: suite_training(arguments, 'pfeiffer', self.rate, task) for task in EIGHT}
        suite.train_all(sources.values())
        suite.at_once(suite.restore, sources.values())
        self.sources = {task: source.product for task, source in sources.items()}
        self.output = arguments.output / 'fusion'
        self.experiment = open_experiment(arguments, HERE / 'fusion.yaml', self.output, 'fusion_record.json')

    def own(self, target, seed):
        overrides = (f'train.learning_rate={self.rate}', f'train.seed={seed}', *self.plan.overrides)
        return Training(self.output / 'own' / f'seed_{seed}', f'{target}_500', overrides)

    def fused(self, setting, target, seed):
        """A fusion's folder also shows the own adapter, which is its member and warms its head."""
        own = self.own(target, seed)
        self.experiment.train(own)
        folder = self.output / '_'.join(f'{key}-{value}' for key, value in setting.items()) / f'seed_{seed}'
        link = folder / own.task
        if not link.is_symlink():
            folder.mkdir(parents=True, exist_ok=True)
            link.symlink_to(os.path.relpath(own.task_folder, folder))
        others = ', '.join(f'{task}: "{path}"' for task, path in self.sources.items() if task != target)
        overrides = (f'fusion.adapters=[{own.task}, {{{others}}}]', f'fusion.head={setting["head"]}',
                     f'fusion.train.learning_rate={setting["rate"]}', f'fusion.include_target={setting["own"]}',
                     f'fusion.regularization={setting["regularized"]}', f'fusion.train.seed={seed}', *own.overrides)
        return Training(folder, own.task, overrides + self.plan.fusion_overrides, 'fuse')

    def dev(self, setting):
        """Mean development score over the targets and seeds, x 100: one seed does not show which settings fail now and
        then."""
        return 100 * statistics.fmean(self.experiment.train(self.fused(setting, target, seed))['dev']
                                      for target in self.plan.targets for seed in SEEDS)

    def pairing(self, setting, target):
        sides = [[self.own(target, seed) for seed in SEEDS], [self.fused(setting, target, seed) for seed in SEEDS]]
        metric = [self.experiment.test(training)['metric'] for side in sides for training in side][0]
        predictions = [[self.experiment.predicted(training) for training in side] for side in sides]
        return Pairing(metric, self.experiment.gold(sides[0][0]), *predictions)

    def attention(self, setting, target):
        """{adapter: share}, the most used first, averaged over the seeds."""
        shares = [self.experiment.test(self.fused(setting, target, seed))['attention'] for seed in SEEDS]
        mean = {name: statistics.fmean(share[name] for share in shares) for name in shares[0]}
        return dict(sorted(mean.items(), key=lambda item: -item[1]))


def explored(arguments):
    return [dict(zip(('head', 'rate', 'own', 'regularized'), values)) for values in
            itertools.product(arguments.heads, arguments.rates, arguments.include_target, arguments.regularization)]


def own_dev(fusions):
    return 100 * statistics.fmean(fusions.experiment.train(fusions.own(target, seed))['dev']
                                  for target in fusions.plan.targets for seed in SEEDS)


def target_row(fusions, setting, target, pairing):
    result = compare([pairing])
    used = ' · '.join(f'{name} {share:.2f}' for name, share in list(fusions.attention(setting, target).items())[:4])
    return [target, f'{pairing.mean(pairing.first):.2f}', f'{pairing.mean(pairing.second):.2f}', f'{result.difference:+.2f}',
            f'{result.low:+.2f} to {result.high:+.2f}', used]


def write_tables(fusions, settings, devs, chosen):
    pairings = {target: fusions.pairing(chosen, target) for target in fusions.plan.targets}
    rows = [target_row(fusions, chosen, target, pairing) for target, pairing in pairings.items()]
    total = compare(list(pairings.values()))
    verdict = 'met' if total.difference >= BAR else 'missed'
    name = lambda setting: ', '.join(f'{key} {value}' for key, value in setting.items())
    dev_rows = [['own adapters', f'{own_dev(fusions):.2f}', '']]
    dev_rows += [[name(s), f'{dev:.2f}', 'chosen' if s == chosen else ''] for s, dev in zip(settings, devs)]
    text = (f'# Fusion of eight adapters for three targets with 500 examples\n\nScores of the test splits x 100, means of '
            f'{len(SEEDS)} seeds; setting: {name(chosen)}. Written by configs/eight_tasks/fusion.py.\n\n'
            f'{table(["target", "own adapter", "fusion", "difference", "95 %", "mean attention"], rows)}\n'
            f'Mean difference {total.difference:+.2f}, standard error {total.standard_error:.2f}, '
            f'95 % {total.low:+.2f} to {total.high:+.2f}; bar {BAR}: {verdict}.\n\n'
            f'## Mean development score of the explored settings\n\n{table(["setting", "score", ""], dev_rows)}')
    facts = {'chosen': chosen, 'mean_difference': total.difference, 'standard_error': total.standard_error,
             'targets': {row[0]: row[1:5] for row in rows},
             'attention': {target: fusions.attention(chosen, target) for target in fusions.plan.targets},
             'explored': [{**setting, 'dev': dev} for setting, dev in zip(settings, devs)]}
    write_results(fusions.arguments, 'fusion_results', text, facts)
    return text


def main():
    arguments = arguments_of_command()
    fusions = Fusions(arguments)
    settings = explored(arguments)
    targets = fusions.plan.targets
    fusions.experiment.test_all([fusions.own(target, seed) for target in targets for seed in SEEDS])
    fusions.experiment.train_all([fusions.fused(setting, target, seed)
                                  for setting in settings for target in targets for seed in SEEDS])
    devs = [fusions.dev(setting) for setting in settings]
    chosen = settings[devs.index(max(devs))]
    fusions.experiment.test_all([fusions.fused(chosen, target, seed) for target in targets for seed in SEEDS])
    print(write_tables(fusions, settings, devs, chosen))


if __name__ == '__main__':
    main()
