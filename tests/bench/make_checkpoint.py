#!/usr/bin/env python3
"""Writes a checkpoint with random weights in the shape of a well-known model, for measuring speed. Needs numpy.

    make_checkpoint.py SHAPE FOLDER [--seed N]

Matrices are normal with a standard deviation of 1/sqrt(inputs), gains lie around 1, biases around 0; all are stored as bfloat16. Every
tensor has a random stream of its own (seed and name). There is no tokenizer: speed is measured on token ids.
"""

import argparse
import json
import math
import struct
import sys
import zlib
from pathlib import Path

import numpy as np


def llama(width, layers, heads, kv_heads, inner, vocabulary, tied):
    config = {
        "model_type": "llama", "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads,
        "num_key_value_heads": kv_heads, "intermediate_size": inner, "vocab_size": vocabulary, "tie_word_embeddings": tied,
        "max_position_embeddings": 2048, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "hidden_act": "silu",
        "bos_token_id": 1, "eos_token_id": 2,
    }
    kv = width // heads * kv_heads
    yield config
    yield "model.embed_tokens.weight", (vocabulary, width)
    for i in range(layers):
        at = f"model.layers.{i}."
        yield at + "input_layernorm.weight", (width,)
        for name, rows, columns in (("q", width, width), ("k", kv, width), ("v", kv, width), ("o", width, width)):
            yield at + f"self_attn.{name}_proj.weight", (rows, columns)
        yield at + "post_attention_layernorm.weight", (width,)
        yield at + "mlp.gate_proj.weight", (inner, width)
        yield at + "mlp.up_proj.weight", (inner, width)
        yield at + "mlp.down_proj.weight", (width, inner)
    yield "model.norm.weight", (width,)
    if not tied:
        yield "lm_head.weight", (vocabulary, width)


def linear(name, rows, columns):
    yield name + ".weight", (rows, columns)
    yield name + ".bias", (rows,)


def norm(name, width):
    yield name + ".weight", (width,)
    yield name + ".bias", (width,)


def bert(width, layers, heads, inner, vocabulary=30522):
    yield {
        "model_type": "bert", "hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads,
        "intermediate_size": inner, "vocab_size": vocabulary, "max_position_embeddings": 512, "type_vocab_size": 2,
        "layer_norm_eps": 1e-12, "hidden_act": "gelu", "pad_token_id": 0,
    }
    yield "embeddings.word_embeddings.weight", (vocabulary, width)
    yield "embeddings.position_embeddings.weight", (512, width)
    yield "embeddings.token_type_embeddings.weight", (2, width)
    yield from norm("embeddings.LayerNorm", width)
    for i in range(layers):
        at = f"encoder.layer.{i}."
        for name in ("query", "key", "value"):
            yield from linear(at + f"attention.self.{name}", width, width)
        yield from linear(at + "attention.output.dense", width, width)
        yield from norm(at + "attention.output.LayerNorm", width)
        yield from linear(at + "intermediate.dense", inner, width)
        yield from linear(at + "output.dense", width, inner)
        yield from norm(at + "output.LayerNorm", width)


def marian(width, encoder_layers, decoder_layers, heads, inner, vocabulary=32000):
    yield {
        "model_type": "marian", "d_model": width, "encoder_layers": encoder_layers, "decoder_layers": decoder_layers,
        "encoder_attention_heads": heads, "decoder_attention_heads": heads, "encoder_ffn_dim": inner,
        "decoder_ffn_dim": inner, "vocab_size": vocabulary, "decoder_vocab_size": vocabulary,
        "max_position_embeddings": 512, "activation_function": "relu", "scale_embedding": True,
        "share_encoder_decoder_embeddings": True, "tie_word_embeddings": True,
        "pad_token_id": vocabulary - 1, "eos_token_id": 0, "bos_token_id": 0,
        "decoder_start_token_id": vocabulary - 1, "forced_eos_token_id": None,
    }
    yield "model.shared.weight", (vocabulary, width)
    yield "final_logits_bias", (1, vocabulary)
    for side, layers in (("encoder", encoder_layers), ("decoder", decoder_layers)):
        for i in range(layers):
            at = f"model.{side}.layers.{i}."
            for attention in ("self_attn", "encoder_attn")[:1 if side == "encoder" else 2]:
                for name in ("k_proj", "v_proj", "q_proj", "out_proj"):
                    yield from linear(at + f"{attention}.{name}", width, width)
                yield from norm(at + f"{attention}_layer_norm", width)
            yield from linear(at + "fc1", inner, width)
            yield from linear(at + "fc2", width, inner)
            yield from norm(at + "final_layer_norm", width)


SHAPES = {
    "stories15m": lambda: llama(288, 6, 6, 6, 768, 32000, True),
    "smollm-135m": lambda: llama(576, 30, 9, 3, 1536, 49152, True),
    "tinyllama-1.1b": lambda: llama(2048, 22, 32, 4, 5632, 32000, False),
    "minilm-l6": lambda: bert(384, 6, 12, 1536),
    "bert-base": lambda: bert(768, 12, 12, 3072),
    "transformer-tiny": lambda: marian(256, 6, 2, 8, 1536),
    "transformer-base": lambda: marian(512, 6, 6, 8, 2048),
}


def numbers(name, shape, seed):
    """float32, as the module's text says."""
    random = np.random.default_rng([seed, zlib.crc32(name.encode())])
    normal = random.standard_normal(math.prod(shape), dtype=np.float32).reshape(shape)
    if name.endswith("bias"):
        return 0.05 * normal
    if len(shape) == 1:
        return 1 + 0.1 * normal
    return normal / math.sqrt(shape[1])


def bfloat16(x):
    """Bytes of float32 numbers (finite), rounded to the nearest bfloat16, ties to even."""
    bits = np.ascontiguousarray(x, dtype="<f4").view("<u4")
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype("<u2").tobytes()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shape", choices=sorted(SHAPES))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    config, *tensors = SHAPES[arguments.shape]()
    header, end = {}, 0
    for name, shape in tensors:
        begin, end = end, end + 2 * math.prod(shape)
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)

    arguments.folder.mkdir(parents=True, exist_ok=True)
    unfinished = arguments.folder / "model.safetensors.part"
    with open(unfinished, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for i, (name, shape) in enumerate(tensors):
            file.write(bfloat16(numbers(name, shape, arguments.seed)))
            if sys.stderr.isatty():
                print(f"\r{arguments.shape}: tensor {i + 1} of {len(tensors)}", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    (arguments.folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    unfinished.rename(arguments.folder / "model.safetensors")


if __name__ == "__main__":
    main()
