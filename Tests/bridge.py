"""A simulated sensor on a link of our making: QEMU's UART on one side, a gateway's UDP port on the other, and between them
loss, duplication and noise as a test wants them."""
import selectors
import socket
import subprocess
import tempfile
import time

END, ESC, ESC_END, ESC_ESC = 0xC0, 0xDB, 0xDC, 0xDD
DIAGNOSTIC = 0x0A
PROVISIONING_ADDRESS = 0x3FC00


def slip(packet):
    """A packet as it goes over the UART (RFC 1055)."""
    body = packet.replace(bytes([ESC]), bytes([ESC, ESC_ESC])).replace(bytes([END]), bytes([ESC, ESC_END]))
    return bytes([END]) + body + bytes([END])


def unslip(frame):
    """The packet between two END bytes."""
    return frame.replace(bytes([ESC, ESC_END]), bytes([END])).replace(bytes([ESC, ESC_ESC]), bytes([ESC]))


class Link:
    """A link that loses and repeats the datagrams with the given numbers, counted from 0 over both directions, and puts
    `noise` on the line before each packet to the device."""

    def __init__(self, lose=(), repeat=(), noise=b""):
        self.lose, self.repeat, self.noise = set(lose), set(repeat), noise
        self.count = 0

    def copies(self):
        """How often the next datagram arrives."""
        number, self.count = self.count, self.count + 1
        return 0 if number in self.lose else 2 if number in self.repeat else 1


class Sensor:
    """One run of a sensor image. `code` is its exit code, `said` its diagnostic lines, `link.count` the datagrams."""

    def __init__(self, machine, image, provisioning, link, seconds=90):
        self.machine, self.image, self.provisioning, self.link = machine, image, provisioning, link
        self.deadline = time.monotonic() + seconds
        self.said, self.code, self.errors = [], None, ""

    def command(self, folder):
        """QEMU with the UART on a socket in this folder."""
        command = ["qemu-system-arm", "-M", self.machine, "-display", "none", "-monitor", "none",
                   "-serial", f"unix:{folder}/uart,server=on,wait=on", "-semihosting-config", "enable=on,target=native",
                   "-kernel", self.image]
        if self.provisioning is not None:
            with open(f"{folder}/provisioning", "wb") as file:
                file.write(self.provisioning)
            command += ["-device", f"loader,file={folder}/provisioning,addr={PROVISIONING_ADDRESS},force-raw=on"]
        return command

    def run(self, port):
        """Runs to the end, with datagrams carried to and from this UDP port of localhost."""
        with tempfile.TemporaryDirectory() as folder:
            with open(f"{folder}/errors", "w+") as errors:
                process = subprocess.Popen(self.command(folder), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
                try:
                    self.carry(self.connect(f"{folder}/uart"), port)
                    self.code = process.wait(timeout=max(1, self.deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    self.said.append("did not end in time")
                finally:
                    process.kill()
                    process.wait()
                errors.seek(0)
                self.errors = errors.read()
        return self

    def connect(self, path):
        """The UART, as soon as QEMU offers it: the file is there a little before anybody listens."""
        while time.monotonic() <= self.deadline:
            uart = socket.socket(socket.AF_UNIX)
            try:
                uart.connect(path)
                return uart
            except (FileNotFoundError, ConnectionRefusedError):
                uart.close()
                time.sleep(0.02)
        raise TimeoutError("QEMU does not start")

    def carry(self, uart, port):
        """Carries packets both ways until the UART closes or time is up."""
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.connect(("127.0.0.1", port))
        line = b""
        with selectors.DefaultSelector() as selector, uart, udp:
            selector.register(uart, selectors.EVENT_READ)
            selector.register(udp, selectors.EVENT_READ)
            while time.monotonic() < self.deadline:
                for key, _ in selector.select(timeout=1):
                    if key.fileobj is udp:
                        self.to_device(uart, udp)
                        continue
                    got = self.receive(uart)
                    if not got:
                        return
                    *frames, line = (line + got).split(bytes([END]))
                    for frame in filter(None, frames):
                        self.from_device(unslip(frame), udp)

    @staticmethod
    def receive(uart):
        """What the UART sent; nothing once QEMU has gone."""
        try:
            return uart.recv(4096)
        except ConnectionError:
            return b""

    def from_device(self, packet, udp):
        """A packet of the device: a diagnostic line, or a datagram for the gateway."""
        if packet[0] == DIAGNOSTIC:
            self.said.append(packet[1:].decode(errors="replace"))
            return
        for _ in range(self.link.copies()):
            udp.send(packet)

    def to_device(self, uart, udp):
        """A datagram of the gateway."""
        try:
            datagram = udp.recv(4096)
            for _ in range(self.link.copies()):
                uart.sendall(self.link.noise + slip(datagram))
        except ConnectionError:
            return
