"""The core behind UDP sockets on 127.0.0.1: a CoAP server and a client with provisioned OSCORE contexts, on asyncio."""

import asyncio
import contextlib

import core_block
import husk_core as core
from harness import equal
from peer import coap, oscore

HOST = "127.0.0.1"
ANSWER_SECONDS = 5
UNAUTHORIZED, BAD_REQUEST, NOT_FOUND, NOT_ALLOWED = 0x81, 0x80, 0x84, 0x85
REGISTER, CANCEL = b"", b"\x01"  # values of Observe in requests; 0 has no bytes


async def until(condition, what):
    """Waits for something that another task brings about."""
    for _ in range(100 * ANSWER_SECONDS):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{what}: did not come")


class Socket(asyncio.DatagramProtocol):
    """A socket; what goes wrong while it receives is raised when it closes. `sent` has all that left it, `arrived` what
    came."""

    def __init__(self, rng):
        self.rng = rng
        self.message_id = rng.randrange(1 << 16)
        self.sent, self.arrived = [], []
        self.transport = self.failure = None

    @contextlib.asynccontextmanager
    async def open(self, **options):
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, **options)
        try:
            yield self
        finally:
            transport.close()
        if self.failure is not None:
            raise self.failure

    @property
    def port(self):
        return self.transport.get_extra_info("sockname")[1]

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, datagram, source):
        self.arrived.append(datagram)
        try:
            self.received(datagram, source)
        except Exception as error:
            self.failure = self.failure or error

    def next_message_id(self):
        self.message_id = (self.message_id + 1) % (1 << 16)
        return self.message_id

    def send(self, datagram, destination=None):
        self.sent.append(datagram)
        self.transport.sendto(datagram, destination)

    def send_empty(self, kind, message_id, destination=None):
        self.send(coap.encode(coap.Message(0, [], b"", kind, message_id)), destination)


# ---- server ----------------------------------------------------------------------------------------------------------

class Observation:
    """Who is to be told of a resource: where, under which token, in which exchange."""

    def __init__(self, context, exchange, source, token):
        self.context, self.exchange, self.source, self.token = context, exchange, source, token
        self.number = 0
        self.message_ids = set()


