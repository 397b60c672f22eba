#!/usr/bin/env python3
"""Writes tests/data/fidelity: prompts.jsonl, what demo models are examined on, and drawn/, pictures of other held-out scenes with what
the judge should see in them.

Scenes go round all shapes, places, relations and kinds of background. They are JPEGs of a high quality: a tenth of a PNG's size, for a little
noise that the judge must bear.

Run it from the root of the source tree.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image

sys.path.insert(0, "demo/train")

import captions
import scenes

PROMPTS = Path("tests/data/fidelity/prompts.jsonl")
EXAMINED = 48
FOLDER = Path("tests/data/fidelity/drawn")
SINGLES, PAIRS = 20, 12
PIXELS = 256


def kind_at(index):
    return scenes.BACKGROUND_KINDS[index // 2 % len(scenes.BACKGROUND_KINDS)]


def single_at(index):
    """The attributes whose turn it is. Which colours are held out follows from shape and place."""
    rows, columns = list(scenes.ROWS), list(scenes.COLUMNS)
    wanted = (scenes.SHAPES[index % 5], rows[index % 9 // 3], columns[index % 3], kind_at(index))
    return lambda scene: (scene.objects[0].shape, scene.row, scene.column, scene.background.kind) == wanted


def pair_at(index):
    wanted = (scenes.SHAPES[index % 5], list(scenes.COLOURS)[index % 8], scenes.RELATIONS[index // 3 % 2], kind_at(index))
    return lambda scene: (scene.objects[0].shape, scene.objects[0].colour, scene.relation, scene.background.kind) == wanted


def held_out(rng, draw, is_wanted):
    while True:
        scene = draw(rng)
        if scene.held_out() and is_wanted(scene):
            return scene


def main():
    PROMPTS.write_text("".join(json.dumps(line) + "\n" for _, line in captions.examination(EXAMINED)))
    FOLDER.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(2026)
    drawn = [held_out(rng, scenes.random_single, single_at(index)) for index in range(SINGLES)]
    drawn += [held_out(rng, scenes.random_pair, pair_at(index)) for index in range(PAIRS)]
    with (FOLDER / "prompts.jsonl").open("w", encoding="utf-8") as lines:
        for index, scene in enumerate(drawn):
            picture = (scenes.draw(scene, PIXELS) * 255).round().astype(np.uint8)
            Image.fromarray(picture).save(FOLDER / f"{index:03d}.jpg", quality=92)
            lines.write(json.dumps(captions.expectation(scene, captions.caption(scene, rng, complete=True), index)) + "\n")


if __name__ == "__main__":
    main()
