#!/usr/bin/env python3
"""Goldens of transformers' T5 encoder, written to tests/data/t5/.

A tiny checkpoint in which every dimension differs, so that a swapped axis can't pass, with norm weights away from one. The prompts go through
the reference as PixArt's pipeline sends them: padded to one length and masked. What is kept are the rows of real tokens, which an encoder that
leaves padding out must reproduce. 200 tokens reach every bucket of the relative position table.

    python tests/reference/make_t5.py
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import T5Config, T5EncoderModel

FOLDER = Path(__file__).resolve().parent.parent / "data" / "t5"
LENGTHS = {"long": 200, "short": 23}
PADDED = 211
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
# Attention of the first block times this leaves fp16's range, while each weight stays inside it.
OVERFLOW = {"v": 64.0, "o": 4096.0}


def random_model():
    torch.manual_seed(0)
    config = T5Config(vocab_size=53, d_model=24, d_kv=6, num_heads=3, d_ff=40, num_layers=3, feed_forward_proj="gated-gelu",
                      relative_attention_num_buckets=32, relative_attention_max_distance=128)
    model = T5EncoderModel(config)
    for name, weight in model.named_parameters():
        if "layer_norm" in name:
            torch.nn.init.normal_(weight, mean=1.0, std=0.3)
        elif "relative_attention_bias" in name:
            torch.nn.init.normal_(weight, std=1.5)
        elif name.endswith((".q.weight", ".k.weight")):
            torch.nn.init.normal_(weight, std=0.25)
    return model


def load(dtype):
    model = T5EncoderModel.from_pretrained(FOLDER, dtype=dtype, attn_implementation="eager").eval()
    wo = model.encoder.block[0].layer[1].DenseReluDense.wo.weight
    assert wo.dtype == (torch.float32 if dtype == torch.float16 else dtype)
    return model


def encode(model, prompts):
    """The rows of real tokens of each prompt, from one padded and masked batch."""
    ids = torch.zeros(len(prompts), PADDED, dtype=torch.long)
    mask = torch.zeros(len(prompts), PADDED, dtype=torch.long)
    for row, prompt in enumerate(prompts):
        ids[row, :len(prompt)] = prompt
        mask[row, :len(prompt)] = 1
    with torch.no_grad():
        hidden = model(ids, attention_mask=mask)[0]
    return [hidden[row, :len(prompt)].clone() for row, prompt in enumerate(prompts)]


def overflowing():
    model = load(torch.float16)
    attention = model.encoder.block[0].layer[0].SelfAttention
    with torch.no_grad():
        for name, factor in OVERFLOW.items():
            getattr(attention, name).weight.mul_(factor)
    assert torch.isfinite(attention.o.weight).all()
    seen = []
    attention.o.register_forward_hook(lambda module, inputs, output: seen.append(torch.isinf(output).any().item()))
    return model, seen


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random_model().save_pretrained(FOLDER)
    config = json.loads((FOLDER / "config.json").read_text())
    (FOLDER / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")

    generator = torch.Generator().manual_seed(1)
    prompts = {name: torch.randint(2, 53, (length,), generator=generator) for name, length in LENGTHS.items()}
    for prompt in prompts.values():
        prompt[-1] = 1
    golden = {f"{name}.ids": prompt for name, prompt in prompts.items()}
    for precision, dtype in DTYPES.items():
        for name, rows in zip(prompts, encode(load(dtype), list(prompts.values()))):
            assert rows.dtype == dtype and torch.isfinite(rows).all()
            golden[f"{name}.{precision}"] = rows

    model, overflowed = overflowing()
    golden["short.fp16.clamped"] = encode(model, [prompts["short"]])[0]
    assert overflowed == [True] and torch.isfinite(golden["short.fp16.clamped"]).all()

    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    save_file(golden, FOLDER / "golden.safetensors", metadata=versions)
    for file in FOLDER.iterdir():
        file.chmod(0o644)


if __name__ == "__main__":
    main()
