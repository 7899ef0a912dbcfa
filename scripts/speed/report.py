"""The benchmark's tables."""
import statistics

from measure.machine import machine_text
from measure.markdown import table

# key of a sample: (title, factor, digits)
QUANTITIES = {'step_s': ('Time of a batch of 32, ms', 1000, 1),
              'start_s': ('From the command to the first step, s', 1, 2),
              'peak_mib': ('Peak memory, MiB', 1, 0)}
COLUMNS = ['', 'ours min', 'ours median', 'theirs min', 'theirs median', 'ratio of minima', 'ratio of medians']


def tables(data):
    """All quantities that were measured; ratios are theirs / ours."""
    parts = [f'{machine_text(data["machine"])}. Rounds: {data["rounds"]}. Ours: {data["versions"]["ours"]}. '
             f'Theirs: {data["versions"].get("theirs", "not measured")}. Ratios: theirs / ours.\n']
    for quantity, (title, factor, digits) in QUANTITIES.items():
        rows = [row for key, sides in data['samples'].items() if (row := table_row(key, sides, quantity, factor, digits))]
        if rows:
            parts.append(f'**{title}**\n\n' + table(COLUMNS, rows))
    return '\n'.join(parts)


def table_row(key, sides, quantity, factor, digits):
    """None where neither side has the quantity."""
    ours, theirs = (extremes(sides.get(side, {}), quantity) for side in ('ours', 'theirs'))
    if not ours and not theirs:
        return None
    number = lambda pair: [f'{value * factor:.{digits}f}' for value in pair] if pair else ['', '']
    ratios = [f'{b / a:.2f}' for a, b in zip(ours, theirs)] if ours and theirs else ['', '']
    return [key, *number(ours), *number(theirs), *ratios]


def extremes(samples, quantity):
    """(minimum, median) over the rounds, or nothing."""
    values = [sample[quantity] for sample in samples.values() if quantity in sample]
    return (min(values), statistics.median(values)) if values else ()
