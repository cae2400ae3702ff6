"""Invariants: what the Swift compiler is told to trust has the reason in a comment directly above it."""
import pathlib
import re

TRUSTED = re.compile(r"@unchecked Sendable|nonisolated\(unsafe\)|unsafeBitCast\(|\btry!|@unsafe\b|unsafeFlags")
COMMENT = re.compile(r"^\s*//")
# A comment may stand above the statement or declaration that these are in.
LINES_ABOVE = 6


def has_reason(lines, number):
    """Whether a comment stands above line `number`, with no empty line between, or behind it."""
    if "//" in lines[number]:
        return True
    for above in reversed(lines[max(0, number - LINES_ABOVE):number]):
        if COMMENT.match(above):
            return True
        if not above.strip():
            return False
    return False


def violations(root):
    """One line for each place where Swift code of the package is to be trusted, and does not say why."""
    found = []
    for file in sorted((pathlib.Path(root) / "Sources").rglob("*.swift")):
        lines = file.read_text().splitlines()
        for number, line in enumerate(lines):
            trusted = TRUSTED.search(line)
            if trusted and not COMMENT.match(line) and not has_reason(lines, number):
                found.append(f"{file}:{number + 1}: {trusted.group()} without its reason above it")
    return found
