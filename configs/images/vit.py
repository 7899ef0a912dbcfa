#!/usr/bin/env python3
"""Text methods on a small Vision Transformer: bottlenecks, LoRA and a fusion of two, on two domains.

The network learns cifar10 from random weights (vit_pretrain.yaml) and is merged into a plain one; adapters and the
fusion (vit.yaml) are scored on the test splits (accuracy x 100). What is measured is kept in vit_record.json, so that the
same command goes on where it was stopped; vit_results.md and vit_results.json are made from it.
"""
from source import HERE, QUICK, Pretraining, read_arguments, test_file

from measure.experiment import Experiment, Training
from measure.markdown import table
from measure.program import Program
from measure.record import Record
from measure.script import write_results

DOMAINS = ['mnist', 'fashion_mnist']
METHODS = ['head_only', 'pfeiffer', 'lora']
FUSED = 'fashion_mnist'


class Tasks:
    def __init__(self, arguments, environment, network):
        self.arguments = arguments
        self.experiment = Experiment(Program(arguments.binary, {**environment, 'NETWORK': str(network)}, arguments.device),
                                     HERE / 'vit.yaml', arguments.output, Record(arguments.results / 'vit_record.json', {}),
                                     test_file(arguments), arguments.jobs)

    def training(self, method, domain):
        overrides = (f'adapter={method}',) if method == 'pfeiffer' else (f'adapter={method}', '~fusion')
        return Training(self.arguments.output / method, domain, (*overrides, *self.quick()))

    def fusion(self):
        """Of the pfeiffer adapters, in their folder."""
        quick = ('fusion.train.max_steps=2',) if self.arguments.quick else ()
        return Training(self.arguments.output / 'pfeiffer', FUSED, ('adapter=pfeiffer', *self.quick(), *quick), 'fuse')

    def quick(self):
        return QUICK if self.arguments.quick else ()

    def score(self, training):
        return 100 * self.experiment.test(training)['test']

    def run(self):
        self.experiment.test_all([self.training(method, domain) for domain in DOMAINS for method in METHODS])
        for domain in DOMAINS:
            self.experiment.restore(self.training('pfeiffer', domain))
        self.experiment.test(self.fusion())

    def scores(self):
        scores = {domain: {method: self.score(self.training(method, domain)) for method in METHODS} for domain in DOMAINS}
        scores[FUSED]['fusion'] = self.score(self.fusion())
        return scores


def main():
    arguments, environment = read_arguments(__doc__, 'runs/images_vit')
    pretraining = Pretraining(arguments, environment, 'vit_pretrain', ('vit',))
    pretraining.run()
    tasks = Tasks(arguments, environment, pretraining.network)
    tasks.run()
    scores = tasks.scores()
    source = pretraining.experiment.test(pretraining.training)['test']
    rows = [[domain, *(f'{own[column]:.2f}' if column in own else '' for column in (*METHODS, 'fusion'))]
            for domain, own in scores.items()]
    text = (f'# A small Vision Transformer on two domains\n\nThe network has {100 * source:.2f} on the test split of cifar10; '
            f'its training took {pretraining.experiment.hours_text()}, the others {tasks.experiment.hours_text()}. Written by '
            f'configs/images/vit.py.\n\n{table(["test accuracy", *METHODS, "fusion of both"], rows)}')
    write_results(arguments, 'vit_results', text, {'source': source, 'scores': scores})
    print(text)


if __name__ == '__main__':
    main()
