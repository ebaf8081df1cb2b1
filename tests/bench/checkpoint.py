"""The tensors of a checkpoint of make_checkpoint.py, for those who make other runtimes' files of it. Needs numpy."""

import json
import struct

import numpy as np


class Checkpoint:
    """A folder with config.json and a model.safetensors of bfloat16 numbers, read as float32."""

    def __init__(self, folder):
        self.config = json.loads((folder / "config.json").read_text())
        path = folder / "model.safetensors"
        with open(path, "rb") as file:
            size = struct.unpack("<Q", file.read(8))[0]
            self.tensors = json.loads(file.read(size))
        self.bytes = np.memmap(path, np.uint8, "r", offset=8 + size)

    def shape(self, name):
        return self.tensors[name]["shape"]

    def read(self, name):
        begin, end = self.tensors[name]["data_offsets"]
        high = self.bytes[begin:end].view("<u2").astype(np.uint32)  # the upper half of a float32
        return (high << 16).view(np.float32).reshape(self.shape(name))
