"""The texts of the benchmark: files of labelled sentences that both sides read."""
import functools
import itertools
import json
import random

from measure.datasets import read_rows
from measure.program import require_file
from speed.rows import LENGTH

SEED = 42
DENSE = 512  # different texts


class Texts:
    """`data` holds text/sst2/train.jsonl, `model` the vocabulary of the dense texts."""
    SMALLEST = 'dense'

    def __init__(self, folder, model, data):
        self.folder = folder
        vocabulary = require_file(model / 'vocab.txt', 'name the folder of the backbone with --model')
        whole = require_file(data / 'text/sst2/train.jsonl', 'name the folder of the data sets with --data')
        # Read when they are first needed.
        self.sources = {'dense': functools.cache(lambda: dense_rows(vocabulary)),
                        'sst2': functools.cache(lambda: shuffled_rows(whole))}
        self.written = set()

    def file(self, name, size, count=None):
        """The first `size` texts (None: all), or from their beginning again and again until there are `count`."""
        rows = self.sources[name]()[:size]
        chosen = list(itertools.islice(itertools.cycle(rows), count or len(rows)))
        path = self.folder / f'{name}_{len(rows)}_{len(chosen)}.jsonl'
        if path not in self.written:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in chosen), encoding='utf-8')
            self.written.add(path)
        return path


def dense_rows(vocabulary):
    """Random words of the vocabulary, more than fit, so that every text is cut to the same length; labels alternate, for
    tagging those of the words."""
    words = [word for word in vocabulary.read_text(encoding='utf-8').split('\n') if word.isascii() and word.isalpha()]
    generator = random.Random(SEED)
    texts = [generator.choices(words, k=LENGTH + 20) for _ in range(DENSE)]
    classes = ('class 0', 'class 1')
    tags = [classes[i % 2] for i in range(LENGTH + 20)]
    return [{'text': ' '.join(text), 'label': classes[i % 2], 'tokens': text, 'tags': tags} for i, text in enumerate(texts)]


def shuffled_rows(file):
    rows = read_rows(file)
    random.Random(SEED).shuffle(rows)
    return rows
