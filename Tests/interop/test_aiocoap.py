"""EDHOC over CoAP with OSCORE after it, over UDP sockets on 127.0.0.1: the core against a client and a server of
aiocoap 0.4.17 with lakers, method 3 with suite 2; message 3 alone and together with the first OSCORE request.

What aiocoap 0.4.17 does differently, which the cases take as it is:
- It sends no Content-Format with EDHOC messages (RFC 9528 appendix A.2 says 64 and 65), and ignores those it gets.
- It always answers message 3 with message 4, and as a client that sends message 3 alone it wants one.
- It has suite 2 alone, and neither sends EDHOC error messages nor looks into them: what it refuses it answers with a
  bare 4.00, or 5.00 where lakers raised; what refuses it reaches the application as an exception with the answer in it.
- It answers a replayed request with 5.00, not 4.01.
- As a client it runs EDHOC again for every request, except for those that name the remote of an earlier response.
- A server has 48 connection identifiers and never frees one, and does not find the one that is 23 in a message 3 that
  comes alone: each case has a server of its own."""

import asyncio
import contextlib
import faulthandler
import hashlib
import logging
import socket

import aiocoap
import aiocoap.credentials
import aiocoap.oscore
import aiocoap.oscore_sitewrapper
import aiocoap.resource
import cbor2

import husk_core as core
from harness import Run, equal, raises
from peer import coap, oscore
from test_lakers import METHODS, SUITE, parties

HOST = "127.0.0.1"
CASE_SECONDS, ANSWER_SECONDS = 10, 5
SIZES = [0, 1, 15, 64, 255, 512, 1000]
TRANSPORTS = ["oscore", "udp6"]  # in the other order, aiocoap's requests leave unprotected
EDHOC_PATH = [(coap.URI_PATH, b".well-known"), (coap.URI_PATH, b"edhoc")]
EDHOC_FORMAT, EDHOC_REQUEST_FORMAT = ((coap.CONTENT_FORMAT, bytes([number])) for number in (64, 65))
BAD_REQUEST, UNAUTHORIZED, NOT_FOUND = 0x80, 0x81, 0x84


def data(size):
    """What GET data/<size> has to give."""
    return hashlib.shake_128(b"data %d" % size).digest(size)


def identifier(rng, *others):
    while True:
        found = rng.randbytes(rng.choice([1, 1, 1, 2, 7]))
        if found not in others:
            return found


# ---- the core as server ----------------------------------------------------------------------------------------------

