"""The C core in this process: build/interop/libhusk.so through cffi, declared by the public headers themselves.

The headers go through the C preprocessor to cffi; the sizes of all structs are then compared with what the C compiler
says. What follows are thin wrappers: bytes in, bytes out, HuskError for every negative status."""

import re
import subprocess
from pathlib import Path

import cffi

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "CSources" / "CHusk"
INCLUDE = CORE / "include"
HEADERS = INCLUDE / "husk"


class HuskError(Exception):
    def __init__(self, status):
        super().__init__(STATUS.get(status, str(status)))
        self.status = status
        self.name = STATUS.get(status, str(status))


def _preprocess(build, cc):
    """The declarations of husk.h without the system headers, whose types cffi knows."""
    stubs = build / "stubs"
    stubs.mkdir(parents=True, exist_ok=True)
    for name in ("stdint.h", "stddef.h", "stdbool.h"):
        (stubs / name).write_text("")
    command = [cc, "-E", "-P", "-nostdinc", "-I", str(stubs), "-I", str(INCLUDE), str(HEADERS / "husk.h")]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    macros = subprocess.run([cc, "-E", "-dM", *command[3:]], check=True, capture_output=True, text=True).stdout
    return text, macros


def _constants(macros):
    found = {}
    for name, value in re.findall(r"^#define (HUSK_\w+) \(?(?:\(\w+\))?(-?(?:0x[0-9a-f]+|\d+))\)?$", macros, re.M):
        found[name] = int(value, 0)
    return found


def _build(build, cc):
    """Compiles all of the core into one shared object, unless it is newer than every source."""
    library = build / "libhusk.so"
    sources = sorted(CORE.glob("*/*.c"))
    inputs = sources + sorted(CORE.glob("*/*.h")) + sorted(HEADERS.glob("*.h")) + [Path(__file__)]
    if library.exists() and all(path.stat().st_mtime < library.stat().st_mtime for path in inputs):
        return library
    fresh = build / "libhusk.so.new"
    subprocess.run([cc, "-std=c11", "-O1", "-g", "-shared", "-fPIC", "-fsanitize=undefined",
                    "-fsanitize-undefined-trap-on-error", "-I", str(INCLUDE), "-I", str(CORE),
                    *map(str, sources), "-o", str(fresh)], check=True)
    fresh.replace(library)
    return library


def _check_layout(ffi, build, cc, structs):
    """Structs as cffi lays them out against the C compiler."""
    source = build / "layout.c"
    source.write_text('#include <stdio.h>\n#include "husk/husk.h"\nint main(void)\n{\n'
                      + "".join(f'    printf("%zu\\n", sizeof({name}));\n' for name in structs) + "    return 0;\n}\n")
    program = build / "layout"
    subprocess.run([cc, "-std=c11", "-I", str(INCLUDE), str(source), "-o", str(program)], check=True)
    sizes = subprocess.run([program], check=True, capture_output=True, text=True).stdout.split()
    for name, size in zip(structs, sizes, strict=True):
        if ffi.sizeof(name) != int(size):
            raise RuntimeError(f"{name}: {ffi.sizeof(name)} bytes here, {size} in C")


def load(build, cc):
    """Makes the module's names usable; `build` is a directory for what is built."""
    global ffi, lib, C, MACROS, STATUS, SUITE_IDS
    build = Path(build)
    text, macros = _preprocess(build, cc)
    C, MACROS = _constants(macros), macros
    STATUS = {value: name for name, value in C.items() if name.startswith("HUSK_ERR_")}
    ffi = cffi.FFI()
    declarations = re.sub(r"_Static_assert\s*\([^;]*\);", "", text)
    declarations = re.sub(r"static inline [^{;]*\{[^}]*\}", "", declarations)  # not in the library
    ffi.cdef(declarations.replace("extern const ", "extern "))  # cffi takes `const` for a number known beforehand
    _check_layout(ffi, build, cc, sorted(set(re.findall(r"\}\s*(husk_\w+);", text))))
    lib = ffi.dlopen(str(_build(build, cc)))
    SUITE_IDS = sorted(int(number) for number in re.findall(r"extern const husk_suite husk_suite_(\d+);", text))


ffi = lib = None
C = {}
MACROS = ""
STATUS = {}
SUITE_IDS = []


def suite(number):
    """The table of a cipher suite; RuntimeError if the header declares it and the library lacks it."""
    try:
        return ffi.addressof(lib, f"husk_suite_{number}")
    except AttributeError as error:
        raise RuntimeError(f"husk_suite_{number} is declared but not defined") from error


