#!/usr/bin/env python3
"""Trains a Whisper of its own, in transformers, to write down the numbers of sounds.py: checkpoint, test.tsv and sounds/ of this folder.

    train.py                             some ten minutes on one core
    train.py --steps 50 --out quick      a quick look
"""
import argparse
import dataclasses
import json
import math
import os
import pathlib
import random
import time

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import numpy as np
import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

import sounds

HERE = pathlib.Path(__file__).resolve().parent
SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|keys|>", "<|chimes|>", "<|transcribe|>", "<|translate|>", "<|notimestamps|>"]
TASKS = ("transcribe", "translate")
BANDS = 40


def make_tokenizer():
    """Byte-level BPE whose merges make the words of digits."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary, merges = {letter: i for i, letter in enumerate(alphabet)}, []
    for word in [*sounds.WORDS, *("Ġ" + word for word in sounds.WORDS)]:
        made = word[0]
        for letter in word[1:]:
            if (made, letter) not in merges:
                merges.append((made, letter))
                vocabulary.setdefault(made + letter, len(vocabulary))
            made += letter
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    tokenizer.add_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    return tokenizer


def make_model(tokens):
    end, start = tokens["<|endoftext|>"], tokens["<|startoftranscript|>"]
    config = transformers.WhisperConfig(
        vocab_size=len(tokens), num_mel_bins=BANDS, d_model=96, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=256, decoder_ffn_dim=256, max_source_positions=100, max_target_positions=48, dropout=0.0,
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=start, suppress_tokens=None, begin_suppress_tokens=None)
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config = transformers.GenerationConfig(
        decoder_start_token_id=start, bos_token_id=end, eos_token_id=end, pad_token_id=end, max_length=48, is_multilingual=True, return_timestamps=False,
        no_timestamps_token_id=tokens["<|notimestamps|>"], lang_to_id={f"<|{k}|>": tokens[f"<|{k}|>"] for k in sounds.KINDS},
        task_to_id={t: tokens[f"<|{t}|>"] for t in TASKS})
    return model


def make_extractor():
    return transformers.WhisperFeatureExtractor(feature_size=BANDS, sampling_rate=sounds.RATE, hop_length=80, chunk_length=sounds.SECONDS, n_fft=200)


def features_of(extractor, batch):
    waves = np.stack([sounds.samples(s) for s in batch]).astype(np.float32) / 32768
    return torch.from_numpy(extractor._torch_extract_fbank_features(waves))


def rows_of(tokenizer, batch, task):
    tokens = tokenizer.get_vocab()
    ids = [[tokens["<|startoftranscript|>"], tokens[f"<|{s.kind}|>"], tokens[f"<|{task}|>"], tokens["<|notimestamps|>"], *tokenizer.encode(s.text(task)).ids,
            tokens["<|endoftext|>"]] for s in batch]
    width = max(map(len, ids))
    rows = torch.tensor([row + [tokens["<|endoftext|>"]] * (width - len(row)) for row in ids])
    counted = torch.tensor([[i < len(row) for i in range(width)] for row in ids])
    return rows, counted


def losses(model, listener, tokenizer, extractor, batch, task):
    """Cross entropy of the texts, and of the digits alone by the encoder (Graves et al. 2006), which learns what to hear sooner."""
    rows, counted = rows_of(tokenizer, batch, task)
    heard = model.model.encoder(features_of(extractor, batch)).last_hidden_state
    made = model(encoder_outputs=(heard,), decoder_input_ids=rows[:, :-1]).logits
    wanted = rows[:, 1:].masked_fill(~counted[:, 1:], -100)
    wanted[:, 1:3] = -100  # the task, and no times: given, not heard
    text = torch.nn.functional.cross_entropy(made.flatten(0, 1), wanted.flatten())
    digits = [torch.tensor([int(d) + 1 for d in s.digits]) for s in batch]
    listened = torch.nn.functional.ctc_loss(
        listener(heard).log_softmax(-1).transpose(0, 1), torch.cat(digits), torch.full((len(batch),), heard.shape[1]),
        torch.tensor([len(d) for d in digits]), zero_infinity=True)
    return text, listened


def learning_rate(progress, peak, warmup=0.06):
    if progress < warmup:
        return peak * max(progress, 1e-4) / warmup
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, (progress - warmup) / (1 - warmup)))))


def train(model, tokenizer, extractor, options):
    rng, begin = random.Random(1), time.time()
    listener = torch.nn.Linear(model.config.d_model, 11)
    parameters = [*model.parameters(), *listener.parameters()]
    parameters = [p for p in parameters if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=options.rate, betas=(0.9, 0.98), weight_decay=0.01)
    for step in range(options.steps):
        optimizer.param_groups[0]["lr"] = learning_rate(step / options.steps, options.rate)
        batch = [sounds.training_sound(rng) for _ in range(options.batch)]
        text, listened = losses(model, listener, tokenizer, extractor, batch, TASKS[step % 2])
        optimizer.zero_grad()
        (text + 0.5 * listened).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if step % 50 == 0 or step + 1 == options.steps:
            print(f"{step:5} {time.time() - begin:6.0f} s  text {text.item():.4f}  listened {listened.item():.4f}", flush=True)


def write_samples(folder, tokenizer):
    """Held-out sounds, three of them as files, and what a decoder reads of the first two."""
    test = list(sounds.test_sounds(400))
    lines = ("\t".join(map(str, dataclasses.astuple(sound))) for sound in test)
    (folder / "test.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = [rows_of(tokenizer, [sound], task)[0][0, :-1].tolist() for sound, task in zip(test, TASKS)]
    (folder / "cases.json").write_text(json.dumps({"cases": [{"tokens": [], "decoder_tokens": row} for row in rows]}) + "\n")
    (folder / "sounds").mkdir(exist_ok=True)
    for number, sound in enumerate([s for s in test if len(s.digits) > 3][:3], 1):
        sounds.write_wave(folder / "sounds" / f"{number}.wav", sounds.samples(sound))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3400)
    parser.add_argument("--batch", type=int, default=24)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--out", type=pathlib.Path, default=HERE)
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    torch.manual_seed(1)
    torch.set_num_threads(1)
    tokenizer, extractor = make_tokenizer(), make_extractor()
    model = make_model(tokenizer.get_vocab())
    train(model, tokenizer, extractor, options)
    tokenizer.save(str(options.out / "tokenizer.json"))
    extractor.save_pretrained(options.out)
    model.half().save_pretrained(options.out)
    (options.out / "model.safetensors").chmod(0o644)
    write_samples(options.out, tokenizer)
    print(json.dumps({"parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    main()
