"""EDHOC method 3 (static Diffie-Hellman keys) with suite 2 of the core against lakers, both roles, message by message.
Credentials are CCS, referenced by kid.

Where lakers 0.6.2 stops short, so do the cases: it takes kids of up to 16 bytes, and writes exporter labels above 23 as
bare bytes instead of CBOR."""

import cbor2
import lakers

import husk_core as core
from harness import Run, equal, raises
from peer.edhoc_psk import encode_ead
from peer.suites import P256

SUITE = 2
METHODS = 1 << 3
BY_REFERENCE = lakers.CredentialTransfer.ByReference


class Party:
    """A key pair and its CCS."""

    def __init__(self, rng):
        self.kid = rng.randbytes(1 if rng.random() < 0.5 else rng.randint(2, 16))
        key, self.x = P256.generate(rng.randbytes)
        self.private = key.private_numbers().private_value.to_bytes(32, "big")
        y = key.public_key().public_numbers().y.to_bytes(32, "big")
        subject = "node " + "x" * rng.randint(0, 30)
        self.cred = cbor2.dumps({2: subject, 8: {1: {1: 2, 2: self.kid, -1: 1, -2: self.x, -3: y}}})

    def own(self):
        return core.StaticCredential(self.kid, self.cred, None, self.private)

    def as_peer(self):
        return core.StaticCredential(self.kid, self.cred, self.x)


def parties(rng, count):
    """With different kids."""
    found = {}
    while len(found) < count:
        party = Party(rng)
        found.setdefault(party.kid, party)
    return found.values()


def random_ead(rng):
    if rng.random() < 0.5:
        return []
    return [(rng.choice([0, 5, 300]), rng.choice([None, b"", rng.randbytes(rng.randint(1, 40))]))
            for _ in range(rng.randint(1, 2))]


def for_lakers(items):
    return [lakers.EADItem(abs(label), label < 0, value) for label, value in items]


def from_lakers(items):
    return [(-item.label() if item.is_critical() else item.label(), item.value()) for item in items]


def identifiers(rng):
    c_i, c_r = (rng.randbytes(rng.choice([1, 1, 2, 7])) for _ in range(2))
    return (c_i, c_r) if c_i != c_r else identifiers(rng)


