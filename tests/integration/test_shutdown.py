"""SIGTERM: what was accepted is finished, what comes later is refused, and a second signal means now."""

import time

import grpc
import pytest
from google.rpc import error_details_pb2
from grpc_status import rpc_status
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from pictures import endless, request
from programs import Stampd


@pytest.fixture
def own_server(checkpoint):
    """One that the test may end; it is killed if the test forgets."""
    server = Stampd("--model", f"tiny={checkpoint},precision=fp32")
    yield server
    server.process.kill()
    server.wait()


@pytest.fixture
def own_stub(own_server):
    with connect(own_server) as channel:
        yield text_to_image_pb2_grpc.TextToImageStub(channel)


def until_progress(call):
    for event in call:
        if event.WhichOneof("event") == "progress":
            return
    raise AssertionError("no progress came")


def test_an_idle_server_goes_at_once(own_server):
    began = time.monotonic()
    own_server.stop()
    assert time.monotonic() - began < 10


def test_a_running_request_is_finished(own_server, own_stub):
    call = own_stub.GenerateStream(request(steps=200))
    until_progress(call)
    own_server.terminate()
    kinds = [event.WhichOneof("event") for event in call]
    assert kinds[-2:] == ["image", "done"]
    assert own_server.wait() == 0


def test_new_requests_are_refused_while_old_ones_finish(own_server, own_stub):
    model = own_stub.ListModels(pb.ListModelsRequest()).models[0]
    running = own_stub.GenerateStream(endless(model))
    until_progress(running)
    own_server.terminate()
    time.sleep(0.5)
    with pytest.raises(grpc.RpcError) as error:
        own_stub.Generate(request())
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    rich = rpc_status.from_call(error.value)
    assert rich is not None, "refused by a closed door, not by the server"
    assert any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in rich.details)
    running.cancel()
    assert own_server.wait() == 0


def test_a_second_signal_does_not_wait(own_server, own_stub):
    model = own_stub.ListModels(pb.ListModelsRequest()).models[0]
    running = own_stub.GenerateStream(endless(model))
    until_progress(running)
    own_server.terminate()
    time.sleep(0.5)
    began = time.monotonic()
    own_server.terminate()
    with pytest.raises(grpc.RpcError) as error:
        list(running)
    assert error.value.code() == grpc.StatusCode.UNAVAILABLE
    assert own_server.wait() == 0
    assert time.monotonic() - began < 15
