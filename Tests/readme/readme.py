#!/usr/bin/env python3
"""Keeps the examples in the documentation the ones that are compiled and run: each code block must be, to the letter, the
file named for it here. `--update` puts the files into the documents instead of comparing."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Document: its code blocks in order.
EXAMPLES = {
    "README.md": [
        "Tests/readme/sealed.c",
        "Tests/HuskTests/ReadmeExample.swift",
        "Tests/HuskGatewayTests/ReadmeExample.swift",
    ],
    "CSources/firmware/README.md": ["Tests/readme/example.c"],
    "Sources/Husk/Husk.docc/Frames.md": ["Tests/HuskTests/LinkExample.swift"],
}
BLOCK = re.compile(r"```([a-z]+)\n(.*?)\n```", re.DOTALL)
# An example is something that one reads at a glance; the exception is a whole device.
LINES_MAX = {
    "Tests/readme/sealed.c": 20, "Tests/HuskTests/ReadmeExample.swift": 20, "Tests/HuskTests/LinkExample.swift": 20}


def example(file):
    """Language and text of an example, without what its file has for the project's sake: in Swift the opening comment
    and the condition around the rest."""
    lines = (ROOT / file).read_text().strip("\n").split("\n")
    if file.endswith(".c"):
        return "c", "\n".join(lines)
    lines = lines[1:]
    if lines[0].startswith("#if"):
        lines = lines[1:-1]
    return "swift", "\n".join(lines)


def update():
    for document, files in EXAMPLES.items():
        path = ROOT / document
        wanted = iter(files)
        path.write_text(BLOCK.sub(lambda m: "```{}\n{}\n```".format(*example(next(wanted))), path.read_text()))


def failures(document, files):
    """What is wrong with the code blocks of a document."""
    blocks = BLOCK.findall((ROOT / document).read_text())
    if len(blocks) != len(files):
        yield f"{document} has {len(blocks)} code blocks, of which {len(files)} are compiled"
        return
    for block, file in zip(blocks, files):
        if block != example(file):
            yield f"the {block[0]} example in {document} is not {file}: run Tests/readme/readme.py --update"
        lines = block[1].count("\n") + 1
        if lines > LINES_MAX.get(file, lines):
            yield f"{file} has {lines} lines"


def check():
    failed = 0
    for document, files in EXAMPLES.items():
        for failure in failures(document, files):
            print(f"FAILED {failure}")
            failed += 1
    total = sum(len(files) for files in EXAMPLES.values())
    print(f"{total - min(failed, total)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(update() if sys.argv[1:] == ["--update"] else check())
