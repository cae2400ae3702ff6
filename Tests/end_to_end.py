#!/usr/bin/env python3
"""End to end: the sensor firmware under QEMU on every machine against `husk gateway`, over good and bad links.

    end_to_end.py HUSK BUILD    the command-line program, and the folder with m0/sensor.elf and so on
"""
import concurrent.futures
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tempfile

from bridge import Link, Sensor

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "CSources" / "firmware" / "tools"))
import provision  # noqa: E402  (needs the path above)

MACHINES = {"microbit": "m0", "mps2-an385": "m3", "mps2-an386": "m4"}
KID = bytes([1])
GATEWAY_ID = bytes([2])
READINGS = ["21.500", "21.625", "21.750"]
LISTENING = re.compile(r"listening on .*:(\d+) ")
# Suites of the firmware, and what their tags make of EDHOC messages 1 to 4.
SUITES = {0: [37, 35, 11, 9], 2: [37, 35, 11, 9], 4: [37, 35, 19, 17]}
RESUMPTION_BYTES = 2  # what an rKID takes more of message_3 than a kid of one byte


class Gateway:
    """`husk gateway` with one device in its credentials file, which may use `suites`; `text` is all it printed, once it
    has ended."""

    def __init__(self, husk, key, suites=None, kudos=None):
        self.folder = tempfile.TemporaryDirectory()
        file = os.path.join(self.folder.name, "credentials.json")
        record = {"device": "sensor-1", "gateway": "gateway", "kid": KID.hex(), "key": key.hex()} | (
            {"suites": suites} if suites else {})
        if kudos:
            record = {"device": "sensor-1", "oscore": {"secret": key.hex(), "sender": KID.hex(),
                                                       "recipient": GATEWAY_ID.hex(), "mode": kudos}}
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump({"devices": [record]}, out)
        self.process = subprocess.Popen([husk, "gateway", "--credentials", file, "--port", "0", "--messages"],
                                        text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text = ""

    def __enter__(self):
        first = self.process.stdout.readline()
        match = LISTENING.search(first)
        if not match:
            self.process.kill()
            raise RuntimeError(f"the gateway does not start: {first}{self.process.stdout.read()}")
        self.port = int(match.group(1))
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.text = self.process.communicate(timeout=30)[0]
        self.folder.cleanup()


    def edhoc_bytes(self):
        """Sizes of the EDHOC messages in the order of their coming and going."""
        sizes = re.findall(r"(?:EDHOC message_\d|message_3 \+ OSCORE request) +(\d+) ", self.text)
        return [int(size) for size in sizes]


def provisioning(key, **how):
    """What the sensor finds in its flash; `how` as provision.image has it."""
    return provision.image(KID, key, provision.credential("sensor-1", KID), provision.credential("gateway", KID),
                           len(READINGS), **how)


def expect(condition, sensor, gateway, what):
    """Ends the case if something is not as it should be, with all that both sides said."""
    if not condition:
        raise AssertionError(f"{what}; exit code {sensor.code}\nfirmware: {sensor.said} {sensor.errors}\n"
                             f"gateway: {gateway.text}")


def run(husk, build, machine, link, wrong_key=False, provisioned=True, allowed=None, firmware="sensor", **how):
    """One sensor, provisioned `how`, against a gateway of its own."""
    key = secrets.token_bytes(16)
    with Gateway(husk, key, allowed) as gateway:
        given = provisioning(secrets.token_bytes(16) if wrong_key else key, **how) if provisioned else None
        sensor = Sensor(machine, f"{build}/{MACHINES[machine]}/{firmware}.elf", given, link).run(gateway.port)
        expect(gateway.process.poll() is None, sensor, gateway, "the gateway ended")
    return sensor, gateway


def delivers(husk, build, machine, link, firmware="sensor"):
    """Every reading arrives once, in order, whatever the link does."""
    sensor, gateway = run(husk, build, machine, link, firmware=firmware)
    arrived = re.findall(r"sensor-1 sensors/temperature .*?(\d\d\.\d\d\d)", gateway.text)
    expect(sensor.code == 0, sensor, gateway, "the sensor failed")
    expect(arrived == READINGS, sensor, gateway, f"readings {arrived} arrived")
    expect("report machine=" + machine in sensor.said[-1], sensor, gateway, "no report")
    lost = bool(link.lose)
    expect(("retransmissions=0" not in sensor.said[-1]) == lost, sensor, gateway, "retransmissions do not fit the losses")


def authenticates(husk, build, machine, suite=0, combined=False, restarts=0, firmware="sensor"):
    """Messages have the sizes they should have, with every suite, with message_3 in the first request, and when a
    session is resumed after a restart."""
    flags = (0 if combined else provision.SEQUENTIAL) | (provision.RESUME if restarts else 0)
    sensor, gateway = run(husk, build, machine, Link(), suite=suite, flags=flags, restarts=restarts, firmware=firmware)
    expect(sensor.code == 0, sensor, gateway, "the sensor failed")
    first = SUITES[suite][:3 if combined else 4]
    resumed = first[:2] + [first[2] + RESUMPTION_BYTES] + first[3:]
    expect(gateway.edhoc_bytes() == first + resumed * restarts, sensor, gateway, "sizes of EDHOC messages")
    arrived = len(re.findall("sensor-1 sensors/temperature", gateway.text))
    expect(arrived == len(READINGS) + restarts, sensor, gateway, f"{arrived} readings arrived")
    proved = len(re.findall(rf"authenticated from \S+ with suite {suite}", gateway.text))
    expect(proved == 1 + restarts, sensor, gateway, f"{proved} authentications")
    told = sum(line.startswith("authenticated in ") for line in sensor.said)
    expect(told == 1 + restarts, sensor, gateway, f"{told} authentications in the eyes of the sensor")


def updates_keys(husk, build, machine, mode, link, restarts):
    """The symmetric-only sensor gets its keys by KUDOS, also after restarts, whatever the link does."""
    key = secrets.token_bytes(16)
    with Gateway(husk, key, kudos=mode) as gateway:
        given = provision.kudos_image(KID, GATEWAY_ID, key, mode == "fs", len(READINGS), restarts=restarts)
        sensor = Sensor(machine, f"{build}/{MACHINES[machine]}/sensor_symmetric.elf", given, link).run(gateway.port)
        expect(gateway.process.poll() is None, sensor, gateway, "the gateway ended")
    expect(sensor.code == 0, sensor, gateway, "the sensor failed")
    arrived = re.findall(r"sensor-1 sensors/temperature .*?(\d\d\.\d\d\d)", gateway.text)
    expect(arrived[:len(READINGS)] == READINGS, sensor, gateway, f"readings {arrived} arrived")
    expect(len(arrived) == len(READINGS) + restarts, sensor, gateway, f"{len(arrived)} readings arrived")
    proved = len(re.findall(r"authenticated from \S+ by KUDOS", gateway.text))
    expect(proved == 1 + restarts, sensor, gateway, f"{proved} key updates")


def names_what_it_lacks(husk, build, machine, firmware="sensor"):
    """A suite that the firmware does not link is refused before anything is sent."""
    sensor, gateway = run(husk, build, machine, Link(), suite=1, firmware=firmware)
    expect(sensor.code == 1 and "has 0, 2 and 4" in sensor.said[0], sensor, gateway, "no hint")
    expect(gateway.edhoc_bytes() == [], sensor, gateway, "it began a handshake")


def is_held_to_its_suites(husk, build, machine):
    """A device that authenticates with a suite it may not use gets no session."""
    sensor, gateway = run(husk, build, machine, Link(), allowed=[0, 4], suite=2)
    expect(sensor.code == 2, sensor, gateway, "the suite was not refused")
    expect("suite 2 is not among those this device may use" in gateway.text, sensor, gateway, "no word of it")
    expect("authenticated from" not in gateway.text, sensor, gateway, "a session began")


def refuses_wrong_key(husk, build, machine, firmware="sensor"):
    """Another key authenticates nobody, and leaves the gateway standing."""
    sensor, gateway = run(husk, build, machine, Link(), wrong_key=True, firmware=firmware)
    expect(sensor.code == 2, sensor, gateway, "a wrong key was not refused")
    expect("authenticated from" not in gateway.text, sensor, gateway, "the gateway authenticated a wrong key")


def says_what_is_missing(husk, build, machine, firmware="sensor"):
    """Without provisioning the firmware says so."""
    sensor, gateway = run(husk, build, machine, Link(), provisioned=False, firmware=firmware)
    expect(sensor.code == 1 and "nothing is provisioned" in sensor.said[0], sensor, gateway, "no hint")


def demo(husk, build, firmware):
    """`husk demo` on all machines shows the readings and the cost, and succeeds."""
    result = subprocess.run([husk, "demo", "--machine", "all", "--firmware", firmware, "--firmware-dir", build],
                            capture_output=True, text=True, timeout=300)
    missing = [word for word in READINGS + list(MACHINES) + ["message_1", "message_4"] if word not in result.stdout]
    if result.returncode != 0 or missing:
        raise AssertionError(f"exit code {result.returncode}, without {missing}\n{result.stdout}{result.stderr}")


def symmetric_demo(husk, build):
    """`husk demo --profile symmetric` shows both messages of KUDOS, and that a reboot takes two more."""
    for mode in ("fs", "no-fs"):
        result = subprocess.run([husk, "demo", "--profile", "symmetric", "--mode", mode, "--resume", "--firmware-dir",
                                 build], capture_output=True, text=True, timeout=300)
        counts = [result.stdout.count(f"KUDOS {name}") for name in ("divergent", "convergent")]
        if result.returncode != 0 or counts != [2, 2]:
            raise AssertionError(f"exit code {result.returncode}, {counts}\n{result.stdout}{result.stderr}")


def cases(husk, build):
    """All cases: a name and what to call."""
    for machine in MACHINES:
        yield f"{machine} delivers", lambda machine=machine: delivers(husk, build, machine, Link())
        for name, how in [("suite 2", {"suite": 2}), ("suite 4", {"suite": 4}), ("combined", {"combined": True}),
                          ("resumption", {"restarts": 2}),
                          ("all of them", {"suite": 4, "combined": True, "restarts": 1})]:
            yield f"{machine}, {name}", lambda machine=machine, how=how: authenticates(husk, build, machine, **how)
        for mode in ("fs", "no-fs"):
            yield f"{machine}, KUDOS {mode}", lambda machine=machine, mode=mode: updates_keys(
                husk, build, machine, mode, Link(), restarts=2)
    for number in range(4):
        yield (f"KUDOS though datagram {number} is lost",
               lambda number=number: updates_keys(husk, build, "mps2-an386", "fs", Link(lose=[number]), restarts=0))
    noise = bytes([0x40, 0x01, 0xDB, 0x00, 0xC0, 0x0A, 0xFF, 0xC0]) + bytes(200)
    for number in range(6):
        yield (f"microbit delivers though datagram {number} is lost",
               lambda number=number: delivers(husk, build, "microbit", Link(lose=[number])))
    yield "mps2-an385 delivers with every datagram twice", lambda: delivers(
        husk, build, "mps2-an385", Link(repeat=range(100)))
    yield "mps2-an386 delivers with noise on the line", lambda: delivers(husk, build, "mps2-an386", Link(noise=noise))
    yield "a suite that is not linked is named", lambda: names_what_it_lacks(husk, build, "mps2-an386")
    yield "a suite that is not allowed is refused", lambda: is_held_to_its_suites(husk, build, "mps2-an385")
    yield "a wrong key is refused", lambda: refuses_wrong_key(husk, build, "mps2-an385")
    yield "missing provisioning is named", lambda: says_what_is_missing(husk, build, "mps2-an386")
    yield from swift_cases(husk, build, noise)
    for firmware in ("c", "swift"):
        yield f"husk demo, firmware {firmware}", lambda firmware=firmware: demo(husk, build, firmware)
    yield "husk demo, symmetric", lambda: symmetric_demo(husk, build)


def swift_cases(husk, build, noise):
    """The sensor in Swift does what the one in C does, on good and bad links."""
    swift = {"firmware": "sensor_swift"}
    for machine in MACHINES:
        yield f"Swift, {machine} delivers", lambda machine=machine: delivers(husk, build, machine, Link(), **swift)
        yield (f"Swift, {machine}, suite 4, combined, resumption",
               lambda machine=machine: authenticates(husk, build, machine, 4, True, 2, **swift))
    yield "Swift, suite 2", lambda: authenticates(husk, build, "mps2-an386", 2, **swift)
    for number in range(6):
        machine = list(MACHINES)[number % 3]
        yield (f"Swift, {machine} delivers though datagram {number} is lost",
               lambda machine=machine, number=number: delivers(husk, build, machine, Link(lose=[number]), **swift))
    yield "Swift, every datagram twice", lambda: delivers(husk, build, "microbit", Link(repeat=range(100)), **swift)
    yield "Swift, noise on the line", lambda: delivers(husk, build, "mps2-an385", Link(noise=noise), **swift)
    yield "Swift, a suite that is not linked", lambda: names_what_it_lacks(husk, build, "microbit", **swift)
    yield "Swift, a wrong key", lambda: refuses_wrong_key(husk, build, "mps2-an386", **swift)
    yield "Swift, missing provisioning", lambda: says_what_is_missing(husk, build, "microbit", **swift)


def attempt(case):
    """What a case came to: nothing, or why it failed."""
    try:
        case()
    except Exception as error:  # noqa: BLE001  (whatever it is, it is the result of the test)
        return f"{type(error).__name__}: {error}"
    return None


def main():
    """Runs all cases side by side: most of their time goes into waiting."""
    husk, build = sys.argv[1:]
    named = dict(cases(husk, build))
    with concurrent.futures.ThreadPoolExecutor(max_workers=4) as pool:
        results = dict(zip(named, pool.map(attempt, named.values())))
    for name, why in results.items():
        if why:
            print(f"FAILED {name}: {why}")
    failed = sum(why is not None for why in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
