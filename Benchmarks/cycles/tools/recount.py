"""A second count of the same program that shares nothing with the plugin: it reads the assembly of a listing (objdump)
and a trace of program counters (QEMU's own, without the plugin), and adds up the manuals' tables by mnemonic. It sees
no data addresses, so every access counts as an aligned one."""
import pathlib
import re
import subprocess
import tempfile

import images

LINE = re.compile(r"^\s*([0-9a-f]+):\t(\S+)\s*([^@;]*)")
COUNTER = re.compile(r"^Trace .*?\[[0-9a-f]+/([0-9a-f]+)/|^(Stopped)", re.MULTILINE)
OPEN, CLOSE = ("nop", "{6}"), ("nop", "{9}")
CONDITIONS = "eq|ne|cs|cc|hs|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"
BRANCH = re.compile(rf"^b(?:{CONDITIONS})?$")
LOAD = re.compile(rf"^ldrs?[bh]?(?:{CONDITIONS})?$")
STORE = re.compile(rf"^str[bh]?(?:{CONDITIONS})?$")
MULTIPLE = re.compile(rf"^(?:push|pop|ldm|stm)(?:ia|db)?(?:{CONDITIONS})?$")
NO_RESULT = re.compile(rf"^(?:cmp|cmn|tst|teq|nop|it[te]*)(?:{CONDITIONS})?$")
ALIASES = {"sb": "r9", "sl": "r10", "fp": "r11", "ip": "r12", "sp": "r13", "lr": "r14", "pc": "r15"}

# Refill of the pipeline; call; return by pop; MLA and MLS; UMULL; UMLAL.
TABLES = {
    "m0": {"refill": 2, "bl": 2, "pop pc": 2},
    "m0plus": {"refill": 1, "bl": 2, "pop pc": 2},
    "m3": {"refill": 3, "bl": 1, "pop pc": 1, "mla": 2, "mls": 2, "umull": 5, "smull": 5, "umlal": 7, "smlal": 7},
    "m4": {"refill": 3, "bl": 1, "pop pc": 1, "mla": 1, "mls": 1, "umull": 1, "smull": 1, "umlal": 1, "smlal": 1},
}


def registers(text):
    """Names of the registers in a list such as {r0, r4-r7, lr} or an address."""
    found = set()
    for first, last in re.findall(r"\b(r\d+|s[bl]|fp|ip|sp|lr|pc)\b(?:-(\w+))?", text):
        low, high = (int(ALIASES.get(name, name)[1:]) for name in (first, last or first))
        found |= set(range(low, high + 1))
    return found


def listing(image):
    """Mnemonic without its width and operands, by address."""
    out = subprocess.run(["arm-none-eabi-objdump", "-d", "--no-show-raw-insn", image], check=True, capture_output=True,
                         text=True).stdout
    matches = filter(None, map(LINE.match, out.splitlines()))
    return {int(address, 16): (name.removesuffix(".n").removesuffix(".w"), operands.strip())
            for address, name, operands in (match.groups() for match in matches)}


def without_stopped(found):
    """Addresses, without those that QEMU announced and then did not execute because something else came up."""
    addresses = []
    for address, stopped in found:
        if stopped:
            addresses.pop()
        else:
            addresses.append(int(address, 16))
    return addresses


def trace(image, core):
    """Addresses in the order of execution."""
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder, "log")
        command = images.simulator(core, image) + ["-singlestep", "-d", "exec,nochain", "-D", str(log)]
        subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=images.SECONDS_MAX)
        return without_stopped(COUNTER.findall(log.read_text()))


def between_markers(code, counters):
    """Runs of addresses between the markers, each with the address of the closing one at its end."""
    runs, current = [], None
    for address in counters:
        if code[address] == OPEN:
            current = []
            continue
        if current is not None:
            current.append(address)
            if code[address] == CLOSE:
                runs.append(current)
                current = None
    return runs


def fixed(core, name, operands, is_taken):
    """Cycles that neighbours do not change."""
    table = TABLES[core]
    if name in ("bl", "blx", "bx") or BRANCH.match(name) or name in ("cbz", "cbnz"):
        unconditional = name in ("b", "bl", "blx", "bx")
        return (table["bl"] if name == "bl" else 1) + (table["refill"] if unconditional or is_taken else 0)
    if MULTIPLE.match(name):
        count = len(registers(operands[operands.index("{"):]))
        return table["pop pc"] + count + table["refill"] if is_taken else 1 + count
    if name in ("ldrd", "strd"):
        return 3
    if LOAD.match(name):
        return 2
    if STORE.match(name):
        immediate = not registers(operands[operands.index("["):].partition(",")[2])
        return 1 if core in ("m3", "m4") and immediate else 2
    return table.get(name, 1)


def address_of(operands):
    """Registers that make a memory address, without the pc of a literal."""
    return registers(operands[operands.index("["):operands.index("]") + 1]) - {15}


def neighbour(previous, name, operands):
    """Cycles more or less because of the instruction before, on Cortex-M3 and M4."""
    if previous is None or not (LOAD.match(name) or STORE.match(name)):
        return 0
    before, its_operands = previous
    results = registers(",".join(its_operands.split(",")[:2 if before[1:] in ("mull", "mlal") else 1]))
    waits = bool(results & address_of(operands))
    if LOAD.match(before):
        is_plain_store = STORE.match(name) and not registers(operands[operands.index("["):].partition(",")[2])
        return 0 if waits or is_plain_store else -1
    if (STORE.match(before) or MULTIPLE.match(before) or NO_RESULT.match(before) or before in ("ldrd", "strd")
            or BRANCH.match(before) or before in ("bl", "blx", "bx", "cbz", "cbnz")):
        return 0
    return 1 if waits else 0


def count(core, code, run):
    """Cycles of one run of addresses; the last is not counted."""
    total, previous = 0, None
    ordered = sorted(code)
    following = dict(zip(ordered, ordered[1:]))
    for address, after in zip(run, run[1:]):
        name, operands = code[address]
        is_taken = after != following[address]
        total += fixed(core, name, operands, is_taken)
        if core in ("m3", "m4"):
            total += neighbour(previous, name, operands)
        previous = None if is_taken else (name, operands)
    return total


def recount(image, core):
    """Cycles of every region of an image."""
    code = listing(image)
    return [count(core, code, run) for run in between_markers(code, trace(image, core))]
