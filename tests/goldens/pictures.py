#!/usr/bin/env python3
"""What Pillow and the image processors of transformers make of small pictures: tests/ports/host/pictures/expected.json.

    pictures.py     seconds; made with Pillow and transformers of README.md's versions
"""
import json
import pathlib

import numpy
from PIL import Image
from transformers.image_transforms import center_crop, get_resize_output_image_size

import common

HERE = pathlib.Path(__file__).resolve().parent
FILTERS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]


def picture(gen, height, width, channels):
    """Noise over a slope with an edge, so that filters overshoot."""
    y, x = numpy.mgrid[0:height, 0:width, 0:1][:2]
    base = (255 * (x + y) / max(height + width - 2, 1) + 150 * (x > width // 2)) % 256
    noise = common.randn((height, width, channels), 60, gen).numpy()
    return numpy.clip(base + noise, 0, 255).astype(numpy.uint8)


def text(array):
    return numpy.ascontiguousarray(array).tobytes().hex()


def main():
    gen, cases = common.generator("pictures"), []
    for height, width, channels in [(17, 23, 1), (9, 14, 3), (1, 1, 3), (40, 3, 1)]:
        pixels = picture(gen, height, width, channels)
        image = Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels)
        case = {"height": height, "width": width, "channels": channels, "bytes": text(pixels), "resized": [], "cropped": [], "shorter": []}
        for to in [(8, 8), (31, 20), (5, 23), (17, 4), (1, 1)]:
            for name in FILTERS:
                made = image.resize((to[1], to[0]), getattr(Image.Resampling, name.upper()))
                case["resized"].append({"height": to[0], "width": to[1], "filter": name, "bytes": text(numpy.asarray(made))})
        for to in [(8, 8), (18, 15), (3, 40), (21, 2)]:
            made = center_crop(pixels, to, data_format="channels_last", input_data_format="channels_last")
            case["cropped"].append({"height": to[0], "width": to[1], "bytes": text(made)})
        for side in [1, 7, 30]:
            size = get_resize_output_image_size(pixels, side, default_to_square=False, input_data_format="channels_last")
            case["shorter"].append({"side": side, "height": size[0], "width": size[1]})
        cases.append(case)
    path = HERE.parent / "ports" / "host" / "pictures" / "expected.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
