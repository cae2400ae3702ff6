#!/usr/bin/env python3
"""The size report: what Husk takes of flash, RAM and stack on Cortex-M0+, M3 and M4.

    size.py BUILD    reads sensor.map, profiles/*.map, parts/*.map, the object of sizes.c, loopback.txt and stack/*.txt of
                     each processor below BUILD, as `make size` makes them
"""
import pathlib
import re
import subprocess
import sys

CPUS = {"m0plus": "M0+", "m3": "M3", "m4": "M4"}
SECTION = re.compile(r"^ (\.[\w.$]+)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$", re.MULTILINE)
ASSEMBLY = "CHuskCortexM"
ROOMS = ["base", "journal", "primitive", "crypto", "cbor", "cose", "coap", "oscore", "edhoc", "frame", "device", ASSEMBLY]
FLASH = (".text", ".rodata", ".data", ".vectors", ".ARM.exidx")
RAM = (".data", ".bss")
LOOPBACK_STACK = re.compile(r"^stack authenticate=(\d+) request=(\d+)$", re.MULTILINE)
SCENARIO_STACK = re.compile(r"^region (\S+)\n(?:message .*\n)*stack (\d+)$", re.MULTILINE)
HELPERS, FIRMWARE = "memcpy and libgcc", "board, SLIP, sensor"
# What programs of different needs link of the core: CSources/firmware/profiles.
PROFILES = {
    "oscore": "OSCORE alone",
    "frame": "frames alone",
    "symmetric": "OSCORE, KUDOS: symmetric only",
    "edhoc_psk": "OSCORE, EDHOC-PSK initiator, X25519",
    "endpoint_kudos": "device endpoint, KUDOS",
    "endpoint": "device endpoint, EDHOC-PSK, suite 0",
    "link": "link endpoint, EDHOC-PSK, no CoAP",
    "everything": "everything on",
}
# What is optional. A part costs what the image of CSources/firmware/parts/NAME.c has more than that of the profile it is
# added to, and nothing where it is not used: no symbol or file that matches the pattern is in the profile's image.
# Name: profile, pattern, title.
PARTS = {
    "observe": ("endpoint", "husk_device_(observe|cancel)$|device/observe", "observing a resource"),
    "echo": ("oscore", "husk_oscore_(window_lost|challenge_protect)", "Echo for a lost replay window, as a server"),
    "blockwise": ("oscore", "husk_(block|request_tag)|/block", "Block-wise transfer, both roles"),
    "endpoint_blockwise": ("endpoint", "husk_(block|request_tag)|/block", "Block-wise transfer, both bodies"),
    "envelope_seal": ("oscore", "envelope", "envelopes, sealing"),
    "envelope": ("oscore", "envelope", "envelopes, sealing and opening"),
    "envelope_many": ("oscore", "envelope|aes_kw|decrypt", "envelopes, also for several recipients"),
    "frame": ("oscore", "husk_frame|/frame/", "frame"),
    "fragment": ("frame", "husk_(fragment|reassembly)|/fragment", "fragmentation"),
    "link_edhoc": ("edhoc_psk", "husk_(link|frame)|/frame/", "link, EDHOC-PSK over frames, initiator"),
    "link_kudos": ("symmetric", "husk_(link|frame)|/frame/", "link, KUDOS over frames"),
    "journal": ("endpoint", "husk_journal|/journal", "storage over raw NOR flash"),
    "session": ("endpoint", "husk_keeper|/session_store", "session kept across reboots"),
    "cortex_m": ("endpoint", "cortex_m|CortexM", "assembly instead: X25519, AES, SHA-256"),
    "cortex_m_kudos": ("endpoint_kudos", "cortex_m|CortexM", "assembly instead: AES, SHA-256"),
}

