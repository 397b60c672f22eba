"""Every bad field: its code, and the rich details that name it."""

import math

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import endless, request
from programs import Stampd

INVALID = grpc.StatusCode.INVALID_ARGUMENT
BEYOND = grpc.StatusCode.OUT_OF_RANGE

# (fields, code, what BadRequest must name); a callable is given the model's ModelInfo. Each row is wrong in that field only.
UNARY = {
    "negative width": (dict(width=-64), INVALID, ["width"]),
    "negative height": (dict(height=-1), INVALID, ["height"]),
    "narrow": (lambda m: dict(width=m.limits.min_side - 1), BEYOND, ["width"]),
    "wide": (lambda m: dict(width=m.limits.max_side + m.limits.size_multiple), BEYOND, ["width"]),
    "high": (dict(height=2**31 - 1), BEYOND, ["height"]),
    "too many pixels": (lambda m: dict(width=m.limits.max_side, height=m.limits.max_side), BEYOND, ["width"]),
    "not a multiple": (lambda m: dict(width=m.defaults.width - 1, use_resolution_binning=False), INVALID, ["width"]),
    "negative steps": (dict(steps=-1), INVALID, ["steps"]),
    "many steps": (lambda m: dict(steps=m.limits.max_steps + 1), BEYOND, ["steps"]),
    "negative guidance": (dict(guidance_scale=-0.5), INVALID, ["guidance_scale"]),
    "guidance not a number": (dict(guidance_scale=math.nan), INVALID, ["guidance_scale"]),
    "infinite guidance": (dict(guidance_scale=math.inf), INVALID, ["guidance_scale"]),
    "strong guidance": (lambda m: dict(guidance_scale=m.limits.max_guidance_scale * 1.01), BEYOND, ["guidance_scale"]),
    "negative count": (dict(num_images=-1), INVALID, ["num_images"]),
    "many pictures": (lambda m: dict(num_images=m.limits.max_images + 1), BEYOND, ["num_images"]),
    "unknown format": (dict(output=dict(format=99)), INVALID, ["output.format"]),
    "quality of a PNG": (dict(output=dict(format=pb.PNG, quality=90)), INVALID, ["output.quality"]),
    "quality 0": (dict(output=dict(format=pb.JPEG, quality=0)), INVALID, ["output.quality"]),
    "quality 101": (dict(output=dict(format=pb.WEBP, quality=101)), INVALID, ["output.quality"]),
    "metadata in bare bytes": (dict(output=dict(format=pb.RGB8, embed_metadata=True)), INVALID, ["output.embed_metadata"]),
    "metadata in a latent": (dict(output=dict(format=pb.LATENT_F32, embed_metadata=True)), INVALID, ["output.embed_metadata"]),
    "unknown precision": (dict(precision="int3"), INVALID, ["precision"]),
    "unknown scheduler": (dict(scheduler="nosuch"), INVALID, ["scheduler"]),
    "long prompt": (lambda m: dict(prompt="a" * (m.limits.max_prompt_bytes + 1)), BEYOND, ["prompt"]),
    "a MiB of prompt": (dict(prompt="a" * 2**20), BEYOND, ["prompt"]),
    "long negative prompt": (lambda m: dict(negative_prompt="a" * (m.limits.max_prompt_bytes + 1)), BEYOND, ["negative_prompt"]),
    "preview in a unary call": (dict(preview=dict(every_n_steps=1)), INVALID, ["preview"]),
    "several": (dict(width=-1, steps=-1, guidance_scale=math.nan, scheduler="x"), INVALID, ["width", "steps", "guidance_scale", "scheduler"]),
    "wrong and beyond": (dict(width=-1, steps=2**31 - 1), INVALID, ["width", "steps"]),
    "several beyond": (dict(width=2**31 - 1, num_images=2**31 - 1), BEYOND, ["width", "num_images"]),
}

STREAM = {
    "negative interval": (dict(preview=dict(every_n_steps=-1)), INVALID, ["preview.every_n_steps"]),
    "fewer than no pixels": (dict(preview=dict(every_n_steps=1, max_side=-1)), INVALID, ["preview.max_side"]),
    "more than steps": (dict(steps=4, preview=dict(every_n_steps=5)), INVALID, ["preview.every_n_steps"]),
    "large preview": (lambda m: dict(preview=dict(every_n_steps=1, max_side=m.limits.max_preview_side + 1)), BEYOND, ["preview.max_side"]),
}