class CoreServer(asyncio.DatagramProtocol):
    """Answers EDHOC at /.well-known/edhoc, and everything else under OSCORE only."""

    def __init__(self, rng, own, peers, suites=(SUITE,)):
        self.rng, self.own, self.suites = rng, own, suites
        self.peers = {peer.kid: peer.as_peer() for peer in peers}
        self.sessions, self.contexts = {}, {}
        self.answered = {}
        self.log = []
        self.failure = None
        self.transport = None

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, *arguments, **options):
        loop = asyncio.get_running_loop()
        transport, self = await loop.create_datagram_endpoint(lambda: cls(*arguments, **options), (HOST, 0))
        try:
            yield self, f"coap://{HOST}:{transport.get_extra_info('sockname')[1]}"
        finally:
            transport.close()
        if self.failure is not None:
            raise self.failure

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, datagram, source):
        try:
            message = coap.decode(datagram)
            if message.type != coap.CON or message.code == 0:
                return
            key = source, message.message_id
            if key not in self.answered:
                self.answered[key] = self.answer(message, datagram)
            self.transport.sendto(self.answered[key], source)
        except Exception as error:  # a mistake of this test or of the core, shown when the server stops
            self.failure = self.failure or error

    def answer(self, message, datagram):
        def plain(code, options=(), payload=b""):
            return coap.encode(coap.Message(code, list(options), payload, coap.ACK, message.message_id, message.token))

        def refused(session, status):
            return plain(BAD_REQUEST, [EDHOC_FORMAT], session.error_compose(status))

        if message.option(coap.OSCORE) is not None:
            return self.protected(message, datagram, plain, refused)
        if [option for option in message.options if option[0] == coap.URI_PATH] != EDHOC_PATH:
            self.log.append("unprotected")
            return plain(UNAUTHORIZED)
        if message.payload[:1] == b"\xf5":
            return self.message_1(message.payload[1:], plain, refused)
        c_r, message_3 = core.identifier_split(message.payload)
        session = self.sessions.pop(c_r)
        try:
            self.message_3(session, c_r, message_3)
        except core.HuskError as error:
            return refused(session, error.status)
        return plain(coap.CHANGED, [EDHOC_FORMAT], session.message_4_compose())

    def message_1(self, message, plain, refused):
        self.log.append("message 1")
        session = core.Edhoc(self.rng.randbytes, self.suites, "responder", methods=METHODS)
        try:
            session.message_1_process(message)
            c_r = identifier(self.rng, session.identifier("c_i"), *self.sessions, *self.contexts)
            message_2 = session.static_message_2_compose(self.own.own(), c_r)
        except core.HuskError as error:
            return refused(session, error.status)
        self.sessions[c_r] = session
        return plain(coap.CHANGED, [EDHOC_FORMAT], message_2)

    def message_3(self, session, c_r, message):
        self.log.append("message 3")

        def find(kid):
            if kid not in self.peers:
                raise core.HuskError(core.C["HUSK_ERR_CREDENTIAL"])
            return self.peers[kid]

        session.static_message_3_process(find, message)
        self.contexts[c_r] = session.oscore_context()

    def protected(self, message, datagram, plain, refused):
        kid = oscore.Option.decode(message.option(coap.OSCORE)).kid
        if message.option(coap.EDHOC) is not None:
            self.log.append("combined")
            message_3, datagram = core.combined_split(datagram)
            session = self.sessions.pop(kid)
            try:
                self.message_3(session, kid, message_3)
                session.confirm()
            except core.HuskError as error:
                return refused(session, error.status)
        if kid not in self.contexts:
            return plain(UNAUTHORIZED)
        self.log.append("request")
        inner, exchange = self.contexts[kid].unprotect_request(datagram)
        code, payload = self.resource(coap.decode(inner))
        answer = plain(code, [], payload)
        return self.contexts[kid].protect_response(exchange, answer)

    @staticmethod
    def resource(request):
        path = [value.decode() for number, value in request.options if number == coap.URI_PATH]
        if request.code == coap.POST and path == ["reverse"]:
            return coap.CHANGED, request.payload[::-1]
        if request.code == coap.GET and path[0] == "data" and int(path[1]) in SIZES:
            return coap.CONTENT, data(int(path[1]))
        return NOT_FOUND, b""


# ---- aiocoap as client -----------------------------------------------------------------------------------------------

def ccs(party):
    return {14: cbor2.loads(party.cred)}


def own_credential(party, style="by-key-id"):
    return {"suite": 2, "method": 3, "own-cred-style": style, "own-cred": ccs(party),
            "private-key": {1: 2, -1: 1, -4: party.private}}


@contextlib.asynccontextmanager
async def aiocoap_client(address, own, peer, combined=True, style="by-key-id"):
    client = await aiocoap.Context.create_client_context(transports=TRANSPORTS)
    client.client_credentials.load_from_dict({address + "/*": {"edhoc-oscore": {
        **own_credential(own, style), "peer-cred": ccs(peer), "use-combined-edhoc": combined}}})
    try:
        yield client
    finally:
        await client.shutdown()


async def ask(client, code, uri, payload=b"", remote=None):
    request = aiocoap.Message(code=code, uri=uri, payload=payload)
    if remote is not None:
        request.remote = remote  # with the context of an earlier exchange
    return await client.request(request).response


async def requests_of_aiocoap(rng, client, address, again):
    """A GET and POSTs with the context that the first one made, and a resource that is not there; `again` times."""
    remote = None
    for _ in range(again):
        size = rng.choice(SIZES)
        answer = await ask(client, aiocoap.GET, f"{address}/data/{size}", remote=remote)
        equal((answer.code, answer.payload), (aiocoap.CONTENT, data(size)), "GET")
        remote = answer.remote
        payload = rng.randbytes(rng.choice(SIZES))
        answer = await ask(client, aiocoap.POST, f"{address}/reverse", payload, remote)
        equal((answer.code, answer.payload), (aiocoap.CHANGED, payload[::-1]), "POST")
        answer = await ask(client, aiocoap.GET, f"{address}/nothing", remote=remote)
        equal(answer.code, aiocoap.NOT_FOUND, "GET of nothing")


