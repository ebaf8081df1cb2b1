#!/usr/bin/env python3
"""Writes runtime/text/unicode_tables.h from Python's unicodedata.

  unicode_tables.py > unicode_tables.h

The Unicode version is that of the Python which runs this; the header names it. Python 3.14 has 16.0. How the tables are
packed, runtime/text/unicode.cc says, which reads them.
"""
import unicodedata

LAST = 0x10FFFF
WHITE = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0x9, 0xE), *range(0x2000, 0x200B)}
CLASSES = ["kUpper", "kLower", "kLetter", "kNonspacing", "kMark", "kNumber", "kOtherNumber", "kPunctuation",
           "kSymbol", "kSpace", "kControl", "kFormat", "kPrivate", "kUnassigned"]
ALTERNATING = len(CLASSES)  # of a run: kUpper, kLower, kUpper …
OF_CATEGORY = {"Lu": "kUpper", "Lt": "kUpper", "Ll": "kLower", "Lm": "kLetter", "Lo": "kLetter", "Mn": "kNonspacing", "Mc": "kMark",
               "Me": "kMark", "Nd": "kNumber", "Nl": "kNumber", "No": "kOtherNumber", "Cc": "kControl", "Cf": "kFormat", "Co": "kPrivate",
               "Cs": "kPrivate", "Cn": "kUnassigned"}
BLOCK = 16  # bytes
NEAR = 0x700  # Latin to Arabic
LONG = 5000  # code points of a run
IDEOGRAPHS = [(0xF900, 0xFAD9), (0x2F800, 0x2FA1D)]  # compatibility ideographs: each decomposes to one other


def class_of(code):
    category = unicodedata.category(chr(code))
    name = OF_CATEGORY.get(category, "kPunctuation" if category[0] == "P" else "kSymbol")
    return CLASSES.index("kSpace" if code in WHITE else name)


def lower_delta(code):
    low = chr(code).lower()
    return ord(low) - code if len(low) == 1 else 0


def runs(value, pair, alternating, first=0):
    """(first, length, value) of each run of code points with one value, or with the two of `pair` in turn."""
    result, code = [], first
    values = [value(c) for c in range(LAST + 1)]
    while code <= LAST:
        end = code
        while end <= LAST and values[end] == values[code]:
            end += 1
        turns = code
        while turns <= LAST and values[turns] == pair[(turns - code) % 2]:
            turns += 1
        turns -= (turns - code) % 2  # whole turns, so that what follows a pair begins a run of its own
        if turns - code >= 4:
            result.append((code, turns - code, alternating))
            code = turns
        else:
            # A run of one value does not take the first of a row of pairs with it.
            ends = [e for e in range(code + 1, end) if values[e:e + 4] == list(pair) * 2]
            end = ends[0] if ends else end
            result.append((code, end - code, values[code]))
            code = end
    return result


def packed(name, entries, comment, counted=None):
    """A table of runs, in blocks that no run leaves: a byte with its value, up to 14, in the high half and its length - 1 in the low
    one; 13 to 15 there for a length - 1 in so many bytes less 12 behind it; a value of 15 and more is 15 and comes last, less 15. Long runs,
    scripts with much text, begin a block, where they are found at once. Returns how many code points before each block have the value
    `counted`."""
    data, firsts, before, count = bytearray(), [], [], 0
    for first, length, value in entries:
        rest = length - 1
        extra = b""
        if rest > 12:
            size = (rest.bit_length() + 7) // 8
            extra = rest.to_bytes(size, "little")
            rest = 12 + size
        item = bytes([min(value, 15) << 4 | rest]) + extra + (bytes([value - 15]) if value >= 15 else b"")
        if not firsts or length >= LONG or len(data) + len(item) > BLOCK * len(firsts):
            data += bytes(BLOCK * len(firsts) - len(data))
            firsts.append(first)
            before.append(count)
        data += item
        count += length if value == counted else 0
    table(name + "Firsts", "std::uint32_t", firsts, f"{comment}: first code point of each block.")
    table(name + "Bytes", "std::uint8_t", data, f"{comment}: the runs.")
    return before


def lower_deltas():
    return {code: lower_delta(code) for code in range(LAST + 1) if lower_delta(code)}


def decompositions():
    """One canonical step of each code point that has one; Hangul is computed. A missing second part is 0."""
    result = {}
    for code in range(LAST + 1):
        text = unicodedata.decomposition(chr(code))
        if text and not text.startswith("<") and not 0xAC00 <= code <= 0xD7A3:
            parts = [int(part, 16) for part in text.split()]
            result[code] = (parts[0], parts[1] if len(parts) > 1 else 0)
    return result


def composes(code, first, second):
    return second and unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(code)


def table(name, kind, values, comment):
    print(f"\n// {comment}")
    print(f"inline constexpr {kind} {name}[{len(values)}] = {{")
    line = "   "
    for value in values:
        item = f" {value},"
        if len(line) + len(item) > 118:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};")


