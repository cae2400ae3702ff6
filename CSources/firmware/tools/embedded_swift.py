#!/usr/bin/env python3
"""What compiling Embedded Swift for Cortex-M takes beside the compiler.

    embedded_swift.py flags TOOLSET              the Swift compiler's options in a toolset file, for a command line
    embedded_swift.py modules SWIFTC FOLDER      checks that the toolchain has the standard library for Embedded Swift,
                                                 and puts into FOLDER what it lacks for Cortex-M3

Swift's toolchains have the embedded standard library for armv6m and armv7em, but for armv7m (Cortex-M3) none for ELF. It
is a module of Swift's intermediate language only, in which nothing depends on the instruction set: machine code of it is
made in the program that uses it, for that program's target. So the module of armv7em serves armv7m, under its name. Tests
check that images for Cortex-M3 have no instruction that it lacks.
"""
import json
import pathlib
import shlex
import subprocess
import sys

# Modules that the compiler imports into every program.
MODULES = ["Swift", "_Builtin_float"]
THERE = ["armv6m-none-none-eabi", "armv7em-none-none-eabi"]
ORIGINAL, COPY = "armv7em-none-none-eabi", "armv7m-none-none-eabi"


def flags(toolset):
    """The options, quoted for a shell."""
    options = json.loads(pathlib.Path(toolset).read_text())["swiftCompiler"]["extraCLIOptions"]
    return shlex.join(options)


def library(swiftc):
    """The folder of the toolchain's embedded standard library."""
    out = subprocess.run([swiftc, "-print-target-info"], check=True, capture_output=True, text=True).stdout
    return pathlib.Path(json.loads(out)["paths"]["runtimeResourcePath"]) / "embedded"


def modules(swiftc, folder):
    """Links in the folder for what the toolchain lacks."""
    try:
        embedded = library(swiftc)
    except (OSError, subprocess.CalledProcessError) as error:
        sys.exit(f"Embedded Swift: {swiftc} cannot be run: {error}")
    missing = [name for name in THERE if not (embedded / "Swift.swiftmodule" / f"{name}.swiftmodule").exists()]
    if missing:
        sys.exit(f"Embedded Swift: the toolchain of {swiftc} has no standard library for {' and '.join(missing)} in "
                 f"{embedded}; toolchains from swift.org, 6.3 or later, have. Name one with SWIFT=/path/to/bin/swift.")
    for name in MODULES:
        for kind in ("swiftmodule", "swiftdoc"):
            link = pathlib.Path(folder) / f"{name}.swiftmodule" / f"{COPY}.{kind}"
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(embedded / f"{name}.swiftmodule" / f"{ORIGINAL}.{kind}")


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "flags":
        print(flags(sys.argv[2]))
    elif len(sys.argv) == 4 and sys.argv[1] == "modules":
        modules(*sys.argv[2:])
    else:
        sys.exit(__doc__)