async def core_serves(rng, combined):
    own, peer, other = parties(rng, 3)
    async with CoreServer.running(rng, own, [other, peer]) as (server, address):
        async with aiocoap_client(address, peer, own, combined) as client:
            await requests_of_aiocoap(rng, client, address, 2)
    equal(server.log, ["message 1"] + ["combined"] * combined + ["message 3"] + ["request"] * 6, "what the core saw")


async def core_serves_every_size(rng, combined):
    """Each payload with a handshake of its own, as first request."""
    own, peer = parties(rng, 2)
    async with CoreServer.running(rng, own, [peer]) as (server, address):
        async with aiocoap_client(address, peer, own, combined) as client:
            for size in SIZES:
                answer = await ask(client, aiocoap.GET, f"{address}/data/{size}")
                equal((answer.code, answer.payload), (aiocoap.CONTENT, data(size)), "GET")
                payload = rng.randbytes(size)
                answer = await ask(client, aiocoap.POST, f"{address}/reverse", payload)
                equal((answer.code, answer.payload), (aiocoap.CHANGED, payload[::-1]), "POST")
    equal(len(server.contexts), 2 * len(SIZES), "handshakes")


async def core_serves_many(rng, combined):
    """Clients at the same time, half of them with a credential of their own."""
    own, *peers = parties(rng, 5)
    async with CoreServer.running(rng, own, peers) as (server, address), contextlib.AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(aiocoap_client(address, peer, own, combined))
                   for peer in peers + peers]
        await asyncio.gather(*(requests_of_aiocoap(rng, client, address, 2) for client in clients))
    equal(len(server.contexts), len(clients), "handshakes")


async def refused_client(client, address, code, edhoc_error):
    """The request ends with an exception that has the answer in it, which begins with `edhoc_error`."""
    try:
        answer = await ask(client, aiocoap.POST, f"{address}/reverse", b"payload")
    except aiocoap.error.ResponseWrappingError as error:
        equal((error.coapmessage.code, error.coapmessage.payload[:len(edhoc_error)]), (code, edhoc_error), "answer")
    except aiocoap.oscore.NotAProtectedMessage as error:
        equal((error.plain_message.code, error.plain_message.payload[:len(edhoc_error)]), (code, edhoc_error), "answer")
    else:
        raise AssertionError(f"answered with {answer.code}")


async def core_refuses_unknown(rng, combined):
    own, peer, stranger = parties(rng, 3)
    async with CoreServer.running(rng, own, [peer]) as (server, address):
        async with aiocoap_client(address, stranger, own, combined) as client:
            await refused_client(client, address, aiocoap.BAD_REQUEST, cbor2.dumps(3))
        equal((server.contexts, "request" in server.log), ({}, False), "contexts and requests after the refusal")
        async with aiocoap_client(address, peer, own, combined) as client:
            await requests_of_aiocoap(rng, client, address, 1)


async def core_refuses_impostor(rng, combined):
    """The private key is not the one of the credential."""
    own, peer, stranger = parties(rng, 3)
    true = peer.private
    async with CoreServer.running(rng, own, [peer]) as (server, address):
        peer.private = stranger.private
        async with aiocoap_client(address, peer, own, combined) as client:
            await refused_client(client, address, aiocoap.BAD_REQUEST, cbor2.dumps(1))
        equal((server.contexts, "request" in server.log), ({}, False), "contexts and requests after the refusal")
        peer.private = true
        async with aiocoap_client(address, peer, own, combined) as client:
            await requests_of_aiocoap(rng, client, address, 1)


async def core_refuses_by_value(rng, combined):
    """The core knows credentials by kid alone."""
    own, peer = parties(rng, 2)
    async with CoreServer.running(rng, own, [peer]) as (server, address):
        async with aiocoap_client(address, peer, own, combined, "by-value") as client:
            await refused_client(client, address, aiocoap.BAD_REQUEST, cbor2.dumps(1))
    equal((server.contexts, "request" in server.log), ({}, False), "contexts and requests after the refusal")


