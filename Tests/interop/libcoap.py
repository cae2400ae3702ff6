"""libcoap 4.3.5 as other side: its own coap-client, and libcoap_server.c and libcoap_client.c on the library."""

import asyncio
import contextlib
import tempfile
from pathlib import Path

from udp import ANSWER_SECONDS


def configuration(secret, salt, sender_id, recipient_id, id_context=None, cose_alg=10, b_1_2=False):
    """As in coap-oscore-conf(5)."""
    lines = [f'master_secret,hex,"{secret.hex()}"', f'master_salt,hex,"{salt.hex()}"',
             f'sender_id,hex,"{sender_id.hex()}"', f'recipient_id,hex,"{recipient_id.hex()}"',
             f"aead_alg,integer,{cose_alg}", "hkdf_alg,integer,-10", "replay_window,integer,32",
             f"rfc8613_b_1_2,bool,{str(b_1_2).lower()}", "ssn_freq,integer,1"]
    if id_context is not None:
        lines.append(f'id_context,hex,"{id_context.hex()}"')
    return "\n".join(lines) + "\n"


class Process:
    """A program of ours that reads commands and prints lines; it ends with its standard input."""

    program = None  # a path

    def __init__(self, process):
        self.process = process
        self.sequence = 0

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, programs, conf, *arguments):
        with tempfile.TemporaryDirectory() as directory:
            file = Path(directory) / "oscore.conf"
            file.write_text(conf)
            process = await asyncio.create_subprocess_exec(
                str(programs / cls.program), str(file), *map(str, arguments), stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE, limit=1 << 20)
            try:
                yield cls(process)
            finally:
                await cls.end(process)

    @staticmethod
    async def end(process):
        process.stdin.close()
        try:
            code = await asyncio.wait_for(process.wait(), ANSWER_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise
        if code != 0:
            raise AssertionError(f"libcoap's side ended with {code}")

    def tell(self, *words):
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())

    async def line(self):
        """The next line's words; those that say which sequence number to keep are kept."""
        while True:
            line = await asyncio.wait_for(self.process.stdout.readline(), ANSWER_SECONDS)
            if not line:
                raise AssertionError("libcoap's side ended")
            words = line.decode().rstrip("\n").split(" ")
            if words[0] != "sequence":
                return words
            self.sequence = int(words[1])


class Server(Process):
    program = "libcoap_server"

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, programs, conf, sequence=0, block=0):
        async with super().running(programs, conf, sequence, block) as self:
            kind, port = await self.line()
            assert kind == "port"
            self.port = int(port)
            yield self

    async def kept_sequence(self):
        """The Sender Sequence Number to go on with after a reboot."""
        self.tell("sync")
        assert await self.line() == ["synced"]
        return self.sequence

    def set(self, value):
        self.tell("set", value.hex())


class Client(Process):
    program = "libcoap_client"

    @classmethod
    def to(cls, programs, conf, port, sequence=0, block=0):
        return cls.running(programs, conf, sequence, block, port)

    async def ask(self, code, path, payload=b""):
        """(code, payload)"""
        self.tell(code, path, payload.hex())
        return await self.response()

    async def response(self):
        kind, *rest = await self.line()
        if kind != "response":
            raise AssertionError(f"{kind} {' '.join(rest)}")
        return int(rest[0]), bytes.fromhex(rest[1])

    async def notification(self):
        """Its payload."""
        kind, *rest = await self.line()
        if kind != "notification":
            raise AssertionError(f"{kind} {' '.join(rest)}")
        return bytes.fromhex(rest[0])


async def coap_client(programs, conf, *arguments):
    """Runs libcoap's own client; what it prints."""
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory) / "oscore.conf"
        file.write_text(conf)
        process = await asyncio.create_subprocess_exec(
            str(programs / "coap-client"), "-E", f"{file},{directory}/sequence", *map(str, arguments),
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        try:
            out, _ = await asyncio.wait_for(process.communicate(), 2 * ANSWER_SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return out
