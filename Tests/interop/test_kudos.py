"""KUDOS of the core and of peer/kudos.py with each other and each with itself, client and server: the examples of
appendix A of draft-ietf-core-oscore-key-update-14, reboots in between, and what section 4.4.2 forbids. In the end both
have the same fresh context, and use it in both directions."""

import husk_core as core
from harness import Run, equal
from peer import coap, kudos, oscore
from peer.suites import AEADS, Refused
from test_tables import tables

REQUEST = coap.Message(coap.POST, kudos.WELL_KNOWN, token=b"\x01")
RESPONSE = coap.Message(coap.CHANGED, token=b"\x01")
APPLICATION = coap.Message(coap.GET, [(coap.URI_PATH, b"temp")], token=b"\x02")
DIVERGENT, CONVERGENT, PLAIN = "divergent", "convergent", "plain"


def option(datagram):
    return oscore.Option.decode(coap.decode(datagram).option(coap.OSCORE))


def kind_of(datagram):
    pair = option(datagram).kudos
    return PLAIN if pair is None else CONVERGENT if pair[0] & kudos.Z else DIVERGENT


class Once:
    """Watches for what must not come twice."""

    def __init__(self, what):
        self.what, self.seen = what, set()

    def add(self, *value):
        if value in self.seen:
            raise AssertionError(f"{self.what} repeated")
        self.seen.add(value)

    def sent(self, datagram):
        """KUDOS messages of one side: the same pair with the same Partial IV means the same key and nonce."""
        value = option(datagram)
        if value.kudos is not None:
            self.add(*value.kudos, value.partial_iv)


class PeerSide:
    def __init__(self, rng, material, bootstrap, ids, alg, id_context, has_context=True, **arguments):
        self.received = Once("(key, nonce)")  # of all that the other side sent and this one could open
        contexts = [oscore.Context(secret, salt, *ids, alg, id_context) for secret, salt in (material, bootstrap)]
        self.state = kudos.Kudos(rng.randbytes, contexts[0] if has_context else None, contexts[1],
                                 nonce_bytes=rng.choice([8, 8, 1, 16]), **arguments)

    def start(self):
        pass

    def _sending(self, kind):
        if kind == PLAIN:
            return self.state.old, None
        return getattr(self.state, kind)()

    def request(self, kind, plain=REQUEST):
        context, pair = self._sending(kind)
        message, exchange = context.protect_request(plain, pair)
        return coap.encode(message), (context, exchange)

    def take_request(self, datagram, plain=REQUEST):
        message = coap.decode(datagram)
        used = []

        def unprotect(context):
            inner, exchange = context.unprotect_request(message)
            used.append(context)
            self.received.add(context.recipient_key, exchange.nonce)
            return inner, exchange

        inner, exchange = self.state.receive(option(datagram).kudos, unprotect)
        equal(coap.encode(inner), coap.encode(plain), "request at the peer")
        return used[-1], exchange

    def response(self, kind, request):
        context, pair = self._sending(kind)
        own_partial_iv = context is not request[0]  # section 3
        return coap.encode(context.protect_response(RESPONSE, request[1], own_partial_iv, pair))

    def take_response(self, datagram, request):
        message, partial_iv = coap.decode(datagram), option(datagram).partial_iv

        def unprotect(context):
            inner = context.unprotect_response(message, request[1])
            nonce = request[1].nonce if partial_iv is None else context.nonce(context.recipient_id, partial_iv)
            self.received.add(context.recipient_key, nonce)
            return inner

        inner = self.state.receive(option(datagram).kudos, unprotect)
        equal(coap.encode(inner), coap.encode(RESPONSE), "response at the peer")

    @property
    def idle(self):
        return self.state.state == kudos.IDLE

    @property
    def keys(self):
        """Secret, then sender key, recipient key, common IV."""
        context = self.state.old
        return context.master_secret, context.sender_key, context.recipient_key, context.common_iv


class CoreSide:
    def __init__(self, rng, material, bootstrap, ids, alg, id_context, **arguments):
        self.aead = AEADS[alg]
        self.sent = Once("(own pair, Partial IV)")
        self.state = core.Kudos(rng.randbytes, *material, bootstrap[0], *ids, alg, id_context, **arguments)

    def start(self):
        self.state.start()

    def request(self, kind, plain=REQUEST):
        datagram, exchange = self.state.protect_request(coap.encode(plain))
        equal(kind_of(datagram), kind, "kind of request")
        self.sent.sent(datagram)
        return datagram, exchange

    def take_request(self, datagram, plain=REQUEST):
        inner, _, exchange = self.state.unprotect_request(datagram)
        equal(inner, coap.encode(plain), "request at the core")
        return exchange

    def response(self, kind, request):
        datagram = self.state.protect_response(request, coap.encode(RESPONSE))
        equal(kind_of(datagram), kind, "kind of response")
        self.sent.sent(datagram)
        return datagram

    def take_response(self, datagram, request):
        inner, _ = self.state.unprotect_response(request, datagram)
        equal(inner, coap.encode(RESPONSE), "response at the core")

    @property
    def idle(self):
        return not self.state.running

    @property
    def keys(self):
        context = self.state.context.c
        return (self.state.secret, bytes(context.sender_key)[:self.aead.key_bytes],
                bytes(context.recipient_key)[:self.aead.key_bytes], bytes(context.common_iv)[:self.aead.nonce_bytes])


