#!/usr/bin/env python3
"""Checks who includes whom in lib/ and app/, which part may use which third-party library, that every source
is listed in CMake, that no type is defined twice, and the lengths of files and functions. Prints one line a violation; status 1 if there is any.

usage: check_layers.py [REPOSITORY]
"""
import pathlib
import re
import sys

# What a folder may include directly. It may also include whatever these may.
LAYERS = {
    'core': [],
    'io': ['core'],
    'image': ['core'],
    'nn': ['core'],
    'tokenizer': ['core'],
    'metric': ['core'],
    'report': ['core'],
    'generate': ['nn'],
    'distributed': ['core'],
    'backbone': ['io', 'nn'],
    'adapter': ['nn'],
    'head': ['nn', 'metric', 'backbone'],
    'data': ['tokenizer', 'io', 'image', 'nn'],
    'model': ['backbone', 'adapter', 'head', 'image'],
    'interop': ['model'],
    'train': ['model', 'data', 'metric', 'generate', 'distributed', 'report'],
    'recipe': ['train', 'interop'],
    'app': ['recipe'],
}
# Where only some headers of the other folder may be included.
NARROW = {
    ('head', 'backbone'): {'backbone/backbone.h'},
    ('data', 'nn'): {'nn/batch.h', 'nn/host_tensor.h'},
}
# Third-party headers, by the beginning of their names, and the only files that may include them, likewise.
THIRD_PARTY = {
    'yaml-cpp/': ['core/config_'],
    'CLI/': ['app/'],
    'sentencepiece': ['tokenizer/sentencepiece'],
    'torch/csrc/distributed/': ['distributed/'],
    'gloo/': ['distributed/'],
    'unicode/': ['core/utf8', 'tokenizer/', 'data/', 'report/text_width'],
    'openssl/': ['core/sha256'],
    'zlib.h': ['io/'],
    'png.h': ['image/png_image'],
    'turbojpeg.h': ['image/jpeg_image'],
}
TORCH = ('torch/', 'ATen/', 'c10/')
WITHOUT_TORCH = ['core', 'image', 'metric', 'report', 'tokenizer']
FILE_LINES = 400
FUNCTION_LINES = 60


def reachable(layer):
    """All folders that `layer` may include, itself too."""
    found, waiting = set(), [layer]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += LAYERS[name]
    return found


def blanked(text):
    """The text with comments and literals made blank, line ends kept."""
    def blank(match):
        return re.sub(r'[^\n]', ' ', match.group())
    raw = r'R"(?P<mark>[^()\s]*)\((?s:.*?)\)(?P=mark)"'
    return re.sub(raw + r'|//[^\n]*|/\*(?s:.*?)\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'',
                  blank, text)


def functions(text):
    """(first line, number of lines) of each function body, nested ones within the outermost."""
    code = re.sub(r'^[ \t]*#.*$', '', blanked(text), flags=re.M)
    scopes, start = [], 0
    for match in re.finditer(r'[{};]', code):
        position, mark = match.start(), match.group()
        statement = code[start:position].strip()
        if mark == '{':
            inside = any(kind == 'function' for kind, _ in scopes)
            opens_scope = re.match(r'(inline\s+)?(namespace|extern)\b|(template\s*<.*>\s*)?(class|struct|enum|union)\b',
                                   statement, re.S)
            is_function = '(' in statement and not statement.endswith('=') and not opens_scope and not inside
            scopes.append(('function' if is_function else 'other', position - len(code[start:position].lstrip())))
        elif mark == '}' and scopes:
            kind, begin = scopes.pop()
            if kind == 'function':
                first = code.count('\n', 0, begin) + 1
                yield first, code.count('\n', 0, position) + 2 - first
        start = position + 1


