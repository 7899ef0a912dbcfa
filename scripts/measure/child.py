"""A child process seen from outside: when it did its steps, how long it took, how much memory it held."""
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass, field

STEP = re.compile(rb'\bstep=(\d+)')


@dataclass
class Child:
    status: int
    seconds: float                    # from its start to its end
    peak_mib: float                   # largest resident set
    steps: dict = field(default_factory=dict)  # step: seconds from the start to the line that reported it
    lines: list = field(default_factory=list)  # of standard error

    def mean_step_seconds(self, skipped):
        """Of the steps after the first `skipped`, at least one of which must be reported."""
        last = max(self.steps)
        return (self.steps[last] - self.steps[skipped]) / (last - skipped)


def watch(command, environment=None):
    """Runs a command that reports "step=N" on standard error as soon as step N is done."""
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
    return Child(process.returncode, time.monotonic() - start, usage.ru_maxrss / 1024, steps, lines)


def watch_or_exit(command, environment=None):
    child = watch(command, environment)
    if child.status != 0:
        last = '\n'.join(child.lines[-12:])
        sys.exit(f'error: status {child.status} of: {" ".join(map(str, command))}\n{last}')
    return child