class CoreServer(Socket):
    """Resources under OSCORE only: POST reverse answers with the payload reversed; value is what PUT or `set` made it,
    and can be observed. `contexts` are found by kid. Bodies beyond `block` bytes travel in blocks of that size, as
    inner ones (RFC 8613 section 4.1.3.4)."""

    def __init__(self, rng, contexts, block=1024):
        super().__init__(rng)
        self.contexts = {context.recipient_id: context for context in contexts}
        self.block = block
        self.requests = {kid: core_block.Requests(block) for kid in self.contexts}
        self.reversed = {}  # kid: response body of the last POST
        self.answered = {}
        self.observations = {}  # (source, token): Observation
        self.value = b""
        self.log = []

    def opened(self):
        return self.open(local_addr=(HOST, 0))

    def received(self, datagram, source):
        message = coap.decode(datagram)
        if message.type == coap.RST:
            self.forget(message.message_id)
        if message.type not in (coap.CON, coap.NON) or message.code == 0:
            return
        key = source, message.message_id
        if key not in self.answered:
            self.answered[key] = self.answer(message, datagram, source)
        self.send(self.answered[key], source)

    def answer(self, message, datagram, source):
        def plain(code, options=(), payload=b""):
            confirmed = message.type == coap.CON
            return coap.encode(coap.Message(code, list(options), payload, coap.ACK if confirmed else coap.NON,
                                            message.message_id if confirmed else self.next_message_id(),
                                            message.token))

        if message.option(coap.OSCORE) is None:
            self.log.append("unprotected")
            return plain(UNAUTHORIZED)
        context = self.contexts.get(oscore.Option.decode(message.option(coap.OSCORE)).kid)
        if context is None:
            self.log.append("CONTEXT")
            return plain(UNAUTHORIZED)
        try:
            inner, exchange = context.unprotect_or_challenge(datagram, plain(UNAUTHORIZED))
        except core.HuskError as error:
            self.log.append(error.name.removeprefix("HUSK_ERR_"))
            return plain(UNAUTHORIZED if error.name == "HUSK_ERR_REPLAY" else BAD_REQUEST)
        if inner is None:
            self.log.append("challenge")
            return exchange
        self.log.append("request")
        request = coap.decode(inner)
        code, options, payload = self.serve(request, context.recipient_id)
        options += self.observe(request, Observation(context, exchange, source, message.token))
        return context.protect_response(exchange, plain(code, options, payload))

    def serve(self, request, kid):
        """(code, options, payload) of the response, which may be a part of something"""
        bodies = self.requests[kid]
        body, code, options = bodies.take(request)
        if body is None:
            return code, options, b""
        code, response = self.resource(request, body, kid)
        error, block, payload = bodies.slice(response, request)
        return error or code, options + block, payload

    def resource(self, request, body, kid):
        """(code, body) of the response"""
        path = [value for number, value in request.options if number == coap.URI_PATH]
        if path == [b"reverse"] and request.code == coap.POST:
            if int.from_bytes(request.option(coap.BLOCK2) or b"", "big") >> 4 == 0:  # else a further block of it
                self.reversed[kid] = body[::-1]
            return coap.CHANGED, self.reversed[kid]
        if path == [b"value"] and request.code == coap.GET:
            return coap.CONTENT, self.value
        if path == [b"value"] and request.code == coap.PUT:
            self.set(body)
            return coap.CHANGED, b""
        return (NOT_ALLOWED if path in ([b"reverse"], [b"value"]) else NOT_FOUND), b""

    def reboot(self):
        """Keys and sequence numbers are in storage, replay windows and observations are not."""
        for context in self.contexts.values():
            context.window_lost(self.rng.randbytes(core.C["HUSK_OSCORE_ECHO_BYTES"]))
        self.answered, self.observations, self.value = {}, {}, b""

    def observe(self, request, observation):
        """The options of the response: Observe if this is the first notification."""
        wish = request.option(coap.OBSERVE)
        if wish is None or request.code != coap.GET or request.option(coap.URI_PATH) != b"value":
            return []
        key = observation.source, observation.token
        if int.from_bytes(wish, "big") != 0:
            self.log.append("cancelled")
            self.observations.pop(key, None)
            return []
        self.observations[key] = observation
        return [(coap.OBSERVE, b"")]

    def set(self, value):
        """And tells all who observe it, confirmably every other time."""
        self.value = value
        for observation in list(self.observations.values()):
            observation.number += 1
            kind = coap.CON if observation.number % 2 == 0 else coap.NON
            message_id = self.next_message_id()
            observation.message_ids.add(message_id)
            number = (coap.OBSERVE, core_block.uint(observation.number))
            _, block, payload = self.requests[observation.context.recipient_id].slice(value, coap.Message(coap.GET))
            plain = coap.Message(coap.CONTENT, [number, *block], payload, kind, message_id, observation.token)
            self.send(observation.context.protect_response(observation.exchange, coap.encode(plain)),
                      observation.source)

    def forget(self, message_id):
        for key, observation in list(self.observations.items()):
            if message_id in observation.message_ids:
                self.log.append("reset")
                del self.observations[key]


# ---- client ----------------------------------------------------------------------------------------------------------

async def refuses_recorded(rng, server, recorded):
    """A request from before the reboot, sent again by someone who has no keys, changes nothing: the server wants to know,
    protected, whether it is fresh, and the second time knows that it is not."""
    async with CoreClient(rng, None, server.port).opened() as anyone:
        for happens, protected in (("challenge", True), ("REPLAY", False)):
            before, seen = server.value, len(server.log)
            answer = await anyone.repeat(recorded)
            equal((answer.option(coap.OSCORE) is not None, server.log[seen:], server.value),
                  (protected, [happens], before), "what the replay brought about")


