"""The network that the experiments of this folder start from: random weights, trained on cifar10, without adapters."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'scripts'))
from measure.experiment import Experiment, Training
from measure.program import Program
from measure.record import Record

QUICK = ('train.max_steps=2', 'data.max_train_samples=600')


def test_file(arguments):
    return lambda task: arguments.data / 'vision' / task / 'test.tar.gz'


class Pretraining:
    """`init` are the words that make the random network, `name`.yaml trains it: random -> pretrained -> network."""

    def __init__(self, arguments, environment, name, init):
        self.init, self.random, self.network = init, arguments.output / 'random', arguments.output / 'network'
        self.program = Program(arguments.binary, {**environment, 'RANDOM_NETWORK': str(self.random)})
        self.experiment = Experiment(self.program, HERE / f'{name}.yaml', arguments.output,
                                     Record(arguments.results / f'{name}_record.json', {}), test_file(arguments))
        self.training = Training(arguments.output / 'pretrained', 'cifar10', QUICK if arguments.quick else ())

    def run(self):
        if not self.random.is_dir():
            self.program.run('init', *self.init, '-o', self.random)
        self.experiment.test(self.training)
        self.experiment.restore(self.training)
        if not self.network.is_dir():
            self.program.run('merge', self.training.product, '-o', self.network)
