"""GenerateStream: the order of its events, previews, and calls that end early."""

import io
import time

import grpc
import pytest
from PIL import Image
from stampd.v1 import text_to_image_pb2 as pb
from stampd.v1 import text_to_image_pb2_grpc

from conftest import connect
from metrics import is_idle, scrape, wait_until
from pictures import endless, request


def kinds(events):
    return [event.WhichOneof("event") for event in events]


def of_kind(events, kind):
    return [getattr(event, kind) for event in events if event.WhichOneof("event") == kind]


@pytest.fixture
def paint(stub):
    return lambda **fields: list(stub.GenerateStream(request(**fields)))


def test_accepted_is_first_and_done_is_last(paint):
    events = paint(steps=8, num_images=2, request_id="mine")
    order = kinds(events)
    assert order[0] == "accepted" and order.count("accepted") == 1
    assert order[-1] == "done" and order.count("done") == 1
    assert order.count("image") == 2
    assert events[0].accepted.request_id == events[-1].done.request_id == "mine"


def test_progress_counts_up_to_the_total(paint):
    progress = of_kind(paint(steps=8), "progress")
    steps = [news.step for news in progress]
    assert steps and steps == sorted(set(steps))
    assert {news.total for news in progress} == {8}
    assert 1 <= steps[0] and steps[-1] <= 8


def test_sequence_counts_every_event_also_those_left_out(paint):
    events = paint(steps=6, preview={"every_n_steps": 2})
    sequence = [event.sequence for event in events]
    assert sequence[0] == 0 and sequence == sorted(set(sequence))
    made = 1 + 6 + 3 + 1 + 1  # accepted, progress, previews, image, done
    assert sequence[-1] == made - 1


def test_the_picture_is_that_of_generate(stub, paint):
    (image,) = of_kind(paint(), "image")
    assert image == stub.Generate(request()).images[0]


def test_done_says_what_the_reply_of_generate_says(paint, model):
    done = paint(steps=4)[-1].done
    assert (done.steps, done.precision, done.model, done.model_digest) == (4, "fp32", "tiny", model.digest)
    assert done.timings.total_seconds > 0


def test_previews_are_small_jpegs_after_every_nth_step(paint, model):
    previews = of_kind(paint(steps=40, preview={"every_n_steps": 8, "max_side": 24}), "preview")
    assert previews, "no preview came"
    assert {preview.step for preview in previews} <= {8, 16, 24, 32, 40}
    for preview in previews:
        assert preview.image.format == pb.JPEG
        with Image.open(io.BytesIO(preview.image.data)) as file:
            assert file.format == "JPEG"
            assert max(file.size) == 24
            assert file.size == (preview.image.width, preview.image.height)


def test_previews_without_a_size_have_a_pixel_per_latent(paint, model):
    (latent,) = of_kind(paint(format=pb.LATENT_F32), "image")
    previews = of_kind(paint(steps=40, preview={"every_n_steps": 20}), "preview")
    assert previews
    for preview in previews:
        assert (preview.image.width, preview.image.height) == (latent.width, latent.height)


def test_without_asking_there_are_no_previews(paint):
    assert "preview" not in kinds(paint())


def test_a_picture_does_not_depend_on_its_previews(paint):
    (with_previews,) = of_kind(paint(preview={"every_n_steps": 1}), "image")
    (without,) = of_kind(paint(), "image")
    assert with_previews == without


def test_a_cancelled_call_stops_costing_work(server, stub, model):
    before = scrape(server).sum("stampd_requests_total", code="CANCELLED")
    call = stub.GenerateStream(endless(model))
    for event in call:
        if event.WhichOneof("event") == "progress":
            break
    call.cancel()
    with pytest.raises(grpc.RpcError) as error:
        list(call)
    assert error.value.code() == grpc.StatusCode.CANCELLED
    wait_until(lambda: is_idle(server))
    assert scrape(server).sum("stampd_requests_total", code="CANCELLED") == before + 1


def test_a_client_that_vanishes_is_a_cancelled_call(server, model):
    before = scrape(server).sum("stampd_requests_total", code="CANCELLED")
    channel = connect(server)
    call = text_to_image_pb2_grpc.TextToImageStub(channel).GenerateStream(endless(model))
    next(iter(call))
    channel.close()
    wait_until(lambda: is_idle(server))
    assert scrape(server).sum("stampd_requests_total", code="CANCELLED") == before + 1


@pytest.mark.parametrize("seconds", [-1, 0, 0.001, 0.3])
@pytest.mark.parametrize("method", ["Generate", "GenerateStream"])
def test_a_late_call_ends_and_stops_costing_work(server, stub, model, method, seconds):
    began = time.monotonic()
    with pytest.raises(grpc.RpcError) as error:
        reply = getattr(stub, method)(endless(model), timeout=seconds)
        if method == "GenerateStream":
            list(reply)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert time.monotonic() - began < seconds + 5
    wait_until(lambda: is_idle(server))


def test_a_slow_reader_gets_every_picture(stub, model):
    wish = request(steps=50, num_images=model.limits.max_images, preview={"every_n_steps": 1, "max_side": model.limits.max_preview_side})
    events = []
    for event in stub.GenerateStream(wish):
        events.append(event)
        if len(events) < 5:
            time.sleep(0.2)
    assert len(of_kind(events, "image")) == model.limits.max_images
    assert kinds(events)[-1] == "done"
