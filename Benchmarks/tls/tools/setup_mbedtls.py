#!/usr/bin/env python3
"""Fetches the source of mbedTLS, as Debian's source package has it, or finds it there.

    setup_mbedtls.py DIRECTORY    leaves it in DIRECTORY/mbedtls
Only upstream's tarball is used, unchanged; .ci/debian_source.py says where it comes from. Without a network, put it
into DIRECTORY by hand."""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / ".ci"))

import debian_source

SOURCE = debian_source.Source("mbedtls", "3.6.6", "trixie",
                              "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a")


def ensure(directory):
    """The folder with mbedTLS's source."""
    made = directory / "mbedtls"
    if not made.exists():
        print(f"fetching mbedTLS {SOURCE.version}", flush=True)
        directory.mkdir(parents=True, exist_ok=True)
        unpacked = directory / "unpacked"
        debian_source.unpack(debian_source.fetch(SOURCE, directory), unpacked).rename(made)
        unpacked.rmdir()
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        ensure(pathlib.Path(sys.argv[1]).resolve())
    except debian_source.Unavailable as problem:
        sys.exit(f"setup_mbedtls: mbedTLS {SOURCE.version} cannot be had: {problem}")
