#!/usr/bin/env python3
"""Embedded Swift around the firmware: SwiftPM builds Husk for every core with its toolset file, a firmware that
allocates does not link, and a toolchain without the embedded standard library is named.

    embedded_swift.py SWIFT BUILD -- LINK...    LINK is what links a firmware that allocates
"""
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "CSources" / "firmware" / "tools" / "embedded_swift.py"
TRIPLES = {"m0": "armv6m-none-none-eabi", "m3": "armv7m-none-none-eabi", "m4": "armv7em-none-none-eabi"}


def run(*command, **options):
    """Exit code and all that a program says."""
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, cwd=ROOT, **options)
    return result.returncode, result.stdout


def builds(swift, build, core):
    """`swift build` as the README has it: without a dependency, without a warning."""
    code, said = run(swift, "build", "-c", "release", "--disable-default-traits", "--target", "Husk", "--scratch-path",
                     build / "embedded" / core, "--triple", TRIPLES[core], "--toolset",
                     f"CSources/firmware/swift/toolsets/{core}.json")
    fetched = list((build / "embedded" / core).glob("checkouts/*"))
    return [] if code == 0 and "warning:" not in said and not fetched else [said, *map(str, fetched)]


def does_not_link(command):
    """The linker misses the allocator, the atomic counters of shared objects, and nothing else."""
    code, said = run(*command)
    missing = {line.rsplit("`", 1)[1].rstrip("'") for line in said.splitlines() if "undefined reference to" in line}
    missing = {name for name in missing if not name.startswith("__atomic_")}
    return [] if code != 0 and missing == {"posix_memalign", "free"} else [said]


def is_named():
    """Of a toolchain without Embedded Swift it is said what is missing and what to do."""
    with tempfile.TemporaryDirectory() as folder:
        swiftc = pathlib.Path(folder) / "swiftc"
        info = json.dumps({"paths": {"runtimeResourcePath": folder}})
        swiftc.write_text(f"#!/bin/sh\necho '{info}'\n")
        swiftc.chmod(0o755)
        code, said = run(TOOL, "modules", swiftc, pathlib.Path(folder) / "modules")
    wanted = ["no standard library for armv6m-none-none-eabi", "swift.org", "SWIFT="]
    return [] if code != 0 and said.count("\n") == 1 and all(word in said for word in wanted) else [said]


def main():
    """Runs them all; the summary line."""
    at = sys.argv.index("--")
    swift, build = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    results = {f"swift build for {core}": builds(swift, build, core) for core in TRIPLES}
    results["a firmware that allocates"] = does_not_link(sys.argv[at + 1:])
    results["a toolchain without Embedded Swift"] = is_named()
    failed = 0
    for name, problems in results.items():
        failed += bool(problems)
        for problem in problems:
            print(f"FAILED {name}: {problem}")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
