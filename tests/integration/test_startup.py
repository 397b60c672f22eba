"""What stampd says when it can't start: exit code 1 and the place of the fault for a bad checkpoint, 2 for a bad flag."""

import json
import shutil
import socket

import pytest

from programs import Stampd, run
from safetensors_file import SafetensorsFile

LISTEN = {"--listen": "127.0.0.1:0", "--metrics-listen": "127.0.0.1:0"}


def start(*arguments):
    """Runs stampd, which must not become ready."""
    ended = run("STAMPD", *(part for pair in LISTEN.items() for part in pair), *arguments)
    assert "ready" not in ended.stdout
    return ended


@pytest.fixture
def damaged(checkpoint, tmp_path):
    """A copy of the checkpoint to do harm to."""
    return shutil.copytree(checkpoint, tmp_path / "damaged")


def weights(folder, component):
    (path,) = sorted((folder / component).glob("*.safetensors"))[:1]
    return path


def assert_refused(folder, *named):
    ended = start("--model", f"bad={folder}")
    assert ended.returncode == 1, ended.stderr
    for name in named:
        assert str(name) in ended.stderr
    assert "terminate called" not in ended.stderr


def test_a_missing_folder_is_named(tmp_path):
    assert_refused(tmp_path / "nowhere", "nowhere")


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("hello")
    assert_refused(path, path)


def test_an_empty_folder_lacks_its_index(tmp_path):
    assert_refused(tmp_path, "model_index.json")


@pytest.mark.parametrize("component", ["transformer", "text_encoder", "vae"])
def test_a_missing_component_is_named(damaged, component):
    shutil.rmtree(damaged / component)
    assert_refused(damaged, component)


@pytest.mark.parametrize("component", ["transformer", "text_encoder", "vae"])
def test_a_truncated_file_is_named(damaged, component):
    path = weights(damaged, component)
    path.write_bytes(path.read_bytes()[:-1])
    assert_refused(damaged, path.name, component)


def test_a_header_longer_than_its_file_is_refused(damaged):
    path = weights(damaged, "transformer")
    path.write_bytes(b"\xff" * 8 + path.read_bytes()[8:])
    assert_refused(damaged, path.name)


@pytest.mark.parametrize("component", ["transformer", "text_encoder", "vae"])
def test_a_weight_that_is_not_a_number_is_named(damaged, component):
    file = SafetensorsFile(weights(damaged, component))
    name = file.tensors()[-1]
    file.put_nan(name)
    file.save()
    assert_refused(damaged, file.path.name, name)


def test_a_weight_of_another_dtype_is_named(damaged):
    file = SafetensorsFile(weights(damaged, "transformer"))
    name = file.tensors()[0]
    same_width = {"F32": "I32", "F16": "I16", "BF16": "I16"}
    file.header[name]["dtype"] = same_width[file.header[name]["dtype"]]
    file.save()
    assert_refused(damaged, file.path.name, name)


def test_a_weight_of_another_shape_is_named(damaged):
    file = SafetensorsFile(weights(damaged, "transformer"))
    name = next(name for name in file.tensors() if len(file.header[name]["shape"]) == 2 and len(set(file.header[name]["shape"])) == 2)
    file.header[name]["shape"].reverse()
    file.save()
    assert_refused(damaged, file.path.name, name)


def test_a_missing_weight_is_named(damaged):
    file = SafetensorsFile(weights(damaged, "transformer"))
    name = file.tensors()[0]
    file.header[name + ".renamed"] = file.header.pop(name)
    file.save()
    assert_refused(damaged, name)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"num_layers": "two"}', '{"num_layers": -1}'])
def test_a_bad_config_is_named(damaged, content):
    (damaged / "transformer" / "config.json").write_text(content)
    assert_refused(damaged, "transformer", "config.json")


def test_a_pipeline_that_is_not_hosted_is_named(damaged):
    (damaged / "model_index.json").write_text('{"_class_name": "SomeOtherPipeline"}')
    assert_refused(damaged, "SomeOtherPipeline")


@pytest.mark.parametrize("flag", ["--listen", "--metrics-listen"])
def test_an_address_in_use_is_named(checkpoint, flag):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        addresses = {**LISTEN, flag: address}
        ended = run("STAMPD", "--model", f"tiny={checkpoint}", *(part for pair in addresses.items() for part in pair))
    assert ended.returncode == 1
    assert address in ended.stderr


def test_a_configuration_file_sets_what_flags_set(checkpoint, tmp_path):
    config = tmp_path / "stampd.toml"
    config.write_text(f'model = ["first={checkpoint},precision=fp32", "second={checkpoint}"]\nlog-format = "json"\nmax-queue = 3\n')
    with Stampd("--config", config) as server:
        pass
    assert [json.loads(line)["model"] for line in server.log if '"loaded"' in line] == ["first", "second"]


def test_settings_that_do_not_exist_are_named(tmp_path):
    config = tmp_path / "stampd.toml"
    config.write_text('model = ["a=b"]\nmax-queues = 3\n')
    ended = start("--config", config)
    assert ended.returncode == 2
    assert "max-queues" in ended.stderr


@pytest.mark.parametrize("arguments", [[], ["--nosuch"], ["--model"], ["--model", "no-equals"], ["--model", "a="], ["--model", "=a"],
                                       ["--model", "a b=c"], ["--model", "a=b,precision=fp7"], ["--model", "a=b", "--model", "a=c"],
                                       ["--model", "a=b", "--max-queue", "0"], ["--model", "a=b", "--max-queue", "many"],
                                       ["--model", "a=b", "--log-format", "xml"], ["--model", "a=b", "--config", "/nonexistent.toml"]],
                         ids=" ".join)
def test_a_bad_flag_is_exit_code_2(arguments):
    ended = start(*arguments)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr


@pytest.mark.parametrize("address", ["nowhere", "127.0.0.1", "127.0.0.1:70000", ":"])
@pytest.mark.parametrize("flag", ["--listen", "--metrics-listen"])
def test_an_address_needs_host_and_port(flag, address):
    ended = run("STAMPD", "--model", "a=b", flag, address)
    assert ended.returncode == 2
    assert address in ended.stderr


@pytest.mark.parametrize("program", ["STAMPD", "STAMP", "STAMPQ"])
@pytest.mark.parametrize("flag", ["--help", "--version"])
def test_help_and_version_go_to_standard_output(program, flag):
    ended = run(program, flag)
    assert ended.returncode == 0
    assert program.lower() in ended.stdout
    assert not ended.stderr