_callbacks = {}


def foreign_suite(number):
    """A table like husk_suite_N, whose AEAD and ECDH are those of the `cryptography` package: what a program does that
    brings its own primitives. It tests the rooms above, with every key and nonce length, on primitives of others."""
    if number in _callbacks:
        return _callbacks[number][0]
    from peer import suites
    alive = []

    def guarded(status, body):
        try:
            return body()
        except suites.Refused:
            return C[status]

    def aead_table(aead):
        def seal(_aead, key, nonce, aad, aad_count, text, length):
            associated = b"".join(take(aad[i]) for i in range(aad_count))
            sealed = aead.seal(bytes(ffi.buffer(key, aead.key_bytes)), bytes(ffi.buffer(nonce, aead.nonce_bytes)),
                               bytes(ffi.buffer(text, length)), associated)
            ffi.memmove(text, sealed, len(sealed))
            return 0

        def open_(_aead, key, nonce, aad, aad_count, text, length):
            associated = b"".join(take(aad[i]) for i in range(aad_count))

            def body():
                opened = aead.open(bytes(ffi.buffer(key, aead.key_bytes)), bytes(ffi.buffer(nonce, aead.nonce_bytes)),
                                   bytes(ffi.buffer(text, length + aead.tag_bytes)), associated)
                ffi.memmove(text, opened, length)
                return 0

            status = guarded("HUSK_ERR_AUTHENTICATION", body)
            if status != 0:
                ffi.memmove(text, bytes(length), length)
            return status

        signature = ("husk_status(const husk_aead *, const uint8_t *, const uint8_t *, const husk_bytes *, size_t, "
                     "uint8_t *, size_t)")
        functions = [ffi.callback(signature, function) for function in (seal, open_)]
        table = ffi.new("husk_aead *", {"cose_alg": aead.cose_alg, "key_bytes": aead.key_bytes,
                                        "nonce_bytes": aead.nonce_bytes, "tag_bytes": aead.tag_bytes,
                                        "seal": functions[0], "open": functions[1]})
        alive.extend([table, *functions])
        return table

    def ecdh_table(ecdh):
        def public_key(private, public):
            def body():
                ffi.memmove(public, ecdh.public_bytes(ecdh.load(bytes(ffi.buffer(private, 32)))), 32)
                return 0

            return guarded("HUSK_ERR_RANDOM", body)

        def shared_secret(private, peer, secret):
            def body():
                key = ecdh.load(bytes(ffi.buffer(private, 32)))
                ffi.memmove(secret, ecdh.shared_secret(key, bytes(ffi.buffer(peer, 32))), 32)
                return 0

            return guarded("HUSK_ERR_PUBLIC_KEY", body)

        functions = [ffi.callback("husk_status(const uint8_t *, uint8_t *)", public_key),
                     ffi.callback("husk_status(const uint8_t *, const uint8_t *, uint8_t *)", shared_secret)]
        table = ffi.new("husk_ecdh *", {"cose_curve": ecdh.COSE_CURVE, "public_key": functions[0],
                                        "shared_secret": functions[1]})
        alive.extend([table, *functions])
        return table

    model = suites.SUITES[number]
    table = ffi.new("husk_suite *", {
        "id": number, "edhoc_aead": aead_table(model.edhoc_aead), "app_aead": aead_table(model.app_aead),
        "hash": ffi.addressof(lib, "husk_hash_sha256"), "ecdh": ecdh_table(model.ecdh), "mac_bytes": model.mac_bytes})
    _callbacks[number] = (table, alive)
    return table


def check(status):
    if status != 0:
        raise HuskError(status)


class Keep:
    """Owns memory that C points to."""

    def __init__(self):
        self.alive = []

    def buffer(self, data):
        """At least one byte, so that even empty slices point to something; exact otherwise."""
        memory = ffi.new("uint8_t[]", bytes(data)) if data else ffi.NULL
        self.alive.append(memory)
        return memory

    def bytes(self, data):
        return ffi.new("husk_bytes *", {"data": self.buffer(data), "len": len(data)})[0]

    def id(self, data):
        out = ffi.new("husk_id *")
        check(lib.husk_id_set(out, self.buffer(data), len(data)))
        self.alive.append(out)
        return out


def take(slice_):
    return bytes(ffi.buffer(slice_.data, slice_.len)) if slice_.len else b""


