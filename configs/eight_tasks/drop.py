#!/usr/bin/env python3
"""AdapterDrop on the eight tasks: what is left of the score when the lowest n layers run without adapters.

Three kinds of training, pfeiffer with the learning rate that run.py chose: standard (all layers; those of run.py),
robust (each step leaves out a random number of layers) and specialised (one training for every n). Then a fusion of all
eight for each task, pruned to the k adapters that it attends to most in each layer. Scores of the test splits x 100.
Scores are kept in drop_record.json, so that the same command goes on where it was stopped; drop_results.md and
drop_results.json are made from it.
"""
import json
import statistics

from plan import (EIGHT, HERE, SEED, chosen_rate, finish_arguments, open_experiment, parse_arguments, suite_overrides,
                  suite_training, write_results)

from measure.experiment import Training
from measure.markdown import table

ROBUST_BAR, ROBUST_AT = 95, 2         # % of the full score that robust adapters keep without the lowest two layers
PRUNED_BAR, PRUNED_TO = 0.5, 2        # points that a fusion of two adapters of eight may lose
FUSION = ('fusion.config=dynamic', 'fusion.head=warm', 'fusion.train.num_train_epochs=5')


class Drops:
    def __init__(self, arguments):
        self.arguments = arguments
        suite = open_experiment(arguments, HERE / 'suite.yaml', arguments.output, 'record.json')
        self.rate = chosen_rate(suite, arguments, 'pfeiffer')
        self.tasks = [task for task in EIGHT if task in arguments.plan.scored]
        sources = [self.standard(task) for task in self.tasks]
        suite.train_all(sources)
        suite.at_once(suite.restore, sources)
        self.experiment = open_experiment(arguments, HERE / 'suite.yaml', arguments.output, 'drop_record.json')
        self.layers = json.loads((arguments.model / 'config.json').read_text(encoding='utf-8'))['num_hidden_layers']

    def standard(self, task):
        return suite_training(self.arguments, 'pfeiffer', self.rate, task)

    def dropping(self, name, drop, task):
        overrides = suite_overrides(self.arguments, f'{{config: pfeiffer, drop: {drop}}}', self.rate)
        return Training(self.arguments.output / 'drop' / name / f'seed_{SEED}', task, overrides)

    def robust(self, task):
        return self.dropping('robust', 'robust', task)

    def specialised(self, n, task):
        return self.dropping(f'fixed_{n}', f'{{mode: fixed, layers: {n}}}', task)

    def fusion(self, task):
        """In the folder of the standard adapters, which are its members."""
        training = self.standard(task)
        overrides = (*training.overrides, f'fusion.adapters=[{", ".join(self.tasks)}]',
                     f'fusion.targets=[{task}]', *FUSION, *self.arguments.plan.fusion_overrides)
        return Training(training.folder, task, overrides, 'fuse')

    def curve(self, training):
        """Scores without the lowest 0 to L - 1 layers."""
        return self.experiment.scores(training, 'drop')[:self.layers]

    def curves(self, name):
        """The mean over the tasks for each n."""
        if name == 'specialised':
            curves = [[self.curve(self.standard(task))[0],
                       *(self.experiment.scores(self.specialised(n, task), 'drop', '--layers', '0')[0]
                         for n in range(1, self.layers))] for task in self.tasks]
        else:
            curves = [self.curve(getattr(self, name)(task)) for task in self.tasks]
        return dict(zip(self.tasks, curves))

    def pruned(self, task):
        """Scores with all adapters, then with one less and so on down to one."""
        return self.experiment.scores(self.fusion(task), 'drop', '--prune-fusion', f'1-{len(self.tasks) - 1}')


def means(curves):
    return [100 * statistics.fmean(column) for column in zip(*curves.values())]


def curve_table(names, columns):
    rows = [[label, *(f'{value:.2f}' for value in values)] for label, values in columns]
    return table(['', *names], rows)


def drop_text(drops, curves):
    n = [str(n) for n in range(drops.layers)]
    text = curve_table([f'n = {number}' for number in n], [(name, means(curves[name])) for name in curves])
    robust = means(curves['robust'])
    kept = 100 * robust[ROBUST_AT] / robust[0]
    text += (f'\nRobust adapters keep {kept:.1f} % of their mean at n = {ROBUST_AT} (bar {ROBUST_BAR} %: '
             f'{"met" if kept >= ROBUST_BAR else "missed"}).\n')
    for name, by_task in curves.items():
        text += f'\n### {name}, by task\n\n'
        text += curve_table([f'n = {number}' for number in n],
                            [(task, [100 * score for score in scores]) for task, scores in by_task.items()])
    return text


def prune_text(drops, pruned):
    count = len(drops.tasks)
    names = [str(k) for k in range(count, 0, -1)]
    mean = means(pruned)
    lost = mean[0] - mean[count - PRUNED_TO]
    text = curve_table(names, [*((task, [100 * score for score in scores]) for task, scores in pruned.items()),
                               ('mean', mean)])
    return text + (f'\nFusions pruned from {count} to {PRUNED_TO} adapters a layer lose {lost:.2f} points in the mean '
                   f'(bar {PRUNED_BAR}: {"met" if lost <= PRUNED_BAR else "missed"}).\n')


def write_tables(drops):
    curves = {name: drops.curves(name) for name in ('standard', 'specialised', 'robust')}
    pruned = {task: drops.pruned(task) for task in drops.tasks}
    text = (f'# AdapterDrop on eight tasks\n\nScores of the test splits x 100. The trainings together took '
            f'{drops.experiment.hours_text()}. Written by configs/eight_tasks/drop.py.\n\n'
            f'## Mean score without adapters in the lowest n layers\n\n{drop_text(drops, curves)}'
            f'\n## Fusions of the adapters attended to most, by their number\n\n{prune_text(drops, pruned)}')
    facts = {'curves': curves, 'pruned': pruned, 'training_hours': drops.experiment.hours()}
    write_results(drops.arguments, 'drop_results', text, facts)
    return text


def main():
    drops = Drops(finish_arguments(parse_arguments(__doc__).parse_args()))
    trainings = [drops.robust(task) for task in drops.tasks]
    trainings += [drops.specialised(n, task) for task in drops.tasks for n in range(1, drops.layers)]
    trainings += [drops.fusion(task) for task in drops.tasks]
    drops.experiment.train_all(trainings)
    print(write_tables(drops))


if __name__ == '__main__':
    main()
