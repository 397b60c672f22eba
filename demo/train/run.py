"""A training that stops at any step and goes on from there: its state on disk, its log, its learning rate."""

import json
import math
import os
import time
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
RUNS = Path(os.environ.get("STAMPD_TRAINING", ROOT / ".training"))  # checkpoints, logs and sheets; not part of the repository


def device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def cosine(step, steps, warm_up=100, floor=0.02):
    """Learning rate's factor: linear warm-up, then a half cosine down to `floor` at `steps`."""
    if step < warm_up:
        return (step + 1) / warm_up
    return floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * min(1, (step - warm_up) / max(1, steps - warm_up))))


class Run:
    """A folder of RUNS with `state.pt` (all that `parts` need to go on) and `log.jsonl` (one line per report).

    A run that is a copy of another starts from the other's state. `origin` is the step at which this one started: `first` without any state.
    """

    def __init__(self, name, parts, first=0, copy_of=None):
        self.folder = RUNS / name
        self.folder.mkdir(parents=True, exist_ok=True)
        self.parts = parts
        self.step, self.seconds, self.origin = first, 0.0, first
        self._since = time.monotonic()
        own, other = self.folder / "state.pt", RUNS / str(copy_of) / "state.pt"
        if own.exists() or (copy_of and other.exists()):
            state = torch.load(own if own.exists() else other, map_location=device(), weights_only=True)
            self.step, self.seconds = state["step"], state["seconds"]
            self.origin = state["origin"] if own.exists() else self.step
            for key, part in parts.items():
                part.load_state_dict(state[key])
            print(f"{name}: going on from step {self.step}", flush=True)

    def elapsed(self):
        """Seconds of training in all sittings."""
        return self.seconds + time.monotonic() - self._since

    def save(self):
        state = {"step": self.step, "seconds": self.elapsed(), "origin": self.origin} | {key: part.state_dict() for key, part in self.parts.items()}
        torch.save(state, self.folder / "state.pt.new")
        (self.folder / "state.pt.new").replace(self.folder / "state.pt")

    def report(self, **figures):
        line = {"step": self.step, "seconds": round(self.elapsed(), 1)} | {key: round(value, 5) for key, value in figures.items()}
        with (self.folder / "log.jsonl").open("a") as log:
            log.write(json.dumps(line) + "\n")
        print(f"{self.folder.name}: " + "  ".join(f"{key} {value}" for key, value in line.items()), flush=True)


class Ema(torch.nn.Module):
    """Exponential moving average of a module's parameters, which is what gets evaluated and shipped; decay min(limit, (1+s)/(10+s))."""

    def __init__(self, module, limit):
        super().__init__()
        self.limit = limit
        self.average = {key: value.detach().clone() for key, value in module.state_dict().items()}

    @torch.no_grad()
    def update(self, module, step):
        decay = min(self.limit, (1 + step) / (10 + step))
        for key, value in module.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - decay)
            else:
                self.average[key].copy_(value)

    def state_dict(self):
        return self.average

    def load_state_dict(self, state):
        for key, value in state.items():
            self.average[key].copy_(value)
