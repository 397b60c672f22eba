#!/usr/bin/env python3
"""deploy/extract_instruction.py on sources that only look like diffusers': the text that it is really for belongs to diffusers, not here."""

import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "deploy" / "extract_instruction.py"
SOURCE = '''
from somewhere import Base

class SanaOther:
    def __call__(self, complex_human_instruction=["not this"]): ...

class SanaPipeline(Base):
    def encode_prompt(self, complex_human_instruction=None): ...

    def __call__(self, prompt=None, complex_human_instruction: list[str] = ["One.", "- zwei, ü", "Prompt: "], last=1): ...
'''


def load():
    spec = importlib.util.spec_from_file_location("extract_instruction", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class ExtractInstruction(unittest.TestCase):
    def run_on(self, source, *flags):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "source.py").write_text(source, encoding="utf-8")
            (Path(folder) / "tokenizer").mkdir()
            done = subprocess.run([sys.executable, SCRIPT, *(flags or (folder,)), "--source", Path(folder) / "source.py"], capture_output=True, text=True)
            return done, list((Path(folder) / "tokenizer").iterdir())

    def test_joins_the_default_of_the_pipelines_call(self):
        self.assertEqual(load().instruction_in(SOURCE), "One.\n- zwei, ü\nPrompt: ")

    def test_finds_nothing_where_there_is_nothing(self):
        for source in ("", "class SanaPipeline: pass", "class SanaPipeline:\n    def __call__(self, prompt): ..."):
            self.assertEqual(load().instruction_in(source), "")

    def test_refuses_another_text_and_writes_nothing(self):
        done, written = self.run_on(SOURCE)
        self.assertEqual((done.returncode, written), (1, []))
        self.assertIn(load().SHA256, done.stderr)

    def test_refuses_a_folder_that_is_no_pipeline(self):
        done, _ = self.run_on(SOURCE, "/no/such/folder")
        self.assertEqual(done.returncode, 1)
        self.assertIn("found /no/such/folder", done.stderr)

    def test_wants_one_place_to_write_to(self):
        self.assertEqual(self.run_on(SOURCE, "--output", "a", "b")[0].returncode, 2)


if __name__ == "__main__":
    unittest.main()
