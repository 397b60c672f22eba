"""ListModels, and servers with several models."""

import pytest
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import request
from programs import Stampd, run


def test_every_default_is_within_its_limits(model):
    defaults, limits = model.defaults, model.limits
    assert limits.min_side <= defaults.width <= limits.max_side
    assert limits.min_side <= defaults.height <= limits.max_side
    assert defaults.width * defaults.height <= limits.max_pixels
    assert defaults.width % limits.size_multiple == defaults.height % limits.size_multiple == 0
    assert 1 <= defaults.steps <= limits.max_steps
    assert 0 <= defaults.guidance_scale <= limits.max_guidance_scale
    assert defaults.format == pb.PNG and 1 <= defaults.quality <= 100
    assert min(limits.max_images, limits.max_prompt_bytes, limits.max_prompt_tokens, limits.max_preview_side, limits.max_queue) > 0


def test_the_model_is_identified(model):
    assert (model.name, model.family, model.device) == ("tiny", "PixArtSigmaPipeline", "cpu")
    assert list(model.precisions) == ["fp32"]
    assert model.schedulers
    assert len(model.digest) == 64
    assert 0 < model.parameters * 4 <= model.resident_bytes


def test_stampq_inspect_prints_the_digest_that_replies_carry(checkpoint, model):
    inspected = run("STAMPQ", "inspect", checkpoint)
    assert inspected.returncode == 0, inspected.stderr
    assert model.digest in inspected.stdout


def test_zero_and_absent_mean_the_stated_defaults(stub, model):
    defaults = model.defaults
    bare = pb.GenerateRequest(prompt="a cat", seed=3)
    spelled_out = pb.GenerateRequest(prompt="a cat", seed=3, model=model.name, width=defaults.width, height=defaults.height, steps=defaults.steps,
                                     guidance_scale=defaults.guidance_scale, num_images=1, output={"format": defaults.format},
                                     precision=model.precisions[0], scheduler=model.schedulers[0], clean_caption=defaults.clean_caption,
                                     use_resolution_binning=defaults.use_resolution_binning)
    assert stub.Generate(bare).images == stub.Generate(spelled_out).images


@pytest.fixture(scope="module")
def several(checkpoint):
    models = [f"half={checkpoint},precision=bf16", f"full={checkpoint},precision=fp32", f"assembled={checkpoint},transformer={checkpoint}/transformer"]
    with Stampd(*(part for model in models for part in ("--model", model))) as server, connect(server) as channel:
        yield text_to_image_pb2_grpc.TextToImageStub(channel)


def test_models_are_listed_in_the_order_of_the_flags(several):
    assert [model.name for model in several.ListModels(pb.ListModelsRequest()).models] == ["half", "full", "assembled"]


def test_the_first_model_is_the_default(several):
    assert several.Generate(request()).model == "half"


def test_each_model_answers_in_its_precision(several):
    half, full = (several.Generate(request(model=name, format=pb.LATENT_F32)) for name in ("half", "full"))
    assert (half.precision, full.precision) == ("bf16", "fp32")
    assert half.images[0].data != full.images[0].data


def test_bf16_is_the_default_precision_and_a_component_may_come_from_elsewhere(several):
    half, assembled = (several.Generate(request(model=name)) for name in ("half", "assembled"))
    assert assembled.precision == "bf16"
    assert assembled.images[0].data == half.images[0].data
