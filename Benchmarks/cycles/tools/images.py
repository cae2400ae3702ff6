"""Runs an image under QEMU with the cycle model, and reads what it counted: one tree of calls for each region."""
import dataclasses
import pathlib
import re
import subprocess
import tempfile

MACHINES = {"m0": "microbit", "m0plus": "microbit", "m3": "mps2-an385", "m4": "mps2-an386"}
MANUALS = {"m0": "DDI 0432C", "m0plus": "DDI 0484C", "m3": "DDI 0337I", "m4": "DDI 0439D"}
SECONDS_MAX = 1800
SYMBOL = re.compile(r"^([0-9a-f]+) ([0-9a-f]+) [tTwW] (\S+)(?:\t(.*):\d+)?$")


@dataclasses.dataclass(frozen=True)
class Function:
    """A function of an image. `file` is its source file, empty if it has no debug information."""
    name: str
    start: int
    end: int
    file: str


@dataclasses.dataclass
class Counts:
    """The model's cycles, what they may be at least, and instructions."""
    cycles: int = 0
    low: int = 0
    instructions: int = 0

    def __add__(self, other):
        return Counts(self.cycles + other.cycles, self.low + other.low, self.instructions + other.instructions)


@dataclasses.dataclass
class Node:
    """A function in the place it was called from."""
    function: Function
    parent: "Node | None"
    calls: int
    own: Counts
    children: list = dataclasses.field(default_factory=list)

    def total(self):
        """With everything it called."""
        return sum((child.total() for child in self.children), self.own)

    def walk(self):
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


UNKNOWN = Function("?", 0, 0, "")


def functions(image):
    """Functions of an image by address. Where several names share an address, the first one counts."""
    out = subprocess.run(["arm-none-eabi-nm", "-S", "-n", "-l", image], check=True, capture_output=True, text=True)
    found = {}
    for match in filter(None, map(SYMBOL.match, out.stdout.splitlines())):
        start, size = int(match[1], 16) & ~1, int(match[2], 16)
        found.setdefault(start, Function(match[3], start, start + size, match[4] or ""))
    return [found[start] for start in sorted(found)]


def read_regions(text, known):
    """The roots of the trees that the plugin printed."""
    roots, nodes = [], {}
    for line in text.splitlines():
        word, *numbers = line.split()
        if word == "region":
            continue
        number, parent, function, calls, cycles, low, instructions = map(int, numbers)
        node = Node(known[function] if function >= 0 else UNKNOWN, nodes.get(parent), calls,
                    Counts(cycles, low, instructions))
        nodes[number] = node
        if node.parent:
            node.parent.children.append(node)
        else:
            roots.append(node)
    return roots


def simulator(core, image, machine=None):
    """The command that runs an image, on the machine of its core or another, and ends with its exit code."""
    return ["qemu-system-arm", "-M", machine or MACHINES[core], "-display", "none", "-monitor", "none",
            "-serial", "null", "-semihosting-config", "enable=on,target=native", "-kernel", str(image)]


def run(plugin, image, core, machine=None, cwd=None, **options):
    """Runs an image to its end, on the machine of its core or another; returns the lines it printed and the roots of
    its regions. `options` are those of the plugin: wait, line, multiplier, aligned."""
    known = functions(image)
    with tempfile.TemporaryDirectory() as folder:
        table, out = pathlib.Path(folder, "functions"), pathlib.Path(folder, "out")
        table.write_text("".join(f"{function.start:x} {function.end:x}\n" for function in known))
        settings = {"core": core, "functions": table, "out": out} | options
        arguments = ",".join([str(pathlib.Path(plugin).resolve()), *(f"{key}={settings[key]}" for key in settings)])
        result = subprocess.run(simulator(core, image, machine) + ["-plugin", arguments], cwd=cwd,
                                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS_MAX)
        if result.returncode != 0 or not out.exists():
            raise RuntimeError(f"{image} on {core}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
        return (result.stdout + result.stderr).splitlines(), read_regions(out.read_text(), known)
