#!/usr/bin/env python3
"""`husk cost` as its users run it; and that report, plots, README and what is built in are what the results give.

    test_cost.py HUSK
"""
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

import embed
import report
import text
from data import RESULTS, ROOT, Data

RADIOS = ("802.15.4", "ble", "nb-iot") + tuple(f"lora-sf{factor}" for factor in range(7, 13))
# Totals as the draft prints them beside the flights.
DRAFT_TOTALS = [894, 501, 345, 789, 615, 436, 280, 405, 120, 242, 101]


class Tests:
    """Counts what passed and failed."""

    def __init__(self, husk):
        self.husk = husk
        self.passed = self.failed = 0

    def check(self, what, holds, why=""):
        """One test."""
        if holds:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {what}{': ' if why else ''}{why}")

    def run(self, *arguments):
        """Runs husk cost."""
        return subprocess.run([self.husk, "cost", *arguments], capture_output=True, text=True, timeout=60)

    def json(self, *arguments):
        """What it says as JSON."""
        done = self.run("--json", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    # ---- husk cost ----

    def answers(self):
        """Every core and radio has an answer in which parts add up."""
        for core in ("m0plus", "m3", "m4"):
            for radio in RADIOS:
                found = self.json("--core", core, "--radio", radio, "--readings", "24", "--reconnects", "2")
                self.check(f"{core} {radio}", all(
                    map(self.is_sound, found["choices"])) and len(found["choices"]) >= 10)

    @staticmethod
    def is_sound(choice):
        """Nothing negative, sums are right, and bytes grow with each layer."""
        for part in filter(None, (choice.get("handshake"), choice["reading"])):
            sums = sum(part[f"{name}_millijoules"] for name in ("processor", "transmit", "receive", "connection"))
            if abs(sums - part["millijoules"]) > 1e-9 * sums or min(part.values()) < 0:
                return False
            for direction in ("up", "down"):
                if not part[f"security_bytes_{direction}"] <= part[f"message_bytes_{direction}"] \
                        <= part[f"packet_bytes_{direction}"]:
                    return False
        day = choice["day"]
        parts = sum(day[f"{name}_millijoules"] for name in ("handshake", "reading", "wake", "sleep"))
        return abs(parts - day["millijoules"]) <= 1e-9 * parts and choice["battery_years"] > 0

    def grows(self):
        """Longer readings, more of them and more handshakes cost no less."""
        def energy(*arguments):
            return [choice["day"]["millijoules"]
                for choice in self.json("--radio", "lora-sf10", *arguments)["choices"]]
        for option, values in (("--payload", (1, 20, 32, 200, 1024)),
                               ("--readings", (0, 1, 24)), ("--reconnects", (0, 1, 9))):
            days = [energy(option, str(value)) for value in values]
            self.check(f"{option} costs", all(a <= b for less, more in zip(
                days, days[1:]) for a, b in zip(less, more)))

    def table(self):
        """The table has a line for each choice and fits an ordinary terminal's width or little more."""
        done = self.run("--core", "m0plus", "--radio", "lora-sf10", "--readings", "24", "--reconnects", "2",
                        "--battery", "cr2032")
        lines = done.stdout.splitlines()
        self.check("table", done.returncode == 0 and any("EDHOC-PSK, OSCORE" in line for line in lines), done.stderr)
        self.check("table width", max(map(len, lines)) <= 150, str(max(map(len, lines))))
        self.check("LoRa says the duty cycle", "duty cycle" in done.stdout)
        self.check("a small cell is named", "capacitor" in done.stdout)

    def own_profile(self):
        """A profile of one's own with the same numbers gives the same answer, with others another."""
        profiles = json.loads((ROOT / "Benchmarks/profiles.json").read_text())
        radio = profiles["radios"]["lora"]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "mine.json")
            mine = radio | {"transmit_milliamperes": 2 * radio["transmit_milliamperes"]["value"]}
            file.write_text(json.dumps({"schema": 1, "radios": {"same": radio, "more": mine}}))
            built_in = self.json("--radio", "lora-sf9")["choices"]
            self.check(
    "the same radio",
    self.json(
        "--radio",
        "same-sf9",
        "--profile",
         str(file))["choices"] == built_in)
            more = self.json("--radio", "more-sf9", "--profile", str(file))["choices"]
            first, twice = built_in[0]["handshake"], more[0]["handshake"]
            self.check(
    "twice the current", abs(
        twice["transmit_millijoules"] - 2 * first["transmit_millijoules"]) < 1e-9)

    def refusals(self):
        """What is wrong is said on one line, with the exit status for it."""
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "mine.json")
            def profile(content):
                file.write_text(content)
                return ("--profile", str(file))
            cases = [
                (64, "no radio", ("--radio", "wifi")), (64, "no radio", ("--radio", "lora")),
                (64, "no radio", ("--radio", "lora-sf13")), (64, "no core", ("--core", "m7")),
                (64, "no battery", ("--battery", "9v")), (64, "--readings", ("--readings", "-1")),
                (64, "--readings", ("--readings", "inf")), (64, "--payload", ("--payload", "0")),
                (64, "--payload", ("--payload", "1025")), (64, "tls", ("--tls", "quick")),
                (66, "does not exist", ("--profile", str(file) + ".no")), (66, "has none of", ("--results", folder)),
            ]
            for code, says, arguments in cases:
                self.refused(code, says, arguments)
            for content, says in (("{", "not JSON"), ('{"schema": 9}', "schema 9"),
                                  ('{"schema": 1, "radios": {"x": {"kind": "ble"}}}', "radios.x.volts is missing"),
                                  ('{"schema": 1, "radios": {"x": {"kind": "wifi"}}}', "radios.x.kind"),
                                  ('{"schema": 1, "radios": {"x": {"kind": "ble", "volts": -1, '
                                   '"transmit_milliamperes": 1, '
                                   '"receive_milliamperes": 1}}}', "more than 0")):
                self.refused(65, says, profile(content))

    def refused(self, code, says, arguments):
        """One of them."""
        done = self.run(*arguments)
        lines = done.stderr.strip().splitlines()
        self.check(" ".join(arguments), done.returncode == code and len(lines) ==
                   1 and says in lines[0] and not done.stdout, f"exit {done.returncode}: {done.stderr}")

    # ---- what is committed ----

    def committed(self):
        """Report, README and what is built in are what the results give; plots are there."""
        data = Data(self.husk)
        for file, content in report.outputs(data).items():
            self.check(str(file.relative_to(ROOT)), file.exists() and file.read_text() == content,
                       "is not what the results give: make bench-report")
        self.check("CostData.swift", embed.TARGET.read_text() == embed.source(), "make bench-report")
        content = report.REPORT.read_text()
        for name in ("handshake_bytes", "handshake_cycles", "energy_per_day", "memory", "chain_length"):
            svg, png = (RESULTS / "plots" / f"{name}.{kind}" for kind in ("svg", "png"))
            self.check(f"plot {name}", svg.exists() and png.exists() and png.read_bytes()[1:4] == b"PNG"
                       and "<dc:date>" not in svg.read_text() and f"plots/{name}.svg" in content)
        self.check("report has no hole", "None" not in content and "nan" not in content and "{" not in content)

    def published(self):
        """Flights of the draft add up to its totals, which are among what the report shows as published."""
        rows = [row for row in Data(self.husk).files["peers"]["peers"] if "flights" in row]
        self.check("ways add up", all(sum(row["flights"]) == sum(row["handshake_bytes"].values()) for row in rows))
        self.check("draft totals", set(DRAFT_TOTALS) <= {sum(row["flights"]) for row in rows})

    def sources(self):
        """Every number of the profiles says where it is from."""
        profiles = json.loads((ROOT / "Benchmarks/profiles.json").read_text())
        for kind in ("processors", "radios", "batteries"):
            for name, profile in profiles[kind].items():
                numbers = {key: value for key, value in profile.items() if key not in ("title", "core", "kind")}
                self.check(f"sources of {name}", all(isinstance(value, dict) and value.get("source", "").strip()
                                                     for value in numbers.values()))

    def numbers(self):
        """Numbers as text."""
        cases = ((0, "0"), (0.0213, "0.0213"), (1.254, "1.25"), (98.14, "98.1"), (99.96, "100"), (12345.4, "12,345"),
                 (166, "166"), (None, "not measured"))
        self.check("numbers", all(text.number(value) == word for value, word in cases))

    def all(self):
        """Runs them."""
        for test in (
    self.numbers,
    self.published,
    self.sources,
    self.answers,
    self.grows,
    self.table,
    self.own_profile,
    self.refusals,
     self.committed):
            try:
                test()
            except (AssertionError, KeyError, OSError, ValueError, SystemExit) as problem:
                self.check(test.__name__, False, repr(problem))
        print(f"cost: {self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


if __name__ == "__main__":
    sys.exit(Tests(str(pathlib.Path(sys.argv[1]).resolve())).all())
