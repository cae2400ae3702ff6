"""What the tests over UDP ask of every peer: requests, notifications, bodies in blocks, reboots."""

import husk_core as core
from core_client import CoreClient
from harness import equal
from peer import coap
from udp import NOT_FOUND

SIZES = [0, 1, 15, 64, 255, 512, 1000]
BLOCKS = [16, 64, 256, 1024]


class Provisioned:
    """A secret and identifiers for the core, `ids`, Sender ID first; the peer has them the other way round."""

    def __init__(self, rng, cose_alg=10):
        self.cose_alg = cose_alg
        longest = 6 if cose_alg == 24 else 7  # ChaCha20/Poly1305 has 12-byte nonces
        self.ids = [rng.randbytes(rng.randint(0, longest)) for _ in range(2)]
        while self.ids[0] == self.ids[1]:
            self.ids[1] = rng.randbytes(rng.randint(0, longest))
        self.secret = rng.randbytes(rng.choice([16, 32, 64]))
        self.salt = rng.randbytes(rng.choice([0, 8, 32]))
        self.id_context = rng.choice([None, rng.randbytes(1), rng.randbytes(8)])

    def core(self):
        return core.OscoreContext.derive(self.secret, self.salt, *self.ids, self.cose_alg, self.id_context)


async def requests(rng, client):
    """`client` has `ask`, as all of them do: (code, path, payload) to (code, payload)."""
    for size in SIZES:
        payload = rng.randbytes(size)
        equal(await client.ask(coap.POST, "reverse", payload), (coap.CHANGED, payload[::-1]), "POST")
        equal(await client.ask(coap.PUT, "value", payload), (coap.CHANGED, b""), "PUT")
        equal(await client.ask(coap.GET, "value"), (coap.CONTENT, payload), "GET")
    equal((await client.ask(coap.GET, "nothing"))[0], NOT_FOUND, "GET of nothing")


def values(rng):
    return [rng.randbytes(size) for size in (0, 1, 20, 300, 900, 20, 20)]


async def notified(observed, value):
    answer = await observed.next()
    equal((answer.code, answer.option(coap.OBSERVE), answer.payload), (coap.CONTENT, b"", value), "notification")


def bodies(rng, block):
    """Around one block, two blocks, and long."""
    return [rng.randbytes(size) for size in (0, block - 1, block, block + 1, 2 * block, rng.randint(2, 7) * block + 5)]


async def transfers(ask, all_bodies):
    """There, back, and both in one exchange."""
    for body in all_bodies:
        equal(await ask(coap.PUT, "value", body), (coap.CHANGED, b""), "PUT")
        equal(await ask(coap.GET, "value"), (coap.CONTENT, body), "GET")
        equal(await ask(coap.POST, "reverse", body), (coap.CHANGED, body[::-1]), "POST")


async def refuses_recorded(rng, server, recorded):
    """A request from before the reboot, sent again by someone who has no keys, changes nothing: the server asks,
    protected, whether it is fresh, and the second time knows that it is not."""
    async with CoreClient(rng, None, server.port).opened() as anyone:
        for happens, protected in (("challenge", True), ("REPLAY", False)):
            before, seen = server.value, len(server.log)
            answer = await anyone.repeat(recorded)
            equal((answer.option(coap.OSCORE) is not None, server.log[seen:], server.value),
                  (protected, [happens], before), "what the replay brought about")
