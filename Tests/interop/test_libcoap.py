"""OSCORE of the core against libcoap 4.3.5 over UDP sockets on 127.0.0.1, both roles: requests, Observe, Block-wise,
and replay windows that are lost. What libcoap does differently is in test_libcoap_differs.py, not asked for here."""

import asyncio
import faulthandler

import libcoap
import setup_libcoap
from core_client import CoreClient
from core_server import CoreServer
from harness import Run, equal, raises
from peer import coap
from udp import ANSWER_SECONDS, UNAUTHORIZED
from udp_cases import BLOCKS, Provisioned, bodies, notified, refuses_recorded, requests, transfers, values

CASE_SECONDS = 60


class Pair(Provisioned):
    def conf(self, **options):
        return libcoap.configuration(self.secret, self.salt, *self.ids[::-1], self.id_context, self.cose_alg, **options)


# ---- requests and responses ------------------------------------------------------------------------------------------

async def libcoap_serves(rng, programs):
    pair = Pair(rng)
    async with libcoap.Server.running(programs, pair.conf()) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            await requests(rng, client)


async def core_serves(rng, programs):
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        async with libcoap.Client.to(programs, pair.conf(), server.port) as client:
            await requests(rng, client)
    equal(set(server.log), {"request"}, "what the core saw")


async def core_serves_coap_client(rng, programs):
    """libcoap's own program."""
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        server.value = b"21.5 degrees"
        printed = await libcoap.coap_client(programs, pair.conf(), "-B", "10", "-m", "get",
                                             f"coap://127.0.0.1:{server.port}/value")
        equal(printed.strip(), server.value, "what coap-client printed")
    equal(server.log, ["request"], "what the core saw")


# ---- Observe ---------------------------------------------------------------------------------------------------------

async def libcoap_notifies(rng, programs):
    pair = Pair(rng)
    async with libcoap.Server.running(programs, pair.conf()) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            equal(await client.ask(coap.PUT, "value", b"first"), (coap.CHANGED, b""), "PUT")
            async with client.observing("value") as observed:
                await notified(observed, b"first")
                for value in values(rng):
                    server.set(value)
                    await notified(observed, value)
                await notifications_come_once(client, observed, server.set)
                server.set(b"last")
                await notified(observed, b"last")
                answer = await observed.cancel()
                equal((answer.code, answer.option(coap.OBSERVE), answer.payload), (coap.CONTENT, None, b"last"),
                      "answer to the cancellation")
                equal(await client.ask(coap.PUT, "value", b"unheard"), (coap.CHANGED, b""), "PUT")
                equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b"unheard"), "GET")
                equal(observed.queue.empty(), True, "silence after the cancellation")


async def notifications_come_once(client, observed, set_value):
    """Neither again nor in another order."""
    raises("REPLAY", client.unprotect, observed.exchange, observed.datagrams[-1])
    held_back = []
    for value in (b"held back", b"newer"):
        set_value(value)
        held_back.append(await asyncio.wait_for(observed.queue.get(), ANSWER_SECONDS))
    equal(client.unprotect(observed.exchange, held_back[1]).payload, b"newer", "notification")
    raises("REPLAY", client.unprotect, observed.exchange, held_back[0])


async def core_notifies(rng, programs):
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        server.value = b"first"
        async with libcoap.Client.to(programs, pair.conf(), server.port) as client:
            client.tell("observe", "value")
            equal(await client.notification(), b"first", "notification")
            for value in values(rng):
                server.set(value)
                equal(await client.notification(), value, "notification")
            client.tell("cancel")
            equal(await client.response(), (coap.CONTENT, value), "answer to the cancellation")
            equal(server.observations, {}, "observations")
            equal(await client.ask(coap.PUT, "value", b"unheard"), (coap.CHANGED, b""), "PUT")
            equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b"unheard"), "GET")
    equal(server.log.count("cancelled"), 1, "cancellations")


# ---- Block-wise ------------------------------------------------------------------------------------------------------

async def libcoap_serves_blocks(rng, programs):
    pair = Pair(rng)
    ours, theirs = rng.choice(BLOCKS), rng.choice(BLOCKS)

    async def ask(code, path, body=b""):
        """Requests in blocks that are not larger than the server's."""
        return await client.ask_all(code, path, body, ours if code == coap.GET else min(ours, theirs))

    async with libcoap.Server.running(programs, pair.conf(), block=theirs) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            await transfers(ask, bodies(rng, ours) + bodies(rng, theirs))


