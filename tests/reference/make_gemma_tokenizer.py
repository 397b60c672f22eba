#!/usr/bin/env python3
"""Trains a small byte-fallback BPE model with Gemma's settings and records token ids of many prompts.

Writes tests/data/gemma_tokenizer/ (tokenizer.json and tokenizer_config.json as SANA's checkpoints have them) and tests/data/gemma_tokenizer.json
with the ids that transformers gives, also for the tokenizer of the demo's SANA, for merges written in the older form, and for tokens that
somebody added afterwards.

    python tests/reference/make_gemma_tokenizer.py
    python tests/reference/make_gemma_tokenizer.py --fuzz 20000 FILE     prompts and ids for a comparison at large
"""

import argparse
import contextlib
import json
import random
import shutil
import tempfile
from pathlib import Path

import sentencepiece
import tokenizers
import transformers
from tokenizers import AddedToken

import make_tokenizer

DATA = Path(__file__).resolve().parents[1] / "data"
FOLDER = DATA / "gemma_tokenizer"
GOLDEN = DATA / "gemma_tokenizer.json"
DEMO = Path(__file__).resolve().parents[2] / "demo" / "sana-shapes" / "tokenizer"
PIECES = 1100

# The kinds of literal tokens that Gemma has, fewer of each.
LITERALS = (["<mask>", "<2mass>", "[@BOS@]"] + [f"<unused{i}>" for i in range(9)] + ["<start_of_turn>", "<end_of_turn>"] +
            ["\n" * n for n in range(1, 32)] + ["▁" * n for n in range(2, 32)] +
            ["<table>", "</table>", "<thead>", "</thead>", "<h1>", "</h1>", "<blockquote>", "</blockquote>", "<strong>", "<em>", "<b>", "<ul>", "<code>"])


