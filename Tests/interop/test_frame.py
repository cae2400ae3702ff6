"""Frames of the core against peer/frame.py, both directions, every AEAD; the worked example of the article, of which
both recompute every value; where both draw the line between frames and anything else; KUDOS over frames; and links:
EDHOC over frames, then messages, whole and in fragments, the core in either role."""

import re
from pathlib import Path

import cbor2

import husk_core as core
from harness import Run, equal, raises
from peer import frame, kudos, oscore
from peer.edhoc_psk import Initiator, Psk, Responder, ccs
from peer.suites import AEADS, SUITES, Refused

ARTICLE = Path(__file__).resolve().parents[2] / "Sources" / "Husk" / "Husk.docc" / "Frames.md"
KINDS = ["data", "message_1", "message_2", "message_3", "message_4", "error", "kudos"]
LIKELY_FLAGS = [1, 2, 5, 9, 10, 13, 0x81, 0x89, 0x17, 0x3F, 0x5F, 0x97, 0xBF, 0x11, 0x21, 0x41, 6]
EDGES = [0, 1, 0x17, 0x18, 0x20, 0x37, 0x38, 0x40, 0x41, 0x42, 0x58, 0x5F]  # of Partial IVs and identifiers


def algorithms():
    return sorted(AEADS)


class Pair:
    """A context in the core and the other end of it."""

    def __init__(self, rng, alg):
        longest = AEADS[alg].nonce_bytes - 6
        self.ids = [rng.randbytes(rng.choice([0, 1, 1, 1, rng.randint(0, longest)])) for _ in range(2)]
        while self.ids[0] == self.ids[1]:
            self.ids[1] = rng.randbytes(rng.randint(0, longest))
        secret, salt = rng.randbytes(rng.choice([16, 32, 64])), rng.randbytes(rng.choice([0, 8, 40]))
        id_context = rng.choice([None, None, b"", rng.randbytes(8)])
        self.core = core.FrameContext.derive(secret, salt, *self.ids, alg, id_context)
        self.peer = frame.Context(secret, salt, *self.ids[::-1], alg, id_context)
        self.twin = frame.Context(secret, salt, *self.ids, alg, id_context)
        self.oscore = oscore.Context(secret, salt, *self.ids[::-1], alg, id_context)


def one_frame(rng, pair, with_kid):
    payload = rng.randbytes(rng.choice([0, 1, 9, 10, 32, rng.randint(0, 200)]))
    pair.twin.sequence = pair.core.number
    sealed = pair.core.seal(payload, with_kid)
    equal(sealed, pair.twin.seal(payload, with_kid), "the same bytes")
    equal(pair.peer.open(sealed), (payload, pair.core.number - 1), "at the peer")
    back = pair.peer.seal(payload, with_kid)
    changed = bytearray(back)
    changed[rng.randrange(len(back))] ^= 1 << rng.randrange(8)
    try:
        pair.core.open(bytes(changed))
        raise AssertionError("a changed frame was accepted")
    except core.HuskError:
        pass
    equal(pair.core.open(back), (payload, pair.peer.sequence - 1), "at the core")
    raises("REPLAY", pair.core.open, back)


def exchanges(run):
    for alg in algorithms():
        for number in range(run.count):
            with run.case("frame", alg, number):
                rng = run.random("frame", alg, number)
                pair = Pair(rng, alg)
                equal(pair.core.keys, (pair.twin.sender_key, pair.twin.recipient_key, pair.twin.common_iv), "keys")
                if pair.oscore.sender_key == pair.peer.sender_key or pair.oscore.common_iv == pair.peer.common_iv:
                    raise AssertionError("the keys of OSCORE")
                far = rng.choice([0, 0, 255, 256, 65535, 1 << 16, (1 << 19)])
                pair.core.number = pair.peer.sequence = far
                for _ in range(4):
                    one_frame(rng, pair, rng.random() < 0.5)


