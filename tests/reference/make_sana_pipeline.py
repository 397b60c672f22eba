#!/usr/bin/env python3
"""Makes tests/data/sana_pipeline and tests/data/sana_sprint_pipeline: tiny pipelines in diffusers' own format, and what diffusers paints with them.

Run in the environment of tests/reference/requirements.txt (`deploy/deps.sh peers`), from the root of the source tree. Every parameter is
random, norms and tables included, so that no path can be wrong unseen. The weights are stored as fp16 and are used as fp32 by both sides.
The tokenizer is the demo model's, and Sprint takes text encoder and autoencoder from its sibling, so neither lies here twice.
"""

import json
import shutil
from pathlib import Path

import diffusers
import numpy as np
import torch
import transformers
from diffusers import (AutoencoderDC, DPMSolverMultistepScheduler, FlowMatchEulerDiscreteScheduler, SanaPipeline, SanaSprintPipeline,
                       SanaTransformer2DModel, SCMScheduler)
from safetensors.torch import save_file
from transformers import Gemma2Config, Gemma2Model, GemmaTokenizer

from make_pipeline import randomise

DATA = Path("tests/data")
TOKENIZER = "demo/sana-shapes/tokenizer"
PROMPT = "A small red cactus with a happy face in the desert"
NEGATIVE = "blurry, grey"
INSTRUCTION = "Say it with more words.\nUser Prompt: "  # ours; the reference's belongs to diffusers


def transformer(seed, **extras):
    return randomise(
        SanaTransformer2DModel(in_channels=8, out_channels=8, num_attention_heads=4, attention_head_dim=8, num_layers=2,
                               num_cross_attention_heads=2, cross_attention_head_dim=16, cross_attention_dim=32, caption_channels=24,
                               mlp_ratio=2.5, sample_size=32, patch_size=1, **extras), seed)


def build():
    tokenizer = GemmaTokenizer.from_pretrained(TOKENIZER)
    text_encoder = randomise(
        Gemma2Model(Gemma2Config(hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                                 head_dim=8, query_pre_attn_scalar=12, vocab_size=len(tokenizer), sliding_window=4096)), 1)
    vae = randomise(
        AutoencoderDC(in_channels=3, latent_channels=8, attention_head_dim=8, encoder_block_types=["ResBlock"] * 6,
                      decoder_block_types=["ResBlock"] * 4 + ["EfficientViTBlock"] * 2, encoder_block_out_channels=(8, 8, 8, 8, 16, 16),
                      decoder_block_out_channels=(8, 8, 8, 8, 16, 16), encoder_layers_per_block=(1, 0, 0, 0, 0, 1),
                      decoder_layers_per_block=(1, 1, 1, 1, 1, 1), encoder_qkv_multiscales=((),) * 6,
                      decoder_qkv_multiscales=((), (), (), (), (5,), (5,)), upsample_block_type="interpolate",
                      downsample_block_type="Conv", scaling_factor=0.41407), 3)
    folders = {"sana_pipeline": SanaPipeline(tokenizer, text_encoder.half(), vae.half(), transformer(2, interpolation_scale=None).half(),
                                    DPMSolverMultistepScheduler(use_flow_sigmas=True, flow_shift=3.0, prediction_type="flow_prediction")),
               "sana_sprint_pipeline": SanaSprintPipeline(tokenizer, text_encoder, vae,
                                                 transformer(4, guidance_embeds=True, qk_norm="rms_norm_across_heads").half(), SCMScheduler())}
    for name, pipeline in folders.items():
        shutil.rmtree(DATA / name, ignore_errors=True)
        pipeline.save_pretrained(DATA / name)
        shutil.rmtree(DATA / name / "tokenizer")
    for part in ("text_encoder", "vae"):
        shutil.rmtree(DATA / "sana_sprint_pipeline" / part)


def parts(dtype):
    return {"tokenizer": GemmaTokenizer.from_pretrained(TOKENIZER),
            "text_encoder": Gemma2Model.from_pretrained(DATA / "sana_pipeline/text_encoder", dtype=dtype, attn_implementation="eager"),
            "vae": AutoencoderDC.from_pretrained(DATA / "sana_pipeline/vae", torch_dtype=dtype)}


