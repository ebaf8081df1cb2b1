"""Shared by the golden makers: seeded re-initialization of weights, config.json forms, and file writing."""
import json
import math
import shutil
import zlib

import torch
from torch import nn


def generator(name):
    """A torch generator that depends only on a name."""
    return torch.Generator().manual_seed(zlib.crc32(name.encode()))


def randn(shape, std, gen):
    return torch.randn(tuple(shape), generator=gen) * std


def new_folder(path):
    """The folder, with nothing in it."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()


def write_json(path, value, compact=False):
    text = json.dumps(value, ensure_ascii=False, **({"separators": (",", ":")} if compact else {"indent": 2, "sort_keys": True}))
    path.write_text(text + "\n", encoding="utf-8")


@torch.no_grad()
def reinitialize(model, gen, embedding=0.7, lively=False):
    """Draws every weight anew so that attention, positions, norms and biases all matter to the output.

    Matrices keep the variance of their input, and embeddings are near 1 after their scaling, as in trained models: larger ones
    saturate every softmax, and the least rounding then changes the output as much as another input would.

    lively: a decoder that follows its own tokens more and the source less, which a greedy search does not answer with one
    token for ever.
    """
    done = set()
    for name, module in model.named_modules():
        kind = type(module).__name__
        if "Sinusoidal" in kind:
            continue
        for part, value in list(module.named_parameters(recurse=False)):
            if id(value) in done:
                continue
            done.add(id(value))
            norm = kind.endswith("Norm")
            if norm and part == "weight":
                centre = 0.0 if kind.startswith("Gemma") else 1.0
                new = centre + randn(value.shape, 0.2, gen)
            elif part == "weight" and isinstance(module, nn.Embedding):
                std = 1.0 if "relative_attention_bias" in name else 0.5 if "position" in name else embedding
                new = randn(value.shape, std, gen)
            elif part.endswith("weight"):
                fan_in = value.shape[0] if kind == "Conv1D" else value[0].numel()
                std = 1 / math.sqrt(fan_in)
                if kind == "Linear" and (name.endswith("Attention.q")):  # T5 does not divide scores by sqrt(d_kv)
                    std /= math.sqrt(model.config.d_kv)
                new = randn(value.shape, std, gen)
            else:
                new = randn(value.shape, 0.2, gen)
            value.copy_(new)
    for name, value in model.named_parameters():
        if lively and "decoder" in name and value.ndim == 2 and "embed" not in name and "relative" not in name:
            value.mul_(0.6 if "encoder_attn.out_proj" in name or "EncDecAttention.o." in name else 1.4)
    for name, value in model.named_buffers():
        if name.endswith("final_logits_bias"):
            value.copy_(randn(value.shape, 0.3, gen))


def older_config(config):
    """The config.json form of transformers 4.x, from that of 5.x: what checkpoints made before 2026 carry."""
    old = dict(config)
    rope = old.pop("rope_parameters", None)
    kind = old["model_type"]
    if rope and "full_attention" in rope:  # gemma3: one rope for each layer type
        full, local = dict(rope["full_attention"]), rope["sliding_attention"]
        old["rope_theta"] = full.pop("rope_theta")
        old["rope_local_base_freq"] = local["rope_theta"]
        old["rope_scaling"] = None if full["rope_type"] == "default" else full
        old["sliding_window_pattern"] = old.pop("_sliding_window_pattern")
    elif rope:
        rope = dict(rope)
        theta, partial = rope.pop("rope_theta"), rope.pop("partial_rotary_factor", None)
        if kind == "gpt_neox":
            old["rotary_emb_base"], old["rotary_pct"] = theta, partial
        else:
            old["rope_theta"] = theta
            if partial is not None and kind != "phi3":
                old["partial_rotary_factor"] = partial
        if rope["rope_type"] == "default":
            old["rope_scaling"] = None
        elif rope["rope_type"] in ("linear", "dynamic"):  # the oldest spelling
            old["rope_scaling"] = {"type": rope["rope_type"], "factor": rope["factor"]}
        else:
            old["rope_scaling"] = rope
    old.pop("layer_types", None)
    old.pop("_sliding_window_pattern", None)
    if "dtype" in old:
        old["torch_dtype"] = old.pop("dtype")
    if kind == "t5":
        old["tie_word_embeddings"] = old.pop("scale_decoder_outputs")
    old["transformers_version"] = "4.46.0"
    return old


def unchanged_by(model, run, name, value):
    """Relative change of the output when a tensor is set to a neutral value; the tensor is restored."""
    before = run()
    saved = value.detach().clone()
    with torch.no_grad():
        one = saved.ndim == 1 and name.endswith("weight") and abs(saved.mean()) > 0.5
        value.fill_(1.0 if one else 0.0)
        after = run()
        value.copy_(saved)
    return ((after - before).norm() / before.norm()).item()


def check_sensitive(model, run, exempt):
    """Every tensor must matter: neutralizing it must change the output by at least 0.1 percent."""
    state = dict(model.named_parameters())
    state.update((n, b) for n, b in model.named_buffers() if n.endswith("final_logits_bias"))
    for name, value in state.items():
        if any(e in name for e in exempt):
            continue
        change = unchanged_by(model, run, name, value)
        assert change > 1e-3, f"{name}: the output changes by only {change:.2e} without it"
