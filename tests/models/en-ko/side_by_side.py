#!/usr/bin/env python3
"""The four models next to each other, as the built programs run them: a Markdown table and a plot. Python's standard library only.

    side_by_side.py                                 the table
    side_by_side.py --plot side_by_side.svg         and exact match against the length of the source
    side_by_side.py --into README.md …              the table goes between the marks of these files, not to the terminal

Float answers are those of evaluate.py --mistakes, everything else is measured here: with one thread, on an otherwise idle machine.
"""
import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import plot

HERE = pathlib.Path(__file__).resolve().parent
MODELS = {"gru": "GRU, no attention", "lstm-additive": "LSTM, additive attention", "lstm-general": "LSTM, general attention",
          "transformer": "Transformer"}
MARKS = "<!-- side by side: made by side_by_side.py -->", "<!-- end of side by side -->"
LENGTHS = [(first, first + 4) for first in range(1, 36, 5)]  # source tokens, as evaluate.py --lengths fills them


def folder_of(name):
    return HERE if name == "transformer" else HERE / name


def pairs(name):
    return [line.split("\t") for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


def run(*command, text=""):
    return subprocess.run([str(part) for part in command], input=text, capture_output=True, check=True, encoding="utf-8").stdout


def parameters(checkpoint):
    """Numbers in a safetensors file: eight bytes of header size, then the header."""
    with open(checkpoint, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    count = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            numbers = 1
            for extent in tensor["shape"]:
                numbers *= extent
            count += numbers
    return count


class Subject:
    """One model: its checkpoint, its .kgl file where there is one, and what both say."""

    def __init__(self, name, bin_folder, work):
        self.name, self.title, self.folder, self.bin = name, MODELS[name], folder_of(name), bin_folder
        self.parameters = parameters(self.folder / "model.safetensors")
        self.kgl = work / f"{name}.kgl"
        self.failure = None
        try:
            run(bin_folder / "kinglet-convert", self.folder, "-o", self.kgl, "--json")
            self.arena = json.loads(run(bin_folder / "kinglet", "inspect", self.kgl, "--json"))["arena"]["bytes"]
            self.bytes = self.kgl.stat().st_size
        except subprocess.CalledProcessError as error:
            self.failure = (error.stderr or error.stdout).strip()

    def float_answers(self, name):
        """Answers of the float checkpoint, or nothing where evaluate.py has not written them."""
        file = self.folder / "mistakes.tsv"
        if not file.exists():
            return None
        answers = [korean for _, korean in pairs(name)]
        for line in file.read_text(encoding="utf-8").splitlines():
            of, number, answer = line.split("\t")
            if of == name:
                answers[int(number) - 1] = answer
        return answers

    def translate(self, texts, *options):
        """Answers of the int8 file, and the seconds that took, the start of the program among them."""
        start = time.perf_counter()
        said = run(self.bin / "kinglet", "translate", self.kgl, "-t", "1", *options, text="".join(t + "\n" for t in texts))
        return said.split("\n")[: len(texts)], time.perf_counter() - start

    def source_tokens(self, texts):
        lines = run(self.bin / "kinglet", "translate", self.kgl, "-t", "1", "--json", text="".join(t + "\n" for t in texts))
        return [json.loads(line)["source_tokens"] for line in lines.splitlines()]


def right(answers, wanted, of=None):
    """Percentage of equal answers, among the chosen lines if some are chosen."""
    lines = range(len(wanted)) if of is None else of
    return 100 * sum(answers[i] == wanted[i] for i in lines) / len(lines)


def measure(subject):
    """What a row of the tables says, but for the speed."""
    row = {"title": subject.title, "parameters": subject.parameters}
    for name in ("test.tsv", "lengths.tsv"):
        texts, wanted = [english for english, _ in pairs(name)], [korean for _, korean in pairs(name)]
        answers = {"float": subject.float_answers(name), "int8": None if subject.failure else subject.translate(texts)[0]}
        for kind, said in answers.items():
            if said is None:
                continue
            row[name, kind] = right(said, wanted)
            if name == "lengths.tsv":
                each = len(wanted) // len(LENGTHS)
                row["curve", kind] = [right(said, wanted, range(i * each, (i + 1) * each)) for i in range(len(LENGTHS))]
        if None not in answers.values():
            row[name, "same"] = right(answers["int8"], answers["float"])
    if not subject.failure:
        row["bytes"], row["arena"] = subject.bytes, subject.arena
    return row


def speeds(subjects, rows, repetitions):
    """Median, least and most lines per second, after a run that nobody counts. The models take turns, so that what else happens on the
    machine meets all of them."""
    texts = [english for english, _ in pairs("test.tsv")]
    for key, batch in (("one", 1), ("eight", 8)):
        made = [[] for _ in subjects]
        for _ in range(repetitions + 1):
            for subject, of in zip(subjects, made):
                if not subject.failure:
                    of.append(len(texts) / subject.translate(texts, "--batch", str(batch))[1])
        for row, of in zip(rows, made):
            if of:
                row[key] = statistics.median(of[1:]), min(of[1:]), max(of[1:])


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def tables(rows, lines):
    def percent(row, *key):
        return f"{row[key]:.2f}" if key in row else "–"

    def speed(row, key):
        return "{:,.0f} ({:,.0f} to {:,.0f})".format(*row[key]) if key in row else "–"

    whole = table(
        ["", "parameters", "float, % right", "int8, % right", "int8 says what float says, %", "file, bytes", "arena, bytes",
         "lines/s, one by one", "lines/s, eight at once"],
        [[row["title"], f"{row['parameters']:,}", percent(row, "test.tsv", "float"), percent(row, "test.tsv", "int8"),
          percent(row, "test.tsv", "same"), f"{row['bytes']:,}" if "bytes" in row else "–",
          f"{row['arena']:,}" if "arena" in row else "–", speed(row, "one"), speed(row, "eight")] for row in rows])

    def point(row, kind, i):
        return f"{row['curve', kind][i]:.1f}" if ("curve", kind) in row else "–"

    by_length = table(
        ["source tokens"] + [f"{least} to {most}" for least, most in LENGTHS],
        [[f"{row['title']}, {kind}"] + [point(row, kind, i) for i in range(len(LENGTHS))] for row in rows for kind in ("float", "int8")])
    return (f"Whole lines right, of the 2,000 of `test.tsv`; speed is that of `kinglet translate -t 1` over the same lines, median and\n"
            f"range of several runs, the start of the program among them:\n\n{whole}\n"
            f"Percentage right by length, of {lines // len(LENGTHS)} lines of `lengths.tsv` each:\n\n{by_length}")


def put_between(file, text):
    before, rest = file.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    file.write_text(f"{before}{MARKS[0]}\n{text}{MARKS[1]}{after}", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=HERE.parents[2] / "build" / "bin", help="folder of the built programs")
    parser.add_argument("--plot", type=pathlib.Path, help="SVG to write")
    parser.add_argument("--into", type=pathlib.Path, nargs="+", default=[], help="files whose table to replace")
    parser.add_argument("--repetitions", type=int, default=5)
    arguments = parser.parse_args()
    subjects, rows, failed, checked = [], [], False, False
    with tempfile.TemporaryDirectory() as work:
        for name in MODELS:
            if not (folder_of(name) / "model.safetensors").exists():
                print(f"{name}: no checkpoint; train.py --model {name} makes it", file=sys.stderr)
                failed = True
                continue
            subject = Subject(name, arguments.bin, pathlib.Path(work))
            if subject.failure:
                print(f"{name}: not converted: {subject.failure}", file=sys.stderr)
                failed = True
            elif not checked:  # lengths.tsv is as long as it says
                tokens = subject.source_tokens([english for english, _ in pairs("lengths.tsv")])
                each = len(tokens) // len(LENGTHS)
                wrong = [i + 1 for i, n in enumerate(tokens) if not LENGTHS[i // each][0] <= n <= LENGTHS[i // each][1]]
                if wrong:
                    sys.exit(f"lengths.tsv: line {wrong[0]} is not as long as the lines around it")
                checked = True
            subjects.append(subject)
            rows.append(measure(subject))
        speeds(subjects, rows, arguments.repetitions)
    text = tables(rows, len(pairs("lengths.tsv")))
    for file in arguments.into:
        put_between(file, text)
    if not arguments.into:
        print(text, end="")
    if arguments.plot:
        series = [plot.Series(row["title"], row.get(("curve", "float")), row.get(("curve", "int8"))) for row in rows]
        arguments.plot.write_text(plot.svg(series, [f"{least}–{most}" for least, most in LENGTHS]), encoding="utf-8")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
