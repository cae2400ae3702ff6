#!/usr/bin/env python3
"""Runs every stage of `make test` and adds up what they report.

Each stage prints one or more lines `N passed, N failed`. A stage that prints none, or that ends with an error without
reporting a failure, counts as one failure. The last line is the sum of all; the exit code is 1 if anything failed.
    run.py [STAGE ...]
"""
import os
import re
import subprocess
import sys
import time

# Stage and the make target that runs it, cheapest first.
STAGES = {
    "C on the host, gcc": "test-gcc",
    "C on the host, clang": "test-clang",
    "C under sanitizers": "test-sanitize",
    "structure": "test-structure",
    "cycle model": "test-cycles",
    "TLS of the benchmarks": "test-tls",
    "C on Cortex-M0": "test-microbit",
    "C on Cortex-M3": "test-mps2-an385",
    "C on Cortex-M4": "test-mps2-an386",
    "assembly on Cortex-M0, M3 and M4": "test-cortex-m",
    "device and gateway in one image": "test-loopback",
    "bytes of messages": "bench-check-bytes",
    "Embedded Swift": "test-embedded-swift",
    "secrets in RAM under QEMU": "test-memory",
    "NIST vectors from files": "test-vectors",
    "against libsodium and mbedTLS": "test-differential",
    "tables of the host": "test-host-tables",
    "constant time": "test-constant-time",
    "fuzzing, ten seconds each": "test-fuzz",
    "README": "test-readme",
    "other people's implementations": "interop",
    "Swift": "test-swift",
    "documentation": "docs",
    "public Swift API": "test-api",
    "Swift without the gateway": "test-swift-alone",
    "secrets in memory of Swift programs": "test-swift-memory",
    "end to end": "test-end-to-end",
    "command line": "test-command-line",
    "cost": "test-cost",
    "envelopes end to end": "test-envelopes",
    "tutorial": "test-tutorial",
    "load": "test-load",
}
SUMMARY = re.compile(r"(?:^|\s)(\d+) passed, (\d+) failed\s*$")


def environment():
    """Ours, without the job slots of the make that called us, which a grandchild cannot share."""
    flags = [word for word in os.environ.get("MAKEFLAGS", "").split() if not word.startswith(("-j", "--jobserver"))]
    return os.environ | {"MAKEFLAGS": " ".join(flags)}


def run_stage(target):
    """Runs a make target, showing what it prints; returns its exit code and its passed and failed tests, or None for
    these if no line states them."""
    process = subprocess.Popen(["make", "-j2", "--no-print-directory", target], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace", env=environment())
    passed = failed = 0
    stated = False
    for line in process.stdout:
        print("  " + line, end="", flush=True)
        match = SUMMARY.search(line)
        if match:
            stated = True
            passed += int(match.group(1))
            failed += int(match.group(2))
    return process.wait(), (passed, failed) if stated else None


def judge(code, counts):
    """A stage's counts, with a failure for a stage that broke, and why that is."""
    if counts is None:
        return 0, 1, f"it reported no result (exit code {code})"
    passed, failed = counts
    if code != 0 and failed == 0:
        return passed, 1, f"it ended with exit code {code}"
    if passed + failed == 0:
        return 0, 1, "it ran no test"
    return passed, failed, None


def run(name, target):
    """Runs and reports one stage."""
    print(f"== {name} (make {target})", flush=True)
    begin = time.monotonic()
    passed, failed, why = judge(*run_stage(target))
    if why:
        print(f"FAILED {name}: {why}")
    return passed, failed, time.monotonic() - begin


def table(results):
    """What each stage came to."""
    width = max(len(name) for name in results)
    print()
    for name, (passed, failed, seconds) in results.items():
        print(f"{name:{width}}  {passed:5} passed  {failed:3} failed  {seconds:6.1f} s")


def main():
    """Runs the stages whose target is named on the command line, or all of them."""
    wanted = sys.argv[1:]
    results = {name: run(name, target) for name, target in STAGES.items() if not wanted or target in wanted}
    table(results)
    passed = sum(result[0] for result in results.values())
    failed = sum(result[1] for result in results.values())
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
