#!/usr/bin/env python3
"""Padded batches of golden models: what transformers computes for three sequences at once, written to <variant>/batch.json and
batch.safetensors.

  batches.py [VARIANT ...]     default: all of VARIANTS; the models themselves are made by make.py

A decoder's batch is padded on the left, as `generate` wants it, with the positions that `generate` counts; it is also run padded on
the right, which must give the same. The others are padded on the right. Only what belongs to real tokens is kept.
"""
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import contextlib
import json
import pathlib
import sys

import torch

with contextlib.redirect_stdout(None):
    import transformers
from safetensors.torch import save_file

from common import generator, write_json

HERE = pathlib.Path(__file__).resolve().parent
VARIANTS = ("llama", "gpt2", "bert", "marian", "t5", "bart")
LENGTHS = (5, 23, 12)
DECODER_LENGTHS = (14, 3, 8)


def padded(rows, fill, left):
    """[batch, longest] and which of it is real."""
    n = max(map(len, rows))
    gaps = [[fill] * (n - len(row)) for row in rows]
    real = [[1] * len(row) for row in rows]
    mask = [[0] * len(gap) + r if left else r + [0] * len(gap) for gap, r in zip(gaps, real)]
    return torch.tensor([gap + row if left else row + gap for gap, row in zip(gaps, rows)]), torch.tensor(mask)


@torch.no_grad()
def run(model, cases, pad, left):
    """The output rows of each sequence's own tokens."""
    ids, mask = padded([c["tokens"] for c in cases], pad, left)
    inputs = dict(input_ids=ids, attention_mask=mask)
    if model.config.is_encoder_decoder:
        inputs["decoder_input_ids"], mask = padded([c["decoder_tokens"] for c in cases], pad, False)
    elif "types" in cases[0]:
        inputs["token_type_ids"] = padded([c["types"] for c in cases], 0, left)[0]
    elif hasattr(model, "generate"):
        inputs["position_ids"] = (mask.cumsum(-1) - 1).clamp(min=0)  # as generate counts them
    out = model(**inputs)
    rows = out.logits if "logits" in out else out.last_hidden_state
    return [row[m.bool()].contiguous() for row, m in zip(rows, mask)]


def draw_cases(config, gen, types):
    pad = config.pad_token_id
    allowed = torch.tensor([t for t in range(config.vocab_size) if t != pad])

    def draw(n):
        return allowed[torch.randint(len(allowed), (n,), generator=gen)].tolist()

    cases = []
    for i, n in enumerate(LENGTHS):
        case = {"tokens": draw(n)}
        if config.is_encoder_decoder:
            case["decoder_tokens"] = [config.decoder_start_token_id] + draw(DECODER_LENGTHS[i] - 1)
        if types:
            case["types"] = [0] * (n // 2) + [1] * (n - n // 2)
        cases.append(case | {"output": f"batch{i}"})
    return cases


def make(variant):
    folder = HERE / variant
    document = json.loads((folder / "cases.json").read_text())
    model = getattr(transformers, document["architecture"]).from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    config = model.config
    pad = config.pad_token_id if config.pad_token_id is not None else 0
    cases = draw_cases(config, generator(variant + " batch"), "types" in document["cases"][0])
    left = hasattr(model, "generate") and not config.is_encoder_decoder
    results = run(model, cases, pad, left)
    if left:
        for other, result in zip(run(model, cases, pad, False), results):
            torch.testing.assert_close(other, result, atol=2e-5, rtol=1e-5)
    write_json(folder / "batch.json", {"padding": "left" if left else "right", "cases": cases}, compact=True)
    save_file({c["output"]: r for c, r in zip(cases, results)}, folder / "batch.safetensors")
    (folder / "batch.safetensors").chmod(0o644)
    alone = max((run(model, [c], pad, left)[0] - r).abs().max().item() / r.abs().max().item() for c, r in zip(cases, results))
    print(f"{variant:8} padded on the {'left' if left else 'right'}, alone differs by {alone:.1e}, "
          f"{(folder / 'batch.safetensors').stat().st_size / 1024:.0f} KB", flush=True)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[1:] or VARIANTS:
        make(name)
