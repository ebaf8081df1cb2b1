#!/usr/bin/env python3
"""Writes a checkpoint of make_checkpoint.py (the llama shapes) as a GGUF file, for llama.cpp to be measured on the same weights. Needs numpy.

    make_gguf.py FOLDER OUT.gguf [--f32]

Matrices become F16 (--f32: F32), gains F32. A GGUF file is a header, keys with values, a list of tensors, then their numbers, each
tensor at a multiple of 32 bytes. There is no text in speed, so the tokenizer only has what llama.cpp insists on: a byte-level BPE
with the 256 bytes, one merge, and names for the rest of the vocabulary.
"""

import argparse
import struct
import sys
from pathlib import Path

import numpy as np

from checkpoint import Checkpoint

ALIGNMENT = 32
UINT32, FLOAT32, BOOL, STRING, ARRAY, INT32 = 4, 6, 7, 8, 9, 5  # types of values
F32, F16 = 0, 1  # types of tensors, and what general.file_type calls a file of them
NORMAL, CONTROL = 1, 3  # kinds of tokens


def text(value):
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def packed(kind, value):
    """The bytes of a value; a list is an array of `kind`."""
    if isinstance(value, list):
        return struct.pack("<IQ", kind, len(value)) + b"".join(packed(kind, one) for one in value)
    return text(value) if kind == STRING else struct.pack({UINT32: "<I", INT32: "<i", FLOAT32: "<f", BOOL: "<?"}[kind], value)


def entry(key, kind, value):
    return text(key) + struct.pack("<I", ARRAY if isinstance(value, list) else kind) + packed(kind, value)


def byte_characters():
    """How byte-level BPE writes each byte as one visible character: itself where it is visible, else the next from 256 on."""
    visible = set(range(0x21, 0x7F)) | set(range(0xA1, 0xAD)) | set(range(0xAE, 0x100))
    hidden = [byte for byte in range(256) if byte not in visible]
    return [chr(byte if byte in visible else 256 + hidden.index(byte)) for byte in range(256)]


def vocabulary(size):
    """Tokens and their kinds: unknown, beginning, end, the bytes, what the merge makes, names."""
    tokens = ["<unk>", "<s>", "</s>", *byte_characters(), "th"]
    tokens += [f"<unused{i}>" for i in range(len(tokens), size)]
    return tokens, [CONTROL] * 3 + [NORMAL] * (size - 3)


def pairs_side_by_side(matrix, heads):
    """Rows of queries or keys in llama.cpp's order. A checkpoint turns row i of a head with row i + head_dim / 2, llama.cpp its
    neighbours 2 i and 2 i + 1."""
    rows, columns = matrix.shape
    halves = matrix.reshape(heads, 2, rows // heads // 2, columns)
    return halves.transpose(0, 2, 1, 3).reshape(rows, columns)


def tensors_of(config):
    """(name in the file, name in the checkpoint, heads whose rows change places or 0)."""
    heads, kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
    yield "token_embd", "model.embed_tokens", 0
    yield "output_norm", "model.norm", 0
    if not config["tie_word_embeddings"]:
        yield "output", "lm_head", 0
    parts = {
        "attn_norm": ("input_layernorm", 0), "attn_q": ("self_attn.q_proj", heads), "attn_k": ("self_attn.k_proj", kv_heads),
        "attn_v": ("self_attn.v_proj", 0), "attn_output": ("self_attn.o_proj", 0), "ffn_norm": ("post_attention_layernorm", 0),
        "ffn_gate": ("mlp.gate_proj", 0), "ffn_up": ("mlp.up_proj", 0), "ffn_down": ("mlp.down_proj", 0),
    }
    for layer in range(config["num_hidden_layers"]):
        for part, (name, turned) in parts.items():
            yield f"blk.{layer}.{part}", f"model.layers.{layer}.{name}", turned


def keys_of(config, name, matrices):
    tokens, kinds = vocabulary(config["vocab_size"])
    yield entry("general.architecture", STRING, "llama")
    yield entry("general.name", STRING, name)
    yield entry("general.file_type", UINT32, matrices)
    for key, kind, value in (
        ("vocab_size", UINT32, config["vocab_size"]),
        ("context_length", UINT32, config["max_position_embeddings"]),
        ("embedding_length", UINT32, config["hidden_size"]),
        ("block_count", UINT32, config["num_hidden_layers"]),
        ("feed_forward_length", UINT32, config["intermediate_size"]),
        ("attention.head_count", UINT32, config["num_attention_heads"]),
        ("attention.head_count_kv", UINT32, config["num_key_value_heads"]),
        ("rope.dimension_count", UINT32, config["hidden_size"] // config["num_attention_heads"]),
        ("rope.freq_base", FLOAT32, config["rope_theta"]),
        ("attention.layer_norm_rms_epsilon", FLOAT32, config["rms_norm_eps"]),
    ):
        yield entry("llama." + key, kind, value)
    for key, kind, value in (
        ("model", STRING, "gpt2"), ("pre", STRING, "gpt-2"), ("tokens", STRING, tokens), ("token_type", INT32, kinds),
        ("merges", STRING, ["t h"]), ("bos_token_id", UINT32, config["bos_token_id"]),
        ("eos_token_id", UINT32, config["eos_token_id"]), ("unknown_token_id", UINT32, 0), ("add_bos_token", BOOL, False),
    ):
        yield entry("tokenizer.ggml." + key, kind, value)


def aligned(size):
    return -(-size // ALIGNMENT) * ALIGNMENT


def write(folder, out, matrices):
    checkpoint = Checkpoint(folder)
    config = checkpoint.config
    if config["model_type"] != "llama":
        sys.exit(f"make_gguf.py: {folder}: is a {config['model_type']}, not a llama: take one of the llama shapes")
    tensors = list(tensors_of(config))
    keys = list(keys_of(config, folder.name, matrices))
    infos, at = [], 0
    for name, source, _ in tensors:
        shape = checkpoint.shape(source + ".weight")
        kind = F32 if len(shape) == 1 else matrices
        infos.append(text(name + ".weight") + struct.pack("<I", len(shape)) +
                     b"".join(struct.pack("<Q", extent) for extent in reversed(shape)) + struct.pack("<IQ", kind, at))
        at = aligned(at + int(np.prod(shape)) * (4 if kind == F32 else 2))
    head = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(keys)) + b"".join(keys) + b"".join(infos)
    unfinished = out.with_name(out.name + ".part")
    with open(unfinished, "wb") as file:
        file.write(head.ljust(aligned(len(head)), b"\0"))
        for _, source, turned in tensors:
            numbers = checkpoint.read(source + ".weight")
            if turned:
                numbers = pairs_side_by_side(numbers, turned)
            raw = numbers.astype("<f4" if matrices == F32 or numbers.ndim == 1 else "<f2").tobytes()
            file.write(raw.ljust(aligned(len(raw)), b"\0"))
    unfinished.rename(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--f32", action="store_true", help="matrices stay F32")
    arguments = parser.parse_args()
    write(arguments.folder, arguments.out, F32 if arguments.f32 else F16)


if __name__ == "__main__":
    main()
