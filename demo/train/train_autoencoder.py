#!/usr/bin/env python3
"""Trains one of the two autoencoders on drawn pictures: AutoencoderKL (8×, for PixArt) or AutoencoderDC (32×, for SANA).

Most steps see small windows around the objects' outlines, where the detail is; whole pictures come last. Every step's data follow from
(seed, step), so a training that was stopped goes on as if it had not been. Accept the result on what `evaluate.py` says of its
reconstructions, not on PSNR.

Usage: train_autoencoder.py kl|dc [--threads N] [--steps N]     goes on where it stopped; done when the steps are
"""

import argparse
import math

import numpy as np
import torch
import torch.nn.functional as functional
from diffusers import AutoencoderDC, AutoencoderKL

import run as training
import scenes

SEED = 1
# Per autoencoder: the picture's side, the steps, the phases as (until share of the steps, batch, side of the window), and the share of
# the steps after which the encoder stays as it is: the transformer can start to learn its latents while the decoder gets better.
PLANS = {
    "kl": {"pixels": 256, "steps": 4000, "rate": 1.5e-3, "frozen": 0.55,
           "phases": ((0.38, 8, 64), (0.5, 4, 128), (0.55, 2, 256), (0.9, 4, 128), (1.0, 2, 256))},
    "dc": {"pixels": 512, "steps": 3500, "rate": 1.5e-3, "frozen": 1.0, "phases": ((0.5, 4, 128), (0.88, 3, 192), (0.97, 2, 256), (1.0, 1, 512))},
}


def kl_model():
    model = AutoencoderKL(in_channels=3, out_channels=3, latent_channels=4, layers_per_block=1, norm_num_groups=2, sample_size=256,
                          down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4,
                          block_out_channels=(16, 16, 32, 64))
    for name, parameter in model.named_parameters():  # diffusers' own start is so small that the norms at the end see noise for minutes
        if parameter.ndim == 4 and "conv2" not in name:
            torch.nn.init.kaiming_normal_(parameter, nonlinearity="linear")
    with torch.no_grad():  # little noise on the latents at first, whatever the picture: its level is learned later
        model.quant_conv.weight[4:].zero_()
        model.quant_conv.bias[4:].fill_(-5)
    return model


def dc_model():
    residual, transformer = "ResBlock", "EfficientViTBlock"
    blocks = (residual,) * 4 + (transformer,) * 2
    channels, layers = (16, 32, 32, 64, 64, 128), (1, 1, 1, 1, 1, 1)
    return AutoencoderDC(in_channels=3, latent_channels=32, attention_head_dim=32, encoder_block_types=blocks, decoder_block_types=blocks,
                         encoder_block_out_channels=channels, decoder_block_out_channels=channels,
                         encoder_layers_per_block=(0,) + layers[1:], decoder_layers_per_block=(0,) + layers[1:],
                         encoder_qkv_multiscales=((), (), (), (), (5,), (5,)), decoder_qkv_multiscales=((), (), (), (), (5,), (5,)),
                         upsample_block_type="interpolate", downsample_block_type="stride_conv")


def build(kind):
    torch.manual_seed(SEED)
    return kl_model() if kind == "kl" else dc_model()


def state_file(kind):
    return training.RUNS / f"autoencoder_{kind}" / "state.pt"


def trained(kind):
    """The averaged weights of the training so far, for inference."""
    model = build(kind)
    state = torch.load(state_file(kind), map_location="cpu", weights_only=True)
    model.load_state_dict(state["average"])
    return model.eval().requires_grad_(False)


def windows(rng, pixels, batch, side):
    """Pictures' windows [batch, 3, side, side] in [-1, 1]; three in four are centred on an object's outline."""
    pictures = []
    for _ in range(batch):
        scene = scenes.random_scene(rng, pairs=0.5)
        if rng.random() < 0.75:
            item = scene.objects[rng.integers(len(scene.objects))]
            angle, reach = rng.uniform(0, 2 * math.pi), item.radius * rng.uniform(0.3, 1.05)
            centre = np.array([item.x + reach * math.cos(angle), item.y + reach * math.sin(angle)]) * pixels
        else:
            centre = rng.uniform(0, pixels, 2)
        left, top = np.clip(centre - side / 2, 0, pixels - side).astype(int)
        pictures.append(scenes.draw(scene, pixels, int(left), int(top), side))
    return torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2) * 2 - 1


def detail(picture):
    return picture[..., :, 1:] - picture[..., :, :-1], picture[..., 1:, :] - picture[..., :-1, :]


def freeze_encoder(model):
    for name, parameter in model.named_parameters():
        if name.startswith(("encoder.", "quant_conv.")):
            parameter.requires_grad_(False)
            parameter.grad = None


def loss_of(kind, model, pictures):
    if kind == "kl":
        posterior = model.encode(pictures).latent_dist
        decoded = model.decode(posterior.sample()).sample
        penalty = 2e-4 * posterior.kl().mean() / posterior.mean[0].numel()
    else:
        latents = model.encode(pictures).latent
        decoded = model.decode(latents).sample
        spread = latents.std(dim=(0, 2, 3))  # keeps the channels' scales together: diffusion adds the same noise to all of them
        penalty = 2e-3 * latents.square().mean() + 4e-3 * functional.relu(spread - 1.5).square().mean()
    edges = sum((a - b).abs().mean() for a, b in zip(detail(decoded), detail(pictures)))
    return (decoded - pictures).abs().mean() + 0.5 * edges + penalty


@torch.no_grad()
def psnr_db(model, pixels, count=8):
    rng = np.random.default_rng([SEED, 0, 99])
    errors = []
    for _ in range(count):
        pictures = torch.from_numpy(scenes.draw(scenes.random_scene(rng, 0.5, held_out=True), pixels)).permute(2, 0, 1)[None] * 2 - 1
        pictures = pictures.to(training.device())
        latents = model.encode(pictures)
        decoded = model.decode(latents.latent_dist.mean if hasattr(latents, "latent_dist") else latents.latent).sample
        errors.append((decoded.clamp(-1, 1) - pictures).square().mean() / 4)
    return -10 * torch.stack(errors).mean().log10().item()


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("kind", choices=PLANS)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--steps", type=int, help="another length of the training than the plan's")
    flags = arguments.parse_args()
    torch.set_num_threads(flags.threads)
    plan = PLANS[flags.kind]
    steps = flags.steps or plan["steps"]
    frozen = round(plan["frozen"] * steps)

    model = build(flags.kind).to(training.device())
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan["rate"], betas=(0.9, 0.99), weight_decay=0)
    average = training.Ema(model, 0.995)
    this = training.Run(f"autoencoder_{flags.kind}", {"model": model, "optimizer": optimizer, "average": average})
    while this.step < steps:
        if this.step == frozen:
            model.load_state_dict(average.state_dict())
        if this.step >= frozen:
            freeze_encoder(model)
        _, batch, side = next(phase for phase in plan["phases"] if this.step < phase[0] * steps)
        pictures = windows(np.random.default_rng([SEED, 1, this.step]), plan["pixels"], batch, side).to(training.device())
        for group in optimizer.param_groups:
            group["lr"] = plan["rate"] * training.cosine(this.step, steps)
        loss = loss_of(flags.kind, model, pictures)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        average.update(model, this.step)
        this.step += 1
        if this.step % 250 == 0 or this.step in (steps, frozen):
            averaged = build(flags.kind).to(training.device())
            averaged.load_state_dict(average.state_dict())
            this.report(loss=loss.item(), psnr_db=psnr_db(averaged, plan["pixels"]))
            this.save()


if __name__ == "__main__":
    main()
