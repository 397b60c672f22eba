"""The standard health service, as Kubernetes and gRPC's own clients use it."""

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from conftest import connect
from programs import Stampd

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
NAMES = ["", "stampd.v1.TextToImage", "model/tiny"]


@pytest.fixture
def health(channel):
    return health_pb2_grpc.HealthStub(channel)


@pytest.mark.parametrize("name", NAMES)
def test_all_that_is_served_is_healthy(health, name):
    assert health.Check(health_pb2.HealthCheckRequest(service=name)).status == SERVING


def test_an_unknown_name_is_not_found(health):
    with pytest.raises(grpc.RpcError) as error:
        health.Check(health_pb2.HealthCheckRequest(service="nosuch"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_watching_an_unknown_name_says_so_and_goes_on(health):
    watch = health.Watch(health_pb2.HealthCheckRequest(service="nosuch"))
    assert next(watch).status == SERVICE_UNKNOWN
    assert watch.is_active()
    watch.cancel()


def test_watchers_learn_of_the_shutdown(checkpoint):
    with Stampd("--model", f"tiny={checkpoint},precision=fp32") as server, connect(server) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        watches = [health.Watch(health_pb2.HealthCheckRequest(service=name)) for name in NAMES]
        assert [next(watch).status for watch in watches] == [SERVING] * len(NAMES)
        server.terminate()
        assert [next(watch).status for watch in watches] == [NOT_SERVING] * len(NAMES)
        for watch in watches:
            watch.cancel()
