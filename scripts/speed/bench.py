"""What all sides of the benchmark share."""
from dataclasses import dataclass

from speed.rows import Scale
from speed.texts import Texts


@dataclass(frozen=True)
class Bench:
    backbones: dict  # a folder by shape
    texts: Texts
    scale: Scale
    threads: int

    def work(self, row):
        return self.scale.work(row)

    def file(self, row, batches=None):
        """The texts of a row, or so many batches of them, from their beginning again where they end."""
        texts = self.work(row).texts
        return self.texts.file(row.data, texts and texts * row.batch, batches and batches * row.batch)
