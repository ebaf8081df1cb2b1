#!/usr/bin/env python3
"""Milliseconds that ONNX Runtime takes for one text through a BERT of make_checkpoint.py, int8 weights and rows. Needs onnxruntime, onnx, numpy.

    onnxruntime_bench.py FOLDER THREADS TOKENS

Prints JSON. The graph is written with the operators that ONNX Runtime has for int8 Transformers: QAttention, DynamicQuantizeMatMul,
SkipLayerNormalization, BiasGelu; weights have a scale for each column.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

MICROSOFT = "com.microsoft"


def make_graph(folder, out):
    """In a function of its own: the packages onnx and onnxruntime need not share a process."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    from checkpoint import Checkpoint
    checkpoint = Checkpoint(folder)
    config = checkpoint.config
    nodes, constants = [], []

    def constant(name, numbers):
        constants.append(numpy_helper.from_array(np.ascontiguousarray(numbers), name))
        return name

    def tensor(name):
        return constant(name, checkpoint.read(name))

    def node(kind, inputs, outputs, domain="", **attributes):
        nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def quantized(name, matrix):
        """Names of an int8 matrix [inputs, outputs], its scales and its zero points, one for each column."""
        scale = np.maximum(np.abs(matrix).max(0), 1e-12) / 127
        return (constant(name, np.rint(matrix / scale).astype(np.int8)), constant(name + ".scale", scale.astype(np.float32)),
                constant(name + ".zero", np.zeros(matrix.shape[1], np.int8)))

    def linear(x, name, bias=True):
        w, scale, zero = quantized(name + ".weight", checkpoint.read(name + ".weight").T)
        return node("DynamicQuantizeMatMul", [x, w, scale, zero] + ([tensor(name + ".bias")] if bias else []), [name], MICROSOFT)

    def skip_norm(x, residual, name):
        return node("SkipLayerNormalization", [x, residual, tensor(name + ".weight"), tensor(name + ".bias")], [name], MICROSOFT,
                    epsilon=config["layer_norm_eps"])

    node("EmbedLayerNormalization",
         ["tokens", "types", tensor("embeddings.word_embeddings.weight"), tensor("embeddings.position_embeddings.weight"),
          tensor("embeddings.token_type_embeddings.weight"), tensor("embeddings.LayerNorm.weight"), tensor("embeddings.LayerNorm.bias")],
         ["embedded", "mask_index"], MICROSOFT, epsilon=config["layer_norm_eps"])
    x = "embedded"
    for i in range(config["num_hidden_layers"]):
        at = f"encoder.layer.{i}."
        parts = [at + f"attention.self.{part}" for part in ("query", "key", "value")]
        w, scale, zero = quantized(at + "qkv", np.concatenate([checkpoint.read(part + ".weight").T for part in parts], 1))
        bias = constant(at + "qkv.bias", np.concatenate([checkpoint.read(part + ".bias") for part in parts]))
        rows = [at + "rows", at + "rows.scale", at + "rows.zero"]
        node("DynamicQuantizeLinear", [x], rows)
        attended = node("QAttention", [rows[0], w, bias, rows[1], scale, "", rows[2], zero], [at + "attended"], MICROSOFT,
                        num_heads=config["num_attention_heads"])
        x = skip_norm(linear(attended, at + "attention.output.dense"), x, at + "attention.output.LayerNorm")
        inner = linear(x, at + "intermediate.dense", bias=False)
        inner = node("BiasGelu", [inner, tensor(at + "intermediate.dense.bias")], [at + "gelu"], MICROSOFT)
        x = skip_norm(linear(inner, at + "output.dense"), x, at + "output.LayerNorm")
    row = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes, "bert", [row("tokens", TensorProto.INT32, ["batch", "length"]), row("types", TensorProto.INT32, ["batch", "length"])],
        [row(x, TensorProto.FLOAT, ["batch", "length", config["hidden_size"]])], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(MICROSOFT, 1)], ir_version=8)
    unfinished = out.with_name(out.name + ".part")
    onnx.save(model, unfinished)
    unfinished.rename(out)


def milliseconds(graph, threads, tokens, vocabulary):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    text = {"tokens": np.random.default_rng(1).integers(0, vocabulary, (1, tokens), dtype=np.int32),
            "types": np.zeros((1, tokens), np.int32)}
    times = []
    begin = time.perf_counter()
    while len(times) < 8 or time.perf_counter() - begin < 1:
        start = time.perf_counter()
        session.run(None, text)
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times[3:])  # the first warm up


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    folder, threads, tokens = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    graph = folder.parent / f"{folder.name}.onnx"
    if not graph.exists():
        make_graph(folder, graph)
    vocabulary = json.loads((folder / "config.json").read_text())["vocab_size"]
    print(json.dumps({"milliseconds": milliseconds(graph, threads, tokens, vocabulary)}))


if __name__ == "__main__":
    main()
