"""The metrics page: well-formed, and counting what happened."""

import shutil
import subprocess

import grpc
import pytest
from stampd.v1 import text_to_image_pb2 as pb

from metrics import scrape, wait_until
from pictures import request


def test_promtool_finds_nothing_to_complain_of(server, stub):
    stub.Generate(request())
    promtool = shutil.which("promtool")
    assert promtool, "promtool (Debian's prometheus) is missing"
    checked = subprocess.run([promtool, "check", "metrics"], input=scrape(server).text, text=True, capture_output=True, check=False)
    assert checked.returncode == 0 and not checked.stdout and not checked.stderr, checked.stdout + checked.stderr


def test_all_of_our_own_metrics_say_whose_they_are(server):
    names = {name for name, _, _ in scrape(server).samples}
    foreign = {name for name in names if not name.startswith(("stampd_", "exposer_", "process_"))}
    assert not foreign


@pytest.mark.parametrize("method", ["Generate", "GenerateStream"])
def test_answered_calls_are_counted(server, stub, method):
    labels = {"method": method, "code": "OK", "model": "tiny"}
    before = scrape(server).sum("stampd_requests_total", **labels)
    for _ in range(3):
        reply = getattr(stub, method)(request())
        if method == "GenerateStream":
            list(reply)
    wait_until(lambda: scrape(server).sum("stampd_requests_total", **labels) == before + 3)


def test_refused_calls_are_counted_under_their_code(server, stub):
    labels = {"code": "INVALID_ARGUMENT", "method": "Generate"}
    before = scrape(server).sum("stampd_requests_total", **labels)
    with pytest.raises(grpc.RpcError):
        stub.Generate(request(steps=-1))
    wait_until(lambda: scrape(server).sum("stampd_requests_total", **labels) == before + 1)


def test_names_that_clients_make_up_do_not_become_labels(server, stub):
    with pytest.raises(grpc.RpcError):
        stub.Generate(request(model="made-up-by-a-client"))
    assert "made-up-by-a-client" not in scrape(server).text


def test_steps_are_counted(server, stub):
    before = scrape(server).sum("stampd_denoise_steps_total")
    stub.Generate(request(steps=5, num_images=2))
    wait_until(lambda: scrape(server).sum("stampd_denoise_steps_total") == before + 10)


def test_pictures_are_counted_by_format(server, stub):
    before = scrape(server)
    image = stub.Generate(request(format=pb.WEBP)).images[0]
    wait_until(lambda: scrape(server).sum("stampd_images_total", format="webp") == before.sum("stampd_images_total", format="webp") + 1)
    grown = scrape(server).sum("stampd_image_bytes_total", format="webp") - before.sum("stampd_image_bytes_total", format="webp")
    assert grown == len(image.data)


def test_the_model_is_described(server, model):
    assert scrape(server).sum("stampd_model_info", model="tiny", digest=model.digest, precision="fp32") == 1
    assert scrape(server).sum("stampd_model_resident_bytes", model="tiny") == model.resident_bytes


def test_an_idle_server_says_so(server):
    wait_until(lambda: scrape(server).sum("stampd_running_requests") == 0)
    assert scrape(server).sum("stampd_queue_requests") == 0
