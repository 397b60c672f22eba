#!/usr/bin/env python3
"""Makes a family's tokenizer and teaches its text encoder what captions say: shapes, colours, sizes, places, backgrounds.

Minutes of reading alone save the transformer hours: a picture's loss hardly moves with the shape's name, so words learned from pictures
come last. The heads that ask the questions are thrown away; the transformer's training goes on with the encoder.

Usage: train_text_encoder.py pixart|sana [--threads N] [--steps N]
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as functional

import captions
import run as training
import scenes
from families import FAMILIES, TEXT_WIDTH

SEED, BATCH, RATE = 3, 64, 2e-3
NOTHING = 0  # the answer where a caption does not say, or there is no second object

QUESTIONS = {"row": 4, "column": 4, "relation": 3, "shape 0": 6, "colour 0": 9, "shape 1": 6, "colour 1": 9, "background": 9}


def answers(scene):
    """The class of each of QUESTIONS; those that a caption may leave out are asked all the same: the guess then costs the same everywhere."""
    def number(value, values):
        return NOTHING if value is None else 1 + list(values).index(value)
    found = [number(scene.row, scenes.ROWS), number(scene.column, scenes.COLUMNS), number(scene.relation, scenes.RELATIONS)]
    for item in (*scene.objects, None)[:2]:
        found += [number(item and item.shape, scenes.SHAPES), number(item and item.colour, scenes.COLOURS)]
    return found + [list(scenes.BACKGROUND_COLOURS).index(scene.background.colour)]


class Questions(torch.nn.Module):
    """Asks as the transformer's cross-attention will: each question's query looks over the tokens, a linear head reads what it found."""

    def __init__(self):
        super().__init__()
        self.queries = torch.nn.Parameter(torch.randn(len(QUESTIONS), TEXT_WIDTH) / TEXT_WIDTH**0.5)
        self.keys = torch.nn.Linear(TEXT_WIDTH, TEXT_WIDTH)
        self.heads = torch.nn.ModuleList(torch.nn.Linear(TEXT_WIDTH, classes) for classes in QUESTIONS.values())

    def forward(self, states, mask):
        scores = self.keys(states) @ self.queries.T
        weights = scores.masked_fill(mask[..., None] == 0, -1e9).softmax(1)
        found = torch.einsum("ntq,ntw->qnw", weights, states)
        return [head(one) for head, one in zip(self.heads, found)]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("family", choices=FAMILIES)
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--steps", type=int, default=2000)
    flags = arguments.parse_args()
    torch.set_num_threads(flags.threads)
    torch.manual_seed(SEED)
    family = FAMILIES[flags.family]()

    tokenizer_folder = training.RUNS / f"tokenizer_{family.name}"
    vocabulary = family.make_tokenizer(tokenizer_folder)
    tokenizer = family.tokenizer_class.from_pretrained(tokenizer_folder)
    encoder = family.make_text_encoder(vocabulary).to(training.device())
    heads = Questions().to(training.device())
    parameters = [*encoder.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, betas=(0.9, 0.99), weight_decay=0.01)
    this = training.Run(f"text_encoder_{family.name}", {"encoder": encoder, "heads": heads, "optimizer": optimizer})
    while this.step < flags.steps:
        rng = np.random.default_rng([SEED, this.step])
        drawn = [scenes.random_scene(rng, pairs=0.5) for _ in range(BATCH)]
        texts = [captions.caption(scene, rng) for scene in drawn]
        targets = torch.tensor([answers(scene) for scene in drawn], device=training.device())
        states, mask = family.read(tokenizer, encoder, texts)
        guesses = heads(states, mask)
        loss = sum(functional.cross_entropy(guess, target) for guess, target in zip(guesses, targets.T))
        for group in optimizer.param_groups:
            group["lr"] = RATE * training.cosine(this.step, flags.steps)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        this.step += 1
        if this.step % 100 == 0 or this.step == flags.steps:
            right = [(guess.argmax(1) == target).float().mean().item() for guess, target in zip(guesses, targets.T)]
            this.report(loss=loss.item(), **dict(zip(QUESTIONS, right)))
            this.save()


if __name__ == "__main__":
    main()
