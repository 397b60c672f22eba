#!/usr/bin/env python3
"""Goldens of diffusers' AutoencoderDC decoder, written to tests/data/autoencoder_dc*/ and, for the demo model, to tests/data/demo/.

The first is built as SANA's VAE is, small and with channel counts that all differ; the second takes every other road that a config can
choose: pixel shuffles, attention over two scales or none, another activation, no shortcut around the first convolution, an outermost
stage without blocks. Norms and biases are away from one and zero. Weights are stored in fp16 and rounded to it before anything is
computed, so every precision starts from the same numbers. Of the encoder only the first convolution is kept: a decoder has to know that
the rest of such a file is not its business.

    python tests/reference/make_autoencoder_dc.py
"""

import copy
import json
from pathlib import Path

import diffusers
import torch
from diffusers import AutoencoderDC
from safetensors.torch import save_file

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = ROOT / "tests" / "data"


def both_halves(block_types, channels, layers, multiscales):
    stages = dict(block_types=block_types, block_out_channels=channels, layers_per_block=layers, qkv_multiscales=multiscales)
    return {f"{half}_{key}": value for half in ("encoder", "decoder") for key, value in stages.items()}


PLAIN = dict(latent_channels=4, attention_head_dim=8, scaling_factor=0.41407, upsample_block_type="interpolate",
             downsample_block_type="Conv",
             **both_halves(("ResBlock", "ResBlock", "EfficientViTBlock"), (8, 16, 32), (1, 2, 2), ((), (), (5,))))
VARIANT = dict(latent_channels=5, attention_head_dim=4, scaling_factor=0.5, upsample_block_type="pixel_shuffle",
               downsample_block_type="Conv", encoder_out_shortcut=False, decoder_in_shortcut=False, decoder_conv_act_fn="silu",
               decoder_act_fns=("silu", "relu", "silu", "silu"), decoder_norm_types=("rms_norm",) * 4,
               **both_halves(("ResBlock",) * 2 + ("EfficientViTBlock",) * 2, (6, 5, 20, 40), (0, 1, 1, 1), ((), (), (5, 3), ())))
# Six pixels are few enough for the reference's quadratic attention. Tiles of 8 latents at a stride of 7: 16 leaves a last tile of 2.
LATENTS = {"one": (1, 1), "column": (5, 1), "few": (2, 3), "wide": (4, 6), "tiled": (16, 9), "tiled_one_way": (3, 10)}
TILES = dict(tile_sample_min_height=32, tile_sample_min_width=32, tile_sample_stride_height=28, tile_sample_stride_width=28)


def random_model(options, seed):
    torch.manual_seed(seed)
    model = AutoencoderDC(**options).eval()
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.2)
        elif "norm" in name:
            torch.nn.init.normal_(weight, mean=1.0, std=0.3)
    return model.half().float()


def save_checkpoint(model, folder):
    folder.mkdir(parents=True, exist_ok=True)
    weights = {name: weight.half().contiguous() for name, weight in model.state_dict().items()
               if not name.startswith("encoder.") or name.startswith("encoder.conv_in.")}
    save_file(weights, folder / "diffusion_pytorch_model.safetensors")
    config = {key: value for key, value in model.config.items() if not key.startswith("_")}
    config.update(_class_name="AutoencoderDC", _diffusers_version=diffusers.__version__)
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


def decode(model, latent, dtype, tiled=False):
    model = copy.deepcopy(model).to(dtype)
    if tiled:
        model.enable_tiling(**TILES)
    with torch.no_grad():
        picture = model.decode((latent.to(dtype) / model.config.scaling_factor)[None]).sample[0]
    assert torch.isfinite(picture).all()
    return picture.contiguous()


def save_golden(golden, folder):
    folder.mkdir(parents=True, exist_ok=True)
    save_file(golden, folder / "golden.safetensors", metadata={"torch": torch.__version__, "diffusers": diffusers.__version__})
    for file in folder.iterdir():
        file.chmod(0o644)


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
    save_golden(golden, folder)


# A yellow disc on a blue ground, and a red bar.
def drawn_picture(side):
    y, x = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    picture = torch.tensor([-0.7, -0.3, 0.6])[:, None, None].expand(3, side, side).clone()
    picture[:, (y + 0.3) ** 2 + (x + 0.2) ** 2 < 0.25] = torch.tensor([0.9, 0.8, -0.8])[:, None]
    picture[:, y > 0.6] = torch.tensor([0.8, -0.8, -0.7])[:, None]
    return picture


def make_of_demo(folder):
    model = AutoencoderDC.from_pretrained(ROOT / "demo" / "sana-shapes" / "vae", torch_dtype=torch.float32).eval()
    latent = torch.randn(32, 3, 4, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        drawn = model.encode(drawn_picture(256)[None]).latent[0].contiguous() * model.config.scaling_factor
    save_golden({"vae.latent": latent, "vae.fp32": decode(model, latent, torch.float32), "drawn.latent": drawn}, folder)


if __name__ == "__main__":
    make(DATA / "autoencoder_dc", PLAIN, 0, list(LATENTS), {"fp32": torch.float32, "bf16": torch.bfloat16})
    make(DATA / "autoencoder_dc_variant", VARIANT, 2, ["few", "wide"], {"fp32": torch.float32})
    make_of_demo(DATA / "demo" / "sana-shapes" / "vae")
