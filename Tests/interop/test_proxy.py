"""A CoAP proxy that knows nothing of OSCORE (aiocoap 0.4.17's) between a client and a server of the core, forward and
reverse, over UDP sockets on 127.0.0.1: what gets through, and what the proxy sees of it.

What aiocoap 0.4.17's proxy does differently, which the cases take as it is:
- It cannot send on registrations and notifications unless it is helped (see Outgoing).
- It knows an observation by its registration, options and all. A protected cancellation has another OSCORE option: the
  proxy answers it itself, with 4.02, and the server learns of it when its next confirmable notification is reset."""

import asyncio
import contextlib
import faulthandler
import logging

import aiocoap
import aiocoap.proxy.server
from aiocoap.message import Direction

import husk_core as core
from core_client import CoreClient
from core_server import CoreServer
from harness import Run, equal
from peer import coap
from udp import HOST, UNAUTHORIZED, free_port, until
from udp_cases import BLOCKS, bodies, notified, requests, transfers, values

CASE_SECONDS = 60

# What may be outside (RFC 8613 sections 4.1 and 4.2): class U, Observe for the proxy's sake, codes that say nothing.
REQUEST_OPTIONS = {coap.URI_HOST, coap.URI_PORT, coap.PROXY_SCHEME, coap.OSCORE, coap.OBSERVE}
RESPONSE_OPTIONS = {coap.OSCORE, coap.OBSERVE}
CODES = {False: {coap.POST: coap.CHANGED}, True: {coap.FETCH: coap.CONTENT}}  # by whether Observe is there


# ---- the proxy -------------------------------------------------------------------------------------------------------

class Outgoing:
    """aiocoap 0.4.17 passes on registrations, first answers to them and notifications marked as messages that came in,
    and then refuses to send them; here they are marked as going out. Everything else is aiocoap's."""

    def apply_redirection(self, request):
        redirected = super().apply_redirection(request)
        return redirected and outgoing(redirected)

    async def render_to_pipe(self, pipe):
        add_response = pipe.add_response
        pipe.add_response = lambda response, is_last=False: add_response(outgoing(response), is_last)
        await super().render_to_pipe(pipe)


def outgoing(message):
    message.direction = Direction.OUTGOING
    return message


class Forward(Outgoing, aiocoap.proxy.server.ForwardProxyWithPooledObservations):
    pass


class Reverse(Outgoing, aiocoap.proxy.server.ProxyWithPooledObservations):
    pass


@contextlib.asynccontextmanager
async def proxy(kind, server_port):
    """Its port, and the options by which a client names the server to it."""
    outgoing = await aiocoap.Context.create_client_context(transports=["udp6"])
    port = free_port()
    through = []
    if kind == "forward":
        site = Forward(outgoing)
        through = [(coap.URI_HOST, HOST.encode()), (coap.URI_PORT, server_port.to_bytes(2, "big")),
                   (coap.PROXY_SCHEME, b"coap")]
    if kind == "reverse":
        site = Reverse(outgoing)
        site.add_redirector(aiocoap.proxy.server.UnconditionalRedirector(f"{HOST}:{server_port}"))
    incoming = await aiocoap.Context.create_server_context(site, bind=(HOST, port), transports=["udp6"])
    try:
        yield port, through
    finally:
        await incoming.shutdown()
        await outgoing.shutdown()


# ---- what it sees ----------------------------------------------------------------------------------------------------

def visible(datagram):
    """What anyone on the way reads: (code, option numbers, payload). aiocoap does the reading."""
    message = aiocoap.Message.decode(datagram)
    return int(message.code), {int(option.number) for option in message.opt.option_list()}, message.payload


def only_outer(datagrams, secrets):
    """The messages are nothing but OSCORE's outer ones, and none of the secrets is in them."""
    messages = [datagram for datagram in datagrams if coap.decode(datagram).code != 0]
    equal(len(messages) > 0, True, "the proxy saw messages")
    for datagram in messages:
        code, options, payload = visible(datagram)
        equal(coap.OSCORE in options, True, "OSCORE option")
        codes = CODES[coap.OBSERVE in options]
        equal(code in codes or code in codes.values(), True, f"code {code}")
        equal(options - (REQUEST_OPTIONS if code < 32 else RESPONSE_OPTIONS), set(), "options beyond the outer ones")
        equal(len(payload) >= 9, True, "ciphertext and tag")
        equal([secret for secret in secrets if len(secret) >= 4 and secret in datagram], [], "secrets in the open")


