#!/usr/bin/env python3
"""Runs fuzz targets: regressions and seeds first, then libFuzzer for a while; ends with `N passed, N failed`.

    run.py --build build/fuzz --seconds 10 [--jobs 2] [TARGET ...]

A target fails when an input stops it, when its seeds do not reach all the goals it states (it would be testing
nothing), when it gets through implausibly few inputs, or when it covers nothing of the core that an empty input does
not. What stopped it is kept in build/fuzz/crashes and every failure says how to see it again.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

import seeds

# A target that runs fewer inputs a second than this, sanitizers included and on a busy machine, is stuck.
INPUTS_PER_SECOND = 20
INPUT_MAX_BYTES = 2048
COVERED = re.compile(r"^#\d+\s+\S+\s+cov: (\d+)", re.MULTILINE)
INPUTS = re.compile(r"^stat::number_of_executed_units:\s+(\d+)", re.MULTILINE)
GOALS = re.compile(r"^GOALS(.*)$", re.MULTILINE)
REASON = re.compile(r"^(?:CHECK .*|SUMMARY: .*|.*runtime error: .*|ALARM: .*)$", re.MULTILINE)
CRASH = re.compile(r"Test unit written to (\S+)")


class Failure(Exception):
    """Why a target failed."""


def execute(arguments, limit):
    """Runs a target; returns its exit code and what it printed."""
    environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:symbolize=1"}
    try:
        done = subprocess.run([str(argument) for argument in arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", env=environment, timeout=limit)
    except OSError as why:
        raise Failure(f"it cannot be run: {why}") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"it did not end within {limit} s") from None
    return done.returncode, done.stdout


def reason(output):
    """The line that says why a target stopped."""
    found = REASON.findall(output)
    checks = [line for line in found if not line.startswith("SUMMARY")]
    return (checks or found or output.strip().splitlines()[-1:] or ["no output"])[0]


def replay(program, paths):
    """Runs single inputs, each as it is; the first that stops the target is the failure."""
    code, output = execute([program, f"-timeout={10}", *paths], 600)
    if code != 0:
        running = re.findall(r"^Running: (\S+)", output, re.MULTILINE)
        culprit = running[-1] if running else "(no input)"
        raise Failure(f"{reason(output)}\n    reproduce: {program} {culprit}")
    return output


def check_goals(output):
    """All goals of the target were reached."""
    goals = dict(pair.split("=") for pair in GOALS.findall(output)[-1].split())
    missed = [name for name, count in goals.items() if count == "0"]
    if missed:
        raise Failure(f"its seeds do not reach {', '.join(missed)}")
    if not goals:
        raise Failure("it states no goals")


def covered(output):
    """Edges of the core that were covered at the last report; 0 if there is none."""
    found = COVERED.findall(output)
    return int(found[-1]) if found else 0


def fuzz(program, target, build, seconds):
    """Lets libFuzzer search; returns how many inputs it ran and how many edges of the core it covered."""
    for folder in ("corpus", "crashes", "empty"):
        (build / folder / target).mkdir(parents=True, exist_ok=True)
    common = ["-timeout=10", "-rss_limit_mb=1024", f"-artifact_prefix={build}/crashes/{target}/"]
    code, output = execute([program, *common, "-runs=1", build / "empty" / target], 60)
    baseline = covered(output)
    code, output = execute([program, *common, f"-max_len={INPUT_MAX_BYTES}", f"-max_total_time={seconds}",
                            "-print_final_stats=1", "-reload=0", build / "corpus" / target, build / "seeds" / target],
                           seconds + 300)
    if code != 0:
        culprit = CRASH.findall(output)
        culprit = culprit[-1] if culprit else "(no input was written)"
        raise Failure(f"{reason(output)}\n    reproduce: {program} {culprit}\n    keep:      xxd -p -c 9999 {culprit} "
                      f">> Tests/fuzz/regressions/{target}.hex")
    inputs = INPUTS.findall(output)
    inputs = int(inputs[-1]) if inputs else 0
    if inputs < INPUTS_PER_SECOND * seconds:
        raise Failure(f"it ran only {inputs} inputs in {seconds} s")
    if covered(output) <= baseline:
        raise Failure(f"it covers {covered(output)} edges of the core, an empty input {baseline}")
    return inputs, covered(output)


def run(target, build, seconds):
    """Both parts of a target; returns passed and failed."""
    program = build / "bin" / target
    try:
        seed_paths, regression_paths = seeds.prepare(target, build)
        check_goals(replay(program, regression_paths + seed_paths))
        kept = len(regression_paths)
    except (Failure, ValueError, KeyError) as why:
        print(f"FAILED {target}, seeds and regressions: {why}", flush=True)
        return 0, 1
    try:
        inputs, edges = fuzz(program, target, build, seconds)
    except Failure as why:
        print(f"FAILED {target}: {why}", flush=True)
        return 1, 1
    print(f"{target:24} {inputs:9,} inputs {edges:5,} edges {len(seed_paths):3} seeds {kept:3} regressions", flush=True)
    return 2, 0


def main():
    """Runs the targets named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_args()
    targets = options.targets or sorted(file.stem for file in seeds.HERE.glob("*.c"))
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda target: run(target, options.build, options.seconds), targets))
    passed = sum(result[0] for result in results)
    failed = sum(result[1] for result in results)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
