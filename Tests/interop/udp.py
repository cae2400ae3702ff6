"""Sockets on 127.0.0.1 for the tests over UDP, on asyncio."""

import asyncio
import contextlib
import socket

from peer import coap

HOST = "127.0.0.1"
ANSWER_SECONDS = 10
UNAUTHORIZED, BAD_REQUEST, NOT_FOUND, NOT_ALLOWED = 0x81, 0x80, 0x84, 0x85


def free_port():
    """For programs that cannot say which one they got."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


async def until(condition, what):
    """Waits for something that another task brings about."""
    for _ in range(100 * ANSWER_SECONDS):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{what}: did not come")


class Socket(asyncio.DatagramProtocol):
    """A socket; what goes wrong while it receives is raised when it closes. `sent` has all that left it, `arrived` what
    came."""

    def __init__(self, rng):
        self.rng = rng
        self.message_id = rng.randrange(1 << 16)
        self.sent, self.arrived = [], []
        self.transport = self.failure = None

    @contextlib.asynccontextmanager
    async def open(self, **options):
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
        self.arrived.append(datagram)
        try:
            self.received(datagram, source)
        except Exception as error:
            self.failure = self.failure or error

    def next_message_id(self):
        self.message_id = (self.message_id + 1) % (1 << 16)
        return self.message_id

    def send(self, datagram, destination=None):
        self.sent.append(datagram)
        self.transport.sendto(datagram, destination)

    def send_empty(self, kind, message_id, destination=None):
        self.send(coap.encode(coap.Message(0, [], b"", kind, message_id)), destination)
