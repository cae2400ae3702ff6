"""Where the core and peer/edhoc_psk.py draw the line between well-formed and malformed: messages that were changed, and
plaintexts of any CBOR under the right keys. What the core takes, the peer has to take and read alike; what the peer
takes, in deterministic encoding and within the core's stated limits, the core has to take."""

import cbor2

import husk_core as core
from harness import Run, equal, raises
from peer.edhoc_psk import (EdhocError, Initiator, Responder, decode_ead, encode_ead, encode_identifier,
                            read_sequence)
from peer.suites import SUITES, Refused
from test_edhoc_psk import KNOWN_LABELS, Session, random_ead, to_core

ANY = [0, 1, 23, 24, 255, 256, 65535, -1, -24, -25, -300, b"", b"\x05", b"\x18", b"abc", bytes(40), "text", [], [0],
       [0, 1], [0, [1]], {}, {4: b"kid"}, {4: b"kid", 5: 1}, True, False, None, 1.5, cbor2.CBORTag(24, b"x")]


def any_item(rng):
    """Encoded; sometimes not in the shortest form, sometimes cut off."""
    value = rng.choice(ANY)
    encoded = cbor2.dumps(value)
    kind = rng.random()
    if kind < 0.05 and isinstance(value, int) and 0 <= value < 24:
        return bytes([0x18, value])
    if kind < 0.05 and isinstance(value, bytes):
        return b"\x5f" + encoded + b"\xff"
    if kind < 0.08:
        return encoded[:-1]
    return encoded


def any_sequence(rng, most):
    return b"".join(any_item(rng) for _ in range(rng.randint(0, most)))


def mutate(rng, message):
    changed = bytearray(message)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(len(changed))
        kind = rng.randrange(5)
        if kind == 0:
            changed[at] = rng.randrange(256)
        elif kind == 1:
            del changed[at]
        elif kind == 2:
            changed.insert(at, rng.randrange(256))
        elif kind == 3:
            changed[at:at] = any_item(rng)
        else:
            changed += any_item(rng)
        if not changed:
            return b"\x00"
    return bytes(changed)


def deterministic(sequence):
    """Every item in the encoding of RFC 8949 section 4.2.1."""
    return all(cbor2.dumps(value, canonical=True) == encoding for value, encoding in read_sequence(sequence))


def labels_fit(ead):
    """The registry of EAD labels ends at 65535 (RFC 9528 section 10.5)."""
    return all(abs(label) <= 65535 for label, _ in ead)


def outcome(call, *arguments):
    """(accepted, result)"""
    try:
        return True, call(*arguments)
    except (EdhocError, Refused, core.HuskError):
        return False, None


def message_1(rng, suite):
    session = Session(rng, suite, False)
    message = mutate(rng, session.peer.message_1(random_ead(rng)[:1]))
    if rng.random() < 0.3:
        suites = rng.choice([suite, [suite], [suite, suite], [], [b"x", suite], [6, suite], [suite, 6], "0",
                             [-24, suite], [70000, suite], [2 ** 40, suite]])
        message = (b"\x04" + cbor2.dumps(suites) + cbor2.dumps(session.peer.g_x) + encode_identifier(session.c_i)
                   + any_sequence(rng, 2))
    peer = Responder(rng.randbytes, [suite], b"\x01", session.lookup, KNOWN_LABELS)
    before = session.core.snapshot
    accepted, ead = outcome(session.core.message_1_process, message)
    peer_accepted, peer_ead = outcome(peer.process_message_1, message)
    if accepted:
        equal(peer_accepted, True, f"the peer's verdict on {message.hex()}")
        equal((session.core.identifier("c_i"), ead), (peer.c_i, encode_ead(peer_ead)), "C_I and EAD_1")
        return
    equal(session.core.snapshot, before, "session after a refusal")
    # With a suite listed twice, RFC 9528 5.2.3 ("no prior cipher suite is supported") and 6.3.1 ("the first that the
    # Responder also supports") can be read to differ: refusing and accepting are both right.
    suites_i = read_sequence(message)[1][0] if peer_accepted else None
    twice = isinstance(suites_i, list) and len(set(suites_i)) < len(suites_i)
    longest = SUITES[suite].app_aead.nonce_bytes - 6
    if peer_accepted and deterministic(message) and labels_fit(peer_ead) and len(peer.c_i) <= longest and not twice:
        raise AssertionError(f"the core refuses {message.hex()}")


