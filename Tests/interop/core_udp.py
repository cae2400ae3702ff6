"""The core behind UDP sockets on 127.0.0.1: a CoAP server and a client with provisioned OSCORE contexts, on asyncio."""

import asyncio
import contextlib

import husk_core as core
from peer import coap, oscore

HOST = "127.0.0.1"
ANSWER_SECONDS = 5
UNAUTHORIZED, BAD_REQUEST, NOT_FOUND, NOT_ALLOWED = 0x81, 0x80, 0x84, 0x85


class Socket(asyncio.DatagramProtocol):
    """A socket; what goes wrong while it receives is raised when it closes."""

    def __init__(self):
        self.transport = self.failure = None

    @contextlib.asynccontextmanager
    async def opened(self, **options):
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
        try:
            self.received(datagram, source)
        except Exception as error:
            self.failure = self.failure or error


class CoreServer(Socket):
    """Resources under OSCORE only: POST reverse answers with the payload reversed, value is what PUT or `value` made it.
    `contexts` are found by kid."""

    def __init__(self, rng, contexts):
        super().__init__()
        self.rng = rng
        self.contexts = {context.recipient_id: context for context in contexts}
        self.answered = {}
        self.value = b""
        self.log = []

    def opened(self):
        return super().opened(local_addr=(HOST, 0))

    def received(self, datagram, source):
        message = coap.decode(datagram)
        if message.type not in (coap.CON, coap.NON) or message.code == 0:
            return
        key = source, message.message_id
        if key not in self.answered:
            self.answered[key] = self.answer(message, datagram)
        self.transport.sendto(self.answered[key], source)

    def answer(self, message, datagram):
        def plain(code, options=(), payload=b""):
            kind = coap.ACK if message.type == coap.CON else coap.NON
            number = message.message_id if kind == coap.ACK else self.rng.randrange(1 << 16)
            return coap.encode(coap.Message(code, list(options), payload, kind, number, message.token))

        if message.option(coap.OSCORE) is None:
            self.log.append("unprotected")
            return plain(UNAUTHORIZED)
        context = self.contexts.get(oscore.Option.decode(message.option(coap.OSCORE)).kid)
        if context is None:
            self.log.append("CONTEXT")
            return plain(UNAUTHORIZED)
        try:
            inner, exchange = context.unprotect_request(datagram)
        except core.HuskError as error:
            self.log.append(error.name.removeprefix("HUSK_ERR_"))
            return plain(UNAUTHORIZED if error.name == "HUSK_ERR_REPLAY" else BAD_REQUEST)
        code, payload = self.resource(coap.decode(inner))
        self.log.append("request")
        return context.protect_response(exchange, plain(code, [], payload))

    def resource(self, request):
        path = [value for number, value in request.options if number == coap.URI_PATH]
        if path == [b"reverse"] and request.code == coap.POST:
            return coap.CHANGED, request.payload[::-1]
        if path == [b"value"] and request.code == coap.GET:
            return coap.CONTENT, self.value
        if path == [b"value"] and request.code == coap.PUT:
            self.value = request.payload
            return coap.CHANGED, b""
        return (NOT_ALLOWED if path in ([b"reverse"], [b"value"]) else NOT_FOUND), b""


class CoreClient(Socket):
    """One request at a time under one context."""

    def __init__(self, rng, context, port):
        super().__init__()
        self.rng, self.context, self.server = rng, context, (HOST, port)
        self.message_id = rng.randrange(1 << 16)
        self.waiting = {}  # token: queue
        self.echoes = 0  # requests that had to be repeated with an Echo option
        self.last_request = None

    def opened(self):
        return super().opened(remote_addr=self.server)

    def received(self, datagram, _source):
        message = coap.decode(datagram)
        if message.code == 0:
            return
        queue = self.waiting.get(message.token)
        if message.type == coap.CON:
            kind = coap.RST if queue is None else coap.ACK
            self.transport.sendto(coap.encode(coap.Message(0, [], b"", kind, message.message_id)))
        if queue is not None:
            queue.put_nowait(datagram)

    def compose(self, code, path, payload=b"", options=()):
        self.message_id = (self.message_id + 1) % (1 << 16)
        parts = [(coap.URI_PATH, part.encode()) for part in path.split("/")]
        return coap.encode(coap.Message(code, [*parts, *options], payload, coap.CON, self.message_id,
                                        self.rng.randbytes(self.rng.randint(4, 8))))

    @contextlib.contextmanager
    def sent(self, datagram):
        """Sends it, and gives the queue of what comes with its token."""
        token = coap.decode(datagram).token
        queue = self.waiting[token] = asyncio.Queue()
        self.transport.sendto(datagram)
        try:
            yield queue
        finally:
            del self.waiting[token]

    async def repeat(self, datagram):
        """Sends a recorded request once more, as one with another message ID; the answer."""
        self.message_id = (self.message_id + 1) % (1 << 16)
        return coap.decode(await self.exchange(datagram[:2] + self.message_id.to_bytes(2, "big") + datagram[4:]))

    async def exchange(self, datagram):
        with self.sent(datagram) as queue:
            return await asyncio.wait_for(queue.get(), ANSWER_SECONDS)

    async def ask(self, code, path, payload=b"", options=()):
        """The inner response. A server that wants to know whether the request is fresh is told so, once (RFC 8613
        appendix B.1.2)."""
        answer = await self.ask_once(code, path, payload, options)
        echo = answer.option(coap.ECHO)
        if answer.code != UNAUTHORIZED or echo is None:
            return answer
        self.echoes += 1
        return await self.ask_once(code, path, payload, [*options, (coap.ECHO, echo)])

    async def ask_once(self, code, path, payload=b"", options=()):
        protected, exchange = self.context.protect_request(self.compose(code, path, payload, options))
        self.last_request = protected
        return coap.decode(self.context.unprotect_response(exchange, await self.exchange(protected)))
