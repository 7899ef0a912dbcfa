"""Runs that are ended by a signal."""
import shutil
import signal
import subprocess

from interruption.runs import STOPPED, report

# Statuses by which a run may answer a signal that comes before it is ready to catch it.
UNCAUGHT = {'SIGKILL': -signal.SIGKILL, 'SIGTERM': -signal.SIGTERM}


def interrupt(training, folder, name, moment):
    """Starts or resumes a run and signals it after so many seconds, if it still runs."""
    process = training.start(folder)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.send_signal(getattr(signal, name))
    return training.finish(process)


def last_step(training, folder):
    found = training.checkpoints(folder)
    return found[0].name if found else 'no checkpoint'


def run_to_the_end(name, training, folder, seconds, generator):
    """A run that is ended at least once in time. (what happened, what went wrong)"""
    caught = STOPPED if name == 'SIGTERM' else UNCAUGHT[name]
    events, counted = [], False
    while not counted or generator.random() < 0.5:
        moment = generator.uniform(0, seconds)
        ended = interrupt(training, folder, name, moment)
        if ended.status == 0 and counted:
            return events, []
        if ended.status == 0:  # the moment was too late: once more, from the start
            shutil.rmtree(folder)
            events = []
            continue
        if ended.status not in (caught, UNCAUGHT[name]):
            return events, [f'status {ended.status} after {name}: {ended.reason}']
        events.append(f'{moment:.2f} s (status {ended.status}, {last_step(training, folder)})')
        counted = counted or ended.status == caught
    return events, training.complete(folder)


def signal_runs(name, training, reference, count, generator, parent):
    """Whether each run passed."""
    results = []
    for number in range(1, count + 1):
        folder = parent / f'{name}-{number}'
        events, wrong = run_to_the_end(name, training, folder, reference.seconds, generator)
        wrong = wrong or training.differences(folder, reference.folder)
        results.append(report(name, number, count, events, wrong))
        shutil.rmtree(folder, ignore_errors=True)
    return results
