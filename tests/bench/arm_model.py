#!/usr/bin/env python3
"""What the Arm kernels would do on processors that are not here: tables in Markdown.

The inner loops of the compiled matmul tiles go through llvm-mca's models of processors, weights and activations in the first cache; and all
kernels run in qemu-user with a plugin that counts instructions. Both say what a compiler made of the source, neither is a measurement.

    cmake --preset aarch64 && cmake --build --preset aarch64 --target kinglet_run_kernel
    cmake --preset armv7 && cmake --build --preset armv7 --target kinglet_run_kernel
    python3 tests/bench/arm_model.py build/aarch64 build/armv7

Needs llvm-mca (Debian: llvm-19; --mca names another), qemu-user, g++ for this machine and g++-aarch64-linux-gnu.
"""
import argparse
import pathlib
import re
import subprocess
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Those of llvm-mca 19 that have a model of their own; the others named after Arm's cores share one of these.
PROCESSORS = ["cortex-a55", "cortex-a510", "neoverse-n1", "neoverse-n2", "neoverse-v1", "neoverse-v2"]
WITHOUT_I8MM = {"cortex-a55", "neoverse-n1"}


def output_of(*command, **options):
    return subprocess.run([str(c) for c in command], check=True, capture_output=True, text=True, **options)


def innermost_loops(object_file):
    """Lists of instructions: from the target of each backward branch to the branch, where no other loop is inside."""
    listing = output_of("aarch64-linux-gnu-objdump", "-d", "--no-show-raw-insn", object_file).stdout
    loops = []
    for function in listing.split("\n\n"):
        code = []
        for line in function.split("\n")[1:]:
            match = re.match(r"\s*([0-9a-f]+):\s+(\S+)\s*(.*)", line)
            if match:
                code.append((int(match[1], 16), match[2], re.sub(r"\s*//.*", "", match[3])))
        spans = []
        for address, name, operands in code:
            target = re.search(r"([0-9a-f]+) <", operands)
            if re.fullmatch(r"b|b\.\w+|cbn?z|tbn?z", name) and target and int(target[1], 16) <= address:
                spans.append((int(target[1], 16), address))
        for begin, end in spans:
            if not any(s != (begin, end) and begin <= s[0] and s[1] <= end for s in spans):
                loops.append([(name, operands) for address, name, operands in code if begin <= address <= end])
    return loops


def loads_of(loop):
    return sum(n in ("ldr", "ldur") for n, _ in loop) + 2 * sum(n == "ldp" for n, _ in loop)


def loop_with(loops, name, count, loads=None):
    """The shortest loop with so many instructions of that name, and so many loads."""
    found = [loop for loop in loops if sum(n == name for n, _ in loop) == count]
    found = [loop for loop in found if loads is None or loads_of(loop) == loads]
    return min(found, key=len) if found else None


def sdot_loop(loops, rows):
    """That for so many rows: 16 k of 16 channels."""
    return loop_with(loops, "sdot", 16 * rows, 16 + rows)


def smmla_loop(loops, rows):
    """That for so many rows: 16 k of four channels, or of eight where rows are few."""
    quads = 1 if rows > 8 else 2
    return loop_with(loops, "smmla", 2 * rows * quads, 4 * quads + rows)


