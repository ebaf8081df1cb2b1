#!/usr/bin/env python3
"""Pictures of one or two coloured shapes with an English and a Korean caption, made by rules.

    data.py --check          the rules against answers written by hand
    data.py --show 40        some captions to look at
    data.py --write          test.png, test.tsv and the pictures for a demo

Of two shapes one is clearly larger; it is named first, so every relation can be said of every pair. Which of the four relations
it is, is clear too: the distance of the centres along it is at least twice that across it. A pair of coloured shapes belongs to the
held-out part by a hash of their names, in whatever order: training never sees the two together, in any relation.
"""
import argparse
import dataclasses
import hashlib
import math
import pathlib
import random

import numpy as np

import png
from shapes import COLOURS, SHAPES, Scene, Thing, draw

HERE = pathlib.Path(__file__).resolve().parent
SIDE, SHEET_COLUMNS = 64, 25

KOREAN = {
    "red": "빨간", "green": "초록색", "blue": "파란", "yellow": "노란", "purple": "보라색", "orange": "주황색", "white": "하얀", "black": "검은",
    "circle": "원", "square": "사각형", "triangle": "삼각형", "star": "별", "cross": "십자가", "ring": "고리", "diamond": "마름모", "heart": "하트"}
# name: (English, Korean, where the first is seen from the second: right, down)
RELATIONS = {
    "above": ("above", "위에", (0, -1)), "below": ("below", "아래에", (0, 1)),
    "left": ("to the left of", "왼쪽에", (-1, 0)), "right": ("to the right of", "오른쪽에", (1, 0))}


# ---- captions

def english_name(thing):
    return f"{thing.colour} {thing.shape}"


def korean_name(thing):
    return f"{KOREAN[thing.colour]} {KOREAN[thing.shape]}"


def with_article(words):
    return ("an " if words[0] in "aeiou" else "a ") + words


def with_subject_particle(words):
    """이 after a final consonant, 가 after a vowel."""
    return words + ("이" if (ord(words[-1]) - ord("가")) % 28 else "가")


def english(things, relation):
    first, *second = [with_article(english_name(thing)) for thing in things]
    return f"{first} {RELATIONS[relation][0]} {second[0]}" if second else first


def korean(things, relation):
    first = with_subject_particle(korean_name(things[0]))
    return f"{first} {korean_name(things[1])} {RELATIONS[relation][1]} 있다" if len(things) > 1 else f"{first} 있다"


@dataclasses.dataclass
class Picture:
    scene: Scene
    relation: str  # of the first thing to the second; empty when there is one

    @property
    def captions(self):
        return english(self.scene.things, self.relation), korean(self.scene.things, self.relation)


# ---- scenes

def thing(rng, radius):
    colour, shape = rng.choice(list(COLOURS)), rng.choice(list(SHAPES))
    light = rng.uniform(0.9, 1.05)
    rgb = tuple(min(255, max(0, round(light * value + rng.uniform(-15, 15)))) for value in COLOURS[colour])
    return Thing(colour, shape, radius, 0, 0, rng.uniform(-1, 1) * SHAPES[shape][1], rgb)


def place(rng, things, relation, width, height):
    """Anywhere in the picture where the relation is clear."""
    while True:
        for one in things:
            margin = one.radius + 1
            one.x, one.y = rng.uniform(margin, width - margin), rng.uniform(margin, height - margin)
        if len(things) == 1:
            return
        right, down = RELATIONS[relation][2]
        dx, dy = things[0].x - things[1].x, things[0].y - things[1].y
        along, across = dx * right + dy * down, abs(dx * down) + abs(dy * right)
        if along >= things[0].radius + things[1].radius + 2 and along >= 2 * across:
            return


def sample(rng, aspect=1.0):
    """One picture of everything there is, held out or not. With an aspect, the scene is wider than high and has as much area."""
    width, height = SIDE * math.sqrt(aspect), SIDE / math.sqrt(aspect)
    relation = rng.choice(list(RELATIONS)) if rng.random() < 0.94 else ""
    while True:
        things = [thing(rng, rng.uniform(10.5, 13.5))] + ([thing(rng, rng.uniform(6.5, 8))] if relation else [])
        if len({english_name(one) for one in things}) == len(things):
            break
    place(rng, things, relation, width, height)
    grey = rng.uniform(75, 165)
    background = tuple(round(grey + rng.uniform(-14, 14)) for _ in range(3))
    slope = rng.uniform(-30, 30), rng.uniform(-30, 30)
    return Picture(Scene(width, height, things, background, slope, rng.uniform(0, 5), rng.getrandbits(48)), relation)


