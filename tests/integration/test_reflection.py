"""A client that was never compiled for stampd: everything it knows comes from reflection."""

import io

import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from PIL import Image


class GenericClient:
    """Calls unary methods by name."""

    def __init__(self, channel):
        self.channel = channel
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = DescriptorPool(self.database)

    def call(self, service, method, **fields):
        description = self.pool.FindServiceByName(service).FindMethodByName(method)
        request_class, reply_class = GetMessageClass(description.input_type), GetMessageClass(description.output_type)
        call = self.channel.unary_unary(f"/{service}/{method}", request_class.SerializeToString, reply_class.FromString)
        return call(request_class(**fields))


@pytest.fixture
def client(channel):
    return GenericClient(channel)


def test_services_are_discovered(client):
    assert {"stampd.v1.TextToImage", "grpc.health.v1.Health"} <= set(client.database.get_services())


def test_a_picture_is_painted_without_stubs(client):
    (model,) = client.call("stampd.v1.TextToImage", "ListModels").models
    reply = client.call("stampd.v1.TextToImage", "Generate", prompt="a red circle", steps=2, seed=1, model=model.name)
    with Image.open(io.BytesIO(reply.images[0].data)) as picture:
        picture.load()
        assert picture.size == (model.defaults.width, model.defaults.height)


def test_health_has_a_descriptor_too(client):
    assert client.call("grpc.health.v1.Health", "Check").status == 1


def test_streams_are_described_as_streams(client):
    method = client.pool.FindServiceByName("stampd.v1.TextToImage").FindMethodByName("GenerateStream")
    assert method.server_streaming and not method.client_streaming
