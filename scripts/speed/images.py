"""The images of the benchmark: folders of class folders that both sides read."""
import itertools
import os
import pathlib
import shutil
import subprocess
import tarfile

from measure.program import REPOSITORY, fail, require_file

SCRIPT = REPOSITORY / 'scripts/peers/write_jpegs.py'
CLASSES = ('class 0', 'class 1')


class Images:
    """`data` holds vision/cifar10/train.tar.gz, whose PNG files `python` makes JPEG files of."""
    SMALLEST = 'png'

    def __init__(self, folder, data, python):
        self.folder, self.python = folder, python
        self.archive = data / 'vision/cifar10/train.tar.gz'

    def file(self, name, size, count=None):
        """The folder of the first `size` images, or of these again and again until there are `count`."""
        path = self.folder / f'{name}_{size}_{count or size}'
        if not path.is_dir():
            unfinished = path.with_name(path.name + '.tmp')
            shutil.rmtree(unfinished, ignore_errors=True)
            files = sorted(self.source(name, size).iterdir())[:size]
            for number, file in zip(range(count or size), itertools.cycle(files)):
                target = unfinished / CLASSES[number % len(CLASSES)] / f'{number:06}{file.suffix}'
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target)
            os.replace(unfinished, path)
        return path

    def source(self, name, size):
        """A folder of at least so many files."""
        path = self.folder / f'all_{name}'
        if not path.is_dir() or sum(1 for _ in path.iterdir()) < size:
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir(parents=True)
            self.unpack(path) if name == 'png' else self.write_jpegs(path, size)
        return path

    def unpack(self, path):
        with tarfile.open(require_file(self.archive, 'name the folder of the data sets with --data')) as images:
            for member in images:
                if member.isfile():
                    name = pathlib.PurePath(member.name)
                    (path / f'{name.parent.name}_{name.name}').write_bytes(images.extractfile(member).read())

    def write_jpegs(self, path, count):
        if not self.python:
            fail('the JPEG files are made by Pillow', 'name a Python that has it with --python')
        done = subprocess.run([self.python, SCRIPT, self.source('png', 1), path, str(count)], capture_output=True, text=True)
        if done.returncode != 0:
            fail(f'{SCRIPT.name} failed:\n{done.stderr[-2000:]}', 'see above')
