#!/usr/bin/env python3
"""Milliseconds that CTranslate2 takes to translate with a Transformer of make_checkpoint.py in int8. Needs ctranslate2, numpy.

    ctranslate2_bench.py FOLDER THREADS TEXTS BEAMS

TEXTS of 32 source tokens at once, exactly 32 steps each; BEAMS 0: greedy. Prints JSON.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import ctranslate2
import numpy as np
from ctranslate2.specs import common_spec, transformer_spec

from checkpoint import Checkpoint

SOURCE, STEPS = 32, 32


def linear(spec, checkpoint, *names):
    """One layer of CTranslate2; of several of the checkpoint, their outputs side by side."""
    spec.weight = np.concatenate([checkpoint.read(name + ".weight") for name in names])
    spec.bias = np.concatenate([checkpoint.read(name + ".bias") for name in names])


def norm(spec, checkpoint, name):
    spec.gamma, spec.beta = checkpoint.read(name + ".weight"), checkpoint.read(name + ".bias")


def attention(spec, checkpoint, name, crosses):
    parts = [f"{name}.{part}_proj" for part in ("q", "k", "v")]
    if crosses:
        linear(spec.linear[0], checkpoint, parts[0])
        linear(spec.linear[1], checkpoint, *parts[1:])
    else:
        linear(spec.linear[0], checkpoint, *parts)
    linear(spec.linear[-1], checkpoint, name + ".out_proj")
    norm(spec.layer_norm, checkpoint, name + "_layer_norm")


def side(spec, checkpoint, name, shared, width):
    """The encoder or the decoder."""
    positions = np.arange(2048)[:, None] / 10000 ** (np.arange(0, width, 2) / width)
    spec.position_encodings.encodings = np.concatenate([np.sin(positions), np.cos(positions)], 1).astype(np.float32)
    (spec.embeddings[0] if isinstance(spec.embeddings, list) else spec.embeddings).weight = shared
    for i, layer in enumerate(spec.layer):
        at = f"model.{name}.layers.{i}."
        attention(layer.self_attention, checkpoint, at + "self_attn", False)
        if name == "decoder":
            attention(layer.attention, checkpoint, at + "encoder_attn", True)
        linear(layer.ffn.linear_0, checkpoint, at + "fc1")
        linear(layer.ffn.linear_1, checkpoint, at + "fc2")
        norm(layer.ffn.layer_norm, checkpoint, at + "final_layer_norm")


def make_model(folder, out):
    checkpoint = Checkpoint(folder)
    config = checkpoint.config
    spec = transformer_spec.TransformerSpec.from_config(
        (config["encoder_layers"], config["decoder_layers"]), config["encoder_attention_heads"], pre_norm=False,
        activation=common_spec.Activation.RELU)
    shared = checkpoint.read("model.shared.weight")
    side(spec.encoder, checkpoint, "encoder", shared, config["d_model"])
    side(spec.decoder, checkpoint, "decoder", shared, config["d_model"])
    spec.decoder.projection.weight = shared
    spec.decoder.projection.bias = checkpoint.read("final_logits_bias").reshape(-1)
    tokens = ["</s>", "<unk>", "<s>"] + [f"token{i}" for i in range(3, config["vocab_size"])]
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.validate()
    spec.optimize(quantization="int8")
    out.mkdir(exist_ok=True)
    spec.save(str(out))


def milliseconds(model, threads, texts, beams):
    translator = ctranslate2.Translator(str(model), device="cpu", intra_threads=threads, inter_threads=1, compute_type="int8")
    source = [[f"token{3 + (7 * text + 13 * i) % 997}" for i in range(SOURCE)] for text in range(texts)]
    times = []
    begin = time.perf_counter()
    while len(times) < 8 or time.perf_counter() - begin < 1:
        start = time.perf_counter()
        made = translator.translate_batch(source, beam_size=max(beams, 1), min_decoding_length=STEPS, max_decoding_length=STEPS,
                                          max_batch_size=0)
        times.append(time.perf_counter() - start)
    if any(len(one.hypotheses[0]) != STEPS for one in made):
        sys.exit("ctranslate2_bench.py: a text has not as many tokens as it should")
    return 1e3 * statistics.median(times[3:])  # the first warm up


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    model = folder.parent / f"{folder.name}.ct2"
    if not (model / "model.bin").exists():
        make_model(folder, model)
    print(json.dumps({"milliseconds": milliseconds(model, *(int(number) for number in sys.argv[2:]))}))


if __name__ == "__main__":
    main()
