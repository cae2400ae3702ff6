#!/usr/bin/env python3
"""The cycle model against counts that others measured on chips and published, of their own assembly.

    published.py BUILD

Their source is not ours to carry: it is downloaded into BUILD/published/sources from GitHub, at the commits pinned
here, and must have the SHA-256 pinned here. Put there by hand (OWNER/REPOSITORY/PATH), it is not downloaded. Then it is
assembled, linked with a program of Benchmarks/cycles/published that also compares its results with our code's, and
counted. Fails if a count is further from what was published than TOLERANCE_PERCENT, or fewer than two within 2 %.
"""
import argparse
import concurrent.futures
import dataclasses
import hashlib
import pathlib
import subprocess
import sys
import urllib.error
import urllib.request

import images
import measure

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE.parent / "published"
URL = "https://raw.githubusercontent.com/{repository}/{commit}/{path}"
SECONDS_MAX = 60
TOLERANCE_PERCENT = 4
CLOSE_PERCENT, CLOSE_LEAST = 2, 2
EXIT_UNAVAILABLE = 69

# Repository: commit, and the SHA-256 of each file.
SOURCES = {
    "pornin/x25519-cm0": ("75a53f277d15acd9a0a8e220c8e26a48cc8974c2", {
        "src/x25519-cm0.S": "d4126985fcc422bd715bae2d7bed48450a39138c5680314ae2411b0d794d6f1f"}),
    "Emill/X25519-Cortex-M4": ("e85f816701fa7b908d3442398a7c8ff1741c4fe6", {
        "x25519-cortex-m4-gcc.s": "ad3ad69b977fe7dde0cb25dc0825b0e734de758f2e4714b5fbe8afd84d27de7c"}),
    "Emill/P256-Cortex-M4": ("ecd3ec2222fc9e18b6b44c86bb7183971a2041fc", {
        "p256-cortex-m4-asm-gcc.S": "760c15d3ae16e69a02a535972dde415c9eee9805c821d77aafe752f1f8a34245",
        "p256-cortex-m4.c": "d39e5d64f76d8cb2696bdb5dea354d8ab2b9c8e4bd4612438600c135b241d227",
        "p256-cortex-m4.h": "be5173ed29fe05ad5689b84093907ed725108d83624022affdfd4c28cfd89c1e",
        "p256-cortex-m4-config.h": "57536ec707eae1c3170c46bfb93d6526675361723691dddccdab6429e155ea6f"}),
    "Ko-/aes-armcortexm": ("bed63794d09008bc62e9a69614077acbf10746a1", {
        "aes128ctr/aes_128_ctr.s": "4102e359fa051c6345af7d60b1da915337c1d4d5f1cc6392a81ace007bc25a61",
        "aes128ctrbs/aes_128_ctr_bs.s": "9dc8763e5e6f94fdaa3c8d9362a287e59108fef40918725b192469f81eced89b"}),
    "aadomn/aes": ("368cb107c2bda158a277cd34b77d1d5a1c4d6e4b", {
        "armcortexm/fixslicing/aes.h": "7407d5d4966f3cb86f169a7afa43ba7f2815c116badb0ffa291a9acb3d6abb74",
        "armcortexm/fixslicing/aes_encrypt.s": "d957077cb3952c73e35cdf25dc613de58f2304bc4abfa225876184ca05816669",
        "armcortexm/fixslicing/aes_keyschedule.s": "ace5cf88d9dbf71256b252e4802079b1bf80cca2d9f3d3dfc2297fdca80d49a0"}),
}


@dataclasses.dataclass(frozen=True)
class Row:
    """What was published of one region of a program."""
    title: str
    region: str
    published: float
    divisor: int = 1  # of the region's cycles: blocks, or bytes


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A program of PROGRAMS with other people's files, on a core; what they published about which chip."""
    program: str
    repository: str
    files: tuple
    core: str
    chip: str
    rows: tuple
    flags: tuple = ()


def counter_mode(core, chip, tables, bitsliced):
    """Both implementations of a repository, on the chip they were measured on."""
    for title, program_flags, file, published in (
            ("tables", (), "aes128ctr/aes_128_ctr.s", tables),
            ("bitsliced", ("-DBITSLICED",), "aes128ctrbs/aes_128_ctr_bs.s", bitsliced)):
        yield Comparison("aes_armcortexm", "Ko-/aes-armcortexm", (file,), core, chip,
                         (Row(f"AES-128-CTR, {title}, per block", "aes_128_ctr/4096", published, 256),), program_flags)


COMPARISONS = (
    Comparison("x25519", "pornin/x25519-cm0", ("src/x25519-cm0.S",), "m0plus", "SAM D20",
               (Row("X25519", "x25519", 3229950),)),
    Comparison("x25519", "Emill/X25519-Cortex-M4", ("x25519-cortex-m4-gcc.s",), "m4", "M4",
               (Row("X25519", "x25519", 548873),)),
    Comparison("p256_cortex_m4", "Emill/P256-Cortex-M4", ("p256-cortex-m4-asm-gcc.S", "p256-cortex-m4.c"), "m4",
               "nRF52840",
               (Row("P-256 ECDH, gcc -O2", "ecdh", 906e3), Row("P-256 ECDSA verification", "ecdsa_verify", 976e3),
                Row("P-256 key generation", "key_generation", 327e3),
                Row("P-256 ECDSA signature", "ecdsa_sign", 375e3))),
    *counter_mode("m4", "STM32F407", 527.9, 1616.6),
    *counter_mode("m3", "STM32L100", 531.8, 1618.6),
    Comparison("aes_fixsliced", "aadomn/aes", ("armcortexm/fixslicing/aes_encrypt.s",
                                               "armcortexm/fixslicing/aes_keyschedule.s"), "m3", "M3",
               (Row("AES-128, fixsliced, per byte", "fixsliced", 84.3, 32),
                Row("AES-128, semi-fixsliced, per byte", "semi_fixsliced", 87.1, 32))),
)


