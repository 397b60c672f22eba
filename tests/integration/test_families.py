"""Every family behind one server: all paint, and all refuse in the same words."""

import re

import pytest
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import decode, request
from programs import Stampd, run
from test_refusals import INVALID, STREAM, UNARY, refusal

FAMILIES = {"tiny-pixart": "PixArtSigmaPipeline", "tiny-sana": "SanaPipeline", "tiny-sana-sprint": "SanaSprintPipeline"}


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    """A stub, and ListModels' answer by name."""
    flags = []
    for preset in FAMILIES:
        folder = tmp_path_factory.mktemp("families") / preset
        made = run("STAMPQ", "random", "--preset", preset, "-o", folder)
        assert made.returncode == 0, made.stderr
        flags.append(f"--model={preset}={folder},precision=fp32+w4a4,recipe={narrow_recipe(folder.parent)}")
    with Stampd(*flags) as server, connect(server) as channel:
        stub = text_to_image_pb2_grpc.TextToImageStub(channel)
        yield stub, {model.name: model for model in stub.ListModels(pb.ListModelsRequest()).models}


def narrow_recipe(folder):
    """The preset's, for networks that its Hadamard blocks don't divide."""
    file = folder / "recipe.json"
    file.write_text('{"quant_method": "stamp", "version": 1, "name": "narrow", "hadamard_block": 8}')
    return file


def in_words(wish, call):
    """The code and what is said of each field, less the numbers and names that are the model's own."""
    code, _, details = refusal(lambda: call(wish))
    violations = next(detail for kind, detail in details.items() if kind.DESCRIPTOR.name == "BadRequest").field_violations
    return code, [(v.field, re.sub(r"one of:? .*", "one of …", re.sub(r"-?\d[\d.e+]*", "#", v.description))) for v in violations]


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "tiny-pixart"])
@pytest.mark.parametrize("row", (UNARY | STREAM).items(), ids=lambda row: row[0])
def test_all_refuse_in_pixarts_words(hosted, name, row):
    stub, models = hosted
    title, (fields, _, _) = row
    call = (lambda wish: list(stub.GenerateStream(wish))) if title in STREAM else stub.Generate

    def said(model):
        own = fields(models[model]) if callable(fields) else fields
        return in_words(request(**own, model=model), call)

    assert said(name) == said("tiny-pixart")


@pytest.mark.parametrize("precision", ["fp32", "w4a4"])
@pytest.mark.parametrize("name", FAMILIES)
def test_all_paint(hosted, name, precision):
    stub, models = hosted
    assert models[name].family == FAMILIES[name]
    side = models[name].limits.size_multiple * 2
    reply = stub.Generate(pb.GenerateRequest(prompt="a cat", model=name, width=side, height=2 * side, num_images=2, seed=3, precision=precision,
                                             use_resolution_binning=False))
    assert (reply.steps, reply.precision) == (models[name].defaults.steps, precision)
    first, second = (decode(image) for image in reply.images)
    assert first.shape == (2 * side, side, 3)
    assert first.std() > 1 and (first != second).any()


def test_sprint_takes_no_negative_prompt(hosted):
    stub, models = hosted
    assert [name for name, model in models.items() if model.guidance_embedded] == ["tiny-sana-sprint"]
    code, words = in_words(request(model="tiny-sana-sprint", negative_prompt="blurry"), stub.Generate)
    assert (code, [field for field, _ in words]) == (INVALID, ["negative_prompt"])
