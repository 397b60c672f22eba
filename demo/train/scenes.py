"""Procedural pictures of one or two shaded objects: what the demo models learn to paint.

A scene is exact (shapes, colours, places), so that captions can be written from it and pictures judged against it. Geometry is in units of
the picture's side, x to the right and y down; drawing takes any window of the picture at any resolution. Everything is a function of a
`numpy` generator: the same seed draws the same scene.

Pictures have what natural images have and STaMP lives on: smooth shading, soft shadows, gradients and mottled textures, so neighbouring
tokens are alike.
"""

from dataclasses import dataclass

import numpy as np

SHAPES = ("circle", "square", "triangle", "ring", "star")
COLOURS = {
    "red": (0.87, 0.12, 0.12),
    "orange": (0.97, 0.52, 0.07),
    "yellow": (0.97, 0.88, 0.15),
    "green": (0.12, 0.62, 0.22),
    "blue": (0.12, 0.30, 0.85),
    "purple": (0.53, 0.15, 0.68),
    "white": (0.95, 0.95, 0.94),
    "black": (0.09, 0.09, 0.10),
}
BACKGROUND_COLOURS = COLOURS | {"grey": (0.55, 0.56, 0.57)}
BACKGROUND_KINDS = ("plain", "gradient", "textured")
# Neighbours on the colour wheel are told apart as objects, but are too close to lie on each other.
TOO_CLOSE = {frozenset(pair) for pair in (("red", "orange"), ("orange", "yellow"), ("blue", "purple"), ("yellow", "white"), ("white", "grey"))}

ROWS = {"top": 0.28, "middle": 0.5, "bottom": 0.72}
COLUMNS = {"left": 0.28, "middle": 0.5, "right": 0.72}
SMALL, LARGE = 0.185, 0.235  # radii below and above which a caption may name the size
MARGIN = 0.015  # between an object and the picture's edge

RELATIONS = ("left of", "above")  # of the first object to the second; "right of" and "below" are the same scenes told the other way round


@dataclass(frozen=True)
class Object:
    shape: str
    colour: str
    x: float
    y: float
    radius: float
    tint: tuple  # added to the colour's RGB


@dataclass(frozen=True)
class Background:
    kind: str
    colour: str
    tint: tuple
    direction: float  # of the gradient, in radians
    seed: int  # of the texture


@dataclass(frozen=True)
class Scene:
    """One object, placed in a cell of a 3×3 grid (`row`, `column`), or two, of which the first is `relation` the second."""

    objects: tuple
    background: Background
    row: str | None = None
    column: str | None = None
    relation: str | None = None

    def held_out(self):
        """Whether training never sees this combination of attributes: one in eight, such that each pair of attributes is seen."""
        index, colours = SHAPES.index, list(COLOURS)
        if self.relation is None:
            only = self.objects[0]
            cell = 3 * list(ROWS).index(self.row) + list(COLUMNS).index(self.column)
            return (3 * index(only.shape) + 5 * colours.index(only.colour) + cell) % 8 == 0
        first, second = self.objects
        return (index(first.shape) + 3 * index(second.shape) + 5 * colours.index(first.colour) + 7 * colours.index(second.colour) +
                2 * RELATIONS.index(self.relation)) % 8 == 0


def far_apart(object_colour, background_colour):
    return object_colour != background_colour and frozenset((object_colour, background_colour)) not in TOO_CLOSE


def random_background(rng, *object_colours):
    fitting = [name for name in BACKGROUND_COLOURS if all(far_apart(colour, name) for colour in object_colours)]
    return Background(kind=str(rng.choice(BACKGROUND_KINDS)), colour=str(rng.choice(fitting)), tint=tuple(rng.uniform(-0.03, 0.03, 3)),
                      direction=float(rng.uniform(0, 2 * np.pi)), seed=int(rng.integers(2**31)))


def random_object(rng, x, y, radius, colour):
    inside = lambda place: float(np.clip(place, MARGIN + 1.05 * radius, 1 - MARGIN - 1.05 * radius))
    return Object(shape=str(rng.choice(SHAPES)), colour=colour, x=inside(x), y=inside(y), radius=float(radius), tint=tuple(rng.uniform(-0.025, 0.025, 3)))


def random_single(rng):
    row, column = str(rng.choice(list(ROWS))), str(rng.choice(list(COLUMNS)))
    colour = str(rng.choice(list(COLOURS)))
    x, y = COLUMNS[column] + rng.uniform(-0.025, 0.025), ROWS[row] + rng.uniform(-0.025, 0.025)
    only = random_object(rng, x, y, rng.uniform(0.16, 0.265), colour)
    return Scene(objects=(only,), background=random_background(rng, colour), row=row, column=column)


def random_pair(rng):
    relation = str(rng.choice(RELATIONS))
    colours = [str(colour) for colour in rng.choice(list(COLOURS), 2, replace=False)]
    objects = []
    for along, colour in zip((0.26, 0.74), colours):
        place = (along + rng.uniform(-0.02, 0.02), 0.5 + rng.uniform(-0.06, 0.06))
        x, y = place if relation == "left of" else place[::-1]
        objects.append(random_object(rng, x, y, rng.uniform(0.16, 0.215), colour))
    return Scene(objects=tuple(objects), background=random_background(rng, *colours), relation=relation)


def random_scene(rng, pairs, held_out=False):
    """A scene of two objects with probability `pairs`; of the held-out combinations, or of all the others."""
    draw = random_pair if rng.random() < pairs else random_single
    while True:
        scene = draw(rng)
        if scene.held_out() == held_out:
            return scene


