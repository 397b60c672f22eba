#!/usr/bin/env python3
"""One turn of OpenVINO for peers.py: the transformer's guided steps alone, and the figures as a line of JSON.

The graph is diffusers' own transformer, PixArt's or SANA's, for two rows of one picture, text padded as diffusers' pipeline pads it. INT8 is NNCF's
post-training quantization (weights and activations of 8 bits, symmetric) calibrated on noise, which is enough for its speed. Graphs are
kept in FOLDER/openvino, since making one takes minutes.

Usage: openvino_step.py FOLDER bf16|int8 PIXELS STEPS
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np

os.environ["CI"] = "true"  # to OpenVINO: send no telemetry
import openvino as ov

TEXT_TOKENS = 300
folder, precision, pixels, steps = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])


def is_sana(config):
    return config["_class_name"] == "SanaTransformer2DModel"


def inputs(config, seed):
    side = pixels // (32 if is_sana(config) else 8)
    rng = np.random.default_rng(seed)
    mask = np.zeros((2, TEXT_TOKENS), np.float32)
    mask[:, :12] = 1
    return {"hidden_states": rng.standard_normal((2, config["in_channels"], side, side), np.float32),
            "encoder_hidden_states": rng.standard_normal((2, TEXT_TOKENS, config["caption_channels"]), np.float32),
            "encoder_attention_mask": mask, "timestep": np.full(2, 500.0, np.float32)}


def convert(config):
    import torch
    from diffusers import PixArtTransformer2DModel, SanaTransformer2DModel
    network = SanaTransformer2DModel if is_sana(config) else PixArtTransformer2DModel
    extras = {} if is_sana(config) else {"added_cond_kwargs": {"resolution": None, "aspect_ratio": None}}

    class Denoiser(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = network.from_pretrained(folder / "transformer", torch_dtype=torch.float32).eval()

        def forward(self, hidden_states, encoder_hidden_states, encoder_attention_mask, timestep):
            return self.model(hidden_states, encoder_hidden_states=encoder_hidden_states, encoder_attention_mask=encoder_attention_mask,
                              timestep=timestep, **extras).sample

    example = {name: torch.from_numpy(value) for name, value in inputs(config, 0).items()}
    with torch.no_grad():
        return ov.convert_model(Denoiser(), example_input=example, input=[(name, value.shape) for name, value in example.items()])


def graph(config):
    """The graph's file, made if it is not there."""
    place = folder / "openvino"
    plain, quantized = place / f"{pixels}.xml", place / f"{pixels}-int8.xml"
    if not plain.exists():
        place.mkdir(exist_ok=True)
        ov.save_model(convert(config), plain, compress_to_fp16=True)
    if precision == "int8" and not quantized.exists():
        import nncf
        samples = nncf.Dataset([inputs(config, seed) for seed in range(2)])
        ov.save_model(nncf.quantize(ov.Core().read_model(plain), samples, subset_size=2, model_type=nncf.ModelType.TRANSFORMER), quantized)
    return quantized if precision == "int8" else plain


config = json.loads((folder / "transformer" / "config.json").read_text())
file = graph(config)
started = time.perf_counter()
model = ov.Core().compile_model(file, "CPU", {"INFERENCE_NUM_THREADS": int(os.environ["OMP_NUM_THREADS"]), "PERFORMANCE_HINT": "LATENCY",
                                              "INFERENCE_PRECISION_HINT": "bf16"})
ready = time.perf_counter() - started
request, fed, stamps = model.create_infer_request(), inputs(config, 3), []
for _ in range(steps):
    request.infer(fed)
    stamps.append(time.perf_counter())
with open("/proc/self/status", encoding="ascii") as status:
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
print(json.dumps({"step_seconds": stamps[-1] - stamps[-2], "ready_seconds": ready, "peak": peak}))
