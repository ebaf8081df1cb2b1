#!/usr/bin/env python3
"""Kinglet beside other runtimes on the same work: a Markdown table. The Python standard library only; making checkpoints needs numpy.

    compare.py                          every row
    compare.py --rows tinyllama,bert    rows whose names hold one of these; --list names them all
    compare.py --into README.md …       the table goes between the marks of these files, not to the terminal

Checkpoints with random weights, their .kgl and their .gguf files are made once, in --work. Peers that are installed (llama-bench,
llama-quantize and llama-completion in PATH; ONNX Runtime and CTranslate2 as modules of --peer-python; XNNPACK and oneDNN when this was
built) are measured in turn with Kinglet, round after round. The figures of the others are those of peers.json, scaled by what this
machine's limit is to that of the machine they were measured on. Run it alone on the machine.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path

import peers as peer_programs
import rows as row_list
from peers import run

HERE = Path(__file__).resolve().parent
MARKS = "<!-- speed: made by tests/bench/compare.py -->", "<!-- end of speed -->"
REPETITIONS = {"tinyllama-1.1b": 1, "smollm-135m": 2}  # of one run; of other shapes, which are faster, five


def die(message):
    sys.exit(f"compare.py: {message}")


def say(message):
    print(message, file=sys.stderr, flush=True)


class Files:
    """What is made once: checkpoints and models."""

    def __init__(self, folder, programs, peer_python):
        self.folder, self.programs, self.peer_python = folder, programs, peer_python
        folder.mkdir(parents=True, exist_ok=True)
        self.numpy_python = None

    def python(self, script, *arguments):
        """Runs a script that needs numpy, by a Python that has it: this one, or that of the distribution."""
        if self.numpy_python is None:
            for python in (sys.executable, "/usr/bin/python3"):
                if self.can_import([python], "numpy"):
                    self.numpy_python = python
                    break
            else:
                die("no numpy to make checkpoints with: install python3-numpy, or run this with a Python that has it")
        run(self.numpy_python, script, *arguments)

    @staticmethod
    def can_import(python, module):
        try:
            run(*python, "-c", f"import {module}")
        except (OSError, RuntimeError):
            return False
        return True

    def has_module(self, module):
        return self.can_import(self.peer_python, module)

    def checkpoint(self, shape):
        folder = self.folder / shape
        if not (folder / "model.safetensors").exists():
            say(f"making {folder}")
            self.python(HERE / "make_checkpoint.py", shape, folder)
        return folder

    def model(self, shape):
        out, convert = self.folder / f"{shape}.kgl", self.programs / "bin/kinglet-convert"
        if not out.exists() or out.stat().st_mtime < convert.stat().st_mtime:  # what another converter made may have another layout
            say(f"converting {out}")
            run(convert, self.checkpoint(shape), "-o", out)
        return out


class Measured:
    """The figures of one row, round by round."""

    def __init__(self, row, quoted):
        self.row, self.quoted = row, quoted
        self.made = []                                  # what `kinglet bench` said
        self.peers = [[] for _ in quoted["peers"]]      # figures of those that were measured
        self.builds = [None for _ in quoted["peers"]]

    def figures(self):
        return [self.row.figure(made) for made in self.made]

    def limits(self):
        """(Its name, what the machine did), round by round."""
        return [self.row.limit(made) for made in self.made] if self.row.limit else []


class Limits:
    """What the machine did best in any round of a number of threads: a limit is not what it is while something else runs."""

    def __init__(self, measured):
        self.best = {}
        for one in measured:
            for name, figure in one.limits():
                key = (one.row.run.threads, name)
                self.best[key] = max(self.best.get(key, 0), figure)

    def of(self, one):
        """(Its name, its figure) for a row; ("", 0) where there is none."""
        name = one.limits()[0][0] if one.limits() else ""
        return name, self.best.get((one.row.run.threads, name), 0)


def kinglet_run(files, wanted):
    if not wanted.shape:
        return json.loads(run(files.programs / "tests/kinglet_kernels_bench", "--json"))
    repetitions = 5 if "--grow" in wanted.options else REPETITIONS.get(wanted.shape, 5)
    return json.loads(run(files.programs / "bin/kinglet", "bench", files.model(wanted.shape), "-t", wanted.threads, "-r", repetitions,
                          "--json", *wanted.options))


def measure(measured, files, peers, rounds):
    """Kinglet, then each peer, then Kinglet again: rows of one run of Kinglet together."""
    runs = {}
    for one in measured:
        runs.setdefault(one.row.run, []).append(one)
    for number, (wanted, group) in enumerate(runs.items()):
        say(f"[{number + 1}/{len(runs)}] {wanted.shape or 'kernels'} {' '.join(wanted.options)} -t {wanted.threads}: "
            f"{len(group)} rows, {rounds} rounds")
        broken = set()
        for _ in range(rounds):
            made = kinglet_run(files, wanted)
            for one in group:
                one.made.append(made)
            told = {}  # by the peers, in this round
            for one in group:
                for at, entry in enumerate(one.quoted["peers"]):
                    found = peers.of(entry, one.row)
                    if found is None or found[1] in broken:
                        continue
                    peer, key = found
                    try:
                        if key not in told:
                            told[key] = peer.measure(key)
                    except (RuntimeError, OSError, ValueError, KeyError) as error:
                        say(f"  {entry['peer']} is left out: {error}")
                        broken.add(key)
                        continue
                    figure = peers.figure(one.row, told[key])
                    if figure is not None and peer.is_build(entry.get("build")):
                        one.peers[at].append(figure)


# ---------------------------------------------------------------- the table


def short(number):
    if number >= 99.95:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"


def with_range(numbers, unit=""):
    middle = short(statistics.median(numbers)) + unit
    return middle if len(numbers) < 2 else f"{middle} ({short(min(numbers))} to {short(max(numbers))})"


def verdict(goal, met):
    return goal if met else f"{goal}, **missed**"


def ratios(row, own, other):
    return [mine / theirs if row.more else theirs / mine for mine, theirs in zip(own, other)]


def peer_cells(one, at, entry, peers, limits):
    """Name, figure, ratio and goal of one peer."""
    row, own = one.row, one.figures()
    name = entry["peer"] + (f" ({entry['build']})" if "build" in entry else "")
    if one.peers[at]:
        figure, ratio = with_range(one.peers[at]) + ", measured", ratios(row, own, one.peers[at])
    else:
        scale, note = 1, "quoted"
        limit, here = limits.of(one)
        if here > 0:  # a limit that was not measured scales nothing
            there = peers.limit_there(limit, row.run.threads)
            scale = here / there if row.more else there / here
            note = f"quoted: {short(entry['figure'])} at {there:,} {'GOPS' if limit == 'int8 peak' else 'GB/s'}"
        figure = f"{short(entry['figure'] * scale)}, {note}"
        ratio = ratios(row, own, [entry["figure"] * scale] * len(own))
    goal = f"≥ {entry['goal']:g}×" if "goal" in entry else ""
    return name, figure, with_range(ratio, "×"), verdict(goal, statistics.median(ratio) >= entry["goal"]) if goal else ""


def share_cell(one, limits):
    """How far Kinglet is from the machine's limit, and from the goal for that."""
    row, quoted = one.row, one.quoted
    if "excess_goal" in quoted:
        over = statistics.median(row.figure(made) - (made["file_bytes"] + made["first_token"]["arena_bytes"]) / 1e6 for made in one.made)
        return verdict(f"{over:.1f} MB over file and arena (≤ {quoted['excess_goal']})", over <= quoted["excess_goal"])
    if row.share is None:
        return ""
    name, best = limits.of(one)
    share = statistics.median(row.share(made) * (then / best if best > 0 else 1) for made, (_, then) in zip(one.made, one.limits()))
    text = f"{100 * share:.0f} % of {name}"
    if "share_goal" not in quoted:
        return text
    return verdict(f"{text} (≥ {100 * quoted['share_goal']:.0f} %)", share >= quoted["share_goal"])


