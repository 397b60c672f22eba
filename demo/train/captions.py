"""Captions for scenes: a small grammar with synonyms, omissions and several word orders, so that a text encoder has something to learn.

All lower-case, as both pipelines lower-case every prompt. What a caption leaves out, the picture is free to choose.
"""

import numpy as np

import scenes

SHAPES = {
    "circle": ("circle", "disc", "ball", "round disc"),
    "square": ("square", "box", "block"),
    "triangle": ("triangle", "pyramid"),
    "ring": ("ring", "donut", "hoop"),
    "star": ("star", "five-pointed star"),
}
COLOURS = {
    "red": ("red", "crimson", "scarlet"),
    "orange": ("orange", "tangerine"),
    "yellow": ("yellow", "lemon yellow"),
    "green": ("green", "emerald"),
    "blue": ("blue", "cobalt"),
    "purple": ("purple", "violet"),
    "white": ("white", "snow-white"),
    "black": ("black", "jet-black"),
    "grey": ("grey", "gray"),
}
SIZES = {"small": ("small", "little", "tiny"), "large": ("large", "big", "huge")}
BACKGROUNDS = {
    "plain": ("on a plain {} background", "on plain {}"),
    "gradient": ("on a {} gradient", "on a shaded {} background"),
    "textured": ("on a textured {} background", "on mottled {}", "on a {} marble background"),
}
ANY_BACKGROUND = ("on a {} background", "on {}", "against a {} background", "over a {} background", "in front of a {} background")
OPENINGS = ("a picture of ", "an image of ", "there is ", "a photo of ", "a painting of ", "a rendering of ")

CORNER = ("in the {row} {column} corner", "in the {row} {column}", "at the {row} {column}")
PLACES = {
    ("top", "middle"): ("at the top", "at the {row} center", "in the {row} middle", "near the top"),
    ("bottom", "middle"): ("at the bottom", "at the {row} center", "in the {row} middle", "near the bottom"),
    ("middle", "left"): ("on the left", "on the left side", "at the middle left", "near the left edge"),
    ("middle", "right"): ("on the right", "on the right side", "at the middle right", "near the right edge"),
    ("middle", "middle"): ("in the center", "in the middle", "in the centre", "at the center"),
}
ROWS = {"top": ("top", "upper"), "bottom": ("bottom", "lower"), "middle": ("middle",)}

# How each relation can be told: with the first object leading, or with the second.
RELATIONS = {
    "left of": ("{0} to the left of {1}", "{0} left of {1}", "{1} to the right of {0}", "{1} right of {0}", "{0} on the left and {1} on the right",
                "on the left {0}, on the right {1}", "{1} on the right and {0} on the left"),
    "above": ("{0} above {1}", "{0} over {1}", "{1} below {0}", "{1} under {0}", "{1} beneath {0}", "{0} at the top and {1} at the bottom",
              "{1} at the bottom and {0} at the top"),
}


def pick(rng, choices, plain=0.0):
    """One of `choices`; the first, plain one at least with probability `plain`."""
    return choices[0] if rng.random() < plain else choices[rng.integers(len(choices))]


def article(phrase, rng):
    choice = rng.random()
    if choice < 0.8:
        return ("an " if phrase[0] in "aeiou" else "a ") + phrase
    return ("the " if choice < 0.9 else "one ") + phrase


def describe(item, rng, plain):
    """An object with its colour, and sometimes its size."""
    shape, colour = pick(rng, SHAPES[item.shape], plain), pick(rng, COLOURS[item.colour], plain)
    phrase = f"{colour} {shape}"
    size = "small" if item.radius < scenes.SMALL else "large" if item.radius > scenes.LARGE else None
    if size and rng.random() < 0.6:
        phrase = f"{pick(rng, SIZES[size], plain)} {phrase}"
    elif rng.random() < 0.12:
        return article(f"{shape} {pick(rng, ('that is', 'colored', 'painted in'))} {colour}", rng)
    return article(phrase, rng)


def place(scene, rng, plain):
    choices = PLACES.get((scene.row, scene.column), CORNER)
    return pick(rng, choices, plain / 2).format(row=pick(rng, ROWS[scene.row], plain), column=scene.column)


def backdrop(background, rng, plain):
    choices = BACKGROUNDS[background.kind] if rng.random() < 0.5 else ANY_BACKGROUND
    colour = pick(rng, COLOURS[background.colour], plain)
    phrase = pick(rng, choices, plain / 2).format(colour)
    return phrase.replace(" a orange", " an orange").replace(" a emerald", " an emerald")


def caption(scene, rng, complete=False):
    """A caption of the scene. `complete`: names the place and the background, and takes the plain words."""
    plain = 1.0 if complete else 0.7
    behind = backdrop(scene.background, rng, plain) if complete or rng.random() < 0.75 else ""
    if scene.relation:
        text = pick(rng, RELATIONS[scene.relation], plain / 4).format(*(describe(item, rng, plain) for item in scene.objects))
        where = ""
    else:
        text = describe(scene.objects[0], rng, plain)
        where = place(scene, rng, plain) if complete or rng.random() < 0.7 else ""
    order = rng.random()
    if where and order < 0.2:
        text = f"{where}, {text}" if rng.random() < 0.5 else f"{where} {text}"
        where = ""
    parts = [text, where, behind]
    if behind and order > 0.85:
        parts = [behind, ",", text, where] if rng.random() < 0.5 else [text, behind, where]
    phrase = " ".join(part for part in parts if part).replace(" ,", ",")
    if not complete and rng.random() < 0.2:
        phrase = pick(rng, OPENINGS) + phrase
    return phrase + ("." if not complete and rng.random() < 0.1 else "")


def expectation(scene, prompt, seed):
    """What a judge of a generated picture needs: one line of a prompts file."""
    expected = {"prompt": prompt, "seed": seed, "objects": [{"shape": item.shape, "colour": item.colour} for item in scene.objects]}
    if scene.relation:
        return expected | {"relation": scene.relation}
    return expected | {"row": scene.row, "column": scene.column}


def examination(count, held_out=True, pairs=0.4, seed=6):
    """Scenes that a model is examined on, each with its expectation: first the single objects, then the pairs."""
    rng = np.random.default_rng(seed)
    singles = round(count * (1 - pairs))
    found = []
    for index in range(count):
        scene = scenes.random_scene(rng, pairs=float(index >= singles), held_out=held_out)
        found.append((scene, expectation(scene, caption(scene, rng, complete=True), seed=1000 + index)))
    return found
