"""Reads what callgrind counted: for each region the instructions, and what they went to."""
import pathlib
import subprocess
import tempfile

import images
import split

SECONDS_MAX = 600


def run(program):
    """Runs a program of bench.h under callgrind; returns the lines it printed, and for each region the text of its part
    of callgrind's output."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder, "out")
        result = subprocess.run(
            ["valgrind", "-q", "--tool=callgrind", "--collect-atstart=no", "--combine-dumps=yes",
             "--compress-strings=no", "--compress-pos=no", f"--callgrind-out-file={out}", program],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX)
        if result.returncode != 0 or not out.exists():
            raise RuntimeError(f"{program}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
        _, *parts = out.read_text().split("\npart: ")
        # The last part is what came after the last region.
        return result.stdout.splitlines(), parts[:-1]


def lines_of(part):
    """Own counts and calls of a part: (function, own count, None) and (function, count of the call, called function), a
    function being its source file and name."""
    file = name = called_file = called = None
    takes_count = False
    for line in part.splitlines():
        key, _, value = line.partition("=")
        if key in ("fl", "fn", "cfi", "cfl", "cfn"):
            if key == "fl":
                file = value
            elif key == "fn":
                name = value
            elif key == "cfn":
                called, called_file = value, called_file or file
            else:
                called_file = value
        elif key == "calls":
            takes_count = True
        elif line[:1].isdigit() and name:
            count = int(line.split()[1])
            yield (file, name), count, (called_file, called) if takes_count else None
            if takes_count:
                takes_count, called_file = False, None


def kind_of(function):
    """The kind of a function, as split.py has it."""
    return split.kind_of(images.Function(function[1], 0, 0, function[0]))


def count(part, source):
    """Instructions of a region and their split. All must be of files below `source`: the C library's differ from one
    processor to the next."""
    total, sums, again = 0, dict.fromkeys(split.KINDS, 0), dict.fromkeys(split.KINDS, 0)
    for function, number, called in lines_of(part):
        kind = kind_of(function)
        if called:
            # Kinds do not call one another, so what they take is what is spent below the calls into them; or what they
            # spend themselves and below the calls out of them.
            if kind_of(called) and not kind:
                sums[kind_of(called)] += number
            if kind and not kind_of(called):
                again[kind] += number
            continue
        if not function[0].startswith(str(source)):
            raise RuntimeError(f"{number} instructions of {function[1]} in {function[0]}")
        total += number
        if kind:
            again[kind] += number
    if sums != again:
        raise RuntimeError(f"calls do not add up: {sums} and {again}")
    sums["rest"] = total - sum(sums.values())
    return total, sums
