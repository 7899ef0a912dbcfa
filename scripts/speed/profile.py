"""Where the time of our side goes, by what the processor was found in (Linux perf)."""
import re
import shutil
import subprocess

from measure.program import fail

LINE = re.compile(r'\s*([\d.]+)%\s+(\S.*?)\s{2,}\[[.k]\]\s(.*)')
KINDS = ['oneDNN', 'MKL', 'LibTorch', 'adaptune', 'waiting', 'system', 'other']
ABOUT = '''Shares of the processor's time in our process, %: oneDNN's kernels (products with frozen weights), MKL's (other
products: those of attention, of trained weights and of heads), what else LibTorch does (GELU, LayerNorm, softmax, sums,
copies), our own code (dropout among it), threads that wait for others, the operating system.
'''


class Profiler:
    """Runs commands under perf; `shares` are those of the last one."""

    def __init__(self, folder):
        if not shutil.which('perf'):
            fail("'perf' is missing", 'install it (linux-tools, linux-perf), or leave out --profile')
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / 'perf.data'
        self.prefix = ['perf', 'record', '--quiet', '--freq', '499', '--output', self.file, '--']

    def shares(self):
        """In %, by kind."""
        text = subprocess.run(['perf', 'report', '--input', self.file, '--no-children', '--fields', 'overhead,dso,symbol',
                               '--stdio'], capture_output=True, text=True, check=True).stdout
        return sums_of(text)


def sums_of(report):
    """Of the lines "    12.34%  library   [.] symbol" in a text of perf."""
    sums = dict.fromkeys(KINDS, 0.0)
    for line in report.splitlines():
        if match := LINE.match(line):
            sums[kind_of(match.group(2), match.group(3))] += float(match.group(1))
    return sums


def kind_of(library, symbol):
    if library.startswith('[JIT]') or 'dnnl::' in symbol:
        return 'oneDNN'
    if symbol.startswith('mkl_'):
        return 'MKL'
    starts = {'libtorch': 'LibTorch', 'libc10': 'LibTorch', 'adaptune': 'adaptune', 'libgomp': 'waiting', '[k': 'system'}
    return next((kind for start, kind in starts.items() if library.startswith(start)), 'other')
