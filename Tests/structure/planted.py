"""Self-tests: each structural check has to fire on a violation planted in a temporary directory, and only then."""
import pathlib
import subprocess
import sys
import tempfile

import headers
import includes
import instructions
import invariants
import openings
import profiles
import symbols

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import run as runner  # noqa: E402  (needs the path above)


def plant(files):
    """A temporary directory with these files."""
    root = tempfile.TemporaryDirectory()
    for name, content in files.items():
        file = pathlib.Path(root.name) / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return root


def fires(check, files, *words):
    """True if `check(root)` finds exactly one violation, which contains all the words; for no words, if it finds none."""
    with plant(files) as root:
        found = check(root)
        return len(found) == (1 if words else 0) and all(word in found[0] for word in words)


def include(line):
    """A core with one file that has this include line."""
    return {"cbor/reader.c": f"/* reader */\n{line}\n"}


def compiled(check):
    """Turns a check of an object into one of a root with a file x.c."""
    def checked(root):
        subprocess.run(["gcc", "-ffreestanding", "-fno-pic", "-O1", "-c", f"{root}/x.c", "-o", f"{root}/x.o"], check=True)
        return check(f"{root}/x.o")
    return checked


def assembled(root):
    """Violations of Cortex-M3 in an object of x.s."""
    subprocess.run(["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-c", f"{root}/x.s", "-o", f"{root}/x.o"], check=True)
    return instructions.m3_violations("arm-none-eabi-objdump", f"{root}/x.o")


def thumb(*lines):
    """An assembly file with these instructions."""
    return {"x.s": ".syntax unified\n.thumb\n" + "".join(f"{line}\n" for line in lines)}


core_object = compiled(lambda file: symbols.core_violations("nm", "objdump", file))
image_object = compiled(lambda file: symbols.image_violations("nm", file))


def public(content):
    """A public header with this content."""
    return {"husk/x.h": content}


def c11(root):
    """Headers as C11."""
    return headers.violations(root, "C11")


def cplusplus(root):
    """Headers as C++."""
    return headers.violations(root, "C++17")


OSCORE_NAMES = {"husk_oscore_request_protect", "husk_aead_aes_ccm_16_64_128", "husk_sha256_init", "husk_hkdf_extract"}
LISTED = {f"profiles/{name}.c": "" for name in profiles.RULES} | {f"parts/{name}.c": "" for name in profiles.size.PARTS}

