#!/usr/bin/env python3
"""Goldens of recurrent encoder-decoders: every cell, every kind of attention, every way to feed the decoder.

    rnn.py [VARIANT ...]      writes tests/goldens/rnn-<variant>/
"""
import pathlib
import sys

import torch
from safetensors.torch import load_file, save_file

from common import check_sensitive, generator, randn, write_json
from rnn_seq2seq import RnnSeq2Seq

HERE = pathlib.Path(__file__).resolve().parent


def side(hidden, layers=1, both=False, embedding=20, name="encoder", **more):
    made = {"rnn": f"{name}.rnn", "hidden_size": hidden, "num_layers": layers, "embedding": f"{name}.embedding.weight",
            "embedding_size": embedding, **more}
    return {**made, "bidirectional": True} if both else made


def decoder(hidden, layers=1, **more):
    return side(hidden, layers, name="decoder", **more)


ADDITIVE = {"score": "additive", "query_linear": "attention.query", "key_linear": "attention.key", "v": "attention.v"}
COMBINE = {"linear": "combine"}

VARIANTS = {
    # Sutskever et al. 2014 with the context of Cho et al. 2014: no attention.
    "lstm-plain": {"cell": "lstm", "encoder": side(24, 2), "decoder": decoder(24, 2, input=["embedding", "context"]),
                   "output": {"linear": "output", "input": ["output", "context", "embedding"]}},
    # Bahdanau et al. 2015.
    "bahdanau": {"cell": "gru_original", "encoder": side(24, both=True), "decoder": decoder(40, input=["embedding", "context"]),
                 "initial_state": {"from": "backward", "hidden": "bridge"}, "attention": {**ADDITIVE, "query": "previous"},
                 "output": {"linear": "output", "input": ["output", "context", "embedding"]}},
    # Luong et al. 2015: general score, input feeding.
    "luong": {"cell": "lstm", "encoder": side(16, 2, both=True), "decoder": decoder(36, 2, input=["embedding", "attentional"]),
              "initial_state": {"from": "final", "hidden": "bridge.{layer}.h", "cell": "bridge.{layer}.c", "activation": "none"},
              "attention": {"score": "general", "linear": "attention"}, "attentional": COMBINE, "output": {"linear": "output"}},
    "gru-dot-tied": {"cell": "gru", "encoder": side(28, embedding=28), "decoder": decoder(28, embedding=28),
                     "attention": {"score": "dot", "scale": 0.25}, "attentional": COMBINE,
                     "output": {"linear": "decoder.embedding.weight"}},
    "lstm-concat-monotonic": {"cell": "lstm", "encoder": side(20, both=True), "decoder": decoder(40),
                              "initial_state": "last", "attention": {"score": "concat", "linear": "attention.W", "order": "key_query",
                                                                     "v": "attention.v", "place": "monotonic", "window": 3},
                              "attentional": COMBINE, "output": {"linear": "output"}},
    "gru-additive-predicted": {"cell": "gru", "encoder": side(20, both=True), "decoder": decoder(33),
                               "initial_state": {"from": "last", "hidden": "bridge"},
                               "attention": {**ADDITIVE, "place": "predicted", "window": 6, "position_linear": "attention.position",
                                             "position_v": "attention.position_v"},
                               "attentional": COMBINE, "output": {"linear": "output"}},
    "gru-general-hard": {"cell": "gru", "encoder": side(20, both=True), "decoder": decoder(24, 2),
                         "initial_state": {"from": "mean", "hidden": "bridge.{layer}"},
                         "attention": {"score": "general", "linear": "attention", "applied_to": "query", "hard": True},
                         "output": {"linear": "output", "input": ["output", "context"]}},
    "lstm-concat-fed": {"cell": "lstm", "encoder": side(24, bias=False), "decoder": decoder(24, bias=False, input=["context", "embedding"]),
                        "initial_state": "zeros", "attention": {"score": "concat", "linear": "attention.W", "v": "attention.v"},
                        "output": {"linear": "output", "input": ["output", "context"]}},
    # PyTorch's tutorial "NLP From Scratch: Translation with a Sequence to Sequence Network and Attention", as README.md describes it.
    "tutorial": {"cell": "gru", "encoder": side(24, embedding=24, rnn="encoder.gru"),
                 "decoder": decoder(24, embedding=24, rnn="decoder.gru", input=["embedding", "context"]),
                 "attention": {"score": "additive", "query": "previous", "query_linear": "decoder.attention.Wa",
                               "key_linear": "decoder.attention.Ua", "v": "decoder.attention.Va"},
                 "output": {"linear": "decoder.out", "input": ["output"]}},
    "lstm-mean-previous": {"cell": "lstm", "encoder": side(20, both=True), "decoder": decoder(24, 2, input=["embedding", "context", "attentional"]),
                           "initial_state": {"from": "mean", "hidden": "bridge"},
                           "attention": {**ADDITIVE, "query": "previous"},
                           "attentional": {"linear": "combine", "input": ["output", "context", "embedding"]},
                           "output": {"linear": "output", "input": ["attentional", "output"]}},
}


@torch.no_grad()
def draw(model, gen):
    for name, value in model.named_parameters():
        matrix = value.ndim == 2
        std = 0.2 if not matrix else 1.0 if "embedding" in name else 1 / value.shape[1] ** 0.5
        if name.endswith(("attention.v.weight", "Va.weight", "position_v.weight")):
            std = 1.0 if "position" not in name else 0.3
        value.copy_(randn(value.shape, std, gen))


def lengths(gen, config):
    made = []
    for source, target in ((1, 7), (7, 1), (23, 40), (70, 23)):
        def tokens(n, vocabulary):
            return torch.randint(3, vocabulary, (n,), generator=gen).tolist()
        made.append({"tokens": tokens(source, config["source_vocab_size"]),
                     "decoder_tokens": [1] + tokens(target - 1, config["target_vocab_size"])})
    return made


@torch.no_grad()
def make(name):
    folder = HERE / f"rnn-{name}"
    folder.mkdir(exist_ok=True)
    gen = generator(folder.name)
    config = {"model_type": "rnn_seq2seq", "source_vocab_size": 60, "target_vocab_size": 70, "max_positions": 128,
              "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 1, **VARIANTS[name]}
    sizes = {"_attentional_size": config["decoder"]["embedding_size"] if name == "gru-dot-tied" else 30, "_units": 26}
    model = RnnSeq2Seq({**config, **sizes}).eval()
    draw(model, gen)
    save_file(model.state_dict(), folder / "model.safetensors")
    model.load_state_dict(load_file(folder / "model.safetensors"))
    cases, results = lengths(gen, config), {}
    for i, case in enumerate(cases):
        results[f"case{i}"] = model(torch.tensor([case["tokens"]]), torch.tensor([case["decoder_tokens"]]))[0]
        case["output"] = f"case{i}"
    check_sensitive(model, lambda: model(torch.tensor([cases[3]["tokens"]]), torch.tensor([cases[3]["decoder_tokens"]])), ["Va.bias"])
    write_json(folder / "config.json", config)
    write_json(folder / "cases.json", {"architecture": "RnnSeq2Seq", "cases": cases}, compact=True)
    save_file({key: value.contiguous() for key, value in results.items()}, folder / "expected.safetensors")
    for file in folder.iterdir():
        file.chmod(0o644)
    print(f"{folder.name}: {sum(p.numel() for p in model.parameters())} parameters, largest logit "
          f"{max(float(r.abs().max()) for r in results.values()):.2f}")


if __name__ == "__main__":
    for variant in sys.argv[1:] or VARIANTS:
        make(variant)