class Session:
    """One side is the core. `foreign` lets the core's protocol run on the primitives of `cryptography`."""

    def __init__(self, rng, core_initiates, foreign):
        self.rng, self.core_initiates, self.foreign = rng, core_initiates, foreign
        self.i, self.r, self.other = parties(rng, 3)
        self.c_i, self.c_r = identifiers(rng)
        role = "initiator" if core_initiates else "responder"
        self.core = core.Edhoc(rng.randbytes, [SUITE], role, self.c_i, methods=METHODS, static=core_initiates,
                               foreign=foreign)
        self.peer = lakers.EdhocInitiator() if core_initiates is False else lakers.EdhocResponder(
            self.r.private, self.r.cred)

    def find(self, kid):
        """The Initiator's credential, for the core as Responder, among others."""
        return {party.kid: party.as_peer() for party in (self.i, self.other)}[kid]

    def messages_1_and_2(self):
        ead_1, ead_2 = random_ead(self.rng), random_ead(self.rng)
        if self.core_initiates:
            c_i, got = self.peer.process_message_1(self.core.message_1_compose(encode_ead(ead_1)))
            equal((bytes(c_i), from_lakers(got)), (self.c_i, ead_1), "message 1 at lakers")
            message_2 = self.peer.prepare_message_2(BY_REFERENCE, self.c_r, for_lakers(ead_2))
            peers = [self.other.as_peer(), self.r.as_peer()]
            index, got = self.core.static_message_2_process(peers, message_2)
            equal((index, got), (1, encode_ead(ead_2)), "message 2 at the core")
            return
        got = self.core.message_1_process(self.peer.prepare_message_1(self.c_i, for_lakers(ead_1)))
        equal((got, self.core.c.method), (encode_ead(ead_1), 3), "message 1 at the core")
        message_2 = self.core.static_message_2_compose(self.r.own(), self.c_r, encode_ead(ead_2))
        c_r, id_cred_r, got = self.peer.parse_message_2(message_2)
        equal((bytes(c_r), bytes(id_cred_r), from_lakers(got)), (self.c_r, cbor2.dumps({4: self.r.kid}), ead_2),
              "message 2 at lakers")
        self.peer.verify_message_2(self.i.private, self.i.cred, self.r.cred)

    def messages_3_and_4(self):
        ead_3, ead_4 = random_ead(self.rng), random_ead(self.rng)
        with_4 = self.rng.random() < 0.7
        if self.core_initiates:
            message_3 = self.core.static_message_3_compose(self.i.own(), encode_ead(ead_3))
            id_cred_i, got = self.peer.parse_message_3(message_3)
            equal((bytes(id_cred_i), from_lakers(got)), (cbor2.dumps({4: self.i.kid}), ead_3), "message 3 at lakers")
            self.peer.verify_message_3(self.i.cred)
            if with_4:
                got = self.core.message_4_process(self.peer.prepare_message_4(for_lakers(ead_4)))
                equal(got, encode_ead(ead_4), "message 4 at the core")
            else:
                self.peer.completed_without_message_4()
                self.core.confirm()
        else:
            message_3, _ = self.peer.prepare_message_3(BY_REFERENCE, for_lakers(ead_3))
            equal(self.core.static_message_3_process(self.find, message_3), encode_ead(ead_3), "message 3 at the core")
            if with_4:
                got = self.peer.process_message_4(self.core.message_4_compose(encode_ead(ead_4)))
                equal(from_lakers(got), ead_4, "message 4 at lakers")
            else:
                self.peer.completed_without_message_4()
                self.core.confirm()

    def compare_exports(self):
        for label, context, length in ((0, b"", 16), (1, b"", 8), (2, b"", 32),
                                       (self.rng.randint(3, 23), self.rng.randbytes(self.rng.randint(0, 20)), 40)):
            equal(self.core.export(label, context, length),
                  bytes(self.peer.edhoc_exporter(label, list(context), length)), f"export {label}")


