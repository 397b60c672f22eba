"""Reads and writes .safetensors files as bytes, so that tests can damage them in exactly one place."""

import json
import struct


class SafetensorsFile:
    def __init__(self, path):
        self.path = path
        content = path.read_bytes()
        (size,) = struct.unpack("<Q", content[:8])
        self.header = json.loads(content[8 : 8 + size])
        self.data = bytearray(content[8 + size :])

    def tensors(self):
        return [name for name in self.header if name != "__metadata__"]

    def put_nan(self, name):
        """As the last element of a tensor."""
        nan = {"F32": struct.pack("<f", float("nan")), "F16": b"\x00\x7e", "BF16": b"\xc0\x7f"}[self.header[name]["dtype"]]
        end = self.header[name]["data_offsets"][1]
        self.data[end - len(nan) : end] = nan

    def save(self):
        header = json.dumps(self.header).encode()
        header += b" " * (-len(header) % 8)  # keeps the data aligned, as writers do
        self.path.write_bytes(struct.pack("<Q", len(header)) + header + self.data)
