#!/usr/bin/env python3
"""Tests of the cycle model: known sequences on every core, and whole routines counted a second time.

    validate.py BUILD    BUILD holds cycles/cycles.so, the boards' objects and routines.elf, as `make test-cycles` makes
                         them
"""
import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile

import images
import measure
import recount
import sequences
import split

START = """
    .syntax unified
    .thumb
    .text
    .thumb_func
    .type returns, %function
returns:
    bx lr
    .size returns, . - returns
    .thumb_func
    .type tails, %function
tails:
    b returns
    .size tails, . - tails
    .thumb_func
    .type pops, %function
pops:
    push {r0, lr}
    pop {r0, pc}
    .size pops, . - pops
    .global main
    .thumb_func
    .type main, %function
main:
    push {r4, r5, r6, r7, lr}
    sub sp, #36
"""
REGION = """
    ldr r4, =words
    mov r5, r4
    str r4, [r5]
    ldr r6, =returns + 1
    movs r7, #4
    movs r0, #0
    movs r1, #1
    movs r2, #2
    movs r3, #3
    b 3f
    .balign 16
3:
    .inst.n 0xbf60
    {code}
    .inst.n 0xbf90
    b 2f
    .ltorg
2:
"""
END = """
    movs r0, #0
    add sp, #36
    pop {r4, r5, r6, r7, pc}
    .size main, . - main
    .ltorg
    .bss
    .balign 4
words:
    .space 64
"""


def source(core):
    """Assembly of a program with one region for each sequence that the core has."""
    codes = [code for code, expected in sequences.SEQUENCES.values() if core in expected]
    return START + "".join(REGION.format(code=code) for code in codes) + END


def build(folder, core):
    """Assembles and links that program; returns the image."""
    out = folder / "cycles" / core
    out.mkdir(parents=True, exist_ok=True)
    (out / "sequences.s").write_text(source(core))
    cpu = {"m0": "cortex-m0", "m0plus": "cortex-m0plus", "m3": "cortex-m3", "m4": "cortex-m4"}[core]
    firmware = folder / core / "CSources" / "firmware"
    board = "nrf51" if images.MACHINES[core] == "microbit" else "mps2"
    objects = [firmware / f"{name}.o" for name in ("startup", "semihosting", board)]
    script = "microbit" if board == "nrf51" else board
    image = out / "sequences.elf"
    subprocess.run(["arm-none-eabi-gcc", f"-mcpu={cpu}", "-mthumb", "-nostdlib", "-nostartfiles", "-LCSources/firmware",
                    "-T", f"{script}.ld", "-Wl,--gc-sections", out / "sequences.s", *objects, "-lgcc", "-o", image],
                   check=True)
    return image


def check(name, is_right, detail):
    """Prints a failure; returns whether there is none."""
    if not is_right:
        print(f"FAILED {name}: {detail}")
    return is_right


def check_sequences(folder, core):
    """One result for each sequence."""
    _, roots = images.run(folder / "cycles" / "cycles.so", build(folder, core), core)
    cases = {name: expected[core] for name, (_, expected) in sequences.SEQUENCES.items() if core in expected}
    measured = [root.total().cycles for root in roots]
    yield check(f"{core}", len(measured) == len(cases), f"{len(measured)} regions for {len(cases)} sequences")
    for (name, expected), cycles in zip(cases.items(), measured):
        yield check(f"{core} {name}", cycles == expected, f"{cycles} cycles, by {images.MANUALS[core]} {expected}")


def names_below(root):
    """A region's tree as name, calls and names below it, in alphabetical order."""
    return [(child.function.name, child.calls, names_below(child))
            for child in sorted(root.children, key=lambda child: child.function.name) if child.total().instructions]


TREES = {
    "move": [],
    "call and return": [("returns", 1, [])],
    "call and pop pc": [("pops", 1, [])],
    "tail call": [("returns", 1, []), ("tails", 1, [])],
    "the peer calls too": [("returns", 1, [])],
    "paused": [],
}


