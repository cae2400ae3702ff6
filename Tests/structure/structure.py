#!/usr/bin/env python3
"""The structural tests: include direction, symbols, headers, openings, what profiles link; each check also proves that
it can fire.

    structure.py BUILD    where BUILD holds NAME/core.o, CPU/sensor.elf, CPU/profiles/NAME.elf and CPU/parts/NAME.elf with their maps, as
                          `make test-structure` builds them
"""
import pathlib
import sys

import headers
import includes
import openings
import planted
import profiles
import symbols

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ROOT / "CSources" / "CHusk"
TOOLS = {"armv7a": "arm-linux-gnueabihf-", "host-gcc": "", "host-clang": ""}
ARM = "arm-none-eabi-"


def core_checks(build):
    """One check for each compiler and processor the core was built for."""
    for file in sorted(build.glob("*/core.o")):
        tools = TOOLS.get(file.parent.name, ARM)
        yield (f"symbols of the core for {file.parent.name}",
               lambda file=file, tools=tools: symbols.core_violations(tools + "nm", tools + "objdump", str(file)))


def image_checks(build):
    """Two checks for each sensor image."""
    for file in sorted(build.glob("*/sensor.elf")):
        cpu = file.parent.name
        yield f"symbols of the sensor for {cpu}", lambda file=file: symbols.image_violations(ARM + "nm", str(file))
        yield f"libraries of the sensor for {cpu}", lambda file=file: symbols.archive_violations(str(file.with_suffix(".map")))


def profile_checks(build):
    """That every profile has its rules and every part its cost, and one check for each of their images."""
    yield "profiles and parts listed", lambda: profiles.list_violations(ROOT / "CSources" / "firmware")
    for folder in sorted(file.parent for file in build.glob("*/profiles")):
        for name in profiles.RULES:
            yield (f"profile {name} for {folder.name}",
                   lambda file=folder / "profiles" / f"{name}.elf": profiles.violations(ARM + "nm", file))
        for name in profiles.size.PARTS:
            yield (f"part {name} for {folder.name}",
                   lambda file=folder / "parts" / f"{name}.elf": profiles.part_violations(ARM + "nm", file))


def checks(build):
    """All checks, as pairs of a name and a function that returns violations."""
    yield "include direction", lambda: includes.violations(CORE)
    for language in headers.LANGUAGES:
        yield f"headers alone as {language}", lambda language=language: headers.violations(CORE / "include", language)
    yield "openings", lambda: openings.violations(ROOT)
    yield "suites listed", lambda: openings.suite_violations(ROOT / "Tests" / "C")
    yield from core_checks(build)
    yield from image_checks(build)
    yield from profile_checks(build)
    for name, test in planted.SELF_TESTS.items():
        yield f"self-test: {name}", lambda test=test: [] if test() else ["did not fire as it should"]


def main():
    """Runs them all; prints violations and the summary line; exits with 1 if there was one."""
    passed = failed = 0
    for name, check in checks(pathlib.Path(sys.argv[1])):
        found = check()
        passed += not found
        failed += bool(found)
        if found:
            print(f"FAILED structure {name}")
            print("".join(f"  {line}\n" for line in found), end="")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
