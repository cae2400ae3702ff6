"""OSCORE with provisioned contexts over UDP sockets on 127.0.0.1: the core against a client and a server of aiocoap
0.4.17, which keep their contexts in files as any program on aiocoap does: requests, Observe, Block-wise, and replay
windows that are lost.

What aiocoap 0.4.17 does differently, which the cases take as it is: as a client it never ends an observation under
OSCORE, neither with a cancellation nor by resetting notifications, until it shuts down."""

import asyncio
import contextlib
import faulthandler
import json
import logging
import tempfile
from pathlib import Path

import aiocoap
import aiocoap.credentials
import aiocoap.oscore_sitewrapper
import aiocoap.resource

from core_client import CoreClient
from core_server import CoreServer
from harness import Run, equal, raises
from peer import coap
from udp import HOST, UNAUTHORIZED, free_port, until
from udp_cases import BLOCKS, Provisioned, bodies, notified, refuses_recorded, requests, transfers, values

CASE_SECONDS = 60
TRANSPORTS = ["oscore", "udp6"]  # in the other order, aiocoap's requests leave unprotected
NAMES = {10: "AES-CCM-16-64-128", 30: "AES-CCM-16-128-128", 24: "ChaCha20/Poly1305"}


class Pair(Provisioned):
    """aiocoap keeps its part in a directory."""

    def __init__(self, rng, directory):
        super().__init__(rng, rng.choice([10, 10, 30, 24]))
        self.directory = Path(directory)
        settings = {"sender-id_hex": self.ids[1].hex(), "recipient-id_hex": self.ids[0].hex(),
                    "secret_hex": self.secret.hex(), "salt_hex": self.salt.hex(), "algorithm": NAMES[self.cose_alg]}
        if self.id_context is not None:
            settings["id-context_hex"] = self.id_context.hex()
        (self.directory / "settings.json").write_text(json.dumps(settings))

    @property
    def credential(self):
        return {"oscore": {"basedir": str(self.directory)}}


def crash(context):
    """Ends aiocoap's context as a power cut does: nothing more is written."""
    context.lockfile.release()
    context.lockfile = None


@contextlib.contextmanager
def crashing(credentials, name):
    credentials = credentials[name]
    try:
        yield
    finally:
        crash(credentials)


# ---- aiocoap ---------------------------------------------------------------------------------------------------------

class Reverse(aiocoap.resource.Resource):
    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload[::-1])


class Value(aiocoap.resource.ObservableResource):
    def __init__(self):
        super().__init__()
        self.value = b""
        self.observers = 0

    def update_observation_count(self, newcount):
        self.observers = newcount

    def set(self, value):
        self.value = value
        self.updated_state()

    async def render_get(self, _request):
        return aiocoap.Message(payload=self.value)

    async def render_put(self, request):
        self.set(request.payload)
        return aiocoap.Message(code=aiocoap.CHANGED)


@contextlib.asynccontextmanager
async def aiocoap_server(pair):
    """Its port and the resource `value`."""
    credentials = aiocoap.credentials.CredentialsMap()
    credentials.load_from_dict({":client": pair.credential})
    site, value, port = aiocoap.resource.Site(), Value(), free_port()
    site.add_resource(["reverse"], Reverse())
    site.add_resource(["value"], value)
    with crashing(credentials, ":client"):
        server = await aiocoap.Context.create_server_context(
            aiocoap.oscore_sitewrapper.OscoreSiteWrapper(site, credentials), bind=(HOST, port),
            server_credentials=credentials, transports=TRANSPORTS)
        try:
            yield port, value
        finally:
            await server.shutdown()


class Client:
    """aiocoap as client of 127.0.0.1:port."""

    def __init__(self, context, port):
        self.context, self.address = context, f"coap://{HOST}:{port}"

    @classmethod
    @contextlib.asynccontextmanager
    async def to(cls, pair, port):
        self = cls(await aiocoap.Context.create_client_context(transports=TRANSPORTS), port)
        self.context.client_credentials.load_from_dict({self.address + "/*": pair.credential})
        with crashing(self.context.client_credentials, self.address + "/*"):
            try:
                yield self
            finally:
                await self.context.shutdown()

    def request(self, code, path, payload=b"", **options):
        return self.context.request(aiocoap.Message(code=code, uri=f"{self.address}/{path}", payload=payload,
                                                    **options))

    async def ask(self, code, path, payload=b""):
        """(code, payload)"""
        answer = await self.request(code, path, payload).response
        return answer.code, answer.payload

    async def observe(self, path):
        """The payloads of notifications."""
        request = self.request(aiocoap.GET, path, observe=0)
        yield (await request.response).payload
        async for notification in request.observation:
            yield notification.payload


# ---- requests and responses ------------------------------------------------------------------------------------------

async def aiocoap_serves(rng, pair):
    async with aiocoap_server(pair) as (port, _), CoreClient(rng, pair.core(), port).opened() as client:
        await requests(rng, client)
    equal(client.echoes, 0, "Echo")


async def core_serves(rng, pair):
    async with CoreServer(rng, [pair.core()]).opened() as server, Client.to(pair, server.port) as client:
        await requests(rng, client)
    equal(set(server.log), {"request"}, "what the core saw")


# ---- Observe ---------------------------------------------------------------------------------------------------------

