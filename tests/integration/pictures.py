"""Requests, and what is in the answers."""

import io

import numpy as np
from PIL import Image
from stampd.v1 import text_to_image_pb2 as pb

STEPS = 3


def request(**fields):
    """A quick one: few steps, a fixed seed. `format` goes to output.format."""
    format = fields.pop("format", None)
    made = pb.GenerateRequest(**{"prompt": "a red circle on a blue background", "seed": 7, "steps": STEPS, **fields})
    if format is not None:
        made.output.format = format
    return made


def endless(model, **fields):
    """One that takes far longer than any test waits: as many steps and pixels as the model allows."""
    side = int(model.limits.max_pixels**0.5)
    side -= side % model.limits.size_multiple
    return request(steps=model.limits.max_steps, width=side, height=side, num_images=model.limits.max_images, **fields)


def decode(image):
    """Pixels [height, width, 3] of a file that must be of the format that the reply names."""
    with Image.open(io.BytesIO(image.data)) as file:
        assert file.format == pb.OutputFormat.Name(image.format)
        assert file.mode == "RGB"
        return np.asarray(file)


def pixels(image):
    """Of RGB8."""
    return np.frombuffer(image.data, np.uint8).reshape(image.height, image.width, 3)
