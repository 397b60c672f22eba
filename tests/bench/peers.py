#!/usr/bin/env python3
"""stampd beside diffusers and OpenVINO, in one run on one machine: seconds per denoising step, peak memory, and time until ready.

`make bench-peers` calls it. All compute the same request from the same checkpoint folder (`stampq random`: real shapes, random weights) with
the same number of threads, in turns, so that a noisy machine disturbs all alike: stampd in --precision, diffusers in bf16 (in fp32 or fp16 if
that is --precision), OpenVINO, which has the transformer alone, in NNCF's INT8. A step's time is the median over the turns of the last step's
wall time; the first step of a process, which pays for lazy initialisation, is left out.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import grpc
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parents[2]


def stubs():
    """Python stubs of the proto, generated into a temporary folder."""
    out = tempfile.mkdtemp(prefix="stampd-stubs-")
    arguments = ["protoc", f"-I{ROOT / 'proto'}", f"-I{Path(protoc.__file__).parent / '_proto'}", f"--python_out={out}",
                 f"--grpc_python_out={out}", "stampd/v1/text_to_image.proto"]
    if protoc.main(arguments) != 0:
        sys.exit("bench-peers: protoc failed")
    sys.path.insert(0, out)
    from stampd.v1 import text_to_image_pb2, text_to_image_pb2_grpc
    return text_to_image_pb2, text_to_image_pb2_grpc


def native_size(folder):
    """Pixels on a side of the pictures that a pipeline folder's transformer was made for."""
    config = json.loads((folder / "transformer" / "config.json").read_text())
    return config["sample_size"] * (32 if config["_class_name"] == "SanaTransformer2DModel" else 8)


def peak_bytes(pid):
    """Largest resident set so far, of which file-backed pages are shown apart."""
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    kib = {name: int(fields[name].split()[0]) for name in ("VmHWM", "RssAnon", "RssFile")}
    return {"peak": kib["VmHWM"] * 1024, "anonymous_now": kib["RssAnon"] * 1024, "file_now": kib["RssFile"] * 1024}


def run_stampd(options):
    pb, rpc = stubs()
    started = time.perf_counter()
    server = subprocess.Popen([options.stampd, "--model", f"m={options.checkpoint},precision={options.precision}", "--listen",
                               "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True,
                              env=os.environ | {"OMP_NUM_THREADS": str(options.threads)})
    try:
        line = server.stdout.readline()
        ready = time.perf_counter() - started
        address = dict(part.split("=") for part in line.split()[2:])["grpc"]
        channel = grpc.insecure_channel(address, options=[("grpc.max_receive_message_length", -1)])
        stub = rpc.TextToImageStub(channel)
        model = stub.ListModels(pb.ListModelsRequest()).models[0]
        request = pb.GenerateRequest(prompt=options.prompt, width=options.size, height=options.size, steps=options.steps, seed=0,
                                     use_resolution_binning=False)
        stamps, done = [], None
        for event in stub.GenerateStream(request):
            kind = event.WhichOneof("event")
            if kind in ("accepted", "progress"):
                stamps.append(time.perf_counter())
            elif kind == "done":
                done = event.done
        result = {"step_seconds": stamps[-1] - stamps[-2], "ready_seconds": ready, "weights": model.resident_bytes,
                  "decode_seconds": done.timings.decode_seconds, "text_encode_seconds": done.timings.text_encode_seconds}
        return result | peak_bytes(server.pid)
    finally:
        server.terminate()
        server.wait(30)


def run_diffusers(options):
    precision = options.precision if options.precision in ("fp32", "fp16") else "bf16"
    return run_peer(options, "diffusers_step.py", options.checkpoint, precision, str(options.size), str(options.steps), options.prompt)


def run_openvino(options):
    return run_peer(options, "openvino_step.py", options.checkpoint, "int8", str(options.size), str(options.steps))


def run_peer(options, script, *arguments):
    made = subprocess.run([options.peer_python, str(Path(__file__).with_name(script)), *arguments], check=True, stdout=subprocess.PIPE,
                          env=os.environ | {"OMP_NUM_THREADS": str(options.threads)}, text=True)
    return json.loads(made.stdout.splitlines()[-1])


RUNS = {"stampd": run_stampd, "diffusers": run_diffusers, "openvino": run_openvino}


def median(turns, key):
    """Over the turns, or None where a side has no such figure."""
    return statistics.median(turn[key] for turn in turns) if key in turns[0] else None


def cell(value, ours):
    return f"{'':>20}" if value is None else f"{value:12.2f} ({ours / value:4.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stampd", required=True)
    parser.add_argument("--peer-python", required=True)
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--precision", default="w4a4", help="stampd's")
    parser.add_argument("--size", type=int, help="of the picture's sides (default: the model's own)")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--sides", default="stampd,diffusers,openvino", help="which to run, stampd among them")
    parser.add_argument("--prompt", default="a red circle on a blue background")
    options = parser.parse_args()
    options.size = options.size or native_size(Path(options.checkpoint))

    turns = {name: [] for name in options.sides.split(",")}
    for _ in range(options.turns):
        for name, done in turns.items():
            done.append(RUNS[name](options))
    rows = [("seconds per guided step", "step_seconds", 1), ("peak resident MB", "peak", 1e-6), ("VAE decode s", "decode_seconds", 1),
            ("text encode s", "text_encode_seconds", 1), ("ready after s", "ready_seconds", 1)]
    print(f"{options.size} px, stampd {options.precision}, {options.threads} threads, median of {options.turns} turns (stampd's share of it)")
    print(f"{'':26}" + "".join(f"{name:>20}" for name in turns))
    ours = turns["stampd"]
    for title, key, scale in rows:
        own = median(ours, key) * scale
        found = [median(done, key) for done in turns.values()]
        print(f"{title:26}" + "".join(cell(None if value is None else value * scale, own) for value in found))
    weights = ours[0]["weights"] * 1e-6
    print(f"stampd's weights {weights:.0f} MB; at the end {median(ours, 'anonymous_now') * 1e-6:.0f} MB anonymous and "
          f"{median(ours, 'file_now') * 1e-6:.0f} MB file-backed")


if __name__ == "__main__":
    main()