async def aiocoap_notifies(rng, pair):
    async with aiocoap_server(pair) as (port, value), CoreClient(rng, pair.core(), port).opened() as client:
        value.set(b"first")
        async with client.observing("value") as observed:
            await notified(observed, b"first")
            for payload in values(rng):
                value.set(payload)
                await notified(observed, payload)
            raises("REPLAY", client.unprotect, observed.exchange, observed.datagrams[-1])
        # The client has forgotten its observation and resets the next notification.
        value.set(b"unheard")
        await until(lambda: value.observers == 0, "end of the observation")
        equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b"unheard"), "GET")


async def core_notifies(rng, pair):
    async with CoreServer(rng, [pair.core()]).opened() as server, Client.to(pair, server.port) as client:
        server.value = b"first"
        async with contextlib.aclosing(client.observe("value")) as notifications:
            equal(await anext(notifications), b"first", "notification")
            for payload in values(rng):
                server.set(payload)
                equal(await anext(notifications), payload, "notification")
        equal(await client.ask(aiocoap.GET, "value"), (aiocoap.CONTENT, payload), "GET")


# ---- Block-wise ------------------------------------------------------------------------------------------------------

async def aiocoap_serves_blocks(rng, pair):
    block = rng.choice(BLOCKS)

    async def ask(code, path, body=b""):
        return await client.ask_all(code, path, body, block)

    async with aiocoap_server(pair) as (port, _), CoreClient(rng, pair.core(), port).opened() as client:
        await transfers(ask, [*bodies(rng, block), rng.randbytes(1100)])


async def core_serves_blocks(rng, pair):
    block = rng.choice(BLOCKS)
    async with CoreServer(rng, [pair.core()], block).opened() as server, Client.to(pair, server.port) as client:
        await transfers(client.ask, [*bodies(rng, block), rng.randbytes(1100)])
    equal(set(server.log), {"request"}, "what the core saw")


# ---- a replay window is lost (RFC 8613 appendix B.1.2) ---------------------------------------------------------------

async def aiocoap_server_reboots(rng, pair):
    """It asks for an Echo before it does anything, and what was sent before the reboot has no effect after it."""
    context = pair.core()
    async with aiocoap_server(pair) as (port, _), CoreClient(rng, context, port).opened() as client:
        equal(await client.ask(coap.PUT, "value", b"old"), (coap.CHANGED, b""), "PUT")
        recorded = client.last_request
    async with aiocoap_server(pair) as (port, value), CoreClient(rng, context, port).opened() as client:
        await client.repeat(recorded)
        equal(value.value, b"", "value after the replay")
        equal(await client.ask(coap.PUT, "value", b"new"), (coap.CHANGED, b""), "PUT after the reboot")
        equal((client.echoes, value.value), (1, b"new"), "Echo and value")
        equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b"new"), "GET")
        equal(client.echoes, 1, "Echo for the second request")
        answer = await client.repeat(recorded)
        equal((answer.code, answer.option(coap.OSCORE)), (UNAUTHORIZED, None), "answer to the replay")
        equal(value.value, b"new", "value after another replay")


async def core_server_reboots(rng, pair):
    async with CoreServer(rng, [pair.core()]).opened() as server, Client.to(pair, server.port) as client:
        equal(await client.ask(aiocoap.PUT, "value", b"old"), (aiocoap.CHANGED, b""), "PUT")
        recorded = server.arrived[-1]
        server.reboot()
        await refuses_recorded(rng, server, recorded)
        server.log.clear()
        equal(await client.ask(aiocoap.PUT, "value", b"new"), (aiocoap.CHANGED, b""), "PUT after the reboot")
        equal(await client.ask(aiocoap.GET, "value"), (aiocoap.CONTENT, b"new"), "GET")
        equal(server.log, ["challenge", "request", "request"], "what the core did")
        async with CoreClient(rng, None, server.port).opened() as anyone:
            equal((await anyone.repeat(recorded)).code, UNAUTHORIZED, "answer to another replay")
        equal((server.log[-1], server.value), ("REPLAY", b"new"), "what the core did")


async def aiocoap_client_reboots(rng, pair):
    """It goes on with sequence numbers that it has not used."""
    async with CoreServer(rng, [pair.core()]).opened() as server:
        for _ in range(3):
            async with Client.to(pair, server.port) as client:
                payload = rng.randbytes(10)
                equal(await client.ask(aiocoap.POST, "reverse", payload), (aiocoap.CHANGED, payload[::-1]), "POST")
    equal(server.log, ["request"] * 3, "what the core saw")


SCENARIOS = [aiocoap_serves, core_serves, aiocoap_notifies, core_notifies, aiocoap_serves_blocks, core_serves_blocks,
             aiocoap_server_reboots, core_server_reboots,
             aiocoap_client_reboots]


async def cases(run):
    for scenario in SCENARIOS:
        for number in range(max(1, run.count // 20)):
            with run.case(scenario.__name__, number), tempfile.TemporaryDirectory() as directory:
                rng = run.random(scenario.__name__, number)
                await asyncio.wait_for(scenario(rng, Pair(rng, directory)), CASE_SECONDS)


def main():
    run = Run(__doc__)
    faulthandler.dump_traceback_later(60 + run.count, exit=True)
    for name in ("aiocoap", "coap", "coap-server", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    asyncio.run(cases(run))
    run.finish()


if __name__ == "__main__":
    main()
