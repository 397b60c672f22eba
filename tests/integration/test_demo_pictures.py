"""diffusers and stampd paint the same pictures from the demo model: tests/reference/make_demo_pictures.py recorded diffusers'."""

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
RECORDED = sorted((ROOT / "tests" / "data" / "demo" / "pixart-shapes").glob("*.json"))


@pytest.fixture(scope="module")
def demo():
    with Stampd("--model", f"shapes={ROOT / 'demo' / 'pixart-shapes'},precision=fp32") as running, connect(running) as channel:
        yield text_to_image_pb2_grpc.TextToImageStub(channel)


def test_there_are_recorded_pictures():
    assert len(RECORDED) >= 2


@pytest.mark.parametrize("file", RECORDED, ids=lambda file: file.stem)
def test_stampd_paints_what_diffusers_paints(demo, file):
    asked = json.loads(file.read_text())
    response = demo.Generate(pb.GenerateRequest(**asked, use_resolution_binning=False))
    painted, recorded = decode(response.images[0]).astype(int), np.asarray(Image.open(file.with_suffix(".png"))).astype(int)
    assert painted.shape == recorded.shape
    assert np.mean(np.abs(painted - recorded) <= 1) >= 0.999
