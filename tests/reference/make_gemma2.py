#!/usr/bin/env python3
"""Goldens of transformers' Gemma-2 decoder as a text encoder, written to tests/data/gemma2/.

A tiny checkpoint in which every dimension differs, with norm weights away from zero, queries and keys large enough for the cap on their scores to
matter, and a window shorter than the texts. They go through the reference as SANA's pipeline sends them: padded on the right to one length
and masked. What is kept are the rows of real tokens. "eager" caps the scores; "sdpa" is the attention that leaves the cap out.

    python tests/reference/make_gemma2.py
"""

import json
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file
from transformers import Gemma2Config, Gemma2Model

FOLDER = Path(__file__).resolve().parent.parent / "data" / "gemma2"
LENGTHS = {"long": 67, "short": 9, "single": 1}
PADDED = 71
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def random_model():
    torch.manual_seed(0)
    config = Gemma2Config(vocab_size=53, hidden_size=24, num_attention_heads=4, num_key_value_heads=2, head_dim=8, intermediate_size=40,
                          num_hidden_layers=3, sliding_window=4, query_pre_attn_scalar=12, attn_logit_softcapping=5.0, max_position_embeddings=128)
    model = Gemma2Model(config)
    for name, weight in model.named_parameters():
        if "norm" in name:
            torch.nn.init.normal_(weight, std=0.3)
        elif "embed_tokens" in name:
            torch.nn.init.normal_(weight, std=0.2)
        else:
            torch.nn.init.normal_(weight, std=0.4 if name.endswith(("q_proj.weight", "k_proj.weight")) else 0.2)
    return model


def load(dtype, attention):
    if attention == "eager":
        return Gemma2Model.from_pretrained(FOLDER, dtype=dtype, attn_implementation="eager").eval()
    # From 4.48 on this was the default, and left the cap out unasked; now transformers refuses it, and a cap in it.
    model = Gemma2Model.from_pretrained(FOLDER, dtype=dtype, attn_implementation="eager", attn_logit_softcapping=None).eval()
    model.config._attn_implementation = "sdpa"
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


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    random_model().save_pretrained(FOLDER)
    config = json.loads((FOLDER / "config.json").read_text())
    (FOLDER / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")

    generator = torch.Generator().manual_seed(1)
    prompts = {name: torch.randint(3, 53, (length,), generator=generator) for name, length in LENGTHS.items()}
    for prompt in prompts.values():
        prompt[0] = 2
    golden = {f"{name}.ids": prompt for name, prompt in prompts.items()}
    for attention in ("eager", "sdpa"):
        for precision, dtype in DTYPES.items():
            if attention == "sdpa" and precision != "fp32":
                continue
            for name, rows in zip(prompts, encode(load(dtype, attention), list(prompts.values()))):
                assert rows.dtype == dtype and torch.isfinite(rows).all()
                golden[f"{name}.{attention}.{precision}"] = rows

    # The golden is worth something only if cap and window leave their mark.
    capped = golden["long.eager.fp32"]
    assert relative(golden["long.sdpa.fp32"], capped) > 1e-2
    for change in ({"sliding_window": 4096}, {"layer_types": ["full_attention", "sliding_attention", "full_attention"]}, {"query_pre_attn_scalar": 8}):
        model = Gemma2Model.from_pretrained(FOLDER, attn_implementation="eager", **change).eval()
        assert relative(encode(model, list(prompts.values()))[0], capped) > 1e-2, change

    versions = {"torch": torch.__version__, "transformers": transformers.__version__}
    save_file(golden, FOLDER / "golden.safetensors", metadata=versions)
    for file in FOLDER.iterdir():
        file.chmod(0o644)


if __name__ == "__main__":
    main()