def refusal(call):
    """(code, rich status, {type: detail})"""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    rich = rpc_status.from_call(caught.value)
    assert rich is not None, f"no details: {caught.value}"
    assert rich.code == caught.value.code().value[0]
    assert rich.message == caught.value.details()
    details = {}
    for packed in rich.details:
        kind = getattr(error_details_pb2, packed.TypeName().rpartition(".")[2])
        details[kind] = kind()
        assert packed.Unpack(details[kind])
    return caught.value.code(), rich, details


def check_row(model, row, call):
    fields, code, names = row
    wish = request(request_id="refuse me", **(fields(model) if callable(fields) else fields))
    found, _, details = refusal(lambda: call(wish))
    assert found == code
    violations = details[error_details_pb2.BadRequest].field_violations
    assert sorted(violation.field for violation in violations) == sorted(names)
    assert all("expected" in violation.description for violation in violations)
    assert details[error_details_pb2.ErrorInfo].domain == "stampd"
    assert details[error_details_pb2.RequestInfo].request_id == "refuse me"


@pytest.mark.parametrize("row", UNARY.values(), ids=UNARY.keys())
def test_generate_names_every_wrong_field(stub, model, row):
    check_row(model, row, stub.Generate)


@pytest.mark.parametrize("row", STREAM.values(), ids=STREAM.keys())
def test_generate_stream_names_every_wrong_field(stub, model, row):
    check_row(model, row, lambda wish: list(stub.GenerateStream(wish)))


@pytest.mark.parametrize("request_id", ["a" * 65, "tab\t", "é", "new\nline"])
def test_a_request_id_is_64_printable_characters(stub, request_id):
    code, _, details = refusal(lambda: stub.Generate(request(request_id=request_id)))
    assert code == INVALID
    assert [violation.field for violation in details[error_details_pb2.BadRequest].field_violations] == ["request_id"]
    assert details[error_details_pb2.RequestInfo].request_id not in ("", request_id)


def test_the_largest_values_allowed_are_allowed(stub, model):
    limits = model.limits
    reply = stub.Generate(request(prompt="a" * limits.max_prompt_bytes, guidance_scale=limits.max_guidance_scale, num_images=limits.max_images,
                                  request_id="x" * 64, width=limits.max_side, height=limits.max_pixels // limits.max_side, steps=1))
    assert len(reply.images) == limits.max_images


def test_an_unknown_model_is_named(stub):
    code, _, details = refusal(lambda: stub.Generate(request(model="nosuch")))
    assert code == grpc.StatusCode.NOT_FOUND
    assert details[error_details_pb2.ResourceInfo].resource_name == "nosuch"


def test_a_precision_that_is_not_loaded_is_a_failed_precondition(stub):
    code, _, details = refusal(lambda: stub.Generate(request(precision="fp16")))
    assert code == grpc.StatusCode.FAILED_PRECONDITION
    assert details[error_details_pb2.ErrorInfo].domain == "stampd"


def raw_call(channel, data):
    """Bytes that are no GenerateRequest, past the stubs."""
    call = channel.unary_unary("/stampd.v1.TextToImage/Generate", request_serializer=bytes, response_deserializer=bytes)
    with pytest.raises(grpc.RpcError) as caught:
        call(data)
    return caught.value.code()


def test_bytes_that_are_no_request_are_refused_and_do_no_harm(channel, stub):
    field = pb.GenerateRequest.DESCRIPTOR.fields_by_name["prompt"].number
    not_utf8 = bytes([field << 3 | 2, 2, 0xC3, 0x28])
    for data in (b"\xff" * 40, not_utf8):
        assert raw_call(channel, data) == INVALID
    assert stub.Generate(request()).images


def test_a_message_above_the_limit_is_refused_before_it_is_read(channel, stub):
    assert raw_call(channel, pb.GenerateRequest(prompt="a" * (8 << 20)).SerializeToString()) == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert stub.Generate(request()).images


def test_a_full_queue_says_when_to_come_back(checkpoint):
    with Stampd("--model", f"tiny={checkpoint},precision=fp32", "--max-queue", 1) as server, connect(server) as channel:
        stub = text_to_image_pb2_grpc.TextToImageStub(channel)
        model = stub.ListModels(pb.ListModelsRequest()).models[0]
        assert model.limits.max_queue == 1
        running = stub.GenerateStream(endless(model))
        while next(running).WhichOneof("event") != "progress":
            pass
        waiting = stub.GenerateStream(endless(model))
        assert next(waiting).WhichOneof("event") == "accepted"
        code, _, details = refusal(lambda: stub.Generate(request()))
        running.cancel()
        waiting.cancel()
        assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert details[error_details_pb2.RetryInfo].retry_delay.ToMilliseconds() > 0