def held_out(picture):
    """One pair of coloured shapes in ten, and one coloured shape in ten where it is alone, is never trained on."""
    names = " and ".join(sorted(english_name(one) for one in picture.scene.things))
    return hashlib.sha1(names.encode()).digest()[0] < 26


def training_sample(rng):
    """One in five is of another aspect and thus stretched, because a runtime may stretch the pictures that it gets."""
    while True:
        picture = sample(rng, math.exp(rng.uniform(-0.5, 0.5)) if rng.random() < 0.2 else 1.0)
        if not held_out(picture):
            return picture


def test_set(size=500, seed=20240623, aspect=1.0):
    """Held-out pictures, no caption twice."""
    rng = random.Random(seed)
    pictures, seen = [], set()
    while len(pictures) < size:
        picture = sample(rng, aspect)
        if held_out(picture) and picture.captions not in seen:
            seen.add(picture.captions)
            pictures.append(picture)
    return pictures


# ---- files

def sheet(tiles):
    """Square pictures beside and below each other, in reading order."""
    lines = [np.concatenate(tiles[start : start + SHEET_COLUMNS], 1) for start in range(0, len(tiles), SHEET_COLUMNS)]
    return np.concatenate(lines, 0)


def tiles(pixels):
    """uint8 [tiles, 64, 64, 3] of a sheet."""
    rows, columns = pixels.shape[0] // SIDE, pixels.shape[1] // SIDE
    return np.ascontiguousarray(pixels.reshape(rows, SIDE, columns, SIDE, 3).transpose(0, 2, 1, 3, 4)).reshape(-1, SIDE, SIDE, 3)


def line(number, picture, boxes):
    fields = [str(number), *picture.captions]
    for one, box in zip(picture.scene.things, boxes):
        fields += [" ".join(map(str, box)), english_name(one), korean_name(one)]
    return "\t".join(fields) + "\n"


def read_tests():
    """Pixels of the tiles, and (English, Korean, [(box, English words, Korean words) of each thing])."""
    rows = []
    for text in (HERE / "test.tsv").read_text(encoding="utf-8").splitlines():
        _, first, second, *rest = text.split("\t")
        named = [(tuple(map(int, rest[i].split())), rest[i + 1], rest[i + 2]) for i in range(0, len(rest), 3)]
        rows.append((first, second, named))
    return tiles(png.read(HERE / "test.png")), rows


def write_tests():
    drawn = [(picture, *draw(picture.scene)) for picture in test_set()]
    png.write(HERE / "test.png", sheet([pixels for _, pixels, _ in drawn]))
    (HERE / "test.tsv").write_text("".join(line(i, picture, boxes) for i, (picture, _, boxes) in enumerate(drawn)), encoding="utf-8")


def write_pictures(seed=20240624):
    """Four of the model's size and one of another size and aspect, held out, and their captions."""
    rng = random.Random(seed)
    (HERE / "pictures").mkdir(exist_ok=True)
    captions = []
    for name, columns, rows in (("1", 64, 64), ("2", 64, 64), ("3", 64, 64), ("4", 64, 64), ("wide", 320, 200)):
        while True:
            picture = sample(rng, columns / rows)
            if held_out(picture) and picture.relation:
                break
        png.write(HERE / "pictures" / f"{name}.png", draw(picture.scene, columns, rows)[0])
        captions.append("\t".join([f"{name}.png", *picture.captions]) + "\n")
    (HERE / "pictures" / "captions.tsv").write_text("".join(captions), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    rng = random.Random(1)
    for _ in range(arguments.show):
        print("\t".join(sample(rng).captions))
    if arguments.check:
        import check
        check.captions()
        check.pictures()
    if arguments.write:
        write_tests()
        write_pictures()


if __name__ == "__main__":
    main()
