"""Seeds and regressions of a fuzz target, as files for libFuzzer.

A target's opening comment holds its seeds, one in a line:
    seed: 01 {rfc9668.combined} [4] 00ff
hex, names of Tests/vectors/messages.txt in braces, and numbers of zero bytes in brackets. Inputs that once failed are
lines of hex in regressions/TARGET.hex.
"""
import pathlib
import re
import shutil

HERE = pathlib.Path(__file__).parent
SEED = re.compile(r"^ \* seed:(.*?)(?: \*/)?$", re.MULTILINE)
VECTORS = HERE.parent / "vectors" / "messages.txt"


def content_lines(file):
    """Lines of a file without comments and empty ones."""
    return [line for line in (text.split("#")[0].strip() for text in file.read_text().splitlines()) if line]


def vectors():
    """The published messages by name."""
    return dict(re.split(r"\s*=\s*", line) for line in content_lines(VECTORS))


def decode(text, named):
    """The bytes of one seed."""
    text = re.sub(r"\{([^}]+)\}", lambda match: named[match.group(1)], text)
    text = re.sub(r"\[(\d+)\]", lambda match: "00" * int(match.group(1)), text)
    return bytes.fromhex(text)


def write(folder, inputs):
    """Replaces a folder by one with these inputs; returns their paths."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    paths = [folder / f"{number:03}" for number in range(len(inputs))]
    for path, data in zip(paths, inputs):
        path.write_bytes(data)
    return paths


def prepare(target, build):
    """Writes a target's seeds and regressions under the build folder; returns the paths of both."""
    named = vectors()
    seeds = [decode(text, named) for text in SEED.findall((HERE / f"{target}.c").read_text())]
    if not seeds:
        raise ValueError(f"Tests/fuzz/{target}.c states no seed")
    kept = HERE / "regressions" / f"{target}.hex"
    regressions = [bytes.fromhex(line) for line in content_lines(kept)] if kept.exists() else []
    return write(build / "seeds" / target, seeds), write(build / "regressions" / target, regressions)
