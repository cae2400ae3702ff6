#!/usr/bin/env python3
"""Builds the C core, Husk and HuskFoundation from a clean copy with the gateway's trait off: no dependency is fetched, and
the compiler warns of nothing. What a build with the gateway has written, such as the versions that it resolved, is not in
the copy.

    alone.py SWIFT FOLDER
"""
import pathlib
import re
import shutil
import subprocess
import sys


ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ["Sources", "CSources", "Tests"]


def main():
    swift, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    shutil.rmtree(folder, ignore_errors=True)
    for name in PACKAGE:
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "Package.swift", folder)
    command = [swift, "build", "--disable-default-traits", "--target", "HuskFoundation"]
    build = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    fetched = sorted(path.name for path in (folder / ".build" / "checkouts").glob("*"))
    warnings = [line for line in build.stdout.splitlines() if re.search(r"\bwarning\b", line)]
    checks = {"it builds": build.returncode == 0, "no dependency": not fetched, "no warning": not warnings}
    if not all(checks.values()):
        print(build.stdout)
        print(f"FAILED {', '.join(name for name, fine in checks.items() if not fine)}: {fetched} {warnings}")
    print(f"{sum(checks.values())} passed, {len(checks) - sum(checks.values())} failed")
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
