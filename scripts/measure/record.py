"""Results that survive an interruption: a JSON file that is written anew after each of them."""
import json
import os
import pathlib


class Record:
    """`data` is what the file holds; `start` is what a new one begins with."""

    def __init__(self, path, start):
        self.path = pathlib.Path(path)
        self.data = json.loads(self.path.read_text(encoding='utf-8')) if self.path.exists() else start

    def save(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self.path.with_name(self.path.name + '.tmp')
        unfinished.write_text(json.dumps(self.data, indent=1, ensure_ascii=False) + '\n', encoding='utf-8')
        os.replace(unfinished, self.path)
