#!/usr/bin/env python3
"""One network for seven domains: residual adapters beside fine-tuning, batch norms alone, and nothing.

A ResNet-26 of half the published width learns cifar10 from random weights (pretrain.yaml) and is merged into a plain
network. Each other domain (domains.yaml) is then learned from at most 3,000 images by every method, with the learning
rate of three that is best on the development splits of three domains, and scored on its test split (accuracy x 100).
Then the adapters are merged into plain networks, which must predict the same for every test image, and cut to a rank.
Scores and predictions are kept in record.json, so that the same command goes on where it was stopped; results.md and
results.json are made from it.
"""
import itertools
import statistics

from source import HERE, QUICK, Pretraining, read_arguments, test_file

from measure.datasets import read_rows
from measure.experiment import Experiment, Training
from measure.markdown import table
from measure.program import Program
from measure.record import Record
from measure.scores import Pairing, accuracy_interval, compare
from measure.script import write_results
from measure.tensors import parameter_count

DOMAINS = ['mnist', 'fashion_mnist', 'gtsrb', 'omniglot', 'sign_digits', 'uci_digits']
METHODS = {'scratch': 'full_random',
           'feature extractor': 'head_only',
           'batch norm': 'batch_norm',
           'series, he': '{config: residual_series, init_weights: he}',
           'series, zero': 'residual_series',
           'parallel': 'residual_parallel',
           'full': 'full'}
RATES = {method: ['0.05', '0.1', '0.2'] if method in ('scratch', 'full') else ['0.1', '0.2', '0.4'] for method in METHODS}
CHOICE = ['fashion_mnist', 'gtsrb', 'omniglot']
MERGED = ['batch norm', 'series, he', 'series, zero', 'parallel', 'full']
RANKS = {'rank 16 each': (16, ()), 'rank 16, one basis': (16, ('--joint',))}
BASELINE, BAR, ADDED_BAR = 'full', 1.0, 15  # points below full fine-tuning, % of the network
WIDTH = 16


def folder_name(method):
    return method.replace(', ', '_').replace(' ', '_')


