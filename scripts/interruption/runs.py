"""A training that can be started, ended and compared."""
import subprocess
import sys
import time
from dataclasses import dataclass

from measure.tensors import difference

STOPPED, IO_ERROR = 75, 4
PATIENCE = 300  # seconds a run may take; a longer one hangs


@dataclass(frozen=True)
class Ended:
    status: int
    lines: list  # of standard error

    @property
    def reason(self):
        """The error it told of, or its last words."""
        errors = [line for line in self.lines if line.startswith('error: ')]
        return (errors or self.lines or [''])[-1][:160]


@dataclass(frozen=True)
class Training:
    binary: object
    config: object
    task: str
    environment: dict

    def start(self, folder):
        command = [self.binary, 'train', self.config, '--output-dir', folder]
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, errors='replace')

    def finish(self, process):
        _, errors = process.communicate(timeout=PATIENCE)
        return Ended(process.returncode, errors.splitlines())

    def complete(self, folder):
        """Runs to the end, from the last checkpoint if there is one; what went wrong."""
        checkpoints = self.checkpoints(folder)
        ended = self.finish(self.start(folder))
        if ended.status != 0:
            return [f'status {ended.status} of the run that was to finish: {ended.reason}']
        resumed = next((line for line in ended.lines if line.startswith('resumed at step')), '')
        finished_before = any(f'{self.task} is finished' in line for line in ended.lines)
        if checkpoints and not finished_before and not resumed.endswith(checkpoints[0].name):
            return [f'it went on from "{resumed}", not from {checkpoints[0].name}']
        return []

    def checkpoints(self, folder):
        """Complete ones, the last first."""
        found = (folder / self.task / 'checkpoints').glob('step-*')
        named = [path for path in found if path.name.removeprefix('step-').isdigit()]
        return sorted(named, key=lambda path: -int(path.name.removeprefix('step-')))

    def differences(self, folder, other):
        """Names of files and tensors in which two finished runs differ: the adapter, and the checkpoints of both."""
        a, b = self.checkpoints(folder), self.checkpoints(other)
        if [path.name for path in a[:1]] != [path.name for path in b[:1]]:
            return [f'last checkpoint {[path.name for path in a[:1]]} instead of {[path.name for path in b[:1]]}']
        common = [path for path in b if path.name in {path.name for path in a}]  # a stop writes one of its own
        files = [f'{self.task}/adapter/adapter.safetensors']
        files += [f'{self.task}/checkpoints/{path.name}/{part.name}' for path in common for part in path.glob('*.safetensors')]
        return [f'{file}: {name}' for file in files for name in difference(folder / file, other / file)]


@dataclass(frozen=True)
class Undisturbed:
    folder: object
    seconds: float


def undisturbed(training, folder):
    """The run that all others must equal. A second one must equal it too, or nothing can be said."""
    start = time.monotonic()
    wrong = training.complete(folder)
    seconds = time.monotonic() - start
    again = folder.with_name(folder.name + '-again')
    wrong = wrong or training.complete(again) or training.differences(again, folder)
    if wrong:
        sys.exit(f'error: undisturbed runs: {wrong[:3]}')
    print(f'undisturbed: {seconds:.1f} s, twice the same bits', flush=True)
    return Undisturbed(folder, seconds)


def report(name, number, count, events, different):
    """Prints a run's line; whether it is as it should be."""
    verdict = 'the same bits' if not different else 'FAILED: ' + '; '.join(different[:3])
    print(f'{name} {number}/{count}: {", ".join(events)}; {verdict}', flush=True)
    return not different
