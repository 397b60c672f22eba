#!/usr/bin/env python3
"""Trains a family's transformer on captioned scenes.

Latents are encoded once and kept; captions are drawn anew each step. Pictures of half the side come first: four times the steps for the
time, and colours and places carry over. From the middle of the transformer a head, thrown away later, tells which shape and which colour
covers which part of the picture: what a caption says hardly moves the picture's own loss, and moves this one much. The text encoder stays
as its own training left it: trained along, it forgot which colour belongs to which object within two thousand steps.

The rate is constant, so that a training can go on for as long as anyone likes. `--finish N` takes a copy through N steps of falling rate:
that copy is what `export.py` ships. Both go on where they stopped; without a state of its own, a training starts from what demo/ ships,
or with `--new` from nothing.

Usage: train_transformer.py pixart|sana [--threads N] [--steps N] [--finish N] [--new]
"""

import argparse
import functools
import math

import numpy as np
import torch
import torch.nn.functional as nn

import captions
import run as training
import scenes
import train_autoencoder
from families import FAMILIES

SEED = 4
SCENES, SMALL_SCENES = 12288, 4096  # drawn and encoded once
SMALL_STEPS, SMALL_BATCH, BATCH = 750, 32, 16  # of half the side, then of the whole
CAPTION_DROPPED = 0.1  # for classifier-free guidance
PAIRS, PAIRS_SEEN = 0.4, 0.6  # share of the scenes that are drawn, and of those that a step takes
MAP_CELLS = 64  # of a scene's map, a side
MAP_WEIGHT = 2.0
MAP_BLOCK = 3  # after how many blocks the head reads


def autoencoder_of(family):
    """The trained autoencoder with its latents scaled; KL latents are moved to mean 0 and deviation 1/0.13025 per channel as well."""
    if not train_autoencoder.state_file(family.autoencoder_kind).exists():
        return family.autoencoder.from_pretrained(family.shipped() / "vae", torch_dtype=torch.float32).requires_grad_(False).eval()
    model = train_autoencoder.trained(family.autoencoder_kind)
    pictures = torch.stack([picture_of(index, family.pixels) for index in range(64)])
    with torch.no_grad():
        latents = torch.cat([family.encode(model, batch) for batch in pictures.split(8)])
        if family.autoencoder_kind == "kl":
            standardize(model, latents, deviation=1 / 0.13025)
            model.register_to_config(scaling_factor=0.13025)
        else:
            model.register_to_config(scaling_factor=round(1 / latents.std().item(), 5))
    return model


def standardize(model, latents, deviation):
    """Folds the channels' mean and deviation into the 1×1 convolutions around the latent, so that pictures do not change."""
    mean, factor = latents.mean((0, 2, 3)), deviation / latents.std((0, 2, 3))
    inner, outer = model.quant_conv, model.post_quant_conv
    outer.bias += outer.weight[:, :, 0, 0] @ mean
    outer.weight /= factor.view(1, -1, 1, 1)
    inner.weight[:4] *= factor.view(-1, 1, 1, 1)
    inner.bias[:4] = (inner.bias[:4] - mean) * factor
    inner.bias[4:] += 2 * factor.log()  # log-variances


def tokenizer_folder(family):
    trained = training.RUNS / f"tokenizer_{family.name}"
    return trained if trained.exists() else family.shipped() / "tokenizer"


def text_of(family):
    """Tokenizer and text encoder, as the latter's own training left it or else as demo/ ships them."""
    tokenizer = family.tokenizer_class.from_pretrained(tokenizer_folder(family))
    trained = training.RUNS / f"text_encoder_{family.name}" / "state.pt"
    if trained.exists():
        encoder = family.make_text_encoder(len(tokenizer))
        encoder.load_state_dict(torch.load(trained, map_location="cpu", weights_only=True)["encoder"])
    else:
        encoder = family.text_encoder_class.from_pretrained(family.shipped() / "text_encoder", dtype=torch.float32)
    return tokenizer, encoder.requires_grad_(False).eval()


def transformer_of(family, new):
    if not new:
        return family.transformer_class.from_pretrained(family.shipped() / "transformer", torch_dtype=torch.float32)
    transformer = family.make_transformer()
    prepare(transformer)
    return transformer


@functools.cache
def scene_of(index):
    return scenes.random_scene(np.random.default_rng([SEED, 0, index]), PAIRS)


