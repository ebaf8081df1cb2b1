#!/usr/bin/env python3
"""What Pillow and the image processors of transformers make of small pictures: tests/ports/host/pictures/expected.json; of files of many
formats: files.json; of a narrow one: narrow.json; and which places the nearest are: nearest.json there.

    pictures.py     seconds; made with Pillow and transformers of README.md's versions
"""
import io
import json
import pathlib
import struct
import zlib

import numpy
from PIL import Image, ImageOps
from transformers.image_transforms import center_crop, get_resize_output_image_size
from transformers.image_utils import load_image

import common

HERE = pathlib.Path(__file__).resolve().parent
FOLDER = HERE.parent / "ports" / "host" / "pictures"
ORIENTATION = 0x112  # Exif's
FILTERS = ["nearest", "bilinear", "bicubic", "lanczos", "box", "hamming"]


def picture(gen, height, width, channels):
    """Noise over a slope with an edge, so that filters overshoot."""
    y, x = numpy.mgrid[0:height, 0:width, 0:1][:2]
    base = (255 * (x + y) / max(height + width - 2, 1) + 150 * (x > width // 2)) % 256
    noise = common.randn((height, width, channels), 60, gen).numpy()
    return numpy.clip(base + noise, 0, 255).astype(numpy.uint8)


def text(array):
    return numpy.ascontiguousarray(array).tobytes().hex()


def png_of_16_bits(kind, channels):
    """Pillow writes none."""
    height, width = 4, 5
    rows = numpy.random.default_rng(7).integers(0, 65536, (height, width * channels)).astype(">u2")

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows))) + chunk(b"IEND", b""))


def from_the_top(bmp):
    """The same rows in the other order, and a height below zero. Pillow writes none."""
    start, = struct.unpack_from("<I", bmp, 10)
    height, = struct.unpack_from("<i", bmp, 22)
    line = (len(bmp) - start) // height
    lines = [bmp[at:at + line] for at in range(start, len(bmp), line)]
    return bmp[:22] + struct.pack("<i", -height) + bmp[26:start] + b"".join(reversed(lines))


def written(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def turned(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def files():
    """Each with its pixels in colours and in grey, as transformers loads a picture. A JPEG's decoders differ by some levels."""
    gen = common.generator("files of pictures")
    colours = Image.fromarray(picture(gen, 5, 7, 3))
    grey, palette, bits = colours.convert("L"), colours.quantize(12), colours.convert("1")
    alpha = colours.copy()
    alpha.putalpha(grey)
    smooth = Image.fromarray(picture(gen, 3, 4, 3)).resize((23, 18), Image.Resampling.BICUBIC)
    made = {"rgb.png": written(colours, "PNG"), "grey.png": written(grey, "PNG"), "grey-alpha.png": written(colours.convert("LA"), "PNG"),
            "alpha.png": written(alpha, "PNG"), "palette.png": written(palette, "PNG"), "palette-transparent.png": written(palette, "PNG", transparency=5),
            "palette-2-bits.png": written(colours.quantize(4), "PNG", bits=2), "bits.png": written(bits, "PNG"),
            "transparent.png": written(colours, "PNG", transparency=colours.getpixel((3, 2))), "rgb-16.png": png_of_16_bits(2, 3),
            "alpha-16.png": png_of_16_bits(6, 4), "grey-alpha-16.png": png_of_16_bits(4, 2), "turned.png": written(colours, "PNG", exif=turned(6)),
            "palette.gif": written(palette, "GIF"), "transparent.gif": written(palette, "GIF", transparency=5), "grey.gif": written(grey, "GIF"),
            "moving.gif": written(palette, "GIF", save_all=True, append_images=[palette.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]),
            "rgb.bmp": written(colours, "BMP"), "palette.bmp": written(palette, "BMP"), "grey.bmp": written(grey, "BMP"), "bits.bmp": written(bits, "BMP"),
            "down.bmp": from_the_top(written(colours, "BMP")), "palette-down.bmp": from_the_top(written(palette, "BMP")),
            "rgb.tga": written(colours, "TGA"), "runs.tga": written(colours, "TGA", compression="tga_rle"), "alpha.tga": written(alpha, "TGA"),
            "palette.tga": written(palette, "TGA"), "grey.tga": written(grey, "TGA"), "rgb.ppm": written(colours, "PPM"), "grey.pgm": written(grey, "PPM"),
            "grey.jpg": written(smooth.convert("L"), "JPEG"), "four-inks.jpg": written(smooth.convert("CMYK"), "JPEG", quality=95),
            "progressive.jpg": written(smooth, "JPEG", progressive=True)}
    for sampling in range(3):
        made[f"sampled-{sampling}.jpg"] = written(smooth, "JPEG", subsampling=sampling)
    for orientation in range(1, 9):
        made[f"turned-{orientation}.jpg"] = written(smooth, "JPEG", exif=turned(orientation), quality=30)
    cases = []
    for name, file in made.items():
        image = load_image(Image.open(io.BytesIO(file)))
        weighed = ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("L")
        cases.append({"name": name, "file": file.hex(), "height": image.height, "width": image.width, "colours": text(image), "grey": text(weighed)})
    return cases


def narrow():
    """A picture that becomes longer than 65,536 pixels before its middle is cut out."""
    height, width, side, crop = 2, 3000, 64, 8
    pixels = numpy.array([(i * 37 + i * i % 251) % 256 for i in range(height * width)], numpy.uint8).reshape(height, width)
    found = []
    for name in FILTERS:
        for turned in (False, True):
            image = Image.fromarray(pixels.T if turned else pixels)
            long = side * width // height
            made = image.resize((side, long) if turned else (long, side), getattr(Image.Resampling, name.upper()))
            cut = center_crop(numpy.asarray(made)[:, :, None], (crop, crop), data_format="channels_last", input_data_format="channels_last")
            found.append({"filter": name, "turned": turned, "bytes": text(cut)})
    return found


def nearest():
    """Which places of a side are the nearest of those of another length. Pillow's sums, rounded, decide where two are as near."""
    found = []
    for length, to in [(12, 77), (72, 38), (36, 31), (50, 14), (100, 28), (28, 224), (640, 224), (241, 240), (300, 150), (1500, 1260)]:
        places = numpy.arange(length, dtype=numpy.int32)[None]
        across = numpy.asarray(Image.fromarray(places).resize((to, 1), Image.Resampling.NEAREST))[0]
        assert (across == numpy.asarray(Image.fromarray(places.T).resize((1, to), Image.Resampling.NEAREST))[:, 0]).all()
        found.append({"length": length, "to": to, "places": across.tolist()})
    return found


def write(name, cases):
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / name).write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


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
    write("expected.json", cases)
    write("files.json", files())
    write("narrow.json", narrow())
    write("nearest.json", nearest())


if __name__ == "__main__":
    main()
