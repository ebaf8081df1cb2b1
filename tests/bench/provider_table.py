#!/usr/bin/env python3
"""Makes a Markdown table of what kinglet_provider_bench printed, with one or several versions of XNNPACK, and a summary of it.

    provider_table.py RESULTS…                  RESULTS: files of a line of JSON for each operator
    provider_table.py RESULTS… --into FILE…     table and summary go between the marks that these files have, not to the terminal

Exit status: 0, or 1 where the table says that a default is not the right one, or a file has no marks.
"""

import argparse
import json
import os
import sys

BORDER = 1 / 1.1  # below so much of Kinglet's time an operator is XNNPACK's: faster by more than a tenth
NOISE = 0.05  # what lies nearer to the border may be either's


def read(path):
    with open(path, encoding="utf-8") as lines:
        return {(row["models"], row["operator"]): row for row in map(json.loads, lines)}


def ratio(row, arithmetic):
    if row is None or row[arithmetic] is None:
        return ""
    low, middle, high = row[arithmetic]
    return f"{middle:.2f}× ({low:.2f} to {high:.2f})"


def default(row):
    """Who computes it, and whether it should be the other."""
    if row is None or row["floats"] is None:
        return "Kinglet", False
    middle = row["floats"][1]
    if row["taken"]:
        return "XNNPACK", middle > BORDER * (1 + NOISE)
    return "Kinglet", middle < BORDER * (1 - NOISE)


def markdown(head, versions, rows):
    """A table of `head`, titles and how each is aligned, and three columns for each version."""
    titles, aligned = list(head), list(head.values())
    for version in versions:
        titles += [f"XNNPACK, {version}, in Kinglet's times", "in static int8", "the default"]
        aligned += ["---:", "---:", "---"]
    return "\n".join(["| " + " | ".join(titles) + " |", "|" + "|".join(aligned) + "|", *("| " + " | ".join(row) + " |" for row in rows)])


def table(versions):
    lines, wrong = [], []
    for name in dict.fromkeys(name for rows in versions.values() for name in rows):
        first = next(rows[name] for rows in versions.values() if name in rows)
        cells = [*name, f"{first['microseconds']:.1f}"]
        for version, rows in versions.items():
            row = rows.get(name)
            who, wrongly = default(row)
            if wrongly:
                wrong.append(f"{' '.join(name)}: {who} gets it, with XNNPACK, {version}")
            cells += [ratio(row, "floats"), ratio(row, "static"), who + (", **wrongly**" if wrongly else "")]
        lines.append(cells)
    return markdown({"models": "---", "operator": "---", "Kinglet µs": "---:"}, versions, lines), wrong


def spread(rows, arithmetic):
    """The least and the greatest median."""
    middles = [row[arithmetic][1] for row in rows if row[arithmetic] is not None]
    return f"{min(middles):.2f}× to {max(middles):.2f}×" if middles else ""


def summary(versions):
    """A line for each kind of operator."""
    lines = []
    for kind in dict.fromkeys(row["kind"] for rows in versions.values() for row in rows.values()):
        of_kind = [[row for row in rows.values() if row["kind"] == kind] for rows in versions.values()]
        cells = [kind, str(max(map(len, of_kind)))]
        for rows in of_kind:
            defaults = [default(row) for row in rows]
            given, wrong = sum(who == "XNNPACK" for who, _ in defaults), sum(wrongly for _, wrongly in defaults)
            cells += [spread(rows, "floats"), spread(rows, "static"),
                      (f"XNNPACK for {given}" if given else "Kinglet") + (f", **{wrong} wrongly**" if wrong else "")]
        lines.append(cells)
    return markdown({"operator": "---", "shapes": "---:"}, versions, lines)


def put(parts, path):
    """Replaces what the file has between the marks of a part."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    there = [part for part in parts if f"<!-- provider {part} -->" in page]
    if not there:
        sys.exit(f"provider_table.py: {path} has no line \"<!-- provider table -->\" or \"<!-- provider summary -->\"")
    for part in there:
        before, rest = page.split(f"<!-- provider {part} -->", 1)
        end = f"<!-- end of provider {part} -->"
        page = f"{before}<!-- provider {part} -->\n\n{parts[part]}\n\n{end}{rest.split(end, 1)[1]}"
    with open(path, "w", encoding="utf-8") as file:
        file.write(page)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("results", metavar="RESULTS", nargs="+")
    arguments.add_argument("--into", metavar="FILE", nargs="+", default=[])
    asked = arguments.parse_args()
    results = {os.path.basename(path): read(path) for path in asked.results}
    versions = {f"{name} ({next(iter(rows.values()))['version']})": rows for name, rows in results.items()}
    whole, wrong = table(versions)
    parts = {"summary": summary(versions), "table": whole}
    for path in asked.into:
        put(parts, path)
    if not asked.into:
        print("\n\n".join(parts.values()))
    for line in wrong:
        print(f"ports/xnnpack/faster.cc is wrong here: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