class Repository:
    def __init__(self, root):
        self.root = root
        self.sources = {}  # 'core/error.h', 'app/main.cpp' -> text
        for path in sorted([*root.glob('lib/**/*'), *root.glob('app/**/*')]):
            if path.suffix in ('.h', '.cpp'):
                name = path.relative_to(root).as_posix().removeprefix('lib/')
                self.sources[name] = path.read_text(encoding='utf-8')

    def includes(self, name):
        """(line, header, whether it is in quotes) of each include."""
        for number, line in enumerate(self.sources.get(name, '').splitlines(), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(2), match.group(1) == '"'

    def listed(self, cmake_file):
        """The .cpp files that a CMake file names; none if the file is not there."""
        path = self.root / cmake_file
        return re.findall(r'(?<![\w/.])[\w/]+\.cpp\b', path.read_text()) if path.exists() else []


def layer_violations(repository):
    for name in repository.sources:
        layer = name.split('/')[0]
        if layer not in LAYERS:
            yield f'{name}: folder {layer}/ is in no layer; add it to LAYERS in scripts/check_layers.py'
            continue
        for line, header, quoted in repository.includes(name):
            other = header.split('/')[0]
            where = f'{name}:{line}: '
            if quoted and '/' not in header and layer != 'app':
                yield where + f'"{header}" needs its folder: "{layer}/{header}"'
            elif quoted and other in LAYERS and other not in reachable(layer):
                allowed = ', '.join(sorted(reachable(layer) - {layer})) or 'no other folder'
                yield where + f'{layer}/ must not include {header}; it may include {allowed}'
            elif quoted and header not in NARROW.get((layer, other), {header}):
                yield where + f'{layer}/ may include only {", ".join(sorted(NARROW[layer, other]))} of {other}/, not {header}'


def third_party_violations(repository):
    for name in repository.sources:
        for line, header, _ in repository.includes(name):
            for beginning, places in THIRD_PARTY.items():
                if header.startswith(beginning) and not name.startswith(tuple(places)):
                    yield f'{name}:{line}: <{header}> is for {", ".join(places)} only'
            if header.startswith(TORCH) and name.split('/')[0] in WITHOUT_TORCH:
                yield f'{name}:{line}: {name.split("/")[0]}/ does without LibTorch, but includes <{header}>'


def torch_path(repository, name, seen):
    """The includes that lead from a source to LibTorch; empty if none does."""
    seen.add(name)
    for _, header, quoted in repository.includes(name):
        if header.startswith(TORCH):
            return [name, header]
        if quoted and header not in seen:
            rest = torch_path(repository, header, seen)
            if rest:
                return [name, *rest]
    return []


def list_violations(repository):
    text, tensor = (repository.listed(f'lib/{kind}_sources.cmake') for kind in ('text', 'tensor'))
    for name in text:
        path = torch_path(repository, name, set())
        if path:
            yield f'{name}: is listed in text_sources.cmake but includes LibTorch: {" -> ".join(path)}'
    there = {name for name in repository.sources if name.endswith('.cpp') and not name.startswith('app/')}
    yield from compare_lists('lib', text + tensor, there)
    test_root = repository.root / 'test'
    tests = [name for path in [*test_root.glob('*.cmake'), test_root / 'CMakeLists.txt']
             for name in repository.listed(path) if name.endswith('_test.cpp')]
    yield from compare_lists('test', tests,
                             {path.relative_to(test_root).as_posix() for path in test_root.glob('**/*_test.cpp')})


def compare_lists(folder, listed, there):
    for name in sorted(there - set(listed)):
        yield f'{folder}/{name}: is in no list; add it to a .cmake file of {folder}/'
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f'{folder}/{name}: is listed twice'


def name_violations(repository):
    """All names share one namespace: of two types with one name the linker would silently keep one."""
    seen = {}
    for name, text in repository.sources.items():
        if name.endswith('.h'):
            for match in re.finditer(r'^(?:struct|class|enum(?: class)?) (\w+)(?: final)?[^;{]*\{', text, re.M):
                first = seen.setdefault(match.group(1), name)
                if first != name:
                    yield f'{name}: a type {match.group(1)} is defined in {first} too; give one of them another name'


def length_violations(repository):
    for name, text in repository.sources.items():
        lines = text.count('\n')
        if lines > FILE_LINES:
            yield f'{name}: {lines} lines, at most {FILE_LINES}: perhaps it holds two ideas'
        for first, length in functions(text):
            if length > FUNCTION_LINES:
                yield f'{name}:{first}: a function of {length} lines, at most {FUNCTION_LINES}'


def violations(root):
    repository = Repository(pathlib.Path(root))
    for check in (layer_violations, third_party_violations, list_violations, name_violations, length_violations):
        yield from check(repository)


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parent.parent
    found = list(violations(root))
    print(*found, sep='\n', end='\n' if found else '')
    print(f'layers: {len(found)} violation{"" if len(found) == 1 else "s"}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