class Domains:
    def __init__(self, arguments, environment, network):
        self.arguments = arguments
        self.domains = DOMAINS[:2] if arguments.quick else DOMAINS
        self.choice = [domain for domain in CHOICE if domain in self.domains]
        self.network = network
        self.experiment = Experiment(Program(arguments.binary, {**environment, 'NETWORK': str(network)}, arguments.device),
                                     HERE / 'domains.yaml', arguments.output, Record(arguments.results / 'record.json', {}),
                                     test_file(arguments), arguments.jobs)
        self.rates = {method: self.experiment.choose(self.candidates(method)) for method in METHODS}

    def training_at(self, rate, method, domain):
        overrides = (f'adapter={METHODS[method]}', f'train.learning_rate={rate}', *(QUICK if self.arguments.quick else ()))
        return Training(self.arguments.output / folder_name(method) / f'rate_{rate}', domain, overrides)

    def candidates(self, method):
        """The trainings whose development scores choose a method's learning rate, by rate."""
        return {rate: [self.training_at(rate, method, domain) for domain in self.choice] for rate in RATES[method]}

    def training(self, method, domain):
        return self.training_at(self.rates[method], method, domain)

    def trainings(self, methods):
        return [self.training(method, domain) for domain in self.domains for method in methods]

    def score(self, method, domain):
        return 100 * self.experiment.test(self.training(method, domain))['test']

    def mean(self, method):
        return statistics.fmean(self.score(method, domain) for domain in self.domains)

    def pairing(self, method, domain):
        first, second = self.training(BASELINE, domain), self.training(method, domain)
        return Pairing('accuracy', self.experiment.gold(first), [self.experiment.predicted(first)],
                       [self.experiment.predicted(second)])

    def evaluate(self, method, *flags):
        """All domains from one process with one network in memory, as `eval` tells it."""
        training = self.training(method, self.domains[0])
        for domain in self.domains:
            self.experiment.restore(self.training(method, domain))
        tasks = [word for domain in self.domains for word in ('--task', domain)]
        return self.experiment.program.document('eval', HERE / 'domains.yaml', *training.overrides, *tasks, '--output-dir',
                                                training.folder, '--split', 'test', *flags)

    def evaluation(self, method):
        """Parameters added, decathlon score."""
        entry = self.experiment.record.data.setdefault(f'evaluation/{folder_name(method)}', {})
        if 'decathlon' not in entry:
            self.evaluate(BASELINE)  # its folder holds what was scored last: now all domains
            found = self.evaluate(method, '--baseline', self.training(BASELINE, self.domains[0]).folder)
            entry.update(decathlon=found['decathlon']['score'],
                         added={row['task']: row['parameters'] for row in found['results']})
            self.experiment.record.save()
        return entry

    def added_percent(self, method):
        whole = parameter_count(self.network / 'model.safetensors')
        return 100 * max(self.evaluation(method)['added'].values()) / whole

    def merged(self, method, domain):
        """How many test images a merged network answers otherwise."""
        training = self.training(method, domain)
        entry = self.experiment.entry(training)
        if 'merged_differs' not in entry:
            self.experiment.restore(training)
            plain = training.task_folder / 'plain'
            if not plain.is_dir():
                self.experiment.program.run('merge', training.product, '-o', plain)
            answers = plain.with_name('plain_predictions.jsonl')
            self.experiment.program.run('predict', plain, self.experiment.test_file(domain), '-o', answers)
            own = self.experiment.predicted(training)
            differs = sum(a != row['label'] for a, row in zip(own, read_rows(answers), strict=True))
            self.experiment.note(training, f'merged: {differs} of {len(own)} answers differ', merged_differs=differs)
        return entry['merged_differs']

    def limited(self, name, domain):
        """The parallel adapters cut to a rank, and trained for four epochs more."""
        rank, flags = RANKS[name]
        full = self.training('parallel', domain)
        cut = self.arguments.output / f'{folder_name(name)}_cut'
        if not cut.is_dir():
            for other in self.domains:
                self.experiment.restore(self.training('parallel', other))
            self.experiment.program.run('truncate', full.folder, '--rank', rank, *flags, '-o', cut)
        overrides = (f'adapter={{config: residual_parallel, r: {rank}, load: {cut}}}', 'train.learning_rate=0.01',
                     'train.num_train_epochs=4', 'train.lr_milestones=[3]', *(QUICK if self.arguments.quick else ()))
        return Training(self.arguments.output / folder_name(name), domain, overrides)


def score_table(domains):
    rows = [[domain, *(f'{domains.score(method, domain):.2f}' for method in METHODS)] for domain in domains.domains]
    rows.append(['mean', *(f'{domains.mean(method):.2f}' for method in METHODS)])
    rows.append(['parameters added, %', *(f'{domains.added_percent(method):.2f}' for method in METHODS)])
    rows.append(['decathlon score', *(f'{domains.evaluation(method)["decathlon"]:.0f}' for method in METHODS)])
    return table(['test accuracy', *METHODS], rows)


def interval_table(domains):
    rows = []
    for domain in domains.domains:
        gold = domains.experiment.gold(domains.training(BASELINE, domain))
        intervals = [accuracy_interval(gold, domains.experiment.predicted(domains.training(method, domain)))
                     for method in METHODS]
        rows.append([domain, *(f'{low:.1f} to {high:.1f}' for low, high in intervals)])
    return table(['95 % of the accuracy', *METHODS], rows)


def difference_facts(domains):
    facts = {}
    for method in METHODS:
        if method == BASELINE:
            continue
        found = compare([domains.pairing(method, domain) for domain in domains.domains])
        facts[method] = {'difference': found.difference, 'standard_error': found.standard_error,
                         'interval': [found.low, found.high]}
    return facts


def difference_table(facts):
    rows = [[method, f'{own["difference"]:+.2f}', f'{own["standard_error"]:.2f}',
             f'{own["interval"][0]:+.2f} to {own["interval"][1]:+.2f}'] for method, own in facts.items()]
    return table(['method', 'mean difference to full', 'standard error', '95 %'], rows)