def most_cell(one):
    most = one.quoted.get("most")
    return "" if most is None else verdict(f"≤ {most:g}", statistics.median(one.figures()) <= most)


def machine_lines(measured):
    """The machine, as the runs of each number of threads found it."""
    lines = []
    for threads in sorted({one.row.run.threads for one in measured}):
        found = {id(made): made for one in measured if one.row.run.threads == threads for made in one.made}.values()
        spread = {key: with_range([made["machine"][key] / 1e9 for made in found])
                  for key in ("int8_peak", "read_bytes_per_second", "cache_read_bytes_per_second")}
        first = next(iter(found))
        lines.append(f"{first['machine']['cpu'] or 'processor'}, {first['isa']}, {threads} thread{'s' if threads > 1 else ''}: "
                     f"int8 peak {spread['int8_peak']} GOPS, memory read {spread['read_bytes_per_second']} GB/s, "
                     f"last-level cache read {spread['cache_read_bytes_per_second']} GB/s.")
    return lines


def table(measured, peers, rounds):
    there, limits = peers.quoted["machine"], Limits(measured)
    lines = [f"Median and range of {rounds} rounds, Kinglet and those peers that are installed in turn. Limits are the best of the same runs.",
             f"Quoted figures were measured on {there['cpu']} ({there['date']}), and are scaled by this machine's limit over that one's.",
             "A ratio above 1 is for Kinglet; a goal that is missed says so.", ""]
    lines += [f"- {line}" for line in machine_lines(measured)]
    lines += ["", "| work | unit | Kinglet | of the machine's limit | peer | its figure | ratio | goal |",
              "|---|---|---:|---:|---|---:|---:|---:|"]
    for one in measured:
        head = [one.row.title, one.row.unit, with_range(one.figures()), share_cell(one, limits)]
        for at, entry in enumerate(one.quoted["peers"]):
            lines.append("| " + " | ".join([*head, *peer_cells(one, at, entry, peers, limits)]) + " |")
            head = ["", "", "", ""]
        if not one.quoted["peers"]:
            lines.append("| " + " | ".join([*head, "", "", "", most_cell(one)]) + " |")
    return "\n".join(lines + scaling(measured))


