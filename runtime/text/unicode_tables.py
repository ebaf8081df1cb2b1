#!/usr/bin/env python3
"""Writes runtime/text/unicode_tables.h from Python's unicodedata.

  unicode_tables.py > unicode_tables.h

The Unicode version is that of the Python which runs this; the header names it. Python 3.14 has 16.0.
"""
import unicodedata

LAST = 0x10FFFF
WHITE = {0x20, 0x85, 0xA0, 0x1680, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000, *range(0x9, 0xE), *range(0x2000, 0x200B)}
CLASSES = ["kUpper", "kLower", "kLetter", "kNonspacing", "kMark", "kNumber", "kOtherNumber", "kPunctuation",
           "kSymbol", "kSpace", "kControl", "kFormat", "kPrivate", "kUnassigned"]
OF_CATEGORY = {"Lu": "kUpper", "Lt": "kUpper", "Ll": "kLower", "Lm": "kLetter", "Lo": "kLetter", "Mn": "kNonspacing", "Mc": "kMark",
               "Me": "kMark", "Nd": "kNumber", "Nl": "kNumber", "No": "kOtherNumber", "Cc": "kControl", "Cf": "kFormat", "Co": "kPrivate",
               "Cs": "kPrivate", "Cn": "kUnassigned"}


def class_of(code):
    category = unicodedata.category(chr(code))
    name = OF_CATEGORY.get(category, "kPunctuation" if category[0] == "P" else "kSymbol")
    return CLASSES.index("kSpace" if code in WHITE else name)


def runs(value):
    """first << 8 | value for each run of code points with one value."""
    result, last = [], None
    for code in range(LAST + 1):
        v = value(code)
        if v != last:
            result.append(code << 8 | v)
            last = v
    return result


def lower_runs():
    """(first, last, step, delta): code points first, first + step … last become code + delta."""
    result = []
    for code in range(LAST + 1):
        low = chr(code).lower()
        if len(low) != 1 or ord(low) == code:
            continue
        delta = ord(low) - code
        if result and result[-1][3] == delta:
            first, last, step, _ = result[-1]
            gap = code - last
            if (first == last and gap <= 2) or (first != last and gap == step):
                result[-1] = (first, code, gap, delta)
                continue
        result.append((code, code, 1, delta))
    return result


def decompositions():
    """One canonical step of each code point that has one; Hangul is computed. A missing second part is 0."""
    result = []
    for code in range(LAST + 1):
        text = unicodedata.decomposition(chr(code))
        if text and not text.startswith("<") and not 0xAC00 <= code <= 0xD7A3:
            parts = [int(part, 16) for part in text.split()]
            result.append((code, parts[0], parts[1] if len(parts) > 1 else 0))
    return result


def composes(entry):
    code, first, second = entry
    return second and unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(code)


def table(name, kind, values, comment, hexadecimal=True):
    print(f"\n// {comment}")
    print(f"inline constexpr {kind} {name}[{len(values)}] = {{")
    line = "   "
    for value in values:
        if isinstance(value, tuple):
            item = " {" + ", ".join(str(v) if v < 0 else f"0x{v:X}" for v in value) + "},"
        else:
            item = f" 0x{value:X}," if hexadecimal else f" {value},"
        if len(line) + len(item) > 118:
            print(line)
            line = "   "
        line += item
    print(line)
    print("};")


def main():
    print("// Character tables of Unicode " + unicodedata.unidata_version + ", written by unicode_tables.py. Not edited by hand.")
    print("//\n// Read only through unicode.h.\n// clang-format off\n#pragma once\n\n#include <cstdint>\n\nnamespace kinglet::text {")
    table("kClassRuns", "std::uint32_t", runs(class_of), "first << 8 | CharClass of each run of code points.")
    table("kOrderRuns", "std::uint32_t", runs(lambda code: unicodedata.combining(chr(code))),
          "first << 8 | canonical combining class of each run of code points.")
    print("\nstruct LowerRun {\n  std::uint32_t first;\n  std::uint32_t last;\n  std::uint32_t step;\n  std::int32_t delta;\n};")
    table("kLowerRuns", "LowerRun", lower_runs(), "Code points first, first + step ... last become themselves + delta.")
    entries = decompositions()
    small = [entry for entry in entries if max(entry) <= 0xFFFF]
    large = [entry for entry in entries if max(entry) > 0xFFFF]
    print("\ntemplate <class Code>\nstruct Decomposition {\n  Code code;\n  Code first;\n  Code second;   // 0: none\n};")
    table("kDecompositions", "Decomposition<std::uint16_t>", small, "One canonical step, by code; all parts below 0x10000.")
    table("kLongDecompositions", "Decomposition<std::uint32_t>", large, "One canonical step, by code; some part above 0xFFFF.")
    for name, values in (("kCompositions", small), ("kLongCompositions", large)):
        order = sorted((i for i, entry in enumerate(values) if composes(entry)), key=lambda i: values[i][1:])
        of = name.replace("Compositions", "Decompositions")
        table(name, "std::uint16_t", order, f"Positions in {of} of those that compose, by (first, second).", False)
    print("\n}  // namespace kinglet::text")


main()