def merged_table(domains):
    rows = [[domain, *(domains.merged(method, domain) for method in MERGED)] for domain in domains.domains]
    return table(['test images answered otherwise', *MERGED], rows)


def rank_table(domains):
    names = ['parallel', *RANKS]
    scores = {name: [100 * domains.experiment.test(domains.limited(name, domain))['test'] for domain in domains.domains]
              for name in RANKS}
    rows = [[domain, f'{domains.score("parallel", domain):.2f}', *(f'{scores[name][i]:.2f}' for name in RANKS)]
            for i, domain in enumerate(domains.domains)]
    rows.append(['mean', f'{domains.mean("parallel"):.2f}', *(f'{statistics.fmean(scores[name]):.2f}' for name in RANKS)])
    return table(['test accuracy', *names], rows)


def choice_table(domains):
    rows = [[method, *(f'{rate}: {100 * domains.experiment.development_mean(trainings):.2f}'
                       for rate, trainings in domains.candidates(method).items()), chosen]
            for method, chosen in domains.rates.items()]
    return table(['method', 'first', 'second', 'third', 'chosen'], rows)


def verdicts(domains, facts):
    carries = domains.mean(BASELINE) - domains.mean('scratch')
    gap = -facts['parallel']['difference']
    added = domains.added_percent('parallel')
    met = lambda good: 'met' if good else 'missed'
    start = (f'Full fine-tuning is {carries:+.2f} above scratch in the mean' if carries > 0 else
             f'This pretraining carries nothing: full fine-tuning is {-carries:.2f} below scratch in the mean')
    return (f'{start}. Parallel adapters stay {gap:.2f} below full '
            f'fine-tuning (bar {BAR}: {met(gap <= BAR)}) with {added:.2f} % added parameters (bar {ADDED_BAR} %: '
            f'{met(added <= ADDED_BAR)}). Series adapters that start at zero are '
            f'{domains.mean("series, zero") - domains.mean("series, he"):+.2f} above those of the he start.\n')


def write_tables(domains, pretraining):
    facts = difference_facts(domains)
    source = pretraining.experiment.test(pretraining.training)
    text = (f'# One network for many domains\n\nThe network has {100 * source["test"]:.2f} on the test split of cifar10; its '
            f'training took {pretraining.experiment.hours_text()}, those of the domains {domains.experiment.hours_text()}. '
            f'Written by configs/images/run.py.\n\n{score_table(domains)}\n{verdicts(domains, facts)}'
            f'\n## Differences, by a paired bootstrap over the test images\n\n{difference_table(facts)}'
            f'\n{interval_table(domains)}\n## Merged into plain networks\n\n{merged_table(domains)}'
            f'\n## Learning rates: mean of the development scores of {", ".join(domains.choice)}\n\n{choice_table(domains)}'
            f'\n## Parallel adapters cut to a rank, and trained four epochs more\n\n{rank_table(domains)}')
    write_results(domains.arguments, 'results', text,
                  {'rates': domains.rates, 'differences': facts, 'source': source['test'],
                   'training_hours': domains.experiment.hours(),
                   'pretraining_hours': pretraining.experiment.hours(),
                   'scores': {domain: {method: domains.score(method, domain) for method in METHODS}
                              for domain in domains.domains},
                   'decathlon': {method: domains.evaluation(method)['decathlon'] for method in METHODS},
                   'added_percent': {method: domains.added_percent(method) for method in METHODS},
                   'merged_differs': {method: {domain: domains.merged(method, domain) for domain in domains.domains}
                                      for method in MERGED}})
    return text


def main():
    arguments, environment = read_arguments(__doc__, 'runs/images')
    pretraining = Pretraining(arguments, environment, 'pretrain', ('resnet26', '--width', WIDTH))
    pretraining.run()
    domains = Domains(arguments, environment, pretraining.network)
    domains.experiment.test_all(domains.trainings(METHODS))
    domains.experiment.test_all([domains.limited(name, domain) for name in RANKS for domain in domains.domains])
    domains.experiment.at_once(lambda pair: domains.merged(*pair), list(itertools.product(MERGED, domains.domains)))
    print(write_tables(domains, pretraining))


if __name__ == '__main__':
    main()
