"""Symbols: what compiled core objects and firmware images need from outside, and what they must not contain."""
import re
import subprocess

LIBRARY = {"memcpy", "memmove", "memset", "memcmp"}
# Integer helpers of the compiler. Floating-point ones are not among them: the core has no floating point.
HELPER = re.compile(
    r"^(__aeabi_(u?idiv(mod)?|u?ldivmod|lmul|llsl|llsr|lasr|unwind_cpp_pr[012]|mem(cpy|move|set|clr)[48]?)"
    r"|__gnu_thumb1_case_\w+"
    r"|__(u?div|u?mod|mul|ashl|lshr|ashr|clz|ctz|bswap|popcount|u?cmp)[sdt]i[234]"
    r"|_GLOBAL_OFFSET_TABLE_)$")
FORBIDDEN = re.compile(
    r"^(_?(malloc|calloc|realloc|free|sbrk|(posix_)?memalign|aligned_alloc)(_r)?|alloca|swift_(slowAlloc|slowDealloc|alloc\w+)|v?s?n?printf|puts|abort|exit|__assert\w*|setjmp|longjmp"
    r"|__aeabi_[fd](add|sub|mul|div|cmp\w+|2\w+)|__[a-z]+[sd]f[23]?)$")
ZERO_INITIALISED = re.compile(r"^\.(data|bss|tdata|tbss)(\.(?!rel\.ro)|$)")


def run(*command):
    """Standard output of a command that has to succeed."""
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def undefined(nm, file):
    """Names that an object needs from outside."""
    return {line.split()[-1] for line in run(nm, "--undefined-only", file).splitlines() if line.strip()}


def defined(nm, file):
    """Names that an object or image contains."""
    return {line.split()[-1] for line in run(nm, "--defined-only", file).splitlines() if line.strip()}


def writable_bytes(objdump, file):
    """Sections of writable data that are not empty, with their sizes."""
    rows = (line.split() for line in run(objdump, "--section-headers", file).splitlines())
    sizes = {row[1]: int(row[2], 16) for row in rows if len(row) > 6 and row[0].isdigit()}
    return {name: size for name, size in sizes.items() if size > 0 and ZERO_INITIALISED.match(name)}


def common(nm, file):
    """Uninitialised globals that the linker would place in .bss."""
    return [line for line in run(nm, file).splitlines() if " C " in line]


def core_violations(nm, objdump, file):
    """What is wrong with the core linked into one relocatable object."""
    foreign = sorted(name for name in undefined(nm, file) if name not in LIBRARY and not HELPER.match(name))
    found = [f"{file}: needs {name}" for name in foreign]
    found += [f"{file}: {size} bytes of writable data in {name}"
              for name, size in writable_bytes(objdump, file).items()]
    found += [f"{file}: writable global: {line}" for line in common(nm, file)]
    return found


def image_violations(nm, file):
    """What is wrong with a firmware image: allocation, formatted output or floating point linked in, or names left
    undefined."""
    found = [f"{file}: contains {name}" for name in sorted(defined(nm, file)) if FORBIDDEN.match(name)]
    return found + [f"{file}: {name} is undefined" for name in sorted(undefined(nm, file))]


def archive_violations(map_file, allowed="libgcc.a"):
    """Archives other than the compiler's own that an image was linked with, from its map."""
    with open(map_file) as lines:
        loaded = {line.split()[1] for line in lines if line.startswith("LOAD ") and line.rstrip().endswith(".a")}
    return [f"{map_file}: links {name}" for name in sorted(loaded) if not name.endswith("/" + allowed)]