# Whose stack is shown: the deepest of the scenarios that match, in the image of Benchmarks/cycles/device (functions called
# one by one), of links there (an end of a link), or of Benchmarks/exchanges (the device endpoint).
STACKS = {
    "OSCORE, AES-CCM": ("device", r"oscore/aes_ccm/"),
    "OSCORE, ChaCha20/Poly1305": ("device", r"oscore/chacha20/"),
    "frame, AES-CCM": ("device", r"frame/aes_ccm/"),
    "envelope, AES-CCM": ("device", r"envelope/aes_ccm/"),
    "KUDOS": ("device", r"kudos/"),
    "KUDOS, assembly": ("device-cortex_m", r"kudos/"),
    "EDHOC-PSK, suite 0": ("device", r"edhoc_psk/suite_0/"),
    "EDHOC-PSK, suite 0, assembly": ("device-cortex_m", r"edhoc_psk/suite_0/"),
    "EDHOC-PSK, suite 2": ("device", r"edhoc_psk/suite_2/"),
    "EDHOC-PSK, suite 4": ("device", r"edhoc_psk/suite_4/"),
    "device endpoint, KUDOS": ("exchanges", r"kudos/"),
    "device endpoint, EDHOC-PSK, suite 0": ("exchanges", r"edhoc_psk/suite_0/"),
    "device endpoint, EDHOC-PSK, suite 2": ("exchanges", r"edhoc_psk/suite_2/"),
    "device endpoint, EDHOC-PSK, suite 4": ("exchanges", r"edhoc_psk/suite_4/"),
    "link endpoint, KUDOS": ("links", r"link/kudos/"),
    "link endpoint, EDHOC-PSK, suite 0": ("links", r"link/edhoc_psk/suite_0/"),
}

# The same through the API of Swift. Name of the file in CSources/firmware/swift/profiles: the profile in C.
SWIFT = {"Endpoint": "endpoint"}


def owner(file):
    """What an object file of the link belongs to."""
    if "CSources/CHuskCortexM/" in file:
        return ASSEMBLY
    room = re.search(r"CSources/CHusk/(\w+)/", file)
    if room:
        return room.group(1)
    return HELPERS if "libgcc" in file or file.endswith("/memory.o") else FIRMWARE


def linked_sections(map_text):
    """Section, size and object file of everything the linker kept, from its map."""
    kept = map_text[map_text.index("Linker script and memory map"):]
    joined = re.sub(r"^( \.[\w.$]+)\n\s+", r"\1 ", kept, flags=re.MULTILINE)
    for name, size, file in SECTION.findall(joined):
        yield name, int(size, 16), file


def is_in(name, sections):
    """True if an input section such as .text.husk_wipe belongs to one of these."""
    return any(name == section or name.startswith(section + ".") for section in sections)


def sum_by_owner(map_text, sections):
    """Bytes in these sections for each owner."""
    sums = {}
    for name, size, file in linked_sections(map_text):
        if is_in(name, sections):
            sums[owner(file)] = sums.get(owner(file), 0) + size
    return sums


def struct_sizes(object_file):
    """Sizes of the public structs."""
    out = subprocess.run(["arm-none-eabi-nm", "-S", object_file], check=True, capture_output=True, text=True).stdout
    rows = (line.split() for line in out.splitlines())
    return {row[3].removeprefix("size_of_"): int(row[1], 16) for row in rows if len(row) == 4}


def scenario_stacks(folder):
    """Peak stack of each scenario, by image and name."""
    return {(image, name): int(stack) for image in ("device", "device-cortex_m", "links", "exchanges")
            for name, stack in SCENARIO_STACK.findall((folder / "stack" / f"{image}.txt").read_text())}


def stack_table(found):
    """The deepest of each row of STACKS."""
    table = {}
    for title, (image, pattern) in STACKS.items():
        depths = [depth for (its_image, name), depth in found.items() if its_image == image and re.match(pattern, name)]
        if not depths:
            sys.exit(f"size.py: no scenario of {title} reported its stack")
        table[title] = max(depths)
    return table


