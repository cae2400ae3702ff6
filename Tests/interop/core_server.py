"""A CoAP server of the core on a UDP socket, with provisioned OSCORE contexts."""

import core_block
import husk_core as core
from peer import coap, oscore
from udp import BAD_REQUEST, HOST, NOT_ALLOWED, NOT_FOUND, UNAUTHORIZED, Socket


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
            context.lose_window(self.rng.randbytes(core.C["HUSK_OSCORE_ECHO_BYTES"]))
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