class Link:
    """Client and server that share a secret, and a bootstrap secret."""

    def __init__(self, rng, sides, client=None, server=None):
        self.rng = rng
        self.alg = rng.choice(sorted(tables()[0]))
        longest = AEADS[self.alg].nonce_bytes - 6
        self.ids = [rng.randbytes(rng.randint(0, longest)), rng.randbytes(longest)]
        while self.ids[0] == self.ids[1]:
            self.ids[1] = rng.randbytes(longest)
        self.id_context = rng.choice([None, rng.randbytes(4)])
        size = rng.choice([16, 32])
        material, bootstrap = [(rng.randbytes(size), rng.randbytes(8)) for _ in range(2)]
        self.old = {material[0], bootstrap[0]}
        # Bootstrap salts play no part in updateCtx, and the core has none.
        self.client = sides[0](rng, material, bootstrap, self.ids, self.alg, self.id_context, **(client or {}))
        self.server = sides[1](rng, material, bootstrap, self.ids[::-1], self.alg, self.id_context, **(server or {}))

    def application(self, swap=False):
        """A request and its response under the new context, which confirm it to whoever still waits."""
        client, server = (self.server, self.client) if swap else (self.client, self.server)
        request, mine = client.request(PLAIN, APPLICATION)
        client.take_response(server.response(PLAIN, server.take_request(request, APPLICATION)), mine)

    def finish(self):
        for _ in range(2):
            self.application()
            self.application(swap=True)
        equal((self.client.idle, self.server.idle), (True, True), "both are in IDLE")
        mine, theirs = self.client.keys, self.server.keys
        equal(mine, (theirs[0], theirs[2], theirs[1], theirs[3]), "keys")
        if mine[0] in self.old:
            raise AssertionError("the secret did not change")
        self.old.add(mine[0])


def forward(link):
    """Appendix A.1."""
    link.client.start()
    request, mine = link.client.request(DIVERGENT)
    theirs = link.server.take_request(request)
    link.client.take_response(link.server.response(CONVERGENT, theirs), mine)
    link.application()


def reverse(link):
    """Appendix A.2: the server answers a plain request with a divergent response."""
    link.server.start()
    request, mine = link.client.request(PLAIN, APPLICATION)
    theirs = link.server.take_request(request, APPLICATION)
    link.client.take_response(link.server.response(DIVERGENT, theirs), mine)
    request, mine = link.client.request(CONVERGENT)
    theirs = link.server.take_request(request)
    link.client.take_response(link.server.response(PLAIN, theirs), mine)


def lost_response(link):
    """Appendix A.5, with the optimization of section 4.3.4: the client asks again, in the same words."""
    link.client.start()
    request, _ = link.client.request(DIVERGENT)
    link.server.response(CONVERGENT, link.server.take_request(request))
    again, mine = link.client.request(DIVERGENT)
    equal(option(again).kudos, option(request).kudos, "pair")
    theirs = link.server.take_request(again)
    link.client.take_response(link.server.response(CONVERGENT, theirs), mine)
    link.application()


def lost_request(link):
    link.client.start()
    link.client.request(DIVERGENT)
    request, mine = link.client.request(DIVERGENT)
    theirs = link.server.take_request(request)
    link.client.take_response(link.server.response(CONVERGENT, theirs), mine)
    link.application()


def lost_convergent_request(link):
    """Of appendix A.2: it is sent again."""
    link.server.start()
    request, mine = link.client.request(PLAIN, APPLICATION)
    theirs = link.server.take_request(request, APPLICATION)
    link.client.take_response(link.server.response(DIVERGENT, theirs), mine)
    link.client.request(CONVERGENT)
    request, mine = link.client.request(CONVERGENT)
    theirs = link.server.take_request(request)
    link.client.take_response(link.server.response(PLAIN, theirs), mine)


def crossing(link):
    """Appendix A.6: both begin at the same time, with requests."""
    link.client.start()
    link.server.start()
    a, mine_a = link.client.request(DIVERGENT)
    b, mine_b = link.server.request(DIVERGENT)
    response_a = link.server.response(CONVERGENT, link.server.take_request(a))
    response_b = link.client.response(CONVERGENT, link.client.take_request(b))
    link.client.take_response(response_a, mine_a)
    link.server.take_response(response_b, mine_b)


def crossing_and_lost(link):
    """The same, but the server's divergent request never arrives: its convergent response has to be enough."""
    link.client.start()
    link.server.start()
    a, mine_a = link.client.request(DIVERGENT)
    link.server.request(DIVERGENT)
    theirs_a = link.server.take_request(a)
    link.client.take_response(link.server.response(CONVERGENT, theirs_a), mine_a)
    link.application()


