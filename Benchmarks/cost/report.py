#!/usr/bin/env python3
"""Writes Benchmarks/results/report.md, its plots, and what README.md shows of them.

    report.py HUSK            writes all of it
    report.py HUSK --check    writes nothing; fails if report or README are not what the results give

HUSK is the command line, built with the results (embed.py).
"""
import argparse
import pathlib
import re
import sys

import sections
from data import RESULTS, ROOT, Data

REPORT = RESULTS / "report.md"
README = ROOT / "README.md"
PLOTS = RESULTS / "plots"
BEGIN = "<!-- generated: make bench -->"
END = "<!-- end of generated -->"


def readme_with(text, part):
    """The README with another part between its markers."""
    pattern = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.S)
    if len(pattern.findall(text)) != 1:
        raise SystemExit(f"report: README.md has to have {BEGIN} and {END} once")
    return pattern.sub(lambda _: f"{BEGIN}\n{part}{END}", text)


def outputs(data):
    """What belongs into each file of text."""
    return {REPORT: sections.report(data), README: readme_with(README.read_text(), sections.readme(data))}


def check(data):
    """Compares files with what they should be."""
    passed = failed = 0
    for file, text in outputs(data).items():
        if file.exists() and file.read_text() == text:
            passed += 1
            continue
        failed += 1
        print(f"FAILED {file.relative_to(ROOT)} is not what the results give: make bench-report")
    print(f"report: {passed} passed, {failed} failed")
    return 1 if failed else 0


def write(data):
    """Writes the texts and draws the plots."""
    import plots
    for file, text in outputs(data).items():
        file.write_text(text)
        print(f"wrote {file.relative_to(ROOT)}")
    plots.setup()
    for name, figure in sections.plots(data, plots).items():
        plots.save(figure, PLOTS, name)
        print(f"wrote {(PLOTS / name).relative_to(ROOT)}.svg, .png")
    return 0


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("husk", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    data = Data(str(arguments.husk.resolve()))
    return check(data) if arguments.check else write(data)


if __name__ == "__main__":
    sys.exit(main())
