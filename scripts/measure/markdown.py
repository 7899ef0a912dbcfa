"""Tables in Markdown."""


def table(columns, rows):
    """The first column is text, the others are numbers or short marks, aligned to the right."""
    cells = [[str(cell) for cell in row] for row in [columns, *rows]]
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(columns))]
    lines = [line([cell.ljust(width) if i == 0 else cell.rjust(width) for i, (cell, width) in enumerate(zip(row, widths))])
             for row in cells]
    rule = line(['-' * width if i == 0 else '-' * (width - 1) + ':' for i, width in enumerate(widths)])
    return '\n'.join([lines[0], rule, *lines[1:]]) + '\n'


def line(cells):
    return '| ' + ' | '.join(cells) + ' |'