class Model:
    def __init__(self, mca):
        self.mca = mca
        self.peaks = {}

    def cycles(self, lines, processor, iterations=200):
        """Of one pass through `lines`, in the long run."""
        result = output_of(self.mca, "-mtriple=aarch64", f"-mcpu={processor}", "-mattr=+dotprod,+i8mm", "--noalias",
                           f"-iterations={iterations}", input="\n".join(lines)).stdout
        return int(re.search(r"Total Cycles:\s+(\d+)", result)[1]) / iterations

    def loop_cycles(self, loop, processor):
        lines = ["loop:"] + [f"{n} " + re.sub(r"[0-9a-f]+ <.*", "loop", o) for n, o in loop]
        return self.cycles(lines, processor)

    def per_cycle(self, what, processor):
        """How many of one instruction a cycle takes where nothing else is to be done: the pipes of the model."""
        if (what, processor) not in self.peaks:
            lines = {"sdot": [f"sdot v{i}.4s, v30.16b, v31.4b[1]" for i in range(24)],
                     "smmla": [f"smmla v{i}.4s, v30.16b, v31.16b" for i in range(24)],
                     "sadalp": [text.format(i, i + 8) for text in
                                ("smull v{1}.8h, v30.8b, v31.8b", "smlal v{1}.8h, v30.8b, v31.8b", "sadalp v{0}.4s, v{1}.8h")
                                for i in range(8)],
                     "ldr": [f"ldr q{i}, [x1, #{16 * i}]" for i in range(24)]}[what]
            count = sum(line.startswith(what) for line in lines)
            self.peaks[what, processor] = count / self.cycles(lines, processor)
        return self.peaks[what, processor]


def name_of(processor):
    return processor.replace("cortex-", "Cortex-").replace("neoverse-", "Neoverse ").replace("-a", "-A").replace(" n", " N").replace(" v", " V")


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|---" + "|---:" * (len(head) - 1) + "|")
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def tile_tables(model, build):
    objects = build / "runtime/CMakeFiles/kinglet_runtime.dir/kernels/isa"
    tiles = [  # set, instruction, products of one, the loop for so many rows
        ("neon", "sadalp", 16, {rows: lambda loops, rows: loop_with(loops, "sadalp", 8 * rows) for rows in (1, 2)}),
        ("neon_dotprod", "sdot", 16, {rows: sdot_loop for rows in (1, 2, 3, 4)}),
        ("neon_i8mm", "smmla", 32, {rows: smmla_loop for rows in (4, 8, 12, 16)}),
    ]
    for kernel_set, instruction, products, heights in tiles:
        processors = [p for p in PROCESSORS if kernel_set != "neon_i8mm" or p not in WITHOUT_I8MM]
        loops = innermost_loops(objects / f"{kernel_set}.cpp.o")
        rows = []
        rows.append([f"peak: `{instruction}` alone" if instruction != "sadalp" else "peak: `smull`, `smlal`, `sadalp` alone"] +
                    [f"{products * model.per_cycle(instruction, p):.0f}" for p in processors])
        for height, find in heights.items():
            loop = find(loops, height)
            if loop is None:
                rows.append([f"{height} rows"] + ["no such loop"] * len(processors))
                continue
            count = sum(n == instruction for n, _ in loop)
            cells = []
            for p in processors:
                cycles = model.loop_cycles(loop, p)
                share = count / cycles / model.per_cycle(instruction, p)
                cells.append(f"{count * products / cycles:.1f} ({100 * share:.0f} %)")
            moves = sum(n in ("mov", "fmov") and "v" in o for n, o in loop)
            stack = sum("[sp" in o for _, o in loop)
            rows.append([f"{height} row{'s' if height > 1 else ''}: {count} of {len(loop)} instructions"
                         f"{f', {moves} moves' if moves else ''}{f', {stack} on the stack' if stack else ''}"] + cells)
        print(f"`{kernel_set}`: products per cycle, and the share of the peak.\n")
        table(["tile"] + [name_of(p) for p in processors], rows)

    loop = sdot_loop(innermost_loops(objects / "neon_dotprod.cpp.o"), 1)
    loads = loads_of(loop)
    rows = [["loads per cycle, alone"] + [f"{model.per_cycle('ldr', p):.1f}" for p in PROCESSORS], ["bytes of weights per cycle"]
            + [f"{256 / model.loop_cycles(loop, p):.1f}" for p in PROCESSORS], [f"share of what the load ports allow ({loads} loads)"]
            + [f"{100 * loads / model.per_cycle('ldr', p) / model.loop_cycles(loop, p):.0f} %" for p in PROCESSORS]]
    print("One row (`neon_dotprod`, and `neon_i8mm`, which has the same loop): as fast as weights are loaded.\n")
    table(["one row"] + [name_of(p) for p in PROCESSORS], rows)


