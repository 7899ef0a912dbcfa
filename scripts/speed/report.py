"""The benchmark's tables."""
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from measure.machine import machine_text
from measure.markdown import table
from speed.plan import CLAIMS, ROWS
from speed.profile import ABOUT, KINDS
from speed.rows import BATCHES, FULL, QUICK, SIDES


@dataclass(frozen=True)
class Quantity:
    """A table of the rows that have it and want it."""
    key: str  # of a sample
    title: str
    wanted: Callable
    text: Callable


QUANTITIES = [
    Quantity('step_s', 'Time of a batch, ms', lambda row: row.data == 'dense', lambda row, x: f'{1000 * x:.0f}'),
    Quantity('step_s', 'Examples a second', lambda row: row.data != 'dense', lambda row, x: f'{row.batch / x:.0f}'),
    Quantity('start_s', 'From the command to the first step, s', lambda row: True, lambda row, x: f'{x:.2f}'),
    Quantity('peak_mib', 'Peak memory, MiB', lambda row: True, lambda row, x: f'{x:.0f}'),
]
NOTES = '''Of each side stand the best, the median and the worst of the rounds; of ratios (the library's time or memory /
ours) those of the best and of the medians. A bar is met when both reach it. `full` is compared with transformers'
fine-tuning, `lora` with PEFT's, knowledge adapters and networks of images with the same written in PyTorch, decoding with
Pillow, everything else with AdapterHub's library. A batch of eight tasks is one of texts, answered by all. Batches: how many of a process are in its time; with real lengths they are a second pass over the same
texts. A cache is filled before the first step, trains without dropout, and is compared with the library as it trains by
default.'''


class Samples:
    """What was measured, by row, side and quantity."""

    def __init__(self, data):
        self.samples = data['samples']
        self.scale = QUICK if data['quick'] else FULL

    def of(self, row, side):
        return self.samples.get(row.key, {}).get(side, {}).values()

    def values(self, row, side, quantity):
        return sorted(sample[quantity] for sample in self.of(row, side) if quantity in sample)

    def failures(self, row, side):
        return sorted({sample['failed'] for sample in self.of(row, side) if 'failed' in sample})

    def ratios(self, first, second):
        """Of two lists of values: of the least, and of the medians; empty where one has none."""
        if not first or not second:
            return []
        return [min(first) / min(second), statistics.median(first) / statistics.median(second)]


def tables(data):
    samples = Samples(data)
    sides = '\n'.join(f'- {side}: {about}' for side, about in data['versions'].items())
    parts = [f'{machine_text(data["machine"])}. Sides:\n\n{sides}\n', NOTES + '\n']
    for shape, batch in BATCHES.items():
        for quantity in QUANTITIES:
            rows = [row for row in ROWS if row.shape == shape and shows(samples, row, quantity)]
            if rows:
                title = f'{shape}, batches of {batch}: {quantity.title}'
                parts.append(titled(title, quantity_table(samples, rows, quantity)))
    return '\n'.join(parts + claim_parts(samples) + profile_parts(data) + failure_parts(samples))


def titled(title, text):
    return f'**{title}**\n\n{text}'


def shows(samples, row, quantity):
    return quantity.wanted(row) and any(samples.values(row, side, quantity.key) for side in SIDES)


def quantity_table(samples, rows, quantity):
    columns = ['', 'rounds', 'batches', *SIDES]
    for side in SIDES[1:]:
        columns += [f'{side} / ours', 'bar']
    return table(columns, [table_row(samples, row, quantity) for row in rows])


def table_row(samples, row, quantity):
    work = samples.scale.work(row)
    values = {side: samples.values(row, side, quantity.key) for side in SIDES}
    cells = [row.name, rounds_text(values), work.batches - work.skipped]
    for side in SIDES:
        three = (values[side][0], statistics.median(values[side]), values[side][-1]) if values[side] else ()
        failed = 'failed' if samples.failures(row, side) else ''
        cells.append(' / '.join(quantity.text(row, value) for value in three) or failed)
    for side in SIDES[1:]:
        ratios = samples.ratios(values[side], values['ours'])
        cells += [ratio_text(ratios), verdict(ratios, row.bar(quantity.key, side))]
    return cells


def rounds_text(values):
    """How often each side was measured, once where that is the same."""
    counts = [len(values[side]) for side in SIDES if values[side]]
    return ' / '.join(str(count) for count in (counts[:1] if len(set(counts)) == 1 else counts))


def ratio_text(ratios):
    return ' / '.join(f'{ratio:.2f}' for ratio in ratios)


def verdict(ratios, bar):
    if bar is None:
        return ''
    return f'{bar:.3g} ' + ('met' if min(ratios) >= bar else 'short') if ratios else f'{bar:.3g} open'


def claim_parts(samples):
    """Ours against ours; beside it the same ratio within the libraries' sides."""
    rows = []
    for claim in CLAIMS:
        first, second = claim.rows()
        by_side = {side: samples.ratios(samples.values(first, side, 'step_s'), samples.values(second, side, 'step_s'))
                   for side in SIDES}
        if by_side['ours']:
            rows.append([f'{claim.shape}: {claim.first} / {claim.second}', ratio_text(by_side['ours']),
                         verdict(by_side['ours'], claim.bar), *(ratio_text(by_side[side]) for side in SIDES[1:])])
    return [titled('Ratios of times within a side', table(['', 'ours', 'bar', *SIDES[1:]], rows))] if rows else []


def profile_parts(data):
    profiles = data.get('profiles', {})
    rows = [[row.key, *(f'{profiles[row.key][kind]:.0f}' for kind in KINDS)] for row in ROWS if row.key in profiles]
    return [titled('Where our time goes', f'{ABOUT}\n{table(["", *KINDS], rows)}')] if rows else []


def failure_parts(samples):
    lines = [f'- {row.key}, {side}: {text}' for row in ROWS for side in SIDES for text in samples.failures(row, side)]
    return [titled('Failed', '\n'.join(lines) + '\n')] if lines else []
