"""A CoAP client of the core on a UDP socket, with a provisioned OSCORE context."""

import asyncio
import contextlib

import core_block
import husk_core as core
from peer import coap
from udp import ANSWER_SECONDS, HOST, UNAUTHORIZED, Socket

REGISTER, CANCEL = b"", b"\x01"  # values of Observe in requests; 0 has no bytes


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

    async def ask(self, code, path, payload=b""):
        """(code, payload) of the inner response"""
        answer = await self.response(code, path, payload)
        return answer.code, answer.payload

    async def response(self, code, path, payload=b"", options=()):
        """The inner response. A server that wants to know whether the request is fresh is told so, once (RFC 8613
        appendix B.1.2)."""
        answer = await self.response_once(code, path, payload, options)
        echo = answer.option(coap.ECHO)
        if answer.code != UNAUTHORIZED or echo is None:
            return answer
        self.echoes += 1
        return await self.response_once(code, path, payload, [*options, (coap.ECHO, echo)])

    async def ask_all(self, code, path, body=b"", block=1024):
        """(code, body) of the response, with bodies in blocks of that size if they are longer."""
        tag = core_block.request_tag(self.rng.random() < 0.5, self.context.c.sender_sequence)
        incoming = core_block.ResponseBody(block)
        early = [incoming.next()]  # as libcoap demands it, whose blocks do not shrink later on
        if len(body) <= block:
            answer = await self.response(code, path, body, tag + early)
        if len(body) > block:
            answer = await self.ask_in_blocks(code, path, core_block.RequestBody(body, block), tag + early)
        while not incoming.take(answer):
            answer = await self.response(code, path, b"", [*tag, incoming.next()])
        return answer.code, incoming.body

    async def ask_in_blocks(self, code, path, body, options):
        """The answer to the whole body."""
        while True:
            block, payload = body.next()
            answer = await self.response(code, path, payload, options + block)
            if body.take(answer):
                return answer

    async def response_once(self, code, path, payload=b"", options=()):
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
            answer = await self.client.response(coap.GET, self.path, options=[body.next()])
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
