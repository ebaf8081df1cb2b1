#!/usr/bin/env python3
"""Beam searches of golden models: what transformers' generate(num_beams=…) finds, written to <variant>/beams.json.

  beams.py [VARIANT ...]     default: all of VARIANTS; the models themselves are made by make.py and vision_encoder_decoder.py

Each variant gets searches with several widths, every early_stopping, several length penalties, end tokens that the model really reaches,
suppressed and forced tokens. A search is kept only where float64 finds the same lists: nothing then hangs on the last bit of a float.
"""
import os

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import collections
import contextlib
import json
import pathlib
import sys

import torch

with contextlib.redirect_stdout(None):
    import transformers
from safetensors.torch import load_file

from common import write_json

HERE = pathlib.Path(__file__).resolve().parent
VARIANTS = ("marian", "bart", "t5", "m2m_100", "llama", "gpt2", "vit-gpt2", "trocr")
BEAMS = 4  # where a search does not say another width
NEW_TOKENS = 14
LEAST_GAP = 1e-4  # between the scores of two results
SEARCHES = (dict(), dict(early_stopping=True), dict(early_stopping="never", length_penalty=2.0), dict(length_penalty=0.0),
            dict(length_penalty=-1.5), dict(early_stopping=True, length_penalty=0.6, ends=2), dict(suppressed=True),
            dict(forced=True, early_stopping="never"), dict(max_new_tokens=3), dict(beams=2, length_penalty=0.0), dict(beams=3, ends=2),
            dict(beams=7, early_stopping="never", length_penalty=1.5), dict(beams=7, early_stopping=True, length_penalty=-0.5))


def load(folder, cases, dtype):
    model = getattr(transformers, cases["architecture"]).from_pretrained(folder, dtype=dtype, attn_implementation="eager")
    model.generation_config = transformers.GenerationConfig()
    return model.eval()


def encoder_inputs(model, folder, case):
    """What the model reads besides its prompt: a text, or a picture as its processor gives it."""
    if "grid" in case:
        grid = load_file(folder / "inputs.safetensors")[case["grid"]]
        return dict(pixel_values=grid.permute(2, 0, 1)[None].to(model.dtype))
    tokens = torch.tensor([case["tokens"]])
    return dict(input_ids=tokens, attention_mask=torch.ones_like(tokens))


@torch.no_grad()
def check_loaded(model, folder, case):
    """What was read is the golden's model: transformers does not find the computed positions of trocr-sinusoid again."""
    if "grid" in case:
        made = model(**encoder_inputs(model, folder, case), decoder_input_ids=torch.tensor([case["decoder_tokens"]])).logits[0]
        torch.testing.assert_close(made, load_file(folder / "expected.safetensors")[case["output"]])


@torch.no_grad()
def generate(model, folder, case, ends, beams=BEAMS, max_new_tokens=NEW_TOKENS, early_stopping=False, length_penalty=1.0, suppressed=(), forced=-1):
    inputs = encoder_inputs(model, folder, case)
    prompt = case.get("decoder_tokens", case["tokens"])
    if "decoder_tokens" in case:
        inputs["decoder_input_ids"] = torch.tensor([prompt])
    more = dict(suppress_tokens=list(suppressed)) if suppressed else {}
    if forced >= 0:
        more["forced_bos_token_id"] = forced
    config = transformers.GenerationConfig(
        num_beams=beams, num_return_sequences=beams, max_new_tokens=max_new_tokens, do_sample=False, early_stopping=early_stopping,
        length_penalty=length_penalty, eos_token_id=list(ends), pad_token_id=0, bos_token_id=1, decoder_start_token_id=prompt[0],
        return_dict_in_generate=True, output_scores=True, **more)
    made = model.generate(**inputs, generation_config=config)
    found = []
    for sequence, score in zip(made.sequences.tolist(), made.sequences_scores.tolist()):
        tokens = sequence[len(prompt):]
        end = next((i for i, token in enumerate(tokens) if token in ends), None)
        found.append(dict(tokens=tokens[:end][:max_new_tokens], stopped=end is not None, score=round(score, 7)))
    return found


def same(a, b):
    return [(x["tokens"], x["stopped"]) for x in a] == [(x["tokens"], x["stopped"]) for x in b]


def make(variant):
    folder = HERE / variant
    cases = json.loads((folder / "cases.json").read_text())
    single, double = (load(folder, cases, dtype) for dtype in (torch.float32, torch.float64))
    check_loaded(single, folder, cases["cases"][0])
    vocabulary = single.config.get_text_config(decoder=True).vocab_size
    searches, dropped = [], 0
    for case in cases["cases"][:3]:
        case = {key: case[key][:9] for key in ("tokens", "grid", "decoder_tokens") if key in case}
        free = generate(single, folder, case, [vocabulary - 1])
        common = collections.Counter(token for f in free for token in f["tokens"][2:]).most_common()
        common = [token for token, _ in common if token != 0]
        for search in SEARCHES:
            search = dict(search)
            ends = common[1:1 + search.pop("ends", 1)] or [2]
            if search.pop("suppressed", False):
                search["suppressed"] = [common[0], (common[0] + 1) % vocabulary]
            if search.pop("forced", False):
                if len(case.get("decoder_tokens", case["tokens"])) > 1:
                    continue  # transformers forces what follows one token only
                search["forced"] = 5
            found = generate(single, folder, case, ends, **search)
            gap = min(a["score"] - b["score"] for a, b in zip(found, found[1:]))
            if gap < LEAST_GAP or not same(found, generate(double, folder, case, ends, **search)):
                dropped += 1
                continue
            searches.append(case | dict(beams=len(found), ends=ends, max_new_tokens=search.get("max_new_tokens", NEW_TOKENS),
                                        early_stopping=search.get("early_stopping", False),
                                        length_penalty=search.get("length_penalty", 1.0),
                                        suppressed=search.get("suppressed", []), forced=search.get("forced", -1), results=found))
    stopped = sum(f["stopped"] for s in searches for f in s["results"])
    assert len(searches) >= 12 and stopped >= 15, (variant, len(searches), stopped)
    write_json(folder / "beams.json", dict(searches=searches), compact=True)
    results = sum(len(s["results"]) for s in searches)
    print(f"{variant}: {len(searches)} searches, {stopped} of {results} results ended by a token, {dropped} dropped")


if __name__ == "__main__":
    for name in sys.argv[1:] or VARIANTS:
        make(name)
