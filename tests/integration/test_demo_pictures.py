"""diffusers and stampd paint the same pictures from the demo models: tests/reference/make_demo_pictures.py recorded diffusers'."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import decode
from programs import Stampd

ROOT = Path(__file__).resolve().parents[2]
MODELS = ["pixart-shapes", "sana-shapes"]
RECORDED = sorted((ROOT / "tests" / "data" / "demo").glob("*/*.json"))


@pytest.fixture(scope="module")
def demo():
    flags = [f"--model={name}={ROOT / 'demo' / name},precision=fp32" for name in MODELS]
    with Stampd(*flags) as running, connect(running) as channel:
        yield text_to_image_pb2_grpc.TextToImageStub(channel)


@pytest.mark.parametrize("model", MODELS)
def test_there_are_recorded_pictures(model):
    assert sum(file.parent.name == model for file in RECORDED) >= 2


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_stampd_paints_what_diffusers_paints(demo, file):
    asked = json.loads(file.read_text())
    response = demo.Generate(pb.GenerateRequest(**asked, model=file.parent.name, use_resolution_binning=False))
    painted, recorded = decode(response.images[0]).astype(int), np.asarray(Image.open(file.with_suffix(".png"))).astype(int)
    assert painted.shape == recorded.shape
    assert np.mean(np.abs(painted - recorded) <= 1) >= 0.999
