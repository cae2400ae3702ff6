#!/usr/bin/env python3
"""What TLS costs a client on this host, in instructions: Debian's OpenSSL and Mbed TLS, counted by callgrind.

    clients.py PROGRAM [--json FILE]

Only the client's handshake is counted, with everything it calls in shared libraries. Random bytes are the same in every
run, and so are the figures with the same libraries on the same kind of processor.
"""
import argparse
import pathlib
import re
import statistics
import sys

import host

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks" / "cycles" / "tools"))
import callgrind  # noqa: E402
import result_files  # noqa: E402

SCHEMA = 1
TOTAL = re.compile(r"^totals: (\d+)$", re.M)


def measure(program):
    """Libraries, and the results of all scenarios."""
    lines, parts = callgrind.run(program)
    (_, libraries), *lines = [line.split("\t") for line in lines]
    if len(lines) != len(parts) or not lines:
        raise RuntimeError(f"{program}: {len(lines)} handshakes, {len(parts)} dumps")
    found = {}
    for (scenario, implementation, suite, *sizes), part in zip(lines, parts):
        handshakes = found.setdefault((scenario, implementation, suite), [])
        handshakes.append((int(TOTAL.search(part)[1]), *map(int, sizes)))
    return libraries, [result(*key, *zip(*handshakes)) for key, handshakes in found.items()]


def result(scenario, implementation, suite, instructions, ups, downs, flights):
    """The result of a scenario's handshakes, all of which have the same size."""
    if len(set(zip(ups, downs, flights))) != 1 or min(instructions) == 0:
        raise RuntimeError(f"{scenario} {implementation}: handshakes differ, or have no instructions")
    return {"scenario": scenario, "implementation": implementation, "core": "host", "suite": suite,
            "instructions": round(statistics.median(instructions)),
            "instructions_range": [min(instructions), max(instructions)], "handshakes": len(instructions),
            "bytes_up": ups[0], "bytes_down": downs[0], "flights": flights[0]}


def show(machine, results):
    """Prints a line for each result."""
    print(f"{machine['processor']}; {machine['libraries']}")
    print(f"{'instructions of the client':46}{'by':10}{'median':>12}{'lowest':>12}{'highest':>12}{'up':>7}{'down':>7}"
          f"{'flights':>9}")
    for row in results:
        low, high = row["instructions_range"]
        print(f"{row['scenario']:46}{row['implementation']:10}{row['instructions']:12,}{low:12,}{high:12,}"
              f"{row['bytes_up']:7,}{row['bytes_down']:7,}{row['flights']:9}")


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    libraries, results = measure(arguments.program)
    machine = host.machine(libraries)
    show(machine, results)
    if arguments.json:
        result_files.write(arguments.json, {"schema": SCHEMA, "machine": machine}, {"results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
