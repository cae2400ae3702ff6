#!/usr/bin/env python3
"""Where the cycles of a scenario go, function by function.

    hotspots.py PLUGIN IMAGE CORE             lists the regions of any image with markers, and their cycles
    hotspots.py PLUGIN IMAGE CORE REGION      a table of its functions: own cycles, with what they call, calls;
        [--top N] [--folded FILE] [--svg FILE]    its stacks as text for other tools, or as a flame graph
"""
import argparse
import pathlib
import signal
import sys

import flame
import images
import split


def regions(plugin, image, core):
    """The regions of an image by name, or by number where it prints no names."""
    lines, roots = images.run(plugin, image, core)
    names = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    return dict(zip(names if len(names) == len(roots) else map(str, range(len(roots))), roots))


def show_regions(found):
    """One line for each region."""
    print(f"{'region':48}{'cycles':>12}{'at least':>12}{'instructions':>14}")
    for name, root in found.items():
        total = root.total()
        print(f"{name:48}{total.cycles:12,}{total.low:12,}{total.instructions:14,}")


def show_functions(root, top):
    """The functions with the most cycles of their own."""
    whole = root.total().cycles
    print(f"{'function':44}{'own':>12}{'':>7}{'with calls':>13}{'calls':>9}")
    functions = sorted(split.by_function(root).items(), key=lambda item: -item[1][0].cycles)
    for name, (own, total, calls) in functions[:top]:
        print(f"{name:44}{own.cycles:12,}{100 * own.cycles / whole:6.1f}%{total.cycles:13,}{calls:9,}")
    print(f"{'whole region':44}{whole:12,}")
    print("split: " + ", ".join(f"{kind} {cycles:,}" for kind, cycles in split.split(root).items()))


def folded(root):
    """One line for each stack: names joined by semicolons, and its own cycles."""
    def lines(node, path):
        path = path + [node.function.name]
        if node.own.cycles:
            yield ";".join(path) + f" {node.own.cycles}\n"
        for child in node.children:
            yield from lines(child, path)
    return "".join(lines(root, []))


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plugin")
    parser.add_argument("image")
    parser.add_argument("core", choices=images.MACHINES)
    parser.add_argument("region", nargs="?")
    parser.add_argument("--top", type=int, default=20)
    parser.add_argument("--folded", type=pathlib.Path)
    parser.add_argument("--svg", type=pathlib.Path)
    arguments = parser.parse_args()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    found = regions(arguments.plugin, arguments.image, arguments.core)
    if not arguments.region:
        show_regions(found)
        return 0
    if arguments.region not in found:
        print(f"hotspots.py: {arguments.image} has no region {arguments.region}", file=sys.stderr)
        return 64
    root = found[arguments.region]
    show_functions(root, arguments.top)
    if arguments.folded:
        arguments.folded.write_text(folded(root))
    if arguments.svg:
        arguments.svg.write_text(flame.draw(root, f"{arguments.region} on {arguments.core}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
