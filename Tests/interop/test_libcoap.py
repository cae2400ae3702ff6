"""OSCORE of the core against libcoap 4.3.5 over UDP sockets on 127.0.0.1, both roles."""

import asyncio
import faulthandler

import husk_core as core
import libcoap
import setup_libcoap
from core_udp import NOT_FOUND, UNAUTHORIZED, BAD_REQUEST, CoreClient, CoreServer
from harness import Run, equal
from peer import coap

CASE_SECONDS = 20
SIZES = [0, 1, 15, 64, 255, 512, 1000]


class Pair:
    """A secret and identifiers for the core and for libcoap."""

    def __init__(self, rng, cose_alg=10):
        self.ids = [rng.randbytes(rng.randint(0, 7)) for _ in range(2)]
        while self.ids[0] == self.ids[1]:
            self.ids[1] = rng.randbytes(rng.randint(0, 7))
        self.secret = rng.randbytes(rng.choice([16, 32, 64]))
        self.salt = rng.randbytes(rng.choice([0, 8, 32]))
        self.id_context = rng.choice([None, rng.randbytes(1), rng.randbytes(8)])
        self.cose_alg = cose_alg

    def core(self):
        return core.OscoreContext.derive(self.secret, self.salt, *self.ids, self.cose_alg, self.id_context)

    def conf(self, **options):
        return libcoap.configuration(self.secret, self.salt, *self.ids[::-1], self.id_context, self.cose_alg, **options)


# ---- requests and responses ------------------------------------------------------------------------------------------

async def libcoap_serves(rng, programs):
    pair = Pair(rng)
    async with libcoap.Server.running(programs, pair.conf()) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            for size in SIZES:
                payload = rng.randbytes(size)
                answer = await client.ask(coap.POST, "reverse", payload)
                equal((answer.code, answer.payload), (coap.CHANGED, payload[::-1]), "POST")
                answer = await client.ask(coap.PUT, "value", payload)
                equal((answer.code, answer.payload), (coap.CHANGED, b""), "PUT")
                answer = await client.ask(coap.GET, "value")
                equal((answer.code, answer.payload), (coap.CONTENT, payload), "GET")
            equal((await client.ask(coap.GET, "nothing")).code, NOT_FOUND, "GET of nothing")


async def core_serves(rng, programs):
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        async with libcoap.Client.to(programs, pair.conf(), server.port) as client:
            for size in SIZES:
                payload = rng.randbytes(size)
                equal(await client.ask(coap.POST, "reverse", payload), (coap.CHANGED, payload[::-1]), "POST")
                equal(await client.ask(coap.PUT, "value", payload), (coap.CHANGED, b""), "PUT")
                equal(await client.ask(coap.GET, "value"), (coap.CONTENT, payload), "GET")
            equal(await client.ask(coap.GET, "nothing"), (NOT_FOUND, b""), "GET of nothing")
    equal(set(server.log), {"request"}, "what the core saw")


async def core_serves_coap_client(rng, programs):
    """libcoap's own program."""
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        server.value = b"21.5 degrees"
        printed = await libcoap.coap_client(programs, pair.conf(), "-m", "get", f"coap://127.0.0.1:{server.port}/value")
        equal(printed.strip(), server.value, "what coap-client printed")
    equal(server.log, ["request"], "what the core saw")


SCENARIOS = [libcoap_serves, core_serves, core_serves_coap_client]


async def cases(run, programs):
    for scenario in SCENARIOS:
        for number in range(max(1, run.count // 40)):
            with run.case(scenario.__name__, number):
                await asyncio.wait_for(scenario(run.random(scenario.__name__, number), programs), CASE_SECONDS)


def main():
    run = Run(__doc__)
    programs = setup_libcoap.ensure(run.build, run.cc)
    faulthandler.dump_traceback_later(60 + run.count, exit=True)
    asyncio.run(cases(run, programs))
    run.finish()


if __name__ == "__main__":
    main()
