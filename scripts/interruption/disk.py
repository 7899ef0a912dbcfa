"""Runs that meet a full disk: a small file system of their own, filled while they train."""
import os
import shutil
import subprocess
import time

from interruption.runs import IO_ERROR, report
from measure.tensors import read_tensors

SIZE_MIB = 256
FILLER = 'filler'
ROOM_KIB = 8192  # the filler leaves up to so much free, on a logarithmic scale
TRAINING_SHARE = 0.8  # of a run's time, from the first line of its log on


def full_disk_runs(training, reference, count, generator, parent):
    """Whether each run passed; none where no file system can be mounted."""
    mount = parent / 'disk'
    mount.mkdir()
    command = ['mount', '-t', 'tmpfs', '-o', f'size={SIZE_MIB}m', 'tmpfs', mount]
    done = subprocess.run(command, capture_output=True, text=True) if shutil.which('mount') else None
    if done is None or done.returncode != 0:
        print('full disk: skipped; mounting a small file system needs root on Linux', flush=True)
        return []
    try:
        return [full_disk_run(training, reference, mount, generator, (number, count)) for number in range(1, count + 1)]
    finally:
        subprocess.run(['umount', '--lazy', mount], check=True)


def fill(mount, left):
    """Takes all of the file system's room but `left` bytes."""
    stat = os.statvfs(mount)
    free = stat.f_bavail * stat.f_frsize
    with open(mount / FILLER, 'wb') as file:
        if free > left:
            os.posix_fallocate(file.fileno(), 0, free - left)


def full_disk_run(training, reference, mount, generator, number):
    folder, moment = mount / 'run', generator.uniform(0, reference.seconds)
    left = int(1024 * (ROOM_KIB ** generator.random() - 1))
    process = training.start(folder)
    # The room that a run needs is asked for at its start; what is tested is a disk that fills up later.
    while process.poll() is None and not (folder / training.task / 'metrics.jsonl').exists():
        time.sleep(0.01)
    time.sleep(moment * TRAINING_SHARE)
    fill(mount, left)
    ended = training.finish(process)
    checkpoints = training.checkpoints(folder)
    (mount / FILLER).unlink()
    wrong = [] if ended.status in (0, IO_ERROR) else [f'status {ended.status}: {ended.reason}']
    wrong += [f'{path.name} cannot be read' for path in checkpoints if not readable(path)]
    wrong += training.complete(folder) or training.differences(folder, reference.folder)
    shutil.rmtree(folder)
    state = f'status {ended.status} with {left // 1024} KiB left, {checkpoints[0].name if checkpoints else "no checkpoint"}'
    return report('full disk', *number, [state] + ([ended.reason] if ended.status else []), wrong)


def readable(checkpoint):
    try:
        return all(read_tensors(file) for file in checkpoint.glob('*.safetensors'))
    except (OSError, ValueError, KeyError):
        return False