def parsing(run):
    """Frames, and what is nearly one: both read the same or refuse."""
    for number in range(run.count * 20):
        with run.case("parsing", number):
            rng = run.random("frame parsing", number)
            data = bytearray(rng.randbytes(rng.randint(0, 14)))
            if data and rng.random() < 0.9:
                data[0] = rng.choice(LIKELY_FLAGS)
            if len(data) > 2 and rng.random() < 0.6:
                data[rng.choice([1, 2])] = rng.choice(EDGES)
            try:
                theirs = frame.decode(bytes(data))
            except Refused:
                theirs = None
            try:
                mine = core.frame_header(bytes(data))
            except core.HuskError:
                mine = None
            if theirs is None or mine is None:
                equal((mine, theirs), (None, None), "refused by both")
                continue
            equal(theirs.encode(), bytes(data), "canonical")
            equal((KINDS[mine["kind"]], mine["fragment"], mine["kid"], mine["partial_iv"], mine["pair"], mine["body"]),
                  (theirs.kind, theirs.fragment, theirs.kid, theirs.partial_iv, theirs.pair, theirs.body), "fields")


def article():
    """The values of the example, by name."""
    text = ARTICLE.read_text()
    section = text[text.index("### An example"):text.index("## EDHOC messages")]
    return dict(re.findall(r"^\| ([^|`]+?) \| `([0-9a-f]+)` \|$", section, re.M)), section


def recompute(context, seal):
    """What the example says, from its first four values."""
    values, _ = article()
    payload = bytes.fromhex(values["payload"])
    sender, recipient = (bytes.fromhex(values[name]) for name in ("Sender ID", "Recipient ID"))
    info = [cbor2.dumps([name, None, 10, text, size]) for name, text, size in
            ((sender, "Frame Key", 16), (recipient, "Frame Key", 16), (b"", "Frame IV", 13))]
    found = {"Master Secret": context.master_secret, "Master Salt": context.master_salt, "Sender ID": sender,
             "Recipient ID": recipient, "info of the Sender Key": info[0], "info of the Recipient Key": info[1],
             "info of the Common IV": info[2], "PRK": context.prk, "Sender Key": context.sender_key,
             "Recipient Key": context.recipient_key, "Common IV": context.common_iv, "payload": b'{"t":21.5}',
             "nonce": context.nonce(sender, b"\x14"), "AAD with identifier": context.frame_aad(0x09, sender, b"\x14"),
             "frame with identifier": seal(payload, True),
             "AAD without identifier": context.frame_aad(0x01, sender, b"\x14"),
             "frame without identifier": seal(payload, False),
             "frame of an empty payload, with identifier": seal(b"", True)}
    return values, {name: value.hex() for name, value in found.items()}


def example(run):
    values, section = article()
    secret, salt, sender, recipient = (
        bytes.fromhex(values[name]) for name in ("Master Secret", "Master Salt", "Sender ID", "Recipient ID"))
    peer = frame.Context(secret, salt, sender, recipient)
    mine = core.FrameContext.derive(secret, salt, sender, recipient)

    def seal_peer(payload, with_kid):
        peer.sequence = 20
        return peer.seal(payload, with_kid)

    def seal_core(payload, with_kid):
        mine.number = 20
        return mine.seal(payload, with_kid)

    for name, seal in (("peer", seal_peer), ("core", seal_core)):
        with run.case("the article's example", name):
            written, computed = recompute(peer, seal)
            equal(written, computed, "values")
    with run.case("the article's example, keys of the core"):
        equal(mine.keys, (peer.sender_key, peer.recipient_key, peer.common_iv), "keys")
    with run.case("the article's example, byte by byte"):
        pieces = re.findall(r"^\| `([0-9a-f]+)` \| ", section, re.M)
        equal("".join(pieces), values["frame with identifier"], "its pieces")
    with run.case("the article has no other hex"):
        every = set(re.findall(r"`([0-9a-f]{8,})`", ARTICLE.read_text()))
        known = set(values.values()) | set(re.findall(r"^\| `([0-9a-f]+)` \| ", section, re.M))
        equal(every - known, set(), "values that nothing recomputes")


