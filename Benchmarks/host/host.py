#!/usr/bin/env python3
"""What a gateway does in a second of one core, beside TLS servers, all in the same run.

    host.py PROGRAM [--seconds N] [--rounds N] [--json FILE]

Runs the program several times and takes, for each scenario and implementation, the median and the range of the rounds.
Times are processor time of the server's share alone. They are not the same in the next run, nor on another machine:
only figures of one run can be compared.
"""
import argparse
import os
import pathlib
import platform
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "Benchmarks" / "tools"))
import result_files  # noqa: E402

SCHEMA = 1


def processor():
    """The processor's name, as the system says it."""
    file = pathlib.Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in file.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def compiler():
    """Name and version of the compiler."""
    out = subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout
    return f"gcc-{out.strip()}-{platform.machine()}"


def machine(libraries):
    """What figures of this machine depend on."""
    return {"processor": processor(), "cores": os.cpu_count(),
            "system": " ".join((platform.system(), *platform.libc_ver())), "compiler": compiler(),
            "libraries": libraries}


def run(program, seconds):
    """Libraries, and microseconds by scenario and implementation, of one round."""
    out = subprocess.run([program, str(seconds)], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         text=True).stdout
    libraries, times = "", {}
    for line in out.splitlines():
        name, *fields = line.split("\t")
        if name == "libraries":
            libraries = fields[0]
            continue
        implementation, count, spent = fields
        times[name, implementation] = 1e6 * float(spent) / int(count)
    return libraries, times


def measure(program, seconds, rounds):
    """Libraries, and the results of all rounds."""
    libraries, times = "", {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        libraries, part = run(program, seconds)
        for key, value in part.items():
            times.setdefault(key, []).append(value)
    results = []
    for (scenario, implementation), values in times.items():
        middle = statistics.median(values)
        results.append({"scenario": scenario, "implementation": implementation, "per_second": round(1e6 / middle),
                        "per_second_range": [round(1e6 / max(values)), round(1e6 / min(values))],
                        "microseconds": round(middle, 3)})
    return libraries, results


def show(found, results):
    """Prints a line for each result, and what the host's tables bring."""
    print(f"{found['processor']}, one core of {found['cores']}; {found['libraries']}")
    print(f"{'per second of one core':46}{'by':11}{'median':>10}{'lowest':>10}{'highest':>10}")
    slow = {row["scenario"]: row["microseconds"] for row in results if row["implementation"] == "husk_core"}
    for row in results:
        low, high = row["per_second_range"]
        gain = ""
        if row["implementation"] == "husk_host":
            gain = f"   {slow[row['scenario']] / row['microseconds']:.1f} times husk_core"
        print(f"{row['scenario']:46}{row['implementation']:11}{row['per_second']:10,}{low:10,}{high:10,}{gain}")


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=0.15, help="processor time of a measurement in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=pathlib.Path)
    arguments = parser.parse_args()
    libraries, results = measure(arguments.program, arguments.seconds, arguments.rounds)
    found = machine(libraries)
    show(found, results)
    if arguments.json:
        result_files.write(arguments.json, {"schema": SCHEMA, "deterministic": False, "machine": found},
                           {"results": results})
    return 0


if __name__ == "__main__":
    sys.exit(main())
