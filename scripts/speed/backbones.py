"""The backbones of the benchmark: the one that is there, and one of BERT-base's shape with random weights."""
import os
import shutil
import subprocess

from measure.program import REPOSITORY, fail

SCRIPT = REPOSITORY / 'scripts/peers/random_bert.py'
TOKENIZER = ('vocab.txt', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json')


def backbones(model, folder, python, shapes):
    """Their folders by shape, of the wanted ones; random weights are made where they are not there yet."""
    folders = {'minilm': model, 'base': folder}
    if 'base' in shapes and not folder.is_dir():
        make_random(folder, model, python)
    return {shape: folders[shape] for shape in shapes}


def make_random(folder, model, python):
    """A folder as transformers writes it, with the tokenizer of `model`."""
    if not python:
        fail(f'{folder} is missing and is made by transformers', 'name a Python that has it with --python')
    unfinished = folder.with_name(folder.name + '.tmp')
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    done = subprocess.run([python, SCRIPT, model, unfinished], env={**os.environ, 'HF_HUB_OFFLINE': '1'},
                          capture_output=True, text=True)
    if done.returncode != 0:
        fail(f'{SCRIPT.name} failed:\n{done.stderr[-2000:]}', 'see above')
    for name in TOKENIZER:
        if (model / name).exists():
            shutil.copy(model / name, unfinished / name)
    os.replace(unfinished, folder)
