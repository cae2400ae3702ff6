"""The tables of the report: every number from results or `husk cost`."""
from catalogue import (CHAINS, DAYS, FEW, FEW_RADIOS, HOST_HUSK, HOST_TLS, HUSK_CYCLES, MAIN, PROFILES, RADIOS,
                       TLS_CYCLES, TLS_MEMORY, air_time, both_ways)
from data import CONFIGURATIONS, CORES
from text import duration, kilo, life, million, number, table

MISSING = "not measured"
PAYLOADS = (1, 16, 32, 64, 256, 1024)


def by_choice(data, costs, choices, cells):
    """Rows of choices: `cells` makes the cells of one."""
    rows = [[data.titles.get(choice, choice)] + (cells(costs[choice]) if choice in costs else [MISSING])
            for choice in choices]
    width = max(map(len, rows))
    return [row + [""] * (width - len(row)) for row in rows]


def by_radio(data, core, choices, radios, cell):
    """Rows of choices with a cell for each radio."""
    costs = {radio: data.cost(core, radio) for radio in radios}
    return [[data.titles.get(choice, choice)]
            + [cell(costs[radio][choice]) if choice in costs[radio] else MISSING for radio in radios]
            for choice in choices]


def names(radios):
    """Radios as a header."""
    return [RADIOS[radio] for radio in radios]


# ---- bytes, frames ----

def handshake_bytes(data):
    """Bytes of handshakes: security, messages, packets."""
    def cells(cost):
        part = cost["handshake"]
        return [number(both_ways(part, "security_bytes")), number(part["message_bytes_up"]),
                number(part["message_bytes_down"]), number(both_ways(part, "message_bytes")),
                number(part["packets"]), number(both_ways(part, "packet_bytes"))]
    return table(["bytes", "security layer", "up", "down", "both, as handed over", "packets",
                  "with IPv6 and UDP or TCP"], by_choice(data, data.cost("m4", "802.15.4"), MAIN, cells))


def air(data):
    """Frames and time on air of handshakes by radio."""
    def cell(cost):
        part = cost["handshake"]
        return f"{part['frames_up']} + {part['frames_down']}: {duration(air_time(part))}"
    return table(["frames up + down: time on air", *names(RADIOS)], by_radio(data, "m4", MAIN, RADIOS, cell))


def directions(data):
    """Time on air each way."""
    def cell(cost):
        part = cost["handshake"]
        return f"{duration(part['air_up_seconds'])} / {duration(part['air_down_seconds'])}"
    return table(["on air, device / network", *names(FEW_RADIOS)],
                 by_radio(data, "m4", [choice for choice in FEW if choice != "none"], FEW_RADIOS, cell))


# ---- cycles ----

def handshake_cycles(data):
    """Cycles of handshakes, and what they went to."""
    columns = [(core, flags) for core in CORES for flags in ("-Os", "-O2", "-O2 cortex_m")]
    rows = [[title] + [million(data.cycles(scenario, *column)) for column in columns]
            for scenario, title in HUSK_CYCLES.items()]
    text = table(["Husk, million cycles"] + [f"{CORES[core][7:]} {flags.replace('-O2 cortex_m', 'assembly')}"
                                             for core, flags in columns], rows)
    text += "\nAssembly: at -O2, with the primitives of CHuskCortexM in assembly.\n"
    columns = [(core, configuration) for core in CORES for configuration in CONFIGURATIONS]
    rows = [[title] + [million(data.cycles(scenario, core, None, configuration)) for core, configuration in columns]
            for scenario, title in TLS_CYCLES.items()]
    text += "\n" + table(["Mbed TLS, million cycles"] + [f"{CORES[core][7:]} {name}" for core, name in columns], rows)
    return text + "\n" + table(["percent of cycles", "public key", "hash", "AEAD", "the rest", "instructions, million"],
                               [row for core in CORES for row in splits(data, core)])


