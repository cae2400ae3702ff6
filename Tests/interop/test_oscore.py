"""OSCORE of the core against aiocoap's implementation and against peer/oscore.py: keys, requests and responses in both
directions, replay windows, and what has to be refused."""

import aiocoap
import aiocoap.oscore
from aiocoap.message import Direction

import husk_core as core
from harness import Run, equal, raises
from peer import coap, oscore
from peer.suites import AEADS, Refused


# ---- aiocoap ---------------------------------------------------------------------------------------------------------

class AiocoapContext(aiocoap.oscore.CanProtect, aiocoap.oscore.CanUnprotect, aiocoap.oscore.SecurityContextUtils):
    """aiocoap's classes with the state in memory. Messages go in and come out as datagrams."""

    NAMES = {10: "AES-CCM-16-64-128", 30: "AES-CCM-16-128-128", 24: "ChaCha20/Poly1305"}
    echo_recovery = None

    def __init__(self, secret, salt, sender_id, recipient_id, cose_alg=10, id_context=None):
        self.alg_aead = aiocoap.oscore.algorithms[self.NAMES[cose_alg]]
        self.hashfun = aiocoap.oscore.hashfunctions["sha256"]
        self.sender_id, self.recipient_id, self.id_context = sender_id, recipient_id, id_context
        self.sender_sequence_number = 0
        self.recipient_replay_window = aiocoap.oscore.ReplayWindow(32, lambda: None)
        self.recipient_replay_window.initialize_empty()
        self.derive_keys(salt, secret)

    def post_seqnoincrease(self):
        pass

    def protect_datagram(self, datagram, request=None):
        plain = aiocoap.Message.decode(datagram)
        message_id, token, kind = plain.mid, plain.token, plain.mtype
        plain.direction = Direction.OUTGOING
        plain.mid = plain.mtype = None
        plain.token = b""
        outer, exchange = self.protect(plain, request)
        outer.mid, outer.token, outer.mtype = message_id, token, kind
        return outer.encode(), exchange

    def unprotect_datagram(self, datagram, request=None):
        outer = aiocoap.Message.decode(datagram)
        inner, exchange = self.unprotect(outer, request)
        inner.mid, inner.token, inner.mtype = outer.mid, outer.token, outer.mtype
        inner.direction = Direction.OUTGOING
        return inner.encode(), exchange


class PeerContext(oscore.Context):
    """peer/oscore.py behind the same names."""

    def protect_datagram(self, datagram, request=None):
        message = coap.decode(datagram)
        if request is None:
            protected, exchange = self.protect_request(message)
            return coap.encode(protected), exchange
        return coap.encode(self.protect_response(message, request)), request

    def unprotect_datagram(self, datagram, request=None):
        message = coap.decode(datagram)
        if request is None:
            inner, exchange = self.unprotect_request(message)
            return coap.encode(inner), exchange
        return coap.encode(self.unprotect_response(message, request)), request

    @property
    def sender_sequence_number(self):
        return self.sequence

    @sender_sequence_number.setter
    def sender_sequence_number(self, value):
        self.sequence = value


PEERS = {"aiocoap": AiocoapContext, "peer": PeerContext}


# ---- Random contexts and messages ------------------------------------------------------------------------------------

def algorithms():
    """Of the AEADs of all suites that the headers declare."""
    return sorted({core.suite(number).app_aead.cose_alg for number in core.SUITE_IDS}
                  | {core.suite(number).edhoc_aead.cose_alg for number in core.SUITE_IDS})


class Pair:
    """A context in the core and the other end of it."""

    def __init__(self, rng, peer, alg):
        longest = AEADS[alg].nonce_bytes - 6
        self.ids = [rng.randbytes(rng.randint(0, longest)) for _ in range(2)]
        while self.ids[0] == self.ids[1]:
            self.ids[1] = rng.randbytes(rng.randint(0, longest))
        self.secret = rng.randbytes(rng.choice([16, 16, 32, 33, 64, 100]))
        self.salt = rng.randbytes(rng.choice([0, 8, 8, 40, 80]))
        self.id_context = rng.choice([None, None, b"", rng.randbytes(8), rng.randbytes(1)])
        self.core = core.OscoreContext.derive(self.secret, self.salt, *self.ids, alg, self.id_context)
        self.peer = PEERS[peer](self.secret, self.salt, *self.ids[::-1], alg, self.id_context)

    def compare_keys(self):
        aead = self.core.c.aead
        for mine, theirs, size in (("sender_key", "recipient_key", aead.key_bytes),
                                   ("recipient_key", "sender_key", aead.key_bytes),
                                   ("common_iv", "common_iv", aead.nonce_bytes)):
            equal(bytes(getattr(self.core.c, mine))[:size], getattr(self.peer, theirs), mine)

    def jump(self, rng):
        """Both sequence numbers move ahead, to try Partial IVs of every length, beyond what the key's usage limit
        allows."""
        self.core.c.limit_q = 2**64 - 1
        far = rng.choice([0, 1, 255, 256, 65535, 1 << 16, 1 << 24, (1 << 32) - 1, 1 << 32, (1 << 39)])
        self.core.c.sender_sequence = max(self.core.c.sender_sequence, far)
        self.peer.sender_sequence_number = max(self.peer.sender_sequence_number, far)