def twice(link):
    """Appendix A.4: again, before the server has had its key confirmation."""
    link.client.start()
    request, mine = link.client.request(DIVERGENT)
    theirs = link.server.take_request(request)
    link.client.take_response(link.server.response(CONVERGENT, theirs), mine)
    forward(link)


def repeatedly(link):
    """Epoch after epoch, begun by either."""
    for _ in range(4):
        link.rng.choice([forward, reverse, crossing])(link)
        link.finish()
    forward(link)


def client_reboots(link):
    """After an execution the client of the core loses everything but its record."""
    forward(link)
    link.finish()
    link.client.state.reboot()
    forward(link)


def server_reboots(link):
    """The server loses everything but its record between its convergent response and the confirmation."""
    link.client.start()
    request, mine = link.client.request(DIVERGENT)
    link.client.take_response(link.server.response(CONVERGENT, link.server.take_request(request)), mine)
    link.server.state.reboot()
    forward(link)


def not_with_capable_peers(link):
    """Section 4.4.2: who knows that the other can do FS ignores no-FS."""
    link.client.start()
    request, _ = link.client.request(DIVERGENT)
    equal(option(request).kudos[0] & kudos.P, kudos.P, "bit p of a device that cannot write")
    refused(link, request)


def not_after_fs(link):
    """The same when it was learned from an execution in FS mode."""
    forward(link)
    link.finish()
    client = link.client.state
    if isinstance(client, kudos.Kudos):
        client.capable = False
    else:
        client.config.capable = False
    link.client.start()
    request, _ = link.client.request(DIVERGENT)
    equal(option(request).kudos[0] & kudos.P, kudos.P, "bit p")
    refused(link, request)


def tampered(link):
    """A forged x or nonce does not verify and does not move the state."""
    link.client.start()
    request, mine = link.client.request(DIVERGENT)
    message, value = coap.decode(request), option(request)
    x, nonce = value.kudos
    for pair in ((x ^ kudos.B, nonce), (x ^ kudos.P, nonce), (x, bytes([nonce[0] ^ 1]) + nonce[1:]),
                 (x ^ 0x80, nonce), (x ^ kudos.Z, nonce)):
        forged = oscore.Option(value.kid, value.kid_context, value.partial_iv, pair).encode()
        refused(link, coap.encode(coap.Message(message.code, [(coap.OSCORE, forged)], message.payload)))
    theirs = link.server.take_request(request)
    link.client.take_response(link.server.response(CONVERGENT, theirs), mine)


def refused(link, request):
    try:
        link.server.take_request(request)
    except (Refused, kudos.Ignored, core.HuskError):
        equal(link.server.idle, True, "the server is in IDLE")
        return
    raise AssertionError("accepted")


WRITES_NOT = {"capable": False}
COMPLETE = [(forward, {}, {}), (reverse, {}, {}), (lost_response, {}, {}), (lost_request, {}, {}),
            (lost_convergent_request, {}, {}), (crossing, {}, {}), (crossing_and_lost, {}, {}), (twice, {}, {}),
            (repeatedly, {}, {}), (forward, WRITES_NOT, {}), (forward, {}, WRITES_NOT), (reverse, WRITES_NOT, {}),
            (forward, WRITES_NOT, WRITES_NOT), (reverse, WRITES_NOT, WRITES_NOT), (crossing, WRITES_NOT, WRITES_NOT),
            (forward, WRITES_NOT, WRITES_NOT | {"has_context": False}),
            (forward, {"peer_capable": False}, WRITES_NOT | {"has_context": False}), (tampered, {}, {})]
REFUSED = [(not_with_capable_peers, WRITES_NOT, {"peer_capable": True}), (not_after_fs, {}, {})]
REBOOTS = [(client_reboots, (CoreSide, PeerSide)), (client_reboots, (CoreSide, CoreSide)),
           (server_reboots, (PeerSide, CoreSide)), (server_reboots, (CoreSide, CoreSide))]


def cases(run):
    pairs = [(PeerSide, PeerSide)]
    if core.has_kudos():
        pairs += [(CoreSide, PeerSide), (PeerSide, CoreSide), (CoreSide, CoreSide)]
    for sides in pairs:
        for scenario in COMPLETE + REFUSED:
            yield sides, *scenario, scenario in COMPLETE
    if core.has_kudos():
        for scenario, sides in REBOOTS:
            yield sides, scenario, {}, {}, True


def main():
    run = Run(__doc__)
    for index, (sides, scenario, client, server, completes) in enumerate(cases(run)):
        count = run.count if sides[0] is not sides[1] else max(1, run.count // 4)
        for number in range(count):
            with run.case(scenario.__name__, sides[0].__name__, client, sides[1].__name__, server, number):
                link = Link(run.random("kudos", index, number), sides, client, server)
                scenario(link)
                if completes:
                    link.finish()
    run.finish()


if __name__ == "__main__":
    main()
