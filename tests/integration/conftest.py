"""What all tests share: stubs made from the proto, a tiny checkpoint, a server that runs as long as the tests do."""

import os
import sys
import tempfile
from importlib import resources
from pathlib import Path

import grpc
import pytest
from grpc_tools import protoc

from programs import Stampd, run

_stubs = tempfile.TemporaryDirectory(prefix="stampd-stubs-")


def pytest_configure():
    """Before collection, so that tests can import stampd.v1."""
    source = os.environ["STAMPD_PROTO"]
    well_known = resources.files("grpc_tools") / "_proto"
    arguments = ["protoc", f"-I{source}", f"-I{well_known}", f"--python_out={_stubs.name}", f"--grpc_python_out={_stubs.name}",
                 "stampd/v1/text_to_image.proto"]
    assert protoc.main(arguments) == 0, "the proto does not compile"
    sys.path.insert(0, _stubs.name)


def pytest_unconfigure():
    _stubs.cleanup()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A PixArt-Σ of random weights, small enough to paint in milliseconds."""
    folder = tmp_path_factory.mktemp("checkpoint") / "tiny"
    made = run("STAMPQ", "random", "--preset", "tiny-pixart", "-o", folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture(scope="session")
def server(checkpoint):
    with Stampd("--model", f"tiny={checkpoint},precision=fp32") as running:
        yield running


@pytest.fixture(scope="session")
def channel(server):
    with connect(server) as made:
        yield made


@pytest.fixture(scope="session")
def stub(channel):
    from stampd.v1 import text_to_image_pb2_grpc

    return text_to_image_pb2_grpc.TextToImageStub(channel)


@pytest.fixture(scope="session")
def model(stub):
    """What ListModels says of the only model."""
    from stampd.v1 import text_to_image_pb2 as pb

    return stub.ListModels(pb.ListModelsRequest()).models[0]


def connect(server):
    """A channel that shares no connection with others and takes pictures of any size."""
    return grpc.insecure_channel(server.grpc, options=[("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)])
