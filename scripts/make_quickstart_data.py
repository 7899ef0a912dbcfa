#!/usr/bin/env python3
"""Cuts the files of configs/quickstart/ from a folder of data sets, the same ones each time.

usage: make_quickstart_data.py DATA [OUTPUT]

DATA holds <task>/{train,dev,test}.jsonl, one object a line with `text`, perhaps `text_pair`, and `label`, or `tokens`
and `tags`. OUTPUT (default: configs/quickstart) gets <name>/{train,dev,test}.jsonl.gz. Where the licences of the data
allow it, see LICENCES.md there.
"""
import gzip
import json
import pathlib
import random
import sys

SEED = 42
# name: (task in DATA, examples by split, longest example in characters)
TASKS = {
    'topic': ('stackoverflow20', {'train': 1000, 'dev': 300, 'test': 400}, 120),
    'slots': ('snips_slots', {'train': 1000, 'dev': 300, 'test': 400}, 120),
    'intent': ('clinc150', {'train': 1000, 'dev': 300, 'test': 400}, 120),
    'banking': ('banking77', {'train': 400, 'dev': 300, 'test': 400}, 120),
}


def length(row):
    return sum(len(row.get(column, '')) for column in ('text', 'text_pair')) + len(' '.join(row.get('tokens', [])))


def sample(file, count, longest, known_labels):
    """Rows in random order, none longer than `longest`, none with a label outside `known_labels` (if any)."""
    rows = [json.loads(line) for line in file.read_text(encoding='utf-8').splitlines()]
    rows = [row for row in rows if length(row) <= longest and not (known_labels and labels_of([row]) - known_labels)]
    random.Random(f'{SEED} {file.parent.name} {file.name}').shuffle(rows)
    return rows[:count]


def labels_of(rows):
    return {label for row in rows for label in row.get('tags', [row.get('label')])}


def write(file, rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    text = ''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in rows)
    # No name and no time in the header, so that the same rows give the same bytes.
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def main(data, output):
    for name, (task, sizes, longest) in TASKS.items():
        known = None
        for split, count in sizes.items():
            source = data / task / f'{split}.jsonl'
            if not source.exists():
                sys.exit(f'error: {source} is missing; name the folder that holds {task}/{split}.jsonl')
            rows = sample(source, count, longest, known)
            known = known or labels_of(rows)
            write(output / name / f'{split}.jsonl.gz', rows)
            print(f'{name} {split}: {len(rows)} of {task}')


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit('usage: make_quickstart_data.py DATA [OUTPUT]')
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else 'configs/quickstart'))
