"""Changes one operator of the verifier, the plan, the quantizer or the matmul at a time, and asks the runtime tests whether they notice.

    python3 tests/mutation/mutate.py [--sample N] [--seconds S] [--list] [--again] [FILE…]

All changes of a file are compiled at once: a function has a copy of its body for each of its changes, and a number says which is at work. The few
outside of functions are compiled one by one. Of the tests only those are run that reach the changed function, the quick ones first, until one fails; the
few that take longest are left out, so that what is said here is rather too little. What takes many times the processor time that it takes
unchanged is noticed, too. The tests' objects and the rest of the library are those of the preset `release`.

A kernel's header is changed in one place only, so that the kernel sets say what is right: those of the matmul in a test that has it with many registers
and counts what it reads, the others in the portable set.

What was decided is remembered in build/mutation/results.jsonl while the runtime and its tests stay as they are; --again decides those anew that nothing
noticed and nothing explains. Survivors are looked up in survivors.txt, which says of each why no test can see it. The exit status is 1 where one is not
there, where one stands there that is no mutant any more, or where less than 95 % are noticed.
"""

import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import resource
import shutil
import subprocess
import sys
import threading
import time

from changes import bodies, changed, key_of, line_of, mutations

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutation"
FILES = ["runtime/open.cc", "runtime/model/checker.cc", "runtime/model/structure.cc", "runtime/model/checksum.cc", "runtime/plan/plan.cc",
         "runtime/plan/layout.cc", "runtime/text/verify.cc", "runtime/kernels/generic/quantize.h", "runtime/kernels/generic/activation.h",
         "runtime/kernels/generic/finish.h", "runtime/kernels/generic/tile.h", "runtime/kernels/generic/matmul.h"]
FILES += sorted(str(path.relative_to(ROOT)) for path in (ROOT / "runtime/ops").glob("*.cc"))  # of operators what the verifier asks
PORTABLE = "runtime/kernels/isa/portable.cpp"  # what is compiled where a kernel's header changes
COUNTED = "tests/runtime/kernels/matmul_work_test.cc"
OF_MATMUL = {f"runtime/kernels/generic/{name}.h" for name in ("finish", "tile", "matmul")}
# Copies that are inlined into copies are too many, and so are those of a template for each shape that a tile has, unless nothing is optimized.
HEADER_FLAGS = {PORTABLE: ["-include", "declared.h", "-Dalways_inline=noinline"]}
HEADER_FLAGS[COUNTED] = [*HEADER_FLAGS[PORTABLE], "-O0"]
# Who writes behind an array is stopped.
FLAGS = ["-std=c++20", "-O1", "-w", "-fstack-protector-all", "-fsanitize=bounds", "-fsanitize-undefined-trap-on-error", "-ffp-contract=off", "-DFLATBUFFERS_ASSERT=(void)sizeof", "-DNDEBUG", "-fno-math-errno", "-isystem", f"{ROOT}/build/schema/generated"]
INCLUDES = [f"-I{WORK}", *(f"-I{ROOT}/{folder}" for folder in ("runtime/include", "runtime", "ports/host", ""))]
QUICK = [0.0, 0.01, 0.1, 0.5]  # seconds: tests up to so long are run together, before longer ones; those above the last are not asked
LIMIT_FACTOR, LIMIT_SECONDS = 8, 4  # a part of the tests may take so many times its own processor time, and some seconds
WANTED = 0.95
WAIT_SECONDS = 1200  # or stand still so long


