#!/usr/bin/env python3
"""Makes tests/data/pipeline: a tiny PixArt-Sigma pipeline in diffusers' own format, and what diffusers paints with it.

Run in the environment of tests/reference/requirements.txt (`deploy/deps.sh peers`), from the root of the source tree. Every parameter is
random, norms and tables included, so that no path can be wrong unseen. The weights are stored as fp16 and are used as fp32 by both sides.
"""

import json
import shutil
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (AutoencoderKL, DPMSolverMultistepScheduler, EulerDiscreteScheduler, PixArtSigmaPipeline,
                       PixArtTransformer2DModel)
from safetensors.torch import save_file
from transformers import T5Config, T5EncoderModel, T5Tokenizer

DATA = Path("tests/data")
FOLDER = DATA / "pipeline"
PROMPT = "A small red cactus with a happy face in the desert"
NEGATIVE = "blurry, grey"


def randomise(module, seed):
    """Every parameter anew: matrices so that activations keep their size, vectors around what a trained network has."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(module.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() >= 2 and "table" not in name and "shared" not in name and "embed_tokens" not in name:
                noise = noise / parameter[0].numel() ** 0.5
            elif "norm" in name and name.endswith("weight"):
                noise = 1 + 0.2 * noise
            elif parameter.dim() == 1 or "table" in name:
                noise = 0.2 * noise
            parameter.copy_(noise)
    return module.eval()


def build():
    tokenizer = T5Tokenizer.from_pretrained(DATA / "tokenizer")
    vocabulary = (len(tokenizer) + 127) // 128 * 128
    text_encoder = randomise(
        T5EncoderModel(T5Config(d_model=32, d_kv=8, num_heads=3, d_ff=48, num_layers=2, vocab_size=vocabulary,
                                feed_forward_proj="gated-gelu", tie_word_embeddings=False)), 1)
    transformer = randomise(
        PixArtTransformer2DModel(num_attention_heads=2, attention_head_dim=16, in_channels=4, out_channels=8, num_layers=2,
                                 cross_attention_dim=32, caption_channels=32, sample_size=32, patch_size=2,
                                 use_additional_conditions=False, interpolation_scale=0.5), 2)
    vae = randomise(
        AutoencoderKL(block_out_channels=(16, 16, 16, 32), down_block_types=("DownEncoderBlock2D",) * 4,
                      up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, norm_num_groups=8, latent_channels=4,
                      sample_size=256, scaling_factor=0.13025), 3)
    pipeline = PixArtSigmaPipeline(tokenizer, text_encoder.half(), vae.half(), transformer.half(), DPMSolverMultistepScheduler())
    shutil.rmtree(FOLDER, ignore_errors=True)
    pipeline.save_pretrained(FOLDER)
    shutil.rmtree(FOLDER / "tokenizer")  # tests take it from where it is, as a component override
    # As the Hub's file has it: a token that standard JSON does not know.
    config = FOLDER / "scheduler" / "scheduler_config.json"
    settings = json.loads(config.read_text()) | {"lambda_min_clipped": float("-inf")}
    config.write_text(json.dumps(settings, indent=2) + "\n")


def paint(dtype, seeds, **settings):
    """All that one call makes: noise, the latent after every step, the decoded picture."""
    tokenizer = T5Tokenizer.from_pretrained(DATA / "tokenizer")
    pipeline = PixArtSigmaPipeline.from_pretrained(FOLDER, tokenizer=tokenizer, torch_dtype=dtype)
    pipeline.set_progress_bar_config(disable=True)
    if settings.pop("euler", False):
        pipeline.scheduler = EulerDiscreteScheduler.from_config(pipeline.scheduler.config)
    latents, first = [], []
    prepare = pipeline.prepare_latents

    def keep_noise(*args, **kwargs):
        first.append(prepare(*args, **kwargs))
        return first[0].clone()

    pipeline.prepare_latents = keep_noise
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    images = pipeline(PROMPT, negative_prompt=NEGATIVE, num_images_per_prompt=len(seeds), generator=generators, output_type="np",
                      callback=lambda step, t, x: latents.append(x.clone()), callback_steps=1, **settings).images
    return {
        "noise": first[0],
        "latents": torch.stack(latents),  # [steps, images, channels, height, width]
        "image": torch.from_numpy((images * 255).round().astype(np.uint8)),
    }


def main():
    build()
    # clean_caption off: with it the reference also runs ftfy, which the engine does not.
    plain = dict(clean_caption=False, use_resolution_binning=False)
    cases = {
        "four_steps": paint(torch.float32, [7], num_inference_steps=4, width=96, height=64, **plain),
        "twenty_steps": paint(torch.float32, [8], num_inference_steps=20, width=64, height=96, guidance_scale=3.0, **plain),
        "unguided": paint(torch.float32, [9], num_inference_steps=4, width=64, height=64, guidance_scale=1.0, **plain),
        "two_images": paint(torch.float32, [10, 11], num_inference_steps=4, width=64, height=64, **plain),
        "binned": paint(torch.float32, [12], num_inference_steps=4, width=120, height=152, clean_caption=False),
        "euler": paint(torch.float32, [13], num_inference_steps=4, width=64, height=64, euler=True, **plain),
        "bf16": paint(torch.bfloat16, [14], num_inference_steps=4, width=64, height=64, **plain),
    }
    tensors = {f"{case}.{name}": tensor.contiguous() for case, made in cases.items() for name, tensor in made.items()}
    versions = {module.__name__: module.__version__ for module in (torch, diffusers, transformers)}
    save_file(tensors, DATA / "pipeline_golden.safetensors", metadata=versions | {"prompt": PROMPT, "negative": NEGATIVE})
    for name, tensor in tensors.items():
        print(f"{name:24} {tuple(tensor.shape)} {tensor.dtype} {tensor.float().std():.3f}")


if __name__ == "__main__":
    main()