async def core_refuses_suite(rng, combined):
    """A server with suite 0 alone names it."""
    own, peer = parties(rng, 2)
    async with CoreServer.running(rng, own, [peer], suites=[0]) as (server, address):
        async with aiocoap_client(address, peer, own, combined) as client:
            await refused_client(client, address, aiocoap.BAD_REQUEST, cbor2.dumps(2) + cbor2.dumps(0))
    equal(server.log, ["message 1"], "what the core saw")


async def aiocoap_refuses_server(rng, combined):
    """The server is not the one that the client knows."""
    own, peer, other = parties(rng, 3)
    async with CoreServer.running(rng, own, [peer]) as (server, address):
        async with aiocoap_client(address, peer, other, combined) as client:
            try:
                await ask(client, aiocoap.GET, f"{address}/data/1")
            except ValueError:  # of lakers
                pass
            else:
                raise AssertionError("aiocoap went on")
    equal(server.log, ["message 1"], "what the core saw")


# ---- aiocoap as server -----------------------------------------------------------------------------------------------

class Authenticated(aiocoap.resource.Resource):
    """For the client with the credential ":client" alone."""

    def check(self, request):
        if request.remote.authenticated_claims != [":client"]:
            raise aiocoap.error.Unauthorized


class Data(Authenticated):
    def __init__(self, size):
        super().__init__()
        self.size = size

    async def render_get(self, request):
        self.check(request)
        return aiocoap.Message(payload=data(self.size))


class Reverse(Authenticated):
    async def render_post(self, request):
        self.check(request)
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload[::-1])


@contextlib.asynccontextmanager
async def aiocoap_server(own, peer):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    credentials = aiocoap.credentials.CredentialsMap()
    credentials.load_from_dict({
        f"coap://{HOST}:{port}/*": {"edhoc-oscore": own_credential(own)},
        ":client": {"edhoc-oscore": {"suite": 2, "method": 3, "peer-cred": ccs(peer)}}})
    site = aiocoap.resource.Site()
    site.add_resource(["reverse"], Reverse())
    for size in SIZES:
        site.add_resource(["data", str(size)], Data(size))
    server = await aiocoap.Context.create_server_context(
        aiocoap.oscore_sitewrapper.OscoreSiteWrapper(site, credentials), bind=(HOST, port),
        server_credentials=credentials, transports=TRANSPORTS)
    try:
        yield port
    finally:
        await server.shutdown()


class CoreClient(asyncio.DatagramProtocol):
    """The core as Initiator behind a socket of its own."""

    def __init__(self, rng, own, peers, suites=(SUITE,), suite_index=0):
        self.rng, self.own, self.peers = rng, own, peers
        self.edhoc = core.Edhoc(rng.randbytes, suites, "initiator", identifier(rng), suite_index, methods=METHODS,
                                static=True)
        self.message_id = rng.randrange(1 << 16)
        self.received = asyncio.Queue()
        self.context = self.pending = self.transport = None

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, port, *arguments, **options):
        loop = asyncio.get_running_loop()
        transport, self = await loop.create_datagram_endpoint(lambda: cls(*arguments, **options),
                                                              remote_addr=(HOST, port))
        try:
            yield self
        finally:
            transport.close()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, datagram, _source):
        self.received.put_nowait(datagram)

    def error_received(self, error):
        self.received.put_nowait(error)

    def compose(self, code, options, payload):
        self.message_id = (self.message_id + 1) % (1 << 16)
        return coap.encode(coap.Message(code, list(options), payload, coap.CON, self.message_id,
                                        self.rng.randbytes(self.rng.randint(1, 8))))

    async def exchange(self, datagram):
        """The answer to a request, which may come apart from its acknowledgement."""
        token = coap.decode(datagram).token
        self.transport.sendto(datagram)
        while True:
            got = await asyncio.wait_for(self.received.get(), ANSWER_SECONDS)
            if isinstance(got, Exception):
                raise got
            answer = coap.decode(got)
            if answer.type == coap.CON:
                self.transport.sendto(coap.encode(coap.Message(0, [], b"", coap.ACK, answer.message_id)))
            if answer.code != 0 and answer.token == token:
                return got

    async def post_edhoc(self, payload):
        datagram = self.compose(coap.POST, [*EDHOC_PATH, EDHOC_REQUEST_FORMAT], payload)
        return coap.decode(await self.exchange(datagram))

    async def message_1_and_2(self):
        answer = await self.post_edhoc(b"\xf5" + self.edhoc.message_1_compose())
        equal(answer.code, coap.CHANGED, "answer to message 1")
        index, _ = self.edhoc.static_message_2_process([peer.as_peer() for peer in self.peers], answer.payload)
        return index

    async def message_3_alone(self):
        """The answer."""
        message_3 = self.edhoc.static_message_3_compose(self.own.own())
        c_r = core.identifier_encode(self.edhoc.identifier("c_r"))
        return await self.post_edhoc(c_r + message_3)

    async def handshake(self, combined):
        """With the combined request, message 3 waits for the first request."""
        equal(await self.message_1_and_2(), len(self.peers) - 1, "index of the server")
        if combined:
            self.pending = self.edhoc.static_message_3_compose(self.own.own())
        else:
            answer = await self.message_3_alone()
            equal(answer.code, coap.CHANGED, "answer to message 3")
            equal(self.edhoc.message_4_process(answer.payload), b"", "EAD_4")
        self.context = self.edhoc.oscore_context()

    def protect(self, code, path, payload):
        options = [(coap.URI_PATH, part.encode()) for part in path.split("/")]
        if self.pending is not None:
            options.append((coap.EDHOC, b""))
        protected, exchange = self.context.protect_request(self.compose(code, options, payload))
        if self.pending is not None:
            protected = core.combined_insert(self.pending, protected)
        return protected, exchange

    async def request(self, code, path, payload=b""):
        protected, exchange = self.protect(code, path, payload)
        answer = coap.decode(self.context.unprotect_response(exchange, await self.exchange(protected)))
        if self.pending is not None:
            self.pending = None
            self.edhoc.confirm()
        return answer.code, answer.payload