class Random:
    """The random hook over a Python callable n -> bytes."""

    def __init__(self, rng):
        def fill(_context, out, length):
            ffi.memmove(out, rng(length), length)
            return 0

        self._callback = ffi.callback("husk_status(void *, uint8_t *, size_t)", fill)
        self.hook = {"fill": self._callback, "context": ffi.NULL}


class Psk:
    def __init__(self, kid, key, cred_i, cred_r):
        self.keep = Keep()
        self.c = ffi.new("husk_psk *", {"key": self.keep.bytes(key), "kid": self.keep.bytes(kid),
                                        "cred_i": self.keep.bytes(cred_i), "cred_r": self.keep.bytes(cred_r)})


class StaticCredential:
    def __init__(self, kid, cred, public_key=None, private_key=None):
        self.keep = Keep()
        self.kid = kid
        self.c = ffi.new("husk_static_credential *", {
            "kid": self.keep.bytes(kid), "cred": self.keep.bytes(cred),
            "public_key": self.keep.buffer(public_key or b""), "private_key": self.keep.buffer(private_key or b"")})


def cred_compose(subject, kid):
    keep = Keep()
    out = ffi.new("uint8_t[]", 1024)
    length = ffi.new("size_t *")
    check(lib.husk_cred_compose(keep.bytes(subject), keep.bytes(kid), out, 1024, length))
    return bytes(ffi.buffer(out, length[0]))


def ead_encode(items):
    """Items are (label, value), negative labels critical, as in the peers."""
    keep = Keep()
    writer = ffi.new("husk_cbor_writer *")
    out = ffi.new("uint8_t[]", 8192)
    lib.husk_cbor_writer_init(writer, out, 8192)
    for label, value in items:
        lib.husk_edhoc_ead_write(writer, abs(label), label < 0, keep.bytes(value or b""), value is not None)
    length = ffi.new("size_t *")
    check(lib.husk_cbor_writer_finish(writer, length))
    return bytes(ffi.buffer(out, length[0]))


