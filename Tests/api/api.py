#!/usr/bin/env python3
"""Keeps the public API the one that is listed beside this file, so that a change to it is seen in review.

    api.py SWIFT SCRATCH [--accept]    SCRATCH: where the package was built, build/swift

Each module has a file MODULE.txt with a line for each public declaration, sorted. `--accept` writes these files anew. The
check also proves that it can fail.
"""
import json
import pathlib
import sys

LISTS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(LISTS.parent / "docs"))
import docs  # noqa: E402  (needs the path above)

LISTED = ["Husk", "HuskFoundation", "HuskGateway"]


def symbol_graph(swift, scratch, module):
    """What the compiler says of a module's public declarations, those in extensions of other modules' types included."""
    folder = docs.symbol_graph(swift, scratch, module)
    for file in sorted(folder.glob(f"{module}*.symbols.json")):
        yield json.loads(file.read_text())


def declaration(symbol):
    """A declaration as it is written, on one line, without attributes of the compiler's own."""
    text = "".join(part["spelling"] for part in symbol["declarationFragments"])
    return " ".join(text.split())


def lines(graphs):
    """A line for each public declaration and each conformance."""
    for graph in graphs:
        names = {symbol["identifier"]["precise"]: ".".join(symbol["pathComponents"]) for symbol in graph["symbols"]}
        for symbol in graph["symbols"]:
            yield f"{'.'.join(symbol['pathComponents'])}: {declaration(symbol)}"
        for relation in graph["relationships"]:
            source = names.get(relation["source"])
            if relation["kind"] == "conformsTo" and source:
                target = names.get(relation["target"]) or relation.get("targetFallback", relation["target"])
                yield f"{source}: conforms to {target}"


def listing(swift, scratch, module):
    return sorted(set(lines(symbol_graph(swift, scratch, module))))


def differences(wanted, found):
    """What is in one and not the other, as a review would show it."""
    return [f"- {line}" for line in wanted if line not in set(found)] + \
           [f"+ {line}" for line in found if line not in set(wanted)]


def can_fail(found):
    """That a declaration which is gone, and one which changed, are seen."""
    return differences(found, found[1:]) == [f"- {found[0]}"] and \
        differences(found, [found[0] + "?"] + found[1:]) == [f"- {found[0]}", f"+ {found[0]}?"]


def main():
    swift, scratch = sys.argv[1], pathlib.Path(sys.argv[2])
    passed = failed = 0
    for module in LISTED:
        found = listing(swift, scratch, module)
        file = LISTS / f"{module}.txt"
        if "--accept" in sys.argv[3:]:
            file.write_text("\n".join(found) + "\n")
            continue
        wanted = file.read_text().splitlines() if file.exists() else []
        changes = differences(wanted, found)
        for change in changes:
            print(f"FAILED {module}: {change}")
        if changes:
            print(f"the public API of {module} is not the listed one: if that is meant, run make api-accept")
        fine = [not changes, can_fail(found)]
        passed += sum(fine)
        failed += len(fine) - sum(fine)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
