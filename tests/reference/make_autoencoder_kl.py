#!/usr/bin/env python3
"""Goldens of diffusers' AutoencoderKL decoder, written to tests/data/autoencoder_kl/ and tests/data/autoencoder_kl_variant/.

The first is built as PixArt's VAE is, small and with channel counts that all differ; the second takes every other road that a config can
choose: no convolution after quantisation, no attention, a shift, one size step. Norms and biases are away from one and zero. Weights are
stored in fp16 and rounded to it before anything is computed, so every precision starts from the same numbers. Of the encoder only the first
convolution is kept: a decoder has to know that the rest of such a file is not its business.

    python tests/reference/make_autoencoder_kl.py
"""

import copy
import json
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

DATA = Path(__file__).resolve().parent.parent / "data"
COMMON = dict(in_channels=3, out_channels=3, latent_channels=4, act_fn="silu")
PLAIN = dict(COMMON, block_out_channels=(8, 16, 24), down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3,
             layers_per_block=1, norm_num_groups=4, sample_size=32, scaling_factor=0.13025, force_upcast=False)
VARIANT = dict(COMMON, block_out_channels=(6, 9), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
               layers_per_block=2, norm_num_groups=3, sample_size=16, scaling_factor=0.5, shift_factor=0.25, force_upcast=True,
               use_quant_conv=False, use_post_quant_conv=False, mid_block_add_attention=False)
# Tiles of 8 latents at a stride of 6: 15 leaves a last tile of 3, 19 one of a single column.
LATENTS = {"square": (8, 8), "wide": (5, 7), "tiled": (15, 19), "tiled_one_way": (6, 13)}


def random_model(options, seed):
    torch.manual_seed(seed)
    model = AutoencoderKL(**options).eval()
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.2)
        elif "norm" in name:
            torch.nn.init.normal_(weight, mean=1.0, std=0.3)
        elif "to_q" in name or "to_k" in name:
            torch.nn.init.normal_(weight, std=0.5)
    return model.half().float()


def save_checkpoint(model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.half().contiguous() for name, weight in model.state_dict().items()
               if not name.startswith("encoder.") or name.startswith("encoder.conv_in.")}
    save_file(weights, folder / "diffusion_pytorch_model.safetensors")
    config = {key: value for key, value in model.config.items() if not key.startswith("_")}
    config.update(_class_name="AutoencoderKL", _diffusers_version=diffusers.__version__)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def decode(model, latent, dtype, tiled):
    model = copy.deepcopy(model).to(dtype)
    model.use_tiling = tiled
    z = latent.to(dtype) / model.config.scaling_factor
    if model.config.shift_factor is not None:
        z = z + model.config.shift_factor
    with torch.no_grad():
        picture = model.decode(z[None]).sample[0]
    assert torch.isfinite(picture).all()
    return picture.contiguous()


def make(folder, options, seed, latents, dtypes):
    model = random_model(options, seed)
    save_checkpoint(model, folder)
    generator = torch.Generator().manual_seed(seed + 1)
    golden = {}
    for name in latents:
        latent = torch.randn(options["latent_channels"], *LATENTS[name], generator=generator)
        golden[f"{name}.latent"] = latent
        for precision, dtype in dtypes.items():
            golden[f"{name}.{precision}"] = decode(model, latent, dtype, tiled=name.startswith("tiled"))
    save_file(golden, folder / "golden.safetensors", metadata={"torch": torch.__version__, "diffusers": diffusers.__version__})
    for file in folder.iterdir():
        file.chmod(0o644)


if __name__ == "__main__":
    make(DATA / "autoencoder_kl", PLAIN, 0, list(LATENTS), {"fp32": torch.float32, "bf16": torch.bfloat16})
    make(DATA / "autoencoder_kl_variant", VARIANT, 2, ["wide"], {"fp32": torch.float32})
