#!/usr/bin/env python3
"""Goldens of Whisper: what transformers computes for a tiny random model, from sounds in files to tokens and texts.

    whisper.py     writes whisper/ beside this script, a minute
"""
import json
import math
import os
import pathlib
import wave

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import numpy as np
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import common

HERE = pathlib.Path(__file__).resolve().parent
RATE, HOP, WINDOW, BANDS, FRAMES = 16000, 400, 640, 16, 40  # a second
SPECIAL = ["<|endoftext|>", "<|startoftranscript|>", "<|de|>", "<|en|>", "<|ko|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
           "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
STEPS, TRIES = 12, 60


def tokenizer():
    """Byte-level BPE with Whisper's special tokens behind it, and times, which are no special ones."""
    made = Tokenizer(models.BPE())
    made.pre_tokenizer, made.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    corpus = (HERE / "tokenizers" / "corpus.txt").read_text(encoding="utf-8").splitlines()[:40]
    made.train_from_iterator(corpus, trainers.BpeTrainer(vocab_size=290, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    made.add_tokens([AddedToken(t, special=True, normalized=False) for t in SPECIAL])
    made.add_tokens([AddedToken(f"<|{0.05 * i:.2f}|>", special=False, normalized=False) for i in range(4)])
    start, plain, end = (made.token_to_id(t) for t in ("<|startoftranscript|>", "<|notimestamps|>", "<|endoftext|>"))
    made.post_processor = processors.TemplateProcessing(
        single="<|startoftranscript|> <|notimestamps|> $A:0 <|endoftext|>", pair="<|startoftranscript|> <|notimestamps|> $A:0 $B:1 <|endoftext|>",
        special_tokens=[("<|startoftranscript|>", start), ("<|notimestamps|>", plain), ("<|endoftext|>", end)])
    return made


def sound(gen, seconds):
    """Voices that glide, swell and pause, and a little noise: int16 samples."""
    t = torch.arange(int(seconds * RATE)) / RATE
    x = 0.01 * torch.randn(len(t), generator=gen)
    for _ in range(4):
        f, glide, tremor, phase, loud = torch.rand(5, generator=gen).tolist()
        swell = torch.clamp(torch.sin(2 * math.pi * (1 + 3 * tremor) * t + 6 * phase), min=0)
        x += (0.05 + 0.15 * loud) * swell * torch.sin(2 * math.pi * (150 + 3000 * f * f + 1500 * (glide - 0.5) * t) * t)
    return (x.clamp(-1, 1) * 32767).round().short().numpy()


def write_wave(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(RATE)
        file.writeframes(samples.astype("<i2").tobytes())


def read_wave(path):
    with wave.open(str(path), "rb") as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(np.float32) / 32768


def transcribe(model, tokens, features, language, task, beams):
    """Tokens that transformers generates, and how narrowly the greedy search chose each."""
    out = model.generate(features, language=language, task=task, num_beams=beams, max_new_tokens=STEPS, do_sample=False,
                         return_dict_in_generate=True, output_scores=True, force_unique_generate_call=True)
    ids = out.sequences[0].tolist()
    start = [tokens["<|startoftranscript|>"], tokens[f"<|{language}|>"], tokens[f"<|{task}|>"], tokens["<|notimestamps|>"]]
    assert ids[:4] == start, ids
    end = tokens["<|endoftext|>"]
    made = ids[4:ids.index(end) if end in ids else len(ids)]
    margin = min((s[0].topk(2).values @ torch.tensor([1.0, -1.0])).item() for s in out.scores) if beams == 1 else None
    return made, margin


def random_model(config, gen):
    """Weights with which the sound, the places and the tokens before all matter to the next token."""
    model = transformers.WhisperForConditionalGeneration(config).eval()
    common.reinitialize(model, gen, 0.6)
    signs = torch.rand(config.d_model, generator=gen).sub(0.5).sign()
    model.model.decoder.layer_norm.weight.mul_(signs)  # or every token would be followed by itself
    for name, value in model.named_parameters():
        if "conv" in name and name.endswith("weight"):
            value.copy_(common.randn(value.shape, 1.4 / value[0].numel() ** 0.5, gen))
        if "encoder_attn.out_proj.weight" in name:
            value.mul_(2)
        if "decoder.embed_positions" in name:
            value.mul_(2)
    return model.half()


def generations(model, settings, tokens, features):
    """Of both sounds, with letters as the only tokens, and another first than the search would choose; and how narrow the narrowest
    choice was."""
    def searched(x, language, task, beams, **more):
        model.generation_config = transformers.GenerationConfig(**settings, **more)
        return transcribe(model, tokens, x, language, task, beams)

    letters = {t for text, t in tokens.items() if text.strip("Ġ").isalpha() and text.strip("Ġ").isascii()}
    never = sorted(set(tokens.values()) - letters - {tokens["<|endoftext|>"]})
    first = sorted({t for x in features for t in searched(x, "de", "transcribe", 1, suppress_tokens=never)[0][:1]} | {tokens["<|endoftext|>"]})
    more, results, narrowest = {"suppress_tokens": never, "begin_suppress_tokens": first}, [], math.inf
    for number, x in enumerate(features):
        for language, task, beams in (("de", "transcribe", 1), ("en", "transcribe", 1), ("ko", "translate", 1), ("de", "transcribe", 3)):
            made, margin = searched(x, language, task, beams, **more)
            narrowest = min(narrowest, margin if beams == 1 else math.inf)
            results.append({"sound": f"{number}.wav", "grid": f"case{number}", "language": language, "task": task, "beams": beams, "tokens": made})
    kinds = len({tuple(r["tokens"]) for r in results}) + len({t for r in results for t in r["tokens"]})
    return more, results, narrowest, kinds


@torch.no_grad()
def main():
    folder = HERE / "whisper"
    common.new_folder(folder)
    gen = common.generator("whisper")
    written = tokenizer()
    written.save(str(folder / "tokenizer.json"))
    tokens = written.get_vocab()
    end, start = tokens["<|endoftext|>"], tokens["<|startoftranscript|>"]
    config = transformers.WhisperConfig(
        vocab_size=len(tokens) + 1, num_mel_bins=BANDS, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=3,
        decoder_attention_heads=2, encoder_ffn_dim=48, decoder_ffn_dim=40, max_source_positions=FRAMES // 2, max_target_positions=32,
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=start, suppress_tokens=None, begin_suppress_tokens=None)
    config._attn_implementation = "eager"
    extractor = transformers.WhisperFeatureExtractor(feature_size=BANDS, sampling_rate=RATE, hop_length=HOP, chunk_length=1, n_fft=WINDOW)
    extractor.save_pretrained(folder)
    sounds = [sound(gen, 0.5), sound(gen, 0.4), sound(gen, 1.0)]
    for number, samples in enumerate(sounds[:2]):
        write_wave(folder / f"{number}.wav", samples)
    assert np.array_equal(read_wave(folder / "0.wav"), sounds[0].astype(np.float32) / 32768)
    features = [torch.from_numpy(extractor(s.astype(np.float32) / 32768, sampling_rate=RATE, return_tensors="np").input_features) for s in sounds]

    settings = {"decoder_start_token_id": start, "bos_token_id": end, "eos_token_id": end, "pad_token_id": end, "max_length": 32,
                "is_multilingual": True, "return_timestamps": False, "no_timestamps_token_id": tokens["<|notimestamps|>"],
                "lang_to_id": {f"<|{c}|>": tokens[f"<|{c}|>"] for c in ("de", "en", "ko")}, "task_to_id": {t: tokens[f"<|{t}|>"] for t in ("transcribe", "translate")}}
    best = None
    for number in range(TRIES):  # one whose choices are clear, so that rounding does not change them, and many
        model = random_model(config, common.generator(f"whisper {number}"))
        chosen = generations(model.float(), settings, tokens, features[:2])
        score = min(chosen[2], 0.15) * chosen[3]
        if best is None or score > best[0]:
            best = score, number, chosen
    _, number, (more, results, margin, _) = best
    random_model(config, common.generator(f"whisper {number}")).save_pretrained(folder)
    common.write_json(folder / "config.json", json.loads((folder / "config.json").read_text()))
    (folder / "generation_config.json").unlink(missing_ok=True)
    common.write_json(folder / "generation_config.json", settings | more)
    for result in results:
        result["text"] = written.decode(result["tokens"], skip_special_tokens=True)
        print(result)
    common.write_json(folder / "transcripts.json", {"max_new_tokens": STEPS, "margin": round(margin, 4), "transcripts": results}, compact=True)

    model = transformers.WhisperForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    cases, inputs, outputs = [], {}, {}
    for number, (length, x) in enumerate(zip((1, 16, 9), features)):
        text = [start, tokens["<|de|>"], tokens["<|transcribe|>"], tokens["<|notimestamps|>"], *torch.randint(0, end, (length,), generator=gen).tolist()][:length]
        inputs[f"case{number}"] = x[0].T[None].contiguous()
        outputs[f"case{number}"] = model(input_features=x, decoder_input_ids=torch.tensor([text])).logits[0].contiguous()
        cases.append({"tokens": [], "grid": f"case{number}", "decoder_tokens": text, "output": f"case{number}"})
    ids = torch.tensor([cases[1]["decoder_tokens"]])
    common.check_sensitive(model, lambda: model(input_features=features[1], decoder_input_ids=ids).logits[0], ())
    common.write_json(folder / "cases.json", {"architecture": "WhisperForConditionalGeneration", "cases": cases}, compact=True)
    save_file(inputs, folder / "inputs.safetensors")
    save_file(outputs, folder / "expected.safetensors")
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    size = sum(p.stat().st_size for p in folder.iterdir())
    print(f"whisper {size / 1024:.0f} KB, output std {outputs['case1'].std():.2f}, margin {margin:.3f}")


if __name__ == "__main__":
    main()
