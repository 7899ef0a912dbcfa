#!/usr/bin/env python3
"""Prints how fast this processor multiplies the matrices of MiniLM's layers, for a Python that has `torch`: by PyTorch's
own linear layers, and by oneDNN with a packed weight. What no program can be faster than.

usage: matrix_rates.py [THREADS]
"""
import sys
import time

import torch

TOKENS = 32 * 128
SHAPES = {'384 x 384': (384, 384), '384 x 1536': (384, 1536), '1536 x 384': (1536, 384)}  # into x out
ROUNDS = 5
AT_ONCE = 20


def best_rate(product, operations):
    """GFLOP/s of the best of some rounds."""
    product()
    seconds = []
    for _ in range(ROUNDS):
        start = time.monotonic()
        for _ in range(AT_ONCE):
            product()
        seconds.append((time.monotonic() - start) / AT_ONCE)
    return operations / min(seconds) / 1e9


def main():
    torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)
    torch.set_grad_enabled(False)
    pack, multiply = torch.ops.mkldnn._reorder_linear_weight, torch.ops.mkldnn._linear_pointwise
    for name, (inputs, outputs) in SHAPES.items():
        operations = 2 * TOKENS * inputs * outputs
        for kind in (torch.float32, torch.bfloat16):
            x, weight = torch.randn(TOKENS, inputs, dtype=kind), torch.randn(outputs, inputs, dtype=kind)
            packed = pack(weight)
            own = best_rate(lambda: torch.nn.functional.linear(x, weight), operations)
            onednn = best_rate(lambda: multiply(x, packed, None, 'none', [], ''), operations)
            print(f'{name}, {str(kind).removeprefix("torch.")}: linear {own:.0f}, oneDNN packed {onednn:.0f} GFLOP/s')


if __name__ == '__main__':
    main()
