"""aiocoap 0.4.17 without protection, as the other side of the Swift client and server: run by the Swift tests.

usage: aiocoap_peer.py server       prints its port and serves until its standard input ends
       aiocoap_peer.py client PORT  asks the server of the tests; prints `ok` if every answer was right"""

import asyncio
import contextlib
import logging
import socket
import sys

import aiocoap
import aiocoap.resource

HOST = "127.0.0.1"
SIZES = [0, 1, 500, 1024, 1025, 5000]
CASE_SECONDS = 20


def data(size):
    return bytes((number * 7 + number // 251) & 0xff for number in range(size))


class Data(aiocoap.resource.Resource):
    """As many bytes as the query says."""

    async def render_get(self, request):
        return aiocoap.Message(payload=data(int(request.opt.uri_query[0])))


class Reverse(aiocoap.resource.Resource):
    async def render_post(self, request):
        return aiocoap.Message(code=aiocoap.CHANGED, payload=request.payload[::-1])


class Slow(aiocoap.resource.Resource):
    """Answered after an acknowledgement of its own."""

    async def render_get(self, _request):
        await asyncio.sleep(0.4)
        return aiocoap.Message(payload=b"slow", content_format=0)


class Ticking(aiocoap.resource.ObservableResource):
    """Counts, one state every 30 ms."""

    def __init__(self):
        super().__init__()
        self.count = 0

    async def tick(self):
        while True:
            await asyncio.sleep(0.03)
            self.count += 1
            self.updated_state()

    async def render_get(self, _request):
        return aiocoap.Message(payload=b"%d" % self.count)


async def server():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    site = aiocoap.resource.Site()
    ticking = Ticking()
    for path, resource in {"data": Data(), "reverse": Reverse(), "slow": Slow(), "ticking": ticking}.items():
        site.add_resource([path], resource)
    context = await aiocoap.Context.create_server_context(site, bind=(HOST, port), transports=["udp6"])
    task = asyncio.create_task(ticking.tick())
    print(port, flush=True)
    await asyncio.to_thread(sys.stdin.read)
    task.cancel()
    await context.shutdown()


def equal(actual, expected, what):
    if actual != expected:
        raise AssertionError(f"{what}: {actual!r} instead of {expected!r}")


async def ask(context, code, address, **parts):
    return await context.request(aiocoap.Message(code=code, uri=address, **parts)).response


async def observe(context, address):
    """The states up to 5, each of which a POST makes; the server tells of the last one again and again."""
    request = context.request(aiocoap.Message(code=aiocoap.GET, uri=address + "/state", observe=0))
    seen = [int((await request.response).payload)]
    states = request.observation.__aiter__()
    while seen[-1] < 5:
        await ask(context, aiocoap.POST, address + "/count")
        seen.append(int((await states.__anext__()).payload))
    request.observation.cancel()
    equal(seen, sorted(seen), "states in their order")


async def client(port):
    address = f"coap://{HOST}:{port}"
    context = await aiocoap.Context.create_client_context(transports=["udp6"])
    for size in SIZES:
        answer = await ask(context, aiocoap.GET, f"{address}/long?{size}")
        equal((answer.code, answer.payload), (aiocoap.CONTENT, data(size)), f"GET of {size} bytes")
        answer = await ask(context, aiocoap.POST, address + "/reverse", payload=data(size))
        equal((answer.code, answer.payload), (aiocoap.CHANGED, data(size)[::-1]), f"POST of {size} bytes")
    answer = await ask(context, aiocoap.GET, address + "/json", accept=50)
    equal((answer.code, answer.opt.content_format), (aiocoap.CONTENT, 50), "JSON")
    for code, path, options, expected in [
            (aiocoap.GET, "nothing", {}, aiocoap.NOT_FOUND),
            (aiocoap.PUT, "json", {}, aiocoap.METHOD_NOT_ALLOWED),
            (aiocoap.GET, "json", {"accept": 60}, aiocoap.NOT_ACCEPTABLE),
            (aiocoap.GET, "json", {"if_match": [b"x"]}, aiocoap.BAD_OPTION)]:
        answer = await ask(context, code, f"{address}/{path}", **options)
        equal(answer.code, expected, f"{code} {path} {options}")
    answer = await ask(context, aiocoap.GET, address + "/json", transport_tuning=aiocoap.Unreliable)
    equal((answer.code, answer.payload), (aiocoap.CONTENT, b"{}"), "a request that is not confirmable")
    await asyncio.wait_for(observe(context, address), CASE_SECONDS)
    with contextlib.suppress(asyncio.CancelledError):
        await context.shutdown()
    print("ok", flush=True)


def main():
    logging.getLogger("coap").setLevel(logging.CRITICAL)
    match sys.argv[1:]:
        case ["server"]:
            asyncio.run(server())
        case ["client", port]:
            asyncio.run(asyncio.wait_for(client(int(port)), 3 * CASE_SECONDS))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
