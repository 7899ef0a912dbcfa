"""The rows of the benchmark, and what our own times must be to each other."""
from dataclasses import dataclass

from speed.rows import SIDES, Row

NOT_SLOWER = 0.97

# Where only ours and the tuned side of a row compute in bfloat16, the default bar is over the library's float32.
ROWS = [
    Row('train', 'pfeiffer', 'dense', time=(2.5, 1.6), memory=(2,)),
    Row('train', 'pfeiffer', 'dense', bf16=SIDES, time=(1.7, 1.5)),
    Row('train', 'pfeiffer', 'sst2', time=(4.5, 1.6)),
    Row('train', 'pfeiffer', 'dense', dropped=3, time=(2.7,)),
    Row('train', 'pfeiffer', 'dense', dropped=3, cached=True, time=(4.5,)),
    Row('train', 'pfeiffer for tagging', 'dense'),
    Row('train', 'houlsby', 'dense'),
    Row('train', 'houlsby', 'sst2'),
    Row('train', 'full', 'dense', time=(NOT_SLOWER, NOT_SLOWER)),
    Row('train', 'lora', 'dense', time=(NOT_SLOWER, NOT_SLOWER)),
    Row('train', 'fusion of 2', 'dense'),
    Row('train', 'fusion of 4', 'dense'),
    Row('train', 'fusion of 8', 'dense', time=(4, 2.2), memory=(2,)),
    Row('train', 'fusion of 16', 'dense', time=(6, 3)),
    Row('train', 'fusion of 2', 'sst2'),
    Row('train', 'fusion of 4', 'sst2'),
    Row('train', 'fusion of 8', 'sst2'),
    Row('train', 'knowledge adapter', 'dense', time=(1.3,)),
    Row('train', 'knowledge adapter', 'dense', cached=True),
    Row('infer', 'pfeiffer', 'sst2', time=(4,)),
    Row('infer', 'pfeiffer', 'sst2', bf16=('ours', 'tuned'), time=(6.5, 1.5)),
    Row('infer', 'plain', 'dense', time=(2.2, 1.25)),
    Row('infer', 'pfeiffer', 'dense', time=(2.2, 1.25)),
    Row('infer', 'houlsby', 'dense', time=(2.2, 1.25)),
    Row('infer', 'fusion of 2', 'dense'),
    Row('infer', 'fusion of 4', 'dense'),
    Row('infer', 'fusion of 8', 'dense', time=(6.5, 2.5)),
    Row('infer', 'fusion of 16', 'dense', time=(9, 2.5)),
    Row('infer', 'fusion of 2', 'sst2'),
    Row('infer', 'fusion of 4', 'sst2'),
    Row('infer', 'fusion of 8', 'sst2'),
    Row('infer', 'eight tasks in one pass', 'dense', time=(2.4, 1.2)),
    Row('infer', 'eight tasks in one pass', 'dense', dropped=3, time=(2.4, 1.2)),
    Row('infer', 'eight tasks one by one', 'dense'),
    Row('start', 'pfeiffer', 'sst2', time=(10,)),
    Row('start', 'fusion of 8', 'sst2', time=(10,)),
    Row('train', 'full', 'dense', 'base'),
    Row('train', 'pfeiffer', 'dense', 'base', time=(2.5,)),
    Row('train', 'pfeiffer', 'dense', 'base', dropped=5),
    Row('train', 'fusion of 8', 'dense', 'base', time=(4.5,)),
    Row('infer', 'plain', 'dense', 'base', time=(2.2,)),
    Row('infer', 'pfeiffer', 'dense', 'base'),
    Row('infer', 'houlsby', 'dense', 'base'),
    Row('infer', 'fusion of 8', 'dense', 'base', time=(6.5,)),
    Row('infer', 'eight tasks in one pass', 'dense', 'base'),
    Row('infer', 'eight tasks in one pass', 'dense', 'base', dropped=5),
    Row('infer', 'eight tasks one by one', 'dense', 'base'),
    Row('train', 'residual adapters', 'png', 'resnet26', time=(1.3,)),
    Row('infer', 'residual adapters', 'png', 'resnet26'),
    Row('infer', 'plain resnet', 'png', 'resnet26'),
    Row('infer', 'residual adapters, folded', 'png', 'resnet26'),
    Row('decode', 'plain resnet', 'jpeg', 'resnet26', time=(1,)),
]
BY_KEY = {row.key: row for row in ROWS}


@dataclass(frozen=True)
class Claim:
    """Of our own times: that of one row is at least `bar` times that of the other; None: a ratio to know."""
    shape: str
    first: str  # names of rows of that shape
    second: str
    bar: float | None = None

    def __post_init__(self):
        self.rows()  # a misspelt name ends the program before anything is measured

    def rows(self):
        return tuple(BY_KEY[f'{self.shape}: {name}'] for name in (self.first, self.second))


ONE_PASS, ONE_BY_ONE = (f'infer, eight tasks {how}, dense' for how in ('in one pass', 'one by one'))
CLAIMS = [
    Claim('minilm', 'infer, plain, dense', 'infer, pfeiffer, dense', 1 / 1.03),
    Claim('minilm', 'infer, plain, dense', 'infer, fusion of 8, dense', 1 / 1.15),
    Claim('minilm', ONE_BY_ONE, ONE_PASS, NOT_SLOWER),
    # What the last layer costs where all of its tokens are read.
    Claim('minilm', 'train, pfeiffer for tagging, dense', 'train, pfeiffer, dense'),
    Claim('base', ONE_BY_ONE, ONE_PASS, NOT_SLOWER),
    # What Rücklé et al. (2021) published for this shape.
    Claim('base', ONE_BY_ONE, f'{ONE_PASS}, 5 layers dropped', 1.65),
    Claim('base', ONE_PASS, f'{ONE_PASS}, 5 layers dropped', 1.5),
    Claim('base', 'train, full, dense', 'train, pfeiffer, dense', 1.5),
    Claim('base', 'train, pfeiffer, dense', 'train, pfeiffer, dense, 5 layers dropped', 1.26),
    Claim('base', 'infer, plain, dense', 'infer, pfeiffer, dense', 1 / 1.03),
    Claim('base', 'infer, plain, dense', 'infer, houlsby, dense', 1 / 1.05),
    Claim('resnet26', 'infer, plain resnet, png', 'infer, residual adapters, folded, png', 1 / 1.01),
]


def has_bar(row, side):
    """Whether something is to be reached that needs this side of the row."""
    claimed = any(row in claim.rows() and claim.bar is not None for claim in CLAIMS)
    if side == SIDES[0]:
        return bool(row.time or row.memory or claimed)
    return any(row.bar(quantity, side) is not None for quantity in ('step_s', 'peak_mib'))
