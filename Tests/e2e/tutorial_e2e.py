#!/usr/bin/env python3
"""The end of the tutorial: its gateway, a key made as it says, and a simulated board that reports.

    tutorial_e2e.py HUSK GATEWAY BUILD

HUSK is the command line, GATEWAY the tutorial's program, BUILD where the firmware is. Prints `N passed, N failed`.
"""
import os
import pathlib
import pty
import re
import subprocess
import sys
import tempfile
import time

SECONDS = 60
PORT = re.compile(r"on port (\d+)")


class Terminal:
    """A program on a terminal, which is what its lines are written for."""

    def __init__(self, program, folder):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([program], cwd=folder, stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)
        self.text = ""

    def wait_for(self, pattern):
        """Reads on until the pattern was seen; None if the program ends first or takes too long."""
        os.set_blocking(self.master, False)
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            try:
                self.text += os.read(self.master, 4096).decode(errors="replace")
            except BlockingIOError:
                time.sleep(0.02)
            except OSError:
                break
            if match := re.search(pattern, self.text):
                return match
        return None

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=SECONDS)
        os.close(self.master)


def tutorial(husk, gateway, build):
    """What is wrong, if anything."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        made = subprocess.run([husk, "psk", "new", "--device", "kitchen"], cwd=folder, capture_output=True, text=True)
        if made.returncode != 0:
            return f"no key was made: {made.stderr}"
        terminal = Terminal(gateway, folder)
        try:
            listening = terminal.wait_for(PORT)
            if not listening:
                return f"the gateway does not start: {terminal.text}"
            board = subprocess.run(
                [husk, "device", "--credentials", "kitchen.json", "--machine", "microbit", "--firmware-dir", build, "--port",
                 listening.group(1)], cwd=folder, capture_output=True, text=True, timeout=SECONDS)
            if board.returncode != 0:
                return f"the board ended with {board.returncode}: {board.stderr}"
            if not terminal.wait_for(r'kitchen sensors/temperature \[{"n":"t","u":"Cel","v":21\.750}\]'):
                return f"the readings are not there: {terminal.text}"
            if "kitchen authenticated" not in terminal.text:
                return f"nobody authenticated: {terminal.text}"
        finally:
            terminal.end()
    return None


def main():
    wrong = tutorial(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:4]))
    if wrong:
        print(f"FAILED the tutorial: {wrong}")
    print(f"{0 if wrong else 1} passed, {1 if wrong else 0} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
