#!/usr/bin/env python3
"""`husk demo --end-to-end` and `husk application` as their users run them: what device, gateway and application see of an
envelope, that the gateway sees no more than it should, what must fail, and that nothing is left running.

    envelopes_e2e.py HUSK BUILD    the command-line program, and the folder with m0/door.elf and so on
"""
import json
import os
import pathlib
import re
import signal
import stat
import subprocess
import sys
import time

from demo_e2e import MACHINES, Gateway, alive, attempts, check, equal, fake_qemu, one_line, one_line_at_end, read_pid, run

WIDTH = 120
READING = '[{"n":"t","u":"Cel","v":21.500}]'
UNLOCK, LOCK = "unlock the front door", "lock the front door"
UNLOCKED, LOCKED = '[{"n":"lock","vs":"unlocked"}]', '[{"n":"lock","vs":"locked"}]'
TAG_BYTES = 8
RESERVE = 64
PARTIES = ["device", "gateway", "application"]
# What the gateway must not have: in the clear, escaped as in JSON, in hexadecimal.
SECRETS = [READING, UNLOCK, LOCK, UNLOCKED, LOCKED]


def spellings(secret):
    """A text as it could appear in what a process prints."""
    return [secret, secret.replace('"', '\\"'), secret.encode().hex()]


def wrapper(folder, husk, lines, name="wrapper"):
    """A program that stands in for husk: these lines of shell, then husk itself."""
    path = folder / name
    path.write_text(f"#!/bin/bash\nhusk={husk}\n{lines}\nexec $husk \"$@\"\n")
    path.chmod(0o755)
    return path


def demo(husk, build, *options, **how):
    """The demo with these options."""
    return run([husk, "demo", "--end-to-end", "--firmware-dir", build, *options], **how)


def cbor_text(text):
    """A short CBOR text string."""
    return bytes([0x60 | len(text)]) + text.encode()


