#!/usr/bin/env python3
"""Writes a trained family as a complete diffusers pipeline folder, fp16 weights: what demo/ ships.

Usage: export.py pixart|sana -o DIR [--run NAME]     NAME: the transformer's training run (default: finished_FAMILY)
"""

import argparse
import json
import shutil
from pathlib import Path

import torch

import run as training
import train_transformer
from families import FAMILIES


def pipeline_of(family, run):
    """The pipeline with the averaged weights of a run, in fp32."""
    state = torch.load(training.RUNS / run / "state.pt", map_location="cpu", weights_only=True)
    tokenizer, text_encoder = train_transformer.text_of(family)
    transformer = family.make_transformer()
    transformer.load_state_dict(state["average"])
    return family.pipeline(tokenizer=tokenizer, text_encoder=text_encoder, vae=train_transformer.autoencoder_of(family).cpu(),
                           transformer=transformer.eval(), scheduler=family.scheduler)


def export(family, run, folder):
    pipeline = pipeline_of(family, run).to(torch.float16)
    tokenizer = {file.name: file.read_bytes() for file in train_transformer.tokenizer_folder(family).iterdir()}
    shutil.rmtree(folder, ignore_errors=True)
    pipeline.save_pretrained(folder)
    shutil.rmtree(folder / "tokenizer")
    (folder / "tokenizer").mkdir()
    for name, content in tokenizer.items():
        (folder / "tokenizer" / name).write_bytes(content)
    for config in folder.rglob("config.json"):  # where it was made is nobody's business
        values = {key: value for key, value in json.loads(config.read_text()).items() if key != "_name_or_path"}
        config.write_text(json.dumps(values, indent=2) + "\n")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("family", choices=FAMILIES)
    arguments.add_argument("--output", "-o", type=Path, required=True)
    arguments.add_argument("--run")
    flags = arguments.parse_args()
    family = FAMILIES[flags.family]()
    export(family, flags.run or f"finished_{family.name}", flags.output)


if __name__ == "__main__":
    main()
