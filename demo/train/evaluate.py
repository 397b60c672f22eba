#!/usr/bin/env python3
"""Judges held-out pictures with the same program that judges the server's (tests/integration/fidelity), and leaves a contact sheet.

  evaluate.py reconstructions kl|dc [--count N]              of the trained autoencoder: drawn pictures, encoded and decoded
  evaluate.py DIR [--count N] [--seen] [--guidance G]        of a pipeline folder, painted by diffusers in fp32, 20 steps

--seen takes combinations of attributes that training saw. Pictures, prompts and sheet lie in .training/evaluations/NAME. The judge is
built by `make build`; --judge names another.
"""

import argparse
import json
import subprocess
from pathlib import Path

import numpy as np
import torch
from diffusers import DiffusionPipeline
from PIL import Image

import captions
import run as training
import scenes
import train_autoencoder
from families import FAMILIES

STEPS = 20
COLUMNS = 8


def write(folder, pictures, lines):
    """Pictures as uint8 [height, width, 3], their prompts file, and one sheet of them all."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{index:03}.png")
    (folder / "prompts.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    blank = [np.zeros_like(pictures[0])] * (-len(pictures) % COLUMNS)
    tiles = [*pictures, *blank]
    rows = [np.concatenate(tiles[start:start + COLUMNS], axis=1) for start in range(0, len(tiles), COLUMNS)]
    Image.fromarray(np.concatenate(rows)).save(folder / "sheet.png")


def judge(program, folder):
    answer = subprocess.run([program, "--pictures", folder, "--prompts", folder / "prompts.jsonl", "--json"], capture_output=True, text=True, check=True)
    return json.loads(answer.stdout)


@torch.no_grad()
def reconstruct(kind, found):
    family = next(family for family in FAMILIES.values() if family.autoencoder_kind == kind)
    model = train_autoencoder.trained(kind)
    for scene, _ in found:
        picture = torch.from_numpy(scenes.draw(scene, family.pixels)).permute(2, 0, 1)[None] * 2 - 1
        yield to_bytes(model.decode(family.encode(model, picture)).sample[0])


def to_bytes(picture):
    return ((picture.clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()


@torch.no_grad()
def paint(folder, found, guidance, batch=8):
    pipeline = DiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32).to(training.device())
    pipeline.set_progress_bar_config(disable=True)
    for start in range(0, len(found), batch):
        lines = [line for _, line in found[start:start + batch]]
        generators = [torch.Generator().manual_seed(line["seed"]) for line in lines]
        images = pipeline([line["prompt"] for line in lines], num_inference_steps=STEPS, guidance_scale=guidance, generator=generators,
                          use_resolution_binning=False, output_type="np").images
        yield from (images * 255).round().astype(np.uint8)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", help="'reconstructions' or a pipeline folder")
    arguments.add_argument("kind", nargs="?", choices=train_autoencoder.PLANS)
    arguments.add_argument("--count", type=int, default=96)
    arguments.add_argument("--seen", action="store_true")
    arguments.add_argument("--guidance", type=float, default=2.0)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--judge", type=Path, default=training.ROOT / "build/release/bin/stampd_fidelity")
    flags = arguments.parse_args()
    torch.set_num_threads(flags.threads)
    found = captions.examination(flags.count, held_out=not flags.seen)
    if flags.what == "reconstructions":
        name, pictures = f"reconstructions_{flags.kind}", reconstruct(flags.kind, found)
    else:
        name, pictures = Path(flags.what).resolve().name, paint(flags.what, found, flags.guidance)
    folder = training.RUNS / "evaluations" / name
    write(folder, list(pictures), [line for _, line in found])
    print(json.dumps(judge(flags.judge, folder), indent=1))
    print(f"pictures and sheet: {folder}")


if __name__ == "__main__":
    main()
