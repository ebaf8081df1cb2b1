"""Changes one operator of the verifier, the plan, the quantizer or the matmul at a time, and asks the runtime tests whether they notice.

    python3 tests/mutation/mutate.py [--sample N] [--seconds S] [--list] [FILE…]

Only portable kernels are linked, so that no other kernel set notices for the tests. What was decided once is remembered in
build/mutation/results.jsonl while the file and the tests stay as they are. Survivors are looked up in survivors.txt, which says of each why no test can see it.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutation"
FILES = ["runtime/open.cc", "runtime/model/checker.cc", "runtime/model/structure.cc", "runtime/model/checksum.cc", "runtime/plan/plan.cc",
         "runtime/plan/layout.cc", "runtime/text/verify.cc", "runtime/kernels/generic/quantize.h", "runtime/kernels/generic/matmul.h"]
TEST_SECONDS = 300  # a mutant that runs longer than this is killed: all tests take a tenth
FLAGS = ["-std=c++20", "-O1", "-w", "-ffp-contract=off", "-DFLATBUFFERS_ASSERT=(void)sizeof", f'-DKINGLET_SOURCE_DIR="{ROOT}"', "-D_GLIBCXX_ASSERTIONS",
         "-isystem", f"{ROOT}/build/schema/generated"]
INCLUDES = [f"-I{WORK}/portable", f"-I{ROOT}/runtime/include", f"-I{ROOT}/runtime", f"-I{ROOT}", f"-I{ROOT}/ports/host"]
RUNTIME_FLAGS = ["-fno-exceptions", "-fno-rtti", "-fno-math-errno"]


def plain(text):
    """The text with comments, literals and preprocessor lines blanked, every character at its place."""
    blank = lambda match: re.sub(r"[^\n]", " ", match.group())
    pattern = r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#[^\n]*'
    return re.sub(pattern, blank, text, flags=re.S | re.M)


def mutations(text):
    """Yields (offset, old, new)."""
    code = plain(text)
    swaps = {" < ": [" <= "], " <= ": [" < "], " > ": [" >= "], " >= ": [" > "], " == ": [" != "], " != ": [" == "], " + ": [" - "],
             " - ": [" + "], " * ": [" + "], " && ": [" || "], " || ": [" && "], " += ": [" -= "], " -= ": [" += "]}
    for old, news in swaps.items():
        for match in re.finditer(re.escape(old), code):
            for new in news:
                yield match.start(), old, new
    for match in re.finditer(r"(?<![\w.])(\d+)([uU]?)(?![\w.'])", code):
        number = int(match.group(1))
        for changed in [number + 1] + ([number - 1] if number > 0 else []):
            yield match.start(), match.group(), f"{changed}{match.group(2)}"
    for match in re.finditer(r"(?<![\w.])(\d+)\.0([fF])", code):
        for changed in (int(match.group(1)) + 1, int(match.group(1)) - 1):
            yield match.start(), match.group(), f"{changed}.0{match.group(2)}"
    for match in re.finditer(r"(?<=[\s(])!(?=[\w(])", code):
        yield match.start(), "!", ""
    for match in re.finditer(r"\)\s+(return\b[^;]*;)", code):
        yield match.start(1), text[match.start(1):match.end(1)], ";"
    for old, new in (("max", "min"), ("min", "max")):
        for match in re.finditer(rf"(?<![\w.]){old}(?=\()", code):
            yield match.start(), old, new


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", **options)


def compile_to(source, target):
    compiler = ["gcc", "-std=c99", "-O1", "-w", f"-I{ROOT}", f"-I{ROOT}/runtime/include", f"-I{ROOT}/runtime"]
    if pathlib.Path(source).suffix != ".c":
        compiler = ["g++", *FLAGS, *INCLUDES] + (RUNTIME_FLAGS if "/runtime/" in str(source) and "/tests/" not in str(source) else [])
    if shutil.which("ccache"):
        compiler = ["ccache", *compiler]
    return run([*compiler, "-c", str(source), "-o", str(target)])


class Build:
    """The objects of the tests and of the runtime with portable kernels only."""

    def __init__(self):
        (WORK / "objects").mkdir(parents=True, exist_ok=True)
        (WORK / "portable/kernels/isa").mkdir(parents=True, exist_ok=True)
        (WORK / "portable/kernels/isa/x86.h").write_text('#include "kernels/isa/portable_only.h"\n')
        runtime = [p for p in sorted((ROOT / "runtime").rglob("*.c*")) if p.suffix in (".cc", ".cpp") and "left_out" not in p.parts]
        runtime = [p for p in runtime if p.parent.name != "isa" or p.name == "portable.cpp"]
        tests = [p for p in (ROOT / "tests/runtime").rglob("*.c*") if p.suffix in (".cc", ".c") and p.name != "assertions_test.cc"]
        # The tests of the verifier first: most mutants end there.
        order = lambda p: ["model", "plan", "session", "text", "capi", "tasks", "kernels"].index(p.parent.name) if p.parent != ROOT / "tests/runtime" else 9
        tests = sorted(tests, key=lambda p: (order(p), str(p)))
        tests += [ROOT / f"tests/fuzz/{name}.cc" for name in ("operations", "run_file", "run_tasks")]
        tests += [ROOT / "tests/bits/arithmetic/x86.cc", ROOT / "ports/host/features/none.cpp", ROOT / "ports/host/sha256.cc"]
        self.objects = {}
        jobs = {}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for source in tests + runtime:
                target = WORK / "objects" / (str(source.relative_to(ROOT)).replace("/", "_") + ".o")
                self.objects[str(source.relative_to(ROOT))] = target
                if not target.exists() or target.stat().st_mtime < newest_source():
                    jobs[source] = pool.submit(compile_to, source, target)
        for source, job in jobs.items():
            if job.result().returncode != 0:
                sys.exit(f"{source} does not compile:\n{job.result().stdout}")

    def link(self, replaced, program, kernels=False):
        """The tests of kernels only where these change, and then first: all others take their kernels as given."""
        of_kernels = lambda name: name.startswith("tests/runtime/kernels/")
        names = sorted(self.objects, key=lambda name: not of_kernels(name)) if kernels else [n for n in self.objects if not of_kernels(n)]
        objects = [str(replaced.get(name, self.objects[name])) for name in names]
        return run(["g++", "-fuse-ld=gold", *objects, "-lgmock", "-lgtest_main", "-lgtest", "-lpthread", "-o", str(program)])


def newest_source():
    if not hasattr(newest_source, "time"):
        folders = [ROOT / name for name in ("runtime", "schema", "tests/runtime", "tests/fuzz")]
        newest_source.time = max(p.stat().st_mtime for f in folders for p in f.rglob("*") if p.suffix in (".h", ".cc", ".cpp", ".c", ".fbs"))
    return newest_source.time


def units_of(path):
    """The sources to compile again when this file changes: of the kernels' headers the portable set."""
    return ["runtime/kernels/isa/portable.cpp"] if path.endswith(".h") else [path]


