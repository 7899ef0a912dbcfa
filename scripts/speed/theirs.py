"""The libraries that we are compared with, in a Python that has them."""
import json
import subprocess

from measure.child import watch
from measure.program import REPOSITORY, fail, with_threads
from speed.backbones import resnet_shape
from speed.rows import LENGTH, PIXELS

SCRIPTS = REPOSITORY / 'scripts/peers'
PACKAGES = ('adapters', 'peft', 'transformers', 'torch', 'pillow')


def versions(python):
    program = f'from importlib.metadata import version\nfor name in {PACKAGES}: print(name, version(name))'
    try:
        done = subprocess.run([python, '-c', program], capture_output=True, text=True)
    except OSError as error:
        fail(f'{python} cannot be run ({error.strerror})', 'name a Python with --python')
    if done.returncode != 0:
        fail(f'{python} lacks a package ({done.stderr.splitlines()[-1]})', f'install {", ".join(PACKAGES)} for it')
    return ', '.join(done.stdout.splitlines())


class Theirs:
    def __init__(self, python, setting, bench):
        self.python, self.setting, self.bench = python, setting, bench
        self.name = setting.name
        self.about = f'{versions(python)}; {setting.about}'
        self.environment = {**with_threads(bench.threads), 'HF_HUB_OFFLINE': '1', 'TOKENIZERS_PARALLELISM': 'true',
                            **setting.environment}

    def measure(self, row):
        network, work = row.network, self.bench.work(row)
        job = self.image_job(row) if row.shape == 'resnet26' else self.text_job(row)
        job |= {'batch': row.batch, 'steps': work.batches, 'threads': self.bench.threads, 'method': network.theirs}
        child = watch([self.python, SCRIPTS / network.script, json.dumps(job)], self.environment)
        return row.sample(child, work.skipped)

    def image_job(self, row):
        return {'images': str(self.bench.file(row)), 'size': PIXELS, 'kind': row.kind,
                'channels_last': self.setting.channels_last, **resnet_shape(self.bench.backbones[row.shape])}

    def text_job(self, row):
        network = row.network
        return {'model': str(self.bench.backbones[row.shape]), 'file': str(self.bench.file(row)), 'length': LENGTH,
                'fused': network.fused, 'tasks': network.tasks, 'together': network.together, 'dropped': row.dropped,
                'train': row.kind != 'infer', 'bf16': self.name in row.bf16, 'grouped': self.setting.grouped}
