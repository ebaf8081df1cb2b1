#!/usr/bin/env python3
"""What the feature extractors of transformers make of sounds: tests/ports/host/audio/expected.json.

    sounds.py     seconds; reads whisper/*.wav (whisper.py makes them)
"""
import json
import pathlib
import warnings

import numpy as np
import transformers
from transformers.models.audio_spectrogram_transformer import feature_extraction_audio_spectrogram_transformer as ast

from whisper import read_wave

HERE = pathlib.Path(__file__).resolve().parent
ROWS = 18  # frames that are kept of each


def whisper(samples, **settings):
    """[frames, bands] in double, which transformers computes without PyTorch, and what it computes with it."""
    extractor = transformers.WhisperFeatureExtractor(**settings)
    length = extractor.n_samples
    padded = np.zeros(length, np.float32)
    padded[:min(len(samples), length)] = samples[:length]
    exact = extractor._np_extract_fbank_features(padded[None], "cpu")[0].T
    torch = extractor(samples, sampling_rate=extractor.sampling_rate, return_tensors="np").input_features[0].T
    assert np.abs(exact - torch).max() < 1e-3, np.abs(exact - torch).max()
    return exact


def spectrogram(samples, **settings):
    assert not ast.is_speech_available(), "torchaudio's numbers are others"
    return np.asarray(transformers.ASTFeatureExtractor(**settings)(samples, sampling_rate=settings["sampling_rate"], return_tensors="np").input_values[0])


def main():
    warnings.simplefilter("ignore")
    cases = []

    def add(scale, make, name, rate, window, hop, mean=0.0, deviation=1.0, **settings):
        samples = read_wave(HERE / "whisper" / name)
        features = make(samples, sampling_rate=rate, **settings)
        frames, bands = features.shape
        rows = sorted({*range(min(ROWS, frames)), frames // 2, frames - 1})
        cases.append({"scale": scale, "sound": name, "rate": rate, "window": window, "hop": hop, "mean": mean, "deviation": deviation, "frames": frames,
                      "bands": bands, "rows": [{"frame": r, "bands": [round(float(x), 6) for x in features[r]]} for r in rows]})

    for name in ("0.wav", "1.wav"):
        add("Slaney", whisper, name, 16000, 400, 160)
    add("Slaney", whisper, "0.wav", 16000, 400, 160, feature_size=128)
    add("Slaney", whisper, "0.wav", 16000, 640, 400, feature_size=16, n_fft=640, hop_length=400, chunk_length=1)
    add("Slaney", whisper, "1.wav", 8000, 201, 50, feature_size=20, n_fft=201, hop_length=50, chunk_length=1)
    add("Kaldi", spectrogram, "0.wav", 16000, 400, 160, -4.2677393, 2 * 4.5689974)
    add("Kaldi", spectrogram, "1.wav", 16000, 400, 160, num_mel_bins=40, max_length=30, do_normalize=False)
    path = HERE.parent / "ports" / "host" / "audio" / "expected.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
    print(f"{path.stat().st_size / 1024:.0f} KB")


if __name__ == "__main__":
    main()
