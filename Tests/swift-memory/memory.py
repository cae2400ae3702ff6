#!/usr/bin/env python3
"""Builds Husk with a life of each of its types in every mode of the compiler, and looks for secrets in the memory of each
program once a life is over. And that no value which holds a secret can be printed at all: that does not compile.

    memory.py CORE FOLDER    CORE: libhusk.a for this host
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODES = ["-Onone", "-O", "-Osize"]
SOURCES = [file for folder in ("", "Hosts/") for file in sorted(ROOT.glob(f"Sources/Husk/{folder}*.swift"))]
LIVES = sorted(ROOT.glob("Tests/swift-memory/*.swift"))
HUSK = ["-swift-version", "6", "-module-name", "Husk", "-package-name", "husk", "-wmo", "-j", "2",
        "-I", ROOT / "CSources/CHusk/include"]
HUSK += [word for feature in ("ExistentialAny", "MemberImportVisibility", "InternalImportsByDefault")
         for word in ("-enable-upcoming-feature", feature)]
# What prints a value.
PRINTERS = ["print(value)", "debugPrint(value)", "dump(value)", "_ = Mirror(reflecting: value)",
            '_ = "\\(value)"', "_ = String(describing: value)", "_ = String(reflecting: value)"]
# Every public type that is not copyable, as it is declared.
NONCOPYABLE = re.compile(r"^( *)(?:@safe )?public struct (\w+): ~Copyable", re.MULTILINE)


def swiftc(*words):
    command = ["swiftc", *map(str, HUSK), *map(str, words)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def scan(mode, core, folder):
    """Builds and runs the lives in one mode; returns passed and failed."""
    program = folder / f"lives{mode}"
    # Bound at once: the loader saves all vector registers on the stack when it binds a function at its first call, and
    # so whatever a memcpy has left in them.
    build = swiftc(mode, *SOURCES, *LIVES, core, "-Xlinker", "-z", "-Xlinker", "now", "-o", program)
    if build.returncode != 0:
        print(f"FAILED the lives do not build with {mode}\n{build.stdout}")
        return 0, 1
    run = subprocess.run([program], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for line in run.stdout.splitlines():
        if line.startswith("FAILED"):
            print(f"{line} ({mode})")
    counts = re.search(r"(\d+) passed, (\d+) failed\s*$", run.stdout)
    if run.returncode != 0 or not counts:
        print(f"FAILED the lives with {mode} ended with {run.returncode}\n{run.stdout}")
        return 0, 1
    return int(counts[1]), int(counts[2])


def secret_types():
    """The types that own secrets, with the types they are nested in: all that cannot be copied but what names none."""
    for file in SOURCES:
        text = file.read_text()
        for indent, name in NONCOPYABLE.findall(text):
            outer = ""
            if indent:
                before = text[:text.index(f"struct {name}: ~Copyable")]
                outer = re.findall(r"^(?:@safe )?(?:public )?(?:struct|enum|extension) ([\w.]+)", before, re.MULTILINE)[-1] + "."
            yield outer + name


def unprintable(folder):
    """Each type with each way to print it in a file that must not compile, for that reason and no other."""
    module = swiftc("-emit-module", "-emit-module-path", folder / "Husk.swiftmodule", *SOURCES)
    if module.returncode != 0:
        print(f"FAILED the module is not made\n{module.stdout}")
        return 0, 1
    cases = [(name, printer) for name in sorted(set(secret_types())) for printer in PRINTERS]
    control = [("Int", printer) for printer in PRINTERS]
    lines = [f"func f{i}(_ value: borrowing {name}) {{ {printer.replace('value', 'copy value') if name == 'Int' else printer} }}"
             for i, (name, printer) in enumerate(cases + control)]
    file = folder / "printed.swift"
    file.write_text("import Husk\n" + "\n".join(lines) + "\n")
    check = subprocess.run(
        ["swiftc", "-typecheck", "-swift-version", "6", "-I", folder, "-I", ROOT / "CSources/CHusk/include", file],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    errors = {int(line) - 2: text for line, text in re.findall(r"printed\.swift:(\d+):\d+: error: (.*)", check.stdout)}
    printed = [case for i, case in enumerate(cases) if i not in errors]
    for name, printer in printed:
        print(f"FAILED {name} can be printed: {printer}")
    # Refused because they cannot be copied: what can be, can be printed; and each type was found.
    proved = bool(cases) and all(i < len(cases) and "cannot find" not in text for i, text in errors.items())
    if not proved:
        print(f"FAILED the check of what can be printed\n{check.stdout}")
    return len(cases) - len(printed) + proved, len(printed) + (not proved)


def main():
    core, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    results = [scan(mode, core, folder) for mode in MODES] + [unprintable(folder)]
    passed, failed = (sum(column) for column in zip(*results))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
