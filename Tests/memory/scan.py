#!/usr/bin/env python3
"""Secrets are gone from a microcontroller's RAM once their owner is: runs images of lives under QEMU, and after each
life looks for its secrets in all of RAM, read through QEMU's monitor.

    scan.py NAME=ELF...    ELF is build/CPU/memory/LIVES.elf; beside it LIVES-no-wipe.elf, in which wiping does nothing:
                           there each life has to be found out
"""
import concurrent.futures
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time

MACHINES = {"m0": "microbit", "m3": "mps2-an385", "m4": "mps2-an386"}
RAM = 0x20000000
RAM_BYTES = {"microbit": 16 << 10, "mps2-an385": 4 << 20, "mps2-an386": 4 << 20}
# So many bytes in a row of a secret are a leak: fewer are no use to anybody, and chance makes them.
WINDOW = 8


class Machine:
    """A machine that runs an image: its UART on standard output and input, its memory through the monitor."""

    def __init__(self, image):
        self.name = MACHINES[image.parts[-3]]
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "monitor")
        self.process = subprocess.Popen(
            ["timeout", "60", "qemu-system-arm", "-M", self.name, "-display", "none", "-serial", "stdio",
             "-semihosting-config", "enable=on,target=native", "-qmp", f"unix:{path},server=on,wait=on",
             "-kernel", str(image)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        while connection.connect_ex(path) != 0:
            if self.process.poll() is not None:
                raise RuntimeError(self.process.stderr.read().decode())
            time.sleep(0.01)
        self.monitor = connection.makefile("rw")
        connection.close()
        self.command("qmp_capabilities")

    def command(self, name, **arguments):
        """A command to QEMU's monitor, once it is done."""
        print(json.dumps({"execute": name, "arguments": arguments}), file=self.monitor, flush=True)
        for line in self.monitor:
            answer = json.loads(line)
            if "error" in answer:
                raise RuntimeError(answer["error"]["desc"])
            if "return" in answer:
                return
        raise RuntimeError("QEMU's monitor has gone")

    def read(self, address, count):
        """Bytes of memory as its processor sees it."""
        file = os.path.join(self.folder.name, "dump")
        self.command("memsave", val=address, size=count, filename=file)
        return pathlib.Path(file).read_bytes()

    def word(self, address):
        return int.from_bytes(self.read(address, 4), "little")

    def requests(self):
        """The kind of each request as it comes; the image goes on when the next one is asked for."""
        while kind := self.process.stdout.read(1):
            yield kind.decode()
            self.process.stdin.write(b".")
            self.process.stdin.flush()

    def end(self):
        """Exit code and last words."""
        errors = self.process.communicate(timeout=60)[1].decode()
        self.monitor.close()
        self.folder.cleanup()
        return self.process.returncode, errors


def symbols(image):
    """Address and size by name."""
    out = subprocess.run(["arm-none-eabi-nm", "-S", str(image)], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in out.splitlines())
    return {row[3]: (int(row[0], 16), int(row[1], 16)) for row in rows if len(row) == 4}


def place(address, names):
    """What lies there, in words."""
    for name, (start, size) in names.items():
        if start <= address < start + size:
            return name
    return f"the stack at {address:#x}"


def windows(secret):
    """The pieces of a secret by which it is known."""
    return (secret[start:start + WINDOW] for start in range(len(secret) - WINDOW + 1))


def leaks(ram, secrets, names):
    """Where pieces of secrets are, one line for each secret and place."""
    found = {}
    for name, secret in secrets.items():
        for piece in windows(secret):
            at = ram.find(piece)
            while at >= 0:
                found[f"{name} in {place(RAM + at, names)}"] = True
                at = ram.find(piece, at + WINDOW)
    return list(found)


def lives(image):
    """The lives of an image, and what is left of each."""
    names = symbols(image)
    now = names["memory_scan_now"][0]
    machine = Machine(image)
    secrets, results = {}, {}
    for kind in machine.requests():
        text, at, length = (machine.word(now + 4 * i) for i in range(3))
        name = machine.read(text, 40).split(b"\0")[0].decode()
        if kind == "s":
            # Of a field that is longer than its content, the content.
            secrets[name] = machine.read(at, length).rstrip(b"\0")
            if not list(windows(secrets[name])):
                raise RuntimeError(f"{name} is no secret: {secrets[name].hex()}")
            continue
        ram = machine.read(RAM, RAM_BYTES[machine.name]).rstrip(b"\0")
        results[name] = leaks(ram, secrets, names)
        secrets = {}
    code, errors = machine.end()
    if code != 0 or not results:
        raise RuntimeError(f"{image} ended with {code} after {list(results)}: {errors}")
    return results


def examine(image):
    """What is wrong with each life of an image."""
    planted = pathlib.Path(re.sub(r"\.elf$", "-no-wipe.elf", str(image)))
    kept = lives(planted)
    return {name: found if kept[name] else found + ["without wiping nothing was found either: the scan is blind"]
            for name, found in lives(image).items()}


def main():
    """All images; the summary line."""
    images = [pathlib.Path(word) for word in sys.argv[1:]]
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = list(zip(images, pool.map(examine, images)))
    passed = failed = 0
    for image, problems in results:
        for name, found in problems.items():
            passed += not found
            failed += bool(found)
            if found:
                print(f"FAILED {image}: {name} leaves " + "; ".join(found))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
