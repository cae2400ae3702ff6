"""Report, part of the README and plots: templates filled with tables and answers."""
import pathlib

import answers
import tables
from catalogue import CERTIFICATES, DAYS, FEW, HUSK_CYCLES, MAIN, TLS_CYCLES, both_ways
from data import CONFIGURATIONS, CORES
from text import million, number, table, wrapped

HERE = pathlib.Path(__file__).resolve().parent
REPORT_TEMPLATE = (HERE / "report.template.md").read_text()
README_TEMPLATE = (HERE / "readme.template.md").read_text()


class Fields(dict):
    """Fields of a template, made when they are asked for."""

    def __init__(self, **makers):
        super().__init__()
        self.makers = makers

    def __missing__(self, key):
        return self.makers[key]().strip("\n")


def of(data, *functions):
    """Fields that are named as the functions that make them."""
    return {function.__name__: lambda function=function: function(data) for function in functions}


def report(data):
    """The whole report."""
    data.cost("m4", "802.15.4")  # which knows the titles of all choices
    tls = data.files.get("tls", {})
    builds = "\n".join(f"- `{name}`: {text}" for name, text in tls.get("configurations", {}).items())
    return wrapped(REPORT_TEMPLATE.format_map(Fields(
        **of(data, answers.summary, answers.what_ifs, answers.x25519, answers.model_error, answers.lower_bounds,
             tables.handshake_bytes, tables.air, tables.directions, tables.handshake_cycles, tables.messages,
             tables.energy, tables.days, tables.memory, tables.break_even, tables.chains, tables.host,
             tables.host_clients, tables.peers, tables.published, tables.inputs),
        builds=lambda: builds or "Not measured.",
        compiler=lambda: data.files["cycles"]["compiler"], mbedtls=lambda: tls.get("mbedtls", "(not measured)"))))


# Rows of the README: choice, its scenario, configuration of TLS or assembly, title in the memory table.
README_ROWS = (
    ("edhoc-psk", "edhoc_psk/suite_0/message_4", None, "endpoint, EDHOC-PSK"),
    ("edhoc-psk", "edhoc_psk/suite_0/message_4", "assembly", None),
    ("kudos-fs", "kudos/fs", None, "endpoint, KUDOS"),
    ("tls13-certificates", CERTIFICATES, "stock", "TLS 1.3, chain of 2 (stock)"),
    ("tls13-certificates", CERTIFICATES, "fast", "TLS 1.3, chain of 2 (fast)"),
    ("tls13-certificates", CERTIFICATES, "small", "TLS 1.3, chain of 2 (small)"),
    ("tls13-psk-ecdhe", "tls13/psk_ecdhe", "small", "TLS 1.3, PSK + ECDHE (small)"),
    ("tls12-psk", "tls12/psk", "small", "TLS 1.2, PSK (small)"),
)


def readme(data):
    """What the README shows: a table, a plot, and how far to trust them."""
    memory = {title: (flash, sum(parts.values())) for title, flash, parts in tables.memory_rows(data, "m0plus")}
    rows = []
    for choice, scenario, configuration, memory_title in README_ROWS:
        is_assembly = configuration == "assembly"
        build = configuration if configuration in CONFIGURATIONS else None
        flags = "-O2 cortex_m" if is_assembly else "-Os"
        cost = data.cost("m0plus", "lora-sf10", build or "fast", assembly=is_assembly).get(choice)
        part = cost and cost["handshake"]
        flash, ram = map(number, memory.get(memory_title, (None, None))) if memory_title else ("", "")
        rows.append([data.titles.get(choice, choice) + (f" ({configuration})" if configuration else ""),
                     number(part and both_ways(part, "message_bytes")),
                     *(million(data.cycles(scenario, core, flags, build)) for core in ("m0plus", "m4")),
                     flash, ram, number(part and part["millijoules"] / 1000)])
    columns = ["handshake", "bytes", "M cycles, M0+", "M cycles, M4", "bytes of flash, M0+",
               "bytes of RAM, M0+", "J on LoRa SF10, M0+"]
    return wrapped(README_TEMPLATE.format_map(Fields(
        **of(data, answers.model_error, answers.lower_bounds), table=lambda: table(columns, rows),
        floor=lambda: million(answers.assembly_floor(data, CERTIFICATES, "m4")))))


# ---- plots ----

def cycle_bars(data):
    """Bars of the plot of cycles."""
    rows = [(HUSK_CYCLES[scenario], {core: data.cycles(scenario, core) for core in CORES})
            for scenario in ("edhoc_psk/suite_0/message_4", "edhoc_psk/suite_2/message_4", "kudos/fs")]
    scenario = "edhoc_psk/suite_0/message_4"
    rows.insert(1, (f"{HUSK_CYCLES[scenario]} (assembly)",
                    {core: data.cycles(scenario, core, "-O2 cortex_m") for core in CORES}))
    for configuration in ("fast", "stock"):
        for scenario in (CERTIFICATES, "tls13/psk_ecdhe", "tls13/psk_ecdhe_x25519", "tls13/psk", "tls12/psk"):
            found = {core: data.cycles(scenario, core, None, configuration) for core in CORES}
            if any(found.values()):
                rows.append((f"{TLS_CYCLES[scenario]} ({configuration})", found))
    return rows


def day_bars(data):
    """Panels of the plot of days."""
    cases = []
    for title, core, radio, readings, reconnects, battery in DAYS:
        costs = data.cost(core, radio, readings=readings, reconnects=reconnects, battery=battery)
        cases.append((title, [tuple(costs[choice]["day"][f"{part}_millijoules"]
                                    for part in ("handshake", "reading", "wake", "sleep"))
                              if choice in costs else None for choice in FEW]))
    return cases


def plots(data, draw):
    """The figures, by name."""
    costs = data.cost("m4", "802.15.4")
    parts = {data.titles[choice]: costs[choice]["handshake"] for choice in MAIN if choice in costs}
    figures = {
        "handshake_bytes": draw.handshake_bytes([(title, part["message_bytes_up"], part["message_bytes_down"])
                                                 for title, part in parts.items()]),
        "handshake_cycles": draw.handshake_cycles(cycle_bars(data)),
        "energy_per_day": draw.energy_per_day(day_bars(data), [data.titles[choice] for choice in FEW]),
        "memory": draw.memory(tables.memory_rows(data, "m0plus")),
    }
    series, levels = tables.chain_series(data)
    figures["chain_length"] = draw.chain_length(series, levels)
    return figures