SELF_TESTS = {
    "include of a room below": lambda: fires(includes.violations, include('#include "oscore/nonce.h"'), "below"),
    "include of a public header below": lambda: fires(includes.violations, include('#include "husk/edhoc.h"'), "below"),
    "include of a room above": lambda: fires(includes.violations, include('#include "base/bytes.h"')),
    "include of the own room": lambda: fires(includes.violations, include('#include "husk/cbor.h"')),
    "include of the umbrella": lambda: fires(includes.violations, include('#include "husk/husk.h"'), "no room"),
    "include without a room": lambda: fires(includes.violations, include('#include "bytes.h"'), "no room"),
    "include of stdio": lambda: fires(includes.violations, include("#include <stdio.h>"), "freestanding"),
    "include in a public header": lambda: fires(
        includes.violations, {"include/husk/base.h": '/* base */\n#include "husk/coap.h"\n'}, "below"),
    "Swift that is to be trusted, without a reason": lambda: fires(
        invariants.violations, {"Sources/x.swift": "// x\n\nextension X: @unchecked Sendable {}\n"}, "@unchecked"),
    "Swift that is to be trusted, with its reason": lambda: fires(
        invariants.violations, {"Sources/x.swift": "// x\n\n// Never written to.\nextension X: @unchecked Sendable {}\n"}),
    "unknown room": lambda: fires(includes.violations, {"attic/x.c": "/* x */\n"}, "in no room"),
    "foreign symbol": lambda: fires(
        core_object, {"x.c": "void *malloc(unsigned long n); void *f(void); void *f(void) { return malloc(3); }"}, "malloc"),
    "allowed symbol": lambda: fires(
        core_object,
        {"x.c": "void *memset(void *, int, unsigned long); void f(void *p, int n); void f(void *p, int n) "
                "{ memset(p, 0, (unsigned long)n); }"}),
    "initialised data": lambda: fires(core_object, {"x.c": "int counter = 3;"}, ".data"),
    "zeroed data": lambda: fires(core_object, {"x.c": "int f(void); int f(void) { static int n; return n++; }"}, ".bss"),
    "constant data": lambda: fires(core_object, {"x.c": "const int table[2] = {1, 2};"}),
    "allocation in an image": lambda: fires(image_object, {"x.c": "void free(void *p); void free(void *p) { (void)p; }"},
                                            "contains free"),
    "allocation of Swift in an image": lambda: fires(
        image_object, {"x.c": "void swift_slowAlloc(void); void swift_slowAlloc(void) {}"}, "contains swift_slowAlloc"),
    "instruction of a Cortex-M4": lambda: all(fires(assembled, thumb(line), line.split()[0]) for line in (
        "smlabb r0, r1, r2, r3", "uadd8 r0, r1, r2", "sxtab r0, r1, r2", "smulwt r0, r1, r2", "umaal r0, r1, r2, r3")),
    "instructions of a Cortex-M3": lambda: fires(assembled, thumb(
        "smull r0, r1, r2, r3", "umlal r0, r1, r2, r3", "sxtb.w r8, r1", "ssat r0, #8, r1", "udiv r0, r1, r2")),
    "undefined name in an image": lambda: fires(image_object, {"x.c": "void g(void); void f(void); void f(void) { g(); }"},
                                                "g is undefined"),
    "C library in a map": lambda: fires(lambda root: symbols.archive_violations(f"{root}/x.map"),
                                        {"x.map": "LOAD a.o\nLOAD /usr/lib/libgcc.a\nLOAD /usr/lib/libc_nano.a\n"}, "libc_nano"),
    "header that needs another": lambda: fires(c11, public("uint8_t f(void);\n"), "uint8_t"),
    "header that is no C++": lambda: fires(cplusplus, public("int f(int class);\n"), "C++17"),
    "header that stands alone": lambda: fires(c11, public("#include <stdint.h>\nuint8_t f(void);\n")),
    "file without a comment": lambda: fires(openings.violations, {"CSources/x.c": "int f(void);\n"}, "open"),
    "file with a comment": lambda: fires(openings.violations, {"CSources/x.c": "/* x */\n"}),
    "suite not listed": lambda: fires(openings.suite_violations, {"suites.h": "SUITE(a)\n", "test_a.c": "", "test_b.c": ""},
                                      "test_b.c"),
    "suite without a file": lambda: fires(openings.suite_violations, {"suites.h": "SUITE(a)\n"}, "SUITE(a)"),
    "suite listed twice": lambda: fires(openings.suite_violations, {"suites.h": "SUITE(a)\nSUITE(a)\n", "test_a.c": ""},
                                        "twice"),
    "profile that is as it should be": lambda: profiles.judge("oscore", OSCORE_NAMES) == [],
    "part that a profile does without": lambda: profiles.judge(
        "oscore", OSCORE_NAMES | {"CHusk/primitive/x25519.o"}) == ["contains CHusk/primitive/x25519.o"],
    "function that a profile does without": lambda: profiles.judge(
        "endpoint", {"husk_device_start", "husk_edhoc_message_3_compose", "husk_x25519",
                     "husk_edhoc_static_message_2_process"}) == ["contains husk_edhoc_static_message_2_process"],
    "profile without rules": lambda: fires(
        profiles.list_violations, LISTED | {"profiles/x.c": ""}, "profiles/x.c"),
    "profiles and parts that are listed": lambda: fires(profiles.list_violations, LISTED),
    "part without a cost": lambda: fires(profiles.list_violations, LISTED | {"parts/x.c": ""}, "parts/x.c"),
    "part that is as it should be": lambda: profiles.judge_part("blockwise", {"husk_block_find"}, OSCORE_NAMES) == [],
    "part that is there when unused": lambda: profiles.judge_part(
        "blockwise", {"husk_block_find"}, {"husk_block_find"}) == ["oscore contains husk_block_find"],
    "part that is not in its own image": lambda: profiles.judge_part("blockwise", OSCORE_NAMES, OSCORE_NAMES) == [
        f"nothing matches {profiles.size.PARTS['blockwise'][1]}"],
    "profile that lacks something": lambda: profiles.judge("oscore", OSCORE_NAMES - {"husk_hkdf_extract"}) == [
        "without hkdf"],
    "stage that passes": lambda: runner.judge(0, (3, 0)) == (3, 0, None),
    "stage with failures": lambda: runner.judge(1, (3, 2)) == (3, 2, None),
    "stage that crashes after its result": lambda: runner.judge(139, (3, 0))[:2] == (3, 1),
    "stage that crashes before its result": lambda: runner.judge(139, None)[:2] == (0, 1),
    "stage without a result": lambda: runner.judge(0, None)[:2] == (0, 1),
    "stage without tests": lambda: runner.judge(0, (0, 0))[:2] == (0, 1),
}
