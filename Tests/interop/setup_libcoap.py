"""Builds libcoap 4.3.5 with OSCORE for the interop tests, from the source package of Debian sid, or finds it built.

usage: setup_libcoap.py BUILD
The mirror is the machine's own, as apt is configured; apt verifies the index with Debian's keyring, and what is fetched
must have the SHA-256 pinned here. apt's own lists, cache and configuration are left alone: all is under BUILD. Only the
upstream tarball is used, without Debian's patches. Put into BUILD by hand, it is not fetched."""

import hashlib
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
PACKAGE, VERSION, SUITE = "libcoap3", "4.3.5", "sid"
TARBALL = f"{PACKAGE}_{VERSION}.orig.tar.bz2"
SHA256 = "a332b682ceacef4c3130b2fb17851db02020c3f64b8a562c1ffd8d9b8a9320d4"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
OPTIONS = ["-DENABLE_OSCORE=ON", "-DDTLS_BACKEND=mbedtls", "-DENABLE_TCP=OFF", "-DENABLE_WS=OFF", "-DENABLE_DOCS=OFF",
           "-DENABLE_TESTS=OFF", "-DENABLE_EXAMPLES=ON", "-DCMAKE_BUILD_TYPE=Release"]
LIBRARIES = ["-lmbedtls", "-lmbedx509", "-lmbedcrypto"]
PROGRAMS = ["libcoap_server", "libcoap_client"]  # of ours

APT_CONFIGURATION = """\
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "{0}/sources";
Dir::State "{0}/state";
Dir::State::status "/dev/null";
Dir::Cache "{0}/cache";
APT::Sandbox::User "{1}";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Post-Invoke;
"""
APT_SOURCES = """\
Types: deb-src
URIs: {}
Suites: {}
Components: main
Signed-By: {}
"""


class Unavailable(Exception):
    """Says what is there instead."""


def run(command, what, **options):
    """Its output; Unavailable with it if it fails."""
    try:
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, **options)
    except FileNotFoundError as error:
        raise Unavailable(f"{what}: there is no {command[0]} here; see .ci/packages.txt") from error
    if done.returncode != 0:
        raise Unavailable(f"{what}:\n{done.stdout}")
    return done.stdout


# ---- the source ------------------------------------------------------------------------------------------------------

def mirrors():
    """Where this machine gets Debian's main packages from."""
    targets = run(["apt-get", "indextargets", "--format", "$(COMPONENT) $(REPO_URI)"], "apt's sources").splitlines()
    of_main = dict.fromkeys(line.split()[1] for line in targets if line.startswith("main "))
    return [uri for uri in of_main if "debian" in urlsplit(uri).path.split("/")]


def source_version(stanzas):
    """The version of Debian's package whose tarball is the pinned one."""
    seen = []
    for stanza in stanzas.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", stanza, re.M)
        if version and re.search(rf"^ {SHA256} \d+ {re.escape(TARBALL)}$", stanza, re.M):
            return version[1]
        seen += [version[1]] if version else []
    raise Unavailable(f"{SUITE} has {PACKAGE} {', '.join(seen) or 'in no version'}, not {VERSION} with the pinned tarball")


def fetch_from(mirror, build):
    """The tarball into `build`, through an apt that knows of this mirror's source packages and nothing else."""
    apt = build / "apt"
    shutil.rmtree(apt, ignore_errors=True)
    for part in ("sources", "state/lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    (apt / "sources" / "debian.sources").write_text(APT_SOURCES.format(mirror, SUITE, KEYRING))
    (apt / "configuration").write_text(APT_CONFIGURATION.format(apt, apt.owner()))
    own = ["-c", apt / "configuration"]
    try:
        run(["apt-get", *own, "-q", "--error-on=any", "update"], f"the index of {SUITE} at {mirror}")
        version = source_version(run(["apt-cache", *own, "showsrc", "--only-source", PACKAGE], "apt-cache showsrc"))
        run(["apt-get", *own, "-q", "source", "--download-only", "--tar-only", f"{PACKAGE}={version}"],
            f"{PACKAGE} {version} of {mirror}", cwd=apt)
        (apt / TARBALL).replace(build / TARBALL)
    finally:
        shutil.rmtree(apt)


def is_pinned(tarball):
    return tarball.exists() and hashlib.sha256(tarball.read_bytes()).hexdigest() == SHA256


def fetch(build):
    if is_pinned(build / TARBALL):
        return
    problems = []
    for mirror in mirrors():
        try:
            fetch_from(mirror, build)
        except Unavailable as problem:
            problems.append(str(problem))
            continue
        if is_pinned(build / TARBALL):
            return
        problems.append(f"{TARBALL} of {mirror} is not the pinned one")
    raise Unavailable("\n".join(problems or ["apt has no Debian mirror configured"]))


# ---- the build -------------------------------------------------------------------------------------------------------

def build_library(build, made):
    """libcoap and its own programs in build/libcoap."""
    source = build / "libcoap-source"
    for directory in (source, made):
        shutil.rmtree(directory, ignore_errors=True)
    with tarfile.open(build / TARBALL) as tarball:
        tarball.extractall(source)  # is what the pin says
    (top,) = source.iterdir()
    run(["cmake", "-S", top, "-B", made, *OPTIONS], "configuring libcoap")
    run(["cmake", "--build", made, "-j2", "--target", "coap-3", "coap-client", "coap-server"], "building libcoap")
    shutil.copytree(top / "include", made / "include", dirs_exist_ok=True)
    shutil.rmtree(source)


def build_program(name, made, cc):
    run([cc, "-std=gnu11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-I", made / "include",
         HERE / f"{name}.c", made / "libcoap-3.a", *LIBRARIES, "-o", made / name], f"building {name}.c")


def unless_done(stamp, inputs, build_it):
    """Calls it unless it was done with these inputs before."""
    wanted = hashlib.sha256(b"".join(inputs)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    build_it()
    stamp.write_text(wanted)


def ensure(build, cc="gcc"):
    """Returns the directory with coap-client, coap-server, and the programs of ours."""
    build = Path(build)
    made = build / "libcoap"

    def library():
        print("building libcoap", VERSION, flush=True)
        build.mkdir(parents=True, exist_ok=True)
        fetch(build)
        build_library(build, made)

    unless_done(made / "library-stamp", [SHA256.encode(), *map(str.encode, OPTIONS)], library)
    for name in PROGRAMS:
        inputs = [(HERE / file).read_bytes() for file in (f"{name}.c", "libcoap_common.h")]
        unless_done(made / f"{name}-stamp", [cc.encode(), *inputs], lambda: build_program(name, made, cc))
    return made


def ensure_or_exit(build, cc="gcc"):
    try:
        return ensure(build, cc)
    except Unavailable as problem:
        sys.exit(f"setup_libcoap: {problem}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    ensure_or_exit(Path(sys.argv[1]).resolve())