class Edhoc:
    """A session of either role. Every call takes and gives bytes; messages that C works on in place are copied. Output
    buffers are exactly `room` long, so that a function that writes past the stated maximum shows."""

    def __init__(self, rng, suites, role, c_i=b"", suite_index=0, ead_labels=(), methods=0, static=False,
                 foreign=False):
        self.keep = Keep()
        self.random = Random(rng)
        get = foreign_suite if foreign else suite
        tables = ffi.new("const husk_suite *[]", [get(number) for number in suites])
        labels = ffi.new("uint16_t[]", list(ead_labels)) if ead_labels else ffi.NULL
        self.keep.alive += [tables, labels]
        self.config = ffi.new("husk_edhoc_config *", {
            "suites": tables, "suite_count": len(suites), "ead_labels": labels, "ead_label_count": len(ead_labels),
            "random": self.random.hook, "methods": methods})
        self.c = ffi.new("husk_edhoc *")
        if role == "initiator":
            init = lib.husk_edhoc_static_initiator_init if static else lib.husk_edhoc_initiator_init
            check(init(self.c, self.config, suite_index, self.keep.id(c_i)))
        else:
            check(lib.husk_edhoc_responder_init(self.c, self.config))

    def _compose(self, function, arguments, room):
        out = ffi.new("uint8_t[]", room)
        length = ffi.new("size_t *")
        check(function(self.c, *arguments, out, room, length))
        return bytes(ffi.buffer(out, length[0]))

    def _process(self, function, arguments, message, after=()):
        """Returns the EAD."""
        ead = ffi.new("husk_bytes *")
        memory = self.keep.buffer(message)
        check(function(self.c, *arguments, memory, len(message), *after, ead))
        return take(ead)

    def message_1_compose(self, ead=b""):
        return self._compose(lib.husk_edhoc_message_1_compose, [self.keep.bytes(ead)],
                             44 + 2 * self.config.suite_count + len(ead))

    def message_1_process(self, message):
        return self._process(lib.husk_edhoc_message_1_process, [], message)

    def message_2_compose(self, c_r, ead=b""):
        # An EAD may make the head of the byte string one or two bytes longer.
        return self._compose(lib.husk_edhoc_message_2_compose, [self.keep.id(c_r), self.keep.bytes(ead)],
                             C["HUSK_EDHOC_MESSAGE_2_MAX_BYTES"] + len(ead) + 2 * bool(ead))

    def message_2_process(self, message):
        return self._process(lib.husk_edhoc_message_2_process, [], message)

    def message_3_compose(self, psk, ead=b""):
        return self._compose(lib.husk_edhoc_message_3_compose, [psk.c, self.keep.bytes(ead)],
                             C["HUSK_EDHOC_MESSAGE_3_MAX_BYTES"] + len(ead) + 4 * bool(ead))

    def message_3_identify(self, message):
        kid = ffi.new("uint8_t[]", C["HUSK_KID_MAX_BYTES"])
        length = ffi.new("size_t *")
        check(lib.husk_edhoc_message_3_identify(self.c, self.keep.buffer(message), len(message), kid,
                                                C["HUSK_KID_MAX_BYTES"], length))
        return bytes(ffi.buffer(kid, length[0]))

    def message_3_process(self, psk, message):
        return self._process(lib.husk_edhoc_message_3_process, [psk.c], message)

    def message_4_compose(self, ead=b""):
        return self._compose(lib.husk_edhoc_message_4_compose, [self.keep.bytes(ead)],
                             C["HUSK_EDHOC_MESSAGE_4_MAX_BYTES"] + len(ead) + 2 * bool(ead))

    def message_4_process(self, message):
        return self._process(lib.husk_edhoc_message_4_process, [], message)

    def static_message_2_compose(self, own, c_r, ead=b""):
        return self._compose(lib.husk_edhoc_static_message_2_compose,
                             [own.c, self.keep.id(c_r), self.keep.bytes(ead)], 512 + len(ead))

    def static_message_2_process(self, peers, message):
        """Index of the peer's credential, and the EAD."""
        index = ffi.new("size_t *")
        array = ffi.new("husk_static_credential[]", [peer.c[0] for peer in peers])
        ead = self._process(lib.husk_edhoc_static_message_2_process, [array, len(peers)], message, [index])
        return index[0], ead

    def static_message_3_compose(self, own, ead=b""):
        return self._compose(lib.husk_edhoc_static_message_3_compose, [own.c, self.keep.bytes(ead)], 512 + len(ead))

    def static_message_3_process(self, find, message):
        """`find` gives the StaticCredential of a kid; returns the EAD."""
        plaintext, kid = ffi.new("husk_bytes *"), ffi.new("husk_bytes *")
        check(lib.husk_edhoc_static_message_3_open(self.c, self.keep.buffer(message), len(message), plaintext, kid))
        ead = ffi.new("husk_bytes *")
        peer = find(take(kid))
        check(lib.husk_edhoc_static_message_3_process(self.c, peer.c, plaintext[0], ead))
        return take(ead)

    def confirm(self):
        check(lib.husk_edhoc_confirm(self.c))

    def export(self, label, context, length):
        out = ffi.new("uint8_t[]", max(length, 1))
        check(lib.husk_edhoc_export(self.c, label, self.keep.bytes(context), out, length))
        return bytes(ffi.buffer(out, length))

    def oscore_context(self):
        context = OscoreContext()
        check(lib.husk_edhoc_oscore_context(self.c, context.c))
        return context

    def error_compose(self, status):
        out = ffi.new("uint8_t[]", C["HUSK_EDHOC_ERROR_MAX_BYTES"])
        length = ffi.new("size_t *")
        check(lib.husk_edhoc_error_compose(self.config, status, out, C["HUSK_EDHOC_ERROR_MAX_BYTES"], length))
        return bytes(ffi.buffer(out, length[0]))

    def error_read(self, message):
        """(code, text, suites)"""
        error = ffi.new("husk_edhoc_error *")
        check(lib.husk_edhoc_error_read(self.keep.buffer(message), len(message), error))
        return error.code, take(error.text), take(error.suites)

    def suite_select(self, suites_r):
        index = ffi.new("size_t *")
        check(lib.husk_edhoc_suite_select(self.config, self.keep.bytes(suites_r), index))
        return index[0]

    @property
    def phase(self):
        return self.c.phase

    @property
    def snapshot(self):
        """All of the session's memory, to see whether it changed."""
        return bytes(ffi.buffer(self.c))

    def identifier(self, which):
        field = getattr(self.c, which)
        return bytes(field.bytes)[:field.len]