def a_link(rng, suite, core_initiates):
    """Authenticates, then sends messages both ways over a link that delivers everything."""
    psk = Psk(b"\x10", rng.randbytes(16), ccs("device", b"\x10"), ccs("gateway", b"\x10"))
    size = rng.choice([None, 32 + rng.randint(0, 40), 22 if SUITES[suite].app_aead.tag_bytes == 8 else 33])
    point_to_point = rng.random() < 0.5
    longest = 7 if SUITES[suite].app_aead.nonce_bytes == 13 else 6
    c_i, c_r = b"\x07", rng.choice([b"\x27", b"\xff", b"", rng.randbytes(2 if size else longest)])
    own, other = (c_i, c_r) if core_initiates else (c_r, c_i)
    mine = core.Link(rng.randbytes, "initiator" if core_initiates else "responder", suite,
                     core.Psk(psk.kid, psk.key, psk.cred_i, psk.cred_r), own, point_to_point, size)
    edhoc = (Responder(rng.randbytes, [suite], c_r, lambda kid: psk if kid == psk.kid else None) if core_initiates
             else Initiator(rng.randbytes, [suite], c_i, psk))
    theirs = frame.Link(edhoc, not core_initiates, point_to_point, size)
    arrived = []

    def settle(to_core, to_peer):
        while to_core or to_peer:
            if to_peer:
                answer, message = theirs.take(to_peer.pop(0))
                to_core += answer
                arrived.extend([] if message is None else [message])
            if to_core:
                mine.receive(to_core.pop(0))
                to_peer += mine.frames()

    if core_initiates:
        mine.start()
        settle([], mine.frames())
    else:
        settle(theirs.begin(), [])
    equal((mine.sessions, mine.why), (1, []), "session")
    sent = [rng.randbytes(rng.randint(1, 300)) for _ in range(3)]
    for message in sent:
        settle(theirs.send(message), mine.send(message))
    equal(arrived, sent, "messages at the peer")
    equal(mine.messages, sent, "messages at the core")


def links(run):
    for suite in core.SUITE_IDS:
        for core_initiates in (True, False):
            for number in range(max(1, run.count // 10)):
                with run.case("link: suite", suite, "core initiates", core_initiates, number):
                    a_link(run.random("link", suite, core_initiates, number), suite, core_initiates)


def a_key_update(rng, alg, core_begins):
    """KUDOS over frames: two messages, then data both ways, several times."""
    ids = [b"\x01", rng.choice([b"\x02", b"", rng.randbytes(6)])]
    secret, id_context = rng.randbytes(rng.choice([16, 32])), rng.choice([None, rng.randbytes(8)])
    with_kid = rng.random() < 0.5
    mine = core.FrameKudos(rng.randbytes, secret, *ids, alg, id_context)
    base = frame.Context(secret, b"", *ids[::-1], alg, id_context)
    theirs = kudos.Kudos(rng.randbytes, None, base, capable=False, nonce_bytes=rng.randint(1, 16))

    def to_peer(data):
        x_nonce = frame.decode(data).pair
        return theirs.receive((x_nonce[0], x_nonce[1:]) if x_nonce else None, lambda context: context.open(data)[0])

    def from_peer(context, pair, payload=b""):
        return context.seal(payload, with_kid, bytes([pair[0]]) + pair[1])

    for _ in range(3):
        if core_begins:
            mine.start()
            divergent = mine.seal(b"", with_kid)
            equal(len(divergent), 1 + 1 + 1 + 9 + (len(frame.encode_identifier(ids[0])) if with_kid else 0)
                  + AEADS[alg].tag_bytes, "length")
            equal(to_peer(divergent), b"", "divergent")
            equal(mine.open(from_peer(*theirs.convergent())), (b"", "ESTABLISHED"), "convergent")
            equal(to_peer(mine.seal(b"reading", with_kid)), b"reading", "confirmation")
        else:
            equal(mine.open(from_peer(*theirs.divergent())), (b"", "DIVERGENT"), "divergent")
            equal(to_peer(mine.seal(b"", with_kid)), b"", "convergent")
            equal(mine.open(theirs.old.seal(b"reading", with_kid)), (b"reading", "CONFIRMED"), "confirmation")
        equal(to_peer(mine.seal(b"one", with_kid)), b"one", "to the peer")
        equal(mine.open(theirs.old.seal(b"two", with_kid)), (b"two", "PLAIN"), "to the core")


def key_updates(run):
    for alg in algorithms():
        for core_begins in (True, False):
            for number in range(run.count):
                with run.case("KUDOS over frames", alg, "core begins", core_begins, number):
                    a_key_update(run.random("frame kudos", alg, core_begins, number), alg, core_begins)


def main():
    run = Run(__doc__)
    example(run)
    exchanges(run)
    parsing(run)
    links(run)
    key_updates(run)
    run.finish()


if __name__ == "__main__":
    main()