def outside(says):
    """The protected header that these metadata make, written by hand from husk/envelope.h."""
    claims = [(1, cbor_text(says["source"])), (3, cbor_text(says["destination"]))]
    claims += [(4, b"\x1a" + says["deadline"].to_bytes(4, "big"))] if "deadline" in says else []
    claims += [(6, b"\x1a" + says["time"].to_bytes(4, "big"))]
    fmt = says["contentFormat"]
    parts = [b"\x01\x0a"]
    parts += [b"\x02\x81\x0f"] if "deadline" in says else []
    parts += [b"\x03" + (bytes([fmt]) if fmt < 24 else bytes([0x18, fmt]))]
    parts += [b"\x04" + bytes([0x40 | len(says["kid"]) // 2]) + bytes.fromhex(says["kid"])]
    parts += [b"\x0f" + bytes([0xa0 | len(claims)]) + b"".join(bytes([label]) + value for label, value in claims)]
    parts += [bytes.fromhex("3a00010000") + bytes([says["priority"]])]
    parts += [bytes.fromhex("3a00010001") + bytes([0x80 | len(says["tags"])]) + b"".join(map(cbor_text, says["tags"]))]
    body = bytes([0xa0 | len(parts)]) + b"".join(parts)
    return b"\x58" + bytes([len(body)]) + body


def envelope(seen, content, sender, receiver, text):
    """What the three saw of one envelope, checked against its bytes, and printed."""
    gateway, says = seen["gateway"], seen["gateway"]["says"]
    data, sealed = bytes.fromhex(gateway["envelope"]), bytes.fromhex(gateway["ciphertext"])
    equal(says["bytes"], len(data), "size")
    equal(says["sealedBytes"], len(content) + TAG_BYTES, "sealed bytes")
    equal(len(sealed), len(content) + TAG_BYTES, "ciphertext")
    check(data.endswith(sealed), "the ciphertext is not the end of the envelope")
    equal(data[:2], b"\xd0\x83", "COSE_Encrypt0")
    header = outside(says)
    equal(data[2:2 + len(header)], header, "what is written on it")
    equal(data[2 + len(header):-len(sealed)][:3], b"\xa1\x06\x41", "unprotected header")
    equal(data[2 + len(header) + 3], seen["device"]["sequence"], "Partial IV")
    check(content.encode() not in data, "the content is not sealed")

    equal([gateway["device"], gateway["destinations"]], [sender, [receiver]], "who brought it for whom")
    equal([says["source"], says["destination"]], [sender, receiver], "what it says")
    equal(seen["device"]["content"], content, "content at the device")
    equal(seen["application"]["content"], content, "content at the application")
    for name, value in seen["application"]["metadata"].items():
        equal(says.get(name), value, f"{name} at both")
    flat = re.sub(r"\s+", "", text)
    check(gateway["ciphertext"][:20] in flat and f"{len(data)} bytes" in text, "not printed", text)


def figures(husk, build, folder, machine):
    """All figures on one machine, and what the gateway's process printed."""
    file, log = folder / "figures.json", folder / "gateway.log"
    tee = wrapper(folder, husk, f'[ "$1" = gateway ] && exec $husk "$@" > >(tee {log}) 2> >(tee {log}.err >&2)')
    keys = folder / "keys"
    keys.mkdir()
    result = demo(husk, build, "--machine", machine, "--json", file, "--husk", tee,
                  env=dict(os.environ, TMPDIR=str(keys)))
    equal(result.returncode, 0, f"exit code, with {result.stdout}{result.stderr}")
    equal(result.stderr, "", "standard error")
    check("\x1b" not in result.stdout, "colour in a pipe")
    wide = [line for line in result.stdout.splitlines() if len(line) > WIDTH]
    check(not wide, f"lines over {WIDTH} columns", *wide)
    equal(list(keys.iterdir()), [], "files left behind")

    seen = json.loads(file.read_text())
    equal([seen["machine"], seen["processor"]], [machine, MACHINES[machine]], "machine")
    equal(sorted(seen["pids"]), sorted(PARTIES), "processes")
    equal(len(set(seen["pids"].values())), 3, "processes")
    for name, pid in seen["pids"].items():
        check(not alive(pid), f"the {name} outlived the demo")
        check(f"process {pid}" in result.stdout, "a process is not named", result.stdout)

    envelope(seen["reading"], READING, "door", "home", result.stdout)
    envelope(seen["command"], UNLOCK, "home", "door", result.stdout)
    reading, command = seen["reading"], seen["command"]
    equal([reading["application"]["sender"], reading["application"]["sequence"]], ["door", 0], "verified sender")
    equal([command["device"]["source"], command["device"]["sequence"]], ["home", 0], "verified sender")
    equal(command["gateway"]["says"]["deadline"], command["gateway"]["says"]["time"] + 60, "deadline")
    equal(command["application"]["envelope"], command["gateway"]["envelope"], "the envelope on both sides")
    check(abs(reading["gateway"]["says"]["time"] - time.time()) < 120, "time", reading["gateway"]["says"])
    check("deadline" not in reading["gateway"]["says"], "a reading with a deadline")

    equal([seen["action"], seen["answer"]["content"]], ["door unlocked", UNLOCKED], "what the command did")
    equal([seen["replay"]["name"], seen["replay"]["envelope"]],
          ["HUSK_ERR_REPLAY", command["gateway"]["says"]["bytes"]], "replay")
    late = seen["late"]
    equal(late["name"], "HUSK_ERR_EXPIRED", "late")
    check(late["arrived"] > late["deadline"], "it was not late", late)
    # The late command had number 1. Of the numbers that the device reserved, the restart lost those not yet used.
    equal([seen["next"]["content"], seen["next"]["sequence"]], [LOCK, 2], "the next command")
    equal([seen["nextAction"], seen["nextAnswer"]["content"]], ["door locked", LOCKED], "what it did")
    equal([seen["answer"]["sequence"], seen["nextAnswer"]["sequence"]], [1, RESERVE], "answers")
    equal(seen["restarts"], 1, "restarts")
    for word in (READING, UNLOCK, "door unlocked", UNLOCKED, "HUSK_ERR_REPLAY", "HUSK_ERR_EXPIRED", LOCK, LOCKED):
        check(word in result.stdout, f"{word} is not printed", result.stdout)
    check(0 < seen["firmware"]["peakStackBytes"] < 8192, "peak stack", seen["firmware"])
    blind(log)


def blind(log):
    """The gateway's process printed every envelope, and nothing of what is in them."""
    text = log.read_text() + pathlib.Path(f"{log}.err").read_text()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    envelopes = [line for line in lines if line["event"] == "envelope"]
    # A reading; command, the same again, a late one, another; two answers.
    equal([line["device"] for line in envelopes], ["door", "home", "door", "stranger", "home", "home", "door"],
          "who left envelopes")
    equal(envelopes[3]["envelope"], envelopes[1]["envelope"], "what the stranger left")
    for secret in SECRETS:
        for spelling in spellings(secret):
            check(spelling not in text, "the gateway printed it", spelling)


def memory(pid):
    """What a process has in memory where it may write."""
    pieces = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as content:
        for line in maps:
            span, permissions = line.split()[:2]
            begin, end = (int(number, 16) for number in span.split("-"))
            if not permissions.startswith("rw") or end - begin > 1 << 28:
                continue
            try:
                content.seek(begin)
                pieces.append(content.read(end - begin))
            except (OSError, ValueError, OverflowError):
                continue  # a guard page, or gone in the meantime
    return pieces


def gateway_memory(husk, build, folder):
    """Nor does its memory hold any of it, after it carried it; that of the application does."""
    for name in ("door", "home"):
        made = run([husk, "psk", "new", "--device", name, "--output", f"{name}.json"], cwd=folder)
        equal(made.returncode, 0, made.stderr)
    equal(run([husk, "envelope", "key", "new", "door", "home"], cwd=folder).returncode, 0, "exit code")
    key = bytes.fromhex(json.loads((folder / "door-home.json").read_text())["key"])
    secret = b"unlock the front door and the garage"
    with Gateway(husk, str(folder / "credentials.json"), "--json") as gateway:
        command = [husk, "application", "--key", "door-home.json", "--port", gateway.port, "--credentials"]
        receiver = subprocess.Popen([*command, "home.json", "--json"], cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            sent = run([*command, "door.json", "--to", "home", "--send", secret.decode()], cwd=folder)
            equal(sent.returncode, 0, f"exit code, with {sent.stderr}")
            equal(json.loads(receiver.stdout.readline())["content"], secret.decode(), "content")
            for name, process, holds in (("gateway", gateway.process, False), ("application", receiver, True)):
                pieces = memory(process.pid)
                check(sum(map(len, pieces)) > 1 << 16, "no memory was read")
                equal(any(secret in piece for piece in pieces), holds, f"the content in the memory of the {name}")
                if not holds:
                    check(not any(key in piece or key.hex().encode() in piece for piece in pieces), "it has the key")
        finally:
            receiver.terminate()
            receiver.communicate(timeout=30)
        equal(receiver.returncode, 0, "exit code of the application")


def flips(name):
    """Shell that changes a bit of a hexadecimal digit in the file whose name is the argument after `name`."""
    return ('args=("$@"); for i in "${!args[@]}"; do [ "${args[i]}" = ' + name + ' ] && file="${args[i+1]}"; done; '
            '/usr/bin/python3 -c \'import re,sys; p=sys.argv[1]; s=open(p).read(); '
            'i=re.search("\\"key\\" : \\"",s).end(); '
            'open(p,"w").write(s[:i]+"%x"%(int(s[i],16)^1)+s[i+1:])\' "$file"')


def other_key(husk, build, folder):
    """An application with a key that differs in one bit opens nothing, as after a change on the way, and the demo
    fails."""
    changed = wrapper(folder, husk, f'if [ "$1" = application ] && [[ "$*" != *stranger* ]]; then {flips("--key")}; fi')
    result = demo(husk, build, "--husk", changed)
    one_line_at_end(result, 70, "the application refused an envelope", "does not verify")
    equal(result.stdout, "", "standard output")


def changed_on_the_way(husk, build, folder):
    """A stranger who changes what he recorded, so that its number is new, is refused for another reason than a replay:
    the demo does not take one for the other."""
    script = ('if [[ "$*" == *--forward* ]]; then file="${@: -1}"; /usr/bin/python3 -c \'import sys; p=sys.argv[1]; '
              's=bytearray(open(p,"rb").read()); i=s.rindex(b"\\xa1\\x06\\x41")+3; s[i]^=0x20; '
              'open(p,"wb").write(s)\' "$file"; fi')
    result = demo(husk, build, "--husk", wrapper(folder, husk, script))
    one_line_at_end(result, 70, "HUSK_ERR_AUTHENTICATION")
    equal(result.stdout, "", "standard output")


def talkative_gateway(husk, build, folder):
    """A gateway whose process prints the content, wherever it has it from, fails the demo."""
    script = f'if [ "$1" = gateway ]; then echo "{UNLOCK}" >&2; fi'
    result = demo(husk, build, "--husk", wrapper(folder, husk, script))
    one_line_at_end(result, 70, "the gateway printed", UNLOCK)


def parts_that_end(husk, build, folder):
    """A process that ends before its time ends the demo, with the last that it said."""
    for name in ("gateway", "application"):
        script = f'if [ "$1" = {name} ]; then echo "husk: no {name} today" >&2; exit 69; fi'
        result = demo(husk, build, "--husk", wrapper(folder, husk, script, name))
        one_line_at_end(result, 70, f"the {name} ended", f"no {name} today")
    one_line(demo(husk, build, "--husk", folder / "nothing"), 69, "--husk")
    one_line(demo(husk, folder), 69, "m0/door.elf", "make firmware")
    one_line(demo(husk, build, "--readings", 2), 64, "--end-to-end")
    one_line(demo(husk, build, "--machine", "all"), 64, "one machine")


def nothing_is_left(husk, build, folder):
    """However the demo ends, all its processes end with it, and the directory with the keys is gone."""
    qemu_pid = folder / "qemu"
    stuck = fake_qemu(folder, "stuck", f"trap '' TERM INT\necho $$ >{qemu_pid}\nwhile :; do sleep 1; done\n")
    pids = folder / "pids"
    keys = folder / "keys"
    keys.mkdir()
    environment = dict(os.environ, TMPDIR=str(keys))
    command = [husk, "demo", "--end-to-end", "--qemu", stuck, "--firmware-dir", build, "--husk",
               wrapper(folder, husk, f"echo $$ >>{pids}")]

    def all_ended(how):
        everybody = [read_pid(qemu_pid), *map(int, pids.read_text().split())]
        equal(len(everybody), 3, "processes")
        for pid in everybody:
            check(not alive(pid), f"a process outlived {how}")
        equal(list(keys.iterdir()), [], "files left behind")
        qemu_pid.unlink()
        pids.unlink()

    late = run([*command, "--timeout", 3], env=environment)
    one_line_at_end(late, 70, "--timeout", "a sealed reading")
    all_ended("the timeout")
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env=environment)
        read_pid(qemu_pid)
        inside = list(keys.iterdir())
        equal(len(inside), 1, "directories")
        equal(stat.S_IMODE(inside[0].stat().st_mode), 0o700, "mode of the directory")
        equal({stat.S_IMODE(file.stat().st_mode) for file in inside[0].iterdir()}, {0o600}, "modes of the files")
        for _ in range(600):
            if pids.exists() and pids.read_text().count("\n") == 2:
                break
            time.sleep(0.05)
        process.send_signal(number)
        equal(process.wait(timeout=30), 128 + number, "exit code")
        all_ended(number)


def applications(husk, build, folder):
    """`husk application` by hand, in both directions: commands, envelopes from files, replays, and what it keeps."""
    for name in ("kitchen", "home", "other"):
        made = run([husk, "psk", "new", "--device", name, "--output", f"{name}.json"], cwd=folder)
        equal(made.returncode, 0, made.stderr)
    equal(run([husk, "envelope", "key", "new", "kitchen", "home"], cwd=folder).returncode, 0, "exit code")
    key = "kitchen-home.json"
    with Gateway(husk, str(folder / "credentials.json")) as gateway:
        def application(name, *options):
            return run([husk, "application", "--credentials", f"{name}.json", "--port", gateway.port, *options],
                       cwd=folder)

        sent = application("home", "--key", key, "--to", "kitchen", "--send", UNLOCK, "--deadline", 60)
        equal(sent.returncode, 0, f"exit code, with {sent.stderr}")
        equal(sent.stdout.splitlines(), [f"sealed for kitchen: {UNLOCK}", "left for kitchen: 2.01"], "what it said")
        # It waits at the gateway for whom it is for, who is there now.
        got = application("kitchen", "--key", key, "--count", 1)
        equal([got.returncode, got.stdout, got.stderr], [0, f"home 0: {UNLOCK}\n", ""], "what came")

        # Sealed by another command, with the same numbers: it is left from a file, twice.
        sealed = run([husk, "envelope", "seal", "--key", key, "--as", "home", "--source", "home", "-o", "c.cose"],
                     cwd=folder, input="lights on\n")
        equal(sealed.returncode, 0, sealed.stderr)
        for _ in range(2):
            left = application("other", "--forward", "c.cose")
            equal([left.returncode, left.stdout], [0, "left for kitchen: 2.01\n"], "what was left")
        again = application("home", "--key", key, "--to", "kitchen", "--send", "lights off")
        equal(again.returncode, 0, again.stderr)
        got = application("kitchen", "--key", key, "--count", 2)
        equal(got.returncode, 0, got.stderr)
        equal(got.stdout.splitlines(), ["home 1: 0x6c6967687473206f6e0a", "home 2: lights off"], "what came")
        equal(got.stderr.count("\n"), 1, "lines on standard error")
        check("refused" in got.stderr and "home" in got.stderr, "the replay was not refused", got.stderr)

        one_line(application("home", "--to", "kitchen", "--send", "x"), 65, "--key")
        one_line(application("home", "--send", "x"), 64, "--to")
        one_line(application("kitchen", "--key", key, "--forward", key), 65, "not an envelope")
        one_line(application("kitchen", "--key", "none.json"), 66, "husk envelope key new")
        one_line(application("other", "--key", key), 65, "kitchen", "home")
        (folder / f"{key}.home.sealed").write_text("junk\n")
        one_line(application("home", "--key", key, "--to", "kitchen", "--send", "x"), 65, "damaged")
    for name in (f"{key}.home.sealed", f"{key}.kitchen.opened"):
        equal(stat.S_IMODE((folder / name).stat().st_mode), 0o600, f"mode of {name}")
    check(UNLOCK not in gateway.text + gateway.errors, "the gateway printed it", gateway.text)
    equal(gateway.text.count("left an envelope for kitchen"), 4, "envelopes at the gateway")


def cases():
    """All cases: a name and what to call."""
    for machine in MACHINES:
        yield f"end to end on {machine}", lambda husk, build, folder, machine=machine: figures(husk, build, folder,
                                                                                               machine)
    yield "memory of the gateway", gateway_memory
    yield "another key", other_key
    yield "changed on the way", changed_on_the_way
    yield "a talkative gateway", talkative_gateway
    yield "parts that end", parts_that_end
    yield "nothing is left running", nothing_is_left
    yield "applications by hand", applications


if __name__ == "__main__":
    sys.exit(attempts(cases()))
