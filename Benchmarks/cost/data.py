"""What the report is made of: the files of Benchmarks/results, and `husk cost` for energy and radio."""
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RESULTS = ROOT / "Benchmarks/results"
CORES = {"m0plus": "Cortex-M0+", "m3": "Cortex-M3", "m4": "Cortex-M4"}
CONFIGURATIONS = ("stock", "fast", "small")


class Data:
    """All results that there are."""

    def __init__(self, husk, folder=RESULTS):
        self.husk = husk
        self.folder = pathlib.Path(folder)
        self.files = {path.stem: json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"))}
        self.profiles = json.loads((ROOT / "Benchmarks/profiles.json").read_text())
        self.titles = {}
        self._costs = {}

    def cost(self, core, radio, configuration="fast", readings=24, reconnects=1, battery="cr2032", assembly=False):
        """What `husk cost --json` says, by choice."""
        arguments = ["--core", core, "--radio", radio, "--tls", configuration, "--readings", str(readings),
                     "--reconnects", str(reconnects), "--battery", battery] + ["--assembly"] * assembly
        key = tuple(arguments)
        if key not in self._costs:
            command = [self.husk, "cost", "--json", "--results", str(self.folder), *arguments]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            self._costs[key] = json.loads(done.stdout)
            self.titles |= {row["id"]: row["title"]
                            for row in self._costs[key]["choices"] + self._costs[key]["not_measured"]}
        return {choice["id"]: choice for choice in self._costs[key]["choices"]}

    def find(self, file, scenario, core, flags=None, configuration=None, rows="results"):
        """A row of a file of results; None if that was not measured."""
        for row in self.files.get(file, {}).get(rows, []):
            if (row["scenario"], row["core"]) == (scenario, core) and row.get("configuration") == configuration \
                    and flags in (None, row.get("flags")):
                return row
        return None

    def cycles(self, scenario, core, flags="-Os", configuration=None):
        """Cycles of a scenario: of TLS, if a configuration is named."""
        row = self.find("tls", scenario, core, None, configuration) if configuration \
            else self.find("cycles", scenario, core, flags)
        return row and row["cycles"]