def train(folder):
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        make_tokenizer.corpus("corpus.txt")
        sentencepiece.SentencePieceTrainer.train(
            input="corpus.txt",
            model_prefix="tokenizer",
            model_type="bpe",
            vocab_size=PIECES,
            normalization_rule_name="identity",
            character_coverage=0.9995,
            byte_fallback=True,
            split_digits=True,
            add_dummy_prefix=False,
            remove_extra_whitespaces=False,
            allow_whitespace_only_pieces=True,
            user_defined_symbols=LITERALS,
            pad_id=0,
            eos_id=1,
            bos_id=2,
            unk_id=3,
            pad_piece="<pad>",
            eos_piece="<eos>",
            bos_piece="<bos>",
            num_threads=1,
            minloglevel=2,
        )
        shutil.copy("tokenizer.model", folder)


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def make_folder():
    """tokenizer.json as transformers converts it; published ones spell <0x09> as the tab that it is."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        train(scratch)
        transformers.GemmaTokenizer.from_pretrained(scratch, add_bos_token=True).save_pretrained(scratch)
        saved = json.loads((Path(scratch) / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = saved["model"]["vocab"]
    saved["model"]["vocab"] = {"\t" if piece == "<0x09>" else piece: id for piece, id in vocabulary.items()}
    write(FOLDER / "tokenizer.json", saved)
    write(FOLDER / "tokenizer_config.json", {"add_bos_token": True, "add_eos_token": False, "bos_token": "<bos>", "eos_token": "<eos>",
                                             "model_max_length": 8192, "pad_token": "<pad>", "padding_side": "left",
                                             "tokenizer_class": "GemmaTokenizer", "unk_token": "<unk>"})


# -------------------------------------------------------------------------------------------------------------- the prompts

TAGS = """<start_of_turn>user
a red fox<end_of_turn>
<start_of_turn>model|<start_of_turn|start_of_turn>|<<start_of_turn>>|<START_OF_TURN>|<unused5>|a<unused5>b|a <unused5> b|<unused99>|<unused|<table><thead>a</thead></table>|
a <h1>title</h1> b|<blockquote>waits</blockquote>|<strong>bold</strong>|<b>b</b> <ul> <code>x</code>|<bos>|<eos>|<pad>|<unk>|<mask>|a <bos> b|a<eos>b|<pad><pad>|
x<unk>y|<bos><bos>a|a <mask> fox|[@BOS@]|a [@BOS@] b|<2mass>|<0x41>|<0x0A>|<0xE7>|a <0x09> b|</s>|<s>|▁|▁▁|▁▁▁|a▁b|a▁▁b|a ▁▁ b|▁▁▁▁▁▁▁▁▁▁|a ▁ b|▁a|a▁|
<extra_id_0>|a</b>|<em>é</em>|<|>|<>|a<b|a<b>c|&lt;b&gt;|<ul><ul></ul>""".replace("|\n", "|").split("|")

RUNS = ([" " * n + "a" for n in (1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 30, 31, 32, 33, 47, 62, 63, 64, 100)] +
        ["a" + " " * n + "b" for n in (2, 3, 6, 9, 31, 40)] + ["\n" * n for n in (1, 2, 3, 30, 31, 32, 33, 62, 63, 64, 95)] +
        ["a\n\n\nb", "a\n \n\n  b", " \n", "\n ", "\t", "\t\t", "a\tb", "a \t b", "\ta\t\t\tb\t", "a\r\nb", "\r\r", "1234567890", "12 345", "0.5 and 1/3",
         "a" * 300, "ab" * 200, "aaaa bbbb " * 20, "the " * 90, "." * 77, "-" * 50 + ">" * 50, "狐" * 40, "🦊" * 40, "é" * 60, "e\u0301" * 30])


def prompts():
    return make_tokenizer.prompts() + TAGS + RUNS


def random_prompt(generator, pieces):
    """Pieces of the vocabulary, halves of them, and characters that are in none."""
    parts = []
    for _ in range(generator.randrange(1, 60)):
        kind = generator.random()
        if kind < 0.55:
            piece = generator.choice(pieces).replace("▁", " ")
            parts.append(piece if generator.random() < 0.6 else piece[:generator.randrange(len(piece) + 1)])
        elif kind < 0.8:
            parts.append(generator.choice("aeiourstn  .,\n\t▁<>"))
        elif kind < 0.9:
            parts.append(chr(generator.choice([generator.randrange(1, 0x80), generator.randrange(0x80, 0xD800), generator.randrange(0xE000, 0x110000)])))
        else:
            parts.append(generator.choice(" \n▁aeo") * generator.randrange(1, 40))
    return "".join(parts)


# -------------------------------------------------------------------------------------------------------------- the recording


def with_added(saved):
    """Tokens that a fine-tuned checkpoint adds: matched in the text as typed, or after spaces became ▁."""
    saved["added_tokens"] += [
        dict(id=PIECES + index, content=content, single_word=False, lstrip=False, rstrip=False, normalized=normalized, special=False)
        for index, (content, normalized) in enumerate([("<style>", False), ("in the style of", True), ("red  fox", True), ("étoile", True), ("fox waits", False)])
    ]
    return saved


def older(saved):
    saved["model"]["merges"] = [" ".join(merge) for merge in saved["model"]["merges"]]
    return saved


ADDED = ["a <style> b", "a house in the style of a fox", "in the style of", "in  the style of", "a red  fox", "a red fox", "red▁▁fox", "une étoile filante",
         "étoileétoile", "the fox waits", "the fox▁waits", "red  fox waits", "in the style offox waits", "<style>in the style of<style>", "in\nthe style of"]

VARIANTS = {
    "current": (FOLDER, None, prompts),
    "demo": (DEMO, None, lambda: prompts()[::3] + TAGS),
    "older_merges": (FOLDER, older, lambda: prompts()[::11]),
    "added": (FOLDER, with_added, lambda: ADDED + TAGS[::3]),
}


def load(name):
    """What transformers reads, and the same file as `tokenizers` reads it by itself; they must agree."""
    folder, change, _ = VARIANTS[name]
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(folder, scratch, dirs_exist_ok=True)
        file = Path(scratch) / "tokenizer.json"
        if change:
            write(file, change(json.loads(file.read_text(encoding="utf-8"))))
        return transformers.AutoTokenizer.from_pretrained(scratch), tokenizers.Tokenizer.from_file(str(file))


def encode(pair, text):
    ids = pair[0](text, add_special_tokens=True)["input_ids"]
    assert ids == pair[1].encode(text).ids, (text, ids, pair[1].encode(text).ids)
    return ids


def record():
    variants = []
    for name, (_, change, texts) in VARIANTS.items():
        pair = load(name)
        variants.append({"name": name, "cases": [{"text": text, "ids": encode(pair, text)} for text in dict.fromkeys(texts())]})
    versions = {"transformers": transformers.__version__, "tokenizers": tokenizers.__version__, "sentencepiece": sentencepiece.__version__}
    golden = {"versions": versions, "variants": variants}
    GOLDEN.write_text(json.dumps(golden, ensure_ascii=True, separators=(",", ":")).replace('{"text"', '\n{"text"') + "\n", encoding="utf-8")


def fuzz(count, file):
    generator, cases = random.Random(99), []
    for name in ("current", "demo"):
        pair = load(name)
        pieces = [piece for piece in pair[0].get_vocab() if not piece.startswith("<0x")]
        for _ in range(count):
            text = random_prompt(generator, pieces)
            cases.append({"folder": name, "text": text, "ids": pair[1].encode(text).ids})
    Path(file).write_text(json.dumps(cases))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fuzz", nargs=2, metavar=("COUNT", "FILE"))
    arguments = parser.parse_args()
    if arguments.fuzz:
        return fuzz(int(arguments.fuzz[0]), arguments.fuzz[1])
    make_folder()
    record()


if __name__ == "__main__":
    main()