def decide(build, path, mutation, slot, skipped):
    offset, old, new = mutation
    text = (ROOT / path).read_text()
    folder = WORK / f"slot{slot}"
    changed = folder / path
    changed.parent.mkdir(parents=True, exist_ok=True)
    changed.write_text(text[:offset] + new + text[offset + len(old):])
    replaced = {}
    try:
        for unit in units_of(path):
            target = folder / (unit.replace("/", "_") + ".o")
            source = changed if unit == path else ROOT / unit
            done = run(["g++", *FLAGS, f"-I{folder}/runtime", *INCLUDES, *RUNTIME_FLAGS, "-c", str(source), "-o", str(target)])
            if done.returncode != 0:
                return "not compiled", ""
            replaced[unit] = target
        program = folder / "tests"
        if build.link(replaced, program, path.endswith(".h")).returncode != 0:
            return "not compiled", ""
        environment = dict(os.environ, GTEST_FAIL_FAST="1", GTEST_BRIEF="1", GTEST_FILTER="-" + ":".join(skipped))
        try:
            done = run([str(program)], env=environment, timeout=TEST_SECONDS, cwd=folder)
        except subprocess.TimeoutExpired:
            return "killed", "it does not end"
        if done.returncode == 0:
            return "survived", ""
        failed = re.search(r"\[  FAILED  \] ([\w/.]+)", done.stdout)
        return "killed", failed.group(1) if failed else f"status {done.returncode}"
    finally:
        changed.unlink()


def line_of(text, offset):
    number = text.count("\n", 0, offset) + 1
    return number, text.splitlines()[number - 1].strip()


