"""What the scripts of this folder share: tasks, methods, learning rates, folders."""
import pathlib
import sys
from dataclasses import dataclass

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / 'scripts'))
from measure.experiment import Experiment, Training
from measure.program import BACKBONE, Program, require_file, with_threads
from measure.record import Record
from measure.script import experiment_parser, write_results

RATES = {'full': ['5e-5', '1e-4', '2e-4'],
         'pfeiffer': ['3e-4', '1e-3', '3e-3'],
         'houlsby': ['3e-4', '1e-3', '3e-3'],
         'head_only': ['1e-3', '3e-3', '1e-2']}
EIGHT = ['trec6', 'sst2', 'sick_nli', 'stsb', 'subj', 'qnli_small', 'rte', 'amcd_en']
SEED = 42


@dataclass(frozen=True)
class Plan:
    scored: list                      # tasks with a bar
    reported: list                    # and without
    choice: list                      # tasks whose development splits choose the learning rates
    more_seeds: dict                  # of the methods with a bar and their baseline
    targets: list                     # of fusions
    overrides: tuple = ()
    fusion_overrides: tuple = ()


FULL = Plan(EIGHT, ['cola'], ['trec6', 'sst2', 'sick_nli'], {'trec6': [43, 44], 'sick_nli': [43, 44]},
            ['rte', 'qnli_small', 'amcd_en'])
QUICK = Plan(['trec6', 'rte'], [], ['trec6'], {'trec6': [43]}, ['rte', 'amcd_en'],
             ('train.max_steps=4', 'data.max_train_samples=64'), ('fusion.train.max_steps=4',))


def parse_arguments(description):
    parser = experiment_parser(description, 'runs/eight_tasks', HERE)
    parser.add_argument('--model', default=BACKBONE, type=pathlib.Path)
    return parser


def finish_arguments(arguments):
    arguments.plan = FULL
    if arguments.quick:
        arguments.plan, arguments.output = QUICK, arguments.output / 'quick'
        arguments.results = arguments.output
    require_file(arguments.data / 'text/trec6/train.jsonl', 'name the folder of the data sets with --data')
    require_file(arguments.model / 'config.json', 'name the folder of the backbone with --model')
    return arguments


def open_experiment(arguments, config, output, record):
    """`record` is the name of the file in the folder of the tables that keeps what was measured."""
    environment = {**with_threads(arguments.threads), 'DATA': str(arguments.data), 'MODEL': str(arguments.model)}
    test_file = lambda task: arguments.data / 'text' / task.removesuffix('_500') / 'test.jsonl'
    return Experiment(Program(arguments.binary, environment, arguments.device), config, output,
                      Record(arguments.results / record, {}), test_file, arguments.jobs)


def suite_overrides(arguments, adapter, rate, seed=SEED):
    return (f'adapter={adapter}', f'train.learning_rate={rate}', f'train.seed={seed}', *arguments.plan.overrides)


def suite_training(arguments, method, rate, task, seed=SEED):
    return Training(arguments.output / method / f'rate_{rate}' / f'seed_{seed}', task,
                    suite_overrides(arguments, method, rate, seed))


def candidates(arguments, method):
    """The trainings whose development scores choose a method's learning rate, by rate."""
    return {rate: [suite_training(arguments, method, rate, task) for task in arguments.plan.choice]
            for rate in RATES[method]}


def chosen_rate(experiment, arguments, method):
    return experiment.choose(candidates(arguments, method))
