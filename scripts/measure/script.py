"""What the scripts of experiments share: their command line and the files they leave."""
import argparse
import json
import os
import pathlib

from measure.program import BINARY


def experiment_parser(description, output, results):
    """`output`, `results`: the folders of the runs and of the tables."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--binary', default=BINARY, type=pathlib.Path)
    parser.add_argument('--data', default=os.environ.get('DATA', 'data'), type=pathlib.Path,
                        help='folder of the data sets (default: $DATA, or data)')
    parser.add_argument('--output', default=output, type=pathlib.Path, help='folder of the runs')
    parser.add_argument('--results', default=results, type=pathlib.Path, help='folder of the tables')
    parser.add_argument('--jobs', default=1, type=int, help='trainings that run at once')
    parser.add_argument('--threads', default=2, type=int, help='of each')
    parser.add_argument('--device', default='cpu', help='that the program computes on: cpu, cuda, cuda:N')
    parser.add_argument('--quick', action='store_true', help='a few steps a task, to see whether everything runs')
    return parser


def write_results(arguments, name, text, facts):
    """`name`.md and `name`.json in the folder of the tables."""
    arguments.results.mkdir(parents=True, exist_ok=True)
    (arguments.results / f'{name}.md').write_text(text, encoding='utf-8')
    (arguments.results / f'{name}.json').write_text(json.dumps(facts, indent=1) + '\n', encoding='utf-8')
