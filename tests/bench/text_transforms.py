#!/usr/bin/env python3
"""What transforms gain in quantized text encoders: the table in README.md.

Computes the demo models' T5 and Gemma-2 with the inputs and weights of every linear rounded and turned back, in fp32, and prints the SQNR of
their embeddings in dB: the mean over the prompts. Activations have 8 bits, a scale and a zero for each token; weights are symmetric. The 1-D Haar
runs along tokens, over runs of 8 and of smaller powers of two at the end.

    .deps/peers/bin/python tests/bench/text_transforms.py
"""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import AutoTokenizer, Gemma2Model, T5EncoderModel, T5Tokenizer

ROOT = Path(__file__).resolve().parents[2]
PROMPTS = [json.loads(line)["prompt"] for line in (ROOT / "tests/data/sqnr/prompts.jsonl").read_text().splitlines()]
RUN = 8


@dataclass(frozen=True)
class Recipe:
    weight_bits: int
    group: int = 0
    clip_search: bool = False
    hadamard: int = 0
    haar: bool = False


def hadamard(size):
    matrix = torch.ones(1, 1)
    while len(matrix) < size:
        matrix = torch.kron(torch.tensor([[1.0, 1.0], [1.0, -1.0]]), matrix)
    return matrix / math.sqrt(size)


def haar(size):
    """Rows: the mean first, then details from coarse to fine."""
    if size == 1:
        return torch.eye(1)
    pairs = torch.eye(size // 2)
    means = haar(size // 2) @ torch.kron(pairs, torch.tensor([[1.0, 1.0]]))
    return torch.cat([means, torch.kron(pairs, torch.tensor([[1.0, -1.0]]))]) / math.sqrt(2)


def along_tokens(tokens):
    blocks, size = [], RUN
    while tokens > 0:
        while size > tokens:
            size //= 2
        blocks.append(haar(size))
        tokens -= size
    return torch.block_diag(*blocks)


def rotate(x, block):
    return x if block == 0 else (x.unflatten(-1, (-1, block)) @ hadamard(block)).flatten(-2)


def round_tokens(x):
    low, high = x.amin(-1, keepdim=True).clamp(max=0), x.amax(-1, keepdim=True).clamp(min=0)
    scale = ((high - low) / 255).clamp(min=1e-30)
    zero = torch.round(-low / scale)
    return ((torch.round(x / scale) + zero).clamp(0, 255) - zero) * scale


def round_weight(weight, recipe):
    """engine/kernels/round_weights.h: of an output's candidate scales, or of a group's multipliers of one, the one with the least squared error."""
    groups = weight.unflatten(-1, (-1, recipe.group or weight.shape[-1]))
    most = 2 ** (recipe.weight_bits - 1) - 1
    largest = weight.abs().amax(-1)[:, None, None]
    if recipe.group:
        scales = [largest / 126 * multiplier for multiplier in range(1, 19)]
    else:
        scales = [largest / most * (1 - 0.025 * i) for i in range(21 if recipe.clip_search else 1)]
    candidates = torch.stack([torch.round(groups / scale).clamp(-most, most) * scale for scale in scales])
    best = (candidates - groups).square().sum(-1, keepdim=True).argmin(0, keepdim=True)
    return candidates.take_along_dim(best, 0).reshape(weight.shape)


class RoundedLinear(torch.nn.Module):
    def __init__(self, linear, recipe):
        super().__init__()
        self.plain, self.weight, self.recipe = linear, linear.weight, recipe  # T5 asks for its linears' weights' dtype
        self.rounded = round_weight(rotate(linear.weight, recipe.hadamard), recipe)

    def forward(self, x):
        tokens = rotate(x[0], self.recipe.hadamard)
        if self.recipe.haar:
            matrix = along_tokens(len(tokens))
            tokens = matrix.T @ round_tokens(matrix @ tokens)
        else:
            tokens = round_tokens(tokens)
        return (tokens @ self.rounded.T).unsqueeze(0)


def swap(model, make):
    for name, module in list(model.named_modules()):
        if isinstance(module, (torch.nn.Linear, RoundedLinear)) and not name.endswith(".plain"):
            parent, leaf = name.rsplit(".", 1)
            setattr(model.get_submodule(parent), leaf, make(module))


def measure(model, ids, recipe):
    exact = [model(prompt)[0] for prompt in ids]
    swap(model, lambda linear: RoundedLinear(linear, recipe))
    rounded = [model(prompt)[0] for prompt in ids]
    swap(model, lambda linear: linear.plain)
    ratios = [10 * math.log10(a.double().square().sum() / (a.double() - b.double()).square().sum()) for a, b in zip(exact, rounded)]
    return sum(ratios) / len(ratios)


def load(model_class, tokenizer_class, folder):
    model = model_class.from_pretrained(ROOT / folder / "text_encoder", dtype=torch.float32, attn_implementation="eager").eval()
    tokenizer = tokenizer_class.from_pretrained(ROOT / folder / "tokenizer")
    return model, [tokenizer(prompt, return_tensors="pt").input_ids for prompt in PROMPTS]


def main():
    torch.set_grad_enabled(False)
    encoders = [load(T5EncoderModel, T5Tokenizer, "demo/pixart-shapes"), load(Gemma2Model, AutoTokenizer, "demo/sana-shapes")]
    rows = {
        "rounded to nearest": {},
        "1-D Haar": {"haar": True},
        "Hadamard": {"hadamard": 64},
        "Hadamard and 1-D Haar": {"hadamard": 64, "haar": True},
    }
    weights = {"w8": Recipe(8), "w4": Recipe(4), "w4 groups": Recipe(4, group=64, clip_search=True)}
    print("| | " + " | ".join(f"{encoder} {name}" for encoder in ("T5", "Gemma-2") for name in weights) + " |")
    for name, change in rows.items():
        cells = [measure(model, ids, replace(recipe, **change)) for model, ids in encoders for recipe in weights.values()]
        print(f"| {name} | " + " | ".join(f"{cell:.1f}" for cell in cells) + " |", flush=True)


if __name__ == "__main__":
    main()
