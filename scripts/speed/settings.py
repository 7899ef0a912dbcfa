"""How a Python library is run: as people do, or at its best known settings."""
import subprocess
from dataclasses import dataclass, field

from measure.machine import cpu_fields
from measure.program import fail

# Tensors above 32 MiB would be mapped and unmapped at every operation, and freed ones given back.
KEEP_MEMORY = 'glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=17179869184'
# MKL takes its AVX-512 kernels on Intel's processors only; it asks this function of its own what it runs on.
INTEL = 'int mkl_serv_intel_cpu_true(void) { return 1; }\n'


@dataclass(frozen=True)
class Setting:
    name: str  # of the side
    about: str
    environment: dict = field(default_factory=dict)
    grouped: bool = False  # texts of similar length share a batch
    channels_last: bool = False  # how images lie in memory


def default_setting():
    return Setting('default', 'as they are')


def tuned_setting(folder):
    environment, about = avx512_for_mkl(folder)
    return Setting('tuned', f'glibc keeps freed memory ({KEEP_MEMORY}), group_by_length, images channels last, {about}',
                   {'GLIBC_TUNABLES': KEEP_MEMORY, **environment}, grouped=True, channels_last=True)


def avx512_for_mkl(folder):
    """An environment in which MKL uses AVX-512, by a library built in `folder`; and what to say of it."""
    fields = cpu_fields()
    if fields.get('vendor_id') != 'AuthenticAMD' or 'avx512f' not in fields.get('flags', '').split():
        return {}, 'MKL as it is (only on AMD processors with AVX-512 has it to be told to use that)'
    library = (folder / 'intel_cpu_true.so').absolute()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        done = subprocess.run(['cc', '-shared', '-fPIC', '-o', library, '-x', 'c', '-'], input=INTEL, text=True,
                              capture_output=True)
    except OSError as error:
        fail(f'cc cannot be run ({error.strerror})', 'install a C compiler for the tuned side')
    if done.returncode != 0:
        fail(f'cc failed:\n{done.stderr[-2000:]}', 'see above')
    return {'LD_PRELOAD': str(library)}, 'MKL made to use AVX-512 (a preloaded mkl_serv_intel_cpu_true)'
