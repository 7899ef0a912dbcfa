"""What a row of the benchmark is, and how much work a process does for it."""
from dataclasses import dataclass

from speed.networks import NETWORKS

SIDES = ('ours', 'default', 'tuned')  # ours, and the library as people run it and at its best known settings
LENGTH = 128                          # tokens, special ones included
BATCHES = {'minilm': 32, 'base': 16, 'resnet26': 64}  # shapes of backbones, and their texts or images in a batch
PIXELS = 32                           # of both sides of an image


@dataclass(frozen=True)
class Row:
    """What is measured in a process of each side, and what we want to reach."""
    kind: str             # train, infer, decode (images alone), or start: from the command to the first step
    what: str             # a key of NETWORKS
    data: str             # dense: every text has LENGTH tokens; sst2: real lengths; png, jpeg: images
    shape: str = 'minilm'
    dropped: int = 0      # lowest layers without adapters
    cached: bool = False  # ours, without dropout, keeps what those layers give; the library has no such thing
    bf16: tuple = ()      # sides whose backbone computes in bfloat16
    time: tuple = ()      # least ratios of the library's time to ours: default, tuned
    memory: tuple = ()    # the same of peak memory

    @property
    def name(self):
        """Without the shape."""
        words = [self.kind, self.what, self.data]
        words += [f'{self.dropped} layers dropped'] if self.dropped else []
        words += ['cached'] if self.cached else []
        words += ['bf16' if self.bf16 == SIDES else f'bf16 of {" and ".join(self.bf16)}'] if self.bf16 else []
        return ', '.join(words)

    @property
    def key(self):
        return f'{self.shape}: {self.name}'

    @property
    def network(self):
        return NETWORKS[self.what]

    @property
    def batch(self):
        """Texts or images in one."""
        return 1 if self.kind == 'start' else BATCHES[self.shape]

    def bar(self, quantity, side):
        """The ratio to reach against a side, or None."""
        return dict(zip(SIDES[1:], self.memory if quantity == 'peak_mib' else self.time)).get(side)

    def sample(self, child, skipped):
        """What a process tells that reports its steps."""
        time = {'start_s': child.steps[1]} if self.kind == 'start' else {'step_s': child.mean_step_seconds(skipped)}
        return {**time, 'peak_mib': child.peak_mib}


@dataclass(frozen=True)
class Work:
    """Batches of a process, of which the first are left out of the time, and how many batches of texts it has for them,
    from whose beginning it goes on when they end; None: all texts that there are."""
    batches: int
    skipped: int
    texts: int | None


def one_pass(batches, skipped):
    return Work(batches, skipped, batches)


def second_pass(batches):
    """The measured part has every text once, whatever batches a side makes of them."""
    return Work(2 * batches, batches, batches)


@dataclass(frozen=True)
class Scale:
    """Dense texts are all alike, so that a few of them will do; by kind and shape, fewer for networks that are heavy."""
    dense: dict  # (light, heavy) by (kind, shape)
    real: int    # batches of real lengths

    def work(self, row):
        if row.kind == 'start':
            return Work(1, 0, None)
        if row.data != 'dense':
            return second_pass(self.real)
        light, heavy = self.dense[row.kind, row.shape]
        return heavy if row.network.heavy else light


FULL = Scale({('train', 'minilm'): (one_pass(5, 1), one_pass(3, 1)), ('train', 'base'): (one_pass(3, 1), one_pass(2, 1)),
              ('infer', 'minilm'): (one_pass(9, 2), one_pass(4, 1)), ('infer', 'base'): (one_pass(13, 1), one_pass(4, 1))},
             real=8)
QUICK = Scale({(kind, shape): (one_pass(3, 1), one_pass(2, 1)) for kind in ('train', 'infer') for shape in BATCHES}, real=2)