def splits(data, core):
    """Rows of shares on a core."""
    shown = [("cycles", scenario, "-Os", None) for scenario in ("edhoc_psk/suite_0/message_4", "kudos/fs")]
    shown += [("tls", scenario, None, "fast") for scenario in
              ("tls13/certificates/leaf_intermediate", "tls13/psk_ecdhe", "tls13/psk")]
    for file, scenario, flags, configuration in shown:
        title = f"{(HUSK_CYCLES | TLS_CYCLES)[scenario]}, {CORES[core]}, {flags or configuration}"
        row = data.find(file, scenario, core, flags, configuration)
        if not row:
            yield [title, MISSING, "", "", "", ""]
            continue
        yield [title, *(f"{100 * row['split'][part] / row['cycles']:.1f}"
                        for part in ("public_key", "hash", "aead", "rest")), million(row["instructions"])]


def messages(data):
    """What a message in steady state takes."""
    exchanges = {row["scenario"]: row["messages"][0] for row in data.files.get("exchanges", {}).get("results", [])}
    rows = []
    for scenario, title in (("oscore/aes_ccm/request/protect", "OSCORE request, AES-CCM"),
                            ("oscore/aes_ccm/response/unprotect", "OSCORE response, AES-CCM"),
                            ("oscore/chacha20/request/protect", "OSCORE request, ChaCha20"),
                            ("frame/aes_ccm/seal", "frame, AES-CCM"), ("frame/chacha20/seal", "frame, ChaCha20"),
                            ("envelope/aes_ccm/seal", "envelope, AES-CCM")):
        message = exchanges.get(f"{scenario}/32")
        rows.append([title, number(message and message["security"])]
                    + [kilo(data.cycles(f"{scenario}/{size}", core)) for core in ("m0plus", "m4") for size in PAYLOADS])
    for version, title in (("tls13", "TLS 1.3 record"), ("tls12", "TLS 1.2 record"),
                           ("dtls12/cid", "DTLS 1.2 record")):
        found = {(row["core"], row["payload"]): row for row in data.files.get("tls", {}).get("records", [])
                 if (row["scenario"], row["configuration"], row["direction"]) == (f"{version}/record", "fast", "up")}
        first = found.get(("m4", 32))
        rows.append([f"{title}, fast", number(first and first["bytes"] - 32)]
                    + [kilo(found.get((core, size), {}).get("cycles"))
                       for core in ("m0plus", "m4") for size in PAYLOADS])
    return table(["thousand cycles, by bytes of payload", "bytes added to 32"]
                 + [f"{core} {size:,}" for core in ("M0+", "M4") for size in PAYLOADS], rows)


# ---- energy ----

def energy(data):
    """Energy of a handshake and of a reading, by radio."""
    text = ""
    for core in ("m0plus", "m4"):
        costs = data.cost(core, "802.15.4")
        rows = by_radio(data, core, MAIN, RADIOS, lambda cost: number(cost["handshake"]["millijoules"]))
        processor = [number(costs[choice]["handshake"]["processor_millijoules"] if choice in costs else None)
                     for choice in MAIN]
        text += table([f"mJ of a handshake, {CORES[core]}", "of it processor", *names(RADIOS)],
                      [[row[0], own, *row[1:]] for row, own in zip(rows, processor)]) + "\n"
    rows = by_radio(data, "m4", FEW, RADIOS, lambda cost: number(cost["reading"]["millijoules"]))
    return text + table(["mJ of a reading of 32 bytes and its answer, M4", *names(RADIOS)], rows)


def days(data):
    """Days and battery lives of the cases."""
    def cells(cost):
        day = cost["day"]
        parts = [number(day[f"{part}_millijoules"] / 1000) for part in ("handshake", "reading", "wake", "sleep")]
        return [*parts, number(day["millijoules"] / 1000), life(cost["battery_years"])]
    text = ""
    for title, core, radio, readings, reconnects, battery in DAYS:
        costs = data.cost(core, radio, readings=readings, reconnects=reconnects, battery=battery)
        text += (f"{title} (`husk cost --core {core} --radio {radio} --readings {readings} --reconnects {reconnects} "
                 f"--battery {battery}`):\n\n")
        text += table(["joules a day", "handshakes", "readings", "wake-ups", "sleep", "all", "battery"],
                      by_choice(data, costs, FEW, cells)) + "\n"
    return text


