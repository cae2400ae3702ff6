#!/usr/bin/env python3
"""The structural tests: include direction, symbols, headers, openings, reasons, what profiles link; each check also proves that
it can fire.

    structure.py BUILD    where BUILD holds NAME/core.o, CPU/sensor.elf, CPU/sensor_swift.elf, CPU/profiles/NAME.elf and CPU/parts/NAME.elf with their maps, as
                          `make test-structure` builds them
"""
import pathlib
import sys

import headers
import includes
import instructions
import invariants
import openings
import planted
import profiles
import symbols

ROOT = pathlib.Path(__file__).resolve().parents[2]
CORE = ROOT / "CSources" / "CHusk"
TOOLS = {"armv7a": "arm-linux-gnueabihf-", "host-gcc": "", "host-clang": ""}
ARM = "arm-none-eabi-"
# What the device endpoint may cost more in Swift than in C, in bytes of flash.
SWIFT_MAX = 2048


def core_checks(build):
    """One check for each compiler and processor the core was built for."""
    for file in sorted(build.glob("*/core.o")):
        tools = TOOLS.get(file.parent.name, ARM)
        yield (f"symbols of the core for {file.parent.name}",
               lambda file=file, tools=tools: symbols.core_violations(tools + "nm", tools + "objdump", str(file)))


def image_checks(build):
    """Two checks for each sensor image, in C and in Swift, and one more for those of Cortex-M3."""
    for file in sorted([*build.glob("*/sensor.elf"), *build.glob("*/sensor_swift.elf")]):
        name = f"{file.stem} for {file.parent.name}"
        yield f"symbols of {name}", lambda file=file: symbols.image_violations(ARM + "nm", str(file))
        yield f"libraries of {name}", lambda file=file: symbols.archive_violations(str(file.with_suffix(".map")))
        if file.parent.name == "m3":
            yield (f"instructions of {name}",
                   lambda file=file: instructions.m3_violations(ARM + "objdump", str(file)))


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


def swift_checks(build):
    """That Swift costs little, and that its profiles are the ones that the size report has."""
    present = {file.stem for file in (ROOT / "CSources" / "firmware" / "swift" / "profiles").glob("*.swift")}
    yield "profiles in Swift listed", lambda: [
        f"{name}: not in both of swift/profiles and size.py" for name in sorted(present ^ set(profiles.size.SWIFT))]
    for folder in sorted(file.parent for file in build.glob("*/swift/Endpoint.map")):
        yield (f"flash of Swift for {folder.parent.name}", lambda folder=folder: [
            f"{title}: {costs['API']} bytes of Swift, over {SWIFT_MAX}"
            for title, costs in profiles.size.swift_costs(folder.parent).items() if costs["API"] > SWIFT_MAX])


def checks(build):
    """All checks, as pairs of a name and a function that returns violations."""
    yield "include direction", lambda: includes.violations(CORE)
    for language in headers.LANGUAGES:
        yield f"headers alone as {language}", lambda language=language: headers.violations(CORE / "include", language)
    yield "openings", lambda: openings.violations(ROOT)
    yield "reasons of what the Swift compiler trusts", lambda: invariants.violations(ROOT)
    yield "suites listed", lambda: openings.suite_violations(ROOT / "Tests" / "C")
    yield from core_checks(build)
    yield from image_checks(build)
    yield from profile_checks(build)
    yield from swift_checks(build)
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