def identifier_encode(identifier):
    """A connection identifier as the CBOR item that stands for it."""
    keep = Keep()
    out = ffi.new("uint8_t[]", 32)
    writer, length = ffi.new("husk_cbor_writer *"), ffi.new("size_t *")
    lib.husk_cbor_writer_init(writer, out, 32)
    lib.husk_edhoc_identifier_write(writer, keep.bytes(identifier))
    check(lib.husk_cbor_writer_finish(writer, length))
    return bytes(ffi.buffer(out, length[0]))


def identifier_split(data):
    """(identifier, what follows its CBOR item)"""
    keep = Keep()
    reader, identifier = ffi.new("husk_cbor_reader *"), ffi.new("husk_bytes *")
    lib.husk_cbor_reader_init(reader, keep.buffer(data), len(data))
    check(lib.husk_edhoc_identifier_read(reader, identifier))
    return take(identifier[0]), data[len(data) - reader.left:]


def combined_insert(message_3, datagram):
    keep = Keep()
    room = len(datagram) + len(message_3)
    memory = ffi.new("uint8_t[]", datagram + bytes(len(message_3)))
    length = ffi.new("size_t *", len(datagram))
    check(lib.husk_edhoc_combined_insert(keep.bytes(message_3), memory, length, room))
    return bytes(ffi.buffer(memory, length[0]))


def combined_split(datagram, room=1024):
    """(message_3, OSCORE request)"""
    memory = ffi.new("uint8_t[]", datagram)
    length, message_3_length = ffi.new("size_t *", len(datagram)), ffi.new("size_t *")
    message_3 = ffi.new("uint8_t[]", room)
    check(lib.husk_edhoc_combined_split(memory, length, message_3, room, message_3_length))
    return bytes(ffi.buffer(message_3, message_3_length[0])), bytes(ffi.buffer(memory, length[0]))


AEADS = {10: "husk_aead_aes_ccm_16_64_128", 30: "husk_aead_aes_ccm_16_128_128", 24: "husk_aead_chacha20_poly1305"}


class OscoreContext:
    """A security context; CoAP messages go in and come out as datagrams (bytes)."""

    def __init__(self):
        self.c = ffi.new("husk_oscore_context *")
        self.keep = Keep()

    @classmethod
    def derive(cls, secret, salt, sender_id, recipient_id, cose_alg=10, id_context=None):
        self = cls()
        keep = Keep()
        parameters = ffi.new("husk_oscore_parameters *", {
            "aead": ffi.addressof(lib, AEADS[cose_alg]), "hash": ffi.addressof(lib, "husk_hash_sha256"),
            "master_secret": keep.bytes(secret), "master_salt": keep.bytes(salt),
            "has_id_context": id_context is not None, "id_context": keep.bytes(id_context or b""),
            "sender_id": keep.id(sender_id)[0], "recipient_id": keep.id(recipient_id)[0]})
        check(lib.husk_oscore_context_init(self.c, parameters))
        return self

    @property
    def recipient_id(self):
        return bytes(self.c.recipient_id.bytes)[:self.c.recipient_id.len]

    @staticmethod
    def _decode(datagram, keep):
        message = ffi.new("husk_coap_message *")
        check(lib.husk_coap_decode(keep.buffer(datagram), len(datagram), message))
        return message

    @staticmethod
    def _encode(message):
        out = ffi.new("uint8_t[]", 4096)
        length = ffi.new("size_t *")
        writer = ffi.new("husk_coap_writer *")
        lib.husk_coap_writer_init(writer, out, 4096, message.type, message.code, message.message_id, message.token)
        walk = ffi.new("husk_coap_options *")
        number = ffi.new("uint32_t *")
        value = ffi.new("husk_bytes *")
        lib.husk_coap_options_init(walk, message.options)
        while lib.husk_coap_option_next(walk, number, value):
            lib.husk_coap_write_option(writer, number[0], value.data, value.len)
        lib.husk_coap_write_payload(writer, message.payload.data, message.payload.len)
        check(lib.husk_coap_writer_finish(writer, length))
        return bytes(ffi.buffer(out, length[0]))

    def _protect(self, function, exchange, arguments, datagram):
        keep = Keep()
        message = self._decode(datagram, keep)
        room = len(datagram) + C["HUSK_OSCORE_OVERHEAD_MAX_BYTES"]
        out = ffi.new("uint8_t[]", room)
        length = ffi.new("size_t *")
        check(function(self.c, exchange, *arguments, message, out, room, length))
        return bytes(ffi.buffer(out, length[0]))

    def _unprotect(self, function, exchange, datagram):
        keep = Keep()
        inner = ffi.new("husk_coap_message *")
        check(function(self.c, exchange, keep.buffer(datagram), len(datagram), inner))
        return self._encode(inner)

    def protect_request(self, datagram):
        exchange = ffi.new("husk_oscore_exchange *")
        return self._protect(lib.husk_oscore_request_protect, exchange, [], datagram), exchange

    def unprotect_request(self, datagram):
        exchange = ffi.new("husk_oscore_exchange *")
        return self._unprotect(lib.husk_oscore_request_unprotect, exchange, datagram), exchange

    def unprotect_or_challenge(self, datagram, reply):
        """As unprotect_request; of a request that may be an old one (None, the protected challenge)."""
        exchange = ffi.new("husk_oscore_exchange *")
        try:
            return self._unprotect(lib.husk_oscore_request_unprotect, exchange, datagram), exchange
        except HuskError as error:
            if error.name != "HUSK_ERR_FRESHNESS":
                raise
        keep, out, length = Keep(), ffi.new("uint8_t[]", 128), ffi.new("size_t *")
        message = self._decode(reply, keep)
        check(lib.husk_oscore_challenge_protect(self.c, exchange, message, keep.bytes(b""), out, 128, length))
        return None, bytes(ffi.buffer(out, length[0]))

    def protect_response(self, exchange, datagram, own_partial_iv=False):
        return self._protect(lib.husk_oscore_response_protect, exchange, [own_partial_iv], datagram)

    def unprotect_response(self, exchange, datagram):
        return self._unprotect(lib.husk_oscore_response_unprotect, exchange, datagram)

    def lose_window(self, echo):
        """What was received before is not known any more; `echo` is the value that shows a request to be fresh."""
        lib.husk_oscore_window_lost(self.c, echo)

    def challenge(self, datagram):
        """The challenge to a request that is refused because it may be an old one."""
        token_len = datagram[0] & 15
        reply = bytes([0x40 | C["HUSK_COAP_ACK"] << 4 | token_len, C["HUSK_COAP_UNAUTHORIZED"]])
        inner, challenge = self.unprotect_or_challenge(datagram, reply + datagram[2:4 + token_len])
        if inner is not None:
            raise AssertionError("a request was acted upon that may be an old one")
        return challenge


