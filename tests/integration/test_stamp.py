"""The client `stamp` against a real server: files, pipes, terminals, exit codes."""

import json
import os
import pty
import select
import signal
import subprocess
import termios
import time

import numpy as np
import pytest
from PIL import Image

from metrics import is_idle, scrape, wait_until
from pictures import endless, request
from programs import program, run

PROMPT = "a red circle on a blue background"
UNREACHABLE = "127.0.0.1:1"


@pytest.fixture
def stamp(server, tmp_path):
    """Runs the client in a folder of the test's own."""

    def call(*arguments, **options):
        options.setdefault("env", {**os.environ, "STAMP_SERVER": server.grpc})
        return run("STAMP", *arguments, cwd=tmp_path, **options)

    return call


@pytest.fixture
def generate(stamp):
    return lambda *arguments, **options: stamp("generate", PROMPT, "--seed", 7, "--steps", 3, *arguments, **options)


def test_generate_writes_the_picture_that_the_server_paints(generate, stub, tmp_path):
    done = generate("-o", "out.png")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out.png").read_bytes() == stub.Generate(request()).images[0].data
    assert os.listdir(tmp_path) == ["out.png"]


def test_in_a_pipe_only_the_result_is_printed(generate, model):
    done = generate("-o", "out.png")
    assert done.stderr == ""
    path, size, word, seed, _, unit = done.stdout.split()
    assert (path, size, word, seed, unit) == ("out.png", f"{model.defaults.width}x{model.defaults.height}", "seed", "7", "s")


