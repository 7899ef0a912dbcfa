"""What all sides of the benchmark share."""
from dataclasses import dataclass

from speed.images import Images
from speed.rows import Scale
from speed.texts import Texts


@dataclass(frozen=True)
class Bench:
    backbones: dict  # a folder by shape
    texts: Texts
    images: Images
    scale: Scale
    threads: int

    def work(self, row):
        return self.scale.work(row)

    def file(self, row, batches=None):
        """The texts or images of a row, or so many batches of them, from their beginning again where they end."""
        whole = self.work(row).texts
        return self.source(row).file(row.data, whole and whole * row.batch, batches and batches * row.batch)

    def two(self, row):
        """Two examples to train on a step, where it does not matter what is learned."""
        source = self.source(row)
        return source.file(source.SMALLEST, 2)

    def source(self, row):
        return self.images if row.shape == 'resnet26' else self.texts
