"""The program from outside, by clients that are not ours: grpcio, grpcio-reflection, Pillow, and raw bytes.

Runs `fake_stampd` (the real main on a pipeline without a network); its path is in FAKE_STAMPD.
"""

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
from google.protobuf import descriptor_pool
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_status import rpc_status
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "proto"))
pb, pb_grpc = grpc.protos_and_services("stampd/v1/text_to_image.proto")

READY = re.compile(r"stampd ready grpc=(127\.0\.0\.1:\d+) metrics=(127\.0\.0\.1:\d+)\n")


class Program:
    def __init__(self, *flags, folder="steps-1"):
        self.process = subprocess.Popen(
            [os.environ["FAKE_STAMPD"], "--model", f"fake={folder}", "--listen", "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0", *flags],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ready(self):
        line = self.process.stdout.readline()
        match = READY.fullmatch(line)
        assert match, f"{line!r} {self.process.stderr.read() if not line else ''}"
        self.channel = grpc.insecure_channel(match.group(1), options=[("grpc.enable_retries", 0)])
        self.stub = pb_grpc.TextToImageStub(self.channel)
        return self

    def end(self, timeout=10):
        """Exit code, the rest of stdout, stderr."""
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, err

    def __enter__(self):
        return self.ready()

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def program():
    with Program() as running:
        yield running


def generate_raw(program, request):
    """Sends bytes as a GenerateRequest; the status code, or the answer's bytes."""
    try:
        return program.channel.unary_unary("/stampd.v1.TextToImage/Generate")(request)
    except grpc.RpcError as error:
        return error.code()


def test_prints_one_line_and_drains_on_sigterm():
    with Program() as program:
        assert len(program.stub.Generate(pb.GenerateRequest(prompt="a")).images) == 1
        program.process.send_signal(signal.SIGTERM)
        code, rest, log = program.end()
        assert (code, rest) == (0, "")
        assert "code=OK" in log


def test_says_once_that_a_model_lacks_its_instruction():
    for folder, times in (("uninstructed", 1), ("steps-1", 0)):
        with Program(folder=folder) as program:
            program.stub.Generate(pb.GenerateRequest(prompt="a"))
            program.process.send_signal(signal.SIGTERM)
            assert program.end()[2].count("instruction_missing") == times


def test_sigterm_lets_admitted_requests_finish():
    with Program(folder="steps-20") as program:
        calls = [program.stub.Generate.future(pb.GenerateRequest(prompt="a", steps=5)) for _ in range(5)]
        time.sleep(0.15)
        program.process.send_signal(signal.SIGTERM)
        assert all(len(call.result(timeout=10).images) == 1 for call in calls)
        assert program.end()[0] == 0


def test_second_sigterm_stops_at_once_with_an_answer():
    with Program(folder="steps-50") as program:
        call = program.stub.Generate.future(pb.GenerateRequest(prompt="a", steps=200))
        time.sleep(0.2)
        program.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        program.process.send_signal(signal.SIGINT)
        assert call.exception(timeout=5).code() == grpc.StatusCode.UNAVAILABLE
        assert program.end(timeout=5)[0] == 0


def test_grace_period_ends():
    with Program("--drain-seconds", "0", folder="steps-50") as program:
        call = program.stub.Generate.future(pb.GenerateRequest(prompt="a", steps=200))
        time.sleep(0.2)
        program.process.send_signal(signal.SIGTERM)
        assert call.exception(timeout=5).code() == grpc.StatusCode.UNAVAILABLE
        assert program.end(timeout=5)[0] == 0


def wait_until_signals_are_taken(process, seconds=10):
    """Until the main thread leaves SIGTERM to the one that waits for it, which is before any model is loaded."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = Path(f"/proc/{process.pid}/status").read_text()
        if int(re.search(r"SigBlk:\s*(\w+)", status).group(1), 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.01)
    raise AssertionError("SIGTERM was never blocked")


def test_sigterm_while_loading_ends_the_program():
    program = Program(folder="slow")
    wait_until_signals_are_taken(program.process)
    time.sleep(0.1)
    program.process.send_signal(signal.SIGTERM)
    code, out, _ = program.end()
    assert (code, out) == (128 + signal.SIGTERM, "")


def test_a_model_that_can_not_be_loaded_is_named():
    code, out, err = Program(folder="broken").end()
    assert (code, out) == (1, "")
    assert "broken/model_index.json: expected a file, found none" in err


def test_a_wrong_flag_is_exit_code_2():
    code, out, err = Program("--max-queue", "0").end()
    assert (code, out) == (2, "")
    assert "--max-queue" in err


def test_json_log_has_one_object_a_line():
    with Program("--log-format", "json") as program:
        program.stub.Generate(pb.GenerateRequest(prompt="a", request_id="the id"))
        program.process.send_signal(signal.SIGTERM)
        lines = [json.loads(line) for line in program.end()[2].splitlines()]
        request = [line for line in lines if line["event"] == "request"]
        assert [line["request_id"] for line in request] == ["the id"]
        assert request[0]["code"] == "OK"
        assert request[0]["denoise_seconds"] > 0


def embedded(image):
    picture = Image.open(io.BytesIO(image.data))
    picture.load()
    text = picture.text["stampd"] if picture.format == "PNG" else picture.getexif()[0x010E]
    return picture, json.loads(text)


@pytest.mark.parametrize("output_format", ["PNG", "JPEG", "WEBP"])
def test_pillow_reads_the_metadata(program, output_format):
    prompt = "a \"red\" cat, \u732b \U0001f408"
    request = pb.GenerateRequest(prompt=prompt, seed=2**64 - 1, width=72, height=40, steps=3,
                                 output=pb.Output(format=output_format, embed_metadata=True))
    picture, facts = embedded(program.stub.Generate(request).images[0])
    assert (picture.format, picture.size) == (output_format, (72, 40))
    assert facts["prompt"] == prompt
    assert facts["seed"] == 2**64 - 1
    assert (facts["steps"], facts["width"], facts["height"]) == (3, 72, 40)
    assert facts["program"] == "stampd"


@pytest.mark.parametrize("output_format", ["PNG", "JPEG", "WEBP"])
def test_metadata_is_off_unless_asked_for(program, output_format):
    request = pb.GenerateRequest(prompt="secret", output=pb.Output(format=output_format))
    data = program.stub.Generate(request).images[0].data
    assert b"secret" not in data and b"stampd" not in data


def test_grpcio_parses_the_details(program):
    with pytest.raises(grpc.RpcError) as error:
        program.stub.Generate(pb.GenerateRequest(steps=-1, width=33, request_id="the id"))
    status = rpc_status.from_call(error.value)
    details = {any_.type_url.split(".")[-1]: any_ for any_ in status.details}
    bad = error_details_pb2.BadRequest()
    assert details["BadRequest"].Unpack(bad)
    assert {violation.field for violation in bad.field_violations} == {"steps", "width"}
    info = error_details_pb2.RequestInfo()
    assert details["RequestInfo"].Unpack(info)
    assert info.request_id == "the id"


def test_the_longest_error_reaches_the_client(program):
    wide = "\u732b" * 1000
    with pytest.raises(grpc.RpcError) as error:
        program.stub.Generate(pb.GenerateRequest(
            prompt="\0", negative_prompt="\0", width=-1, height=-1, steps=-1, guidance_scale=-1, num_images=-1, scheduler=wide,
            precision=wide, request_id=wide, output=pb.Output(quality=-1), preview=pb.PreviewOptions(every_n_steps=-1)))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    bad = error_details_pb2.BadRequest()
    assert any(detail.Unpack(bad) for detail in rpc_status.from_call(error.value).details)
    assert len(bad.field_violations) == 12


@pytest.mark.parametrize("request_bytes", [
    b"\x12\x02\xff\xfe",          # a prompt that is not UTF-8
    b"\x12\x03\xed\xa0\x80",      # a lone surrogate
    b"\x30",                      # a varint cut off
    b"\x30" + b"\xff" * 10,       # a varint of more than 10 bytes
    b"\x12\x7fabc",               # longer than the message
    b"\x02\x00",                  # field number 0
    b"\x33",                      # a group that does not end
])
def test_what_is_no_message_is_refused(program, request_bytes):
    assert generate_raw(program, request_bytes) == grpc.StatusCode.INVALID_ARGUMENT


def test_what_protobuf_allows_is_understood(program):
    assert isinstance(generate_raw(program, b""), bytes)
    assert isinstance(generate_raw(program, b"\x30\x02\x30\x03"), bytes)             # steps twice: the last counts
    assert isinstance(generate_raw(program, b"\xfa\x7f\x03abc" * 1000), bytes)        # unknown fields
    assert isinstance(generate_raw(program, b"\x35\x01\x00\x00\x00"), bytes)         # steps in the wrong wire type: unknown
    two_to_the_31 = b"\x30\x80\x80\x80\x80\x08"                                      # truncates to a negative number
    assert generate_raw(program, two_to_the_31) == grpc.StatusCode.INVALID_ARGUMENT


def test_a_message_over_the_limit_is_refused(program):
    assert generate_raw(program, b"\x12\x80\x80\x80\x04" + b"x" * (8 << 20)) == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_deadline_in_the_past_is_answered(program):
    with pytest.raises(grpc.RpcError) as error:
        program.stub.Generate(pb.GenerateRequest(), timeout=0)
    assert error.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED


def test_old_reflection_describes_every_service(program):
    database = ProtoReflectionDescriptorDatabase(program.channel)
    pool = descriptor_pool.DescriptorPool(database)
    services = database.get_services()
    assert "stampd.v1.TextToImage" in services and "grpc.health.v1.Health" in services
    for name in services:
        assert pool.FindServiceByName(name).methods, name


def test_health_turns_before_the_end():
    with Program(folder="steps-50") as program:
        health = health_pb2_grpc.HealthStub(program.channel)
        states = []
        watcher = health.Watch(health_pb2.HealthCheckRequest(service="readiness"))
        assert next(watcher).status == health_pb2.HealthCheckResponse.SERVING
        call = program.stub.Generate.future(pb.GenerateRequest(prompt="a", steps=10))

        def watch():
            try:
                states.extend(update.status for update in watcher)
            except grpc.RpcError:
                pass

        thread = threading.Thread(target=watch)
        thread.start()
        time.sleep(0.2)
        program.process.send_signal(signal.SIGTERM)
        assert len(call.result(timeout=10).images) == 1
        assert program.end()[0] == 0
        thread.join()
        assert states[0] == health_pb2.HealthCheckResponse.NOT_SERVING