class FrameContext:
    """A security context of frames: payloads go in and come out as frames (bytes)."""

    @classmethod
    def derive(cls, secret, salt, sender_id, recipient_id, cose_alg=10, id_context=None):
        self, keep = cls(), Keep()
        self.c = ffi.new("husk_frame_context *")
        parameters = ffi.new("husk_oscore_parameters *", {
            "aead": ffi.addressof(lib, AEADS[cose_alg]), "hash": ffi.addressof(lib, "husk_hash_sha256"),
            "master_secret": keep.bytes(secret), "master_salt": keep.bytes(salt),
            "has_id_context": id_context is not None, "id_context": keep.bytes(id_context or b""),
            "sender_id": keep.id(sender_id)[0], "recipient_id": keep.id(recipient_id)[0]})
        check(lib.husk_frame_context_init(self.c, parameters))
        return self

    @property
    def keys(self):
        context = self.c.oscore
        size = context.aead.key_bytes
        return (bytes(context.sender_key)[:size], bytes(context.recipient_key)[:size],
                bytes(context.common_iv)[:context.aead.nonce_bytes])

    @property
    def number(self):
        return lib.husk_frame_next_number(self.c)

    @number.setter
    def number(self, value):
        self.c.oscore.sender_sequence = value

    def seal(self, payload, with_kid=True):
        keep = Keep()
        room = len(payload) + 30  # HUSK_FRAME_OVERHEAD_MAX_BYTES
        out = ffi.new("uint8_t[]", room)
        length = ffi.new("size_t *")
        check(lib.husk_frame_seal(self.c, with_kid, keep.bytes(payload), out, room, length))
        return bytes(ffi.buffer(out, length[0]))

    def open(self, frame):
        """Payload and number."""
        memory = Keep().buffer(frame)
        message = ffi.new("husk_frame_message *")
        check(lib.husk_frame_open(self.c, memory, len(frame), message))
        return take(message.payload), message.number