def load(name, dtype):
    pipeline = SanaPipeline if name == "sana" else SanaSprintPipeline
    return pipeline.from_pretrained(DATA / f"{name}_pipeline", torch_dtype=dtype, **parts(dtype))


def paint(name, seeds, dtype=torch.float32, flow_euler=False, instruction=None, **settings):
    """All that one call makes: noise, the latent after every step, the decoded picture."""
    pipeline = load(name, dtype)
    pipeline.set_progress_bar_config(disable=True)
    if flow_euler:
        pipeline.scheduler = FlowMatchEulerDiscreteScheduler(shift=3.0)
    latents, first = [], []
    prepare = pipeline.prepare_latents

    def keep_noise(*args, **kwargs):
        first.append(prepare(*args, **kwargs))
        return first[0].clone()

    def keep_latent(pipe, step, timestep, tensors):
        latents.append(tensors["latents"].clone())
        return {}

    pipeline.prepare_latents = keep_noise
    generators = [torch.Generator().manual_seed(seed) for seed in seeds]
    if name == "sana":
        settings |= {"negative_prompt": NEGATIVE}
    images = pipeline(PROMPT, num_images_per_prompt=len(seeds), generator=generators, output_type="np", clean_caption=False,
                      callback_on_step_end=keep_latent, complex_human_instruction=instruction and [instruction], **settings).images
    noise = first[0]
    if name == "sana_sprint":  # what stands between prepare_latents and the loop, and between the loop and the autoencoder
        noise = noise * pipeline.scheduler.config.sigma_data
        latents[-1] = latents[-1] / pipeline.scheduler.config.sigma_data
    return {
        "noise": noise,
        "latents": torch.stack(latents),  # [steps, images, channels, height, width]
        "image": torch.from_numpy((images * 255).round().astype(np.uint8)),
    }


def main():
    build()
    exact = {"use_resolution_binning": False}
    cases = {
        "sana.two_steps": paint("sana", [6], num_inference_steps=2, width=160, height=128, **exact),
        "sana.four_steps": paint("sana", [7], num_inference_steps=4, width=96, height=160, instruction=INSTRUCTION, **exact),
        "sana.twenty_steps": paint("sana", [8], num_inference_steps=20, width=128, height=96, guidance_scale=3.0, **exact),
        "sana.unguided": paint("sana", [9], num_inference_steps=4, width=128, height=128, guidance_scale=1.0, **exact),
        "sana.two_images": paint("sana", [10, 11], num_inference_steps=4, width=96, height=96, **exact),
        "sana.flow_euler": paint("sana", [13], num_inference_steps=4, width=128, height=96, flow_euler=True, **exact),
        "sana.bf16": paint("sana", [14], dtype=torch.bfloat16, num_inference_steps=4, width=128, height=96, **exact),
        "sana_sprint.two_steps": paint("sana_sprint", [15], num_inference_steps=2, width=96, height=128, instruction=INSTRUCTION, **exact),
        "sana_sprint.one_step": paint("sana_sprint", [16], num_inference_steps=1, intermediate_timesteps=None, width=96, height=96, **exact),
        "sana_sprint.four_steps": paint("sana_sprint", [17], num_inference_steps=4, intermediate_timesteps=None, guidance_scale=2.0,
                                        width=128, height=96, **exact),
    }
    tensors = {f"{case}.{name}": tensor.contiguous() for case, made in cases.items() for name, tensor in made.items()}
    versions = {module.__name__: module.__version__ for module in (torch, diffusers, transformers)}
    save_file(tensors, DATA / "sana_pipeline_golden.safetensors",
              metadata=versions | {"prompt": PROMPT, "negative": NEGATIVE, "instruction": INSTRUCTION})
    for name, tensor in tensors.items():
        print(f"{name:32} {tuple(tensor.shape)} {tensor.dtype} {tensor.float().std():.3f}")


if __name__ == "__main__":
    main()
