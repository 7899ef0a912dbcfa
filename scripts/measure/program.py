"""The adaptune program as the scripts call it."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = REPOSITORY / 'build/app/adaptune'
BACKBONE = 'models/all-MiniLM-L6-v2'
COMPUTING = {'train', 'fuse', 'eval', 'drop', 'predict'}  # the commands that take a device


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

    def __init__(self, binary=BINARY, environment=None, device='cpu'):
        self.binary = str(require_file(binary, 'build it first (scripts/quickstart.sh), or name one with --binary'))
        self.environment, self.device = environment, device

    def run(self, *words):
        """Standard output of a command."""
        return self.timed(*words)[0]

    def timed(self, *words):
        """The same, and the seconds of processor time that it took, which other work beside it changes little."""
        device = ('--device', self.device) if words[0] in COMPUTING and self.device != 'cpu' else ()
        command = [self.binary, *map(str, words), *device]
        with tempfile.TemporaryFile('w+', errors='replace') as output, \
                tempfile.TemporaryFile('w+', errors='replace') as errors:
            process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            if process.returncode != 0:
                last = '\n'.join(errors.read().splitlines()[-12:])
                sys.exit(f'error: status {process.returncode} of: {" ".join(command)}\n{last}')
            return output.read(), usage.ru_utime + usage.ru_stime

    def document(self, *words):
        """What a command prints with --json."""
        return json.loads(self.run(*words, '--json'))

    def results(self, *words):
        """Its rows."""
        return self.timed_results(*words)[0]

    def timed_results(self, *words):
        output, seconds = self.timed(*words, '--json')
        return json.loads(output)['results'], seconds