class CoreClient(Socket):
    """Requests under one context, to a server or, with `through`, the options that tell a proxy where that is."""

    def __init__(self, rng, context, port, through=()):
        super().__init__(rng)
        self.context, self.server, self.through = context, (HOST, port), list(through)
        self.waiting = {}  # token: queue
        self.echoes = 0  # requests that had to be repeated with an Echo option
        self.last_request = None

    def opened(self):
        return self.open(remote_addr=self.server)

    def received(self, datagram, _source):
        message = coap.decode(datagram)
        if message.code == 0:
            return
        queue = self.waiting.get(message.token)
        if queue is None and message.type in (coap.CON, coap.NON):
            self.send_empty(coap.RST, message.message_id)
        if queue is not None and message.type == coap.CON:
            self.send_empty(coap.ACK, message.message_id)
        if queue is not None:
            queue.put_nowait(datagram)

    def new_token(self):
        return self.rng.randbytes(self.rng.randint(4, 8))

    def protect(self, code, path, payload=b"", options=(), token=None):
        """(datagram, exchange)"""
        parts = [(coap.URI_PATH, part.encode()) for part in path.split("/")]
        return self.context.protect_request(coap.encode(coap.Message(
            code, [*self.through, *parts, *options], payload, coap.CON, self.next_message_id(),
            token or self.new_token())))

    def unprotect(self, exchange, datagram):
        return coap.decode(self.context.unprotect_response(exchange, datagram))

    @contextlib.contextmanager
    def expecting(self, token):
        """The queue of what comes with a token."""
        queue = self.waiting[token] = asyncio.Queue()
        try:
            yield queue
        finally:
            del self.waiting[token]

    async def exchange(self, datagram):
        with self.expecting(coap.decode(datagram).token) as queue:
            self.send(datagram)
            return await asyncio.wait_for(queue.get(), ANSWER_SECONDS)

    async def repeat(self, datagram):
        """Sends a recorded request once more, as one with another message ID; the answer."""
        return coap.decode(await self.exchange(datagram[:2] + self.next_message_id().to_bytes(2, "big") + datagram[4:]))

    async def ask(self, code, path, payload=b"", options=()):
        """The inner response. A server that wants to know whether the request is fresh is told so, once (RFC 8613
        appendix B.1.2)."""
        answer = await self.ask_once(code, path, payload, options)
        echo = answer.option(coap.ECHO)
        if answer.code != UNAUTHORIZED or echo is None:
            return answer
        self.echoes += 1
        return await self.ask_once(code, path, payload, [*options, (coap.ECHO, echo)])

    async def ask_all(self, code, path, body=b"", block=1024):
        """(code, body) of the response, with bodies in blocks of that size if they are longer."""
        tag = core_block.request_tag(self.rng.random() < 0.5, self.context.c.sender_sequence)
        incoming = core_block.ResponseBody(block)
        early = [incoming.next()]  # as libcoap demands it, whose blocks do not shrink later on
        if len(body) <= block:
            answer = await self.ask(code, path, body, tag + early)
        if len(body) > block:
            answer = await self.ask_in_blocks(code, path, core_block.RequestBody(body, block), tag + early)
        while not incoming.take(answer):
            answer = await self.ask(code, path, b"", [*tag, incoming.next()])
        return answer.code, incoming.body

    async def ask_in_blocks(self, code, path, body, options):
        """The answer to the whole body."""
        while True:
            block, payload = body.next()
            answer = await self.ask(code, path, payload, options + block)
            if body.take(answer):
                return answer

    async def ask_once(self, code, path, payload=b"", options=()):
        protected, exchange = self.protect(code, path, payload, options)
        self.last_request = protected
        return self.unprotect(exchange, await self.exchange(protected))

    @contextlib.asynccontextmanager
    async def observing(self, path):
        """An observation, until it is cancelled or forgotten: what comes after that is reset."""
        token = self.new_token()
        with self.expecting(token) as queue:
            protected, exchange = self.protect(coap.GET, path, options=[(coap.OBSERVE, REGISTER)], token=token)
            self.send(protected)
            yield Observed(self, path, token, queue, exchange)


class Observed:
    def __init__(self, client, path, token, queue, exchange):
        self.client, self.path, self.token, self.queue, self.exchange = client, path, token, queue, exchange
        self.datagrams = []

    async def next(self):
        """The inner response, a notification or not."""
        datagram = await asyncio.wait_for(self.queue.get(), ANSWER_SECONDS)
        self.datagrams.append(datagram)
        return self.client.unprotect(self.exchange, datagram)

    async def rest(self, first, block):
        """The body that a notification begins, the rest of which is asked for (RFC 7959 section 2.6)."""
        body = core_block.ResponseBody(block)
        answer = first
        while not body.take(answer):
            answer = await self.client.ask(coap.GET, self.path, options=[body.next()])
        return body.body

    async def cancel(self):
        """Asks for the end; the inner response. Notifications on their way are passed over."""
        protected, exchange = self.client.protect(coap.GET, self.path, options=[(coap.OBSERVE, CANCEL)],
                                                  token=self.token)
        self.client.send(protected)
        while True:
            datagram = await asyncio.wait_for(self.queue.get(), ANSWER_SECONDS)
            try:
                return self.client.unprotect(exchange, datagram)
            except core.HuskError as error:
                if error.name != "HUSK_ERR_AUTHENTICATION":
                    raise
