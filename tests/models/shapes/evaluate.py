#!/usr/bin/env python3
"""Scores a saved checkpoint on test.png and test.tsv, and writes what a runtime is compared with.

    evaluate.py                  exact match of the greedy captions, and where attention looks while a shape is named
    evaluate.py --golden         golden.json and golden.safetensors
    evaluate.py --pictures       the captions of the folder pictures, the wide one resized
    evaluate.py --wide           exact match on other held-out pictures, 320 x 200 and resized
"""
import argparse
import json
import pathlib
import sys

import numpy as np
import torch
from safetensors.torch import save_file

import data
import model as captioner
import png
from shapes import draw

HERE = pathlib.Path(__file__).resolve().parent
NAMES = {"en": "English", "ko": "Korean"}


def captions(net, tokenizer, pixels, language, rows=100):
    pixels = torch.from_numpy(pixels)
    return [tokenizer.decode(ids) for start in range(0, len(pixels), rows)
            for ids in net.greedy(pixels[start : start + rows], language)]


def sequence(net, tokenizer, caption, language):
    """What the decoder reads and writes: <s>, the language, the caption, </s>; and where in the caption each token is."""
    encoded = tokenizer.encode(caption)
    config = net.config
    return [config["bos_token_id"], *config["languages"][language], *encoded.ids, config["eos_token_id"]], encoded.offsets


# ---- accuracy

def exact_match(net, tokenizer, pixels, rows, show):
    """Percentage of right captions of each language."""
    share = {}
    for side, language in enumerate(NAMES):
        said = captions(net, tokenizer, pixels, language)
        wrong = [(tile, row[side], text) for tile, (row, text) in enumerate(zip(rows, said)) if text != row[side]]
        share[language] = 100 * (1 - len(wrong) / len(rows))
        print(f"{NAMES[language]:8} {len(rows) - len(wrong)} of {len(rows)} right  {share[language]:6.2f} %")
        for tile, wanted, text in wrong[:show]:
            print(f"    tile {tile}: wanted {wanted}\n    {' ' * len(f'tile {tile}:')} said   {text}")
    return share


# ---- attention

def inside(box, cells, side=data.SIDE):
    """Of each cell of the grid, in reading order, the share of its pixels that are inside of the box."""
    edges = np.arange(cells + 1) * side / cells

    def overlap(low, high):
        return np.clip(np.minimum(edges[1:], high) - np.maximum(edges[:-1], low), 0, None) * cells / side

    return np.outer(overlap(box[1], box[3]), overlap(box[0], box[2])).ravel()


def looks(net, tokenizer, pixels, rows, side, language):
    """Of every named thing: 0 if it is named first, attention inside of its box, the box's share of the picture, and both for the other
    thing (0 and 1 when there is none). Attention is the mean over the tokens of its colour and shape, the right caption given; the weight
    of a region is spread evenly over its cell."""
    found = []
    for tile, row in enumerate(rows):
        tokens, offsets = sequence(net, tokenizer, row[side], language)
        with torch.no_grad():
            _, weights = net(net.encode(torch.from_numpy(pixels[tile : tile + 1])), torch.tensor([tokens[:-1]]))
        weights = weights[0].numpy()
        covers = [inside(named[0], round(weights.shape[1] ** 0.5)) for named in row[2]]
        for number, named in enumerate(row[2]):
            words = named[1 + side]
            first = row[side].index(words)
            # Position 1 reads the language and writes the caption's first token.
            written = [1 + k for k, (a, b) in enumerate(offsets) if a < first + len(words) and b > first]
            look = weights[written].mean(0)
            own, *other = [(look @ cover, cover.mean()) for cover in (covers[number], *covers[:number], *covers[number + 1 :])]
            found.append((number, *own, *(other[0] if other else (0, 1))))
    return np.array(found)


def attention(net, tokenizer, pixels, rows):
    """Mean of (attention inside of the box / the box's share of the picture) of each language."""
    ratio = {}
    print(f"\n{'while it is named':17} things  in its box  box's share  ratio  5th percentile  ratio of the other's box")
    for side, language in enumerate(NAMES):
        found = looks(net, tokenizer, pixels, rows, side, language)
        number, mass, area, other_mass, other_area = found.T
        ratio[language] = (mass / area).mean()
        for name, which in (("all", number >= 0), ("larger", number == 0), ("smaller", number == 1)):
            ratios = (mass / area)[which]
            other = (other_mass / other_area)[which & (other_area < 1)].mean()
            print(f"{NAMES[language]:8} {name:8} {which.sum():6}  {mass[which].mean():10.3f}  {area[which].mean():11.3f}  {ratios.mean():5.2f}"
                  f"  {np.percentile(ratios, 5):14.2f}  {other:24.2f}")
    return ratio


