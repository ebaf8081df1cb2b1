"""SentencePiece training and the few fields of its model file that conversions need (its protocol buffer read by hand)."""
import io
import struct

import sentencepiece

# SentencePiece's piece types
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def train(sentences, **options):
    """The bytes of a model; given as an iterator, so that no file name gets into it."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(sentences), model_writer=out, num_threads=1, minloglevel=2,
                                             max_sentencepiece_length=12, **options)
    return out.getvalue()


def fields(data):
    """(field number, value) of a protocol buffer message; lengths-delimited values as bytes."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        key = varint()
        if key & 7 == 0:
            yield key >> 3, varint()
        elif key & 7 == 2:
            size = varint()
            yield key >> 3, data[at:at + size]
            at += size
        else:
            size = 4 if key & 7 == 5 else 8
            yield key >> 3, struct.unpack("<f" if size == 4 else "<d", data[at:at + size])[0]
            at += size


def pieces(model):
    """[(piece, score, type)]"""
    out = []
    for number, value in fields(model):
        if number == 1:
            piece = dict(fields(value))
            out.append((piece[1].decode(), piece.get(2, 0.0), piece.get(3, NORMAL)))
    return out


def charsmap(model):
    """The precompiled normalization map."""
    for number, value in fields(model):
        if number == 3:
            return dict(fields(value)).get(2, b"")
