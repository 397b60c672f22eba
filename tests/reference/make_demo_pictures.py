#!/usr/bin/env python3
"""Records what diffusers paints with the demo models, in fp32: tests/data/demo/MODEL/*.png, each beside what was asked for.

Run it from the root of the source tree whenever a demo model has changed. SANA reads the prompts as they are: the instruction that diffusers
puts before them is not part of stampd.
"""

import json
from pathlib import Path

import torch
from diffusers import DiffusionPipeline, SanaPipeline
from PIL import Image

DATA = Path("tests/data/demo")
PROMPTS = Path("tests/data/fidelity/prompts.jsonl")
PICTURES = (3, 35)  # lines of PROMPTS: one object, two objects
STEPS, GUIDANCE = 20, 2.0


@torch.no_grad()
def paint(model):
    folder = DATA / model.name
    for old in [*folder.glob("*.png"), *folder.glob("*.json")]:
        old.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    pipeline = DiffusionPipeline.from_pretrained(model, torch_dtype=torch.float32)
    extras = {"complex_human_instruction": None} if isinstance(pipeline, SanaPipeline) else {}
    side = pipeline.transformer.config.sample_size * pipeline.vae_scale_factor  # SanaPipeline's own default is 1024
    lines = PROMPTS.read_text().splitlines()
    for line in (json.loads(lines[index]) for index in PICTURES):
        asked = {"prompt": line["prompt"], "seed": line["seed"], "steps": STEPS, "guidance_scale": GUIDANCE}
        image = pipeline(asked["prompt"], width=side, height=side, num_inference_steps=STEPS, guidance_scale=GUIDANCE, use_resolution_binning=False, output_type="np",
                         generator=torch.Generator().manual_seed(asked["seed"]), **extras).images[0]
        Image.fromarray((image * 255).round().astype("uint8")).save(folder / f"{asked['seed']}.png", optimize=True)
        (folder / f"{asked['seed']}.json").write_text(json.dumps(asked, indent=1) + "\n")


def main():
    for model in sorted(path.parent for path in Path("demo").glob("*/model_index.json")):
        paint(model)


if __name__ == "__main__":
    main()
