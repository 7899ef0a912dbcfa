"""Predictions as short strings, so that a record can hold them."""
DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz'


def packed(values):
    """Of labels: {labels, digits}, one digit an example; of numbers: {numbers}."""
    if all(isinstance(value, str) for value in values):
        labels = sorted(set(values))
        if len(labels) > len(DIGITS):
            raise ValueError(f'{len(labels)} labels; at most {len(DIGITS)} can be packed')
        digit = dict(zip(labels, DIGITS))
        return {'labels': labels, 'digits': ''.join(digit[value] for value in values)}
    return {'numbers': ' '.join(repr(value) for value in values)}


def unpacked(pack):
    if 'numbers' in pack:
        return [float(number) for number in pack['numbers'].split()]
    label = dict(zip(DIGITS, pack['labels']))
    return [label[digit] for digit in pack['digits']]
