"""PNG files of 8-bit RGB, with zlib only: what shapes.py draws is written and read back without another library."""
import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def write(path, pixels):
    """uint8 [rows, columns, 3]. Each line is stored as is, or less its left neighbour, or less the line above: whichever has the
    smallest differences."""
    rows, columns, _ = pixels.shape
    lines = pixels.reshape(rows, columns * 3)
    left = lines.copy()
    left[:, 3:] -= lines[:, :-3]
    above = lines.copy()
    above[1:] -= lines[:-1]
    filtered = np.stack([lines, left, above])  # PNG's filters 0, 1, 2
    best = np.abs(filtered.astype(np.int8).astype(int)).sum(2).argmin(0)
    body = np.concatenate([best[:, None].astype(np.uint8), filtered[best, np.arange(rows)]], 1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    path.write_bytes(SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(body.tobytes(), 9)) + chunk(b"IEND", b""))


def read(path):
    """What write() wrote."""
    data, at, packed = path.read_bytes(), len(SIGNATURE), b""
    assert data.startswith(SIGNATURE), path
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            columns, rows, *form = struct.unpack(">IIBBBBB", body)
            assert form == [8, 2, 0, 0, 0], path
        elif kind == b"IDAT":
            packed += body
        at += length + 12
    body = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(rows, 1 + columns * 3)
    lines = body[:, 1:].copy()
    for row in range(rows):
        assert body[row, 0] < 3, path
        if body[row, 0] == 1:
            lines[row] = lines[row].reshape(columns, 3).cumsum(0, dtype=np.uint8).ravel()
        elif body[row, 0] == 2 and row:
            lines[row] += lines[row - 1]
    return lines.reshape(rows, columns, 3)
