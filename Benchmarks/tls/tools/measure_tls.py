#!/usr/bin/env python3
"""Cost of TLS clients on Cortex-M: cycles, bytes, flash, RAM, of every scenario in every configuration.

    measure_tls.py BUILD [--json FILE] [--core CORE ...] [--image NAME ...]

BUILD is where make builds. README.md says what the file holds.
"""
import argparse
import concurrent.futures
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1] / "cycles" / "tools"), str(HERE.parents[2] / "CSources" / "firmware" / "tools")]

import measure
import result_files
import server
import setup_mbedtls
import size
import split

SCHEMA = 1
CORES = ("m0plus", "m3", "m4")
CONFIGURATIONS = {
    "stock": "mbedTLS's default configuration as a client, cut by the linker alone; -Os",
    "fast": "stock with AES tables in flash and the widest windows of elliptic curves, and no padding; -O2",
    "small": "what the scenario needs and no more, the smaller of every choice, p256-m in TLS 1.3; -Os",
}
FLAGS = {"stock": "-Os", "fast": "-O2", "small": "-Os"}
SEED_CORE = "m4"  # the seeds are the same on every core
# The assembly floor: what a client would take whose public-key operations were the fastest published ones (those of
# cycles/tools/published.py, in the figures of their authors) and all else that of the fast configuration.
ASSEMBLY = {"m4": {"key_generation": 327000, "ecdh": 906000, "sign": 375000, "verify": 976000, "x25519": 548873},
            "m0plus": {"x25519": 3229950}}
CHAINS = {"leaf": 1, "leaf_intermediate": 2, "leaf_2_intermediates": 3}
MEMORY = re.compile(r"^memory (\S+) heap_peak=(\d+) stack_peak=(\d+) state=(\d+) static=(\d+)$")


def configuration_of(image):
    return image.split("-")[0]


def image_names(build):
    """The images that were built, by their configuration."""
    found = {path.parent.name for path in (build / "tls").glob("*/*/client.elf")}
    return sorted(found, key=lambda name: (list(CONFIGURATIONS).index(configuration_of(name)), name))


# ---- what one image shows ----

def flash_and_ram(build, core, image):
    """Flash and static RAM of mbedTLS in an image: without the C library, libgcc and the client itself."""
    text = server.image_of(build, core, image).with_suffix(".map").read_text()
    sums = {"flash": 0, "ram": 0}
    for name, count, file in size.linked_sections(text):
        if "mbedtls.a" in file:
            sums["flash"] += count if size.is_in(name, size.FLASH) else 0
            sums["ram"] += count if size.is_in(name, size.RAM) else 0
    return sums["flash"], sums["ram"]


def memory_of(lines, build, core, image):
    """What the client says of its RAM, with what the linker says; the client's own structures count as static."""
    flash, ram = flash_and_ram(build, core, image)
    for line in lines:
        match = MEMORY.match(line)
        if match:
            heap_peak, stack_peak, state, own = map(int, match.groups()[1:])
            yield {"scenario": match[1], "configuration": configuration_of(image), "core": core, "flash": flash,
                   "static_ram": ram + own, "heap_peak": heap_peak, "stack_peak": stack_peak, "state": state}


def counted(root):
    """The figures of a region."""
    total = root.total()
    return {"cycles": total.cycles, "cycles_low": total.low, "instructions": total.instructions,
            "split": split.split(root)}


def read(regions, messages, about):
    """Results and records: regions whose last part is a number are records of the scenario before them."""
    results, records, left = [], [], []
    for name, root in regions:
        if name in messages:
            handshake, left = messages[name]
            results.append({"scenario": name} | about | counted(root) | {"messages": handshake})
            continue
        scenario, direction, payload = name.rsplit("/", 2)
        message = left.pop(0)
        assert message["direction"] == direction, (name, message)
        records.append({"scenario": scenario} | about | {"payload": int(payload), "direction": direction,
                                                         "bytes": message["bytes"]} | counted(root))
    return results, records


def measure_image(build, core, image, seeds):
    """Results, records and memory of one image on one core."""
    configuration = configuration_of(image)
    lines, roots, messages = server.run(build, core, image, configuration, seeds)
    names = [line.removeprefix("region ") for line in lines if line.startswith("region ")]
    if len(names) != len(roots) or len(set(names)) != len(names):
        raise server.Failed(f"{image} on {core}: {len(names)} names for {len(roots)} regions, or a name twice")
    about = {"configuration": configuration, "core": core, "flags": FLAGS[configuration]}
    results, records = read(zip(names, roots), messages, about)
    return results, records, list(memory_of(lines, build, core, image))


