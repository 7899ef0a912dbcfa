#!/usr/bin/env python3
"""What knowledge adapters give: facts (relations of Wikipedia), language (heads of words), both in three compositions, an
adapter that learned nothing, none at all, and full fine-tuning, on two tasks with two seeds; and on facts that are asked
for by a mask, what the backbone, fac and lin know.

The knowledge is learned once; each row's learning rate is chosen by the mean development score over the seeds, and
scored on the test splits (x 100). What is measured is kept in record.json, so that the same command goes on where it was
stopped; results.md and results.json are made from it.
"""
import pathlib
import statistics
import sys
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'scripts'))
from measure.experiment import Experiment, Training
from measure.markdown import table
from measure.program import BACKBONE, Program, require_file, with_threads
from measure.record import Record
from measure.script import experiment_parser, write_results

LEARNED, RANDOM = ['fac', 'lin'], 'none'
TARGETS = ['semeval', 'typing']
FACTS = 'facts'
SEEDS = [42, 43]
QUICK = ('train.max_steps=4', 'data.max_train_samples=64', 'data.max_eval_samples=32')


@dataclass(frozen=True)
class Row:
    name: str
    rates: tuple
    members: tuple = ()        # knowledge adapters; none: a training of the task alone
    composition: str = ''
    overrides: tuple = ()
    asks_facts: bool = False


HEAD_RATES = ('1e-3', '3e-3')
ROWS = [Row('head only', HEAD_RATES, asks_facts=True),
        Row('adapter without knowledge', HEAD_RATES, ('none',), 'concat', asks_facts=True),
        Row('fac', HEAD_RATES, ('fac',), 'concat', asks_facts=True),
        Row('lin', HEAD_RATES, ('lin',), 'concat', asks_facts=True),
        *(Row(f'fac + lin, {way}', HEAD_RATES, ('fac', 'lin'), way) for way in ('concat', 'add', 'attention')),
        Row('full fine-tuning', ('5e-5', '2e-4'),
            overrides=('tasks.{task}.adapter=full', 'train.backbone_dropout=true', 'cache.enabled=false'))]


PAIRS = ([(row, task) for row in ROWS for task in TARGETS] + [(row, FACTS) for row in ROWS if row.asks_facts])


class Knowledge:
    def __init__(self, arguments):
        self.arguments = arguments
        environment = {**with_threads(arguments.threads), 'DATA': str(arguments.data), 'MODEL': str(arguments.model)}
        self.experiment = Experiment(Program(arguments.binary, environment, arguments.device), HERE / 'knowledge.yaml',
                                     arguments.output, Record(arguments.results / 'record.json', {}), None, arguments.jobs)
        self.overrides = ('cache.enabled=true', f'cache.dir={arguments.output / "cache"}',
                          *(QUICK if arguments.quick else ()))

    def source(self, name, seed=SEEDS[0]):
        """What was learned, once; the first weights, of each seed."""
        own = seed if name == RANDOM else SEEDS[0]
        return Training(self.arguments.output / 'sources' / f'seed_{own}', name, (*self.overrides, f'train.seed={own}'))

    def sources(self):
        return [*(self.source(name) for name in LEARNED), *(self.source(RANDOM, seed) for seed in SEEDS)]

    def training(self, row, task, rate, seed):
        folder = self.arguments.output / row.name.replace(' ', '_').replace(',', '') / f'rate_{rate}' / f'seed_{seed}'
        own = tuple(override.format(task=task) for override in row.overrides)
        if not row.members:
            return Training(folder, task, (*self.overrides, *own, f'train.learning_rate={rate}', f'train.seed={seed}'))
        members = ', '.join(f'{name}: "{self.source(name, seed).product}"' for name in row.members)
        quick = ('fusion.train.max_steps=4',) if self.arguments.quick else ()
        return Training(folder, task, (*self.overrides, *own, *quick, f'fusion.adapters=[{{{members}}}]',
                                       f'fusion.config={row.composition}', f'fusion.train.learning_rate={rate}',
                                       f'fusion.train.seed={seed}'), 'fuse')

    def of_rate(self, row, task, rate):
        return [self.training(row, task, rate, seed) for seed in SEEDS]

    def run(self):
        self.experiment.score_all(self.sources())
        for source in self.sources():
            self.experiment.restore(source)
        self.experiment.train_all([training for row, task in PAIRS for rate in row.rates
                                   for training in self.of_rate(row, task, rate)])
        self.experiment.score_all([training for row, task in PAIRS for training in self.chosen(row, task)])

    def chosen(self, row, task):
        rate = self.experiment.choose({rate: self.of_rate(row, task, rate) for rate in row.rates})
        return self.of_rate(row, task, rate)

    def scores(self, row, task):
        return [100 * self.experiment.score(training)['test'] for training in self.chosen(row, task)]

    def source_scores(self):
        return {name: 100 * self.experiment.score(self.source(name))['test'] for name in (*LEARNED, RANDOM)}


def cell(scores):
    return f'{statistics.fmean(scores):.2f} ({min(scores):.2f} to {max(scores):.2f})'


def write_tables(knowledge):
    scores = {row.name: {} for row in ROWS}
    for row, task in PAIRS:
        scores[row.name][task] = knowledge.scores(row, task)
    sources = knowledge.source_scores()
    text = ('# Knowledge adapters on two tasks\n\nScores of the test splits x 100, means of two seeds and both in brackets: '
            'semeval the directed macro-F1 of SemEval-2010 task 8, typing macro-F1, facts the precision at 1 of a word under '
            'a mask. The adapters themselves: fac accuracy '
            f'{sources["fac"]:.2f}, lin UAS {sources["lin"]:.2f}; without knowledge {sources["none"]:.2f}. '
            f'{knowledge.experiment.hours_text()}. Written by configs/knowledge/run.py.\n\n'
            + table(['', *TARGETS, FACTS], [[name, *(cell(own[task]) if task in own else '' for task in (*TARGETS, FACTS))]
                                            for name, own in scores.items()]))
    write_results(knowledge.arguments, 'results', text, {'scores': scores, 'sources': sources})
    return text


def read_arguments():
    parser = experiment_parser(__doc__, 'runs/knowledge', HERE)
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.output = arguments.output / 'quick'
        arguments.results = arguments.output
    require_file(arguments.data / 'knowledge/wiki80_small/train.jsonl', 'name the folder of the data sets with --data')
    require_file(arguments.model / 'config.json', 'name the folder of the backbone with --model')
    return arguments


def main():
    knowledge = Knowledge(read_arguments())
    knowledge.run()
    print(write_tables(knowledge))


if __name__ == '__main__':
    main()
