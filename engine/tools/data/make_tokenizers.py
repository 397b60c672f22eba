#!/usr/bin/env python3
"""Trains the SentencePiece models that `stampq random` puts into its checkpoints.

  spiece.model            T5's kind and ids: unigram, 896 pieces
  gemma_tokenizer.model   Gemma's: byte-pair encoding with byte fallback, 1024 pieces
  gemma_tokenizer.json    the same for transformers, as it converts it

Random weights understand nothing, so the vocabularies only have to be of their kind and cover what prompts are written in. The words
below, alone and in short sentences, are the whole corpus. No normalisation table, which would be a quarter of a megabyte. Run it in this
folder with the packages of tests/reference/requirements.txt.
"""

import itertools
import json
import random
import shutil
import string
import tempfile
from pathlib import Path

import sentencepiece
import transformers

VERBS = """walk talk jump climb build paint draw watch hold carry catch throw play sing dance cook read write drive sail fight rest wait look
listen follow hunt plant grow burn melt freeze rise fall spin turn touch push pull lift drop break mend clean wash dream remember""".split()
COLOURS = "red orange yellow green blue purple pink brown black white grey silver golden turquoise violet crimson amber ivory".split()
SHAPES = "circle square triangle star ring cross line stripe dot spiral cube sphere pyramid cone cylinder arrow heart diamond".split()
THINGS = """apple bird boat book bottle bridge butterfly cactus candle car castle cat chair city cloud cottage crown cup desert dog door dragon
eagle elephant face field fire fish flower forest fox garden glass hat hill horse house island jacket jungle key kitchen lake lamp leaf
library lighthouse lion lizard machine map market mask meadow moon mountain mushroom ocean owl painting path person piano planet portrait
queen rabbit rain river road robot room rose ship shop sky snow spaceship station stone storm street sun sword table temple tiger tower
town train tree turtle umbrella valley vase village violin volcano wall watch water waterfall whale wheel window winter wolf woman man
child girl boy king knight wizard astronaut painter dancer musician soldier sailor farmer baker teacher student""".split()
QUALITIES = """small large tiny huge old new young ancient modern bright dark light soft hard shiny smooth rough happy sad calm wild quiet loud
beautiful strange simple complex detailed blurry sharp colourful pale deep high low warm cold wooden metal paper plastic golden broken
empty full open closed round flat long short thick thin transparent glowing floating flying running sitting standing sleeping smiling""".split()
STYLES = """photo photograph drawing sketch illustration watercolour oil painting render sculpture poster cartoon engraving mosaic pattern
texture background foreground style studio cinematic lighting sunset sunrise night morning evening noon summer autumn spring portrait
landscape close-up wide angle macro depth of field high quality resolution masterpiece realistic abstract minimal surreal vintage""".split()
SMALL = """a an the of in on at with without and or by to from under over behind between near beside above below through across is are it its
this that two three four five six seven eight nine ten one many some very high left right centre top bottom front back""".split()


def sentences(rng):
    for colour, shape, other in itertools.product(COLOURS, SHAPES, COLOURS[:6]):
        yield f"a {colour} {shape} on a {other} background"
    for quality, thing in itertools.product(QUALITIES, THINGS):
        yield f"{rng.choice(STYLES)} of a {quality} {thing} {rng.choice(SMALL)} the {rng.choice(THINGS)}, {rng.choice(STYLES)}."
    for word in COLOURS + SHAPES + THINGS + QUALITIES + STYLES + SMALL:
        yield word
        yield word.capitalize()
    for word in THINGS + SHAPES:
        yield f"many {word}s and the {word}'s {rng.choice(COLOURS)} shadow"
    for word, ending in itertools.product(VERBS, ("", "s", "ing", "ed", "er")):
        yield f"the {rng.choice(THINGS)} {word}{ending} {rng.choice(SMALL)} a {rng.choice(THINGS)}"
    for character in string.printable.strip():
        yield " ".join(character * 3)


def train(**settings):
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=sentences(random.Random(1)),
        normalization_rule_name="identity",
        character_coverage=1.0,
        pad_id=0,
        eos_id=1,
        num_threads=1,
        minloglevel=2,
        **settings,
    )


def train_gemma():
    train(
        model_prefix="gemma_tokenizer",
        model_type="bpe",
        vocab_size=1024,
        byte_fallback=True,
        split_digits=True,
        add_dummy_prefix=False,
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        user_defined_symbols=["<mask>", "<start_of_turn>", "<end_of_turn>", "\n"],
    )


def convert_gemma():
    """As a folder with a tokenizer.model alone is loaded, written without line breaks."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy("gemma_tokenizer.model", Path(folder, "tokenizer.model"))
        transformers.GemmaTokenizer.from_pretrained(folder, add_bos_token=True).save_pretrained(folder)
        tokenizer = json.loads(Path(folder, "tokenizer.json").read_text())
    Path("gemma_tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")) + "\n")


def main():
    train(model_prefix="spiece", model_type="unigram", vocab_size=896, unk_id=2, bos_id=-1)
    train_gemma()
    convert_gemma()
    for name in ("spiece", "gemma_tokenizer"):
        Path(f"{name}.vocab").unlink()


if __name__ == "__main__":
    main()