def state():
    """Of the runtime and its tests, together."""
    digest = hashlib.sha256()
    for folder in ("runtime", "schema", "tests/runtime", "tests/fuzz"):
        for path in sorted(p for p in (ROOT / folder).rglob("*") if p.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


STATE = state()


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


class Mutant:
    def __init__(self, number, path, text, mutation):
        self.number, self.path, self.mutation = number, path, mutation
        self.function = None  # its number, or None: outside of functions
        self.outcome, self.by = None, ""
        self.known = (path, STATE, *mutation)


def unit_of(path):
    """What is compiled where the file changes."""
    return path if path.endswith(".cc") else COUNTED if path in OF_MATMUL else PORTABLE


class Sources:
    """The changed files with all of their mutants, and the objects made of them."""

    def __init__(self, mutants, functions):
        self.mutants, self.functions = mutants, functions
        self.texts = {path: (ROOT / path).read_text() for path in {m.path for m in mutants}}

    def rewrite(self, path):
        """The file with copies of each function's body. Line markers name the mutants in the compiler's messages."""
        text = self.texts[path]
        parts = ["extern int kinglet_mutant;\nextern unsigned char kinglet_reached[];\n"] if path.endswith(".cc") else []
        at = 0
        for (first, last), function in self.functions[path].items():
            parts.append(text[at:first] + f"\nkinglet_reached[{function}] = 1;\n")
            for mutant in self.mutants:
                if mutant.path == path and mutant.function == function and mutant.outcome != "not compiled":
                    parts.append(f'if (kinglet_mutant == {mutant.number}) {{\n# 1 "mutant{mutant.number}"\n{changed(text, mutant.mutation, first, last)}\n}} else ')
            parts.append(f'{{\n# 1 "unchanged"\n{text[first:last]}\n}}')
            at = last
        written = self.folder(unit_of(path)) / path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text("".join(parts) + text[at:])
        return written

    def folder(self, unit):
        return WORK / "changed" / pathlib.Path(unit).name

    def compile(self, unit, target, folder):
        """The unit with those of its files that are in the folder."""
        source, before = (folder / unit, []) if unit in self.texts else (ROOT / unit, HEADER_FLAGS[unit])
        return run(["g++", *FLAGS, f"-I{folder}/runtime", *INCLUDES, *before, "-c", str(source), "-o", str(target)])

    def build(self):
        """Objects by unit. What does not compile is left out, and the rest compiled again."""
        (WORK / "declared.h").write_text("extern int kinglet_mutant;\nextern unsigned char kinglet_reached[];\n")
        objects = {}
        for unit in sorted({unit_of(path) for path in self.texts}):
            target = WORK / (unit.replace("/", "_") + ".o")
            while True:
                for path in self.texts:
                    if unit_of(path) == unit:
                        self.rewrite(path)
                done = self.compile(unit, target, self.folder(unit))
                if done.returncode == 0:
                    break
                wrong = {int(n) for n in re.findall(r'^mutant(\d+):\d+:\d+: error', done.stdout, re.M)}
                wrong = wrong or {int(n) for n in re.findall(r"\bmutant(\d+):\d", done.stdout)}
                if not wrong:
                    sys.exit(f"{unit} with its mutants does not compile:\n{done.stdout[:4000]}")
                for mutant in self.mutants:
                    if mutant.number in wrong:
                        mutant.outcome = "not compiled"
            objects[unit] = target
        return objects

    def alone(self, mutant):
        """The object of its unit with this one change only, or None."""
        folder = WORK / f"alone{mutant.number}"
        written = folder / mutant.path
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_text(changed(self.texts[mutant.path], mutant.mutation))
        target = folder / "unit.o"
        return target if self.compile(unit_of(mutant.path), target, folder).returncode == 0 else None


class Tests:
    """The program of all runtime tests: links it, and knows how long each test takes and which functions it reaches."""

    def __init__(self, objects):
        self.objects = {**objects, "": WORK / "mutants.o"}
        done = run(["g++", "-std=c++20", "-O1", "-c", str(ROOT / "tests/mutation/mutants.cc"), "-o", str(self.objects[""])])
        if done.returncode != 0:
            sys.exit(done.stdout)
        self.program = WORK / "tests"
        if (linked := self.link(self.objects, self.program)).returncode != 0:
            sys.exit(linked.stdout[-4000:])
        self.seconds, self.reaches = {}, {}
        reached = WORK / "reached"
        reached.unlink(missing_ok=True)
        done = run([str(self.program), "--gtest_brief=1"], cwd=WORK, env=dict(os.environ, KINGLET_REACHED=str(reached)))
        if done.returncode != 0:
            sys.exit(f"the tests fail without any change:\n{done.stdout[-2000:]}")
        for line in reached.read_text().splitlines():
            name, milliseconds, *functions = line.split()
            self.seconds[name] = float(milliseconds) / 1000
            self.reaches[name] = {int(f) for f in functions}

    def link(self, objects, program):
        folder = ROOT / "build/tests/CMakeFiles/kinglet_runtime_tests.dir"
        tests = [test for test in sorted(folder.rglob("*.o")) if f"tests/{test.relative_to(folder).with_suffix('')}" not in objects]
        libraries = [ROOT / "build/runtime/libkinglet_runtime.a", *(ROOT / "build").rglob("libkinglet_features.a")]
        return run(["g++", "-fuse-ld=gold", *map(str, objects.values()), *map(str, tests), *map(str, libraries), "-lgmock", "-lgtest", "-lpthread",
                    "-o", str(program)])

    def fails(self, program, number, tests, folder):
        """Which of the tests fails first with this mutant, or None."""
        limit = int(LIMIT_SECONDS + LIMIT_FACTOR * sum(self.seconds[t] for t in tests))

        def bounded():
            resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
            resource.setrlimit(resource.RLIMIT_AS, (1 << 33, 1 << 33))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        environment = dict(os.environ, GTEST_FAIL_FAST="1", GTEST_BRIEF="1", GTEST_FILTER=":".join(tests), KINGLET_MUTANT=str(number))
        try:
            done = run([str(program)], env=environment, cwd=folder, preexec_fn=bounded, timeout=WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            return "it does not end"
        if done.returncode == 0:
            return None
        failed = re.search(r"\[  FAILED  \] ([\w/.]+)", done.stdout)
        if failed:
            return failed.group(1)
        return "it does not end" if done.returncode in (-24, -9) else f"status {done.returncode}"


def decide(sources, tests, mutant, killers):
    if mutant.outcome == "not compiled":
        return
    folder = WORK / f"slot{threading.get_ident()}"
    folder.mkdir(exist_ok=True)
    program, alone = tests.program, WORK / f"alone{mutant.number}"
    if mutant.function is None:
        made = sources.alone(mutant)
        program = alone / "tests"
        if made is None or tests.link({**tests.objects, unit_of(mutant.path): made}, program).returncode != 0:
            mutant.outcome = "not compiled"
            shutil.rmtree(alone)
            return
    wanted = {mutant.function} if mutant.function is not None else set(sources.functions[mutant.path].values())
    left = [t for t in tests.seconds if tests.reaches[t] & wanted]
    often = [t for t, _ in killers.most_common(12) if t in left and tests.seconds[t] < QUICK[1]]
    parts = [often] + [[t for t in left if t not in often and low <= tests.seconds[t] < high] for low, high in zip(QUICK, QUICK[1:])]
    mutant.outcome = "survived"
    for part in parts:
        if part and (by := tests.fails(program, mutant.number, part, folder)):
            mutant.outcome, mutant.by = "killed", by
            if by in tests.seconds:
                killers[by] += 1
            break
    shutil.rmtree(alone, ignore_errors=True)


def explained():
    reasons, reason = {}, ""
    for line in (ROOT / "tests/mutation/survivors.txt").read_text().splitlines():
        if line.startswith("# ") or not line.strip():
            continue
        if line.startswith("    "):
            reasons[line.strip()] = reason
        else:
            reason = line
    return reasons


def unknown(chosen, reasons):
    """Entries of survivors.txt that are no mutant of the files."""
    texts = {path: (ROOT / path).read_text() for path in FILES}
    return sorted(reasons.keys() - {key_of(m.path, texts[m.path], m.mutation) for m in chosen})


def report(chosen, reasons):
    totals = collections.defaultdict(collections.Counter)
    unexplained = 0
    for mutant in chosen:
        outcome = mutant.outcome or "not tried"
        if outcome == "survived":
            text = (ROOT / mutant.path).read_text()
            key = key_of(mutant.path, text, mutant.mutation)
            if key in reasons:
                outcome = "equivalent"
            else:
                unexplained += 1
                print(f"survived: line {line_of(text, mutant.mutation[0])[0]}\n    {key}")
        totals[mutant.path][outcome] += 1
        totals["all"][outcome] += 1
    outcomes = ["killed", "survived", "equivalent", "not compiled", "not tried"]
    print(f"\n{'':40}" + "".join(f"{name:>14}" for name in outcomes))
    everything = totals.pop("all")
    for path, of in [*totals.items(), ("all", everything)]:
        print(f"{path:40}" + "".join(f"{of[name]:14}" for name in outcomes))
    decided = everything["killed"] + everything["survived"] + everything["equivalent"]
    if decided:
        print(f"killed: {100 * everything['killed'] / decided:.1f} % of {decided} that compiled, "
              f"{100 * everything['killed'] / max(1, decided - everything['equivalent']):.1f} % of those that are not explained in survivors.txt")
    return 1 if unexplained or decided and everything["killed"] < WANTED * decided else 0


def is_verify(text, body):
    """Of the operators' verify and what it calls: whose parameter is a Checker."""
    head = text[:body[0]].rsplit("}", 1)[-1].rsplit(";", 1)[-1]
    return re.search(r"\bChecker& check\b", head) is not None


def choose(paths, sample):
    """All mutants of the files, and the functions' numbers: {path: {body: number}}."""
    chosen, functions, count = [], {}, 0
    for path in paths:
        text = (ROOT / path).read_text()
        asked = [body for body in bodies(text) if not path.startswith("runtime/ops/") or is_verify(text, body)]
        found = sorted(m for m in set(mutations(text)) if not path.startswith("runtime/ops/") or any(a <= m[0] < b for a, b in asked))
        functions[path] = {}
        for body in asked:
            functions[path][body] = count
            count += 1
        here = found if not sample or sample >= len(found) else sorted(random.Random(path).sample(found, sample))
        print(f"{path}: {len(here)} of {len(found)} mutants", flush=True)
        for mutation in here:
            mutant = Mutant(len(chosen), path, text, mutation)
            mutant.function = next((n for (a, b), n in functions[path].items() if a <= mutation[0] < b), None)
            chosen.append(mutant)
    return chosen, functions


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--sample", type=int, default=0, help="of each file's mutants so many, drawn with a fixed seed (all)")
    parser.add_argument("--seconds", type=float, default=0, help="begin none after this time; another call goes on (no limit)")
    parser.add_argument("--again", action="store_true", help="decide anew what nothing noticed and nothing explains")
    parser.add_argument("--list", action="store_true", help="only say how many there are")
    options = parser.parse_args()
    chosen, functions = choose(options.files or FILES, options.sample)
    reasons = explained()
    stale = [] if options.files or options.sample else unknown(chosen, reasons)
    for key in stale:
        print(f"survivors.txt names no mutant with\n    {key}")
    if options.list:
        return int(bool(stale))
    WORK.mkdir(parents=True, exist_ok=True)
    results = WORK / "results.jsonl"
    remembered = {}
    for line in results.read_text().splitlines() if results.exists() else []:
        entry = json.loads(line)
        remembered[tuple(entry["mutant"])] = (entry["outcome"], entry["by"])
    for mutant in chosen:
        outcome, by = remembered.get(mutant.known, (None, ""))
        key = key_of(mutant.path, (ROOT / mutant.path).read_text(), mutant.mutation)
        if outcome != "survived" or not options.again or key in reasons:
            mutant.outcome, mutant.by = outcome, by
    undecided = [m for m in chosen if m.outcome is None]
    if undecided:
        begin = time.monotonic()
        paths = {m.path for m in undecided}
        sources = Sources(undecided, {path: functions[path] for path in paths})
        tests = Tests(sources.build())
        asked = [seconds for seconds in tests.seconds.values() if seconds < QUICK[-1]]
        print(f"{len(asked)} of {len(tests.seconds)} tests are asked, {sum(asked):.1f} of {sum(tests.seconds.values()):.1f} s; built and run once in {time.monotonic() - begin:.0f} s", flush=True)
        begin = time.monotonic()
        killers = collections.defaultdict(collections.Counter)
        for mutant in chosen:
            killers[mutant.path].update([mutant.by] if mutant.by in tests.seconds else [])
        lock = threading.Lock()

        def work(mutant):
            if options.seconds and time.monotonic() - begin > options.seconds:
                return
            decide(sources, tests, mutant, killers[mutant.path])
            with lock, results.open("a") as out:
                out.write(json.dumps({"mutant": mutant.known, "outcome": mutant.outcome, "by": mutant.by}) + "\n")

        with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(work, undecided))
    return report(chosen, reasons) or int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
