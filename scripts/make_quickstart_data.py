#!/usr/bin/env python3
"""Cuts the files of configs/quickstart/ from a folder of data sets, the same ones each time.

usage: make_quickstart_data.py DATA [OUTPUT]

DATA holds <task>/{train,dev,test}.jsonl, one object a line with `text` and `label`, or `tokens` and `tags`. OUTPUT
(default: configs/quickstart) gets <name>/{train,dev,test}.jsonl.gz. LICENCES.md there says whose the data are.
"""
import gzip
import json
import pathlib
import random
import sys

SEED = 42
SIZES = {'train': 800, 'dev': 300, 'test': 400}
PAIRS = {'train': 600, 'dev': 300, 'test': 400}
# name: task in DATA, and the longest example in characters: the quickstart is to be quick
SOURCES = {'topic': ('stackoverflow20', 80), 'slots': ('snips_slots', 80), 'counterfactual': ('amcd_en', 120)}


def generator(*names):
    return random.Random(' '.join([str(SEED), *names]))


def shuffled_rows(data, name, split):
    """Rows that are not too long, in random order."""
    task, longest = SOURCES[name]
    file = data / task / f'{split}.jsonl'
    if not file.exists():
        sys.exit(f'error: {file} is missing; name the folder that holds {task}/{split}.jsonl')
    rows = [json.loads(line) for line in file.read_text(encoding='utf-8').splitlines()]
    rows = [row for row in rows if len(row.get('text') or ' '.join(row['tokens'])) <= longest]
    generator(task, split).shuffle(rows)
    return rows


def labels_of(rows):
    return {label for row in rows for label in row.get('tags', [row.get('label')])}


def topic_pairs(rows, count, random_source):
    """Two titles and whether they are about one topic, half of them of each kind."""
    by_topic = {}
    for row in rows:
        by_topic.setdefault(row['label'], []).append(row['text'])
    topics, pairs = sorted(by_topic), []
    for number in range(count):
        if number % 2 == 0:
            first, second = random_source.sample(by_topic[random_source.choice(topics)], 2)
        else:
            first, second = (random_source.choice(by_topic[topic]) for topic in random_source.sample(topics, 2))
        pairs.append({'text': first, 'text_pair': second, 'label': 'different' if number % 2 else 'same'})
    random_source.shuffle(pairs)
    return pairs


def write(file, rows):
    file.parent.mkdir(parents=True, exist_ok=True)
    text = ''.join(json.dumps(row, ensure_ascii=False) + '\n' for row in rows)
    # No name and no time in the header, so that the same rows give the same bytes.
    file.write_bytes(gzip.compress(text.encode(), mtime=0))
    print(f'{file}: {len(rows)} examples')


def main(data, output):
    for name in SOURCES:
        known = None
        for split, count in SIZES.items():
            rows = shuffled_rows(data, name, split)
            rows = [row for row in rows if known is None or labels_of([row]) <= known][:count]
            known = known or labels_of(rows)
            write(output / name / f'{split}.jsonl.gz', rows)
    for split, count in PAIRS.items():
        others = shuffled_rows(data, 'topic', split)[SIZES[split]:]  # titles that `topic` does not hold
        write(output / 'same_topic' / f'{split}.jsonl.gz', topic_pairs(others, count, generator('pairs', split)))


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3):
        sys.exit('usage: make_quickstart_data.py DATA [OUTPUT]')
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else 'configs/quickstart'))
