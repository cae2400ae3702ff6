#!/usr/bin/env python3
"""`husk load` as its users run it: every operation works, the figures add up, a store brings sessions back after a
kill, and 10,000 sessions keep to 2 KB each.

    load_e2e.py HUSK BUILD
"""
import json
import subprocess
import sys

from demo_e2e import attempts, check, equal, one_line, run

SESSION_BYTES = 2048
TITLES = ["EDHOC-PSK", "resumption", "KUDOS", "message"]


def figures(husk, folder, *options, timeout=300):
    """Runs it and reads what it wrote; its table has as many rows."""
    file = folder / "load.json"
    result = run([husk, "load", "--json", file, *options], timeout)
    equal(result.returncode, 0, f"exit code with {result.stderr!r}")
    report = json.loads(file.read_text())
    equal(report["deterministic"], False, "deterministic")
    check(report["machine"]["cores"] > 0 and report["machine"]["processor"], "no machine", report["machine"])
    rows = [row for row in result.stdout.split("\n") if any(f"   {title}   " in row for title in TITLES)]
    equal(len(rows), sum(len(one["operations"]) for one in report["runs"]), f"rows of {result.stdout}")
    for one in report["runs"]:
        for operation in one["operations"]:
            equal(operation["failed"], 0, operation)
            check(operation["completed"] > 0 and operation["perSecond"] > 0, operation)
            latency = operation["latencyMilliseconds"]
            check(0 < latency["p50"] <= latency["p90"] <= latency["p99"] <= latency["max"], latency)
    return report["runs"], result


def every_operation(husk, _build, folder):
    """Both profiles, one device and several."""
    runs, _ = figures(husk, folder, "--devices", "1,20", "--seconds", "0.3", "--suite", "2")
    equal([(one["devices"], one["profile"], [what["operation"] for what in one["operations"]]) for one in runs],
          [(count, profile, operations) for count in (1, 20)
           for profile, operations in (("edhoc", ["authentication", "message", "resumption"]),
                                       ("symmetric", ["keyUpdate", "message"]))], "runs")
    check(all(one["operations"][0]["completed"] >= one["devices"] for one in runs), "not everybody got in", runs)


def ten_thousand(husk, _build, folder):
    """With a store: what a session takes, and that all go on after SIGKILL."""
    store = folder / "load.db"
    runs, _ = figures(husk, folder, "--devices", "10000", "--seconds", "0.1", "--profile", "edhoc", "--store", store)
    restart, memory = runs[0]["restart"], runs[0]["memory"]
    equal((restart["continued"], restart["failed"]), (10000, 0), "sessions after SIGKILL")
    session = (memory["end"] - memory["idle"]) // 10000
    print(f"10,000 devices: {session} bytes of memory a session; killed and back in {restart['startupSeconds']} s")
    check(session <= SESSION_BYTES, f"{session} bytes a session")
    equal(sorted(path.name for path in folder.iterdir()), ["load.json"], "what is left of the store")


def connected(husk, _build, folder):
    """A gateway that runs already."""
    credentials = folder / "credentials.json"
    for name in "abc":
        run([husk, "psk", "new", "--device", name, "--credentials", credentials, "--output", folder / name])
    with subprocess.Popen([husk, "gateway", "--credentials", credentials, "--port", "0", "--json", "--quiet"],
                          stdout=subprocess.PIPE, text=True) as gateway:
        port = json.loads(gateway.stdout.readline())["port"]
        runs, result = figures(husk, folder, "--connect", f"127.0.0.1:{port}", "--credentials", credentials,
                               "--seconds", "0.3")
        equal(runs[0]["devices"], 3, "devices")
        check("memory" not in runs[0], "memory of another's gateway", result.stdout)
        gateway.terminate()
        equal(gateway.communicate()[0], "", "a quiet gateway")
    one_line(run([husk, "load", "--connect", "198.51.100.1:5683", "--credentials", credentials]), 64, "loopback")
    one_line(run([husk, "load", "--store", credentials, "--devices", "1"]), 66, "exists already")


def cases():
    """All cases: a name and what to call."""
    yield "every operation of load", every_operation
    yield "ten thousand devices", ten_thousand
    yield "load for a gateway that runs", connected


if __name__ == "__main__":
    sys.exit(attempts(cases()))
