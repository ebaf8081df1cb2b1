"""Numbers as telephones send them, keys of two tones (ITU-T Q.23), and as chimes of ten pitches: as samples.

A sound is made of a few numbers, the fields of a line of test.tsv, by plain formulas: tests/ports/host/tones_test.cc has the same.
"""
import dataclasses
import random
import wave

import numpy as np

RATE, SECONDS = 8000, 2
KINDS = ("keys", "chimes")
LOW, HIGH = (697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0)
KEYS = "123456789*0#"  # rows of three
LOWEST, STEP = 450.0, 1.2  # of the chimes: minor thirds, nearly
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclasses.dataclass
class Sound:
    kind: str
    digits: str
    lead: int      # milliseconds before the first tone
    tone: int      # milliseconds
    gap: int       # between tones, milliseconds
    pitch: float   # a factor, near 1
    level: float   # of each tone
    noise: float   # its largest value
    seed: int      # of the noise

    def pieces(self):
        """(first, last) milliseconds and frequencies of each tone."""
        at = float(self.lead)
        for digit in self.digits:
            place = KEYS.index(digit)
            tones = (LOW[place // 3], HIGH[place % 3]) if self.kind == "keys" else (LOWEST * STEP ** int(digit),)
            yield at, at + self.tone, [hertz * self.pitch for hertz in tones]
            at += self.tone + self.gap

    def milliseconds(self):
        return max(last for _, last, _ in self.pieces())

    def text(self, task):
        return self.digits if task == "transcribe" else " ".join(WORDS[int(d)] for d in self.digits)


def samples(sound):
    """int16 of the whole window: tones that rise and fall in 4 ms, and even noise."""
    t = np.arange(RATE * SECONDS) / RATE
    x = np.zeros(len(t))
    for first, last, frequencies in sound.pieces():
        swell = np.clip(np.minimum(t * 1000 - first, last - t * 1000) / 4, 0, 1)
        for frequency in frequencies:
            x += sound.level * swell * np.sin(2 * np.pi * frequency * t)
    x += sound.noise * (2 * noise(len(t), sound.seed) - 1)
    return np.rint(np.clip(x, -1, 1) * 32767).astype(np.int16)


def noise(count, seed):
    """Numbers in [0, 1): the upper bits of seed, seed * a + c, … modulo 2^32 (Knuth)."""
    a, c = np.uint32(1664525), np.uint32(1013904223)
    with np.errstate(over="ignore"):
        factors = np.cumprod(np.concatenate([[np.uint32(1)], np.full(count, a, np.uint32)]), dtype=np.uint32)  # a^0 … a^count
        sums = np.cumsum(factors[:-1], dtype=np.uint32)
        states = factors[1:] * np.uint32(seed) + c * sums
    return (states >> np.uint32(8)).astype(np.float64) / 2**24


def draw(rng, kind=None):
    """A random sound that fits the window."""
    while True:
        sound = Sound(
            kind=kind or rng.choice(KINDS), digits="".join(rng.choice("0123456789") for _ in range(rng.randint(1, 8))), lead=rng.randint(20, 300),
            tone=rng.randint(70, 130), gap=rng.randint(50, 110), pitch=round(rng.uniform(0.985, 1.015), 4), level=round(10 ** rng.uniform(-1.6, -0.5), 4),
            noise=0.0, seed=rng.randrange(1, 2**31))
        sound.noise = round(sound.level * 10 ** rng.uniform(-2, -0.3), 4)
        if sound.milliseconds() < SECONDS * 1000 - 20:
            return sound


def held_out(sound):
    """A tenth of all numbers is never trained on, whatever sends it."""
    return sum((i + 1) * int(d) for i, d in enumerate(sound.digits)) % 10 == 3 and len(sound.digits) > 2


def training_sound(rng):
    while held_out(sound := draw(rng)):
        pass
    return sound


def test_sounds(count, seed=7):
    rng = random.Random(seed)
    while count > 0:
        sound = draw(rng)
        if held_out(sound):
            count -= 1
            yield sound


def write_wave(path, values):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1), file.setsampwidth(2), file.setframerate(RATE)
        file.writeframes(values.astype("<i2").tobytes())
