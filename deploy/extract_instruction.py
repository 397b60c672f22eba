#!/usr/bin/env python3
"""Writes the instruction that SANA was trained to read before each prompt ("complex human instruction") into a checkpoint.

Published checkpoints don't hold it: it is a default argument of SanaPipeline.__call__ in diffusers, and its authors' text. This reads it from
there without running diffusers, checks that it is the one that the models know, and writes complex_human_instruction.txt into the folder's
tokenizer/, where stampd looks for it.

    deploy/extract_instruction.py DIR                              diffusers as this Python has it installed
    deploy/extract_instruction.py DIR --source pipeline_sana.py    or its file pipelines/sana/pipeline_sana.py
    deploy/extract_instruction.py --output FILE                    for stampd --model NAME=DIR,instruction=FILE
"""

import argparse
import ast
import hashlib
import importlib.util
import sys
from pathlib import Path

NAME = "complex_human_instruction"
SHA256 = "48290080bb4fd4a264bdc81d0647ac0221359a36506e2b3e954616d6cb48c3da"


def installed_source():
    spec = importlib.util.find_spec("diffusers")
    if spec is None:
        sys.exit("extract_instruction: expected diffusers to be installed, or --source, found neither")
    return Path(spec.submodule_search_locations[0]) / "pipelines" / "sana" / "pipeline_sana.py"


def default_of(call, name):
    arguments = call.args.args
    for argument, default in zip(arguments[len(arguments) - len(call.args.defaults):], call.args.defaults):
        if argument.arg == name:
            return ast.literal_eval(default)
    return None


def instruction_in(source):
    """The default of SanaPipeline.__call__, as the pipeline joins it."""
    for top in ast.parse(source).body:
        if isinstance(top, ast.ClassDef) and top.name == "SanaPipeline":
            for member in top.body:
                if isinstance(member, ast.FunctionDef) and member.name == "__call__":
                    return "\n".join(default_of(member, NAME) or [])
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, metavar="DIR", help="a SANA pipeline folder")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write this file instead")
    parser.add_argument("--source", type=Path, metavar="FILE", help="pipeline_sana.py of diffusers")
    flags = parser.parse_args()
    if (flags.folder is None) == (flags.output is None):
        parser.error("expected DIR or --output")
    if flags.folder and not (flags.folder / "tokenizer").is_dir():
        sys.exit(f"extract_instruction: expected a pipeline folder with tokenizer/, found {flags.folder}")

    source = flags.source or installed_source()
    instruction = instruction_in(source.read_text(encoding="utf-8")).encode()
    digest = hashlib.sha256(instruction).hexdigest()
    if digest != SHA256:
        sys.exit(f"extract_instruction: {source}: expected the {NAME} with SHA-256 {SHA256}, found {digest} ({len(instruction)} bytes)")
    output = flags.output or flags.folder / "tokenizer" / f"{NAME}.txt"
    output.write_bytes(instruction)
    print(output)


if __name__ == "__main__":
    main()
