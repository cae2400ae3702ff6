"""Builds libcoap 4.3.5 with OSCORE for the interop tests, from the source package of Debian sid, or finds it built.

usage: setup_libcoap.py BUILD
See .ci/debian_source.py for where it comes from. Put into BUILD by hand, the tarball is not fetched."""

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / ".ci"))

import debian_source
from debian_source import run, unless_done

SOURCE = debian_source.Source("libcoap3", "4.3.5", "sid",
                              "a332b682ceacef4c3130b2fb17851db02020c3f64b8a562c1ffd8d9b8a9320d4")
OPTIONS = ["-DENABLE_OSCORE=ON", "-DDTLS_BACKEND=mbedtls", "-DENABLE_TCP=OFF", "-DENABLE_WS=OFF", "-DENABLE_DOCS=OFF",
           "-DENABLE_TESTS=OFF", "-DENABLE_EXAMPLES=ON", "-DCMAKE_BUILD_TYPE=Release"]
LIBRARIES = ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"]
PROGRAMS = ["libcoap_server", "libcoap_client"]  # of ours


def build_library(build, made):
    """libcoap and its own programs in build/libcoap."""
    shutil.rmtree(made, ignore_errors=True)
    source = build / "libcoap-source"
    top = debian_source.unpack(build / SOURCE.tarball, source)
    run(["cmake", "-S", top, "-B", made, *OPTIONS], "configuring libcoap")
    run(["cmake", "--build", made, "-j2", "--target", "coap-3", "coap-client", "coap-server"], "building libcoap")
    shutil.copytree(top / "include", made / "include", dirs_exist_ok=True)
    shutil.rmtree(source)


def build_program(name, made, cc):
    run([cc, "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-I", made / "include",
         HERE / f"{name}.c", made / "libcoap-3.a", *LIBRARIES, "-o", made / name], f"building {name}.c")


def ensure(build, cc="gcc"):
    """Returns the directory with coap-client, coap-server, and the programs of ours."""
    build = Path(build)
    made = build / "libcoap"

    def library():
        print("building libcoap", SOURCE.version, flush=True)
        build.mkdir(parents=True, exist_ok=True)
        debian_source.fetch(SOURCE, build)
        build_library(build, made)

    unless_done(made / "library-stamp", [SOURCE.sha256.encode(), *map(str.encode, OPTIONS)], library)
    for name in PROGRAMS:
        inputs = [(HERE / file).read_bytes() for file in (f"{name}.c", "libcoap_common.h")]
        unless_done(made / f"{name}-stamp", [cc.encode(), *inputs], lambda: build_program(name, made, cc))
    return made


def ensure_or_exit(build, cc="gcc"):
    try:
        return ensure(build, cc)
    except debian_source.Unavailable as problem:
        sys.exit(f"setup_libcoap: {problem}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ensure_or_exit(Path(sys.argv[1]).resolve())
