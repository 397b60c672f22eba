#!/usr/bin/env python3
"""Goldens of how SanaPipeline reads prompts, written to tests/data/sana_prompts/.

A tiny Gemma-2 decoder for the ids of tests/data/gemma_tokenizer, prompts with and without an instruction before them, and the embeddings that
diffusers' encode_prompt gives, of which the masked ones are left out. The instructions are our own.

    python tests/reference/make_sana_prompts.py
"""

import json
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import SanaPipeline
from safetensors.torch import save_file
from transformers import Gemma2Config, Gemma2Model, GemmaTokenizer

DATA = Path(__file__).resolve().parent.parent / "data"
FOLDER = DATA / "sana_prompts"
MAX_TOKENS = 300

# Ends in a space, as the real one, so that the space becomes a part of the prompt's first word.
GUIDE = ["Describe the picture below so that a painter can work from it:", "- say what stands where", "- name colours and light", "Picture: "]
# Ends in the middle of a word, which then is one token with the prompt's begin; and in the middle of a literal token.
WORD, LITERAL = ["Picture: a lighth"], ["Picture: <unu"]

LONG = ", ".join(["a red fox waits under a bridge", "an old lighthouse shines brightly", "watercolour on rough paper"] * 18)
PROMPTS = {
    "short": ("a red fox waits under a bridge", GUIDE),
    "word": ("fox", GUIDE),
    "empty": ("", GUIDE),
    "space": ("   ", GUIDE),
    "upper": ("  An OLD Lighthouse, Près du Fleuve \n", GUIDE),
    "unknown": ("狐 🦊 <b>bold</b> <start_of_turn>\n\n  fox", GUIDE),
    "long": (LONG, GUIDE),
    "merged": ("ouse near the river", WORD),
    "swallowed": ("sed5>", LITERAL),
    "swallowed_more": ("sed5> fox waits under a bridge", LITERAL),
    "alone": ("a red fox waits under a bridge", None),
    "alone_empty": ("", None),
    "alone_long": (LONG, None),
}
NEGATIVES = {"negative": "blurry, grey", "negative_empty": "", "negative_long": LONG}


def build(tokenizer):
    torch.manual_seed(0)
    model = Gemma2Model(Gemma2Config(vocab_size=-(-len(tokenizer) // 64) * 64, hidden_size=12, num_attention_heads=2, num_key_value_heads=1, head_dim=8,
                                     intermediate_size=20, num_hidden_layers=2, sliding_window=4096, query_pre_attn_scalar=8,
                                     max_position_embeddings=1024, attn_implementation="eager"))
    for name, weight in model.named_parameters():
        torch.nn.init.normal_(weight, std=0.5 if "embed" in name else 0.3)
    model.half().save_pretrained(FOLDER)
    config = json.loads((FOLDER / "config.json").read_text())
    (FOLDER / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    return Gemma2Model.from_pretrained(FOLDER, dtype=torch.float32, attn_implementation="eager").eval()


def kept(embeddings, mask):
    assert embeddings.shape[:2] == (1, MAX_TOKENS)
    return embeddings[0, mask[0].bool()].clone()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    tokenizer = GemmaTokenizer.from_pretrained(DATA / "gemma_tokenizer")
    pipeline = SanaPipeline(tokenizer, build(tokenizer), vae=None, transformer=None, scheduler=None)

    def encode(prompt, instruction=None, negative=""):
        with torch.no_grad():
            return pipeline.encode_prompt(prompt, negative_prompt=negative, device=torch.device("cpu"), clean_caption=False,
                                          max_sequence_length=MAX_TOKENS, complex_human_instruction=instruction)

    golden, cases = {}, []
    for name, (prompt, instruction) in PROMPTS.items():
        golden[name] = kept(*encode(prompt, instruction)[:2])
        cases.append({"name": name, "role": "positive", "prompt": prompt, "instruction": "\n".join(instruction or [])})
    for name, negative in NEGATIVES.items():
        golden[name] = kept(*encode("a fox", GUIDE, negative)[2:])
        cases.append({"name": name, "role": "negative", "prompt": negative, "instruction": "\n".join(GUIDE)})
    print({name: len(rows) for name, rows in golden.items()})
    assert len(golden["long"]) == len(golden["alone_long"]) == len(golden["negative_long"]) == MAX_TOKENS
    assert len(golden["swallowed"]) == 1 < len(golden["swallowed_more"])

    (FOLDER / "cases.json").write_text(json.dumps({"cases": cases}, indent=1) + "\n")
    versions = {"torch": torch.__version__, "transformers": transformers.__version__, "diffusers": diffusers.__version__}
    save_file(golden, FOLDER / "golden.safetensors", metadata=versions)
    for file in FOLDER.iterdir():
        file.chmod(0o644)


if __name__ == "__main__":
    main()
