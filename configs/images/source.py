"""The network that the experiments of this folder start from: random weights, trained on cifar10, without adapters."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'scripts'))
from measure.experiment import Experiment, Training
from measure.program import Program, require_file, with_threads
from measure.record import Record
from measure.script import experiment_parser

QUICK = ('train.max_steps=2', 'data.max_train_samples=600')


def read_arguments(description, output):
    """The command line of an experiment, and the environment of its programs. `output`: the folder of the runs."""
    arguments = experiment_parser(description, output, HERE).parse_args()
    if arguments.quick:
        arguments.output = arguments.results = arguments.output / 'quick'
    require_file(test_file(arguments)('cifar10'), 'name the folder of the data sets with --data')
    return arguments, {**with_threads(arguments.threads), 'DATA': str(arguments.data)}


def test_file(arguments):
    return lambda task: arguments.data / 'vision' / task / 'test.tar.gz'


class Pretraining:
    """`init` are the words that make the random network, `name`.yaml trains it: random -> pretrained -> network."""

    def __init__(self, arguments, environment, name, init):
        self.init, self.random, self.network = init, arguments.output / 'random', arguments.output / 'network'
        self.program = Program(arguments.binary, {**environment, 'RANDOM_NETWORK': str(self.random)}, arguments.device)
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
