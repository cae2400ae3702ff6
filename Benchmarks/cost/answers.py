"""Answers of the report: its summary, what if TLS were done otherwise, and how far to trust it."""
from catalogue import CERTIFICATES, FRUGAL_DAY, SLOW_DAY, both_ways
from data import CORES
from text import duration, life, million, number, table

EDHOC = "edhoc_psk/suite_0/message_4"
# LoRaWAN in EU868: the share of time that a device may send.
DUTY_CYCLE = 0.01


def times(a, b):
    """How many times b is in a."""
    ratio = a / b
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"


# ---- the summary ----

def summary(data):
    """The answer, in sentences with figures."""
    handshakes = {name: choice["handshake"] for name, choice in data.cost("m4", "802.15.4").items()
                  if choice.get("handshake")}
    lines = [of_bytes(handshakes)]
    if not all("tls13-certificates" in data.cost(core, "lora-sf10") for core in ("m0plus", "m4")):
        return "\n".join([*lines, "- TLS: not measured on both M0+ and M4.", ""])
    lines += [of_cycles(data, core) for core in ("m0plus", "m4")]
    lines += [of_energy(data), of_frugal_day(data), of_slow_day(data), of_keys(data, handshakes)]
    return "\n".join(lines) + "\n"


def of_bytes(handshakes):
    """Bytes of handshakes."""
    husk = handshakes["edhoc-psk"]
    size = both_ways(husk, "message_bytes")
    text = (f"- **Bytes of a handshake**: EDHOC-PSK {number(both_ways(husk, 'security_bytes'))}, as CoAP "
            f"{number(size)}; KUDOS, without a public-key operation, "
            f"{number(both_ways(handshakes['kudos-fs'], 'message_bytes'))}")
    for name, title in (("tls13-certificates", "TLS 1.3 with a chain of 2 certificates on each side"),
                        ("tls13-psk-ecdhe", "TLS 1.3 with a pre-shared key and ECDHE"),
                        ("tls12-psk", "TLS 1.2 with a pre-shared key, without forward secrecy")):
        if name in handshakes:
            other = both_ways(handshakes[name], "message_bytes")
            text += f"; {title} {number(other)} ({times(other, size)} times EDHOC-PSK)"
    return text + "."


def of_cycles(data, core):
    """Cycles of handshakes on a core."""
    ours = data.cycles(EDHOC, core)
    fast, stock = (data.cycles(CERTIFICATES, core, None, kind) for kind in ("fast", "stock"))
    text = f"- **Cycles** on {CORES[core]}: EDHOC-PSK {million(ours)} M; TLS 1.3 with that chain {million(fast)} M in"
    text += f" its fastest build, {million(stock)} M as it comes"
    return text + (f": {times(fast, ours)} and {times(stock, ours)} times." if fast and stock else ".")


def of_energy(data):
    """Energy of handshakes."""
    def pair(core, radio, name):
        return number(data.cost(core, radio)[name]["handshake"]["millijoules"])
    return (f"- **Energy** of a handshake, EDHOC-PSK and TLS 1.3 with that chain: on 802.15.4 with an M4 "
            f"{pair('m4', '802.15.4', 'edhoc-psk')} and {pair('m4', '802.15.4', 'tls13-certificates')} mJ; on LoRa "
            f"SF10 with an M0+ {pair('m0plus', 'lora-sf10', 'edhoc-psk')} and "
            f"{pair('m0plus', 'lora-sf10', 'tls13-certificates')} mJ.")


def day_of(data, case):
    """The costs of a day and its title, without the battery."""
    title, core, radio, readings, reconnects, battery = case
    costs = data.cost(core, radio, readings=readings, reconnects=reconnects, battery=battery)
    return title.rsplit(", ", 1)[0], costs


def of_frugal_day(data):
    """Where sleep is what costs."""
    title, costs = day_of(data, FRUGAL_DAY)
    ours, tls = costs["edhoc-psk"], costs["tls13-certificates"]
    day = ours["day"]
    text = (f"- **Where it hardly matters**: {title}. Sleep is "
            f"{100 * day['sleep_millijoules'] / day['millijoules']:.1f} % of a day's energy; a CR2032 lasts "
            f"{life(ours['battery_years'])} with EDHOC-PSK, {life(tls['battery_years'])} with certificates.")
    if tls["battery_years"] > 0.9 * ours["battery_years"]:
        text += (" Nobody needs a pre-shared key there to save the battery; flash, RAM and seconds of computing may be"
                 " reasons.")
    return text


