"""AdapterHub's library, in a Python that has it."""
import json
import subprocess

from measure.child import watch_or_exit
from measure.program import REPOSITORY, fail, with_threads
from speed.rows import BATCH, LENGTH

STEPS = REPOSITORY / 'scripts/peers/adapterhub_steps.py'
PACKAGES = ('adapters', 'transformers', 'torch')


class Theirs:
    name = 'theirs'

    def __init__(self, python, model, texts, scale, threads):
        self.python, self.model, self.texts, self.scale = python, model, texts, scale
        self.environment = {**with_threads(threads), 'HF_HUB_OFFLINE': '1', 'TOKENIZERS_PARALLELISM': 'true'}
        self.threads = threads
        self.versions = self.read_versions()

    def read_versions(self):
        program = f'from importlib.metadata import version\nfor name in {PACKAGES}: print(name, version(name))'
        try:
            done = subprocess.run([self.python, '-c', program], capture_output=True, text=True)
        except OSError as error:
            fail(f'{self.python} cannot be run ({error.strerror})', 'name a Python with --python')
        if done.returncode != 0:
            fail(f'{self.python} lacks a package ({done.stderr.splitlines()[-1]})',
                 f'install {", ".join(PACKAGES)} for it')
        return ', '.join(done.stdout.splitlines())

    def measure(self, row):
        start, infer = row.kind == 'start', row.kind == 'infer'
        work = self.scale.infer(row.data) if infer else self.scale.train(row.data)
        job = {'model': str(self.model), 'file': str(self.texts[row.data].file), 'method': row.method,
               'fused': row.fused, 'train': not infer, 'length': LENGTH, 'batch': 1 if start else BATCH,
               'steps': 1 if start else work.batches, 'threads': self.threads}
        child = watch_or_exit([self.python, STEPS, json.dumps(job)], self.environment)
        if start:
            return {'start_s': child.steps[1], 'peak_mib': child.peak_mib}
        return {'step_s': child.mean_step_seconds(work.skipped), 'peak_mib': child.peak_mib}
