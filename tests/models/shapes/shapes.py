"""Draws coloured shapes with smooth edges, with numpy only.

A shape is a function of (u, v), right and down from its centre in units of its radius, to the distance from its edge, negative
inside. It need not be exact away from the edge: only half a pixel on each side of it is looked at.
"""
import dataclasses

import numpy as np


def triangle(u, v, apex=0.95, base=0.8, half=1.0):
    side = ((apex + base) * np.abs(u) - half * (v + apex)) / np.hypot(apex + base, half)
    return np.maximum(v - base, side)


def star(u, v, middle=0.35):
    """Five lines; a point of the star is outside of at most one of them."""
    angles = np.deg2rad(-90 + 72 * np.arange(5))
    lines = np.cos(angles)[:, None, None] * u + np.sin(angles)[:, None, None] * v - middle
    return np.sort(lines, 0)[-2]


def heart(u, v, half=0.74, down=0.1):
    """A square on its corner, and circles over its upper sides."""
    square = (np.abs(u) + np.abs(v - down) - half) / np.sqrt(2)
    circle = np.hypot(np.abs(u) - half / 2, v - down + half / 2) - half / np.sqrt(2)
    return np.minimum(square, circle)


def cross(u, v, long=0.92, short=0.3):
    u, v = np.abs(u), np.abs(v)
    return np.minimum(np.maximum(u - long, v - short), np.maximum(u - short, v - long))


def diamond(u, v, width=0.62):
    return (np.abs(u) / width + np.abs(v) - 1) / np.hypot(1 / width, 1)


# name: (distance from the edge, degrees it may be turned either way and still be called that)
SHAPES = {
    "circle": (lambda u, v: np.hypot(u, v) - 0.9, 0), "square": (lambda u, v: np.maximum(np.abs(u), np.abs(v)) - 0.82, 12),
    "triangle": (triangle, 15), "star": (star, 15), "cross": (cross, 12),
    "ring": (lambda u, v: np.abs(np.hypot(u, v) - 0.67) - 0.25, 0), "diamond": (diamond, 8),
    "heart": (heart, 12)}

COLOURS = {
    "red": (215, 40, 40), "green": (40, 160, 60), "blue": (40, 75, 210), "yellow": (240, 215, 40), "purple": (140, 50, 170),
    "orange": (245, 135, 25), "white": (240, 240, 240), "black": (20, 20, 20)}


@dataclasses.dataclass
class Thing:
    colour: str
    shape: str
    radius: float
    x: float  # centre, in the scene's units
    y: float
    angle: float  # degrees
    rgb: tuple  # the shade of its colour


@dataclasses.dataclass
class Scene:
    width: float
    height: float
    things: list
    background: tuple  # RGB in the middle
    slope: tuple  # what the background gains from one side to the other: rightwards, downwards
    grain: float  # deviation of the noise
    seed: int  # of the noise


def backdrop(scene, columns, rows):
    """A shade that changes steadily across the picture, and grey noise in grains of 2 x 2 pixels (of single ones, the lossless test
    pictures would take megabytes)."""
    x, y = (np.arange(columns) + 0.5) / columns - 0.5, (np.arange(rows) + 0.5) / rows - 0.5
    shade = scene.slope[0] * x[None, :] + scene.slope[1] * y[:, None]
    grains = np.random.default_rng(scene.seed).standard_normal(((rows + 1) // 2, (columns + 1) // 2), np.float32) * scene.grain
    noise = np.rint(grains).repeat(2, 0).repeat(2, 1)[:rows, :columns]
    return np.rint(np.asarray(scene.background, np.float32) + shade[..., None].astype(np.float32)), noise


def draw(scene, columns=64, rows=64):
    """uint8 [rows, columns, 3], and of each thing the box x0 y0 x1 y1 of its pixels, the last ones excluded. A picture of another
    aspect than its scene is stretched."""
    across, down = scene.width / columns, scene.height / rows
    pixels, noise = backdrop(scene, columns, rows)
    boxes = []
    for thing in scene.things:
        distance, _ = SHAPES[thing.shape]
        reach = 1.3 * thing.radius
        x0, x1 = max(0, int((thing.x - reach) / across)), min(columns, int((thing.x + reach) / across) + 1)
        y0, y1 = max(0, int((thing.y - reach) / down)), min(rows, int((thing.y + reach) / down) + 1)
        x = ((np.arange(x0, x1) + 0.5) * across - thing.x)[None, :] / thing.radius
        y = ((np.arange(y0, y1) + 0.5) * down - thing.y)[:, None] / thing.radius
        cos, sin = np.cos(np.deg2rad(thing.angle)), np.sin(np.deg2rad(thing.angle))
        away = distance(cos * x + sin * y, cos * y - sin * x) * thing.radius / np.sqrt(across * down)  # in pixels
        cover = np.clip(0.5 - away, 0, 1)[..., None].astype(np.float32)
        part = pixels[y0:y1, x0:x1]
        part += cover * (np.asarray(thing.rgb, np.float32) - part)
        inside = cover[..., 0] >= 0.5
        xs, ys = np.flatnonzero(inside.any(0)), np.flatnonzero(inside.any(1))
        boxes.append((x0 + xs[0], y0 + ys[0], x0 + xs[-1] + 1, y0 + ys[-1] + 1))
    return np.clip(np.rint(pixels) + noise[..., None], 0, 255).astype(np.uint8), [tuple(map(int, box)) for box in boxes]