def of_slow_day(data):
    """Where the radio is what costs."""
    title, costs = day_of(data, SLOW_DAY)
    lives = [f"{life(costs[name]['battery_years'])} {with_what}" for name, with_what in
             (("edhoc-psk-frames", "with EDHOC-PSK and frames"), ("edhoc-psk", "with CoAP and OSCORE"),
              ("tls13-psk-ecdhe", "with TLS 1.3, PSK + ECDHE"), ("tls13-certificates", "with certificates"),
              ("none", "with CoAP and no security")) if name in costs]
    ours, tls = (costs[name]["handshake"]["air_up_seconds"] / DUTY_CYCLE
                 for name in ("edhoc-psk", "tls13-certificates"))
    return (f"- **Where it does**: {title}. 2 AA cells last {', '.join(lives)}. The duty cycle of EU868 alone makes a "
            f"handshake take at least {duration(ours)} with EDHOC-PSK and {duration(tls)} with certificates.")


def of_keys(data, handshakes):
    """That much of this is the key and the arithmetic, not the protocol."""
    ours, psk = handshakes["edhoc-psk"], handshakes.get("tls13-psk-ecdhe")
    if not psk:
        return "- TLS with a pre-shared key: not measured."
    text = (f"- **Much of it is the pre-shared key, not the protocol**: on 802.15.4 with an M4 TLS 1.3 with PSK + "
            f"ECDHE takes {number(psk['millijoules'])} mJ, between EDHOC-PSK ({number(ours['millijoules'])}) and "
            f"certificates ({number(handshakes['tls13-certificates']['millijoules'])}). If you have TLS already and "
            f"flash for it, a pre-shared key inside it is the smaller step.")
    floor = assembly_floor(data, "tls13/psk_ecdhe_x25519", "m4")
    if floor:
        text += (f" And much is the elliptic curve: with the fastest X25519 in assembly that is published, TLS 1.3 "
                 f"with PSK + X25519 would take {million(floor)} M cycles on an M4; EDHOC-PSK takes "
                 f"{million(data.cycles(EDHOC, 'm4'))} M in C, {million(data.cycles(EDHOC, 'm4', '-O2 cortex_m'))} M "
                 f"with our own assembly.")
    return text


# ---- what if ----

def verification(data, core):
    """Cycles of one more certificate: what a chain of 3 takes more than one of 2."""
    three = data.cycles("tls13/certificates/leaf_2_intermediates", core, None, "fast")
    two = data.cycles(CERTIFICATES, core, None, "fast")
    return three - two if three and two else None


def raw_public_keys(data, core):
    """A chain of 1 without the verification of its certificate."""
    one, step = data.cycles("tls13/certificates/leaf", core, None, "fast"), verification(data, core)
    return one - step if one and step else None


def fast_x25519(data, core):
    """Certificates with our X25519 in place of Mbed TLS's, which takes what PSK + X25519 takes more than PSK."""
    parts = [data.cycles(scenario, core, None, "fast") for scenario in
             ("tls13/certificates_x25519/leaf_intermediate", "tls13/psk_ecdhe_x25519", "tls13/psk")]
    ours = [data.cycles(f"primitive/x25519/{part}", core, "-O2") for part in ("public_key", "shared_secret")]
    return None if None in parts + ours else parts[0] - (parts[1] - parts[2]) + sum(ours)


def without_public_key(row):
    """Cycles of a result that are not public-key work."""
    return row and row["cycles"] - row["split"]["public_key"]


def assembly_floor(data, scenario, core):
    """Cycles if public-key work took what the fastest published assembly takes."""
    return next((row["cycles"] for row in data.files.get("tls", {}).get("floor", [])
                 if (row["scenario"], row["core"]) == (scenario, core)), None)


def raw_public_key_bytes(data):
    """Bytes of TLS 1.3 with raw public keys, as published."""
    return next((sum(row["flights"]) for row in data.files.get("peers", {}).get("peers", [])
                 if row["peer"] == "TLS 1.3" and row["what"].startswith("RPKs, ECDHE; CCM-8, P-256")), None)


