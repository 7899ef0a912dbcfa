"""Predictions as short strings, so that a record can hold them."""
import itertools

DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'


def packed(values):
    """Of labels: {labels, digits}, so many digits an example as the labels need; of numbers: {numbers}."""
    if all(isinstance(value, str) for value in values):
        labels = sorted(set(values))
        code = dict(zip(labels, codes(len(labels))))
        return {'labels': labels, 'digits': ''.join(code[value] for value in values)}
    return {'numbers': ' '.join(repr(value) for value in values)}


def unpacked(pack):
    if 'numbers' in pack:
        return [float(number) for number in pack['numbers'].split()]
    label = dict(zip(codes(len(pack['labels'])), pack['labels']))
    width = code_width(len(label))
    digits = pack['digits']
    return [label[digits[i:i + width]] for i in range(0, len(digits), width)]


def code_width(count):
    return 1 if count <= len(DIGITS) else 2


def codes(count):
    """So many different texts of equal length."""
    if count > len(DIGITS) ** 2:
        raise ValueError(f'{count} labels; at most {len(DIGITS) ** 2} can be packed')
    return [''.join(code) for code in itertools.islice(itertools.product(DIGITS, repeat=code_width(count)), count)]
