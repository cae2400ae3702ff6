"""Where libcoap 4.3.5 does not do what the specifications say, found by test_libcoap.py, which goes round all of it.
Each case fails once libcoap is mended: then test_libcoap.py can ask for more.

- As server without rfc8613_b_1_2, it takes every replay. With it, a request that was overtaken by one is refused though
  it is new, and one that was overtaken by two moves the window back, so that what overtook it is taken a second time
  (RFC 8613 section 7.4).
- As server that wants to know whether a request is fresh, it acknowledges one with another Echo value than the one it
  asked for, and does not answer (RFC 8613 appendix B.1.2, RFC 9175 section 2.3).
- As client, it takes notifications again and in any order (RFC 8613 section 7.4.1), and numbers all like their request.
- As server, it asks for smaller blocks of a request than the first one was, and then does not count all of that one and
  never answers (RFC 7959 section 2.3).
- As server, it does not give smaller blocks of a response than the first one was, but 4.00 (RFC 7959 section 2.4).
- As client, it waits for 5 seconds after a response in blocks before it sends the next request.
- As client, it uses security contexts after it freed them, to cancel observations that are left at the end. No case
  shows this one: libcoap_common.h does without coap_free_context."""

import asyncio
import faulthandler
import time

import core_block
import libcoap
import setup_libcoap
from core_client import CoreClient
from core_server import CoreServer
from harness import Run, equal
from peer import coap
from test_libcoap import Pair
from udp import BAD_REQUEST

CASE_SECONDS, SILENCE_SECONDS = 60, 0.5


async def server_takes_replays(rng, programs):
    for echo in (False, True):
        pair = Pair(rng)
        async with libcoap.Server.running(programs, pair.conf(b_1_2=echo)) as server:
            async with CoreClient(rng, pair.core(), server.port).opened() as client:
                await client.ask(coap.PUT, "value", b"0")
                late, later = (client.protect(coap.PUT, "value", value)[0] for value in (b"1", b"2"))
                await client.ask(coap.PUT, "value", b"3")
                overtaking = client.last_request
                equal((await client.repeat(overtaking)).option(coap.OSCORE), None if echo else b"", "replay")
                equal((await client.repeat(later)).option(coap.OSCORE), None if echo else b"", "late by one")
                equal((await client.repeat(late)).option(coap.OSCORE), b"", "late by two")
                equal((await client.repeat(overtaking)).option(coap.OSCORE), b"", "replay after that")


async def server_ignores_old_echo(rng, programs):
    pair = Pair(rng)
    async with libcoap.Server.running(programs, pair.conf(b_1_2=True)) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            datagram, _ = client.protect(coap.GET, "value", options=[(coap.ECHO, b"outdated")])
            await silence(client, datagram)
            equal(await client.ask(coap.GET, "value"), (coap.CONTENT, b""), "GET")


async def silence(client, datagram):
    with client.expecting(coap.decode(datagram).token) as queue:
        client.send(datagram)
        await asyncio.sleep(SILENCE_SECONDS)
        equal(queue.empty(), True, "no answer")
    acknowledged = [coap.decode(arrived).message_id for arrived in client.arrived]
    equal(coap.decode(datagram).message_id in acknowledged, True, "but it is acknowledged")


async def client_takes_old_notifications(rng, programs):
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()]).opened() as server:
        async with libcoap.Client.to(programs, pair.conf(), server.port) as client:
            client.tell("observe", "value")
            await client.notification()
            for value in (b"1", b"2"):
                server.set(value)
                equal(await client.notification(), value, "notification")
            old = next(sent for sent in server.sent if coap.decode(sent).option(coap.OBSERVE) == b"\x01")
            (observation,) = server.observations.values()
            server.send(old[:2] + server.next_message_id().to_bytes(2, "big") + old[4:], observation.source)
            equal(await client.notification(), b"1", "old notification")


async def server_loses_blocks(rng, programs):
    pair = Pair(rng)
    async with libcoap.Server.running(programs, pair.conf(), block=64) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            body = core_block.RequestBody(bytes(300), 256)
            options, payload = body.next()
            answer = await client.response(coap.PUT, "value", payload, options)
            equal((answer.option(coap.BLOCK1), body.take(answer)), (b"\x0a", False), "wish for 64 bytes")
            options, payload = body.next()
            equal((options[0], payload), ((coap.BLOCK1, b"\x42"), bytes(44)), "next block")
            await silence(client, client.protect(coap.PUT, "value", payload, options)[0])


async def server_keeps_block_size(rng, programs):
    pair = Pair(rng)
    async with libcoap.Server.running(programs, pair.conf()) as server:
        async with CoreClient(rng, pair.core(), server.port).opened() as client:
            await client.ask_all(coap.PUT, "value", bytes(2000), 1024)
            equal((await client.response(coap.GET, "value")).option(coap.BLOCK2), b"\x0e", "first block")
            answer = await client.response(coap.GET, "value", options=[(coap.BLOCK2, b"\x01\x02")])
            equal(answer.code, BAD_REQUEST, "smaller block")


async def client_waits_after_blocks(rng, programs):
    pair = Pair(rng)
    async with CoreServer(rng, [pair.core()], 64).opened() as server:
        async with libcoap.Client.to(programs, pair.conf(), server.port) as client:
            server.value = bytes(100)
            equal(await client.ask(coap.GET, "value"), (coap.CONTENT, server.value), "GET")
            begin = time.monotonic()
            equal(await client.ask(coap.POST, "reverse", b"1"), (coap.CHANGED, b"1"), "POST")
            equal(time.monotonic() - begin > 4, True, "it waited")


SCENARIOS = [server_takes_replays, server_ignores_old_echo, client_takes_old_notifications, server_loses_blocks,
             server_keeps_block_size, client_waits_after_blocks]


async def case(run, programs, scenario):
    with run.case(scenario.__name__):
        await asyncio.wait_for(scenario(run.random(scenario.__name__), programs), CASE_SECONDS)


async def cases(run, programs):
    await asyncio.gather(*(case(run, programs, scenario) for scenario in SCENARIOS))


def main():
    run = Run(__doc__)
    programs = setup_libcoap.ensure_or_exit(run.build, run.cc)
    faulthandler.dump_traceback_later(CASE_SECONDS + 10, exit=True)
    asyncio.run(cases(run, programs))
    run.finish()


if __name__ == "__main__":
    main()
