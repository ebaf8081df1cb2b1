#!/usr/bin/env python3
"""Scores the saved checkpoint, in float, on test.tsv: whole numbers right, by transformers' greedy generate; and which sender it hears."""
import os
import pathlib

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import torch
import transformers
from tokenizers import Tokenizer

import sounds
from train import TASKS, features_of

HERE = pathlib.Path(__file__).resolve().parent
TYPES = (str, str, int, int, int, float, float, float, int)


def read_sounds():
    lines = (HERE / "test.tsv").read_text(encoding="utf-8").splitlines()
    return [sounds.Sound(*(kind(field) for kind, field in zip(TYPES, line.split("\t")))) for line in lines]


@torch.no_grad()
def main():
    torch.set_num_threads(1)
    model = transformers.WhisperForConditionalGeneration.from_pretrained(HERE, dtype=torch.float32).eval()
    tokenizer = Tokenizer.from_file(str(HERE / "tokenizer.json"))
    extractor = transformers.WhisperFeatureExtractor.from_pretrained(HERE)
    all_sounds = read_sounds()
    assert all(map(sounds.held_out, all_sounds))
    right = {(kind, task): 0 for kind in sounds.KINDS for task in TASKS}
    count, heard = {kind: 0 for kind in sounds.KINDS}, 0
    for kind in sounds.KINDS:
        chosen = [s for s in all_sounds if s.kind == kind]
        count[kind] = len(chosen)
        for begin in range(0, len(chosen), 50):
            batch = chosen[begin:begin + 50]
            features = features_of(extractor, batch)
            heard += (model.detect_language(features) == tokenizer.token_to_id(f"<|{kind}|>")).sum().item()
            for task in TASKS:
                made = model.generate(features, language=f"<|{kind}|>", task=task, num_beams=1, do_sample=False)
                texts = tokenizer.decode_batch(made.tolist(), skip_special_tokens=True)
                right[kind, task] += sum(text == s.text(task) for text, s in zip(texts, batch))
    for (kind, task), n in right.items():
        print(f"{kind:6} {task:10} {n} of {count[kind]}")
    print(f"sender heard {heard} of {len(all_sounds)}")


if __name__ == "__main__":
    main()
