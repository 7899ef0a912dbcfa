#!/usr/bin/env python3
"""Trains or infers a ResNet-26 with parallel residual adapters (Rebuffi et al. 2018) in plain PyTorch with the usual data
loader, or decodes images with Pillow, and tells of every step: one process of scripts/benchmark.py.

usage: resnet_steps.py JOB

A job in JSON:
  images         a folder of class folders
  size, batch    pixels of both sides, and images in a batch
  width, blocks  of the network
  method         "parallel": adapters and batch norms are trained; empty: the classifier alone
  kind           train, infer, decode
  channels_last  how images lie in memory
  steps, threads
"""
import itertools
import json
import pathlib
import sys
from multiprocessing.pool import ThreadPool

import numpy
import torch
from PIL import Image
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

MEAN, DEVIATION = (0.49, 0.48, 0.45), (0.25, 0.24, 0.26)


class Images(Dataset):
    def __init__(self, folder, size, flips):
        self.files = sorted(path for path in pathlib.Path(folder).glob('*/*'))
        self.classes = sorted({path.parent.name for path in self.files})
        self.size, self.flips = size, flips
        self.mean, self.deviation = (torch.tensor(values).view(3, 1, 1) for values in (MEAN, DEVIATION))

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path = self.files[index]
        with Image.open(path) as file:
            image = file.convert('RGB')
        if image.size != (self.size, self.size):
            image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(numpy.array(image)).permute(2, 0, 1).float().div(255)
        if self.flips and torch.rand(()) < 0.5:
            pixels = pixels.flip(2)
        return (pixels - self.mean) / self.deviation, self.classes.index(path.parent.name)


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, stride, adapts):
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.adapter = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if adapts else None
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        y = self.convolution(x)
        return self.norm(y if self.adapter is None else y + self.adapter(x))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, adapts):
        super().__init__()
        self.first = Convolution(inputs, outputs, stride, adapts)
        self.second = Convolution(outputs, outputs, 1, adapts)
        self.shrinks = stride == 2

    def forward(self, x):
        y = self.second(functional.relu(self.first(x)))
        if self.shrinks:
            x = functional.avg_pool2d(x, 2)
            x = torch.cat((x, torch.zeros_like(x)), 1)
        return functional.relu(y + x)


class ResNet26(nn.Module):
    def __init__(self, width, blocks, classes, adapts):
        super().__init__()
        self.stem = Convolution(3, width, 1, adapts)
        layers = []
        for count in blocks:
            layers += [Block(width if i == 0 else 2 * width, 2 * width, 2 if i == 0 else 1, adapts) for i in range(count)]
            width *= 2
        self.layers = nn.Sequential(*layers)
        self.norm = nn.BatchNorm2d(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(functional.relu(self.norm(self.layers(self.stem(x)))).mean((2, 3)))

    def trained(self):
        """Everything but the 3x3 convolutions; without adapters the classifier alone."""
        if self.stem.adapter is None:
            return list(self.head.parameters())
        return [parameter for parameter in self.parameters() if parameter.dim() != 4 or parameter.size(2) == 1]


def network(job, classes):
    model = ResNet26(job['width'], job['blocks'], classes, job['method'] == 'parallel')
    trained = model.trained()
    for parameter in model.parameters():
        parameter.requires_grad = any(parameter is one for one in trained)
    return model.to(memory_format=torch.channels_last) if job['channels_last'] else model


def steps(job):
    images = Images(job['images'], job['size'], flips=job['kind'] == 'train')
    loader = DataLoader(images, batch_size=job['batch'], shuffle=job['kind'] == 'train', num_workers=job['threads'],
                        persistent_workers=True)
    model = network(job, len(images.classes))
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    if job['channels_last']:
        batches = ((pixels.contiguous(memory_format=torch.channels_last), labels) for pixels, labels in batches)
    yield from train(model, batches) if job['kind'] == 'train' else infer(model, batches)


def train(model, batches):
    optimizer = torch.optim.SGD(model.trained(), lr=0.1, momentum=0.9, weight_decay=5e-4)
    model.train()
    for pixels, labels in batches:
        loss = functional.cross_entropy(model(pixels), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield


def infer(model, batches):
    model.eval()
    for pixels, _ in batches:
        with torch.no_grad():
            model(pixels).argmax(-1)
        yield


def decoded(path):
    with Image.open(path) as file:
        return numpy.asarray(file.convert('RGB'))


def decode(job):
    files = itertools.cycle(Images(job['images'], job['size'], flips=False).files)
    with ThreadPool(job['threads']) as pool:
        while True:
            pool.map(decoded, itertools.islice(files, job['batch']), chunksize=4)
            yield


def main():
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job['threads'])
    torch.manual_seed(42)
    work = decode(job) if job['kind'] == 'decode' else steps(job)
    for number, _ in enumerate(itertools.islice(work, job['steps']), 1):
        print(f'step={number}/{job["steps"]}', file=sys.stderr, flush=True)


if __name__ == '__main__':
    main()