def some_scene(rng, count):
    """The index, below `count`, of a scene of two objects with probability PAIRS_SEEN."""
    wanted = rng.random() < PAIRS_SEEN
    while True:
        index = int(rng.integers(count))
        if (scene_of(index).relation is not None) == wanted:
            return index


def picture_of(index, pixels):
    return torch.from_numpy(scenes.draw(scene_of(index), pixels)).permute(2, 0, 1) * 2 - 1


@torch.no_grad()
def cached_latents(family, model, pixels, count):
    """Scaled latents [count, channels, height, width] in fp16 of the scenes 0 … count-1; what is not in the file yet is encoded."""
    file = training.RUNS / f"latents_{family.name}_{pixels}.pt"
    known = torch.load(file, weights_only=True) if file.exists() else None
    encoded = list(known.split(1)) if known is not None else []
    while len(encoded) < count:  # one by one: larger batches fall out of a CPU's caches
        picture = picture_of(len(encoded), pixels)[None].to(training.device())
        encoded.append((family.encode(model, picture) * model.config.scaling_factor).half().cpu())
        if len(encoded) % 1024 == 0 or len(encoded) == count:
            print(f"latents of {pixels} px: {len(encoded)} of {count}", flush=True)
            torch.save(torch.cat(encoded), file.with_suffix(".new"))
            file.with_suffix(".new").replace(file)
    return torch.cat(encoded)


def prepare(transformer):
    """A start that learns sooner than diffusers' own: Xavier linears, small conditioning, an output of zero."""
    for name, module in transformer.named_modules():
        if isinstance(module, torch.nn.Linear):
            if "adaln_single" in name or "time_embed" in name:
                torch.nn.init.normal_(module.weight, std=0.02)
            else:
                torch.nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                torch.nn.init.zeros_(module.bias)
    with torch.no_grad():
        for block in transformer.transformer_blocks:
            block.scale_shift_table[[2, 5]] += 0.3  # the gates
    torch.nn.init.zeros_(transformer.proj_out.weight)
    torch.nn.init.zeros_(transformer.proj_out.bias)


def plain_attention(q, k, v, attn_mask=None, **_):
    """softmax(q kᵀ / √d) v. On a CPU the backward pass of PyTorch's fused attention takes a fifth of a step more than this."""
    scores = q * q.shape[-1] ** -0.5 @ k.transpose(-1, -2)
    if attn_mask is not None:
        scores = scores + attn_mask.to(scores.dtype)
    return scores.softmax(-1).to(v.dtype) @ v


