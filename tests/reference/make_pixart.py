#!/usr/bin/env python3
"""Records what diffusers' PixArtTransformer2DModel computes on tiny random checkpoints: tests/data/pixart*/.

Each checkpoint touches paths that the others do not:
  pixart            three blocks, interpolation_scale null (so 1); native, stretched and odd grids; fp32, bf16 and fp16; and the same
                    weights with interpolation_scale 0.5.
  pixart_alpha      sample_size 128 and use_additional_conditions absent: resolution and aspect ratio are embedded too.
  pixart_plain_text caption_channels null: the text goes into the cross-attention as it is; no biases in attention's q, k and v;
                    no variance among the output's channels.

Weights lie in fp16 and are read back as such, so both sides compute with the same numbers. What a fresh module leaves small or constant
(biases, scale_shift_tables, the queries' and keys' weights) is drawn anew, larger, so that no path is too faint to be seen. The text is
padded and masked here; the engine gets the real tokens only.
"""

import json
from pathlib import Path

import torch
from diffusers import PixArtTransformer2DModel
from safetensors.torch import save_file

DATA = Path(__file__).resolve().parent.parent / "data"
PADDED_TEXT = 12
TIMESTEPS = (999, 1)
TEXT_LENGTHS = (7, 12)

SMALL = {"num_attention_heads": 3, "attention_head_dim": 4, "cross_attention_dim": 12, "num_layers": 1}
CHECKPOINTS = {
    "pixart": {"num_attention_heads": 3, "attention_head_dim": 8, "cross_attention_dim": 24, "num_layers": 3, "sample_size": 16,
               "caption_channels": 40, "interpolation_scale": None, "use_additional_conditions": False},
    "pixart_alpha": SMALL | {"sample_size": 128, "caption_channels": 20, "interpolation_scale": None},
    "pixart_plain_text": SMALL | {"sample_size": 16, "out_channels": 4, "caption_channels": None, "attention_bias": False,
                                  "use_additional_conditions": False},
}


def write_checkpoint(name):
    folder = DATA / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(sum(name.encode()))
    model = PixArtTransformer2DModel(**CHECKPOINTS[name])
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if key.endswith("bias") or "scale_shift_table" in key:
                parameter.copy_(torch.randn_like(parameter) * 0.3)
            elif "to_q" in key or "to_k" in key:
                parameter.copy_(torch.randn_like(parameter) * 0.5)
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "diffusion_pytorch_model.safetensors")
    config = {"_class_name": "PixArtTransformer2DModel", "_diffusers_version": "0.42.1"} | CHECKPOINTS[name]
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return folder


def load(folder, dtype=torch.float32, **overrides):
    return PixArtTransformer2DModel.from_pretrained(folder, torch_dtype=dtype, **overrides).eval()


def inputs(name, height, width, text_width):
    """Two rows that differ in all that rows may differ in, except their size."""
    generator = torch.Generator().manual_seed(1000 * height + width + len(name))
    return {
        "latents": torch.randn(2, 4, height, width, generator=generator),
        "text": torch.randn(2, PADDED_TEXT, text_width, generator=generator),
    }


def predict(model, latents, text):
    dtype = model.dtype
    mask = torch.tensor([[position < length for position in range(PADDED_TEXT)] for length in TEXT_LENGTHS])
    height, width = (8 * side for side in latents.shape[-2:])
    conditions = None
    if model.use_additional_conditions:
        conditions = {"resolution": torch.tensor([[height, width]] * 2, dtype=dtype),
                      "aspect_ratio": torch.tensor([[height / width]] * 2, dtype=dtype)}
    with torch.no_grad():
        return model(latents.to(dtype), encoder_hidden_states=text.to(dtype), timestep=torch.tensor(TIMESTEPS),
                     added_cond_kwargs=conditions, encoder_attention_mask=mask.to(dtype)).sample


def watch(model, stages):
    """Keeps the embedded timestep, the modulation and what each block leaves, in raster order."""
    def keep_conditioning(module, args, output):
        stages["modulation"], stages["embedded_timestep"] = output
    hooks = [model.adaln_single.register_forward_hook(keep_conditioning),
             model.pos_embed.register_forward_hook(lambda module, args, output: stages.update(tokens=output))]
    for index, block in enumerate(model.transformer_blocks):
        hooks.append(block.register_forward_hook(lambda module, args, output, index=index: stages.update({f"block.{index}": output})))
    return hooks


def record(goldens, prefix, model, name, height, width, keep_stages=False):
    text_width = model.config.caption_channels or model.config.cross_attention_dim
    given = inputs(name, height, width, text_width)
    stages = {}
    hooks = watch(model, stages) if keep_stages else []
    output = predict(model, **given)
    for hook in hooks:
        hook.remove()
    goldens[f"{prefix}.output"] = output
    for key, value in (given | stages).items():
        goldens[f"{prefix}.{key}"] = value


def write(folder, goldens):
    save_file({key: value.contiguous() for key, value in goldens.items()}, folder / "golden.safetensors")


def main():
    goldens = {}
    folder = write_checkpoint("pixart")
    model = load(folder)
    record(goldens, "native", model, "pixart", 16, 16, keep_stages=True)
    record(goldens, "stretched", model, "pixart", 12, 20)
    record(goldens, "odd", model, "pixart", 18, 22)
    for dtype_name, dtype in (("bf16", torch.bfloat16), ("fp16", torch.float16)):
        lower = load(folder, dtype)
        goldens[f"odd.output.{dtype_name}"] = predict(lower, goldens["odd.latents"], goldens["odd.text"])
    half_scale = load(folder, interpolation_scale=0.5)
    goldens["stretched.output.half_scale"] = predict(half_scale, goldens["stretched.latents"], goldens["stretched.text"])
    write(folder, goldens)

    for name in ("pixart_alpha", "pixart_plain_text"):
        goldens = {}
        folder = write_checkpoint(name)
        record(goldens, "wide", load(folder), name, 10, 14)
        write(folder, goldens)


if __name__ == "__main__":
    main()