async def requests_of_core(rng, client, again):
    for _ in range(again):
        payload = rng.randbytes(rng.choice(SIZES))
        equal(await client.request(coap.POST, "reverse", payload), (coap.CHANGED, payload[::-1]), "POST")
        size = rng.choice(SIZES)
        equal(await client.request(coap.GET, f"data/{size}"), (coap.CONTENT, data(size)), "GET")
        equal((await client.request(coap.GET, "nothing"))[0], NOT_FOUND, "GET of nothing")


async def core_asks(rng, combined):
    own, peer, other = parties(rng, 3)
    async with aiocoap_server(peer, own) as port, CoreClient.to(port, rng, own, [other, peer]) as client:
        await client.handshake(combined)
        await requests_of_core(rng, client, 2)


async def core_asks_every_size(rng, combined):
    own, peer = parties(rng, 2)
    async with aiocoap_server(peer, own) as port:
        for size in SIZES:
            async with CoreClient.to(port, rng, own, [peer]) as client:
                await client.handshake(combined)
                equal(await client.request(coap.GET, f"data/{size}"), (coap.CONTENT, data(size)), "GET")
            async with CoreClient.to(port, rng, own, [peer]) as client:
                await client.handshake(combined)
                payload = rng.randbytes(size)
                equal(await client.request(coap.POST, "reverse", payload), (coap.CHANGED, payload[::-1]), "POST")


async def core_prefers_another_suite(rng, combined):
    """aiocoap refuses suite 0 without saying what it has, and takes suite 2 from a list that begins with 0."""
    own, peer = parties(rng, 2)
    async with aiocoap_server(peer, own) as port:
        async with CoreClient.to(port, rng, own, [peer], [0, SUITE], 0) as client:
            answer = await client.post_edhoc(b"\xf5" + client.edhoc.message_1_compose())
            equal((answer.code >= BAD_REQUEST, answer.payload), (True, b""), "answer to suite 0")
        async with CoreClient.to(port, rng, own, [peer], [0, SUITE], 1) as client:
            await client.handshake(combined)
            await requests_of_core(rng, client, 1)


