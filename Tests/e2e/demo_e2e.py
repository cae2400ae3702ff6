#!/usr/bin/env python3
"""`husk` as its users run it: the demo on every machine with all figures checked, a device against a gateway, the
failures that tell what to do, and that nothing is left running.

    demo_e2e.py HUSK BUILD    the command-line program, and the folder with m0/sensor.elf and so on
"""
import concurrent.futures
import json
import os
import pathlib
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

MACHINES = {"microbit": "Cortex-M0", "mps2-an385": "Cortex-M3", "mps2-an386": "Cortex-M4"}
NAMES = ["EDHOC message_1", "EDHOC message_2", "EDHOC message_3", "EDHOC message_4"]
COMBINED = "message_3 + OSCORE request"
# Of each suite the sensor has: EDHOC messages 1 to 4, and what OSCORE adds to requests and to responses.
SUITES = {0: ([37, 35, 11, 9], 14, 11), 2: ([37, 35, 11, 9], 14, 11), 4: ([37, 35, 19, 17], 22, 19)}
READING = re.compile(r'^\[\{"n":"t","u":"Cel","v":\d\d\.\d{3}\}\]$')
LISTENING = re.compile(r'listening on \S+:(\d+) |"port":(\d+)')
WIDTH = 100
LONGEST = 2000


def check(condition, what, *context):
    """Ends the case if something is not as it should be."""
    if not condition:
        raise AssertionError("\n".join([str(what), *(str(item) for item in context)]))


def equal(actual, expected, what):
    """As check, and says both."""
    check(actual == expected, f"{what}: {actual!r}, expected {expected!r}")


def run(command, timeout=120, **options):
    """Runs a program to its end."""
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, **options)


def one_line(result, code, *words):
    """A failure is one line on standard error that says what to do, nothing on standard output, and this exit code."""
    equal(result.returncode, code, f"exit code with {result.stderr!r}")
    check(result.stderr.startswith("husk: ") and result.stderr.count("\n") == 1, "not one line", repr(result.stderr))
    for word in words:
        check(word in result.stderr, f"{word!r} is missing", result.stderr)


def edhoc(suite, combined, resumed):
    """Names and sizes of the EDHOC messages of one handshake."""
    sizes = list(SUITES[suite][0])
    sizes[2] += 2 if resumed else 0  # an rKID instead of a kid of one byte
    return list(zip(NAMES[:2] + [COMBINED], sizes)) if combined else list(zip(NAMES, sizes))