def sessions(run, foreign):
    for core_initiates in (True, False):
        for number in range(run.count if not foreign else max(1, run.count // 5)):
            with run.case("lakers, core as", "initiator" if core_initiates else "responder", number,
                          "on foreign primitives" * foreign):
                session = Session(run.random("lakers", core_initiates, number, foreign), core_initiates, foreign)
                session.messages_1_and_2()
                session.messages_3_and_4()
                session.compare_exports()


def lakers_refuses(call, *arguments):
    try:
        call(*arguments)
    except Exception:  # lakers raises ValueError, or a panic for what it did not expect
        return
    raise AssertionError("lakers accepted")


def wrong_responder(rng, foreign):
    """Another party answers with the right kid."""
    session = Session(rng, True, foreign)
    impostor = Party(rng)
    session.peer = lakers.EdhocResponder(impostor.private, session.r.cred)
    session.peer.process_message_1(session.core.message_1_compose())
    message_2 = session.peer.prepare_message_2(BY_REFERENCE, session.c_r, [])
    before = session.core.snapshot
    raises("AUTHENTICATION", session.core.static_message_2_process, [session.r.as_peer()], message_2)
    raises("CREDENTIAL", session.core.static_message_2_process, [session.i.as_peer()], message_2)
    equal(session.core.snapshot, before, "session after a refusal")

    session = Session(rng, False, foreign)
    session.core.message_1_process(session.peer.prepare_message_1(session.c_i))
    other = Party(rng)
    own = core.StaticCredential(session.r.kid, session.r.cred, None, other.private)
    session.peer.parse_message_2(session.core.static_message_2_compose(own, session.c_r))
    lakers_refuses(session.peer.verify_message_2, session.i.private, session.i.cred, session.r.cred)


def wrong_initiator(rng, foreign):
    session = Session(rng, False, foreign)
    session.core.message_1_process(session.peer.prepare_message_1(session.c_i))
    session.peer.parse_message_2(session.core.static_message_2_compose(session.r.own(), session.c_r))
    session.peer.verify_message_2(Party(rng).private, session.i.cred, session.r.cred)
    message_3, _ = session.peer.prepare_message_3(BY_REFERENCE, [])
    raises("AUTHENTICATION", session.core.static_message_3_process, session.find, message_3)
    raises("CREDENTIAL", session.core.static_message_3_process, lambda kid: session.r.as_peer(), message_3)

    session = Session(rng, True, foreign)
    session.messages_1_and_2()
    own = core.StaticCredential(session.i.kid, session.i.cred, None, Party(rng).private)
    session.peer.parse_message_3(session.core.static_message_3_compose(own))
    lakers_refuses(session.peer.verify_message_3, session.i.cred)


def tampering(rng, foreign):
    """Flipped bits in messages 2, 3 and 4 are refused by the core, which goes on with the true ones."""
    def flips(message, process):
        before = session.core.snapshot
        for _ in range(15):
            changed = bytearray(message)
            changed[rng.randrange(len(message))] ^= 1 << rng.randrange(8)
            try:
                process(bytes(changed))
            except (core.HuskError, KeyError):  # KeyError: a kid that nobody has
                equal(session.core.snapshot, before, "session after a refusal")
            else:
                raise AssertionError("a changed message was accepted")
        process(message)

    session = Session(rng, True, foreign)
    session.peer.process_message_1(session.core.message_1_compose())
    flips(session.peer.prepare_message_2(BY_REFERENCE, session.c_r, for_lakers(random_ead(rng))),
          lambda message: session.core.static_message_2_process([session.r.as_peer()], message))
    session.peer.parse_message_3(session.core.static_message_3_compose(session.i.own()))
    session.peer.verify_message_3(session.i.cred)
    flips(session.peer.prepare_message_4(for_lakers(random_ead(rng))), session.core.message_4_process)

    session = Session(rng, False, foreign)
    session.messages_1_and_2()
    message_3, _ = session.peer.prepare_message_3(BY_REFERENCE, for_lakers(random_ead(rng)))
    flips(message_3, lambda message: session.core.static_message_3_process(session.find, message))


def not_asked_for(rng, foreign):
    """A Responder that accepts pre-shared keys alone refuses method 3, and lakers refuses other methods."""
    session = Session(rng, False, foreign)
    responder = core.Edhoc(rng.randbytes, [SUITE], "responder", methods=1 << 4, foreign=foreign)
    raises("METHOD", responder.message_1_process, session.peer.prepare_message_1(session.c_i))
    initiator = core.Edhoc(rng.randbytes, [SUITE], "initiator", session.c_i, foreign=foreign)
    lakers_refuses(lakers.EdhocResponder(session.r.private, session.r.cred).process_message_1,
                   initiator.message_1_compose())


def wrong_suite(rng, foreign):
    """lakers offers suite 2 to a Responder that has suite 0 alone."""
    responder = core.Edhoc(rng.randbytes, [0], "responder", methods=METHODS, foreign=foreign)
    why = raises("SUITE", responder.message_1_process, lakers.EdhocInitiator().prepare_message_1(b"\x01"))
    equal(responder.error_compose(why.status), b"\x02\x00", "error message")


def main():
    run = Run(__doc__)
    native = SUITE in core.SUITE_IDS
    for foreign in (True, False) if native else (True,):
        sessions(run, foreign)
        for refusal in (wrong_responder, wrong_initiator, tampering, not_asked_for, wrong_suite):
            for number in range(max(1, run.count // 20)):
                with run.case("lakers:", refusal.__name__, number):
                    refusal(run.random(refusal.__name__, number, foreign), foreign)
    run.finish()


if __name__ == "__main__":
    main()
