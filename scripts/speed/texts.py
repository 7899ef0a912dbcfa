"""The texts of the benchmark: files of labelled sentences that both sides read."""
import json
import random
from dataclasses import dataclass

from measure.datasets import read_rows
from measure.program import require_file
from speed.rows import BATCH, LENGTH

SEED = 42


@dataclass(frozen=True)
class Texts:
    """A file, and one of its first rows alone."""
    file: object
    head: object


def write_rows(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in rows), encoding='utf-8')
    return path


def dense_rows(vocabulary, count):
    """Random words of the vocabulary, more than fit, so that every text is cut to the same length."""
    words = [word for word in vocabulary.read_text(encoding='utf-8').split('\n') if word.isascii() and word.isalpha()]
    generator = random.Random(SEED)
    return [{'text': ' '.join(generator.choices(words, k=LENGTH + 20)), 'label': f'class {i % 2}'} for i in range(count)]


def sst2_rows(file, count):
    rows = read_rows(file)
    random.Random(SEED).shuffle(rows)
    return rows[:count]


def make_texts(folder, model, data, scale):
    """The files by the names that rows know them by. `data` holds text/sst2/train.jsonl."""
    vocabulary = require_file(model / 'vocab.txt', 'name the folder of the backbone with --model')
    whole = require_file(data / 'text/sst2/train.jsonl', 'name the folder of the data sets with --data')
    rows = {'dense': dense_rows(vocabulary, BATCH * scale.file_batches('dense')),
            'sst2': sst2_rows(whole, BATCH * scale.file_batches('sst2'))}
    texts = {name: Texts(write_rows(folder / f'{name}.jsonl', all_rows),
                         write_rows(folder / f'{name}_head.jsonl', all_rows[:BATCH * scale.infer_skipped]))
             for name, all_rows in rows.items()}
    return {**texts, 'all of sst2': Texts(whole, whole)}