def signed_distance(shape, x, y):
    """Distance to the outline of a shape of radius 1 around the origin, negative inside. Areas are alike, so that size gives no shape away."""
    if shape == "circle":
        return np.hypot(x, y) - 0.9
    if shape == "square":
        return np.maximum(np.abs(x), np.abs(y)) - 0.82
    if shape == "triangle":  # apex (0, -1), base from (-1.04, 0.85) to (1.04, 0.85)
        return np.maximum((1.85 * np.abs(x) - 1.04 * (y + 1)) / np.hypot(1.85, 1.04), y - 0.85)
    if shape == "ring":
        return np.abs(np.hypot(x, y) - 0.7) - 0.25
    if shape == "star":  # five points at 1.04, valleys at 0.54; folded into half a point, where the outline is one edge
        y = y - 0.05
        angle = np.abs((np.arctan2(x, -y) + np.pi / 5) % (2 * np.pi / 5) - np.pi / 5)
        distance = np.hypot(x, y)
        along, across = distance * np.cos(angle), distance * np.sin(angle)
        tip, valley = np.array([1.04, 0.0]), 0.54 * np.array([np.cos(np.pi / 5), np.sin(np.pi / 5)])
        edge = valley - tip
        return ((along - tip[0]) * -edge[1] - (across - tip[1]) * -edge[0]) / np.hypot(*edge) * -1
    raise ValueError(shape)


def coverage(item, x, y, pixels):
    """Share of each pixel that the object covers, for pixels of 1/`pixels` of the picture's side."""
    distance = signed_distance(item.shape, (x - item.x) / item.radius, (y - item.y) / item.radius) * item.radius
    return np.clip(0.5 - distance * pixels, 0, 1)


def smooth_noise(seed, cells, x, y):
    """Noise with values in [-1, 1] on a grid of cells × cells, smoothly interpolated (Perlin's fade curve)."""
    values = np.random.default_rng([seed, cells]).uniform(-1, 1, (cells + 2, cells + 2)).astype(np.float32)
    column, row = np.clip(x, 0, 1) * cells, np.clip(y, 0, 1) * cells
    left, top = column.astype(int), row.astype(int)
    u, v = column - left, row - top
    u, v = u * u * u * (u * (6 * u - 15) + 10), v * v * v * (v * (6 * v - 15) + 10)
    above = values[top, left] * (1 - u) + values[top, left + 1] * u
    below = values[top + 1, left] * (1 - u) + values[top + 1, left + 1] * u
    return above * (1 - v) + below * v


def draw_background(background, x, y):
    colour = np.array(BACKGROUND_COLOURS[background.colour], np.float32) * 0.8 + 0.1 + np.array(background.tint, np.float32)
    light = np.zeros_like(x)
    if background.kind == "gradient":
        light = 0.3 * ((x - 0.5) * np.cos(background.direction) + (y - 0.5) * np.sin(background.direction))
    elif background.kind == "textured":
        light = 0.055 * smooth_noise(background.seed, 5, x, y) + 0.035 * smooth_noise(background.seed, 13, x, y)
    return colour * (1 + light)[..., None] + 0.25 * light[..., None]


def draw_object(picture, item, x, y, pixels):
    px, py = (x - item.x) / item.radius, (y - item.y) / item.radius
    shadow = signed_distance(item.shape, px - 0.10, py - 0.14)
    picture = picture * (1 - 0.24 / (1 + np.exp(np.clip(shadow / 0.07, -30, 30))))[..., None]
    distance = signed_distance(item.shape, px, py)
    light = 1 - 0.10 * (px + py) / 1.4 - 0.16 * np.exp(np.clip(distance, -1, 0) / 0.14)
    gloss = 0.14 * np.exp(-((px + 0.35) ** 2 + (py + 0.38) ** 2) / 0.22)
    colour = np.array(COLOURS[item.colour], np.float32) + np.array(item.tint, np.float32)
    surface = colour * light[..., None] + gloss[..., None]
    covered = np.clip(0.5 - distance * item.radius * pixels, 0, 1)[..., None]
    return picture * (1 - covered) + surface * covered


def window(pixels, left=0, top=0, side=None):
    """Centres of a square of `side` pixels (default: all) whose corner is the pixel (left, top) of a picture of `pixels`²."""
    side = side or pixels
    axis = (np.arange(side, dtype=np.float32) + 0.5) / pixels
    return np.meshgrid(axis + np.float32(left / pixels), axis + np.float32(top / pixels))


def draw(scene, pixels, left=0, top=0, side=None):
    """RGB float32 [side, side, 3] in [0, 1]."""
    x, y = window(pixels, left, top, side)
    picture = draw_background(scene.background, x, y)
    for item in scene.objects:
        picture = draw_object(picture, item, x, y, pixels)
    return np.clip(picture, 0, 1).astype(np.float32)


def scene_map(scene, pixels):
    """How much each shape, then how much each object colour covers each pixel: float32 [len(SHAPES) + len(COLOURS), pixels, pixels]."""
    x, y = window(pixels)
    names = (*SHAPES, *COLOURS)
    covered = np.zeros((len(names), pixels, pixels), np.float32)
    for item in scene.objects:
        share = coverage(item, x, y, pixels)
        for name in (item.shape, item.colour):
            covered[names.index(name)] = np.maximum(covered[names.index(name)], share)
    return covered
