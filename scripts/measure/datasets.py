"""Files of labelled texts and images."""
import gzip
import json
import pathlib
import tarfile

from measure.program import fail


def split_file(folder, split):
    for name in (f'{split}.jsonl', f'{split}.jsonl.gz'):
        if (folder / name).exists():
            return folder / name
    fail(f'{folder} has no {split}.jsonl or {split}.jsonl.gz', 'name a folder of a task with --data')


def read_rows(file):
    """Rows of JSON Lines; of packed class folders the labels, in the order in which images are answered for."""
    if str(file).endswith('.tar.gz'):
        with tarfile.open(file) as images:
            return [{'label': pathlib.PurePath(member.name).parent.name} for member in images if member.isfile()]
    opened = gzip.open(file, 'rt', encoding='utf-8') if str(file).endswith('.gz') else open(file, encoding='utf-8')
    with opened as lines:
        return [json.loads(line) for line in lines]
