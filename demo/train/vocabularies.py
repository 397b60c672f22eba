"""The two SentencePiece models, trained on the caption grammar: unigram with T5's ids for PixArt, byte-fallback BPE with Gemma's for SANA.

Each is written as the published checkpoints have it, so that readers of either file find what they expect.
"""

import contextlib
import inspect
import json
import shutil
import tempfile

import numpy as np
import sentencepiece
import transformers
from diffusers import SanaPipeline

import captions
import scenes

CAPTIONS = 30000
T5_PIECES, SENTINELS = 512, 100
GEMMA_PIECES = 1024
# The instruction that SanaPipeline puts before every prompt unless told otherwise; the text encoder is trained behind it.
INSTRUCTION = "\n".join(inspect.signature(SanaPipeline.__call__).parameters["complex_human_instruction"].default)


def train(file, lines, **settings):
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):  # the model keeps the paths it was given: none
        with open("captions.txt", "w", encoding="utf-8") as corpus:
            corpus.write("\n".join(lines) + "\n")
        sentencepiece.SentencePieceTrainer.train(input="captions.txt", model_prefix="spiece", pad_id=0, eos_id=1, num_threads=1,
                                                 minloglevel=2, hard_vocab_limit=False, **settings)
        shutil.copy("spiece.model", file)


def save(tokenizer, folder):
    tokenizer.save_pretrained(folder)
    config = json.loads((folder / "tokenizer_config.json").read_text())
    for key in ("vocab_file", "is_local", "local_files_only"):  # where it was made is nobody's business
        config.pop(key, None)
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")


def corpus():
    rng = np.random.default_rng(5)
    lines = [captions.caption(scenes.random_scene(rng, pairs=0.5), rng) for _ in range(CAPTIONS)]
    # Every printable character, so that no prompt is unknown.
    return lines + ["".join(chr(code) + " " for code in range(33, 127))] * 20


def t5(folder):
    """Writes tokenizer/ with spiece.model and its configuration; returns the size of the vocabulary with the sentinels."""
    folder.mkdir(parents=True, exist_ok=True)
    train(folder / "spiece.model", corpus(), model_type="unigram", vocab_size=T5_PIECES, normalization_rule_name="identity",
          character_coverage=1.0, bos_id=-1, unk_id=2)
    tokenizer = transformers.T5Tokenizer.from_pretrained(folder, extra_ids=SENTINELS, legacy=True, model_max_length=300)
    save(tokenizer, folder)
    (folder / "tokenizer.json").unlink()  # as PixArt's repositories: spiece.model is the vocabulary
    return len(tokenizer)


def gemma(folder):
    """Writes tokenizer/ with tokenizer.model and tokenizer.json; returns the size of the vocabulary."""
    folder.mkdir(parents=True, exist_ok=True)
    train(folder / "tokenizer.model", corpus() + INSTRUCTION.split("\n") * 50, model_type="bpe", vocab_size=GEMMA_PIECES,
          normalization_rule_name="identity", byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
          allow_whitespace_only_pieces=True, split_digits=True, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
          user_defined_symbols=["<mask>", "<start_of_turn>", "<end_of_turn>", "\n"])
    tokenizer = transformers.GemmaTokenizer.from_pretrained(folder, add_bos_token=True, padding_side="right", model_max_length=8192)
    save(tokenizer, folder)
    return len(tokenizer)
