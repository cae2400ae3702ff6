"""Thresholds in git: figures that must not grow by more than a share of them."""
import json


def check(measured, file, tolerance, what, unit):
    """Compares figures by name with those in a file; prints what differs and a line with the counts. Returns the exit
    code."""
    if not file.exists():
        print(f"FAILED there are no thresholds of {what}: {file}; `make bench-accept` makes them")
        return 1
    thresholds = json.loads(file.read_text())
    names = sorted(thresholds.keys() | measured.keys())
    failed = 0
    for name in names:
        old, new = thresholds.get(name), measured.get(name)
        if old is None or new is None:
            print(f"FAILED {name}: " + ("has no threshold" if old is None else "was not measured"))
            failed += 1
            continue
        difference = f"{name}: {new:,} {unit}, threshold {old:,}" + (f", {100 * (new / old - 1):+.1f} %" if old else "")
        if new > old * (1 + tolerance):
            print(f"FAILED {difference}")
            failed += 1
        if new < old * (1 - tolerance):
            print(f"better {difference}")
    print(f"thresholds of {what}: {len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


def accept(measured, file):
    """Makes figures by name the thresholds."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(measured, indent=1) + "\n")
    print(f"wrote {file}")
