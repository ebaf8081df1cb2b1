"""The programs Kinglet is compared with. One that is installed is measured, in turn with Kinglet; of the others peers.json has figures.

A peer has a `key` for what it is asked for: works with equal keys are told by one run. `measure` runs it once.
"""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(*command, **options):
    made = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8", errors="replace",
                          stdin=subprocess.DEVNULL, **options)
    if made.returncode != 0:
        last = (made.stderr.strip() or made.stdout.strip() or "it said nothing").splitlines()[-1]
        raise RuntimeError(f"{Path(str(command[0])).name} failed with status {made.returncode}: {last}")
    return made.stdout


class LlamaCpp:
    """llama-bench for speed, llama-completion for a whole process. Both read GGUF files made from Kinglet's own checkpoints; paths are
    relative to the current folder, so that a program which sees another root finds them, too."""

    tools = ("llama-bench", "llama-completion")

    def __init__(self, files):
        self.files = files
        self.there = all(shutil.which(name) for name in ("llama-bench", "llama-quantize", "llama-completion"))
        self.build = None

    def key(self, entry, work):
        if not self.there:
            return None
        if entry["tool"] == "llama-completion":
            return "llama-completion", work[1], entry["format"]
        return "llama-bench", work[1], entry["format"], work[2]

    def is_build(self, name):
        return name in (None, self.build)

    def model(self, shape, form):
        """A quantized file, made when it is needed."""
        out = self.files.folder / f"{shape}.{form}.gguf"
        if not out.exists():
            whole = self.files.folder / f"{shape}.gguf"
            if not whole.exists():
                self.files.python(HERE / "make_gguf.py", self.files.checkpoint(shape), whole)
            run("llama-quantize", whole, f"{out}.part", form)
            Path(f"{out}.part").rename(out)
        return out

    def measure(self, key):
        if key[0] == "llama-completion":
            return self.process(key[1], key[2])
        _, shape, form, threads = key
        lines = json.loads(run("llama-bench", "-m", self.model(shape, form), "-p", 512, "-n", 128, "-t", threads, "-r", 1, "-o", "json"))
        self.build = "Debian" if lines[0]["build_commit"] == "Debian" else "native"
        speed = {("prompt" if line["n_gen"] == 0 else "generate"): line["avg_ts"] for line in lines}
        return {name: speed[name] for name in ("prompt", "generate")}

    def process(self, shape, form):
        """Milliseconds to the first token that a process writes after a one-token prompt, and its memory at the end."""
        self.build = self.build or "Debian"
        command = ["llama-completion", "-m", str(self.model(shape, form)), "-p", "a", "-n", "1", "-t", "1", "-c", "2048",
                   "--no-warmup", "-no-cnv", "--no-display-prompt"]
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        process.stdout.read(1)
        first = time.perf_counter() - start
        process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"llama-completion failed with status {process.returncode}")
        return {"first token": 1e3 * first, "resident": usage.ru_maxrss * 1024 / 1e6}


class PythonModule:
    """A peer that is a Python module: a script beside this one makes its model of our checkpoint and times it, and prints JSON."""

    def __init__(self, files, module, script):
        self.tools, self.files, self.script = (module,), files, HERE / script
        self.there = self.script.exists() and files.has_module(module)

    def key(self, entry, work):
        return (self.tools[0], *work) if self.there else None

    def is_build(self, name):
        return name is None

    def measure(self, key):
        _, name, shape, *options = key
        folder = self.files.checkpoint(shape)
        return {name: json.loads(run(*self.files.peer_python, self.script.relative_to(Path.cwd()), folder, *options))["milliseconds"]}


class Layers:
    """Libraries that multiply matrices: a program of the build for each whose headers are here, with one thread."""

    tools = ("XNNPACK", "oneDNN")

    def __init__(self, programs):
        found = {tool: programs / f"tests/kinglet_{tool.lower()}_bench" for tool in self.tools}
        self.programs = {tool: program for tool, program in found.items() if program.exists()}

    def key(self, entry, work):
        return ("layers", entry["tool"]) if entry["tool"] in self.programs else None

    def is_build(self, name):
        return name is None

    def measure(self, key):
        made = json.loads(run(self.programs[key[1]], env={**os.environ, "OMP_NUM_THREADS": "1"}))
        return {("layer", one["rows"], one["k"], one["n"], one["weights"]): one["seconds"] for one in made["layers"]}


class Peers:
    """All of them."""

    def __init__(self, files):
        self.quoted = json.loads((HERE / "peers.json").read_text())
        self.all = [LlamaCpp(files), PythonModule(files, "onnxruntime", "onnxruntime_bench.py"),
                    PythonModule(files, "ctranslate2", "ctranslate2_bench.py"), Layers(files.programs)]

    def entries(self, row):
        return self.quoted["rows"].get(row.name, {"peers": []})

    def of(self, entry, row):
        """(peer, key) of one that can be measured, else nothing."""
        for peer in self.all:
            if entry["tool"] in peer.tools:
                key = peer.key(entry, row.peer_work)
                return (peer, key) if key else None
        return None

    @staticmethod
    def figure(row, made):
        """What a run told of a row, in the row's unit."""
        if row.peer_work[0] != "layer":
            return made.get(row.peer_work[0])
        seconds = made.get(row.peer_work)
        if seconds is None:
            return None
        _, rows, k, n, _ = row.peer_work
        return (k * n if rows == 1 else 2 * rows * k * n) / seconds / 1e9

    def limit_there(self, name, threads):
        key = {"int8 peak": "int8_peak_gops", "memory read": "read_gb_s", "cache read": "cache_gb_s"}[name]
        return self.quoted["machine"][key][min(threads, 2) - 1]
