"""Openings: every source file begins with a comment that says what it owns; every test suite is listed."""
import pathlib
import re

STARTS = {".c": ("/*", "//"), ".h": ("/*", "//"), ".ld": ("/*",), ".swift": ("//", "/*"), ".py": ('"""', "#"), ".sh": ("#",)}
FOLDERS = ["CSources", "Sources", "Tests", "Benchmarks"]
SUITE = re.compile(r"^SUITE\((\w+)\)", re.MULTILINE)


def first_line(file):
    """The first line that is not an interpreter line or empty."""
    for line in file.read_text().splitlines():
        if line.strip() and not line.startswith("#!"):
            return line
    return ""


def violations(root):
    """One line for each source file that does not open with a comment."""
    found = []
    for folder in FOLDERS:
        for file in sorted((pathlib.Path(root) / folder).rglob("*")):
            starts = STARTS.get(file.suffix)
            parts = file.relative_to(root).parts
            hidden = any(part.startswith(".") for part in parts)
            shown = "Resources" in parts  # what the tutorial shows, as its reader will have it
            if starts and file.is_file() and not hidden and not shown and not first_line(file).startswith(starts):
                found.append(f"{file}: does not open with a comment")
    return found


def suite_violations(tests):
    """Suites without a file, and files that no line of suites.h would run."""
    tests = pathlib.Path(tests)
    listed = SUITE.findall((tests / "suites.h").read_text())
    present = {file.stem.removeprefix("test_") for file in tests.glob("test_*.c")}
    return ([f"{tests}/suites.h: SUITE({name}) has no test_{name}.c" for name in listed if name not in present]
            + [f"{tests}/test_{name}.c: not in suites.h" for name in sorted(present - set(listed))]
            + [f"{tests}/suites.h: SUITE({name}) is there twice" for name in sorted(set(listed)) if listed.count(name) > 1])