class Unavailable(Exception):
    """Says what is missing."""


def source(folder, repository, path):
    """A file of theirs, verified; downloaded if it is not there."""
    commit, hashes = SOURCES[repository]
    file = folder / repository / path
    if not file.exists():
        url = URL.format(repository=repository, commit=commit, path=path)
        try:
            with urllib.request.urlopen(url, timeout=SECONDS_MAX) as response:
                content = response.read()
        except (urllib.error.URLError, TimeoutError) as error:
            raise Unavailable(f"{url}: {error}; put the file into {file} by hand") from error
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    if hashlib.sha256(file.read_bytes()).hexdigest() != hashes[path]:
        raise Unavailable(f"{file} is not the file that was compared with: its SHA-256 is another one")
    return file


def fetch(folder):
    """All of them."""
    files = [(repository, path) for repository, (_, hashes) in SOURCES.items() for path in hashes]
    for repository, path in files:
        source(folder, repository, path)
    return len(files)


def build(folder, comparison, number):
    """Assembles and links a program; returns the image."""
    board = "nrf51" if images.MACHINES[comparison.core] == "microbit" else "mps2"
    script = "microbit" if board == "nrf51" else board
    objects = folder / comparison.core
    theirs = folder / "published" / "sources" / comparison.repository
    files = [theirs / file for file in comparison.files]
    image = folder / "published" / f"{number}-{comparison.program}-{comparison.core}.elf"
    cpu = {"m0plus": "cortex-m0plus", "m3": "cortex-m3", "m4": "cortex-m4"}[comparison.core]
    subprocess.run(
        ["arm-none-eabi-gcc", "-std=c11", f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=soft", "-O2", "-g",
         "-ffunction-sections", *comparison.flags, "-ICSources/CHusk/include", "-ICSources/CHusk",
         "-ICSources/firmware", *(f"-I{parent}" for parent in dict.fromkeys(file.parent for file in files)),
         "-nostdlib", "-nostartfiles", "-LCSources/firmware", "-T", f"{script}.ld", "-Wl,--gc-sections",
         PROGRAMS / f"{comparison.program}.c", *files,
         *(objects / "CSources" / "firmware" / f"{name}.o" for name in ("startup", "semihosting", board)),
         objects / "bench" / "libbench.a", "-lc", "-lgcc", "-o", image], check=True)
    return image


def count(folder, comparison, number):
    """For each row: the model's figure, and the lower one."""
    image = build(folder, comparison, number)
    lines, roots = images.run(folder / "cycles" / "cycles.so", image, comparison.core)
    names = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    regions = {name: root.total() for name, root in zip(names, roots, strict=True)}
    return [(regions[row.region].cycles / row.divisor, regions[row.region].low / row.divisor)
            for row in comparison.rows]


def figure(number):
    """Whole cycles, or tenths where there are few."""
    return f"{number:,.0f}" if number >= 10000 else f"{number:,.1f}"


def main():
    """Prints the comparisons as the table of README.md, and says whether they are close enough."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    folder = parser.parse_args().build
    try:
        print(f"{fetch(folder / 'published' / 'sources')} files of other people, as pinned", file=sys.stderr)
    except Unavailable as error:
        print(f"published.py: {error}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    errors = {}
    print("| code | measured on | published | model (low) | error |\n|---|---|---|---|---|")
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        counts = pool.map(lambda item: count(folder, item[1], item[0]), enumerate(COMPARISONS))
        for comparison, found in zip(COMPARISONS, counts):
            for row, (cycles, low) in zip(comparison.rows, found):
                error = round(100 * (cycles / row.published - 1), 1) + 0.0
                errors.setdefault(comparison.core, []).append(error)
                lower = f" ({figure(low)})" if low != cycles else ""
                chip = f"{comparison.chip} ({measure.NAMES[comparison.core]})"
                print(f"| {row.title}, {comparison.repository} | {chip} | "
                      f"{figure(row.published)} | {figure(cycles)}{lower} | {error:+.1f} % |")
    every = [error for found in errors.values() for error in found]
    close = sum(abs(error) <= CLOSE_PERCENT for error in every)
    ranges = {core: [min(found), max(found)] for core, found in errors.items()}
    fine = close >= CLOSE_LEAST and all(abs(error) <= TOLERANCE_PERCENT for error in every)
    stated = ranges == measure.ERROR_PERCENT
    if not stated:
        print(f"FAILED measure.py states other errors: {measure.ERROR_PERCENT}, not {ranges}")
    print(f"published counts: {close} of {len(every)} within {CLOSE_PERCENT} %, "
          f"the furthest {max(every, key=abs):+.1f} %")
    return 0 if fine and stated else 1


if __name__ == "__main__":
    sys.exit(main())
