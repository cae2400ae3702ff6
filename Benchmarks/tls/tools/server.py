"""Runs a client image against the server, under QEMU with the cycle model or without it."""
import contextlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "cycles" / "tools"))

import images

# MPS2 boards have the memory that the largest images need; Cortex-M0+ code runs on a Cortex-M3.
MACHINES = {"m0plus": "mps2-an385", "m3": "mps2-an385", "m4": "mps2-an386"}
MESSAGE = re.compile(r"^message (up|down) (\d+) (.+)$")


class Failed(Exception):
    """Says what the client and the server printed."""


@contextlib.contextmanager
def serving(build, configuration, seeds=None):
    """The server with its pipes in a folder of their own: yields the folder and a function that waits for its end and
    returns the lines that it printed, or reports a failure with what the client said."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("to_server", "from_server"):
            os.mkfifo(pathlib.Path(folder, name))
        command = [str((build / "tls/server/server").resolve()), "run", "stock" if configuration == "stock" else "lean"]
        if seeds:
            pathlib.Path(folder, "seeds").write_text("".join(f"{name} {seed}\n" for name, seed in seeds.items()))
            command.append("seeds")
        process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

        def finish(client=""):
            out, _ = process.communicate(timeout=60)
            if process.returncode != 0:
                raise Failed(client + out)
            return out.splitlines()

        try:
            yield folder, finish
        finally:
            process.kill()
            process.wait()


def certificate_sizes(build):
    """Side: chains of one, two and three certificates, each the list of their bytes from the leaf upwards."""
    out = subprocess.run([build / "tls/server/server", "sizes"], check=True, capture_output=True, text=True).stdout
    found = {}
    for side, *sizes in map(str.split, out.splitlines()):
        found.setdefault(side, []).append(list(map(int, sizes)))
    return found


def image_of(build, core, name):
    """Where make leaves a client image."""
    return (build / "tls" / core / name / "client.elf").resolve()


def play(build, core, name, configuration):
    """Runs an image without the cycle model, as often as it takes for signatures of the most common length; returns the
    lines that the server printed."""
    with serving(build, configuration) as (folder, finish):
        client = subprocess.run(images.simulator(core, image_of(build, core, name), MACHINES[core]), cwd=folder,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=images.SECONDS_MAX)
        said = client.stdout + client.stderr
        lines = finish(said)
        if client.returncode != 0:
            raise Failed(said)
    return lines


def find_seeds(build, core, name, configuration):
    """For each scenario of an image, the seed of the client's random bytes with which the signatures of the handshake
    have their most common length."""
    lines = play(build, core, name, configuration)
    return {line.split()[1]: int(line.split()[2]) for line in lines if line.startswith("seed ")}


def run(build, core, name, configuration, seeds):
    """Runs an image with the cycle model. Returns the lines that the client printed, the roots of its regions, and for
    each scenario the messages of the handshake and those after it."""
    with serving(build, configuration, seeds) as (folder, finish):
        lines, roots = images.run(build / "cycles" / "cycles.so", image_of(build, core, name), core,
                                  machine=MACHINES[core], cwd=folder)
        return lines, roots, read_messages(finish())


def read_messages(lines):
    """Scenario: (messages of the handshake, messages after it), from what the server printed."""
    found, after = {}, 0
    for line in lines:
        if line.startswith("scenario "):
            name = line.removeprefix("scenario ")
            found[name] = ([], [])
            after = 0
        match = MESSAGE.match(line)
        if match:
            found[name][after].append({"direction": match[1], "name": match[3], "bytes": int(match[2])})
        after = 1 if line == "established" and found[name][0] else after
    return found
