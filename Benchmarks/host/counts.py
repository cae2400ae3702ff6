#!/usr/bin/env python3
"""Instructions and allocations of the gateway's work in C and by the Swift API, counted by callgrind.

    counts.py PROGRAM [--json FILE] [--check FOLDER] [--accept FOLDER]

--check fails if a figure is above what FOLDER says (instructions by more than 1 %, allocations at all); if the
Swift API allocates for a message that it opens or protects in place; or if it takes more than 5 % more instructions for
one than the same work in C. --accept writes there.
"""
import argparse
import pathlib
import platform
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks" / "tools"))
import result_files  # noqa: E402
import thresholds  # noqa: E402

SCHEMA = 1
TOLERANCE = 0.01
SECONDS_MAX = 900
# The messages of these, the Swift API opens and protects where they lie.
IN_PLACE = ("oscore/", "frame/", "envelope/")
OVER_C_MAX = 0.05


def compiler():
    """Name and version of the compiler of both, and the machine it compiles for."""
    out = subprocess.run(["swift", "--version"], check=True, capture_output=True, text=True).stdout
    return f"swift-{re.search(r'Swift version ([0-9.]+)', out).group(1)}-{platform.machine()}"


def measure(program):
    """Results of all scenarios."""
    with tempfile.TemporaryDirectory() as folder:
        # This valgrind cannot read what Swift's linker writes about lines.
        stripped, out = pathlib.Path(folder, "counts"), pathlib.Path(folder, "out")
        subprocess.run(["strip", "--strip-debug", "-o", stripped, program], check=True)
        run = subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", "--combine-dumps=yes",
             f"--callgrind-out-file={out}", stripped], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True, timeout=SECONDS_MAX)
        totals = [int(line.split()[1]) for line in out.read_text().splitlines() if line.startswith("totals:")]
    lines = [line.split("\t") for line in run.stdout.splitlines()]
    # The last dump is what came after the last scenario.
    if len(totals) != len(lines) + 1 or not lines:
        raise RuntimeError(f"{program}: {len(lines)} scenarios, {len(totals)} dumps")
    return [{"scenario": scenario, "implementation": implementation, "instructions": round(total / int(count)),
             "allocations": int(allocations) / int(count)}
            for (scenario, implementation, count, allocations), total in zip(lines, totals)]


def show(results):
    """Prints a line for each result, and what Swift adds to C."""
    core = {row["scenario"]: row["instructions"] for row in results if row["implementation"] == "husk_core"}
    print(f"{compiler():32}{'by':19}{'instructions':>14}{'over C':>9}{'allocations':>13}")
    for row in results:
        more = f"{100 * (row['instructions'] / core[row['scenario']] - 1):+.2f} %"
        print(f"{row['scenario']:32}{row['implementation']:19}{row['instructions']:14,}{more:>9}"
              f"{row['allocations']:13g}")


def promises(results):
    """What the Swift API promises of messages in place, as a list of what is not kept."""
    core = {row["scenario"]: row["instructions"] for row in results if row["implementation"] == "husk_core"}
    for row in results:
        if row["implementation"] != "husk_swift" or not row["scenario"].startswith(IN_PLACE):
            continue
        if row["allocations"] != 0:
            yield f"{row['scenario']}: {row['allocations']:g} allocations for a message"
        if row["instructions"] > core[row["scenario"]] * (1 + OVER_C_MAX):
            yield f"{row['scenario']}: {row['instructions']:,} instructions, {core[row['scenario']]:,} in C"


def check(results, file):
    """Compares with the thresholds and the promises; returns the exit code."""
    names = {f"{row['scenario']} {row['implementation']}": row for row in results}
    broken = list(promises(results))
    for line in broken:
        print(f"FAILED {line}")
    kept = sum(1 for row in results if row["implementation"] == "husk_swift" and row["scenario"].startswith(IN_PLACE))
    print(f"Swift beside C: {max(2 * kept - len(broken), 0)} passed, {len(broken)} failed")
    both = {name: row["instructions"] for name, row in names.items()}
    more = {f"{name} allocations": row["allocations"] for name, row in names.items()}
    code = thresholds.check(both, file, TOLERANCE, "the gateway's instructions", "instructions")
    code |= thresholds.check(more, file.with_name(file.stem + "-allocations.json"), 0, "allocations", "allocations")
    return 1 if broken else code


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--accept", type=pathlib.Path, metavar="FOLDER")
    arguments = parser.parse_args()
    results = measure(arguments.program)
    if arguments.check:
        return check(results, arguments.check / f"{compiler()}.json")
    show(results)
    if arguments.accept:
        names = {f"{row['scenario']} {row['implementation']}": row for row in results}
        file = arguments.accept / f"{compiler()}.json"
        thresholds.accept({name: row["instructions"] for name, row in names.items()}, file)
        thresholds.accept({f"{name} allocations": row["allocations"] for name, row in names.items()},
                          file.with_name(file.stem + "-allocations.json"))
    if arguments.json:
        result_files.write(arguments.json, {"schema": SCHEMA, "compiler": compiler()}, {"results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