class Setting:
    """A client of the core, the proxy, a server of the core."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        self.secrets = [b"reverse", b"value", b"nothing"]

    @property
    def seen(self):
        return self.client.sent + self.server.sent

    def secret(self, payload):
        """No part of it may be seen."""
        self.secrets += [payload[i:i + 16] for i in range(0, len(payload), 16)]
        return payload

    async def ask(self, code, path, body=b"", block=1024):
        """(code, body) of the response"""
        code, answer = await self.client.ask_all(code, path, self.secret(body), block)
        return code, self.secret(answer)


@contextlib.asynccontextmanager
async def setting(rng, kind, block=1024):
    secret, salt, ids = rng.randbytes(16), rng.randbytes(8), (b"\x01", b"\x02")
    server = CoreServer(rng, [core.OscoreContext.derive(secret, salt, *ids)], block)
    async with server.opened(), proxy(kind, server.port) as (port, through):
        client = CoreClient(rng, core.OscoreContext.derive(secret, salt, *ids[::-1]), port, through)
        async with client.opened():
            made = Setting(client, server)
            yield made
            only_outer(made.seen, made.secrets)


# ---- what gets through -----------------------------------------------------------------------------------------------

async def single_messages(rng, kind):
    async with setting(rng, kind) as made:
        await requests(rng, made)
    equal(set(made.server.log), {"request"}, "what the server saw")


async def blocks(rng, kind):
    """Inner blocks: to the proxy each is a message of its own."""
    block = rng.choice(BLOCKS)
    async with setting(rng, kind, block) as made:
        await transfers(lambda code, path, body=b"": made.ask(code, path, body, block), bodies(rng, block))
    equal(set(made.server.log), {"request"}, "what the server saw")


async def notifications(rng, kind):
    async with setting(rng, kind) as made:
        made.server.value = made.secret(b"first")
        async with made.client.observing("value") as observed:
            await notified(observed, b"first")
            for payload in values(rng):
                made.server.set(made.secret(payload))
                await notified(observed, payload)
            if rng.random() < 0.5:
                await cancelled_by_proxy(observed)
        # A client that has forgotten its observation resets what comes; then so does the proxy, if it is confirmable.
        for _ in range(4):
            made.server.set(made.secret(b"unheard"))
            await asyncio.sleep(0.05)
        await until(lambda: made.server.observations == {}, "end of the observation")
        equal(observed.queue.empty(), True, "silence")
        equal(await made.ask(coap.GET, "value"), (coap.CONTENT, b"unheard"), "GET")


async def cancelled_by_proxy(observed):
    """To aiocoap's proxy each protected cancellation belongs to no observation: it answers 4.02 itself, which the core
    does not take for the server's answer, and forgets the observation whose token that was."""
    try:
        await observed.cancel()
    except core.HuskError as error:
        equal(error.name, "HUSK_ERR_FORMAT", "status of the proxy's answer")
        return
    raise AssertionError("the cancellation went through")


async def replays(rng, kind):
    """The proxy, or whoever has what it has, asks again: the server acts once."""
    async with setting(rng, kind) as made:
        equal(await made.ask(coap.PUT, "value", b"old!"), (coap.CHANGED, b""), "PUT")
        recorded = made.client.last_request
        equal(await made.ask(coap.PUT, "value", b"new!"), (coap.CHANGED, b""), "PUT")
        answer = await made.client.repeat(recorded)
        equal((answer.code, answer.option(coap.OSCORE), made.server.value), (UNAUTHORIZED, None, b"new!"), "replay")
        made.server.sent = [sent for sent in made.server.sent if coap.decode(sent).code != UNAUTHORIZED]


async def control(_rng, _kind):
    """What the other cases would find if it were there."""
    def request(code=coap.POST, options=(), payload=bytes(20)):
        return coap.Message(code, [(coap.OSCORE, b"\x01\0"), *options], payload, coap.CON, 1, b"t")

    only_outer([coap.encode(request())], [b"in the open"])
    for message in (request(code=coap.PUT), request(options=[(coap.URI_PATH, b"value")]),
                    request(options=[(coap.OBSERVE, b"")]), request(payload=b"x, in the open" + bytes(20)),
                    request(payload=b""), request(code=coap.CHANGED, options=[(coap.MAX_AGE, b"\x01")]),
                    coap.Message(coap.POST, [], bytes(20))):
        try:
            only_outer([coap.encode(message)], [b"in the open"])
        except AssertionError:
            continue
        raise RuntimeError(f"{message} was taken for a protected message")


SCENARIOS = [single_messages, blocks, notifications, replays, control]


async def cases(run):
    for kind in ("forward", "reverse"):
        for scenario in SCENARIOS:
            for number in range(max(1, run.count // 100)):
                with run.case(kind, scenario.__name__, number):
                    await asyncio.wait_for(scenario(run.random(kind, scenario.__name__, number), kind), CASE_SECONDS)


def main():
    run = Run(__doc__)
    faulthandler.dump_traceback_later(60 + run.count, exit=True)
    for name in ("aiocoap", "coap", "coap-server", "asyncio", "proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asyncio.run(cases(run))
    run.finish()


if __name__ == "__main__":
    main()
