"""Upstream tarballs of Debian's source packages: what tests and benchmarks build of other people's code.

The mirror is the machine's own, as apt is configured; apt verifies the index with Debian's keyring, and what is fetched
must have the SHA-256 pinned by the caller. apt's own lists, cache and configuration are left alone: all is under the
directory given. A tarball put there by hand is not fetched. Debian's patches are not applied."""

import dataclasses
import hashlib
import re
import shutil
import subprocess
import tarfile
from urllib.parse import urlsplit

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
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


@dataclasses.dataclass(frozen=True)
class Source:
    """A source package of one of Debian's suites, and the upstream tarball that it must have."""
    package: str
    version: str  # upstream's
    suite: str
    sha256: str

    @property
    def tarball(self):
        return f"{self.package}_{self.version}.orig.tar.bz2"


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


def mirrors():
    """Where this machine gets Debian's main packages from."""
    targets = run(["apt-get", "indextargets", "--format", "$(COMPONENT) $(REPO_URI)"], "apt's sources").splitlines()
    of_main = dict.fromkeys(line.split()[1] for line in targets if line.startswith("main "))
    return [uri for uri in of_main if "debian" in urlsplit(uri).path.split("/")]


def debian_version(source, stanzas):
    """The version of Debian's package whose tarball is the pinned one."""
    seen = []
    for stanza in stanzas.split("\n\n"):
        version = re.search(r"^Version: (\S+)$", stanza, re.M)
        if version and re.search(rf"^ {source.sha256} \d+ {re.escape(source.tarball)}$", stanza, re.M):
            return version[1]
        seen += [version[1]] if version else []
    raise Unavailable(f"{source.suite} has {source.package} {', '.join(seen) or 'in no version'}, "
                      f"not {source.version} with the pinned tarball")


def fetch_from(mirror, source, directory):
    """The tarball into `directory`, through an apt that knows of this mirror's source packages and nothing else."""
    apt = directory / "apt"
    shutil.rmtree(apt, ignore_errors=True)
    for part in ("sources", "state/lists/partial", "cache/archives/partial"):
        (apt / part).mkdir(parents=True)
    (apt / "sources" / "debian.sources").write_text(APT_SOURCES.format(mirror, source.suite, KEYRING))
    (apt / "configuration").write_text(APT_CONFIGURATION.format(apt, apt.owner()))
    own = ["-c", apt / "configuration"]
    try:
        run(["apt-get", *own, "-q", "--error-on=any", "update"], f"the index of {source.suite} at {mirror}")
        version = debian_version(source, run(["apt-cache", *own, "showsrc", "--only-source", source.package],
                                             "apt-cache showsrc"))
        run(["apt-get", *own, "-q", "source", "--download-only", "--tar-only", f"{source.package}={version}"],
            f"{source.package} {version} of {mirror}", cwd=apt)
        (apt / source.tarball).replace(directory / source.tarball)
    finally:
        shutil.rmtree(apt)


def is_pinned(source, tarball):
    return tarball.exists() and hashlib.sha256(tarball.read_bytes()).hexdigest() == source.sha256


def fetch(source, directory):
    """Returns the tarball, a file in `directory`, which is fetched unless it is there."""
    tarball = directory / source.tarball
    if is_pinned(source, tarball):
        return tarball
    problems = []
    for mirror in mirrors():
        try:
            fetch_from(mirror, source, directory)
        except Unavailable as problem:
            problems.append(str(problem))
            continue
        if is_pinned(source, tarball):
            return tarball
        problems.append(f"{source.tarball} of {mirror} is not the pinned one")
    raise Unavailable("\n".join(problems or ["apt has no Debian mirror configured"]))


def unpack(tarball, directory):
    """Puts what is in it into `directory`, in place of what was there; returns the folder that the tarball has."""
    shutil.rmtree(directory, ignore_errors=True)
    with tarfile.open(tarball) as archive:
        archive.extractall(directory)  # is what the pin says
    (top,) = directory.iterdir()
    return top


def unless_done(stamp, inputs, build_it):
    """Calls it unless it was done with these inputs before."""
    wanted = hashlib.sha256(b"".join(inputs)).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    build_it()
    stamp.write_text(wanted)
