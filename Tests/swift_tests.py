#!/usr/bin/env python3
"""Runs `swift test` and adds a line `N passed, N failed` in the form the other stages have.

    swift_tests.py swift test [OPTION ...]
"""
import re
import subprocess
import sys

# Swift Testing: a test with its name or signature; XCTest: a test case.
TESTING_PASSED = re.compile(r"^\S+ Test (?!run with)\S.* passed after [\d.]+ seconds")
TESTING_FAILED = re.compile(r"^\S+ Test (?!run with)\S.* failed after [\d.]+ seconds")
XCTEST_PASSED = re.compile(r"^Test Case '.*' passed")
XCTEST_FAILED = re.compile(r"^Test Case '.*' failed")
TROUBLE = re.compile(r"error:|warning:|recorded an issue|failed after| failed \(|Fatal error|crash|signal code", re.IGNORECASE)
# Counts that tests print, which are worth seeing when all went well.
COUNTS = re.compile(r"^\d+ kills, |^10,000 sessions: |^50 sessions under a flood ")


def count(line, passed, failed):
    """The counts after one line of output."""
    if TESTING_PASSED.match(line) or XCTEST_PASSED.match(line):
        return passed + 1, failed
    if TESTING_FAILED.match(line) or XCTEST_FAILED.match(line):
        return passed, failed + 1
    return passed, failed


def main():
    """Runs the command; prints what went wrong and the summary; exits as the command does."""
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    passed = failed = 0
    for line in process.stdout:
        passed, failed = count(line, passed, failed)
        if TROUBLE.search(line) or COUNTS.match(line):
            print(line, end="", flush=True)
    code = process.wait()
    if code != 0 and failed == 0:
        print(f"swift test ended with exit code {code}")
        failed = 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
