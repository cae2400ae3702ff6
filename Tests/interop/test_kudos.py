"""KUDOS by peer/kudos.py with itself, over messages protected by peer/oscore.py: the examples of appendix A of
draft-ietf-core-oscore-key-update-14 and what its section 4.4.2 forbids. Both ends have to come out in IDLE with the
same fresh context, which the core then takes over and uses."""

import husk_core as core
from harness import Run, equal
from peer import coap, kudos, oscore
from peer.suites import Refused
from test_edhoc_psk import exchange_messages

REQUEST = coap.Message(coap.POST, kudos.WELL_KNOWN, token=b"\x01")
RESPONSE = coap.Message(coap.CHANGED, token=b"\x01")
APPLICATION = coap.Message(coap.GET, [(coap.URI_PATH, b"temp")], token=b"\x02")


def option(message):
    return oscore.Option.decode(message.option(coap.OSCORE))


class Link:
    """Client and server that share a context, perhaps a bootstrap one too."""

    def __init__(self, rng, **server):
        self.rng = rng
        self.ids = [rng.randbytes(1), rng.randbytes(2)]
        self.alg = rng.choice([10, 10, 30, 24])
        self.id_context = rng.choice([None, rng.randbytes(4)])
        latest = rng.randbytes(rng.choice([16, 32])), rng.randbytes(8)
        bootstrap = rng.randbytes(16), rng.randbytes(8)
        capable = server.pop("client_capable", True)
        self.client = self.party(latest, bootstrap, self.ids, capable=capable)
        self.server = self.party(latest, bootstrap, self.ids[::-1], **server)
        self.old = self.client.old.master_secret

    def party(self, latest, bootstrap, ids, lost_latest=False, **arguments):
        contexts = [oscore.Context(*material, *ids, self.alg, self.id_context) for material in (latest, bootstrap)]
        return kudos.Kudos(self.rng.randbytes, None if lost_latest else contexts[0], contexts[1],
                           nonce_bytes=self.rng.choice([8, 8, 1, 16]), **arguments)

    # A message of one end as the other end takes it.

    @staticmethod
    def request(sender, kind, plain=REQUEST):
        context, pair = getattr(sender, kind)()
        return context.protect_request(plain, pair)

    @staticmethod
    def take_request(receiver, message):
        return receiver.receive(option(message).kudos, lambda context: context.unprotect_request(message))

    @staticmethod
    def response(sender, kind, exchange):
        context, pair = getattr(sender, kind)()
        return context.protect_response(RESPONSE, exchange, True, pair)

    @staticmethod
    def take_response(receiver, message, exchange):
        return receiver.receive(option(message).kudos, lambda context: context.unprotect_response(message, exchange))

    def application(self, client=None, server=None):
        """A request and its response under the new context, which confirms it to whoever still waits."""
        client, server = client or self.client, server or self.server
        request, mine = (client.new or client.old).protect_request(APPLICATION)
        _, theirs = self.take_request(server, request)
        response = server.old.protect_response(RESPONSE, theirs)
        self.take_response(client, response, mine)

    def finish(self):
        for party in (self.client, self.server):
            equal(party.state, kudos.IDLE, "state")
        equal(self.client.old.master_secret, self.server.old.master_secret, "Master Secret")
        equal(self.client.old.master_salt, self.server.old.master_salt, "Master Salt")
        if self.client.old.master_secret == self.old:
            raise AssertionError("the secret did not change")
        if self.alg in core_algorithms():
            context = self.client.old
            taken = core.OscoreContext.derive(context.master_secret, context.master_salt, context.sender_id,
                                              context.recipient_id, self.alg, self.id_context)
            fresh = oscore.Context(context.master_secret, context.master_salt, context.recipient_id,
                                   context.sender_id, self.alg, self.id_context)
            exchange_messages(self.rng, taken, fresh)


def core_algorithms():
    return {core.suite(number).app_aead.cose_alg for number in core.SUITE_IDS}


def forward(link):
    """Appendix A.1."""
    request, mine = link.request(link.client, "divergent")
    equal(option(request).kudos[0] & kudos.Z, 0, "z of a divergent message")
    _, theirs = link.take_request(link.server, request)
    response = link.response(link.server, "convergent", theirs)
    equal(option(response).kudos[0] & kudos.Z, kudos.Z, "z of a convergent message")
    equal(link.server.state, kudos.PENDING, "server")
    link.take_response(link.client, response, mine)
    equal(link.client.state, kudos.IDLE, "client")
    link.application()


