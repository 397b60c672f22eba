#!/usr/bin/env python3
"""Lays pictures out on one sheet, each with its prompt below it, and with its model where there are several.

Prompts and models are those that the server wrote into the pictures (`stamp generate --metadata`).

Usage: contact_sheet.py SHEET PICTURE…
"""

import json
import sys
import textwrap

from PIL import Image, ImageDraw, ImageFont

COLUMNS = 4
SIDE = 256  # of a picture on the sheet
CAPTION = 40  # below it: two lines
GAP = 12
PAPER, INK = (250, 250, 248), (40, 40, 45)


def facts_of(file):
    with Image.open(file) as picture:
        return json.loads(picture.text["stampd"])


def sheet_of(files):
    rows = -(-len(files) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * (SIDE + GAP) + GAP, rows * (SIDE + CAPTION + GAP) + GAP), PAPER)
    write = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(14)
    facts = [facts_of(file) for file in files]
    several = len({fact["model"] for fact in facts}) > 1
    for index, (file, fact) in enumerate(zip(files, facts)):
        left, top = GAP + index % COLUMNS * (SIDE + GAP), GAP + index // COLUMNS * (SIDE + CAPTION + GAP)
        with Image.open(file) as picture:
            sheet.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (left, top))
        words = f"{fact['model']}: {fact['prompt']}" if several else fact["prompt"]
        caption = "\n".join(textwrap.wrap(words, 36, max_lines=2, placeholder=" …"))
        write.multiline_text((left + SIDE / 2, top + SIDE + 4), caption, INK, font, anchor="ma", align="center", spacing=2)
    return sheet


if __name__ == "__main__":
    sheet_of(sys.argv[2:]).save(sys.argv[1])