def text(rng, most):
    return bytes(rng.choice(b"abcxyz-_.0123") for _ in range(rng.randint(0, most)))


def random_message(rng, request):
    options = []
    if request:
        options += [(coap.URI_PATH, text(rng, 20)) for _ in range(rng.randint(0, 4))]
        options += [(coap.URI_QUERY, text(rng, rng.choice([12, 13, 14, 250]))) for _ in range(rng.randint(0, 2))]
        options += [(coap.URI_HOST, b"sensor.example")] * rng.randint(0, 1)
    else:
        options += [(coap.MAX_AGE, b"\x3c")] * rng.randint(0, 1)
    options += [(coap.CONTENT_FORMAT, b"\x3c")] * rng.randint(0, 1)
    options += [(rng.choice([2049, 65000, 300]), rng.randbytes(rng.randint(0, 30)))] * rng.randint(0, 1)
    codes = [1, 2, 3, 4, 5, 6, 7] if request else [0x41, 0x42, 0x43, 0x44, 0x45, 0x80, 0x84, 0xa0]
    code = rng.choice(codes)
    payload = rng.randbytes(rng.choice([0, 1, 2, 15, 16, 17, 32, 300, 1000, rng.randint(0, 64)]))
    return coap.Message(code, sorted(options, key=lambda option: option[0]), payload, rng.randint(0, 1),
                        rng.randrange(65536), rng.randbytes(rng.randint(0, 8)))


def without_outer(message):
    kept = [option for option in message.options if option[0] not in oscore.OUTER]
    return coap.encode(coap.Message(message.code, kept, message.payload, message.type, message.message_id,
                                    message.token))


# ---- Exchanges -------------------------------------------------------------------------------------------------------

def from_core(rng, pair, name):
    """The core is the client."""
    request, response = random_message(rng, True), random_message(rng, False)
    protected, mine = pair.core.protect_request(coap.encode(request))
    if name == "peer":  # the same bytes, not only acceptable ones
        twin = oscore.Context(pair.secret, pair.salt, *pair.ids, pair.peer.aead.cose_alg, pair.id_context)
        twin.sequence = pair.core.c.sender_sequence - 1
        equal(protected, coap.encode(twin.protect_request(request)[0]), "request")
    inner, theirs = pair.peer.unprotect_datagram(protected)
    equal(inner, without_outer(request), "request at the peer")
    plain = coap.encode(response)
    datagram, _ = pair.peer.protect_datagram(plain, theirs)
    changed = bytearray(datagram)
    changed[-1] ^= 1
    raises("AUTHENTICATION", pair.core.unprotect_response, mine, bytes(changed))
    equal(pair.core.unprotect_response(mine, datagram), plain, "response at the core")
    raises("STATE", pair.core.unprotect_response, mine, datagram)
    return protected


def to_core(rng, pair, name):
    """The core is the server."""
    request, response = random_message(rng, True), random_message(rng, False)
    protected, theirs = pair.peer.protect_datagram(coap.encode(request))
    changed = bytearray(protected)
    changed[-1 - rng.randrange(8)] ^= 1 << rng.randrange(8)
    raises("AUTHENTICATION", pair.core.unprotect_request, bytes(changed))
    inner, mine = pair.core.unprotect_request(protected)
    equal(inner, without_outer(request), "request at the core")
    raises("REPLAY", pair.core.unprotect_request, protected)
    own_partial_iv = rng.random() < 0.5
    datagram = pair.core.protect_response(mine, coap.encode(response), own_partial_iv)
    if name == "peer":
        twin = oscore.Context(pair.secret, pair.salt, *pair.ids, pair.peer.aead.cose_alg, pair.id_context)
        twin.sequence = pair.core.c.sender_sequence - own_partial_iv
        equal(datagram, coap.encode(twin.protect_response(response, theirs, own_partial_iv)), "response")
    equal(pair.peer.unprotect_datagram(datagram, theirs)[0], coap.encode(response), "response at the peer")