@pytest.mark.parametrize("name, format", [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP")])
def test_the_extension_picks_the_format(generate, tmp_path, name, format):
    assert generate("-o", name).returncode == 0
    with Image.open(tmp_path / name) as picture:
        assert picture.format == format


def test_bare_bytes_and_latents_are_written_too(generate, tmp_path, model):
    assert generate("-o", "a.rgb8").returncode == 0
    assert (tmp_path / "a.rgb8").stat().st_size == model.defaults.width * model.defaults.height * 3
    assert generate("-o", "a.bin", "--format", "latent").returncode == 0
    assert np.isfinite(np.fromfile(tmp_path / "a.bin", "<f4")).all()


def test_standard_output_carries_the_bytes_of_the_picture(generate, stub):
    done = generate("-o", "-", text=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == stub.Generate(request()).images[0].data


def test_several_pictures_and_their_previews_have_names(generate, tmp_path):
    done = generate("-o", "out.png", "--count", 2, "--steps", 40, "--preview-every", 20, "--preview-side", 16)
    assert done.returncode == 0, done.stderr
    names = set(os.listdir(tmp_path))
    assert {"out-0.png", "out-1.png"} <= names
    previews = names - {"out-0.png", "out-1.png"}
    assert previews and all(".preview-" in name for name in previews)
    for name in previews:
        with Image.open(tmp_path / name) as preview:
            assert preview.format == "JPEG" and max(preview.size) == 16


def test_the_prompt_may_come_from_a_pipe(stamp, stub, tmp_path):
    for number, arguments in enumerate((["-"], ["--stdin"])):
        done = stamp("generate", *arguments, "-o", f"{number}.png", "--seed", 7, "--steps", 3, input=PROMPT + "\n")
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"{number}.png").read_bytes() == stub.Generate(request()).images[0].data


def test_json_describes_the_picture(generate, model, tmp_path):
    facts = json.loads(generate("-o", "out.png", "--json", "--seed", 2**64 - 1, "--request-id", "mine").stdout)
    (image,) = facts["images"]
    assert (image["path"], image["format"], image["seed"]) == ("out.png", "png", str(2**64 - 1))
    assert image["bytes"] == (tmp_path / "out.png").stat().st_size
    assert (facts["model_digest"], facts["request_id"]) == (model.digest, "mine")
    assert facts["timings"]["total_seconds"] > 0


def test_a_configuration_file_sets_what_flags_set(stamp, tmp_path, server):
    (tmp_path / "stamp.toml").write_text(f'server = "{server.grpc}"\n[generate]\nsteps = 2\nseed = 5\noutput = "configured.png"\n')
    done = stamp("--config", "stamp.toml", "generate", PROMPT, "--json", env={})
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["steps"], facts["images"][0]["seed"], facts["images"][0]["path"]) == (2, "5", "configured.png")


def test_models_are_a_table(stamp, model):
    head, line = stamp("models").stdout.splitlines()
    assert head.split()[:3] == ["NAME", "FAMILY", "SIZE"]
    assert line.split()[:3] == ["tiny*", "PixArtSigmaPipeline", f"{model.defaults.width}x{model.defaults.height}"]
    assert line.endswith(model.digest[:12])


def test_models_are_json(stamp, model):
    (described,) = json.loads(stamp("models", "--json").stdout)["models"]
    assert described["name"] == "tiny"
    assert described["limits"]["max_steps"] == model.limits.max_steps
    assert int(described["resident_bytes"]) == model.resident_bytes


@pytest.mark.parametrize("arguments", [["models"], ["generate", PROMPT, "-o", "out.png"]])
def test_an_unreachable_server_is_exit_code_3(stamp, arguments):
    done = stamp(*arguments, "--server", UNREACHABLE)
    assert done.returncode == 3
    assert UNREACHABLE in done.stderr


@pytest.mark.parametrize("arguments", [["--size", "512"], ["--size", "0x64"], ["--format", "gif"], ["--seed", "-1"], ["--count", "0"], ["--nosuch"],
                                       ["-o", "nowhere/out.png"]])
def test_wrong_usage_is_exit_code_2(generate, tmp_path, arguments):
    done = generate("-o", "out.png", *arguments) if "-o" not in arguments else generate(*arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("stamp: ")
    assert os.listdir(tmp_path) == []


def test_a_refusal_is_exit_code_1_with_every_wrong_field_on_a_line(generate, model):
    done = generate("-o", "out.png", "--steps", model.limits.max_steps + 1, "--count", model.limits.max_images + 1)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith("stamp: OUT_OF_RANGE: ")
    assert any(line.startswith("  steps: ") for line in lines) and any(line.startswith("  num_images: ") for line in lines)


def test_an_unknown_model_is_named(generate):
    done = generate("-o", "out.png", "--model", "nosuch")
    assert done.returncode == 1
    assert "stamp: NOT_FOUND: " in done.stderr and "missing model: nosuch" in done.stderr


def endless_arguments(model):
    wish = endless(model)
    return ["generate", PROMPT, "-o", "out.png", "--steps", str(wish.steps), "--size", f"{wish.width}x{wish.height}", "--count", str(wish.num_images)]


def test_a_timeout_is_exit_code_4(stamp, model, tmp_path):
    done = stamp(*endless_arguments(model), "--timeout", 0.3)
    assert done.returncode == 4
    assert done.stderr.startswith("stamp: DEADLINE_EXCEEDED: ")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupt_cancels_the_call(server, model, tmp_path, number, code):
    wait_until(lambda: is_idle(server))
    command = [program("STAMP"), *endless_arguments(model), "--server", server.grpc]
    before = scrape(server).sum("stampd_requests_total", code="CANCELLED")
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: scrape(server).sum("stampd_running_requests") == 1)
    process.send_signal(number)
    assert process.wait(10) == code
    assert process.stderr.read() == "stamp: interrupted\n"
    assert os.listdir(tmp_path) == []
    wait_until(lambda: scrape(server).sum("stampd_requests_total", code="CANCELLED") == before + 1)


def in_terminal(command, columns, environment, folder):
    """(exit code, what the terminal got on stderr); stdout stays a pipe."""
    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (24, columns))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=inner, env={**os.environ, **environment}, cwd=folder)
    os.close(inner)
    received = b""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if not select.select([outer], [], [], 1)[0]:
            continue
        try:
            received += os.read(outer, 4096)
        except OSError:  # the other end is closed
            break
    os.close(outer)
    process.stdout.read()
    return process.wait(10), received.decode()


@pytest.fixture
def terminal(server, tmp_path):
    def call(columns=60, **environment):
        command = [program("STAMP"), "generate", PROMPT, "-o", "out.png", "--steps", "30", "--server", server.grpc]
        code, text = in_terminal(command, columns, {"LC_ALL": "C", "TERM": "xterm", **environment}, tmp_path)
        assert code == 0, text
        return text

    return call


def test_in_a_terminal_progress_is_drawn_in_place(terminal):
    text = terminal()
    assert "/30 [" in text and "\x1b[32m" in text
    assert "\n" not in text, "the bar must not scroll"
    assert text.endswith(" \r"), "the bar must be wiped at the end"


@pytest.mark.parametrize("columns", [20, 60, 200])
def test_the_bar_never_wraps(terminal, columns):
    lines = terminal(columns, NO_COLOR="1").split("\r")
    assert max(len(line) for line in lines) == columns - 1


def test_no_color_means_no_escapes(terminal):
    assert "\x1b" not in terminal(NO_COLOR="1")


def test_a_utf8_terminal_gets_line_drawing(terminal):
    assert "━" in terminal(LC_ALL="C.UTF-8")
