#!/usr/bin/env python3
"""Flash, RAM, state and stack of Husk, by profile and core: the figures of the size report as JSON.

    memory.py BUILD [--json FILE] [--check FOLDER] [--accept FOLDER]

BUILD is where `make size` builds. --json writes the results; --check fails if a figure is more than 1 % above the
threshold in FOLDER/COMPILER-memory.json, --accept writes those.
"""
import argparse
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "CSources" / "firmware" / "tools"), str(ROOT / "Benchmarks" / "cycles" / "tools")]
import measure  # noqa: E402
import result_files  # noqa: E402
import size  # noqa: E402
import thresholds  # noqa: E402

SCHEMA = 1
TOLERANCE = 0.01
# What a device keeps for each session; what it needs besides while it authenticates; whose stack is the profile's (rows
# of size.STACKS).
PROFILES = {
    "oscore": (["husk_oscore_context"], [], ["OSCORE, AES-CCM"]),
    "frame": (["husk_frame_context"], [], ["frame, AES-CCM"]),
    "symmetric": (["husk_oscore_context", "husk_kudos"], [], ["OSCORE, AES-CCM", "KUDOS"]),
    "edhoc_psk": (["husk_oscore_context"], ["husk_edhoc"], ["OSCORE, AES-CCM", "EDHOC-PSK, suite 0"]),
    "endpoint_kudos": (["husk_device", "husk_kudos"], [], ["device endpoint, KUDOS"]),
    "endpoint": (["husk_device"], [], ["device endpoint, EDHOC-PSK, suite 0"]),
    "link": (["husk_link", "husk_link_fragments"], [], ["link endpoint, EDHOC-PSK, suite 0"]),
    "everything": (["husk_device", "husk_kudos", "husk_link", "husk_link_fragments"], [], list(size.STACKS)),
}


def measure_core(folder, core):
    """The rows of one core, by kind."""
    structs = size.struct_sizes(folder / "CSources" / "firmware" / "sizes.o")
    scenarios = size.scenario_stacks(folder)
    stacks = size.stack_table(scenarios)
    profiles = []
    for name, (kept, while_authenticating, rows) in PROFILES.items():
        map_file = folder / "profiles" / f"{name}.map"
        flash = sum(size.by_room(map_file, size.FLASH).values())
        profiles.append({
            "profile": name, "core": core, "flash": flash,
            "helpers": size.sum_by_owner(map_file.read_text(), size.FLASH).get(size.HELPERS, 0),
            "static_ram": sum(size.by_room(map_file, size.RAM).values()),
            "state": sum(structs[struct] for struct in kept),
            "state_while_authenticating": sum(structs[struct] for struct in kept + while_authenticating),
            "stack": max(stacks[row] for row in rows), "heap": 0})
    flash = {profile["profile"]: profile["flash"] for profile in profiles}
    parts = [{"part": name, "core": core, "beside": profile,
              "flash": sum(size.by_room(folder / "parts" / f"{name}.map", size.FLASH).values()) - flash[profile]}
             for name, (profile, _, _) in size.PARTS.items()]
    return {"profiles": profiles, "parts": parts,
            "structs": [{"struct": name, "core": core, "bytes": structs[name]} for name in sorted(structs)],
            "stacks": [{"scenario": name, "core": core, "calls": "functions" if image == "device" else "endpoint",
                        "stack": depth} for (image, name), depth in scenarios.items()]}


def by_name(found):
    """Every figure, as thresholds are filed."""
    names = {f"{row['profile']} {row['core']} {what}": row[what] for row in found["profiles"]
             for what in ("flash", "helpers", "static_ram", "heap")}
    names |= {f"part {row['part']} {row['core']}": row["flash"] for row in found["parts"]}
    names |= {f"{row['struct']} {row['core']}": row["bytes"] for row in found["structs"]}
    return names | {f"{row['scenario']} {row['core']} stack of {row['calls']}": row["stack"] for row in found["stacks"]}


def main():
    """Runs as its arguments say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    parser.add_argument("--accept", type=pathlib.Path)
    arguments = parser.parse_args()
    compiler = measure.compiler()
    found = {}
    for core in size.CPUS:
        for kind, rows in measure_core(arguments.build / core, core).items():
            found.setdefault(kind, []).extend(rows)
    file = f"{compiler}-memory.json"
    if arguments.check:
        return thresholds.check(by_name(found), arguments.check / file, TOLERANCE, "memory", "bytes")
    if arguments.accept:
        thresholds.accept(by_name(found), arguments.accept / file)
    if arguments.json:
        result_files.write(arguments.json, {"schema": SCHEMA, "compiler": compiler, "flags": "-Os"}, found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