def exchanges(run):
    for name in PEERS:
        for alg in algorithms():
            for step in (from_core, to_core):
                pair = None
                for number in range(run.count):
                    rng = run.random("exchange", name, alg, step.__name__, number)
                    with run.case(name, "algorithm", alg, step.__name__, number):
                        if number % 10 == 0:
                            pair = Pair(rng, name, alg)
                            pair.compare_keys()
                        if number % 10 >= 5:
                            pair.jump(rng)
                        step(rng, pair, name)


def replay_windows(run):
    """Requests arrive in any order, some twice: the core and the peer have to agree on each."""
    for name in PEERS:
        for number in range(max(1, run.count // 20)):
            with run.case(name, "replay window", number):
                rng = run.random("replay", name, number)
                secret, salt = rng.randbytes(16), rng.randbytes(8)
                sender = oscore.Context(secret, salt, b"\x01", b"\x02")
                receiver = core.OscoreContext.derive(secret, salt, b"\x02", b"\x01")
                other = PEERS[name](secret, salt, b"\x02", b"\x01")
                at = rng.choice([0, 0, 200, 1 << 33])
                for _ in range(150):
                    at += rng.choice([0, 1, 1, 1, 2, 40]) if rng.random() < 0.3 else 0
                    sender.sequence = max(0, at - rng.randint(0, 40))
                    datagram = coap.encode(sender.protect_request(coap.Message(coap.GET))[0])
                    try:
                        other.unprotect_datagram(datagram)
                    except (aiocoap.oscore.ReplayError, Refused):
                        raises("REPLAY", receiver.unprotect_request, datagram)
                    else:
                        receiver.unprotect_request(datagram)


def mismatches(run):
    """Responses to another request, requests under another context, changed options."""
    for name in PEERS:
        for number in range(max(1, run.count // 4)):
            with run.case(name, "mismatch", number):
                rng = run.random("mismatch", name, number)
                pair = Pair(rng, name, 10)
                first, mine = pair.core.protect_request(coap.encode(random_message(rng, True)))
                second, other = pair.core.protect_request(coap.encode(random_message(rng, True)))
                _, theirs = pair.peer.unprotect_datagram(second)
                datagram, _ = pair.peer.protect_datagram(coap.encode(random_message(rng, False)), theirs)
                raises("AUTHENTICATION", pair.core.unprotect_response, mine, datagram)
                pair.core.unprotect_response(other, datagram)

                stranger = Pair(rng, name, 10)
                if stranger.ids != pair.ids:
                    datagram, _ = stranger.peer.protect_datagram(coap.encode(random_message(rng, True)))
                    try:
                        pair.core.unprotect_request(datagram)
                    except core.HuskError as why:
                        if why.name not in ("HUSK_ERR_CONTEXT", "HUSK_ERR_AUTHENTICATION"):
                            raise
                    else:
                        raise AssertionError("a request under another context was accepted")

                datagram, _ = pair.peer.protect_datagram(coap.encode(random_message(rng, True)))
                before = bytes(core.ffi.buffer(pair.core.c))
                failures = pair.core.c.count_v
                head = 4 + (datagram[0] & 15)
                for _ in range(30):
                    changed = bytearray(datagram)
                    changed[rng.randrange(head, len(changed))] ^= 1 << rng.randrange(8)
                    try:
                        pair.core.unprotect_request(bytes(changed))
                    except core.HuskError as refusal:
                        counted = refusal.name == "HUSK_ERR_AUTHENTICATION"
                        equal(pair.core.c.count_v, failures + counted, "what did not verify")
                        pair.core.c.count_v = failures
                        equal(bytes(core.ffi.buffer(pair.core.c)), before, "context after a refusal")
                        continue
                    # Only class U options may have been changed without notice.
                    original, message = coap.decode(datagram), coap.decode(bytes(changed))
                    equal(message.option(coap.OSCORE), original.option(coap.OSCORE), "OSCORE option")
                    equal(message.payload, original.payload, "ciphertext")
                    break
                else:
                    pair.core.unprotect_request(datagram)


def main():
    run = Run(__doc__)
    exchanges(run)
    replay_windows(run)
    mismatches(run)
    run.finish()


if __name__ == "__main__":
    main()