def check_trees(folder, core):
    """Cycles are those of the function they were spent in, in the place it was called from."""
    _, roots = images.run(folder / "cycles" / "cycles.so", folder / "cycles" / core / "sequences.elf", core)
    names = [name for name, (_, expected) in sequences.SEQUENCES.items() if core in expected]
    for name, expected in TREES.items():
        root = roots[names.index(name)]
        found = names_below(root)
        yield check(f"{core} calls in {name}", root.function.name == "main" and found == expected, found)


def check_options(folder, core):
    """Wait states and the slow multiplier."""
    names = [name for name, (_, expected) in sequences.SEQUENCES.items() if core in expected]
    for name, (its_core, options, expected) in sequences.WITH_OPTIONS.items():
        if its_core == core:
            _, roots = images.run(folder / "cycles" / "cycles.so", folder / "cycles" / core / "sequences.elf", core,
                                  **options)
            cycles = roots[names.index(name)].total().cycles
            yield check(f"{core} {name} {options}", cycles == expected, f"{cycles} cycles, not {expected}")


def check_routines(folder, core):
    """The plugin's count of whole routines against the other one; and that it gives the same count twice."""
    image, plugin = folder / core / "bench" / "routines.elf", folder / "cycles" / "cycles.so"
    # The other count sees no data addresses; what unaligned accesses cost is among the sequences.
    lines, roots = images.run(plugin, image, core, aligned=1)
    names = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    again = recount.recount(image, core)
    yield check(f"{core} routines", len(names) == len(roots) == len(again) > 0,
                f"{len(roots)} and {len(again)} regions")
    for name, root, other in zip(names, roots, again):
        cycles = root.total().cycles
        print(f"  {core:8} {name:32} {cycles:8} cycles, recounted {other:8}: {100 * (cycles - other) / other:+.2f} %")
        yield check(f"{core} {name}", cycles == other, f"{cycles} and {other} cycles")
        sums = split.split(root)
        kind = "hash" if name.startswith("sha256") else "aead"
        yield check(f"{core} {name} split", sum(sums.values()) == cycles and sums[kind] > 0.99 * cycles, sums)
    _, second = images.run(plugin, image, core, aligned=1)
    yield check(f"{core} twice", [root.total() for root in second] == [root.total() for root in roots],
                "two runs differ")


def verdict(cycles, thresholds):
    """What bench-check says of one result of so many cycles."""
    result = {"scenario": "a/b", "core": "m4", "flags": "-Os", "cycles": cycles}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        if thresholds is not None:
            pathlib.Path(folder, measure.compiler() + ".json").write_text(json.dumps(thresholds))
        return measure.check([result], folder)


def check_thresholds():
    """bench-check fails when it should, and only then."""
    limit = {"a/b m4 -Os": 10000}
    cases = {"the same": (10000, limit, 0), "1 % more": (10100, limit, 0), "just more than that": (10101, limit, 1),
             "less": (5000, limit, 0), "no threshold": (10000, {}, 1), "no file": (10000, None, 1),
             "a threshold that is left over": (10000, limit | {"c m4 -Os": 1}, 1)}
    for name, (cycles, thresholds, expected) in cases.items():
        yield check(f"thresholds, {name}", verdict(cycles, thresholds) == expected, f"not {expected}")
    for name, bytes_now, expected in (("no byte more", 37, 0), ("a byte more", 38, 1), ("none, then one", 1, 1)):
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            file = pathlib.Path(folder, "bytes.json")
            measure.thresholds.accept({"message": 0 if name.startswith("none") else 37}, file)
            code = measure.thresholds.check({"message": bytes_now}, file, 0, "messages", "bytes")
        yield check(f"thresholds, {name}", code == expected, f"not {expected}")


def main():
    """Runs all tests and prints their number."""
    folder = pathlib.Path(sys.argv[1])
    tests = (check_sequences, check_trees, check_options, check_routines)
    results = [result for core in images.MACHINES for test in tests for result in test(folder, core)]
    results += check_thresholds()
    print(f"cycle model: {sum(results)} passed, {results.count(False)} failed")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
