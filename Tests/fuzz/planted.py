#!/usr/bin/env python3
"""Shows that the fuzz targets can fail: plants bugs into copies of core files, one at a time, and each has to be found
within ten seconds from the seeds alone. Ends with `N passed, N failed`.

    planted.py --build build/fuzz -- CLANG FLAGS...
"""
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

from run import INPUT_MAX_BYTES, Failure, execute
import seeds

SECONDS = 10
# What it is; file, text and what stands in its place; target.
PLANTS = [
    ("an option may be longer than the message",
     "CSources/CHusk/coap/option.c", " || len > ahead.left)", ")", "coap"),
    ("plaintext of a request that is none stays in the datagram",
     "CSources/CHusk/oscore/request.c", "        husk_wipe(text.data, text.len);\n", "", "oscore_request"),
    ("a public key of any length is copied",
     "CSources/CHusk/edhoc/message_1.c", "if (g_x.len != HUSK_ECDH_BYTES) {", "if (g_x.len == 0) {",
     "edhoc_message_1"),
    ("ciphertext is kept in more room than there is",
     "CSources/CHusk/oscore/kudos.c", "text_len > r->spare_cap", "text_len > 64 + r->spare_cap", "kudos_request"),
    ("a sequence number is used twice",
     "CSources/CHusk/oscore/message.c", "sender_sequence = sequence + 1;",
     "sender_sequence = sequence + (sequence < 2);", "device_edhoc"),
    ("flags of a frame are not authenticated",
     "CSources/CHusk/frame/frame.c", "{frame, 1}};", "{NULL, 0}};", "frame"),
    ("a fragment is put one byte too far",
     "CSources/CHusk/frame/fragment.c", "piece_bytes <= (r->cap - rest) / count",
     "piece_bytes <= (r->cap + 1 - rest) / count", "fragment"),
    ("the content of an envelope that could not be stored stays",
     "CSources/CHusk/cose/envelope_open.c", "        husk_wipe(text, len);\n", "", "envelope"),
    ("a copy of message 1 holds message 4 back",
     "CSources/CHusk/frame/link_responder.c", "!= HUSK_EDHOC_RESPONDER_WAIT_3) {\n",
     "!= HUSK_EDHOC_RESPONDER_WAIT_3) {\n            link->send_now = false;\n", "link_edhoc"),
    ("keys that could not be stored are used",
     "CSources/CHusk/frame/link_kudos.c", "    husk_frame_context_wipe(&link->context);\n", "", "link_kudos"),
]


def build(number, file, old, new, target, folder, compiler):
    """Compiles the target with the bug in it; returns the program."""
    text = pathlib.Path(file).read_text()
    if old not in text:
        raise Failure(f"{file} has changed: plant the bug elsewhere")
    here = folder / "planted" / str(number)
    shutil.rmtree(here, ignore_errors=True)
    here.mkdir(parents=True)
    source = here / pathlib.Path(file).name
    source.write_text(text.replace(old, new, 1))
    mutant = source.with_suffix(".o")
    program = here / target
    link = ["-fuse-ld=lld", "-fsanitize=fuzzer", folder / "harness" / "Tests" / "fuzz" / f"{target}.o", mutant,
            folder / "libfuzz.a", folder / "libhusk.a", "-o", program]
    for arguments in (["-c", source, "-o", mutant], link):
        subprocess.run([*compiler, *map(str, arguments)], check=True)
    return program


def find(number, plant, folder, compiler):
    """Whether the target finds the bug."""
    what, file, old, new, target = plant
    try:
        program = build(number, file, old, new, target, folder, compiler)
        corpus = program.parent / "corpus"
        corpus.mkdir()
        seeds.prepare(target, program.parent)
        code, output = execute([program, f"-max_total_time={SECONDS}", f"-max_len={INPUT_MAX_BYTES}",
                                f"-artifact_prefix={program.parent}/", corpus, program.parent / "seeds" / target], 300)
        if code == 0 or "Test unit written to" not in output:
            raise Failure("was not found")
    except (Failure, subprocess.CalledProcessError) as why:
        print(f"FAILED planted in {target}, {what}: {why}", flush=True)
        return False
    return True


def main():
    """Plants them all."""
    folder = pathlib.Path(sys.argv[2])
    compiler = sys.argv[4:]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda item: find(item[0], item[1], folder, compiler), enumerate(PLANTS)))
    print(f"planted bugs are found: {sum(found)} passed, {len(found) - sum(found)} failed")
    return 0 if all(found) else 1


if __name__ == "__main__":
    sys.exit(main())