def measure_all(build, cores, names):
    """Results, records and memory of all images; shows which are done."""
    found = ([], [], [])
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        seeds = dict(zip(names, pool.map(
            lambda name: server.find_seeds(build, SEED_CORE, name, configuration_of(name)), names)))
        jobs = [(core, name) for core in cores for name in names]
        for job, parts in zip(jobs, pool.map(lambda job: measure_image(build, *job, seeds[job[1]]), jobs)):
            print(f"measured {' '.join(job)}", file=sys.stderr, flush=True)
            for whole, part in zip(found, parts):
                whole += part
    return found


# ---- output ----

def operations(scenario):
    """Public-key operations of a client: how often each."""
    found = {}
    chain = CHAINS.get(scenario.rsplit("/", 1)[-1])
    if chain:
        found = {"sign": 1, "verify": chain + 1}
    if chain or "psk_ecdhe" in scenario or scenario == "tls13/ticket":
        found |= {"x25519": 2} if "x25519" in scenario else {"key_generation": 1, "ecdh": 1}
    return found


def floor(results):
    """Handshakes of the fast configuration with its public-key operations replaced, where all have been published."""
    for result in results:
        best, wanted = ASSEMBLY.get(result["core"], {}), operations(result["scenario"])
        if result["configuration"] == "fast" and wanted and wanted.keys() <= best.keys():
            public_key = sum(best[name] * count for name, count in wanted.items())
            yield {"scenario": result["scenario"], "core": result["core"], "public_key": public_key,
                   "cycles": public_key + result["cycles"] - result["split"]["public_key"]}


def write(file, certificates, results, records, memory):
    """Writes what README.md describes."""
    head = {"schema": SCHEMA, "compiler": measure.compiler(), "mbedtls": setup_mbedtls.SOURCE.version,
            "configurations": CONFIGURATIONS, "certificates": certificates, "error_percent": measure.ERROR_PERCENT}
    rows = {"results": results, "records": records, "memory": memory, "floor": list(floor(results))}
    result_files.write(file, head, rows)


def show(results, records, memory, cores):
    """Tables for the terminal."""
    def cells(rows, key):
        return {(row["configuration"], row["core"], key(row)): row for row in rows}

    columns = [(configuration, core) for configuration in CONFIGURATIONS for core in cores]
    heads = "".join(f"{configuration + ' ' + measure.NAMES[core]:>14}" for configuration, core in columns)

    def table(title, rows, key, value):
        found = cells(rows, key)
        print(f"\n{title:46}{heads}")
        for name in dict.fromkeys(map(key, rows)):
            line = (found.get((*column, name)) for column in columns)
            print(f"{name:46}" + "".join(f"{value(row):14,}" if row else " " * 13 + "–" for row in line))

    def scenario(row):
        return row["scenario"]

    def record(row):
        return f"{row['scenario']}/{row['direction']}/{row['payload']}"

    table("cycles of the handshake", results, scenario, lambda row: row["cycles"])
    table("bytes of the handshake, both ways", results, scenario,
          lambda row: sum(message["bytes"] for message in row["messages"]))
    print("\nassembly floor of the handshake, cycles")
    for row in floor(results):
        print(f"{row['scenario']:46}{measure.NAMES[row['core']]:>4}{row['cycles']:14,}")
    table("cycles of a record", records, record, lambda row: row["cycles"])
    table("bytes of a record", records, record, lambda row: row["bytes"])
    for name in ("flash", "static_ram", "heap_peak", "stack_peak", "state"):
        table(f"{name}, bytes", memory, scenario, lambda row: row[name])


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--core", action="append", choices=CORES)
    parser.add_argument("--image", action="append")
    arguments = parser.parse_args()
    cores = arguments.core or CORES
    try:
        found = measure_all(arguments.build, cores, arguments.image or image_names(arguments.build))
    except (server.Failed, RuntimeError, subprocess.TimeoutExpired) as problem:
        print(f"measure_tls: {problem}", file=sys.stderr)
        return 1
    if arguments.json:
        write(arguments.json, server.certificate_sizes(arguments.build), *found)
    show(*found, cores)
    return 0


if __name__ == "__main__":
    sys.exit(main())
