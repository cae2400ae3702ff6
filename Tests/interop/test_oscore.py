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


# ---- Observe and Echo, with aiocoap ----------------------------------------------------------------------------------

def registration(rng, value):
    options = [(coap.OBSERVE, b"" if value == 0 else b"\x01"), (coap.URI_PATH, text(rng, 20))]
    return coap.Message(coap.GET, options, b"", 0, rng.randrange(65536), rng.randbytes(4))


def notification(number, register):
    """What a server's application says: an Observe value and the state."""
    options = [(coap.OBSERVE, coap.uint(number))]
    return coap.Message(coap.CONTENT, options, number.to_bytes(4, "big"), 1, number & 0xffff, register.token)


def observed_by_core(rng, pair):
    register = registration(rng, 0)
    protected, mine = pair.core.protect_request(coap.encode(register))
    equal(coap.decode(protected).code, coap.FETCH, "outer code")
    inner, theirs = pair.peer.unprotect_datagram(protected)
    equal(coap.decode(inner).option(coap.OBSERVE), b"", "registration at aiocoap")
    sent = [pair.peer.protect_datagram(coap.encode(notification(number, register)), theirs)[0] for number in range(8)]
    newest = -1
    for _ in range(12):
        pick = rng.randrange(8)
        if pick > newest:
            state = coap.decode(pair.core.unprotect_response(mine, sent[pick])).payload
            equal(int.from_bytes(state, "big"), pick, "notification at the core")
            newest = pick
        else:
            raises("REPLAY", pair.core.unprotect_response, mine, sent[pick])
    last = coap.encode(coap.Message(0x84, [], b"gone", 1, 1, register.token))
    datagram, _ = pair.peer.protect_datagram(last, theirs)
    equal(pair.core.unprotect_response(mine, datagram), last, "end of the observation")
    raises("STATE", pair.core.unprotect_response, mine, datagram)


def observed_by_aiocoap(rng, pair):
    register = registration(rng, 0)
    protected, theirs = pair.peer.protect_datagram(coap.encode(register))
    inner, mine = pair.core.unprotect_request(protected)
    equal(coap.decode(inner).option(coap.OBSERVE), b"", "registration at the core")
    last = None
    for number in range(6):
        datagram = pair.core.protect_response(mine, coap.encode(notification(number, register)), number % 2 == 1)
        outer = aiocoap.Message.decode(datagram)
        equal(outer.code, aiocoap.CONTENT, "outer code")
        inner, _ = pair.peer.unprotect(outer, theirs)
        equal(int.from_bytes(inner.payload, "big"), number, "notification at aiocoap")
        equal(last is None or inner.opt.observe > last, True, "order at aiocoap")
        last = inner.opt.observe
    cancel, theirs = pair.peer.protect_datagram(coap.encode(registration(rng, 1)))
    inner, mine = pair.core.unprotect_request(cancel)
    equal(coap.decode(inner).option(coap.OBSERVE), b"\x01", "cancellation at the core")
    raises("STATE", pair.core.protect_response, mine, coap.encode(notification(9, register)))


def challenged_by_aiocoap(rng, pair):
    """RFC 8613 appendix B.1.2: aiocoap has lost its window."""
    pair.peer.recipient_replay_window = aiocoap.oscore.ReplayWindow(32, lambda: None)
    pair.peer.echo_recovery = rng.randbytes(8)
    request = random_message(rng, True)
    protected, mine = pair.core.protect_request(coap.encode(request))
    try:
        pair.peer.unprotect_datagram(protected)
    except aiocoap.oscore.ReplayErrorWithEcho as refusal:
        outer = refusal.to_message()
    else:
        raise AssertionError("aiocoap did not challenge")
    outer.mid, outer.token, outer.mtype = request.message_id, request.token, aiocoap.ACK
    challenge = coap.decode(pair.core.unprotect_response(mine, outer.encode()))
    equal(challenge.code, 0x81, "code of the challenge")
    echo = challenge.option(coap.ECHO)
    equal(echo, pair.peer.echo_recovery, "Echo")
    request.options = sorted(request.options + [(coap.ECHO, echo)], key=lambda option: option[0])
    again, mine = pair.core.protect_request(coap.encode(request))
    inner, theirs = pair.peer.unprotect_datagram(again)
    equal(inner, without_outer(request), "request with Echo at aiocoap")
    response = coap.encode(random_message(rng, False))
    equal(pair.core.unprotect_response(mine, pair.peer.protect_datagram(response, theirs)[0]), response, "response")


def challenged_by_core(rng, pair):
    """The same, the core having lost its window."""
    echo = rng.randbytes(8)
    pair.core.lose_window(echo)
    request = random_message(rng, True)
    protected, theirs = pair.peer.protect_datagram(coap.encode(request))
    sequence = pair.core.c.sender_sequence
    outer = aiocoap.Message.decode(pair.core.challenge(protected))
    equal(pair.core.c.sender_sequence, sequence + 1, "a Partial IV of its own")
    inner, _ = pair.peer.unprotect(outer, theirs)
    equal((inner.code, inner.opt.echo), (aiocoap.UNAUTHORIZED, echo), "challenge at aiocoap")
    raises("REPLAY", pair.core.unprotect_request, protected)
    request.options = sorted(request.options + [(coap.ECHO, echo)], key=lambda option: option[0])
    again, theirs = pair.peer.protect_datagram(coap.encode(request))
    inner, mine = pair.core.unprotect_request(again)
    equal(inner, without_outer(request), "request with Echo at the core")
    response = coap.encode(random_message(rng, False))
    equal(pair.peer.unprotect_datagram(pair.core.protect_response(mine, response), theirs)[0], response, "response")


def observe_and_echo(run):
    for step in (observed_by_core, observed_by_aiocoap, challenged_by_aiocoap, challenged_by_core):
        for number in range(max(1, run.count // 4)):
            with run.case("aiocoap", step.__name__, number):
                rng = run.random(step.__name__, number)
                pair = Pair(rng, "aiocoap", 10)
                if number % 2 == 1:
                    pair.jump(rng)
                step(rng, pair)


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
    observe_and_echo(run)
    run.finish()


if __name__ == "__main__":
    main()
