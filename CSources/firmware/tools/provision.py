#!/usr/bin/env python3
"""Writes a provisioning file (layout: provisioning.h) for QEMU's `-device loader` or a flash tool.

    provision.py --kid 01 --key 000102...0f --device sensor-1 --gateway gateway.example prov.bin
    provision.py --kudos fs --kid 01 --peer-id 02 --key 000102...0f prov.bin
    provision.py --kid 01 --key 000102...0f --device door --gateway gateway --application home --envelope-key 1011...1f \
        prov.bin
"""
import argparse
import struct
import sys
import zlib

KID_MAX, KEY_MIN, KEY_MAX, CRED_MAX = 24, 16, 64, 128
ID_MAX, SECRET_MAX = 7, 32
ENVELOPE_KEY_MAX, ENVELOPE_KID_MAX, NAME_MAX = 32, 16, 32
VERSION, EDHOC_PSK, KUDOS = 3, 0, 1
SUITES = range(6)
SEQUENTIAL, RESUME, KUDOS_FS = 1, 2, 4


def head(major, argument):
    """The head of a CBOR data item with an argument below 256."""
    if argument < 24:
        return bytes([major << 5 | argument])
    if argument < 256:
        return bytes([major << 5 | 24, argument])
    raise ValueError("longer than 255 bytes")


def credential(subject, kid):
    """The CCS of a party: { 2 : subject, 8 : { 1 : { 1 : 4, 2 : kid } } } (draft-ietf-lake-edhoc-psk-08 section 3.1.2)."""
    text = subject.encode()
    return (b"\xa2\x02" + head(3, len(text)) + text
            + b"\x08\xa1\x01\xa2\x01\x04\x02" + head(2, len(kid)) + kid)


def check(name, value, least, most):
    """Refuses a field of the wrong length."""
    if not least <= len(value) <= most:
        raise ValueError(f"{name} is {len(value)} bytes long, not {least} to {most}")


def image(kid, key, cred_i, cred_r, readings=3, interval_ms=0, suite=0, flags=SEQUENTIAL, restarts=0,
          envelopes=None):
    """The 484 bytes of struct provisioning; `envelopes` as from envelopes() below."""
    check("kid", kid, 1, KID_MAX)
    check("key", key, KEY_MIN, KEY_MAX)
    check("credential of the device", cred_i, 1, CRED_MAX)
    check("credential of the gateway", cred_r, 1, CRED_MAX)
    if cred_i == cred_r:
        raise ValueError("device and gateway must have different identities")
    if suite not in SUITES:
        raise ValueError(f"there is no cipher suite {suite}: use 0 to 5")
    return pack(EDHOC_PSK, kid, key, cred_i, cred_r, readings, interval_ms, suite, flags, restarts, envelopes)


def kudos_image(sender_id, recipient_id, secret, fs, readings=3, interval_ms=0, restarts=0):
    """The same for the symmetric-only profile: OSCORE identifiers and Master Secret."""
    check("Sender ID of the device", sender_id, 0, ID_MAX)
    check("Sender ID of the gateway", recipient_id, 0, ID_MAX)
    check("Master Secret", secret, KEY_MIN, SECRET_MAX)
    if sender_id == recipient_id:
        raise ValueError("device and gateway must have different identifiers")
    return pack(KUDOS, sender_id, secret, recipient_id, b"", readings, interval_ms, 0, KUDOS_FS if fs else 0, restarts)


def envelopes(key, device, application, kid=b"\0", commands=0):
    """What a device needs for envelopes: the root key and its two ends, and how many to take before it ends."""
    check("key of envelopes", key, KEY_MIN, ENVELOPE_KEY_MAX)
    check("kid of envelopes", kid, 0, ENVELOPE_KID_MAX)
    names = [name.encode() for name in (device, application)]
    for name in names:
        check("name of an end of envelopes", name, 1, NAME_MAX)
    return struct.pack(">BBBBB3x32s16s32s32s", len(key), len(kid), *map(len, names), commands, key, kid, *names)


def pack(profile, kid, key, cred_i, cred_r, readings, interval_ms, suite, flags, restarts, sealed=None):
    """The fields of struct provisioning, and their CRC."""
    body = struct.pack(">4sBBBBBBHBBBB24s64s128s128s", b"HUSK", VERSION, len(kid), len(key), len(cred_i), len(cred_r),
                       readings, interval_ms, suite, flags, profile, restarts, kid, key, cred_i, cred_r)
    body += sealed or bytes(120)
    return body + struct.pack(">I", zlib.crc32(body))


def arguments():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kid", type=bytes.fromhex, required=True, help="key identifier, hex")
    parser.add_argument("--key", type=bytes.fromhex, required=True, help="pre-shared key, hex, at least 16 bytes")
    parser.add_argument("--device", help="identity of the device")
    parser.add_argument("--gateway", help="identity of the gateway")
    parser.add_argument("--kudos", choices=["fs", "no-fs"], help="the symmetric-only profile, in this mode: --key is the "
                        "OSCORE Master Secret, --kid the device's Sender ID, --peer-id the gateway's")
    parser.add_argument("--peer-id", type=bytes.fromhex, help="with --kudos: Sender ID of the gateway, hex")
    parser.add_argument("--readings", type=int, default=3, help="how many readings to send (default 3)")
    parser.add_argument("--interval", type=int, default=0, metavar="MS", help="pause between readings (default 0)")
    parser.add_argument("--suite", type=int, default=0,
                        help="EDHOC cipher suite; the sensor has 0, 2 and 4 (default 0)")
    parser.add_argument("--combined", action="store_true", help="send message 3 and the first reading in one datagram")
    parser.add_argument("--resume", action="store_true", help="authenticate with the key that the last session left")
    parser.add_argument("--restarts", type=int, default=0, metavar="N",
                        help="after the readings, lose the session N times and send one reading more (default 0)")
    parser.add_argument("--application", help="the other end of envelopes, whose first end is --device")
    parser.add_argument("--envelope-key", type=bytes.fromhex, help="root key of envelopes, hex, 16 to 32 bytes")
    parser.add_argument("--envelope-kid", type=bytes.fromhex, default=b"\0", help="its identifier, hex (default 00)")
    parser.add_argument("--commands", type=int, default=0, metavar="N",
                        help="end after N envelopes that came; 0: never (default)")
    parser.add_argument("file", help="where to write it")
    return parser.parse_args()


def from_arguments(args):
    """What to write."""
    if args.kudos:
        if args.peer_id is None:
            raise ValueError("--kudos needs --peer-id")
        return kudos_image(args.kid, args.peer_id, args.key, args.kudos == "fs", args.readings, args.interval,
                           args.restarts)
    if not args.device or not args.gateway:
        raise ValueError("--device and --gateway are needed")
    flags = (0 if args.combined else SEQUENTIAL) | (RESUME if args.resume else 0)
    if (args.application is None) != (args.envelope_key is None):
        raise ValueError("--application and --envelope-key go together")
    sealed = envelopes(args.envelope_key, args.device, args.application, args.envelope_kid,
                       args.commands) if args.application else None
    return image(args.kid, args.key, credential(args.device, args.kid), credential(args.gateway, args.kid), args.readings,
                 args.interval, args.suite, flags, args.restarts, sealed)


def main():
    """Writes the file; on a bad argument says which and exits with 1."""
    args = arguments()
    try:
        content = from_arguments(args)
    except (ValueError, struct.error) as error:
        sys.exit(f"provision.py: {error}")
    with open(args.file, "wb") as out:
        out.write(content)


if __name__ == "__main__":
    main()
