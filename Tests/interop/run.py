"""Runs all interop tests: the C core against implementations that nobody here wrote, and against readings of the
specifications that share nothing with it. Ends with one summed line `N passed, N failed`.

usage: run.py [--build DIRECTORY] [--cc COMPILER] [--seed N] [--count N] [TEST ...]
Makes the virtual environment first if there is none. TEST is part of a file name such as `oscore`."""

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

import setup_venv

HERE = Path(__file__).resolve().parent
LAST_LINE = re.compile(r"^(\d+) passed, (\d+) failed$")


def run(python, test, arguments):
    """(passed, failed); a test that ends without its last line counts as one failure."""
    command = [str(python), str(test), *arguments]
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout:
            if last:
                print(last, flush=True)
            last = line.rstrip("\n")
    match = LAST_LINE.match(last)
    if match is None:
        print(last)
        print(f"FAILED {test.name} ended without a result (exit code {process.returncode})")
        return 0, 1
    passed, failed = int(match[1]), int(match[2])
    return passed, failed + (process.returncode != 0 and failed == 0)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--build", type=Path, default=HERE.parents[1] / "build" / "interop")
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("tests", nargs="*")
    chosen = parser.parse_args()
    build = chosen.build.resolve()
    build.mkdir(parents=True, exist_ok=True)
    python = setup_venv.ensure(build / "venv")
    arguments = ["--build", str(build), "--cc", chosen.cc, "--seed", str(chosen.seed), "--count", str(chosen.count)]
    passed = failed = 0
    for test in sorted(HERE.glob("test_*.py")):
        if chosen.tests and not any(part in test.name for part in chosen.tests):
            continue
        begin = time.monotonic()
        result = run(python, test, arguments)
        print(f"{test.stem:24} {result[0]:6} passed, {result[1]} failed, {time.monotonic() - begin:.1f} s", flush=True)
        passed, failed = passed + result[0], failed + result[1]
    if passed + failed == 0:
        sys.exit("run.py: no such test")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
