"""The rows of the comparison: what is measured, which run of `kinglet bench` tells it, and which of the machine's limits it meets."""

import dataclasses
from typing import Callable, Optional

PROMPT, GENERATE = 512, 128  # tokens
SOURCE, STEPS = 32, 32


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of a program: `kinglet bench` on a shape, or (no shape) of the kernels."""
    shape: str = ""
    threads: int = 1
    options: tuple = ()


@dataclasses.dataclass(frozen=True)
class Row:
    name: str  # as in peers.json
    title: str
    unit: str
    run: Run
    figure: Callable[[dict], float]
    share: Optional[Callable[[dict], float]] = None  # of the limit
    limit: Optional[Callable[[dict], tuple]] = None  # (its name, its figure there), what peers are scaled by
    more: bool = True  # more is better
    peer_work: tuple = ()  # what a peer that is installed is asked for


def peak(made):
    return "int8 peak", made["machine"]["int8_peak"] / 1e9


def bandwidth(level):
    """Of one row's bandwidth level: (its name, GB/s)."""
    def of(made):
        key = "cache_read_bytes_per_second" if level(made) == "cache" else "read_bytes_per_second"
        return ("cache read" if level(made) == "cache" else "memory read"), made["machine"][key] / 1e9
    return of


def bench(shape, threads, prompt, tokens, *more):
    return Run(shape, threads, ("-p", str(prompt), "-n", str(tokens), *more))


def llama(shape, threads):
    run = bench(shape, threads, PROMPT, GENERATE)
    count = f"{threads} thread" + ("s" if threads > 1 else "")
    yield Row(f"{shape} generate {threads}", f"{shape}, {GENERATE} tokens generated, {count}", "tokens/s", run,
              lambda made: made["generate"]["tokens_per_second"], lambda made: made["generate"]["bandwidth_share"],
              bandwidth(lambda made: made["generate"]["bandwidth_level"]), peer_work=("generate", shape, threads))
    if shape != "stories15m":
        yield Row(f"{shape} prompt {threads}", f"{shape}, prompt of {PROMPT}, {count}", "tokens/s", run,
                  lambda made: made["prompt"]["tokens_per_second"], lambda made: made["prompt"]["int8_peak_share"], peak,
                  peer_work=("prompt", shape, threads))


def llama_process(shape):
    """What a process takes until its first token; memory and opening are told by the same run as the speed."""
    run = bench(shape, 1, PROMPT, GENERATE)
    yield Row(f"{shape} first token", f"{shape}, start of the process to the first token", "ms", run,
              lambda made: 1e3 * made["first_token"]["seconds"], more=False, peer_work=("first token", shape))
    yield Row(f"{shape} open", f"{shape}, open, verify, plan and session", "ms", run,
              lambda made: 1e3 * made["load_seconds"], more=False)
    yield Row(f"{shape} resident", f"{shape}, peak resident memory of that process", "MB", run,
              lambda made: made["first_token"]["peak_resident_bytes"] / 1e6, more=False, peer_work=("resident", shape))


def bert(shape, threads):
    for tokens in (16, 128, 512):
        yield Row(f"{shape} {tokens} tokens {threads}",
                  f"{shape}, {tokens} tokens, {threads} thread" + ("s" if threads > 1 else ""), "ms",
                  bench(shape, threads, tokens, 1), lambda made: 1e3 * made["encode"]["seconds"],
                  lambda made: made["encode"]["int8_peak_share"], peak, more=False, peer_work=("encode", shape, threads, tokens))


def translation(shape, threads, batch, beams):
    search = f"beam {beams}" if beams else "greedy"
    together = f"{batch} at once " if batch > 1 else ""
    options = (("--batch", str(batch)) if batch > 1 else ()) + (("--beam", str(beams)) if beams else ())
    key = "translate_beam" if beams else "translate"
    yield Row(f"{shape} {together}{search} {threads}",
              f"{shape}, {SOURCE} source tokens, {STEPS} steps, {together}{search}, {threads} thread" + ("s" if threads > 1 else ""),
              "ms", bench(shape, threads, SOURCE, STEPS, *options), lambda made: 1e3 * made[key]["seconds"],
              lambda made: made[key]["bandwidth_share"], bandwidth(lambda made: made[key]["bandwidth_level"]), more=False,
              peer_work=("translate", shape, threads, batch, beams))