def key_of(path, text, mutation):
    """Stands as long as the line does: survivors.txt names mutants by it."""
    offset, old, new = mutation
    number, line = line_of(text, offset)
    begin = text.rfind("\n", 0, offset) + 1
    column = len(text[begin:offset].lstrip())
    return f"{path}: {line} @{column}: {' '.join(old.split())} -> {' '.join(new.split())}"


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", metavar="FILE", default=FILES)
    parser.add_argument("--sample", type=int, default=0, help="of each file's mutants so many, drawn with a fixed seed (all)")
    parser.add_argument("--seconds", type=float, default=0, help="begin none after this time; another call goes on (no limit)")
    parser.add_argument("--list", action="store_true", help="only say how many there are")
    options = parser.parse_args()

    tests = hashlib.sha256()
    for test in sorted((ROOT / "tests/runtime").rglob("*.*")):
        if test.is_file():
            tests.update(test.read_bytes())
    chosen = []
    for path in options.files or FILES:
        text = (ROOT / path).read_text()
        found = sorted(set(mutations(text)))
        chosen_here = found
        if options.sample and options.sample < len(found):
            chosen_here = sorted(random.Random(path).sample(found, options.sample))
        print(f"{path}: {len(chosen_here)} of {len(found)} mutants", flush=True)
        chosen += [(path, hashlib.sha256(text.encode() + tests.digest()).hexdigest()[:16], mutation) for mutation in chosen_here]
    if options.list:
        return 0

    begin = time.monotonic()
    build = Build()
    remembered = {}
    results_file = WORK / "results.jsonl"
    if results_file.exists():
        for line in results_file.read_text().splitlines():
            entry = json.loads(line)
            remembered[(entry["file"], entry["hash"], *entry["mutation"])] = entry["outcome"]
    program = WORK / "unchanged"
    if (linked := build.link({}, program, True)).returncode != 0:
        sys.exit(linked.stdout)
    # What fails without any change sees nothing: it wants the other kernel sets.
    plain_run = run([str(program), "--gtest_brief=1"], cwd=WORK)
    if "[==========]" not in plain_run.stdout or plain_run.returncode not in (0, 1):
        sys.exit(f"the tests do not reach their end without any change:\n{plain_run.stdout[-2000:]}")
    skipped = sorted(set(re.findall(r"\[  FAILED  \] ([\w/.]+)", plain_run.stdout)))
    print(f"all tests take {time.monotonic() - begin:.0f} s with their build; without portable kernels' company {len(skipped)} fail: {' '.join(skipped)}")
    begin = time.monotonic()
    lock = threading.Lock()
    slots = list(range(os.cpu_count() or 1))

    def work(item):
        path, digest, mutation = item
        known = (path, digest, *mutation)
        if known in remembered or (options.seconds and time.monotonic() - begin > options.seconds):
            return
        with lock:
            slot = slots.pop()
        outcome, by = decide(build, path, mutation, slot, skipped)
        with lock:
            slots.append(slot)
            remembered[known] = outcome
            with results_file.open("a") as out:
                out.write(json.dumps({"file": path, "hash": digest, "mutation": mutation, "outcome": outcome, "by": by}) + "\n")

    with concurrent.futures.ThreadPoolExecutor(len(slots)) as pool:
        list(pool.map(work, chosen))

    reasons = explained()
    totals = {}
    unexplained = 0
    for path, digest, mutation in chosen:
        outcome = remembered.get((path, digest, *mutation), "not tried")
        text = (ROOT / path).read_text()
        if outcome == "survived":
            key = key_of(path, text, mutation)
            if key in reasons:
                outcome = "equivalent"
            else:
                unexplained += 1
                print(f"survived: line {line_of(text, mutation[0])[0]}\n    {key}")
        totals.setdefault(path, {}).setdefault(outcome, 0)
        totals[path][outcome] += 1
    outcomes = ["killed", "survived", "equivalent", "not compiled", "not tried"]
    print(f"\n{'':40}" + "".join(f"{name:>14}" for name in outcomes))
    total = {name: sum(of.get(name, 0) for of in totals.values()) for name in outcomes}
    for path, of in [*totals.items(), ("all", total)]:
        print(f"{path:40}" + "".join(f"{of.get(name, 0):14}" for name in outcomes))
    decided = total["killed"] + total["survived"] + total["equivalent"]
    if decided:
        print(f"killed: {100 * total['killed'] / decided:.1f} % of {decided} that compiled, "
              f"{100 * total['killed'] / max(1, decided - total['equivalent']):.1f} % of those that are not explained in survivors.txt")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
