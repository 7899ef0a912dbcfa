#!/usr/bin/env python3
"""Makes JPEG files of 256 x 256 pixels, each of 8 x 8 small images side by side.

usage: write_jpegs.py FOLDER OUTPUT COUNT
"""
import itertools
import pathlib
import sys

from PIL import Image

TILES, TILE = 8, 32


def main():
    files = itertools.cycle(sorted(pathlib.Path(sys.argv[1]).iterdir()))
    for number in range(int(sys.argv[3])):
        sheet = Image.new('RGB', (TILES * TILE, TILES * TILE))
        for place, file in zip(range(TILES * TILES), files):
            with Image.open(file) as image:
                sheet.paste(image.convert('RGB').resize((TILE, TILE)), (place % TILES * TILE, place // TILES * TILE))
        sheet.save(pathlib.Path(sys.argv[2]) / f'{number:06}.jpg', quality=90)


if __name__ == '__main__':
    main()