class FrameKudos:
    """A side of KUDOS over frames with the context in use; no-FS mode, so that nothing has to be stored."""

    def __init__(self, rng, bootstrap, sender_id, recipient_id, cose_alg, id_context):
        self.keep, self.random = Keep(), Random(rng)
        self.config = ffi.new("husk_kudos_config *", {
            "aead": ffi.addressof(lib, AEADS[cose_alg]), "hash": ffi.addressof(lib, "husk_hash_sha256"),
            "random": self.random.hook, "bootstrap_secret": self.keep.bytes(bootstrap),
            "has_id_context": id_context is not None, "id_context": self.keep.bytes(id_context or b""),
            "sender_id": self.keep.id(sender_id)[0], "recipient_id": self.keep.id(recipient_id)[0],
            "capable": False, "frame": True})
        self.c = ffi.new("husk_kudos *")
        self.context = ffi.new("husk_frame_context *")
        check(lib.husk_kudos_init(self.c, self.config, self.keep.bytes(bootstrap)))

    def start(self):
        check(lib.husk_kudos_start(self.c))

    def seal(self, payload, with_kid):
        room = len(payload) + 40  # HUSK_FRAME_KUDOS_OVERHEAD_MAX_BYTES
        out, length = ffi.new("uint8_t[]", room), ffi.new("size_t *")
        check(lib.husk_frame_kudos_seal(self.c, self.context, with_kid, self.keep.bytes(payload), out, room, length))
        return bytes(ffi.buffer(out, length[0]))

    def open(self, frame):
        """Payload and event."""
        memory, spare = self.keep.buffer(frame), ffi.new("uint8_t[]", 64)
        message, event = ffi.new("husk_frame_message *"), ffi.new("uint8_t *")
        check(lib.husk_frame_kudos_open(self.c, self.context, memory, len(frame), spare, 64, message, event))
        return take(message.payload), KUDOS_EVENTS[event[0]]


class Link:
    """One end of a link with EDHOC. Frames are bytes; what it says is kept in `sessions`, `messages` and `why`."""

    def __init__(self, rng, role, suite_number, psk, identifier, point_to_point, frame_bytes=None):
        self.keep, self.random, self.psk = Keep(), Random(rng), psk
        tables = ffi.new("const husk_suite *[]", [suite(suite_number)])
        self.buffer = ffi.new("uint8_t[]", 2048)
        self.fragments = ffi.NULL
        if frame_bytes is not None:
            self.fragments = ffi.new("husk_link_fragments *")
            check(lib.husk_link_fragments_init(self.fragments, frame_bytes, self.buffer, 2048))
        self.keep.alive.append(tables)
        self.config = ffi.new("husk_link_config *", {
            "profile": ffi.addressof(lib, f"husk_link_edhoc_{role}"), "point_to_point": point_to_point,
            "edhoc": {"suites": tables, "suite_count": 1, "random": self.random.hook},
            "psks": psk.c, "psk_count": 1, "id": self.keep.id(identifier)[0], "fragments": self.fragments})
        self.c = ffi.new("husk_link *")
        self.event = ffi.new("husk_link_event *")
        self.room = frame_bytes or 1024
        self.sessions, self.messages, self.why = 0, [], []
        check(lib.husk_link_init(self.c, self.config))

    def _note(self):
        self.sessions += self.event.new_session
        if self.event.kind == C["HUSK_LINK_MESSAGE"]:
            self.messages.append(take(self.event.payload))
        if self.event.kind == C["HUSK_LINK_FAILED"]:
            self.why.append(STATUS.get(self.event.status))

    def start(self):
        check(lib.husk_link_start(self.c))

    def send(self, message):
        """The frames that carry it."""
        memory = self.keep.bytes(message)
        check(lib.husk_link_send(self.c, memory))
        return self.frames()

    def receive(self, frame):
        memory = self.keep.buffer(frame)
        check(lib.husk_link_receive(self.c, memory, len(frame), self.event))
        self._note()

    def frames(self):
        """All that is to be sent now."""
        found = []
        while True:
            out = ffi.new("uint8_t[]", self.room)
            length = ffi.new("size_t *")
            check(lib.husk_link_transmit(self.c, 0, out, self.room, length, self.event))
            self._note()
            if length[0] == 0:
                return found
            found.append(bytes(ffi.buffer(out, length[0])))


def frame_header(frame):
    """The fields of husk_frame_header, `kid` None without one."""
    header = ffi.new("husk_frame_header *")
    memory = Keep().buffer(frame)
    check(lib.husk_frame_header_read(memory, len(frame), header))
    fields = {name: take(getattr(header, name)) for name in ("kid", "partial_iv", "pair", "body")}
    return fields | {"kind": header.kind, "fragment": header.fragment, "kid": fields["kid"] if header.has_kid else None}


