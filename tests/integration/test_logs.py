"""The log: one line a request, readable by machines, silent about what people typed."""

import json

import grpc
import pytest
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import request
from programs import Stampd

SECRET = "a prompt that nobody else should read"


@pytest.fixture(scope="module")
def log(checkpoint):
    """The JSON lines of a server that had one good, one bad and one nameless request."""
    with Stampd("--model", f"tiny={checkpoint},precision=fp32", "--log-format", "json") as server, connect(server) as channel:
        stub = text_to_image_pb2_grpc.TextToImageStub(channel)
        stub.Generate(request(prompt=SECRET, request_id="good"))
        with pytest.raises(grpc.RpcError):
            stub.Generate(request(prompt=SECRET, request_id="bad", steps=-1))
        stub.Generate(request(prompt=SECRET), metadata=[("x-request-id", "from-metadata")])
    return server.log


def lines_of(log, request_id):
    return [line for line in map(json.loads, log) if line.get("request_id") == request_id]


def test_every_line_is_json_with_a_time_and_a_level(log):
    for line in map(json.loads, log):
        assert {"time", "level", "event"} <= line.keys()


@pytest.mark.parametrize("request_id, code", [("good", "OK"), ("bad", "INVALID_ARGUMENT"), ("from-metadata", "OK")])
def test_a_request_is_one_line(log, request_id, code):
    (line,) = lines_of(log, request_id)
    assert (line["code"], line["method"], line["model"]) == (code, "Generate", "tiny")
    assert line["seconds"] >= 0


def test_a_refusal_says_why(log):
    (line,) = lines_of(log, "bad")
    assert "steps" in line["error"]


def test_prompts_are_not_logged(log):
    assert not any(SECRET in line for line in log)