def reverse(link):
    """Appendix A.2: the server answers a plain request with a divergent response."""
    request, mine = link.client.old.protect_request(APPLICATION)
    _, theirs = link.take_request(link.server, request)
    link.take_response(link.client, link.response(link.server, "divergent", theirs), mine)
    request, mine = link.request(link.client, "convergent")
    _, theirs = link.take_request(link.server, request)
    equal(link.server.state, kudos.IDLE, "server")
    link.take_response(link.client, link.server.old.protect_response(RESPONSE, theirs), mine)


def lost_response(link):
    """Appendix A.5, with the optimization of section 4.3.4: the client asks again."""
    request, _ = link.request(link.client, "divergent")
    _, theirs = link.take_request(link.server, request)
    link.response(link.server, "convergent", theirs)
    again, mine = link.request(link.client, "divergent")
    equal(option(again).kudos, option(request).kudos, "pair")
    _, theirs = link.take_request(link.server, again)
    link.take_response(link.client, link.response(link.server, "convergent", theirs), mine)
    link.application()


def crossing(link):
    """Appendix A.6: both start at the same time, with requests."""
    a, mine_a = link.request(link.client, "divergent")
    b, mine_b = link.request(link.server, "divergent")
    _, theirs_a = link.take_request(link.server, a)
    response_a = link.response(link.server, "convergent", theirs_a)
    _, theirs_b = link.take_request(link.client, b)
    response_b = link.response(link.client, "convergent", theirs_b)
    link.take_response(link.client, response_a, mine_a)
    link.take_response(link.server, response_b, mine_b)


def crossing_and_lost(link):
    """The same, but the server's divergent request never arrives: its convergent response has to be enough."""
    a, mine_a = link.request(link.client, "divergent")
    link.request(link.server, "divergent")
    _, theirs_a = link.take_request(link.server, a)
    link.take_response(link.client, link.response(link.server, "convergent", theirs_a), mine_a)
    link.application()


def twice(link):
    """Appendix A.4: again, before the server has had its key confirmation."""
    request, mine = link.request(link.client, "divergent")
    _, theirs = link.take_request(link.server, request)
    link.take_response(link.client, link.response(link.server, "convergent", theirs), mine)
    equal(link.server.state, kudos.PENDING, "server")
    forward(link)


def no_fs(link):
    """Appendix A.3."""
    forward(link)
    bootstrap = link.client.bootstrap
    if link.client.old.master_secret == bootstrap.master_secret:
        raise AssertionError("the bootstrap secret itself came out")


def not_with_capable_peers(link):
    """Section 4.4.2: who knows that the other can do FS ignores no-FS."""
    request, _ = link.request(link.client, "divergent")
    if not option(request).kudos[0] & kudos.P:
        raise AssertionError("a device that cannot write asked for FS")
    try:
        link.take_request(link.server, request)
    except kudos.Ignored:
        equal(link.server.state, kudos.IDLE, "server")
        return
    raise AssertionError("downgraded")


def tampered(link):
    """A forged x or nonce does not verify and does not move the state."""
    request, _ = link.request(link.client, "divergent")
    x, nonce = option(request).kudos
    for pair in ((x ^ kudos.B, nonce), (x, bytes([nonce[0] ^ 1]) + nonce[1:])):
        forged = coap.Message(request.code, [(coap.OSCORE, oscore.Option(
            link.ids[0], link.id_context, b"\x00", pair).encode())], request.payload)
        try:
            link.take_request(link.server, forged)
        except Refused:
            equal(link.server.state, kudos.IDLE, "server")
            continue
        raise AssertionError("accepted")


COMPLETE = [(forward, {}), (reverse, {}), (lost_response, {}), (crossing, {}), (crossing_and_lost, {}), (twice, {}),
            (no_fs, {"client_capable": False}), (no_fs, {"capable": False, "peer_capable": False}),
            (no_fs, {"capable": False, "lost_latest": True, "client_capable": False})]
REFUSED = [(not_with_capable_peers, {"client_capable": False, "peer_capable": True}), (tampered, {})]


def main():
    run = Run(__doc__)
    for index, (scenario, arguments) in enumerate(COMPLETE + REFUSED):
        for number in range(run.count):
            with run.case(scenario.__name__, arguments, number):
                link = Link(run.random("kudos", index, number), **arguments)
                scenario(link)
                if index < len(COMPLETE):
                    link.finish()
    run.finish()


if __name__ == "__main__":
    main()