class MapHead(torch.nn.Module):
    """Tokens [n, tokens, width] after some block -> logits [n, shapes + colours, MAP_CELLS, MAP_CELLS] of what covers each cell."""

    def __init__(self, transformer, width, side):
        super().__init__()
        self.linear = torch.nn.Linear(width, len(scenes.SHAPES + tuple(scenes.COLOURS)) * (MAP_CELLS // side) ** 2)
        self.tokens = None
        transformer.transformer_blocks[MAP_BLOCK - 1].register_forward_hook(self.keep)

    def keep(self, module, inputs, output):
        self.tokens = output

    def forward(self):
        side = math.isqrt(self.tokens.shape[1])
        cells = self.linear(self.tokens).view(len(self.tokens), side, side, -1).permute(0, 3, 1, 2)
        return nn.pixel_shuffle(cells, math.isqrt(cells.shape[1] // len(scenes.SHAPES + tuple(scenes.COLOURS))))


class Optimizers:
    """Muon for the blocks' matrices, AdamW for the rest; one interface. Rates are not part of the state."""

    def __init__(self, modules, rate, muon_rate):
        matrices, others = [], []
        for module in modules.values():
            for name, parameter in module.named_parameters():
                (matrices if parameter.ndim == 2 and "blocks" in name and "table" not in name else others).append(parameter)
        self.all = [torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.99), weight_decay=0.01),
                    torch.optim.Muon(matrices, lr=muon_rate, weight_decay=0.01, momentum=0.95, adjust_lr_fn="match_rms_adamw")]
        self.rates = (rate, muon_rate)
        self.parameters = matrices + others

    def step(self, factor):
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for optimizer, rate in zip(self.all, self.rates):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
            optimizer.step()
            optimizer.zero_grad()

    def state_dict(self):
        return {str(index): optimizer.state_dict() for index, optimizer in enumerate(self.all)}

    def load_state_dict(self, state):
        for index, optimizer in enumerate(self.all):
            optimizer.load_state_dict(state[str(index)])


class Batch:
    """What one step sees; a function of (seed, step)."""

    def __init__(self, family, latents, step, size):
        rng = np.random.default_rng([SEED, 1, step])
        drawn = np.array([some_scene(rng, len(latents)) for _ in range(size)])
        found = [scene_of(index) for index in drawn]
        self.captions = ["" if rng.random() < CAPTION_DROPPED else captions.caption(scene, rng) for scene in found]
        self.maps = torch.from_numpy(np.stack([scenes.scene_map(scene, MAP_CELLS) for scene in found])).to(training.device())
        times = torch.from_numpy((rng.permutation(size) + rng.random(size)) / size).float().to(training.device())
        noise = torch.randn(size, *latents.shape[1:], generator=torch.Generator().manual_seed(step)).to(training.device())
        clean = latents[torch.from_numpy(drawn)].float().to(training.device())
        self.noisy, self.timesteps, self.target = family.noised(clean, noise, times)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("family", choices=FAMILIES)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--steps", type=int, default=20000)
    arguments.add_argument("--finish", type=int, default=0)
    arguments.add_argument("--new", action="store_true", help="start from nothing, not from what demo/ ships")
    arguments.add_argument("--rate", type=float, default=1e-3, help="AdamW's")
    arguments.add_argument("--muon-rate", type=float, default=2e-3)
    arguments.add_argument("--encode", action="store_true", help="only encode the scenes, while something else trains")
    flags = arguments.parse_args()
    torch.set_num_threads(flags.threads)
    torch.manual_seed(SEED)
    if training.device().type == "cpu":
        nn.scaled_dot_product_attention = plain_attention
    family = FAMILIES[flags.family]()
    if flags.encode:
        cached_latents(family, autoencoder_of(family).to(training.device()), family.pixels, SCENES)
        return

    tokenizer, text_encoder = text_of(family)
    text_encoder.to(training.device())
    transformer = transformer_of(family, flags.new)
    config = transformer.config
    head = MapHead(transformer, config.num_attention_heads * config.attention_head_dim, config.sample_size // config.patch_size)
    modules = {"transformer": transformer, "head": head}
    for module in modules.values():
        module.to(training.device()).train()
    optimizers = Optimizers(modules, flags.rate, flags.muon_rate)
    average = training.Ema(transformer, 0.9985)
    name = f"transformer_{family.name}"
    parts = modules | {"average": average, "optimizers": optimizers}
    first = 0 if flags.new else SMALL_STEPS
    this = training.Run(f"finished_{family.name}", parts, first, copy_of=name) if flags.finish else training.Run(name, parts, first)
    steps = this.origin + flags.finish if flags.finish else flags.steps

    autoencoder = autoencoder_of(family).to(training.device())
    small = cached_latents(family, autoencoder, family.pixels // 2, SMALL_SCENES) if this.step < SMALL_STEPS else None
    large = None
    sums = {"loss": 0.0, "map_loss": 0.0}
    while this.step < steps:
        if this.step >= SMALL_STEPS and large is None:
            large = cached_latents(family, autoencoder, family.pixels, SCENES)
        latents, size = (small, SMALL_BATCH) if this.step < SMALL_STEPS else (large, BATCH)
        batch = Batch(family, latents, this.step, size)
        with torch.autocast(training.device().type, torch.bfloat16):
            text, mask = family.read(tokenizer, text_encoder, batch.captions, instructed=this.step % 2 == 0)
            answer = family.predict(transformer, batch.noisy, batch.timesteps, text, mask)
            map_logits = head()
        loss = nn.mse_loss(answer.float(), batch.target)
        map_loss = nn.binary_cross_entropy_with_logits(map_logits.float(), nn.adaptive_avg_pool2d(batch.maps, map_logits.shape[-1]))
        (loss + MAP_WEIGHT * map_loss).backward()
        falling = min(1, (steps - this.step) / flags.finish) if flags.finish else 1
        optimizers.step(min(falling, (this.step - this.origin + 1) / 100))
        average.update(transformer, this.step)
        this.step += 1
        sums["loss"] += loss.item() / 50
        sums["map_loss"] += map_loss.item() / 50
        if this.step % 50 == 0:
            this.report(**sums)
            sums = dict.fromkeys(sums, 0.0)
        if this.step % 250 == 0 or this.step == steps:
            this.save()


if __name__ == "__main__":
    main()
