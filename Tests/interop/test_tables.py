"""The AEADs and curves behind the suites, through their tables, against the `cryptography` package: random inputs, and
the ones at the edges."""

import husk_core as core
from harness import Run, equal
from peer.suites import AEADS, P256, SUITES, X25519, Refused

PRIME = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
B = 41058363725152142129326129780047268409114441015993725554835256314039467401291
ORDER = P256.ORDER


def tables():
    """AEADs and curves of the suites that the headers declare."""
    aeads, curves = {}, {}
    for number in core.SUITE_IDS:
        suite = core.suite(number)
        for aead in (suite.edhoc_aead, suite.app_aead):
            aeads[aead.cose_alg] = aead
        curves[suite.ecdh.cose_curve] = suite.ecdh
    return aeads, curves


def suites(run):
    for number in core.SUITE_IDS:
        with run.case("table of suite", number):
            mine, model = core.suite(number), SUITES[number]
            equal((mine.id, mine.edhoc_aead.cose_alg, mine.app_aead.cose_alg, mine.ecdh.cose_curve, mine.mac_bytes),
                  (number, model.edhoc_aead.cose_alg, model.app_aead.cose_alg, model.ecdh.COSE_CURVE, model.mac_bytes),
                  "numbers")


# ---- AEADs -----------------------------------------------------------------------------------------------------------

def aead_case(rng, table, model):
    key, nonce = rng.randbytes(model.key_bytes), rng.randbytes(model.nonce_bytes)
    text = rng.randbytes(rng.choice([0, 1, 15, 16, 17, 63, 64, 65, rng.randint(0, 200), rng.randint(0, 2000)]))
    aad = rng.randbytes(rng.choice([0, 1, 13, 14, 15, 16, 17, 30, rng.randint(0, 300)]))
    cuts = sorted(rng.randint(0, len(aad)) for _ in range(rng.randint(0, 3)))
    parts = [aad[a:b] for a, b in zip([0, *cuts], [*cuts, len(aad)])]
    keep = core.Keep()
    slices = core.ffi.new("husk_bytes[]", [keep.bytes(part) for part in parts])
    memory = core.ffi.new("uint8_t[]", len(text) + model.tag_bytes)
    core.ffi.memmove(memory, text, len(text))
    core.check(table.seal(table, key, nonce, slices, len(parts), memory, len(text)))
    sealed = model.seal(key, nonce, text, aad)
    equal(bytes(memory), sealed, "sealed")
    core.check(table.open(table, key, nonce, slices, len(parts), memory, len(text)))
    equal(bytes(core.ffi.buffer(memory, len(text))), text, "opened")
    changed = bytearray(sealed)
    changed[rng.randrange(len(sealed))] ^= 1 << rng.randrange(8)
    core.ffi.memmove(memory, bytes(changed), len(changed))
    equal(table.open(table, key, nonce, slices, len(parts), memory, len(text)),
          core.C["HUSK_ERR_AUTHENTICATION"], "status of a forgery")
    equal(bytes(core.ffi.buffer(memory, len(text))), bytes(len(text)), "text after a forgery")


# ---- Curves ----------------------------------------------------------------------------------------------------------

def public_key(table, private):
    out = core.ffi.new("uint8_t[32]")
    return table.public_key(private, out), bytes(out)


def shared_secret(table, private, peer):
    out = core.ffi.new("uint8_t[32]", b"\xaa" * 32)
    return table.shared_secret(private, peer, out), bytes(out)


def compare(table, model, private, peer):
    """One private key and one x-coordinate, valid or not."""
    try:
        key = model.load(private)
    except Refused:
        equal(public_key(table, private)[0], core.C["HUSK_ERR_RANDOM"], "status for a bad private key")
        return
    equal(public_key(table, private), (0, model.public_bytes(key)), "public key")
    try:
        expected = 0, model.shared_secret(key, peer)
    except Refused:
        expected = core.C["HUSK_ERR_PUBLIC_KEY"], bytes(32)
    equal(shared_secret(table, private, peer), expected, "shared secret")


def big_endian(number):
    return number.to_bytes(32, "big")


def p256_private(rng):
    return big_endian(rng.choice([
        rng.randrange(1, ORDER), rng.randrange(1, ORDER), rng.randrange(1, 40), ORDER - rng.randrange(1, 40),
        ORDER // 2 + rng.randrange(-3, 3), 1 << rng.randrange(256), (1 << rng.randrange(1, 256)) - 1]))


def p256_point(rng):
    """x-coordinates: of random points, close to both ends of the field, with long runs of zeros or ones; about half of
    those that were not made from a key are on no point."""
    return big_endian(rng.choice([
        int.from_bytes(P256.generate(rng.randbytes)[1], "big"), rng.randrange(1 << 256), rng.randrange(20),
        PRIME - rng.randrange(1, 20), PRIME + rng.randrange(20), (1 << 256) - 1 - rng.randrange(5),
        (1 << rng.randrange(256)) + rng.randrange(3), PRIME - (1 << rng.randrange(255)) - rng.randrange(3)]))


def curves(run, found):
    for number in range(run.count * 5):
        rng = run.random("curve", number)
        if P256.COSE_CURVE in found:
            with run.case("P-256", number):
                compare(found[P256.COSE_CURVE], P256, p256_private(rng), p256_point(rng))
        with run.case("X25519", number):
            peer = rng.choice([rng.randbytes(32), (rng.randrange(20)).to_bytes(32, "little"),
                               (2 ** 255 - 19 + rng.randrange(-19, 19)).to_bytes(32, "little"),
                               (2 ** 256 - 1 - rng.randrange(40)).to_bytes(32, "little")])
            compare(found[X25519.COSE_CURVE], X25519, rng.randbytes(32), peer)
    if P256.COSE_CURVE in found:
        for private in (0, ORDER, ORDER + 1, (1 << 256) - 1):
            with run.case("P-256 private key", hex(private)):
                compare(found[P256.COSE_CURVE], P256, big_endian(private), bytes(32))
        with run.case("P-256: x = 0 and x = p are told apart"):
            if pow(B, (PRIME - 1) // 2, PRIME) != 1:
                raise AssertionError("x = 0 should be on the curve")
            key = big_endian(12345)
            equal(shared_secret(found[P256.COSE_CURVE], key, big_endian(0))[0], 0, "status for x = 0")
            equal(shared_secret(found[P256.COSE_CURVE], key, big_endian(PRIME))[0], core.C["HUSK_ERR_PUBLIC_KEY"],
                  "status for x = p")


def main():
    run = Run(__doc__)
    suites(run)
    aeads, found = tables()
    for alg, table in aeads.items():
        for number in range(run.count * 5):
            with run.case("AEAD", alg, number):
                aead_case(run.random("aead", alg, number), table, AEADS[alg])
    curves(run, found)
    run.finish()


if __name__ == "__main__":
    main()