async def core_refuses_server(rng, _combined):
    """A server with another kid, and one with the right kid and another key."""
    own, peer, other, impostor = parties(rng, 4)
    async with aiocoap_server(peer, own) as port:
        async with CoreClient.to(port, rng, own, [other, impostor]) as client:
            await refused("CREDENTIAL", client.message_1_and_2())
    impostor.kid, impostor.cred = peer.kid, cbor2.dumps(with_kid(cbor2.loads(impostor.cred), peer.kid))
    async with aiocoap_server(impostor, own) as port:
        async with CoreClient.to(port, rng, own, [other, peer]) as client:
            await refused("AUTHENTICATION", client.message_1_and_2())
            equal(client.edhoc.phase, core.C["HUSK_EDHOC_INITIATOR_WAIT_2"], "phase")


def with_kid(claims, kid):
    claims[8][1][2] = kid
    return claims


async def refused(name, coroutine):
    try:
        await coroutine
    except core.HuskError as error:
        equal(error.name, "HUSK_ERR_" + name, "status")
    else:
        raise AssertionError(f"accepted, expected HUSK_ERR_{name}")


async def aiocoap_refuses(rng, combined, change):
    """What comes of a message 3 that aiocoap does not accept, and of an OSCORE request after it: bare errors."""
    own, peer, stranger = parties(rng, 3)
    async with aiocoap_server(peer, own) as port:
        wrong = change(own, stranger)
        async with CoreClient.to(port, rng, wrong, [peer]) as client:
            await client.message_1_and_2()
            if combined:
                client.pending = client.edhoc.static_message_3_compose(wrong.own())
            else:
                answer = await client.message_3_alone()
                equal((answer.code >= BAD_REQUEST, answer.payload), (True, b""), "answer to message 3")
                raises("FORMAT", client.edhoc.message_4_process, answer.payload)
            client.context = client.edhoc.oscore_context()
            for _ in range(2):
                protected, exchange = client.protect(coap.POST, "reverse", b"payload")
                answer = await client.exchange(protected)
                equal(coap.decode(answer).code >= BAD_REQUEST, True, "answer to the request is an error")
                raises("FORMAT", client.context.unprotect_response, exchange, answer)
                client.pending = None


async def aiocoap_refuses_unknown(rng, combined):
    await aiocoap_refuses(rng, combined, lambda own, stranger: stranger)


async def aiocoap_refuses_impostor(rng, combined):
    def impostor(own, stranger):
        stranger.kid, stranger.cred = own.kid, own.cred
        return stranger

    await aiocoap_refuses(rng, combined, impostor)


async def aiocoap_refuses_replay(rng, combined):
    """The same first request again, under another message ID; the context stays usable."""
    own, peer = parties(rng, 2)
    async with aiocoap_server(peer, own) as port, CoreClient.to(port, rng, own, [peer]) as client:
        await client.handshake(combined)
        protected, exchange = client.protect(coap.POST, "reverse", b"payload")
        answer = coap.decode(client.context.unprotect_response(exchange, await client.exchange(protected)))
        equal((answer.code, answer.payload), (coap.CHANGED, b"daolyap"), "POST")
        client.pending = None
        again = coap.decode(protected)
        client.message_id = again.message_id = (again.message_id + 1) % (1 << 16)
        answer = coap.decode(await client.exchange(coap.encode(again)))
        equal((answer.code >= BAD_REQUEST, answer.option(coap.OSCORE)), (True, None), "answer to the replay")
        await requests_of_core(rng, client, 1)


# ---- all -------------------------------------------------------------------------------------------------------------

SESSIONS = [core_serves, core_asks]
OTHERS = [core_serves_every_size, core_serves_many, core_asks_every_size, core_prefers_another_suite,
          core_refuses_unknown, core_refuses_impostor, core_refuses_by_value, core_refuses_suite, core_refuses_server,
          aiocoap_refuses_server, aiocoap_refuses_unknown, aiocoap_refuses_impostor, aiocoap_refuses_replay]


async def cases(run):
    for combined in (True, False):
        for scenario in SESSIONS + OTHERS:
            for number in range(max(1, run.count // (20 if scenario in SESSIONS else 200))):
                with run.case(scenario.__name__, "combined" if combined else "sequential", number):
                    rng = run.random(scenario.__name__, combined, number)
                    await asyncio.wait_for(scenario(rng, combined), CASE_SECONDS)


def main():
    run = Run(__doc__)
    faulthandler.dump_traceback_later(60 + run.count, exit=True)
    for name in ("aiocoap", "coap", "coap-server", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asyncio.run(cases(run))
    run.finish()


if __name__ == "__main__":
    main()
