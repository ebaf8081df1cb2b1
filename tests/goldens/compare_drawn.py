#!/usr/bin/env python3
"""Whether the float model of kinglet-convert computes what transformers did for the checkpoints of drawn.py, from their files on.

    compare_drawn.py FOLDER     beside build/bin/kinglet-convert; exit status 1: some differ by more than 1e-4 of the largest number, or of 1
"""
import argparse
import json
import pathlib
import subprocess
import sys

import numpy as np

CONVERT = pathlib.Path(__file__).resolve().parents[2] / "build" / "bin" / "kinglet-convert"


def difference(folder):
    """The largest one as a share of the largest number; text: why there is none."""
    picture = folder / "picture.png"
    file = ["--image", picture] if picture.exists() else ["--audio", folder / "sound.wav"]
    made = folder / "made.npy"
    ran = subprocess.run([CONVERT, "eval", folder, *file, *json.loads((folder / "arguments.json").read_text()), "--output", made], capture_output=True, text=True)
    if ran.returncode != 0:
        return ran.stderr.strip()
    expected = np.load(folder / "expected.npy")
    numbers = np.load(made)
    if numbers.size != expected.size:
        return f"{numbers.shape} instead of {expected.shape}"
    return float(np.abs(numbers.reshape(expected.shape) - expected).max() / max(1, np.abs(expected).max()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    folders = sorted(parser.parse_args().folder.glob("*/expected.npy"))
    if not folders:
        sys.exit("no checkpoints of drawn.py there")
    found = {path.parent.name: difference(path.parent) for path in folders}
    wrong = {name: d for name, d in found.items() if isinstance(d, str) or not d <= 1e-4}
    for name, d in wrong.items():
        print(f"{name}: {d}")
    print(f"{len(found)} checkpoints, {len(wrong)} differ; the largest difference of the others "
          f"{max((d for name, d in found.items() if name not in wrong), default=0):.1e}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
