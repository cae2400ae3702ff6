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
READINGS = ["21.500", "21.625", "21.750"]
LISTENING = re.compile(r"listening on .*:(\d+) ")


class Gateway:
    """`husk gateway` with one device in its credentials file; `text` is all it printed, once it has ended."""

    def __init__(self, husk, key):
        self.folder = tempfile.TemporaryDirectory()
        file = os.path.join(self.folder.name, "credentials.json")
        record = {"device": "sensor-1", "gateway": "gateway", "kid": KID.hex(), "key": key.hex()}
        with open(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as out:
            json.dump({"devices": [record]}, out)
        self.process = subprocess.Popen([husk, "gateway", "--credentials", file, "--port", "0"], text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
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


def provisioning(key):
    """What the sensor finds in its flash."""
    return provision.image(KID, key, provision.credential("sensor-1", KID), provision.credential("gateway", KID),
                           len(READINGS))


def expect(condition, sensor, gateway, what):
    """Ends the case if something is not as it should be, with all that both sides said."""
    if not condition:
        raise AssertionError(f"{what}; exit code {sensor.code}\nfirmware: {sensor.said} {sensor.errors}\n"
                             f"gateway: {gateway.text}")


def run(husk, build, machine, link, wrong_key=False, provisioned=True):
    """One sensor against a gateway of its own."""
    key = secrets.token_bytes(16)
    with Gateway(husk, key) as gateway:
        given = provisioning(secrets.token_bytes(16) if wrong_key else key) if provisioned else None
        sensor = Sensor(machine, f"{build}/{MACHINES[machine]}/sensor.elf", given, link).run(gateway.port)
        expect(gateway.process.poll() is None, sensor, gateway, "the gateway ended")
    return sensor, gateway


def delivers(husk, build, machine, link):
    """Every reading arrives once, in order, whatever the link does."""
    sensor, gateway = run(husk, build, machine, link)
    arrived = re.findall(r"sensor-1 sensors/temperature .*?(\d\d\.\d\d\d)", gateway.text)
    expect(sensor.code == 0, sensor, gateway, "the sensor failed")
    expect(arrived == READINGS, sensor, gateway, f"readings {arrived} arrived")
    expect("report machine=" + machine in sensor.said[-1], sensor, gateway, "no report")
    lost = bool(link.lose)
    expect(("retransmissions=0" not in sensor.said[-1]) == lost, sensor, gateway, "retransmissions do not fit the losses")


def refuses_wrong_key(husk, build, machine):
    """Another key authenticates nobody, and leaves the gateway standing."""
    sensor, gateway = run(husk, build, machine, Link(), wrong_key=True)
    expect(sensor.code == 2, sensor, gateway, "a wrong key was not refused")
    expect("authenticated from" not in gateway.text, sensor, gateway, "the gateway authenticated a wrong key")


def says_what_is_missing(husk, build, machine):
    """Without provisioning the firmware says so."""
    sensor, gateway = run(husk, build, machine, Link(), provisioned=False)
    expect(sensor.code == 1 and "nothing is provisioned" in sensor.said[0], sensor, gateway, "no hint")


def demo(husk, build):
    """`husk demo` on all machines shows the readings and the cost, and succeeds."""
    result = subprocess.run([husk, "demo", "--machine", "all", "--firmware-dir", build], capture_output=True, text=True,
                            timeout=300)
    missing = [word for word in READINGS + list(MACHINES) + ["message_1", "message_4"] if word not in result.stdout]
    if result.returncode != 0 or missing:
        raise AssertionError(f"exit code {result.returncode}, without {missing}\n{result.stdout}{result.stderr}")


def cases(husk, build):
    """All cases: a name and what to call."""
    for machine in MACHINES:
        yield f"{machine} delivers", lambda machine=machine: delivers(husk, build, machine, Link())
    noise = bytes([0x40, 0x01, 0xDB, 0x00, 0xC0, 0x0A, 0xFF, 0xC0]) + bytes(200)
    for number in range(6):
        yield (f"microbit delivers though datagram {number} is lost",
               lambda number=number: delivers(husk, build, "microbit", Link(lose=[number])))
    yield "mps2-an385 delivers with every datagram twice", lambda: delivers(
        husk, build, "mps2-an385", Link(repeat=range(100)))
    yield "mps2-an386 delivers with noise on the line", lambda: delivers(husk, build, "mps2-an386", Link(noise=noise))
    yield "a wrong key is refused", lambda: refuses_wrong_key(husk, build, "mps2-an385")
    yield "missing provisioning is named", lambda: says_what_is_missing(husk, build, "mps2-an386")
    yield "husk demo", lambda: demo(husk, build)


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
