"""The rules of captions and drawing against answers written by hand."""
import pathlib
import random
import tempfile

import numpy as np

import data
import png
from shapes import SHAPES, Scene, Thing, draw


def thing(words, radius=8.0, x=32.0, y=32.0):
    colour, shape = words.split()
    return Thing(colour, shape, radius, x, y, 0.0, (255, 0, 0))


CAPTIONS = [
    ("red circle", "above", "blue square", "a red circle above a blue square", "빨간 원이 파란 사각형 위에 있다"),
    ("orange cross", "below", "white heart", "an orange cross below a white heart", "주황색 십자가가 하얀 하트 아래에 있다"),
    ("green star", "left", "orange triangle", "a green star to the left of an orange triangle", "초록색 별이 주황색 삼각형 왼쪽에 있다"),
    ("purple ring", "right", "black diamond", "a purple ring to the right of a black diamond", "보라색 고리가 검은 마름모 오른쪽에 있다"),
    ("yellow heart", "above", "yellow ring", "a yellow heart above a yellow ring", "노란 하트가 노란 고리 위에 있다"),
    ("black diamond", "", "", "a black diamond", "검은 마름모가 있다"), ("orange triangle", "", "", "an orange triangle", "주황색 삼각형이 있다")]

# Widths and heights of shapes of radius 20.
SIZES = {
    "circle": (36, 36), "square": (33, 33), "triangle": (40, 35), "star": (43, 41), "cross": (37, 37), "ring": (37, 37),
    "diamond": (25, 40), "heart": (36, 33)}


def captions():
    for first, relation, second, english, korean in CAPTIONS:
        things = [thing(words) for words in (first, second) if words]
        assert data.english(things, relation) == english, data.english(things, relation)
        assert data.korean(things, relation) == korean, data.korean(things, relation)
    print(f"{len(CAPTIONS)} captions hold")


def pictures(count=2000):
    for shape in SHAPES:
        scene = Scene(64, 64, [thing(f"red {shape}", 20)], (100, 100, 100), (0, 0), 0, 1)
        pixels, [(x0, y0, x1, y1)] = draw(scene)
        assert abs(x1 - x0 - SIZES[shape][0]) <= 2 and abs(y1 - y0 - SIZES[shape][1]) <= 2, (shape, x1 - x0, y1 - y0)
        outside = np.ones((64, 64), bool)
        outside[y0 - 2 : y1 + 2, x0 - 2 : x1 + 2] = False  # a star's points fade
        assert (pixels[outside] == 100).all() and (pixels == (255, 0, 0)).all(2).any(), shape
    rng = random.Random(5)
    for _ in range(count):
        picture = data.training_sample(rng)
        assert not data.held_out(picture)
        if not picture.relation:
            continue
        first, second = draw(picture.scene)[1]
        apart = {"above": (first[3], second[1]), "below": (second[3], first[1]),
                 "left": (first[2], second[0]), "right": (second[2], first[0])}
        end, start = apart[picture.relation]
        assert end <= start, picture
        assert picture.scene.things[0].radius > 1.3 * picture.scene.things[1].radius, picture
    wide, _ = draw(data.sample(rng, 1.6).scene, 320, 200)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "wide.png"
        png.write(path, wide)
        assert (png.read(path) == wide).all()
    print(f"{len(SHAPES)} shapes, {count} pictures and a PNG hold")
