"""A child process seen from outside: when it did its steps, how long it took, how much memory it held."""
import os
import re
import subprocess
import time
from dataclasses import dataclass, field

STEP = re.compile(rb'\bstep=(\d+)')


class ChildFailed(Exception):
    """A child that ended with another status than 0: says which, and the line that tells why."""


@dataclass
class Child:
    seconds: float                    # from its start to its end
    peak_mib: float                   # largest resident set
    steps: dict = field(default_factory=dict)  # step: seconds from the start to the line that reported it

    def mean_step_seconds(self, skipped):
        """Of the steps after the first `skipped`, at least one of which must be reported."""
        last = max(self.steps)
        return (self.steps[last] - self.steps[skipped]) / (last - skipped)


def watch(command, environment=None):
    """Runs a command that reports "step=N" on standard error as soon as step N is done. Throws ChildFailed."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], env=environment, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    steps, lines = {}, []
    with process.stderr:
        for line in process.stderr:
            now = time.monotonic() - start
            lines.append(line.decode(errors='replace').rstrip())
            if match := STEP.search(line):
                steps.setdefault(int(match.group(1)), now)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise ChildFailed(f'status {process.returncode}: {telling_line(lines)}')
    return Child(time.monotonic() - start, usage.ru_maxrss / 1024, steps)


def telling_line(lines):
    """The last that says "error", else the last."""
    return next((line for line in reversed(lines) if 'error' in line.lower()), lines[-1] if lines else '').strip()
