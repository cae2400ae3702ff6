"""What the report's tables show, in which order, and how it is called there."""

# Choices of `husk cost`: what most tables show, and those of tables with little room.
MAIN = ("edhoc-psk", "edhoc-psk-combined", "edhoc-resumption", "kudos-fs", "edhoc-psk-frames", "kudos-frames",
        "tls13-certificates", "tls13-ticket", "tls13-psk-x25519", "tls13-psk-ecdhe", "tls13-psk",
        "tls12-certificates", "tls12-ticket", "tls12-psk", "dtls12-certificates", "dtls12-psk")
FEW = ("edhoc-psk", "edhoc-psk-frames", "kudos-fs", "tls13-certificates", "tls13-psk-ecdhe", "tls13-psk",
       "dtls12-psk", "none")

# Scenarios of cycles.json and tls.json.
CERTIFICATES = "tls13/certificates/leaf_intermediate"
HUSK_CYCLES = {
    "edhoc_psk/suite_0/message_4": "EDHOC-PSK, X25519",
    "edhoc_psk/suite_2/message_4": "EDHOC-PSK, P-256",
    "edhoc_psk/suite_4/message_4": "EDHOC-PSK, X25519, ChaCha20",
    "edhoc_psk/suite_0/combined": "EDHOC-PSK combined, with a reading",
    "edhoc_psk/suite_0/resumption": "EDHOC-PSK resumed",
    "kudos/fs": "KUDOS FS",
    "kudos/no_fs": "KUDOS no-FS",
}
TLS_CYCLES = {
    CERTIFICATES: "TLS 1.3, chain of 2",
    "tls13/certificates/leaf_2_intermediates": "TLS 1.3, chain of 3",
    "tls13/certificates_x25519/leaf_intermediate": "TLS 1.3, chain of 2, X25519",
    "tls13/ticket": "TLS 1.3, ticket + ECDHE",
    "tls13/ticket_no_ecdhe": "TLS 1.3, ticket",
    "tls13/psk_ecdhe": "TLS 1.3, PSK + ECDHE",
    "tls13/psk_ecdhe_x25519": "TLS 1.3, PSK + X25519",
    "tls13/psk": "TLS 1.3, PSK",
    "tls12/certificates/leaf_intermediate": "TLS 1.2, chain of 2",
    "tls12/certificates/leaf_2_intermediates": "TLS 1.2, chain of 3",
    "tls12/session_id": "TLS 1.2, session ID",
    "tls12/ticket": "TLS 1.2, ticket",
    "tls12/psk": "TLS 1.2, PSK",
    "dtls12/cid/certificates/leaf_intermediate": "DTLS 1.2, CID, chain of 2",
    "dtls12/cid/psk": "DTLS 1.2, CID, PSK",
}
# Handshakes of Husk whose instructions on the host are shown.
HOST_HUSK = ("edhoc_psk/suite_0/message_4", "edhoc_psk/suite_2/message_4", "edhoc_psk/suite_0/resumption", "kudos/fs",
             "kudos/no_fs")
HOST_TLS = TLS_CYCLES | {f"{version}/certificates/leaf": f"{title}, chain of 1"
                         for version, title in (("tls13", "TLS 1.3"), ("tls12", "TLS 1.2"))}
# Profiles of memory.json, and scenarios of TLS whose memory is shown.
PROFILES = {"oscore": "OSCORE alone", "frame": "frames alone", "endpoint_kudos": "endpoint, KUDOS",
            "endpoint": "endpoint, EDHOC-PSK", "link": "link, EDHOC-PSK and KUDOS"}
TLS_MEMORY = (CERTIFICATES, "tls13/psk_ecdhe", "tls13/psk", "tls12/certificates/leaf_intermediate", "tls12/psk",
              "dtls12/cid/psk")

RADIOS = {"802.15.4": "802.15.4", "ble": "BLE", "lora-sf7": "LoRa SF7", "lora-sf10": "LoRa SF10",
          "lora-sf12": "LoRa SF12", "nb-iot": "NB-IoT"}
FEW_RADIOS = ("802.15.4", "ble", "lora-sf10", "nb-iot")

# Days of the energy section: title, core, radio, readings and handshakes a day, battery.
DAYS = (("802.15.4, M4, a reading an hour, a handshake a day, CR2032", "m4", "802.15.4", 24, 1, "cr2032"),
        ("BLE, M0+, a reading a minute, a handshake an hour, CR2032", "m0plus", "ble", 1440, 24, "cr2032"),
        ("LoRa SF10, M0+, a reading an hour, a handshake a day, 2 AA", "m0plus", "lora-sf10", 24, 1, "2aa"),
        ("NB-IoT, M4, a reading an hour, a handshake with each, 2 AA", "m4", "nb-iot", 24, 24, "2aa"))
FRUGAL_DAY, SLOW_DAY = DAYS[0], DAYS[2]

CHAINS = {"TLS 1.3": ("tls13-certificates-1", "tls13-certificates", "tls13-certificates-3"),
          "TLS 1.2": ("tls12-certificates-1", "tls12-certificates", "tls12-certificates-3")}


def both_ways(part, name):
    """Up and down together."""
    return part[f"{name}_up"] + part[f"{name}_down"]


def air_time(part):
    """Seconds on air both ways."""
    return part["air_up_seconds"] + part["air_down_seconds"]