def layout_table(model, build):
    """neon_i8mm's loop with the file's groups of 4 k, and the same with groups of 8."""
    processors = [p for p in PROCESSORS if p not in WITHOUT_I8MM]
    fours = innermost_loops(build / "runtime/CMakeFiles/kinglet_runtime.dir/kernels/isa/neon_i8mm.cpp.o")
    with tempfile.TemporaryDirectory() as folder:
        made = pathlib.Path(folder) / "groups_of_8.o"
        output_of("aarch64-linux-gnu-g++", "-std=c++20", "-O3", "-march=armv8.2-a+dotprod+i8mm", "-fno-exceptions", "-fno-rtti",
                  f"-I{ROOT}/runtime", f"-I{ROOT}/runtime/include", "-c", HERE / "groups_of_8.cpp", "-o", made)
        eights = innermost_loops(made)
    rows = []
    for height in (4, 8, 12, 16):
        cells = []
        products = height * 16 * (4 if height > 8 else 8)
        for p in processors:
            four, eight = (model.loop_cycles(smmla_loop(loops, height), p) for loops in (fours, eights))
            cells.append(f"{products / four:.1f}, {products / eight:.1f}: {four / eight:.2f} x")
        rows.append([f"{height} rows"] + cells)
    print("`neon_i8mm`: products per cycle with groups of 4 k (the file's layout), with groups of 8, and how much faster these are.\n")
    table(["tile"] + [name_of(p) for p in processors], rows)


def count_table(builds):
    """Instructions per output of each kernel and set, of those programs that there are."""
    sets = [("aarch64", "qemu-aarch64", s) for s in ("portable", "neon", "neon_dotprod", "neon_i8mm")]
    sets += [("armv7", "qemu-arm", s) for s in ("portable", "neon32")]
    with tempfile.TemporaryDirectory() as folder:
        plugin = pathlib.Path(folder) / "libcount_instructions.so"
        output_of("g++", "-std=c++20", "-O2", "-shared", "-fPIC", HERE / "count_instructions.cc", "-o", plugin)

        def count(target, emulator, kernel_set, kernel, times):
            program = builds[target] / "tests/kinglet_run_kernel"
            result = output_of(emulator, "-cpu", "max", "-plugin", plugin, "-d", "plugin", program, kernel_set, kernel, times)
            return int(re.search(r"instructions (\d+)", result.stderr)[1])

        sets = [s for s in sets if s[0] in builds]
        target = sets[0][0]
        kernels = output_of(sets[0][1], builds[target] / "tests/kinglet_run_kernel", "list").stdout
        rows = []
        for line in kernels.splitlines():
            kernel, unit, units = line.split("\t")
            cells = []
            for s in sets:
                instructions = count(*s, kernel, 3) - count(*s, kernel, 1)
                cells.append(f"{instructions / 2 / float(units):.1f}")
            rows.append([f"{kernel}: per {unit}"] + cells)
    print("Instructions that a kernel executes for what it makes.\n")
    table(["kernel"] + [f"{s[2]}, {s[0]}" if s[2] == "portable" else s[2] for s in sets], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("aarch64", type=pathlib.Path, help="build folder of the preset aarch64")
    parser.add_argument("armv7", type=pathlib.Path, nargs="?", help="build folder of the preset armv7")
    parser.add_argument("--mca", default="llvm-mca-19", help="llvm-mca, of LLVM 19 or newer (default: %(default)s)")
    args = parser.parse_args()
    model = Model(args.mca)
    tile_tables(model, args.aarch64)
    layout_table(model, args.aarch64)
    builds = {"aarch64": args.aarch64}
    if args.armv7 is not None:
        builds["armv7"] = args.armv7
    count_table(builds)


if __name__ == "__main__":
    main()