def growth(shape):
    def spread(made):
        """Half of what the time of a prompt's token, attention left out, differs by over all lengths, in % of its mean."""
        times = [point["other_seconds_per_token"] for point in made["grow"] if point["name"] == "prompt"]
        return 100 * (max(times) - min(times)) / (max(times) + min(times))

    def steps(made, of):
        return [point[of] for point in made["grow"] if point["name"] == "step"]

    def bend(made):
        """By how much a generated token's attention costs more for each position of a long text than for one of a short text."""
        (a, b, c), (at_a, at_b, at_c) = steps(made, "length"), steps(made, "attention_seconds_per_token")
        return (at_c - at_b) / (c - b) / ((at_b - at_a) / (b - a))

    def read(made):
        """GB/s: what of the cache a generated token reads more in a long text, by the time that this takes."""
        (_, fewer, more), (_, sooner, later) = steps(made, "attention_bytes_per_token"), steps(made, "attention_seconds_per_token")
        return (more - fewer) / (later - sooner) / 1e9

    memory = bandwidth(lambda made: "memory")
    run = bench(shape, 1, 128, 16, "--grow")
    yield Row(f"{shape} growth", f"{shape}, time of a prompt's token without attention, 128 to 2,048 tokens", "± %", run, spread,
              more=False)
    yield Row(f"{shape} slope", f"{shape}, a generated token's attention: time per position from 496 to 2,032 against 112 to 496", "×",
              run, bend, more=False)
    yield Row(f"{shape} slope read", f"{shape}, keys and values read by a generated token's attention, 496 to 2,032 positions", "GB/s",
              run, read, lambda made: read(made) / memory(made)[1], memory)


def layer(rows, k, n, place, whole):
    """One layer of the kernels' own benchmark; `whole`: with quantization of its input and all that follows the product."""
    def entry(made):
        return next(one for one in made["layers"] if (one["rows"], one["k"], one["n"], one["weights"]) == (rows, k, n, place))
    name = f"matmul {rows} x {k} x {n}"
    work = ("layer", rows, k, n, place)
    if rows == 1:
        place_text = "memory" if place == "memory" else "last-level cache"
        return Row(f"{name} {place}", f"one row, {k} x {n}, weights from {place_text}", "GB/s", Run(),
                   lambda made: k * n / entry(made)["seconds"] / 1e9, lambda made: entry(made)["bandwidth_share"],
                   bandwidth(lambda made: place), peer_work=work)
    seconds, share = ("whole_seconds", "whole_int8_peak_share") if whole else ("seconds", "int8_peak_share")
    streamed = {"hot": ", weights hot", "memory": ", weights streamed"}[place] if rows <= 16 else ""
    return Row(name + (f" {place}" if rows <= 16 else ""),
               f"matmul {rows} x {k} x {n}, quantization and epilogue{streamed}", "GOPS", Run(),
               lambda made: 2e-9 * rows * k * n / entry(made)[seconds], lambda made: entry(made)[share], peak, peer_work=work)


def all_rows():
    for rows, k, n in ((128, 768, 768), (128, 768, 3072), (128, 3072, 768), (512, 2048, 2048), (512, 2048, 5632)):
        yield layer(rows, k, n, "hot", True)
    yield layer(16, 768, 3072, "hot", True)
    yield layer(16, 768, 3072, "memory", True)
    for k, n in ((768, 3072), (2048, 5632)):
        yield layer(1, k, n, "memory", False)
        yield layer(1, k, n, "cache", False)
    for shape in ("tinyllama-1.1b", "smollm-135m", "stories15m"):
        for threads in (1, 2):
            yield from llama(shape, threads)
    for shape in ("bert-base", "minilm-l6"):
        for threads in (1, 2):
            yield from bert(shape, threads)
    for threads in (1, 2):
        for beams in (0, 4):
            yield from translation("transformer-base", threads, 1, beams)
    for threads in (1, 2):
        yield from translation("transformer-base", threads, 8, 0)
    for threads in (1, 2):
        for beams in (0, 4):
            yield from translation("transformer-tiny", threads, 1, beams)
    for shape in ("tinyllama-1.1b", "smollm-135m", "stories15m"):
        yield from llama_process(shape)
    yield from growth("smollm-135m")
