"""Generate: what is in the pictures, and that they depend on what they should and on nothing else."""

import hashlib
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image
from stampd.v1 import text_to_image_pb2 as pb

from pictures import STEPS, decode, pixels, request

LARGEST_SEED = 2**64 - 1
IMAGE_DESCRIPTION = 0x010E


def only(response):
    assert len(response.images) == 1
    return response.images[0]


@pytest.fixture
def paint(stub):
    return lambda **fields: only(stub.Generate(request(**fields)))


@pytest.mark.parametrize("format", [pb.OUTPUT_FORMAT_UNSPECIFIED, pb.PNG, pb.JPEG, pb.WEBP])
def test_files_decode_to_pictures_of_the_default_size(paint, model, format):
    image = paint(format=format)
    assert image.format == (format or pb.PNG)
    picture = decode(image)
    assert picture.shape == (model.defaults.height, model.defaults.width, 3) == (image.height, image.width, 3)
    assert np.ptp(picture) > 16, "the picture is flat"


def test_png_holds_exactly_the_bytes_of_rgb8(paint):
    assert np.array_equal(decode(paint(format=pb.PNG)), pixels(paint(format=pb.RGB8)))


@pytest.mark.parametrize("format", [pb.JPEG, pb.WEBP])
def test_lossy_files_come_near_the_picture_and_grow_with_quality(stub, paint, format):
    coarse, fine = (only(stub.Generate(request(output=pb.Output(format=format, quality=quality)))) for quality in (5, 100))
    assert len(coarse.data) < len(fine.data)
    exact = pixels(paint(format=pb.RGB8)).astype(float)
    errors = [np.sqrt(np.mean((decode(image) - exact) ** 2)) for image in (coarse, fine)]
    assert errors[1] < errors[0]


def test_latents_are_float32_channels_first(paint, model):
    image = paint(format=pb.LATENT_F32)
    latent = np.frombuffer(image.data, "<f4").reshape(-1, image.height, image.width)
    assert latent.shape[0] == 4
    factor = model.defaults.height // image.height
    assert (image.height * factor, image.width * factor) == (model.defaults.height, model.defaults.width)
    assert np.isfinite(latent).all() and latent.std() > 0.01


@pytest.mark.parametrize("format", [pb.PNG, pb.JPEG, pb.WEBP, pb.RGB8, pb.LATENT_F32])
def test_the_same_request_gives_the_same_bytes(paint, format):
    first, second = paint(format=format), paint(format=format)
    assert first.data == second.data
    assert first.sha256 == hashlib.sha256(first.data).hexdigest()


@pytest.mark.parametrize("change", [{"seed": 8}, {"prompt": "a dog"}, {"negative_prompt": "blur"}, {"steps": STEPS + 1},
                                    {"guidance_scale": 0.0}, {"guidance_scale": 2.0}])
def test_what_a_request_says_shows_in_the_picture(paint, change):
    assert paint(format=pb.LATENT_F32).data != paint(format=pb.LATENT_F32, **change).data


def test_without_a_seed_the_server_draws_one_and_says_which(stub):
    wish = request()
    wish.ClearField("seed")
    first, second = (only(stub.Generate(wish)) for _ in range(2))
    assert first.seed != second.seed
    assert only(stub.Generate(request(seed=first.seed))).data == first.data


@pytest.mark.parametrize("seed", [0, 41, LARGEST_SEED])
def test_picture_i_equals_a_call_with_seed_plus_i(stub, paint, seed):
    pair = stub.Generate(request(seed=seed, num_images=2)).images
    assert [image.index for image in pair] == [0, 1]
    assert [image.seed for image in pair] == [seed, (seed + 1) % 2**64]
    for image in pair:
        assert image.data == paint(seed=image.seed).data


