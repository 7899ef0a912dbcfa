"""The machine a measurement ran on, in one line's worth of facts."""
import os
import platform

# Instruction sets that decide the speed of matrix products, the best last.
INSTRUCTION_SETS = ['sse4_2', 'avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_tile', 'asimd', 'sve']


def cpu_fields():
    """The first processor's fields of /proc/cpuinfo; empty on other systems."""
    try:
        with open('/proc/cpuinfo', encoding='utf-8') as file:
            block = file.read().split('\n\n')[0]
    except OSError:
        return {}
    pairs = (line.split(':', 1) for line in block.splitlines() if ':' in line)
    return {name.strip(): value.strip() for name, value in pairs}


def machine(threads):
    fields = cpu_fields()
    flags = fields.get('flags', fields.get('Features', '')).split()
    return {'cpu': fields.get('model name', platform.processor() or platform.machine()),
            'cores': os.cpu_count(),
            'threads': threads,
            'instruction_sets': [name for name in INSTRUCTION_SETS if name in flags],
            'system': f'{platform.system()} {platform.machine()}'}


def machine_text(facts):
    sets = ', '.join(facts['instruction_sets'][1:]) or 'unknown'
    return f'{facts["cpu"]}, {facts["cores"]} cores, {facts["threads"]} threads, {sets}, {facts["system"]}'