def has_kudos():
    """True if the umbrella header declares it."""
    return "HUSK_KUDOS_PATH" in MACROS


KUDOS_EVENTS = ["PLAIN", "DIVERGENT", "ESTABLISHED", "CONFIRMED"]


class Kudos:
    """A side of KUDOS with the context in use. `record` is what storage holds; it is written whenever the core asks, and
    has to be before anything is sent."""

    PEERS = {None: "HUSK_KUDOS_UNKNOWN", True: "HUSK_KUDOS_CAPABLE", False: "HUSK_KUDOS_NON_CAPABLE"}

    def __init__(self, rng, secret, salt, bootstrap, sender_id, recipient_id, cose_alg, id_context, capable=True,
                 peer_capable=None, has_context=True):
        self.keep = Keep()
        self.random = Random(rng)
        self.config = ffi.new("husk_kudos_config *", {
            "aead": ffi.addressof(lib, AEADS[cose_alg]), "hash": ffi.addressof(lib, "husk_hash_sha256"),
            "random": self.random.hook, "bootstrap_secret": self.keep.bytes(bootstrap),
            "has_id_context": id_context is not None, "id_context": self.keep.bytes(id_context or b""),
            "sender_id": self.keep.id(sender_id)[0], "recipient_id": self.keep.id(recipient_id)[0],
            "capable": capable, "peer": C[self.PEERS[peer_capable]]})
        self.c = ffi.new("husk_kudos *")
        self.context = OscoreContext()
        if has_context:
            self.context = OscoreContext.derive(secret, salt, sender_id, recipient_id, cose_alg, id_context)
        check(lib.husk_kudos_init(self.c, self.config, self.keep.bytes(secret if has_context else bootstrap)))
        self.record = None
        self.save()

    def save(self):
        if lib.husk_kudos_must_store(self.c):
            memory = ffi.new("uint8_t[]", 3 + 3 * C["HUSK_KUDOS_SECRET_MAX_BYTES"])
            length = lib.husk_kudos_record_write(self.c, memory)
            self.record = bytes(ffi.buffer(memory, length))
            lib.husk_kudos_stored(self.c)

    def reboot(self):
        """All that is left is the record."""
        check(lib.husk_kudos_init(self.c, self.config, self.config.bootstrap_secret))
        if self.record is not None:
            check(lib.husk_kudos_restore(self.c, self.keep.bytes(self.record)))
        self.context = OscoreContext()

    def start(self):
        check(lib.husk_kudos_start(self.c))

    @property
    def running(self):
        return bool(lib.husk_kudos_is_running(self.c))

    @property
    def secret(self):
        return bytes(self.c.secrets[0])[:self.c.secret_len]

    def _protect(self, function, exchange, datagram):
        keep = Keep()
        message = OscoreContext._decode(datagram, keep)
        room = len(datagram) + C["HUSK_OSCORE_OVERHEAD_MAX_BYTES"] + C["HUSK_KUDOS_OVERHEAD_BYTES"]
        out = ffi.new("uint8_t[]", room)
        length = ffi.new("size_t *")
        check(function(self.c, self.context.c, exchange, message, out, room, length))
        return bytes(ffi.buffer(out, length[0]))

    def _unprotect(self, function, exchange, datagram):
        keep = Keep()
        inner = ffi.new("husk_coap_message *")
        spare = ffi.new("uint8_t[]", 64)
        event = ffi.new("uint8_t *")
        check(function(self.c, self.context.c, exchange, keep.buffer(datagram), len(datagram), spare, 64, inner,
                       event))
        plain = OscoreContext._encode(inner)
        self.save()
        return plain, KUDOS_EVENTS[event[0]]

    def protect_request(self, datagram):
        exchange = ffi.new("husk_oscore_exchange *")
        return self._protect(lib.husk_kudos_request_protect, exchange, datagram), exchange

    def unprotect_request(self, datagram):
        """(plain, event, exchange)"""
        exchange = ffi.new("husk_oscore_exchange *")
        return *self._unprotect(lib.husk_kudos_request_unprotect, exchange, datagram), exchange

    def protect_response(self, exchange, datagram):
        return self._protect(lib.husk_kudos_response_protect, exchange, datagram)

    def unprotect_response(self, exchange, datagram):
        """(plain, event)"""
        return self._unprotect(lib.husk_kudos_response_unprotect, exchange, datagram)
