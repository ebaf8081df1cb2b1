#!/usr/bin/env python3
"""Goldens of the audio spectrogram Transformer: what transformers computes for a tiny random classifier of sounds.

    spectrogram.py     writes audio-spectrogram-transformer/ beside this script, seconds; reads whisper/*.wav (whisper.py makes them)
"""
import json
import os
import pathlib

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
import torch
import transformers
from safetensors.torch import save_file

import common
from whisper import RATE, read_wave

HERE = pathlib.Path(__file__).resolve().parent
LABELS = ["yes", "no", "up", "down", "silence"]


@torch.no_grad()
def main():
    folder = HERE / "audio-spectrogram-transformer"
    common.new_folder(folder)
    gen = common.generator("ast")
    config = transformers.ASTConfig(
        hidden_size=24, num_hidden_layers=2, num_attention_heads=3, intermediate_size=48, patch_size=6, frequency_stride=4, time_stride=5,
        max_length=46, num_mel_bins=20, id2label=dict(enumerate(LABELS)), label2id={name: i for i, name in enumerate(LABELS)})
    model = transformers.ASTForAudioClassification(config).eval()
    common.reinitialize(model, gen)
    for name, value in model.named_parameters():
        if "patch_embeddings" in name and value.ndim == 4:
            value.copy_(common.randn(value.shape, value[0].numel() ** -0.5, gen))
        elif value.ndim == 3:  # tokens and positions
            value.copy_(common.randn(value.shape, 0.5, gen))
    model.half().save_pretrained(folder)
    common.write_json(folder / "config.json", json.loads((folder / "config.json").read_text()))
    extractor = transformers.ASTFeatureExtractor(num_mel_bins=20, max_length=46, mean=-6.0, std=3.0)
    extractor.save_pretrained(folder)

    model = transformers.ASTForAudioClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    features = [torch.tensor(extractor(read_wave(HERE / "whisper" / name), sampling_rate=RATE).input_values[0]) for name in ("0.wav", "1.wav")]
    features.append(common.randn(features[0].shape, 0.7, gen))
    cases, inputs, outputs = [], {}, {}
    for number, x in enumerate(features):
        inputs[f"case{number}"] = x.T[:, :, None].contiguous()  # [bands, frames, 1]
        outputs[f"case{number}"] = model(input_values=x[None]).logits.contiguous()
        cases.append({"tokens": [], "grid": f"case{number}", "output": f"case{number}"})
    common.write_json(folder / "probabilities.json", {
        f"{number}.wav": dict(zip(LABELS, (round(p, 5) for p in outputs[f"case{number}"][0].softmax(0).tolist()))) for number in range(2)})
    common.check_sensitive(model, lambda: model(input_values=features[0][None]).logits, ("k_proj.bias", "key.bias"))
    common.write_json(folder / "cases.json", {"architecture": "ASTForAudioClassification", "cases": cases}, compact=True)
    save_file(inputs, folder / "inputs.safetensors")
    save_file(outputs, folder / "expected.safetensors")
    for path in folder.glob("*.safetensors"):
        path.chmod(0o644)
    size = sum(p.stat().st_size for p in folder.iterdir())
    print(f"audio-spectrogram-transformer {size / 1024:.0f} KB", *outputs.values())


if __name__ == "__main__":
    main()
