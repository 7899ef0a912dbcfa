"""Runs that meet a full disk: a small file system of their own, filled while they train."""
import collections
import os
import re
import shutil
import signal
import subprocess
import time

from interruption.runs import IO_ERROR, report
from measure.tensors import read_tensors

SIZE_MIB = 40
FILLER = 'filler'
ROOM_KIB = 4096                       # what is left free, at most, where some room is left
TRAINING_SHARE = 0.8                  # of a run's time, from the first line of its log on
FAILED_FILE = re.compile(r'([^/\s]+/[^/\s]+?)(?:\.tmp)?: cannot')


def full_disk_runs(training, reference, count, generator, parent):
    """Whether each run passed; none where no file system can be mounted."""
    mount = parent / 'disk'
    mount.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', f'size={SIZE_MIB}m', 'tmpfs', mount]
    done = subprocess.run(command, capture_output=True, text=True) if shutil.which('mount') else None
    if done is None or done.returncode != 0:
        print('full disk: skipped; mounting a small file system needs root on Linux', flush=True)
        return []
    failed = collections.Counter()
    try:
        results = [full_disk_run(training, reference, mount, generator, (number, count), failed)
                   for number in range(1, count + 1)]
    finally:
        subprocess.run(['umount', '--lazy', mount], check=True)
    print('full disk met while writing: ' + ', '.join(f'{name} {times}x' for name, times in failed.most_common()))
    return results


def full_disk_run(training, reference, mount, generator, number, failed):
    folder = mount / 'run'
    process = training.start(folder)
    # The room that a run needs is asked for at its start; what is tested is a disk that fills up later.
    wait_for(process, folder / training.task / 'metrics.jsonl')
    left = fill_disk(process, training, reference, mount, generator, number[0])
    ended = training.finish(process)
    checkpoints = training.checkpoints(folder)
    (mount / FILLER).unlink()
    wrong = [] if ended.status in (0, IO_ERROR) else [f'status {ended.status}: {ended.reason}']
    wrong += [f'{path.name} cannot be read' for path in checkpoints if not readable(path)]
    wrong += training.complete(folder) or training.differences(folder, reference.folder)
    shutil.rmtree(folder)
    file = FAILED_FILE.search(ended.reason)
    failed.update([re.sub(r'step-\d+', 'step-N', file.group(1))] if file else [])
    state = f'status {ended.status} with {left // 1024} KiB left, {checkpoints[0].name if checkpoints else "no checkpoint"}'
    return report('full disk', *number, [state] + ([f'could not write {file.group(1)}'] if file else []), wrong)


def fill_disk(process, training, reference, mount, generator, number):
    """At a random moment with no room or some, or while the adapter is written. Returns the bytes left."""
    left = int(1024 * ROOM_KIB ** generator.random()) if number % 3 == 1 else 0
    if number % 3 == 2:
        wait_for(process, mount / 'run' / training.task / 'adapter.tmp')
    else:
        time.sleep(generator.uniform(0, reference.seconds) * TRAINING_SHARE)
    if process.poll() is None:
        process.send_signal(signal.SIGSTOP)  # so that it takes no room meanwhile
        os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    stat = os.statvfs(mount)
    with open(mount / FILLER, 'wb') as file:
        if stat.f_bavail * stat.f_frsize > left:
            os.posix_fallocate(file.fileno(), 0, stat.f_bavail * stat.f_frsize - left)
    process.send_signal(signal.SIGCONT)
    return left


def wait_for(process, path):
    while process.poll() is None and not path.exists():
        time.sleep(0.0002)


def readable(checkpoint):
    try:
        return all(read_tensors(file) for file in checkpoint.glob('*.safetensors'))
    except (OSError, ValueError, KeyError):
        return False
