#!/usr/bin/env python3
"""Keeps the examples in the documentation the ones that are compiled and run: each code block of a document, and the end
of the tutorial, must be to the letter the file named for it here; and each code block in a comment of the Swift API must
stand in a file of examples. `--update` puts the files into the documents instead of comparing."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Document: its code blocks in order.
EXAMPLES = {
    "README.md": [
        "Tests/readme/sealed.c",
        "Tests/HuskTests/ReadmeExample.swift",
        "Tests/HuskGatewayTests/ReadmeExample.swift",
    ],
    "CSources/firmware/README.md": ["Tests/readme/example.c", "Tests/readme/swift/Device.swift"],
    "Sources/Husk/Husk.docc/Frames.md": ["Tests/HuskTests/LinkExample.swift"],
    "Sources/Husk/Husk.docc/Envelopes.md": ["Tests/HuskTests/EnvelopeExample.swift"],
    "Sources/Husk/Husk.docc/ProvisioningKeys.md": ["Tests/HuskTests/ProvisioningExample.swift"],
    "Sources/Husk/Husk.docc/SurvivingReboots.md": ["Tests/HuskTests/SealingExample.swift"],
}
# Files of the tutorial that are the whole of another file.
COPIES = {"Sources/Husk/Husk.docc/Resources/first-reading-gateway-3.swift": "Tests/tutorial/main.swift"}
# Code blocks in comments of these folders stand in that file, there or here indented as it may be.
COMMENTED = {
    "Sources/Husk": "Tests/HuskTests/DocumentationExamples.swift",
    "Sources/HuskGateway": "Tests/HuskGatewayTests/DocumentationExamples.swift",
}
BLOCK = re.compile(r"```([a-z]+)\n(.*?)\n```", re.DOTALL)
# Lines of a comment that Markdown takes for code: indented by four, after an empty line of the comment.
COMMENT_BLOCK = re.compile(r"///\n((?:[ \t]*///(?:     .*)?\n)*[ \t]*///     .*\n)")
# An example is something that one reads at a glance; the exception is a whole device.
LINES_MAX = {
    "Tests/readme/sealed.c": 20, "Tests/HuskTests/ReadmeExample.swift": 20, "Tests/HuskTests/LinkExample.swift": 20,
    "Tests/readme/swift/Device.swift": 30}


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
    for copy, file in COPIES.items():
        (ROOT / copy).write_text(example(file)[1] + "\n")


def unlisted():
    """Documents with code blocks that nothing is said about here."""
    names = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.md"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.splitlines()
    for name in names:
        if name not in EXAMPLES and (ROOT / name).exists() and BLOCK.search((ROOT / name).read_text()):
            yield f"{name} has code blocks that are not compiled: name their files in {pathlib.Path(__file__).name}"


def stripped(lines):
    return [line.strip() for line in lines if line.strip()]


def commented(folder):
    """Code blocks in the comments of a folder's Swift files, with their files."""
    for path in sorted((ROOT / folder).rglob("*.swift")):
        if ".docc" in str(path):
            continue
        for block in COMMENT_BLOCK.findall(path.read_text()):
            lines = stripped(line.strip().removeprefix("///") for line in block.splitlines())
            while lines[-1] == "}":  # more may follow inside of it
                lines.pop()
            yield path.relative_to(ROOT), lines


def uncompiled(folder, examples):
    """Those that do not stand in the file of examples."""
    path = ROOT / examples
    compiled = stripped(path.read_text().splitlines()) if path.exists() else []
    for file, block in commented(folder):
        at = [i for i in range(len(compiled)) if compiled[i:i + len(block)] == block]
        if not at:
            yield f"{file}: the example that begins with '{block[0]}' does not stand in {examples}"


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
    others = [*unlisted()]
    others += [f"{copy} is not {file}: run Tests/readme/readme.py --update" for copy, file in COPIES.items()
               if (ROOT / copy).read_text() != example(file)[1] + "\n"]
    for folder, examples in COMMENTED.items():
        others += uncompiled(folder, examples)
    for failure in others:
        print(f"FAILED {failure}")
        failed += 1
    total = sum(len(files) for files in EXAMPLES.values()) + len(COPIES)
    total += sum(len([*commented(folder)]) for folder in COMMENTED)
    print(f"{total - min(failed, total)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(update() if sys.argv[1:] == ["--update"] else check())
