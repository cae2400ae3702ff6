#!/usr/bin/env python3
"""Constant time of CHuskCortexM: with every secret the same instructions are counted and the same cycles, both ends of
their range, on each core; a planted leak is found.

    constant_time.py BUILD    where BUILD holds cycles/cycles.so and CORE/cortex_m/constant_time.elf
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Benchmarks" / "cycles" / "tools"))
import images  # noqa: E402  (needs the path above)

CORES = ("m0", "m0plus", "m3", "m4")
PLANTED = "planted"


def counts(build, core):
    """What each secret took, by operation."""
    lines, roots = images.run(build / "cycles" / "cycles.so", build / core / "cortex_m" / "constant_time.elf", core)
    names = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    found = {}
    for name, root in zip(names, roots, strict=True):
        total = root.total()
        found.setdefault(name.split("/")[0], []).append((total.instructions, total.cycles, total.low))
    return found


def main():
    """Measures every core; prints what differs and the line with the counts."""
    passed = failed = 0
    for core in CORES:
        found = counts(pathlib.Path(sys.argv[1]), core)
        for operation, totals in found.items():
            same = len(set(totals)) == 1
            if same == (operation != PLANTED) and len(totals) > 1:
                passed += 1
                continue
            failed += 1
            print(f"FAILED {core} {operation}: instructions, cycles and at least: {totals}")
    print(f"constant time of the assembly: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