SCALING_GOALS = {"prompt": 1.8, "encode": 1.8, "generate": 1.15}  # of two threads against one, by kind of work


def scaling(measured):
    """A table of what the second thread gives, for the work that was measured with one and with two."""
    lines = []
    by_work = {one.row.peer_work: one for one in measured if one.row.peer_work}
    for work, one in by_work.items():
        two = by_work.get((*work[:2], 2, *work[3:])) if len(work) > 2 and work[2] == 1 else None
        if two is None or work[0] not in SCALING_GOALS:
            continue
        faster = ratios(one.row, two.figures(), one.figures())
        goal = SCALING_GOALS[work[0]]
        lines.append(f"| {one.row.title.removesuffix(', 1 thread')} | {with_range(faster, '×')} | "
                     f"{verdict(f'≥ {goal:g}×', statistics.median(faster) >= goal)} |")
    return ["", "| work | two threads against one | goal |", "|---|---:|---:|", *lines] if lines else []


def around_table(file):
    """The text of a file before and after its table."""
    whole = file.read_text(encoding="utf-8") if file.exists() else ""
    begin, end = (whole.find(mark) for mark in MARKS)
    if begin < 0 or end < begin:
        die(f"{file}: has no lines \"{MARKS[0]}\" and \"{MARKS[1]}\"")
    return whole[:begin] + MARKS[0] + "\n", "\n" + whole[end:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", default="", help="parts of names, with commas between them")
    parser.add_argument("--list", action="store_true", help="name all rows")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (5)")
    parser.add_argument("--build", type=Path, default=Path("build"), help="the folder Kinglet was built in")
    parser.add_argument("--work", type=Path, default=Path("build/bench"), help="where checkpoints and models are made and kept")
    parser.add_argument("--peer-python", default="python3", help="the command of a Python with onnxruntime or ctranslate2")
    parser.add_argument("--into", type=Path, nargs="+", default=[], help="files whose table to replace")
    parser.add_argument("--json", type=Path, help="keep everything that was measured in this file, too")
    arguments = parser.parse_args()

    parts = [part for part in arguments.rows.split(",") if part]
    rows = [row for row in row_list.all_rows() if not parts or any(part in row.name for part in parts)]
    if arguments.list:
        print("\n".join(row.name for row in rows))
        return
    if not rows:
        die(f"--rows {arguments.rows}: no row's name holds that: see --list")
    if arguments.rounds < 1:
        die("--rounds: at least 1")
    into = {file.resolve(): around_table(file) for file in arguments.into}
    keep = arguments.json and arguments.json.resolve()
    os.chdir(HERE.parent.parent)
    files = Files(arguments.work, arguments.build.resolve(), arguments.peer_python.split())
    peers = peer_programs.Peers(files)
    if unknown := set(peers.quoted["rows"]) - {row.name for row in row_list.all_rows()}:
        die(f"peers.json: there are no rows named {', '.join(sorted(unknown))}")
    measured = [Measured(row, peers.entries(row)) for row in rows]
    try:
        measure(measured, files, peers, arguments.rounds)
    except (RuntimeError, OSError) as error:
        die(error)
    text = table(measured, peers, arguments.rounds)
    if keep:
        keep.write_text(json.dumps([{"row": one.row.name, "kinglet": one.figures(), "peers": one.peers, "runs": one.made}
                                    for one in measured], indent=1) + "\n")
    for file, (before, after) in into.items():
        file.write_text(before + text + after, encoding="utf-8")
    if not into:
        print(text)


if __name__ == "__main__":
    main()
