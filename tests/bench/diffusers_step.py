#!/usr/bin/env python3
"""One turn of diffusers for peers.py: paints one picture and prints its figures as a line of JSON."""

import json
import os
import sys
import time

started = time.perf_counter()

import torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging

logging.disable_progress_bar()
folder, precision, size, steps, prompt = sys.argv[1:6]
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
dtype = {"bf16": torch.bfloat16, "fp32": torch.float32, "fp16": torch.float16}[precision]
pipeline = DiffusionPipeline.from_pretrained(folder, torch_dtype=dtype)
pipeline.set_progress_bar_config(disable=True)
ready = time.perf_counter() - started

times = {}


def timed(module, method, name):
    call = getattr(module, method)

    def wrapped(*args, **kwargs):
        begin = time.perf_counter()
        result = call(*args, **kwargs)
        times[name] = times.get(name, 0) + time.perf_counter() - begin
        return result

    setattr(module, method, wrapped)


timed(pipeline, "encode_prompt", "text_encode_seconds")
timed(pipeline.vae, "decode", "decode_seconds")
stamps, step = [], pipeline.scheduler.step


def stamped(*args, **kwargs):
    result = step(*args, **kwargs)
    stamps.append(time.perf_counter())
    return result


pipeline.scheduler.step = stamped  # the last thing that a step does
pipeline(prompt, width=int(size), height=int(size), num_inference_steps=int(steps), use_resolution_binning=False,
         generator=torch.Generator().manual_seed(0))
with open("/proc/self/status", encoding="ascii") as status:
    peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
print(json.dumps({"step_seconds": stamps[-1] - stamps[-2], "ready_seconds": ready, "peak": peak} | times))
