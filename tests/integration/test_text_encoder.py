"""A server whose text encoder is quantized: less memory, nearly the same pictures."""

from pathlib import Path

import numpy as np
import pytest
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import pixels
from programs import Stampd, run

DEMO = Path(__file__).resolve().parents[2] / "demo" / "pixart-shapes"
PROMPT = "a red circle in the center on a blue background"
# The least PSNR, in dB, of pictures against those with the plain encoder.
RECIPES = {"text-w8a8": 40, "text-w4a8": 25}


@pytest.fixture(scope="module")
def stub(tmp_path_factory):
    models = {"plain": DEMO}
    for recipe in RECIPES:
        models[recipe] = tmp_path_factory.mktemp("quantized") / recipe
        made = run("STAMPQ", "quantize", DEMO, "-o", models[recipe], "--recipe", "none", "--text-recipe", recipe)
        assert made.returncode == 0, made.stderr
        assert made.stdout.startswith("text_encoder: 14 linears"), made.stdout
        assert recipe in run("STAMPQ", "inspect", models[recipe]).stdout
    flags = (part for name, folder in models.items() for part in ("--model", f"{name}={folder},precision=fp32"))
    with Stampd(*flags) as server, connect(server) as channel:
        yield text_to_image_pb2_grpc.TextToImageStub(channel)


def test_it_takes_less_memory(stub):
    resident = {model.name: model.resident_bytes for model in stub.ListModels(pb.ListModelsRequest()).models}
    assert resident["text-w4a8"] < resident["text-w8a8"] < resident["plain"]


@pytest.mark.parametrize("recipe", RECIPES)
def test_pictures_stay_close(stub, recipe):
    def paint(model):
        asked = pb.GenerateRequest(model=model, prompt=PROMPT, seed=1000, steps=8, output={"format": pb.RGB8})
        return pixels(stub.Generate(asked).images[0]).astype(float)

    error = np.mean((paint(recipe) - paint("plain")) ** 2)
    assert 0 < error and 10 * np.log10(255**2 / error) > RECIPES[recipe]
