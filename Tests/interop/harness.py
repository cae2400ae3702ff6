"""What the interop tests share: a seeded generator, checks that count, and the last line `N passed, N failed`."""

import argparse
import random
import sys
import traceback
from pathlib import Path

import husk_core

ROOT = Path(__file__).resolve().parents[2]


class Run:
    """Counts cases. A case is a `with run.case(name):` block; what it raises is printed and counted as failed."""

    def __init__(self, description):
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument("--build", default=str(ROOT / "build" / "interop"), help="directory for what is built")
        parser.add_argument("--cc", default="gcc", help="C compiler")
        parser.add_argument("--seed", type=int, default=1, help="of the random cases")
        parser.add_argument("--count", type=int, default=200, help="random cases of each kind")
        arguments = parser.parse_args()
        self.count = arguments.count
        self.seed = arguments.seed
        self.build, self.cc = Path(arguments.build), arguments.cc
        self.passed = self.failed = 0
        husk_core.load(arguments.build, arguments.cc)

    def random(self, *key):
        """A generator of its own for each case, so that a failing one can be repeated alone."""
        return random.Random(f"{self.seed} {key}")

    def case(self, *name):
        return Case(self, " ".join(map(str, name)))

    def finish(self):
        print(f"{self.passed} passed, {self.failed} failed")
        sys.exit(1 if self.failed else 0)


class Case:
    SHOWN = 10

    def __init__(self, run, name):
        self.run, self.name = run, name

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if error is None:
            self.run.passed += 1
            return False
        if not isinstance(error, Exception):
            return False
        self.run.failed += 1
        if self.run.failed <= self.SHOWN:
            where = traceback.extract_tb(trace)[-1]
            print(f"FAILED {self.name} (seed {self.run.seed}): {kind.__name__}: {error} "
                  f"[{Path(where.filename).name}:{where.lineno}]", flush=True)
        return True


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {show(actual)} instead of {show(expected)}")


def show(value):
    shown = value.hex() if isinstance(value, bytes) else repr(value)
    return shown if len(shown) <= 400 else f"{shown[:400]}... ({len(shown)} characters)"


def raises(name, call, *arguments):
    """The call has to end with the status HUSK_ERR_`name`."""
    try:
        call(*arguments)
    except husk_core.HuskError as error:
        equal(error.name, "HUSK_ERR_" + name, "status")
        return error
    raise AssertionError(f"accepted, expected HUSK_ERR_{name}")
