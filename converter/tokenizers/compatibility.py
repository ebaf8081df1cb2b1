#!/usr/bin/env python3
"""Writes converter/tokenizers/compatibility.h from Python's unicodedata: what NFKC and NFKD do beyond NFC and NFD.

  compatibility.py > compatibility.h
"""
import unicodedata


def main():
    entries = []
    for code in range(0x110000):
        text = unicodedata.normalize("NFKD", chr(code))
        if not 0xD800 <= code < 0xE000 and text != unicodedata.normalize("NFD", chr(code)):
            entries.append((code, [ord(c) for c in text]))
    runs = []
    for code, parts in entries:
        if runs and runs[-1][0] + runs[-1][1] == code and runs[-1][2] == len(parts):
            runs[-1][1] += 1
        else:
            runs.append([code, 1, len(parts)])
    flat = [part for _, parts in entries for part in parts]
    print("// Compatibility decompositions of Unicode " + unicodedata.unidata_version + ", written by compatibility.py. Not edited by hand.")
    print("// clang-format off\n#pragma once\n\n#include <cstdint>\n\nnamespace kinglet::converter {\n")
    print("// Code points [first, first + count) become `parts` code points each, listed one after the other below.")
    print("struct CompatibilityRun {\n  std::uint32_t first;\n  std::uint32_t count;\n  std::uint32_t parts;\n};\n")
    write("kCompatibilityRuns", "CompatibilityRun", ["{" + f"0x{a:X}, {b}, {c}" + "}" for a, b, c in runs])
    print()
    write("kCompatibilityParts", "std::uint32_t", [f"0x{part:X}" for part in flat])
    print("\n}  // namespace kinglet::converter")


def write(name, kind, items):
    print(f"inline constexpr {kind} {name}[{len(items)}] = {{")
    line = "   "
    for item in items:
        if len(line) + len(item) + 2 > 118:
            print(line)
            line = "   "
        line += " " + item + ","
    print(line + "\n};")


main()