def test_pictures_have_the_size_asked_for(paint, model):
    multiple = model.limits.size_multiple
    for width, height in ((model.defaults.width, model.defaults.height - multiple), (model.limits.min_side, model.defaults.height)):
        for binning in (False, True):
            image = paint(width=width, height=height, use_resolution_binning=binning)
            assert decode(image).shape == (height, width, 3)


def test_every_scheduler_paints_its_own_picture(paint, model):
    pictures = {name: paint(scheduler=name, format=pb.LATENT_F32).data for name in model.schedulers}
    assert len(set(pictures.values())) == len(pictures)
    assert paint(format=pb.LATENT_F32).data == pictures[model.schedulers[0]], "the first is the default"


@pytest.mark.parametrize("prompt", ["", "красный круг 🔴", "line\nbreak\ttab", "<b>markup</b> http://example.com/a.png", "word " * 2000])
def test_any_text_is_a_prompt(paint, prompt):
    for clean in (False, True):
        assert np.ptp(decode(paint(prompt=prompt, clean_caption=clean))) > 0


def test_the_reply_states_what_was_done(stub, model):
    reply = stub.Generate(request(request_id="my request", scheduler=model.schedulers[0], precision=model.precisions[0]))
    assert (reply.steps, reply.precision, reply.model) == (STEPS, "fp32", "tiny")
    assert reply.model_digest == model.digest
    assert reply.request_id == "my request"


def test_guidance_costs_two_rows_a_picture(stub):
    assert stub.Generate(request(guidance_scale=4.5)).mean_batch_rows == 2
    assert stub.Generate(request(guidance_scale=1)).mean_batch_rows == 1


def test_stages_add_up_to_the_total(stub):
    timings = stub.Generate(request(num_images=2)).timings
    stages = [timings.queue_seconds, timings.text_encode_seconds, timings.denoise_seconds, timings.decode_seconds, timings.image_encode_seconds]
    assert all(seconds >= 0 for seconds in stages)
    assert timings.denoise_seconds > 0
    assert sum(stages) == pytest.approx(timings.total_seconds, abs=0.01)


def test_crowded_and_alone_give_the_same_bytes(stub):
    wishes = [request(seed=seed, steps=1 + seed % 4, guidance_scale=[1, 4.5][seed % 2], prompt="a cat " * seed) for seed in range(12)]
    alone = [only(stub.Generate(wish)).data for wish in wishes]
    with ThreadPoolExecutor(len(wishes)) as pool:
        crowded = [only(reply).data for reply in pool.map(stub.Generate, wishes)]
    assert crowded == alone


def facts_in(image):
    with Image.open(io.BytesIO(image.data)) as file:
        if image.format == pb.PNG:
            return json.loads(file.text["stampd"])
        return json.loads(file.getexif()[IMAGE_DESCRIPTION])


@pytest.mark.parametrize("format", [pb.PNG, pb.JPEG, pb.WEBP])
def test_metadata_tells_how_to_paint_the_picture_again(stub, model, format):
    prompt = 'a "quoted" красный круг'
    image = only(stub.Generate(request(prompt=prompt, seed=LARGEST_SEED, output=pb.Output(format=format, embed_metadata=True))))
    facts = facts_in(image)
    assert facts["prompt"] == prompt
    assert facts["seed"] == LARGEST_SEED
    assert facts["steps"] == STEPS
    assert facts["model_digest"] == model.digest
    again = only(stub.Generate(request(prompt=facts["prompt"], negative_prompt=facts["negative_prompt"], seed=facts["seed"], steps=facts["steps"],
                                       guidance_scale=facts["guidance_scale"], width=facts["width"], height=facts["height"],
                                       scheduler=facts["scheduler"], format=format)))
    assert np.array_equal(decode(again), decode(image)), "metadata changed the picture, or does not describe it"


def test_without_asking_files_hold_no_metadata(paint):
    with Image.open(io.BytesIO(paint(format=pb.PNG).data)) as file:
        assert not file.text
    with Image.open(io.BytesIO(paint(format=pb.JPEG).data)) as file:
        assert not file.getexif()
