#!/usr/bin/env python3
"""Records what diffusers' SanaTransformer2DModel computes on tiny random checkpoints: tests/data/sana*/.

Each checkpoint touches paths that the others do not:
  sana          the plain network: no places, no biases in self-attention; an odd grid and an even one; fp32, bf16 and fp16.
  sana_sprint   norms of queries and keys, and the guidance scale embedded beside the timestep, whose names then lack a level.
  sana_places   a position table, on its native grid and a stretched one; and timestep_scale, which the pipeline multiplies by.
  sana_patches  patches of 2x2, biases in self-attention, twice as many channels out as in, a hidden width that is rounded down.

Weights lie in fp16 and are read back as such, so both sides compute with the same numbers. What a fresh module leaves small or constant
(biases, norms' weights, scale_shift_tables, the queries' and keys' weights) is drawn anew, larger, so that no path is too faint to be
seen. The text is padded and masked here; the engine gets the real tokens only.
"""

import json
from pathlib import Path

import torch
from diffusers import SanaTransformer2DModel
from safetensors.torch import save_file

DATA = Path(__file__).resolve().parent.parent / "data"
PADDED_TEXT = 12
TEXT_LENGTHS = (7, 12)
TIMESTEPS = (999, 1)
SPRINT_TIMESTEPS = (0.999, 0.25)  # of its own scale
GUIDANCE_SCALES = (4.5, 1.7)

TINY = {"in_channels": 6, "out_channels": 6, "num_attention_heads": 3, "attention_head_dim": 8, "num_cross_attention_heads": 2,
        "cross_attention_head_dim": 10, "cross_attention_dim": 24, "caption_channels": 28, "num_layers": 1}
CHECKPOINTS = {
    "sana": TINY | {"num_layers": 2},
    "sana_sprint": TINY | {"qk_norm": "rms_norm_across_heads", "guidance_embeds": True, "guidance_embeds_scale": 0.1,
                           "timestep_scale": 1000.0},
    "sana_places": TINY | {"interpolation_scale": 2, "sample_size": 8, "timestep_scale": 0.5},
    "sana_patches": TINY | {"patch_size": 2, "out_channels": 12, "attention_bias": True, "mlp_ratio": 2.3},
}


def write_checkpoint(name):
    folder = DATA / name
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(sum(name.encode()))
    model = SanaTransformer2DModel(**CHECKPOINTS[name])
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "norm" in key:
                parameter.copy_(1 + torch.randn_like(parameter) * 0.4)
            elif key.endswith("bias") or "scale_shift_table" in key:
                parameter.copy_(torch.randn_like(parameter) * 0.3)
            elif "to_q" in key or "to_k" in key:
                parameter.copy_(torch.randn_like(parameter) * 0.5)
    weights = {key: value.half().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / "diffusion_pytorch_model.safetensors")
    config = {"_class_name": "SanaTransformer2DModel", "_diffusers_version": "0.42.1"} | CHECKPOINTS[name]
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    return folder


def load(folder, dtype=torch.float32):
    return SanaTransformer2DModel.from_pretrained(folder, torch_dtype=dtype).eval()


def inputs(name, height, width):
    """Two rows that differ in all that rows may differ in, except their size."""
    generator = torch.Generator().manual_seed(1000 * height + width + len(name))
    return {
        "latents": torch.randn(2, TINY["in_channels"], height, width, generator=generator),
        "text": torch.randn(2, PADDED_TEXT, TINY["caption_channels"], generator=generator),
    }


def conditions(model, dtype):
    """Timesteps and guidance as SanaPipeline and SanaSprintPipeline hand them over."""
    if not model.config.guidance_embeds:
        return {"timestep": torch.tensor(TIMESTEPS) * model.config.timestep_scale}
    guidance = torch.tensor(GUIDANCE_SCALES).to(dtype) * model.config.guidance_embeds_scale
    return {"timestep": torch.tensor(SPRINT_TIMESTEPS), "guidance": guidance}


def predict(model, latents, text):
    dtype = model.dtype
    mask = torch.tensor([[position < length for position in range(PADDED_TEXT)] for length in TEXT_LENGTHS])
    with torch.no_grad():
        return model(latents.to(dtype), encoder_hidden_states=text.to(dtype), encoder_attention_mask=mask.to(dtype),
                     **conditions(model, dtype)).sample


def watch(model, stages):
    """Keeps the embedded timestep, the modulation, the text and what each block leaves, in raster order."""
    def keep_conditioning(module, args, output):
        stages["modulation"], stages["embedded_timestep"] = output
    hooks = [model.time_embed.register_forward_hook(keep_conditioning),
             model.patch_embed.register_forward_hook(lambda module, args, output: stages.update(tokens=output)),
             model.caption_norm.register_forward_hook(lambda module, args, output: stages.update(caption=output))]
    for index, block in enumerate(model.transformer_blocks):
        hooks.append(block.register_forward_hook(lambda module, args, output, index=index: stages.update({f"block.{index}": output})))
    return hooks


def record(goldens, prefix, model, name, height, width):
    given = inputs(name, height, width)
    stages = {}
    hooks = watch(model, stages) if name == "sana" and prefix == "odd" else []
    output = predict(model, **given)
    for hook in hooks:
        hook.remove()
    goldens[f"{prefix}.output"] = output
    for key, value in (given | stages).items():
        goldens[f"{prefix}.{key}"] = value


def record_halves(goldens, prefix, folder):
    for dtype_name, dtype in (("bf16", torch.bfloat16), ("fp16", torch.float16)):
        goldens[f"{prefix}.output.{dtype_name}"] = predict(load(folder, dtype), goldens[f"{prefix}.latents"], goldens[f"{prefix}.text"])


def main():
    grids = {
        "sana": {"odd": (5, 7), "even": (6, 6)},
        "sana_sprint": {"odd": (5, 7)},
        "sana_places": {"native": (8, 8), "stretched": (5, 7)},
        "sana_patches": {"wide": (6, 10)},
    }
    for name, sizes in grids.items():
        goldens = {}
        folder = write_checkpoint(name)
        model = load(folder)
        for prefix, (height, width) in sizes.items():
            record(goldens, prefix, model, name, height, width)
        if name in ("sana", "sana_sprint"):
            record_halves(goldens, "odd", folder)
        save_file({key: value.contiguous() for key, value in goldens.items()}, folder / "golden.safetensors")


if __name__ == "__main__":
    main()
