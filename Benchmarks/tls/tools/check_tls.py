#!/usr/bin/env python3
"""A quick look whether TLS still does what the results say: one image on one core, without the cycle model.

    check_tls.py BUILD CORE IMAGE RESULTS    compares the messages of every handshake and record with those of RESULTS
"""
import json
import pathlib
import sys

import server


def recorded(results, core, configuration):
    """What the file has: messages of each handshake, and bytes of each record."""
    def rows(name):
        return (row for row in results[name] if (row["core"], row["configuration"]) == (core, configuration))

    records = {(row["scenario"], row["direction"], row["payload"]): row["bytes"] for row in rows("records")}
    return {row["scenario"]: row["messages"] for row in rows("results")}, records


def main():
    """Runs as its arguments say; the last line has the counts."""
    build, core, image, file = sys.argv[1:]
    configuration = image.split("-")[0]
    handshakes, records = recorded(json.loads(pathlib.Path(file).read_text()), core, configuration)
    try:
        found = server.read_messages(server.play(pathlib.Path(build), core, image, configuration))
    except server.Failed as problem:
        print(f"FAILED TLS between {image} and its server: {problem}")
        found = {}
    checks = []
    for scenario, (handshake, after) in found.items():
        checks.append((scenario, handshake, handshakes.get(scenario)))
        family = scenario.rsplit("/", 1)[0] + "/record"
        wanted = [(key, count) for key, count in records.items() if key[0] == family] if after else []
        checks.append((family, [(message["direction"], message["bytes"]) for message in after],
                       [(direction, count) for (_, direction, _), count in wanted]))
    failed = 0 if checks else 1
    for name, seen, wanted in checks:
        if seen != wanted:
            print(f"FAILED {name}: {seen}, not {wanted} as in {file}")
            failed += 1
    print(f"TLS messages of {image} on {core}: {len(checks) - min(failed, len(checks))} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
