"""What is measured: the rows of the benchmark, and how much work each of them does."""
from dataclasses import dataclass

MEMBERS = 8  # adapters that are there to be fused
# AdapterHub's names, whose defaults both sides share. double_seq_bn is Houlsby's form, seq_bn Pfeiffer's.
METHODS = {'houlsby': 'double_seq_bn', 'pfeiffer': 'seq_bn'}
FUSED = {f'fusion of {count}': count for count in (2, 4, 8)}
BATCH = 32
LENGTH = 128  # tokens, special ones included


@dataclass(frozen=True)
class Row:
    """A measurement of one process."""
    kind: str                         # train, infer, or start: to the first step
    what: str                         # a key of METHODS or FUSED
    data: str                         # dense, sst2, or all of sst2

    @property
    def key(self):
        return f'{self.kind}, {self.what}, {self.data}'

    @property
    def method(self):
        return METHODS.get(self.what, METHODS['pfeiffer'])

    @property
    def fused(self):
        return FUSED.get(self.what, 0)


@dataclass(frozen=True)
class Work:
    """Batches of a process, of which the first are left out of the time."""
    batches: int
    skipped: int


@dataclass(frozen=True)
class Scale:
    """Dense texts are all alike. Of sst2 a second pass over `sst2_batches` batches is measured, after a first one, so that
    both sides see every example once in the measured part, whatever batches they make of them."""
    dense: Work
    sst2_batches: int
    infer_skipped: int

    def train(self, data):
        return self.dense if data == 'dense' else Work(2 * self.sst2_batches, self.sst2_batches)

    def file_batches(self, data):
        return self.dense.batches if data == 'dense' else self.sst2_batches

    def infer(self, data):
        return Work(self.file_batches(data), self.infer_skipped)


FULL = Scale(Work(11, 3), 24, 3)
QUICK = Scale(Work(4, 1), 3, 1)


def all_rows():
    rows = [Row('train', what, data) for data in ('dense', 'sst2') for what in (*METHODS, *FUSED)]
    rows += [Row('infer', what, data) for data in ('dense', 'sst2') for what in ('pfeiffer', *FUSED)]
    return rows + [Row('start', what, 'all of sst2') for what in ('pfeiffer', 'fusion of 8')]