def what_ifs(data):
    """Rows: title, kind of figures, bytes, cycles on M0+ and M4. TLS 1.3 in its fastest build."""
    costs = data.cost("m4", "802.15.4")
    raw_bytes = raw_public_key_bytes(data)

    def handed(choice):
        return number(both_ways(costs[choice]["handshake"], "message_bytes") if choice in costs else None)

    def cycles(function):
        return [million(function(core)) for core in ("m0plus", "m4")]

    def measured(title, choice, scenario):
        return [title, "measured", handed(choice), *cycles(lambda core: data.cycles(scenario, core, None, "fast"))]

    def accelerated(file, scenario, flags, configuration):
        return cycles(lambda core: without_public_key(data.find(file, scenario, core, flags, configuration)))

    rows = [
        measured("as it is: chain of 2, P-256", "tls13-certificates", CERTIFICATES),
        measured("X25519 for the key exchange", "tls13-certificates-x25519",
                 "tls13/certificates_x25519/leaf_intermediate"),
        ["X25519 as fast as Husk's", "estimated", handed("tls13-certificates-x25519"),
         *cycles(lambda core: fast_x25519(data, core))],
        ["raw public keys", "bytes published, cycles estimated", number(raw_bytes),
         *cycles(lambda core: raw_public_keys(data, core))],
        ["compressed certificates", "estimated bounds", f"more than {number(raw_bytes)}",
         *(f"{value} or more" for value in cycles(lambda core: data.cycles(CERTIFICATES, core, None, "fast")))],
        measured("a ticket of the last session, with ECDHE", "tls13-ticket", "tls13/ticket"),
        measured("a ticket without ECDHE", "tls13-ticket-no-ecdhe", "tls13/ticket_no_ecdhe"),
        ["an accelerator that takes no time", "estimated", handed("tls13-certificates"),
         *accelerated("tls", CERTIFICATES, None, "fast")],
        ["P-256 in the fastest assembly published", "estimated", handed("tls13-certificates"),
         *cycles(lambda core: assembly_floor(data, CERTIFICATES, core))],
        ["PSK + X25519, and that in such assembly", "estimated", handed("tls13-psk-x25519"),
         *cycles(lambda core: assembly_floor(data, "tls13/psk_ecdhe_x25519", core))],
        ["EDHOC-PSK, for comparison", "measured", handed("edhoc-psk"), *cycles(lambda core: data.cycles(EDHOC, core))],
        ["EDHOC-PSK with Husk's assembly", "measured", handed("edhoc-psk"),
         *cycles(lambda core: data.cycles(EDHOC, core, "-O2 cortex_m"))],
        ["EDHOC-PSK with such an accelerator", "estimated", handed("edhoc-psk"),
         *accelerated("cycles", EDHOC, "-Os", None)],
    ]
    return table(["what if", "figures are", "bytes", "M cycles M0+", "M cycles M4"], rows)


def x25519(data):
    """Whether X25519 would help Mbed TLS."""
    plain, curve = ([data.cycles(scenario, core, None, "fast") for core in ("m0plus", "m4")]
                    for scenario in (CERTIFICATES, "tls13/certificates_x25519/leaf_intermediate"))
    text = "It saves 66 bytes of key shares; certificates, signatures and their verification stay P-256."
    if None in plain + curve:
        return text
    change = [100 * (b / a - 1) for a, b in zip(plain, curve)]
    return f"{text} Mbed TLS's cycles change by {change[0]:+.0f} % on M0+ and {change[1]:+.0f} % on M4."


# ---- how far to trust it ----

def model_error(data):
    """The error of the cycle model, as measured."""
    errors = data.files["cycles"]["model"]["error_percent"]
    words = (f"{low:.1f} %" if low == high else f"{low:+.1f} to {high:+.1f} %" for low, high in errors.values())
    return ", ".join(f"{word} on {CORES[core]}" for word, core in zip(words, errors))


def lower_bounds(data):
    """How far below `cycles` the manuals leave room, for the handshakes."""
    words = []
    for core in ("m3", "m4"):
        for file, title in (("cycles", "Husk"), ("tls", "TLS")):
            room = [1 - row["cycles_low"] / row["cycles"] for row in data.files.get(file, {}).get("results", [])
                    if row["core"] == core and row["scenario"].startswith(("edhoc", "kudos", "tls", "dtls"))]
            if room:
                words.append(f"{100 * max(room):.0f} % for {title} on {CORES[core]}")
    return ", ".join(words)