# ---- memory ----

def memory_rows(data, core):
    """(title, flash, {kind of RAM: bytes}) of Husk's profiles and of TLS."""
    rows = [(PROFILES[row["profile"]], row["flash"],
             {"state and static": max(row["state"], row["state_while_authenticating"]) + row["static_ram"],
              "heap": row["heap"], "stack": row["stack"]})
            for row in data.files.get("memory", {}).get("profiles", [])
            if row["core"] == core and row["profile"] in PROFILES]
    for configuration in ("small", "fast", "stock"):
        for scenario in TLS_MEMORY if configuration != "fast" else TLS_MEMORY[:1]:
            row = data.find("tls", scenario, core, None, configuration, "memory")
            if row:
                rows.append((f"{TLS_CYCLES[scenario]} ({configuration})", row["flash"],
                             {"state and static": row["static_ram"], "heap": row["heap_peak"],
                              "stack": row["stack_peak"]}))
    return rows


def memory(data):
    """Flash and RAM."""
    text = ""
    for core in CORES:
        rows = [[title, number(flash), *map(number, parts.values()), number(sum(parts.values()))]
                for title, flash, parts in memory_rows(data, core)]
        text += table([f"bytes, {CORES[core]}", "flash", "state, static RAM", "heap, peak", "stack, peak", "RAM, all"],
                      rows) + "\n"
    if not data.files.get("tls", {}).get("memory"):
        text += "TLS: not measured.\n"
    return text


# ---- over many messages, over chains ----

def break_even(data):
    """After how many messages a choice stops mattering."""
    def cell(cost):
        even = cost["break_even"]
        within = even.get("within_tenth_of_reference_after")
        return f"{even['handshake_below_tenth_after']:,} / {'never' if within is None else f'{within:,}'}"
    return table(["messages, M4", *names(FEW_RADIOS)], by_radio(data, "m4", MAIN, FEW_RADIOS, cell))


# Panels: title, unit, core, radio, value of a handshake.
CHAIN_PANELS = (
    ("Bytes of a handshake", "bytes", "m4", "802.15.4", lambda part: both_ways(part, "message_bytes")),
    ("Energy on LoRa SF10, M0+", "joules", "m0plus", "lora-sf10", lambda part: part["millijoules"] / 1000),
    ("Energy on 802.15.4, M4", "millijoules", "m4", "802.15.4", lambda part: part["millijoules"]))


def chain_series(data):
    """For each panel the values by version and chain, and the levels without certificates."""
    series, levels = [], {}
    for title, unit, core, radio, value in CHAIN_PANELS:
        costs = data.cost(core, radio)
        lines = {version: [value(costs[choice]["handshake"]) for choice in chain]
                 for version, chain in CHAINS.items() if all(choice in costs for choice in chain)}
        series.append((title, unit, lines))
        levels[title] = {name: value(costs[choice]["handshake"])
                         for name, choice in (("EDHOC-PSK", "edhoc-psk"), ("TLS 1.3, PSK + ECDHE", "tls13-psk-ecdhe"))
                         if choice in costs}
    return series, levels


def chains(data):
    """The same as a table."""
    rows = [[f"{title}, {unit}: {version}", *map(number, lines.get(version, [None] * 3))]
            for title, unit, lines in chain_series(data)[0] for version in CHAINS]
    return table(["certificates of each side", "1", "2", "3"], rows)


# ---- others ----

