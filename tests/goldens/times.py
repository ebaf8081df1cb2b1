#!/usr/bin/env python3
"""What transformers' rules for Whisper's tokens of times let follow, and which parts of a sound they tell: tests/ports/host/audio/times.json.

    times.py     seconds; reads whisper/ (whisper.py makes it)
"""
import json
import os
import pathlib
import types

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import numpy as np
import torch
import transformers
from transformers.generation.logits_process import WhisperTimeStampLogitsProcessor
from transformers.models.whisper.generation_whisper import WhisperGenerationMixin

from whisper import RATE, read_wave

HERE = pathlib.Path(__file__).resolve().parent
VOCABULARY, END, PLAIN, MOST_FIRST, STEPS = 40, 20, 25, 6, 14
PLACES = VOCABULARY - PLAIN - 1


class Numbers:
    """The same in C++: of a sequence's number."""

    def __init__(self, seed):
        self.seed = seed

    def logits(self, step):
        row = []
        for token in range(VOCABULARY):
            self.seed = (self.seed * 1664525 + 1013904223) % 2**32
            row.append((self.seed >> 24) / 32 + (1.5 if token > PLAIN and step % 3 == 0 else 0) + (token - PLAIN) * step / 64 * (token > PLAIN))
        return torch.tensor([row], dtype=torch.float32)


def segments_of(tokens):
    parts, offset = WhisperGenerationMixin._retrieve_segment(
        seek_sequence=torch.tensor(tokens), seek_outputs=[None], time_offset=torch.zeros(1, dtype=torch.float64), timestamp_begin=PLAIN + 1,
        seek_num_frames=torch.tensor([PLACES]), time_precision=1.0, time_precision_features=1.0, input_stride=1, prev_idx=0, idx=0,
        return_token_timestamps=False, decoder_input_ids=torch.zeros(1, 0))
    return {"parts": [[int(p["start"]), int(p["end"]), len(p["tokens"])] for p in parts], "until": int(offset)}


@torch.no_grad()
def of_sounds():
    """Of the golden model, once its times are not suppressed: tokens and parts in seconds."""
    model = transformers.WhisperForConditionalGeneration.from_pretrained(HERE / "whisper", dtype=torch.float32, attn_implementation="eager").eval()
    extractor = transformers.WhisperFeatureExtractor.from_pretrained(HERE / "whisper")
    settings = json.loads((HERE / "whisper" / "generation_config.json").read_text())
    words = transformers.PreTrainedTokenizerFast(tokenizer_file=str(HERE / "whisper" / "tokenizer.json"))
    first = settings["no_timestamps_token_id"] + 1
    settings["suppress_tokens"] = [t for t in settings["suppress_tokens"] if t < first]
    made = []
    for name in ("0.wav", "1.wav"):
        features = torch.from_numpy(extractor(read_wave(HERE / "whisper" / name), sampling_rate=RATE, return_tensors="np").input_features)
        for language, task in (("de", "transcribe"), ("en", "transcribe"), ("ko", "translate")):
            model.generation_config = transformers.GenerationConfig(**settings, max_initial_timestamp_index=20)
            out = model.generate(features, language=language, task=task, return_timestamps=True, return_segments=True, max_new_tokens=16, do_sample=False)
            parts = [{"begin": round(float(s["start"]), 3), "end": round(float(s["end"]), 3), "tokens": s["tokens"].tolist(),
                      "text": words.decode([t for t in s["tokens"].tolist() if t < first], skip_special_tokens=True).strip()} for s in out["segments"][0]]
            made.append({"sound": name, "language": language, "task": task, "parts": parts})
    return made


def main():
    rules = WhisperTimeStampLogitsProcessor(
        types.SimpleNamespace(no_timestamps_token_id=PLAIN, eos_token_id=END, bos_token_id=END, max_initial_timestamp_index=MOST_FIRST), begin_index=0)
    sequences = []
    for seed in range(24):
        numbers, tokens = Numbers(seed), []
        for step in range(STEPS):
            scores = rules(torch.tensor([tokens], dtype=torch.long), numbers.logits(step))
            token = int(scores[0].argmax())
            if token == END:
                break
            tokens.append(token)
        sequences.append({"seed": seed, "tokens": tokens} | segments_of(tokens))
    path = HERE.parent / "ports" / "host" / "audio" / "times.json"
    whole = {"vocabulary": VOCABULARY, "end": END, "plain": PLAIN, "most_first": MOST_FIRST, "steps": STEPS, "sequences": sequences, "sounds": of_sounds()}
    path.write_text(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).replace('{"seed"', '\n{"seed"').replace('{"sound"', '\n{"sound"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