def loopback_stacks(text):
    """Peak stack of the device endpoint's calls, with losses, copies and refusals too."""
    match = LOOPBACK_STACK.search(text)
    if not match:
        sys.exit("size.py: the loopback image reported no stack")
    return {"authenticating": int(match.group(1)), "request and response": int(match.group(2))}


def by_room(map_file, sections):
    """Bytes of each room of the core in the image with this map."""
    sums = sum_by_owner(map_file.read_text(), sections)
    return {room: sums[room] for room in ROOMS if room in sums}


def part_costs(profiles, parts):
    """What each part takes beyond the profile it is added to: a group for each profile that has parts."""
    groups = {}
    for name, (profile, _, title) in PARTS.items():
        rows = groups.setdefault(f"flash of parts, beyond {PROFILES[profile]}", {})
        rows[title] = parts[name] - profiles[profile]
    return groups


def flash(map_file):
    """Bytes of flash that an image takes in all."""
    return sum(sum_by_owner(map_file.read_text(), FLASH).values())


def swift_costs(folder):
    """What programs take more in Swift than in C, by profile: the API, and their own code that calls it."""
    costs = {}
    for name, profile in SWIFT.items():
        map_file = folder / "swift" / f"{name}.map"
        own = sum(size for section, size, file in linked_sections(map_file.read_text())
                  if file.endswith(f"/Profile{name}.o") and is_in(section, FLASH))
        more = flash(map_file) - flash(folder / "profiles" / f"{profile}.map")
        costs[PROFILES[profile]] = {"API": more - own, "calls": own}
    return costs


def measure(folder):
    """All figures of one processor, in groups."""
    profiles = {name: folder / "profiles" / f"{name}.map" for name in PROFILES}
    core = {name: sum(by_room(file, FLASH).values()) for name, file in profiles.items()}
    parts = {name: folder / "parts" / f"{name}.map" for name in PARTS}
    ram = [sum(by_room(file, RAM).values()) for file in (profiles | parts).values()]
    sensor = sum_by_owner((folder / "sensor.map").read_text(), FLASH)
    more_suites = sum(sensor.get(room, 0) for room in ROOMS) - core["endpoint"]
    return {
        "flash of the core, by profile": {PROFILES[name]: core[name] for name in PROFILES},
        **part_costs(core, {name: sum(by_room(file, FLASH).values()) for name, file in parts.items()}),
        "flash of the endpoint with EDHOC-PSK and suite 0, by room": (
            by_room(profiles["endpoint"], FLASH) | {"core": core["endpoint"]}),
        "flash of the rest of the sensor": {
            "core for suites 2 and 4": more_suites, HELPERS: sensor.get(HELPERS, 0),
            FIRMWARE: sensor.get(FIRMWARE, 0)},
        "flash of the API in Swift, beyond C": {
            f"{title}, {what}": size for title, costs in swift_costs(folder).items() for what, size in costs.items()},
        "static RAM": {"core, every profile and part": sum(ram)},
        "sizes of structs": struct_sizes(folder / "CSources" / "firmware" / "sizes.o"),
        "peak stack of calls": stack_table(scenario_stacks(folder)),
        "peak stack of the endpoint, EDHOC-PSK, suite 0, on a bad link": loopback_stacks(
            (folder / "loopback.txt").read_text()),
    }


def show(figures):
    """Prints one table with a column for each processor."""
    print(f"{'bytes, gcc -Os':40}" + "".join(f"{name:>8}" for name in CPUS.values()))
    first = figures[next(iter(CPUS))]
    for group in first:
        print(f"\n{group}")
        for name in sorted(first[group], key=list(first[group]).index):
            print(f"  {name:38}" + "".join(f"{figures[cpu][group].get(name, 0):8}" for cpu in CPUS))


def main():
    """Measures every processor and prints the table."""
    build = pathlib.Path(sys.argv[1])
    show({cpu: measure(build / cpu) for cpu in CPUS})


if __name__ == "__main__":
    main()
