#!/usr/bin/env python3
"""Runs every measurement and then the report, and shows which is running and how long it took.

    bench.py [TARGET ...]      these make targets alone, of those below

A target that this checkout does not have is left out, and the report says what was not measured.
"""
import os
import subprocess
import sys
import time

# Make targets in order: what each measures.
STAGES = {
    "cycles": "cycles of Husk on Cortex-M",
    "exchanges": "bytes of Husk's messages",
    "memory": "flash and RAM of Husk",
    "tls": "cycles, bytes, flash and RAM of Mbed TLS on Cortex-M",
    "instructions": "instructions of Husk on this host",
    "instructions-tls": "instructions of TLS clients on this host",
    "bench-host": "handshakes and messages a second on this host",
    "bench-swift": "instructions and allocations of the Swift API on this host",
    "bench-report": "the report and its plots",
}


def environment():
    """Ours, without the job slots of the make that called us, and without looking for packages again."""
    flags = [word for word in os.environ.get("MAKEFLAGS", "").split() if not word.startswith(("-j", "--jobserver"))]
    return os.environ | {"MAKEFLAGS": " ".join(flags), "DEPS": "skip"}


def exists(target):
    """Whether make knows a target."""
    done = subprocess.run(["make", "-n", "--no-print-directory", target],
                          capture_output=True, text=True, env=environment())
    return "No rule to make target" not in done.stderr


def run(place, count, target):
    """Runs a target; returns whether it worked."""
    print(f"[{place}/{count}] {STAGES[target]} (make {target})", flush=True)
    if not exists(target):
        print("    left out: this checkout does not have it", flush=True)
        return True
    begin = time.monotonic()
    code = subprocess.run(["make", "-j2", "--no-print-directory", target], env=environment()).returncode
    print(f"    {'done' if code == 0 else 'FAILED'} in {time.monotonic() - begin:.0f} s", flush=True)
    return code == 0


def main():
    """Runs the stages that are named, or all; stops at the first that fails."""
    wanted = sys.argv[1:] or list(STAGES)
    unknown = [target for target in wanted if target not in STAGES]
    if unknown:
        sys.exit(f"bench: no stage {', '.join(unknown)}: they are {', '.join(STAGES)}")
    begin = time.monotonic()
    for place, target in enumerate(wanted, 1):
        if not run(place, len(wanted), target):
            return 1
    print(f"all done in {(time.monotonic() - begin) / 60:.1f} minutes: Benchmarks/results/report.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
