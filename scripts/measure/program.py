"""The adaptune program as the scripts call it."""
import json
import os
import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = REPOSITORY / 'build/app/adaptune'
BACKBONE = 'models/all-MiniLM-L6-v2'


def fail(what, remedy):
    sys.exit(f'error: {what}; {remedy}')


def require_file(path, remedy):
    if not pathlib.Path(path).exists():
        fail(f'{path} is missing', remedy)
    return path


def with_threads(threads):
    """The environment of a child that computes on so many threads."""
    return {**os.environ, 'OMP_NUM_THREADS': str(threads), 'MKL_NUM_THREADS': str(threads)}


def write_config(path, config):
    """A configuration file: what JSON writes is YAML too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(config, indent=2) + '\n', encoding='utf-8')
    return path


class Program:
    """Runs commands of the binary; one that fails ends the script with the command and its last lines."""

    def __init__(self, binary=BINARY, environment=None):
        self.binary = str(require_file(binary, 'build it first (scripts/quickstart.sh), or name one with --binary'))
        self.environment = environment

    def run(self, *words):
        """Standard output of a command."""
        command = [self.binary, *map(str, words)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, errors='replace')
        if done.returncode != 0:
            last = '\n'.join(done.stderr.splitlines()[-12:])
            sys.exit(f'error: status {done.returncode} of: {" ".join(command)}\n{last}')
        return done.stdout

    def results(self, *words):
        """The rows that a command prints with --json."""
        return json.loads(self.run(*words, '--json'))['results']
