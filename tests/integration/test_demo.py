"""`make demo`'s script: a contact sheet from a server that is gone afterwards, or stays when asked."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.request import urlopen

import pytest
from PIL import Image

from programs import program

SCRIPT = Path(__file__).resolve().parents[2] / "demo" / "demo.sh"


@pytest.fixture
def demo(checkpoint, tmp_path):
    """Runs the script on a model of random weights, in a folder of the test's own."""

    def call(**environment):
        settings = {"MODEL": checkpoint, "OUT": tmp_path / "out", "BIN": Path(program("STAMPD")).parent, "PYTHON": sys.executable, **environment}
        return subprocess.run([SCRIPT], env=os.environ | {name: str(value) for name, value in settings.items()}, capture_output=True,
                              text=True, timeout=300, check=False)

    return call


def servers(folder):
    """Processes that were started on the model in `folder`."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:  # gone meanwhile
            continue
        if f"--model=demo={folder},precision=fp32".encode() in command:
            found.append(int(process.name))
    return found


def test_it_lays_all_pictures_out_and_stops_the_server(demo, checkpoint, tmp_path):
    done = demo()
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(tmp_path / "out" / "sheet.png") in done.stdout
    assert sorted(os.listdir(tmp_path / "out")) == [f"demo-{i:02d}.png" for i in range(12)] + ["sheet.png"]
    with Image.open(tmp_path / "out" / "sheet.png") as sheet:
        assert sheet.width > 4 * 256 and sheet.height > 3 * 256
        colours = sheet.getcolors(1 << 24)
    assert len(colours) > 1000, "the sheet is empty"
    assert servers(checkpoint) == []


def test_it_leaves_the_server_up_if_asked(demo, checkpoint, tmp_path):
    done = demo(KEEP=1)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        page = re.search(r"metrics page is (\S+)", done.stdout)[1]
        with urlopen(page, timeout=10) as metrics:
            assert b"stampd_requests_total" in metrics.read()
        assert re.search(r"log (\S+)", done.stdout)[1] in map(str, (tmp_path / "out").iterdir())
        number = int(re.search(r"stop the server: kill (\d+)", done.stdout)[1])
        assert servers(checkpoint) == [number]
    finally:
        for number in servers(checkpoint):
            os.kill(number, signal.SIGTERM)
    end = time.monotonic() + 30
    while servers(checkpoint):
        assert time.monotonic() < end, "the server did not go"
        time.sleep(0.05)


def test_it_says_that_there_is_no_model(demo, tmp_path):
    done = demo(MODEL=tmp_path / "nosuch")
    assert done.returncode == 1
    assert "no model" in done.stderr and str(tmp_path / "nosuch") in done.stderr


def test_it_shows_the_log_of_a_server_that_died(demo, tmp_path):
    (tmp_path / "model_index.json").write_text("nonsense")
    done = demo(MODEL=tmp_path)
    assert done.returncode == 1
    assert "the server ended before it was ready" in done.stderr
    assert "expected JSON" in done.stderr, done.stderr