def demo(husk, build, folder, machine, readings=3, suite=0, combined=False, resume=False,
         firmware="c"):
    """The demo on one machine: what it prints, and every figure of its JSON."""
    file = folder / f"{machine}.json"
    options = ["--suite", suite] * (suite != 0) + ["--combined"] * combined + ["--resume"] * resume
    options += ["--firmware", firmware] * (firmware != "c")
    result = run([husk, "demo", "--machine", machine, "--firmware-dir", build, "--readings", readings, "--json", file,
                  *options])
    equal(result.returncode, 0, f"exit code, with {result.stdout}{result.stderr}")
    equal(result.stderr, "", "standard error")
    check("\x1b" not in result.stdout, "colour in a pipe")
    wide = [line for line in result.stdout.splitlines() if len(line) > WIDTH]
    check(not wide, f"lines over {WIDTH} columns", *wide)

    figures = json.loads(file.read_text())
    equal([entry["machine"] for entry in figures["machines"]], [machine], "machines")
    entry = figures["machines"][0]
    equal(entry["processor"], MACHINES[machine], "processor")
    equal(entry["firmwareExitCode"], 0, "firmware's exit code")

    equal([entry["suite"], entry["combined"], entry["resume"]], [suite, combined, resume], "what was asked for")
    equal(entry["authentications"], 1 + resume, "authentications")
    readings += resume

    messages = entry["messages"]
    equal([m["isCopy"] for m in messages], [False] * len(messages), "copies")
    handshake = [(m["name"], m["edhocBytes"]) for m in messages if "edhocBytes" in m]
    expected = edhoc(suite, combined, False) + (edhoc(suite, combined, True) if resume else [])
    equal(handshake, expected, "EDHOC messages")
    requests = [m for m in messages if m["name"] in ("OSCORE request", COMBINED)]
    responses = [m for m in messages if m["name"] == "OSCORE response"]
    equal([m["oscoreOverheadBytes"] for m in requests], [SUITES[suite][1]] * readings,
          "what OSCORE adds to requests")
    equal([m["oscoreOverheadBytes"] for m in responses], [SUITES[suite][2]] * readings,
          "what OSCORE adds to responses")
    equal([m["isToGateway"] for m in messages], [True, False] * (len(messages) // 2), "directions")
    equal(len(messages), (1 + resume) * (2 if combined else 4) + 2 * readings, "messages")

    equal(len(entry["readings"]), readings, "readings")
    for reading in entry["readings"]:
        equal(reading["path"], "sensors/temperature", "path")
        equal(reading["bytes"], 32, "reading's bytes")
        check(READING.match(reading["text"]), "not a reading", reading["text"])
        check(reading["text"] in result.stdout, "a reading is not printed", reading["text"])

    check(0 < entry["firmware"]["peakStackBytes"] < 16384, "peak stack", entry["firmware"])
    check(0 < entry["firmware"]["stateBytes"] < 2048, "state", entry["firmware"])
    equal(entry["firmware"]["retransmissions"], 0, "retransmissions")
    costs(figures, entry["husk"], messages, suite, combined)


def costs(figures, husk, messages, suite, combined):
    """The sums and ratios of the first handshake, done again."""
    first = edhoc(suite, combined, False)
    # In a combined request EDHOC takes message_3 and one byte for an empty option.
    handshake = sum(m["edhocBytes"] + 1 if m["name"] == COMBINED else m["datagramBytes"] for m in messages[:len(first)])
    message = 32 + SUITES[suite][1]
    equal(husk["edhocBytes"], sum(size for _, size in first), "EDHOC in all")
    equal(husk["handshakeBytes"], handshake, "handshake in all")
    equal(husk["messageBytes"], message, "32-byte message")

    tls = {entry["name"]: entry for entry in figures["tls"]}
    certificates, psk = tls["TLS 1.2 certificates"], tls["TLS 1.2 PSK"]
    check(certificates["isSupported"] and psk["isSupported"], "TLS 1.2 was not run")
    check(2300 <= certificates["handshakeBytes"] <= 2700, "TLS certificates", certificates)
    check(255 <= psk["handshakeBytes"] <= 290, "TLS PSK", psk)
    equal([certificates["messageBytes"], psk["messageBytes"]], [53, 53], "TLS records")

    rows = {row["name"]: row for row in figures["costs"][0]["rows"]}
    for entry in (certificates, psk):
        row = rows[entry["name"]]
        equal(row["handshakeBytes"], entry["handshakeBytes"], "handshake in the table")
        check(abs(row["handshakeRatio"] - entry["handshakeBytes"] / handshake) < 1e-9, "ratio", row)
        check(abs(row["messageRatio"] - entry["messageBytes"] / message) < 1e-9, "ratio", row)


def demo_all(husk, build, folder):
    """All machines in one run take the same bytes."""
    file = folder / "all.json"
    result = run([husk, "demo", "--machine", "all", "--firmware-dir", build, "--readings", 1, "--json", file])
    equal(result.returncode, 0, f"exit code, with {result.stderr}")
    figures = json.loads(file.read_text())
    equal([entry["machine"] for entry in figures["machines"]], list(MACHINES), "machines")
    equal(len({json.dumps(entry["messages"]) for entry in figures["machines"]}), 1, "different messages")


def demo_failures(husk, build, folder):
    """What is missing is named, with what to do about it."""
    one_line(run([husk, "demo", "--qemu", "no-such-qemu", "--firmware-dir", build]), 69, "not installed", "--qemu")
    one_line(run([husk, "demo", "--qemu", "true", "--firmware-dir", folder]), 69, "m0/sensor.elf", "make firmware")
    one_line(run([husk, "demo", "--qemu", "true", "--firmware", "swift", "--firmware-dir", folder]), 69,
             "m0/sensor_swift.elf", "make firmware-swift")
    one_line(run([husk, "demo", "--firmware", "swift", "--profile", "symmetric"]), 64, "--profile edhoc")
    one_line(run([husk, "demo", "--machine", "pdp11"]), 64, "husk demo --help")
    one_line(run([husk, "demo", "--suite", "3"]), 64, "has suites 0, 2 and 4")


def fake_qemu(folder, name, script):
    """A program that stands in for QEMU."""
    path = folder / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)
    return path


def demo_bad_qemu(husk, build, folder):
    """QEMU or the firmware failing ends the demo with their own words."""
    broken = fake_qemu(folder, "broken", "echo 'qemu: cannot do that' >&2\nexit 1\n")
    result = run([husk, "demo", "--qemu", broken, "--firmware-dir", build])
    equal(result.returncode, 70, "exit code")
    check("qemu: cannot do that" in result.stderr and result.stderr.count("\n") == 1, "not said", result.stderr)
    gives_up = fake_qemu(folder, "gives-up", "printf '\\300\\nfailed: no key\\300'\nexit 1\n")
    result = run([husk, "demo", "--qemu", gives_up, "--firmware-dir", build])
    equal(result.returncode, 70, "exit code")
    check("failed: no key" in result.stderr, "not said", result.stderr)
    noisy = fake_qemu(folder, "noisy", "head -c 100000 /dev/urandom\nexit 0\n")
    result = run([husk, "demo", "--qemu", noisy, "--firmware-dir", build])
    equal(result.returncode, 70, "exit code")


def alive(pid):
    """Whether a process runs (one that ended but was not waited for does not)."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def read_pid(file):
    """The process that wrote its number there."""
    for _ in range(600):
        if file.exists() and file.read_text().endswith("\n"):
            return int(file.read_text())
        time.sleep(0.05)
    raise AssertionError("QEMU was not started")


def demo_kills_qemu(husk, build, folder):
    """However the demo ends, QEMU ends with it, and the file with the key is gone."""
    pid_file = folder / "pid"
    stuck = fake_qemu(folder, "stuck", f"trap '' TERM INT\necho $$ >{pid_file}\nwhile :; do sleep 1; done\n")
    keys = folder / "keys"
    keys.mkdir()
    environment = dict(os.environ, TMPDIR=str(keys))
    command = [husk, "demo", "--qemu", str(stuck), "--firmware-dir", build]

    late = run([*command, "--timeout", 2], env=environment)
    one_line_at_end(late, 70, "--timeout")
    pid = read_pid(pid_file)
    check(not alive(pid), "QEMU outlived the timeout")
    equal(list(keys.iterdir()), [], "files left behind")

    for number in (signal.SIGINT, signal.SIGTERM):
        pid_file.unlink()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        pid = read_pid(pid_file)
        process.send_signal(number)
        equal(process.wait(timeout=30), 128 + number, "exit code")
        check(not alive(pid), f"QEMU outlived {number}")
        equal(list(keys.iterdir()), [], "files left behind")


def one_line_at_end(result, code, *words):
    """A failure after something was printed."""
    equal(result.returncode, code, f"exit code with {result.stderr!r}")
    equal(result.stderr.count("\n"), 1, "lines on standard error")
    for word in words:
        check(word in result.stderr, f"{word!r} is missing", result.stderr)


class Gateway:
    """`husk gateway` on a free port, stopped at the end; `text` is what it printed by then."""

    def __init__(self, husk, credentials, *options):
        self.process = subprocess.Popen([husk, "gateway", "--credentials", credentials, "--port", "0", *options],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.text = self.errors = ""

    def __enter__(self):
        self.first = self.process.stdout.readline()
        match = LISTENING.search(self.first)
        if not match:
            self.process.kill()
            raise AssertionError(f"the gateway does not start: {self.first}{self.process.stderr.read()}")
        self.port = match.group(1) or match.group(2)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.text, self.errors = self.process.communicate(timeout=30)


def device_and_gateway(husk, build, folder):
    """Keys made by `husk psk new`, a gateway and devices on this machine, the way the help shows it."""
    file = folder / "credentials.json"
    secrets = []
    for name in ("kitchen", "cellar"):
        made = run([husk, "psk", "new", "--credentials", file, "--device", name, "--output", folder / f"{name}.json"])
        equal(made.returncode, 0, f"exit code, with {made.stderr}")
        equal(stat.S_IMODE(os.stat(folder / f"{name}.json").st_mode), 0o600, "mode")
        secrets.append(json.loads((folder / f"{name}.json").read_text())["devices"][0]["key"])
        check(secrets[-1] not in made.stdout + made.stderr, "the key was printed")
    equal(stat.S_IMODE(os.stat(file).st_mode), 0o600, "mode")

    with Gateway(husk, str(file), "--messages", "--log-level", "trace") as gateway:
        for name in ("kitchen", "cellar"):
            own = folder / f"{name}.json"
            sent = run([husk, "device", "--credentials", own, "--port", gateway.port, "--readings", 2])
            equal(sent.returncode, 0, f"exit code, with {sent.stderr}")
            check("reading 2 of 2 answered 2.04" in sent.stdout, "not answered", sent.stdout)
        chosen = run([husk, "device", "--credentials", file, "--device", "cellar", "--port", gateway.port,
                      "--readings", 0])
        equal(chosen.returncode, 0, f"exit code, with {chosen.stderr}")
        board = [husk, "device", "--credentials", folder / "kitchen.json", "--machine", "microbit", "--firmware-dir", build]
        simulated = run([*board, "--port", gateway.port, "--readings", 2])
        equal(simulated.returncode, 0, f"exit code, with {simulated.stderr}")
        check("reading 2 answered 2.04" in simulated.stdout, "not answered", simulated.stdout)
        both = run([husk, "device", "--credentials", file, "--port", gateway.port])
        one_line(both, 65, "--kid", "--device")
        wrong = run([husk, "device", "--psk", "00" * 16, "--kid", "00", "--device", "kitchen", "--port", gateway.port])
        check(wrong.returncode in (69, 70), "a wrong key was not refused", wrong)
        equal(wrong.stderr.count("\n"), 1, "lines on standard error")
        busy = run([husk, "gateway", "--credentials", file, "--port", gateway.port])
        one_line(busy, 69, "in use", gateway.port)
    equal(gateway.process.returncode, 0, "exit code of the gateway")
    for name in ("kitchen", "cellar"):
        reading = f'{name} sensors/temperature [{{"n":"t","u":"Cel","v":21.625}}]'
        check(reading in gateway.text, "no reading", gateway.text)
    equal(gateway.text.count("authenticated from"), 4, "authentications")
    check(secrets[0] not in simulated.stdout + simulated.stderr, "the key was printed")
    one_line(run([*board, "--port", gateway.port]), 69, "nothing listens")
    one_line(run([*board[:-2], "--firmware-dir", folder]), 69, "make firmware")
    for secret in secrets:
        check(secret not in gateway.text + gateway.errors, "a key was logged")


def suites_of_both_sides(husk, build, folder):
    """A device offers one suite or all; a gateway takes some or all, and less of a device that may use less."""
    file = folder / "credentials.json"
    equal(run([husk, "psk", "new", "--credentials", file, "-o", folder / "own.json"]).returncode, 0, "exit code")
    command = [husk, "device", "--credentials", folder / "own.json", "--readings", 1, "--port"]
    with Gateway(husk, str(file), "--suites", "0,2", "--messages") as gateway:
        for options in ([], ["--suite", 2], ["--suite", 0, "--sequential"]):
            sent = run([*command, gateway.port, *options])
            equal(sent.returncode, 0, f"exit code, with {sent.stderr}")
        one_line(run([*command, gateway.port, "--suite", 4]), 70, "suite")
    equal(re.findall(r"with suite (\d)", gateway.text), ["0", "2", "0"], "suites")
    equal([gateway.text.count(COMBINED), gateway.text.count("EDHOC message_4")], [2, 1], "who waited for message_4")

    restricted = json.loads(file.read_text())
    restricted["devices"][0]["suites"] = [1, 2]
    file.write_text(json.dumps(restricted))
    equal(run([husk, "psk", "new", "--credentials", file, "-o", folder / "other.json"]).returncode, 0, "exit code")
    equal(json.loads(file.read_text())["devices"][0]["suites"], [1, 2], "suites after a key was added")
    with Gateway(husk, str(file)) as gateway:
        equal(run([*command, gateway.port, "--suite", 2]).returncode, 0, "exit code")
        one_line(run([*command, gateway.port, "--suite", 0]), 70, "4.00")
    equal(gateway.errors.count("suite 0 is not among those this device may use"), 1, "refusals")
    file.write_text(json.dumps(restricted).replace("[1, 2]", "[1,\n7]"))
    one_line(run([husk, "gateway", "--credentials", file]), 65, "credentials.json:2", "no suite 7")


def gateway_stops(husk, build, folder):
    """From its first line on, the gateway ends well on either signal."""
    file = folder / "c.json"
    run([husk, "psk", "new", "--credentials", file, "--output", folder / "d.json"])
    for number in (signal.SIGINT, signal.SIGTERM):
        with Gateway(husk, str(file)) as gateway:
            gateway.process.send_signal(number)
            equal(gateway.process.wait(timeout=30), 0, f"exit code after signal {number}")


def file_failures(husk, build, folder):
    """Files that are missing, loose or wrong."""
    file = folder / "c.json"
    one_line(run([husk, "gateway", "--credentials", file]), 66, "does not exist", "husk psk new")
    one_line(run([husk, "device", "--credentials", file]), 66, "does not exist")
    one_line(run([husk, "psk", "new", "--credentials", folder / "no" / "c.json"]), 66, "no")
    equal(run([husk, "psk", "new", "--credentials", "c.json"], cwd=folder).returncode, 0, "exit code")
    check((folder / "device-00.json").exists(), "no file for the device")
    one_line(run([husk, "psk", "new", "--credentials", "c.json", "--kid", "00"], cwd=folder), 65, "--kid")
    one_line(run([husk, "psk", "new", "--credentials", "c.json", "-o", "c.json"], cwd=folder), 66, "--output")
    one_line(run([husk, "psk", "new", "--credentials", "c.json", "-o", "device-00.json"], cwd=folder), 66, "exists")
    equal(len(json.loads(file.read_text())["devices"]), 1, "devices after refusals")
    file.chmod(0o644)
    one_line(run([husk, "gateway", "--credentials", file]), 65, "chmod 600")
    file.chmod(0o600)
    file.write_text('{"devices":[\n{"kid":"00","key":"00","device":"a","gateway":"b"}]}')
    one_line(run([husk, "gateway", "--credentials", file]), 65, "c.json:2")


def nobody_there(husk, build, folder):
    """A port where nothing listens is noticed at once."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    begin = time.monotonic()
    result = run([husk, "device", "--psk", "00" * 16, "--kid", "00", "--device", "a", "--port", port])
    one_line(result, 69, "nothing listens", "husk gateway")
    check(time.monotonic() - begin < 20, "took too long")


def envelopes(husk, build, folder):
    """Envelopes through pipes and files: sealed, carried, opened once; commands back; nothing sealed is readable."""
    def envelope(*words, **options):
        return subprocess.run([husk, "envelope", *map(str, words)], capture_output=True, timeout=60, cwd=folder,
                              **options)

    def refused(result, *words):
        one_line(subprocess.CompletedProcess(result.args, result.returncode, "", result.stderr.decode()), 70, *words)
        equal(result.stdout, b"", "standard output of a refusal")

    equal(envelope("key", "new", "kitchen", "climate").returncode, 0, "exit code")
    key = folder / "kitchen-climate.json"
    equal(stat.S_IMODE(key.stat().st_mode), 0o600, "mode of the key")
    content = os.urandom(2000)
    ends = {"kitchen": "climate", "climate": "kitchen"}
    for number, (sender, opener) in enumerate([*ends.items()] * 3):
        sealed = envelope("seal", "--key", key, "--as", sender, "--tag", "night", "--deadline", 100, input=content)
        equal((sealed.returncode, sealed.stderr), (0, b""), "sealing")
        check(len(sealed.stdout) < len(content) + 80, "overhead", len(sealed.stdout))
        check(content[:8] not in sealed.stdout and content[-8:] not in sealed.stdout, "content in clear")
        (folder / f"{number}.cose").write_bytes(sealed.stdout)
        shown = envelope("inspect", "--json", input=sealed.stdout)
        equal({name: json.loads(shown.stdout)[name] for name in ("destination", "tags", "verified")},
              {"destination": opener, "tags": ["night"], "verified": False}, "metadata")
        changed = sealed.stdout.replace(b"night", b"fight")
        refused(envelope("open", "--key", key, "--as", opener, input=changed), "does not verify")
        opened = envelope("open", "--key", key, "--as", opener, "--require-deadline", f"{number}.cose", "--metadata")
        equal((opened.returncode, opened.stdout), (0, content), "opening")
        check(b"tag             night" in opened.stderr, "metadata", opened.stderr)
        refused(envelope("open", "--key", key, "--as", opener, f"{number}.cose"), "seen before")
    # Whoever has lost the record of what was opened is told so, and nothing is opened.
    (folder / "kitchen-climate.json.climate.opened").write_text("damaged")
    result = envelope("open", "--key", key, "--as", "climate", "0.cose")
    equal((result.returncode, result.stdout), (65, b""), "opening with a damaged record")
    with subprocess.Popen([husk, "envelope", "seal", "--key", key, "--as", "kitchen"], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as first:
        first.communicate(content)
    numbers = {envelope("seal", "--key", key, "--as", "kitchen", "--no-time", input=b"x").stdout for _ in range(3)}
    equal(len(numbers), 3, "different envelopes of the same content")


def cases():
    """All cases: a name and what to call."""
    for machine in MACHINES:
        yield f"demo on {machine}", lambda husk, build, folder, machine=machine: demo(husk, build, folder, machine)
    for name, how in [("suite 2", {"suite": 2}), ("suite 4", {"suite": 4}), ("combined", {"combined": True}),
                      ("resume", {"resume": True}), ("firmware in Swift", {"firmware": "swift", "resume": True}),
                      ("all of them", {"suite": 4, "combined": True, "resume": True})]:
        yield f"demo, {name}", lambda husk, build, folder, how=how: demo(husk, build, folder, "microbit", 1, **how)
    yield "demo with 255 readings", lambda husk, build, folder: demo_many(husk, build, folder)
    yield "demo on all machines", demo_all
    yield "demo without its programs", demo_failures
    yield "demo with a broken QEMU", demo_bad_qemu
    yield "demo leaves no QEMU behind", demo_kills_qemu
    yield "device and gateway", device_and_gateway
    yield "suites of both sides", suites_of_both_sides
    yield "the gateway stops when told", gateway_stops
    yield "files that are wrong", file_failures
    yield "nobody there", nobody_there
    yield "envelopes", envelopes


def demo_many(husk, build, folder):
    """As many readings as there can be, whose sequence numbers stay one byte long."""
    demo(husk, build, folder, "mps2-an386", 255)


def attempt(case, husk, build):
    """What a case came to: nothing, or why it failed."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            case(husk, build, pathlib.Path(folder))
        except Exception as error:  # noqa: BLE001  (whatever it is, it is the result of the test)
            return f"{type(error).__name__}: {error}"[:LONGEST]
    return None


def attempts(all_cases):
    """Runs the cases, two at a time, with the arguments of the command line; the exit code."""
    husk, build = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:])
    named = dict(all_cases)
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        results = dict(zip(named, pool.map(lambda case: attempt(case, husk, build), named.values())))
    for name, why in results.items():
        if why:
            print(f"FAILED {name}: {why}")
    failed = sum(why is not None for why in results.values())
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(attempts(cases()))
