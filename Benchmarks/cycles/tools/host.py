#!/usr/bin/env python3
"""Instructions of every scenario on the host, the device's work in the same C, counted by callgrind.

    host.py PROGRAM... [--json FILE] [--check FOLDER] [--accept FOLDER]

--json writes the results; --check fails if a scenario takes more than 1 % more instructions than FOLDER/COMPILER.json
says, --accept writes those thresholds.
"""
import argparse
import pathlib
import platform
import subprocess
import sys

import callgrind

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "Benchmarks" / "tools"))
import result_files  # noqa: E402
import thresholds  # noqa: E402

SCHEMA = 1
TOLERANCE = 0.01
FLAGS = "-O2"


def compiler():
    """Name and version of the compiler, and what it compiles for."""
    out = subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout
    return f"gcc-{out.strip()}-{platform.machine()}"


def measure(program):
    """Results of all regions of a program."""
    lines, parts = callgrind.run(program)
    scenarios = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    if len(scenarios) != len(parts) or not parts:
        raise RuntimeError(f"{program}: {len(scenarios)} names for {len(parts)} regions")
    results = []
    for scenario, part in zip(scenarios, parts):
        instructions, kinds = callgrind.count(part, ROOT)
        results.append({"scenario": scenario, "core": "host", "flags": FLAGS, "instructions": instructions,
                        "split": kinds})
    return results


def show(results):
    """Prints a line for each scenario."""
    width = max(len(result["scenario"]) for result in results) + 2
    print(f"{'instructions, ' + compiler():{width}}{'':>13}  public     hash     aead     rest, percent")
    for result in results:
        shares = (100 * part / result["instructions"] for part in result["split"].values())
        print(f"{result['scenario']:{width}}{result['instructions']:13,}"
              + "".join(f"{share:9.1f}" for share in shares))


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--accept", type=pathlib.Path)
    arguments = parser.parse_args()
    results = [result for program in arguments.programs for result in measure(program)]
    by_name = {result["scenario"]: result["instructions"] for result in results}
    if arguments.check:
        file = arguments.check / f"{compiler()}.json"
        return thresholds.check(by_name, file, TOLERANCE, "instructions on the host", "instructions")
    if arguments.accept:
        thresholds.accept(by_name, arguments.accept / f"{compiler()}.json")
    else:
        show(results)
    if arguments.json:
        result_files.write(arguments.json, {"schema": SCHEMA, "compiler": compiler()}, {"results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