def write_classes():
    table("kNearClasses", "std::uint8_t", [class_of(code) | class_of(code + 1) << 4 for code in range(0, NEAR, 2)],
          "CharClass of the first code points, whose texts are the most, two in a byte, the lower in the low half.")
    upper_lower = (CLASSES.index("kUpper"), CLASSES.index("kLower"))
    packed("kClass", [(0, NEAR, 0), *runs(class_of, upper_lower, ALTERNATING, NEAR)], "CharClass behind kNearClasses")
    print(f"\ninline constexpr std::uint8_t kAlternating = {ALTERNATING};  // the class of a run: kUpper, kLower, kUpper ...")


def write_orders():
    entries = runs(lambda code: unicodedata.combining(chr(code)), (-1, -1), -1)
    values = [value for _, _, value in entries]
    palette = sorted(set(values), key=lambda v: (-values.count(v), v))[:15]
    table("kOrders", "std::uint8_t", palette, "The most frequent canonical combining classes.")
    packed("kOrder", [(first, length, palette.index(value) if value in palette else 15 + value) for first, length, value in entries],
           "Position in kOrders of the canonical combining class, or 15 + that")


def write_lower():
    deltas = lower_deltas()
    entries = runs(lambda code: deltas.get(code, 0), (1, 0), "alternating")
    kinds = [value for _, _, value in entries if value not in (0, "alternating")]
    ordered = sorted(set(kinds), key=lambda v: (-kinds.count(v), v))
    table("kLowerDeltas", "std::int32_t", ordered, "What is added to a character for its lower case.")
    position = {value: i + 2 for i, value in enumerate(ordered)} | {0: 0, "alternating": 1}
    packed("kLower", [(first, length, position[value]) for first, length, value in entries],
           "0: no lower case, 1: every second becomes itself + 1, else 2 + position in kLowerDeltas")


def write_ideographs(steps):
    codes = [code for first, last in IDEOGRAPHS for code in range(first, last + 1)]
    values = [steps.get(code, (0, 0))[0] for code in codes]
    assert all(value >> 16 in (0, 2) for value in values) and not any(steps.get(code, (0, 0))[1] for code in codes)
    table("kIdeographs", "std::uint16_t", [value & 0xFFFF for value in values],
          "What the compatibility ideographs decompose to: " + ", ".join(f"{a:X} to {b:X}" for a, b in IDEOGRAPHS) +
          "; 0: nothing. Without its highest bit, which is kFarIdeographs.")
    bits = [sum((values[i + bit] >> 17) << bit for bit in range(8) if i + bit < len(values))
            for i in range(0, len(values), 8)]
    table("kFarIdeographs", "std::uint8_t", bits, "A bit for each: 0x20000 is added.")
    return {code: step for code, step in steps.items() if code not in codes}


def write_decompositions():
    steps = write_ideographs(decompositions())
    assert all(step[0] >> 16 == code >> 16 for code, step in steps.items())
    entries = runs(lambda code: int(code in steps), (-1, -1), -1)
    before = packed("kStep", entries, "1: decomposes", counted=1)
    table("kStepRanks", "std::uint16_t", before, "How many decompose before each block.")
    seconds = sorted({step[1] for step in steps.values() if step[1]})
    assert len(seconds) < 255
    table("kFirstParts", "std::uint16_t", [step[0] & 0xFFFF for step in steps.values()],
          "Of each that decomposes, in order; the lower 16 bits, the others are its own.")
    table("kSecondParts", "std::uint8_t", [seconds.index(step[1]) + 1 if step[1] else 0 for step in steps.values()],
          "1 + position in kSeconds, 0: none.")
    table("kSeconds", "std::uint32_t", seconds, "The second parts there are, in order.")
    groups, gaps = [], []
    for second in seconds:
        groups.append(len(gaps))
        rank = 0
        for i, (code, step) in enumerate(steps.items()):
            if step[1] == second and composes(code, *step):
                gap = i + 1 - rank
                gaps += [255] * (gap // 255) + [gap % 255]
                rank = i + 1
    groups.append(len(gaps))
    table("kGroups", "std::uint16_t", groups, "Where the compositions with each of kSeconds begin in kComposed.")
    table("kComposed", "std::uint8_t", gaps,
          "Ranks of those which compose, counted from 1: what each is above the one before it, 255 for each 255 of that and then the rest.")


def main():
    print("// Character tables of Unicode " + unicodedata.unidata_version + ", written by unicode_tables.py. Not edited by hand.")
    print("//\n// Read only through unicode.h.\n// clang-format off\n#pragma once\n\n#include <cstdint>\n\nnamespace kinglet::text {")
    write_classes()
    write_orders()
    write_lower()
    write_decompositions()
    print("\n}  // namespace kinglet::text")


if __name__ == "__main__":
    main()