def plaintext_2a(rng, suite):
    """Anything under KEYSTREAM_2A."""
    session = Session(rng, suite, True).until(1)
    message_2 = session.peer.message_2()
    g_y, c_r = message_2[2:34], encode_identifier(session.c_r)
    plaintext = rng.choice([c_r + any_sequence(rng, 3), any_sequence(rng, 3), mutate(rng, c_r),
                            b"\x41" + c_r if len(c_r) == 1 else c_r, encode_identifier(session.c_i)])
    before = session.core.snapshot
    accepted, ead = outcome(session.core.message_2_process, cbor2.dumps(g_y + session.peer.stream_2a(plaintext)))
    peer = Initiator(rng.randbytes, [suite], session.c_i, session.psk, KNOWN_LABELS)
    peer_accepted, read = outcome(peer.read_plaintext_2a, plaintext)
    if accepted:
        equal(peer_accepted, True, f"the peer's verdict on {plaintext.hex()}")
        equal((session.core.identifier("c_r"), ead), (read[0], encode_ead(read[1])), "C_R and EAD_2")
        return
    equal(session.core.snapshot, before, "session after a refusal")
    longest = SUITES[suite].app_aead.nonce_bytes - 6
    if peer_accepted and deterministic(plaintext) and labels_fit(read[1]) and len(read[0]) <= longest:
        raise AssertionError(f"the core refuses {plaintext.hex()}")


def plaintext_3a(rng, suite):
    """Anything under KEYSTREAM_3A, in front of a CIPHERTEXT_3B that verifies or in its place."""
    session = Session(rng, suite, False).until(2)
    session.peer.message_3()
    good = session.peer.plaintext_3a
    plaintext = rng.choice([mutate(rng, good), any_sequence(rng, 3), any_item(rng) + good, good + any_item(rng),
                            cbor2.dumps({4: session.psk.kid}) + good[len(encode_identifier(session.psk.kid)):], good])
    message = cbor2.dumps(session.peer.stream_3a(plaintext))
    before = session.core.snapshot
    accepted, ead = outcome(session.core.message_3_process, to_core(session.psk), message)
    equal(accepted, plaintext == good, f"the core's verdict on {plaintext.hex()}")
    if accepted:
        equal(ead, b"", "EAD_3")
        return
    equal(session.core.snapshot, before, "session after a refusal")


def sealed(rng, suite):
    """Anything as EAD_3 and EAD_4, sealed with the right key."""
    plaintext = any_sequence(rng, 4) if rng.random() < 0.7 else mutate(rng, encode_ead([(7, b"abc"), (0, None)]))
    if rng.random() < 0.5:
        session = Session(rng, suite, False).until(2)
        session.peer.mix_psk(session.psk)
        sealed_3b = session.peer.suite.edhoc_aead.seal(session.peer.k_3, session.peer.iv_3, plaintext,
                                                       session.peer.aad_3)
        whole = session.peer.stream_3a(session.peer.id_cred_psk + cbor2.dumps(sealed_3b))
        accepted, ead = outcome(session.core.message_3_process, to_core(session.psk), cbor2.dumps(whole))
    else:
        session = Session(rng, suite, True).until(3)
        sealed_4 = session.peer.suite.edhoc_aead.seal(session.peer.k_4, session.peer.iv_4, plaintext,
                                                      session.peer.aad_4)
        accepted, ead = outcome(session.core.message_4_process, cbor2.dumps(sealed_4))
    peer_accepted, items = outcome(lambda: decode_ead(read_sequence(plaintext), set(KNOWN_LABELS)))
    if accepted:
        equal(peer_accepted, True, f"the peer's verdict on {plaintext.hex()}")
        equal(ead, encode_ead(items), "EAD")
    elif peer_accepted and deterministic(plaintext) and labels_fit(items):
        raise AssertionError(f"the core refuses {plaintext.hex()}")


def error_messages(rng, suite):
    """ERR_CODE and ERR_INFO of any type; the core reads what section 6 of RFC 9528 allows."""
    session = Session(rng, suite, True)
    session.core.message_1_compose()
    code = rng.choice([1, 2, 3, 4, -1, 65536, 24])
    info = {1: rng.choice(["", "text", "äß", "x" * 300]), 2: rng.choice([0, [2, 3], [0, 1, 2, -24], 70000]),
            3: True}.get(code, rng.choice(ANY))
    message = cbor2.dumps(code) + cbor2.dumps(info)
    got = session.core.error_read(message)
    equal(got[0], code, "ERR_CODE")
    equal((got[1], got[2]), (info.encode() if code == 1 else b"", cbor2.dumps(info) if code == 2 else b""), "ERR_INFO")
    raises("PEER", session.core.message_2_process, message)
    if code in (1, 2):
        wrong = cbor2.dumps(rng.choice([True, b"x", {}, [1.5, 2]]))
        raises("FORMAT", session.core.error_read, cbor2.dumps(code) + wrong)
    raises("FORMAT", session.core.error_read, message + b"\x00")
    raises("FORMAT", session.core.error_read, message[:-1] if len(message) > 1 else b"")


def main():
    run = Run(__doc__)
    for kind, share in ((message_1, 10), (plaintext_2a, 5), (plaintext_3a, 5), (sealed, 5), (error_messages, 1)):
        for number in range(run.count * share):
            with run.case(kind.__name__, number):
                suite = core.SUITE_IDS[number % len(core.SUITE_IDS)]
                kind(run.random("parsing", kind.__name__, number), suite)
    run.finish()


if __name__ == "__main__":
    main()
