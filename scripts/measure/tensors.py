"""What is in safetensors files, without reading numbers."""
import json
import math
import pathlib


def read_tensors(path):
    """name: (type, shape, bytes) of each tensor."""
    content = pathlib.Path(path).read_bytes()
    size = int.from_bytes(content[:8], 'little')
    header, data = json.loads(content[8:8 + size]), content[8 + size:]
    return {name: (entry['dtype'], tuple(entry['shape']), data[slice(*entry['data_offsets'])])
            for name, entry in header.items() if name != '__metadata__'}


def parameter_count(path):
    """Numbers in the file's floating-point tensors."""
    with open(path, 'rb') as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
    return sum(math.prod(entry['shape']) for name, entry in header.items()
               if name != '__metadata__' and entry['dtype'].startswith(('F', 'BF')))


def difference(first, second):
    """Names of the tensors that are not bitwise the same in two files, or are in one of them only."""
    a, b = read_tensors(first), read_tensors(second)
    return sorted(name for name in a.keys() | b.keys() if a.get(name) != b.get(name))