# ---- files

def golden(net, tokenizer, folder, cases=6, greedy=100):
    """Of a few pictures the regions, and for the right captions of both languages the logits and the attention of every position; of
    more pictures what greedy search says."""
    pixels, rows = data.read_tests()
    tensors, written = {}, []
    for tile in [i * len(rows) // cases for i in range(cases)]:
        with torch.no_grad():
            regions = net.encode(torch.from_numpy(pixels[tile : tile + 1]))
        case = {"tile": tile, "regions": f"{tile}.regions"}
        tensors[case["regions"]] = regions[0].contiguous()
        for side, language in enumerate(NAMES):
            tokens = sequence(net, tokenizer, rows[tile][side], language)[0][:-1]
            with torch.no_grad():
                logits, weights = net(regions, torch.tensor([tokens]))
            name = f"{tile}.{language}"
            case[language] = {"tokens": tokens, "logits": f"{name}.logits", "attention": f"{name}.attention"}
            tensors[f"{name}.logits"], tensors[f"{name}.attention"] = logits[0].contiguous(), weights[0].contiguous()
        written.append(case)
    spread = [i * len(rows) // greedy for i in range(greedy)]
    said = {language: net.greedy(torch.from_numpy(pixels[spread]), language) for language in NAMES}
    texts = [{"tile": tile, **{language: {"ids": said[language][i], "text": tokenizer.decode(said[language][i])} for language in NAMES}}
             for i, tile in enumerate(spread)]
    save_file(tensors, folder / "golden.safetensors")
    (folder / "golden.safetensors").chmod(0o644)
    text = json.dumps({"cases": written, "greedy": texts}, ensure_ascii=False, indent=1)
    (folder / "golden.json").write_text(text + "\n", encoding="utf-8")


def resized(pixels, side=data.SIDE):
    """Every new pixel is the mean of the area that it covers; other aspects are stretched."""

    def weights(old):
        edges = np.arange(side + 1) * old / side
        pixel = np.arange(old)
        return np.clip(np.minimum(edges[1:, None], pixel + 1) - np.maximum(edges[:-1, None], pixel), 0, None) * side / old

    lower = np.einsum("yr,rci->yci", weights(pixels.shape[0]), pixels.astype(float))
    shrunk = np.einsum("xc,yci->yxi", weights(pixels.shape[1]), lower)
    return np.rint(shrunk).astype(np.uint8)


def demo(net, tokenizer):
    """Whether all captions of the single pictures are right."""
    right = True
    for line in (HERE / "pictures" / "captions.tsv").read_text(encoding="utf-8").splitlines():
        name, *wanted = line.split("\t")
        pixels = resized(png.read(HERE / "pictures" / name))
        said = [captions(net, tokenizer, pixels[None], language)[0] for language in NAMES]
        right = right and said == wanted
        print(f"{name}\t{said[0]}\t{said[1]}{'' if said == wanted else '  WRONG'}")
    return right


def wide(net, tokenizer, show, size=500, seed=20240625):
    """The captions of pictures of another size and aspect."""
    drawn = [(picture, *draw(picture.scene, 320, 200)) for picture in data.test_set(size, seed, 320 / 200)]
    pixels = np.stack([resized(pixels) for _, pixels, _ in drawn])
    return exact_match(net, tokenizer, pixels, [picture.captions for picture, _, _ in drawn], show)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=pathlib.Path, default=HERE, help="where the checkpoint is")
    parser.add_argument("--golden", action="store_true")
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--wide", action="store_true")
    parser.add_argument("--show", type=int, default=20, help="how many wrong captions to print")
    parser.add_argument("--least", type=float, default=97.0, help="fail below this percentage of right captions")
    parser.add_argument("--least-ratio", type=float, default=3.0, help="fail below this ratio of attention")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    net, tokenizer = captioner.load(arguments.folder)
    if arguments.golden:
        golden(net, tokenizer, arguments.folder)
    elif arguments.pictures:
        if not demo(net, tokenizer):
            sys.exit("a wrong caption")
    elif arguments.wide:
        wide(net, tokenizer, arguments.show)
    else:
        pixels, rows = data.read_tests()
        assert all(data.held_out(picture) for picture in data.test_set())
        share = exact_match(net, tokenizer, pixels, rows, arguments.show)
        ratio = attention(net, tokenizer, pixels, rows)
        if min(share.values()) < arguments.least or min(ratio.values()) < arguments.least_ratio:
            sys.exit(f"below {arguments.least} % or {arguments.least_ratio} times the box's share")


if __name__ == "__main__":
    main()
