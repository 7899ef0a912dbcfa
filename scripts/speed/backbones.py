"""The backbones of the benchmark: the one that is there, and two with random weights: of BERT-base's shape, and a
ResNet-26."""
import json
import os
import shutil
import subprocess

from measure.program import REPOSITORY, Program, fail

SCRIPT = REPOSITORY / 'scripts/peers/random_bert.py'
TOKENIZER = ('vocab.txt', 'tokenizer.json', 'tokenizer_config.json', 'special_tokens_map.json')


def backbones(model, work, binary, python, shapes):
    """Their folders by shape, of the wanted ones; random weights are made in `work` where they are not there yet."""
    folders = {'minilm': model, 'base': work / 'bert_base_random', 'resnet26': work / 'resnet26_random'}
    if 'base' in shapes and not folders['base'].is_dir():
        make_bert(folders['base'], model, python)
    if 'resnet26' in shapes and not folders['resnet26'].is_dir():
        Program(binary).run('init', 'resnet26', '-o', folders['resnet26'])
    return {shape: folders[shape] for shape in shapes}


def resnet_shape(folder):
    """{width, blocks}"""
    config = json.loads((folder / 'config.json').read_text(encoding='utf-8'))
    return {key: config[key] for key in ('width', 'blocks')}


def make_bert(folder, model, python):
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