async def core_serves_blocks(rng, programs):
    pair = Pair(rng)
    ours, theirs = rng.choice(BLOCKS), rng.choice(BLOCKS)
    sequence = 0

    async def ask(*arguments):
        """Each request from a client of its own, that goes on with the sequence numbers."""
        nonlocal sequence
        async with libcoap.Client.to(programs, pair.conf(), server.port, sequence, theirs) as client:
            answer = await client.ask(*arguments)
            sequence = client.sequence
            return answer

    async with CoreServer(rng, [pair.core()], ours).opened() as server:
        await transfers(ask, bodies(rng, ours) + bodies(rng, theirs))
    equal(set(server.log), {"request"}, "what the core saw")


async def libcoap_notifies_in_blocks(rng, programs):
    pair = Pair(rng)
    block = rng.choice(BLOCKS)
    async with libcoap.Server.running(programs, pair.conf(), block=block) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client, client.observing("value") as observed:
            await notified(observed, b"")
            for body in bodies(rng, block):
                server.set(body)
                first = await observed.next()
                equal(first.option(coap.OBSERVE), b"", "Observe")
                equal(await observed.rest(first, block), body, "notification")


async def core_notifies_in_blocks(rng, programs):
    pair = Pair(rng)
    block = rng.choice(BLOCKS)
    async with CoreServer(rng, [pair.core()], block).opened() as server:
        async with libcoap.Client.to(programs, pair.conf(), server.port, block=block) as client:
            client.tell("observe", "value")
            equal(await client.notification(), b"", "notification")
            for body in bodies(rng, block):
                server.set(body)
                equal(await client.notification(), body, "notification")


# ---- a replay window is lost (RFC 8613 appendix B.1.2) ---------------------------------------------------------------

async def libcoap_server_reboots(rng, programs):
    """It asks for an Echo before it does anything, and what was sent before the reboot has no effect after it. What is
    recorded has no Echo option: a request with an old value libcoap only acknowledges."""
    pair, sequence, recorded = Pair(rng), 0, None
    context = pair.core()
    for value in (b"one", b"two", b"three"):
        async with libcoap.Server.running(programs, pair.conf(b_1_2=True), sequence) as server:
            async with CoreClient(rng, context, server.port).opened() as client:
                if recorded is not None:
                    await client.repeat(recorded)
                equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b""), "GET after the reboot")
                equal(client.echoes, 1, "Echo")
                equal(await client.ask(coap.PUT, "value", value), (coap.CHANGED, b""), "PUT")
                equal(client.echoes, 1, "Echo for the second request")
                recorded = client.last_request
                equal((await client.repeat(recorded)).code, UNAUTHORIZED, "answer to the replay")
                equal(await client.ask(coap.GET, "value"), (coap.CONTENT, value), "GET")
            sequence = await server.kept_sequence()


async def core_server_reboots(rng, programs):
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        async with libcoap.Client.to(programs, pair.conf(), server.port) as client:
            equal(await client.ask(coap.PUT, "value", b"old"), (coap.CHANGED, b""), "PUT")
            recorded = server.arrived[-1]
            server.reboot()
            await refuses_recorded(rng, server, recorded)
            server.log.clear()
            equal(await client.ask(coap.PUT, "value", b"new"), (coap.CHANGED, b""), "PUT after the reboot")
            equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b"new"), "GET")
            equal(server.log, ["challenge", "request", "request"], "what the core did")


SCENARIOS = [libcoap_serves, core_serves, core_serves_coap_client, libcoap_notifies, core_notifies,
             libcoap_serves_blocks, core_serves_blocks, libcoap_notifies_in_blocks, core_notifies_in_blocks,
             libcoap_server_reboots, core_server_reboots]


async def cases(run, programs):
    for scenario in SCENARIOS:
        for number in range(max(1, run.count // 40)):
            with run.case(scenario.__name__, number):
                await asyncio.wait_for(scenario(run.random(scenario.__name__, number), programs), CASE_SECONDS)


def main():
    run = Run(__doc__)
    programs = setup_libcoap.ensure_or_exit(run.build, run.cc)
    faulthandler.dump_traceback_later(60 + run.count, exit=True)
    asyncio.run(cases(run, programs))
    run.finish()


if __name__ == "__main__":
    main()
