#!/usr/bin/env python3
"""Bytes of every exchange and of messages in steady state.

    exchanges.py PROGRAM... [--json FILE] [--check FILE] [--accept FILE]

PROGRAMs print "region NAME" and, after it, a line for each message of that exchange (bench_print_message); those
without messages are left out. --json writes the results, --check fails if a message is longer than FILE says, --accept makes
FILE say what is measured now.
"""
import argparse
import pathlib
import re
import subprocess
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tools"))
import result_files  # noqa: E402
import thresholds  # noqa: E402

SCHEMA = 1
MESSAGE = re.compile(r"message (up|down) (\S+) security=(\d+) payload=(\d+) whole=(\d+)")


def exchanges(program):
    """What a program reports."""
    found = []
    for line in subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines():
        if line.startswith("region "):
            found.append({"scenario": line.removeprefix("region "), "messages": []})
        elif match := MESSAGE.fullmatch(line):
            direction, name, security, payload, whole = match.groups()
            message = {"direction": direction, "name": name, "security": int(security), "coap": int(whole)}
            found[-1]["messages"].append(message | ({"payload": int(payload)} if int(payload) else {}))
        elif line.startswith("message"):
            raise RuntimeError(f"{program}: {line}")
    return [exchange for exchange in found if exchange["messages"]]


def measure(programs):
    """The exchanges of all programs; no name twice."""
    found = [exchange for program in programs for exchange in exchanges(program)]
    names = [exchange["scenario"] for exchange in found]
    if not found or len(set(names)) != len(names):
        raise RuntimeError("no exchanges, or one of them twice")
    return found


def by_name(found):
    """Bytes of each message, as thresholds are filed: by exchange, place in it, and name."""
    return {f"{exchange['scenario']} {number} {message['name']} {what}": message[what] for exchange in found
            for number, message in enumerate(exchange["messages"], 1) for what in ("security", "coap")}


def show(found):
    """Prints each exchange: its messages, and their sums."""
    width = max(len(exchange["scenario"]) for exchange in found) + 2
    print(f"{'bytes, of security / of the datagram or frame':{width}}")
    for exchange in found:
        messages = exchange["messages"]
        sums = "" if len(messages) == 1 else " = {} / {}".format(
            *(sum(message[what] for message in messages) for what in ("security", "coap")))
        parts = (f"{'↑' if message['direction'] == 'up' else '↓'} {message['security']} / {message['coap']}"
                 for message in messages)
        print(f"{exchange['scenario']:{width}}" + "  ".join(parts) + sums)


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--accept", type=pathlib.Path)
    arguments = parser.parse_args()
    found = measure(arguments.programs)
    if arguments.check:
        return thresholds.check(by_name(found), arguments.check, 0, "messages", "bytes")
    if arguments.accept:
        thresholds.accept(by_name(found), arguments.accept)
    else:
        show(found)
    if arguments.json:
        result_files.write(arguments.json, {"schema": SCHEMA}, {"results": found})
    return 0


if __name__ == "__main__":
    sys.exit(main())
