#!/usr/bin/env python3
"""Keeps the README's examples the ones that are compiled and run: each code block must be, to the letter, the file named
for it here. `--update` puts the files into the README instead of comparing."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
EXAMPLES = {
    "c": ROOT / "Tests/readme/example.c",
    "swift": ROOT / "Tests/HuskGatewayTests/ReadmeExample.swift",
}


def example(language):
    """The text of an example, without what its file has for the project's sake: in Swift the opening comment and the
    condition around the rest."""
    lines = EXAMPLES[language].read_text().strip("\n").split("\n")
    if language == "swift":
        lines = lines[2:-1]
    return "\n".join(lines)


def block(language):
    """A fenced block of that language."""
    return re.compile(rf"(```{language}\n)(.*?)(\n```)", re.DOTALL)


def update():
    text = README.read_text()
    for language in EXAMPLES:
        text = block(language).sub(lambda m: m.group(1) + example(language) + m.group(3), text)
    README.write_text(text)


def check():
    """Counts passed and failed checks."""
    text = README.read_text()
    failed = 0
    for language in EXAMPLES:
        found = block(language).findall(text)
        if len(found) != 1 or found[0][1] != example(language):
            print(f"FAILED the {language} example in README.md is not {EXAMPLES[language].relative_to(ROOT)}: run "
                  "Tests/readme/readme.py --update")
            failed += 1
    other = set(re.findall(r"```([a-z]+)", text)) - set(EXAMPLES)
    if other:
        print(f"FAILED README.md has code blocks that nothing compiles: {', '.join(sorted(other))}")
        failed += 1
    print(f"{len(EXAMPLES) + 1 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(update() if sys.argv[1:] == ["--update"] else check())
