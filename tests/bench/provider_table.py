#!/usr/bin/env python3
"""Makes one Markdown table of what kinglet_provider_bench printed, with one or several versions of XNNPACK.

provider_table.py [--into README.md] RESULTS...     RESULTS: files of a line of JSON for each operator
Exit status: 0, or 1 where the table says that a default is not the right one.
"""

import argparse
import json
import os
import sys

BEGIN, END = "<!-- provider table -->", "<!-- end of provider table -->"
BORDER = 1 / 1.1  # below so much of Kinglet's time an operator is XNNPACK's: faster by more than a tenth
NOISE = 0.05  # what lies nearer to the border may be either's


def read(path):
    with open(path, encoding="utf-8") as lines:
        return {(row["model"], row["operator"]): row for row in map(json.loads, lines)}


def ratio(row, kind):
    if row is None or row[kind] is None:
        return ""
    low, middle, high = row[kind]
    return f"{middle:.2f}× ({low:.2f} to {high:.2f})"


def default(row):
    """Who computes it, and whether it should be the other."""
    if row is None or row["floats"] is None:
        return "Kinglet", False
    middle = row["floats"][1]
    if row["taken"]:
        return "XNNPACK", middle > BORDER * (1 + NOISE)
    return "Kinglet", middle < BORDER * (1 - NOISE)


def table(names_of_results, results):
    versions = [f"{name} ({next(iter(rows.values()))['version']})" for name, rows in zip(names_of_results, results)]
    names = list(dict.fromkeys(name for rows in results for name in rows))
    head = ["model", "operator", "Kinglet µs"]
    for version in versions:
        head += [f"XNNPACK, {version}, in Kinglet's times", "in static int8", "the default"]
    lines, wrong = ["| " + " | ".join(head) + " |", "|---|---|---:|" + "---:|---:|---|" * len(results)], []
    for name in names:
        first = next(rows[name] for rows in results if name in rows)
        cells = [*name, f"{first['microseconds']:.1f}"]
        for version, rows in zip(versions, results):
            row = rows.get(name)
            who, wrongly = default(row)
            if wrongly:
                wrong.append(f"{' '.join(name)}: {who} gets it, with XNNPACK, {version}")
            cells += [ratio(row, "floats"), ratio(row, "static"), who + (", **wrongly**" if wrongly else "")]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines), wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--into", metavar="FILE", help=f"replaces the table there, between {BEGIN} and {END}")
    arguments.add_argument("results", nargs="+")
    asked = arguments.parse_args()
    text, wrong = table([os.path.basename(path) for path in asked.results], [read(path) for path in asked.results])
    if asked.into:
        with open(asked.into, encoding="utf-8") as file:
            page = file.read()
        before, rest = page.split(BEGIN, 1)
        after = rest.split(END, 1)[1]
        with open(asked.into, "w", encoding="utf-8") as file:
            file.write(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    else:
        print(text)
    for line in wrong:
        print(f"ports/xnnpack/faster.cc is wrong here: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