def peers(data):
    """Peers whose code was measured."""
    rows = []
    for row in data.files.get("peers", {}).get("peers", []):
        if not row["kind"].startswith("measured"):
            continue
        size = row.get("handshake_bytes", {})
        rows.append([f"{row['peer']}, {row['what']}", CORES[row["core"]], row["kind"], number(row.get("flash")),
                     million(row.get("handshake_instructions")) if "handshake_instructions" in row else "",
                     number(size["up"] + size["down"]) if size else "",
                     *(number(row[key]) if key in row else "" for key in ("stack_peak", "heap", "state"))])
    if not rows:
        return "Not measured.\n"
    sources = sorted({row["source"] for row in data.files["peers"]["peers"] if row["kind"].startswith("measured")})
    return table(["peer", "core", "figures are", "flash", "handshake, M instructions", "bytes", "stack", "heap",
                  "state"], rows) + "\n" + "\n".join(f"Source: {source}." for source in sources) + "\n"


def host(data):
    """What one core of a gateway does in a second: not the same in every run."""
    content = data.files.get("host")
    if not content:
        return "Not measured.\n"
    machine = content["machine"]
    makers = list(dict.fromkeys(row["implementation"] for row in content["results"]))
    figures = {(row["scenario"], row["implementation"]): row["per_second"] for row in content["results"]}
    rows = [[scenario, *(number(figures[scenario, maker]) if (scenario, maker) in figures else "" for maker in makers)]
            for scenario in dict.fromkeys(row["scenario"] for row in content["results"])]
    return (f"Measured on one core of {machine['processor']} ({machine['libraries']}), medians; other runs give other "
            "figures, whose ranges are in host.json.\n\n"
            + table(["a second of one core", *(maker.replace("_", " ") for maker in makers)], rows))


def host_clients(data):
    """What a handshake costs a client on the host, in instructions."""
    content = data.files.get("host_tls")
    if not content:
        return "Not measured.\n"
    makers = {"openssl": "OpenSSL", "mbedtls": "Mbed TLS"}
    husk = {row["scenario"]: row for row in data.files.get("host_device", {}).get("results", [])}
    messages = {row["scenario"]: row["messages"] for row in data.files.get("exchanges", {}).get("results", [])}
    rows = [[HUSK_CYCLES[scenario], "Husk", million(husk[scenario]["instructions"]), "",
             number(sum(message["security"] for message in messages[scenario]))]
            for scenario in HOST_HUSK if scenario in husk and scenario in messages]
    rows += [[HOST_TLS[row["scenario"]], makers[row["implementation"]],
              million(row["instructions"]), " to ".join(map(million, row["instructions_range"])),
              number(row["bytes_up"] + row["bytes_down"])] for row in content["results"]]
    return (f"Counted on {content['machine']['processor']} ({content['machine']['libraries']}).\n\n"
            + table(["handshake", "by", "M instructions", "from", "bytes"], rows))


def published(data):
    """What others published: bytes of handshakes, bytes added to messages."""
    rows = [row for row in data.files.get("peers", {}).get("peers", []) if row["kind"] == "published"]
    if not rows:
        return ""
    flights = [row for row in rows if "flights" in row]
    text = table(["bytes of a handshake, published", "flight 1", "flight 2", "flight 3", "all"],
                 [[f"{row['peer']}, {row['what']}", *map(number, row["flights"]), number(sum(row["flights"]))]
                  for row in flights])
    text += ("\nThey are of minimal messages, with nothing that is optional; our figures of TLS are of what Mbed TLS "
             "sends.\n")
    added = [row for row in rows if "message_overhead_bytes" in row]
    text += "\n" + table(["bytes added, published", "bytes"],
                         [[f"{row['peer']}, {row['what']}", number(row["message_overhead_bytes"])] for row in added])
    sources = dict.fromkeys(row["source"] for row in flights + added)
    return text + "\n" + "\n".join(f"- {source}" for source in sources) + "\n"


def inputs(data):
    """Every number of the profiles with its source."""
    rows = [[f"{name}: {key.replace('_', ' ')}", number(float(value["value"])), value["source"]]
            for kind in ("processors", "radios", "batteries") for name, profile in data.profiles[kind].items()
            for key, value in profile.items() if isinstance(value, dict)]
    return table(["profile", "value", "source"], rows)
