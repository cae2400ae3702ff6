"""EDHOC (RFC 9528) with pre-shared keys (draft-ietf-lake-edhoc-psk-08, method 4), both roles, messages 1 to 4, written
from the two texts. Every intermediate value stays readable as an attribute."""

from dataclasses import dataclass
from io import BytesIO

import cbor2

from .suites import SUITES, Refused, hkdf_expand, hkdf_extract, sha256

METHOD_PSK = 4
EXPORTER_MASTER_SECRET, EXPORTER_MASTER_SALT, EXPORTER_RPSK, EXPORTER_RKID = 0, 1, 2, 3


class EdhocError(Exception):
    """What ends a session; `message` is the EDHOC error message to send (RFC 9528 section 6)."""

    def __init__(self, code, info):
        super().__init__(f"EDHOC error {code}: {info}")
        self.code = code
        self.info = info
        self.message = cbor2.dumps(code) + cbor2.dumps(info)


def unspecified(text):
    return EdhocError(1, text)


def wrong_suite(suites):
    return EdhocError(2, suites[0] if len(suites) == 1 else list(suites))


def unknown_credential():
    return EdhocError(3, True)


@dataclass(frozen=True)
class Psk:
    kid: bytes
    key: bytes
    cred_i: bytes
    cred_r: bytes


def ccs(subject, kid):
    """The credential of section 3.1.2 of the draft."""
    return cbor2.dumps({2: subject, 8: {1: {1: 4, 2: kid}}})


def read_sequence(data):
    """The items of a CBOR sequence as (value, encoding)."""
    stream = BytesIO(data)
    decoder = cbor2.CBORDecoder(stream)
    items = []
    while stream.tell() < len(data):
        begin = stream.tell()
        try:
            value = decoder.decode()
        except Exception as error:
            raise unspecified("malformed CBOR") from error
        items.append((value, data[begin:stream.tell()]))
    return items


def is_int(value):
    return isinstance(value, int) and not isinstance(value, bool)


def encode_identifier(identifier):
    """RFC 9528 section 3.3.2: what parses as the one-byte encoding of an integer is sent as that."""
    if len(identifier) == 1 and (identifier[0] <= 0x17 or 0x20 <= identifier[0] <= 0x37):
        return identifier
    return cbor2.dumps(identifier)


def decode_identifier(value):
    if is_int(value) and -24 <= value <= 23:
        return cbor2.dumps(value)
    if isinstance(value, bytes) and encode_identifier(value) == cbor2.dumps(value):
        return value
    raise unspecified("identifier")


def encode_ead(items):
    """Items are (label, value); value None stands for an item without one."""
    return b"".join(cbor2.dumps(label) + (b"" if value is None else cbor2.dumps(value)) for label, value in items)


def decode_ead(items, known):
    """From (value, encoding) pairs; a critical item whose label is not in `known` ends the session."""
    ead = []
    for value, _ in items:
        if is_int(value):
            ead.append((value, None))
        elif isinstance(value, bytes) and ead and ead[-1][1] is None:
            ead[-1] = (ead[-1][0], value)
        else:
            raise unspecified("EAD")
    for label, _ in ead:
        if label < 0 and -label not in known:
            raise unspecified("critical EAD item not supported")
    return ead


def edhoc_kdf(prk, label, context, length):
    return hkdf_expand(prk, cbor2.dumps(label) + cbor2.dumps(context) + cbor2.dumps(length), length)


def enc_structure(external_aad):
    return cbor2.dumps(["Encrypt0", b"", external_aad])


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def only_bytes(message):
    items = read_sequence(message)
    if len(items) != 1 or not isinstance(items[0][0], bytes):
        raise unspecified("not one byte string")
    return items[0][0]


class Party:
    """The key schedule (RFC 9528 section 4, draft section 4), common to both roles."""

    def __init__(self, rng, known_ead=()):
        self.rng = rng
        self.known_ead = set(known_ead)

    def ephemeral(self):
        self.private, public = self.suite.ecdh.generate(self.rng)
        return public

    def agree(self, peer_public_key, g_y, message_1):
        try:
            self.g_xy = self.suite.ecdh.shared_secret(self.private, peer_public_key)
        except Refused as error:
            raise unspecified("ephemeral public key") from error
        self.th_2 = sha256(cbor2.dumps(g_y), cbor2.dumps(sha256(message_1)))
        self.prk_2e = hkdf_extract(self.th_2, self.g_xy)
        self.prk_3e2m = self.prk_2e

    def stream_2a(self, text):
        return xor(text, edhoc_kdf(self.prk_2e, 0, self.th_2, len(text)))

    def stream_3a(self, text):
        return xor(text, edhoc_kdf(self.prk_3e2m, 12, self.th_3, len(text)))

    def after_message_2(self, plaintext_2a):
        self.plaintext_2a = plaintext_2a
        self.th_3 = sha256(cbor2.dumps(self.th_2), plaintext_2a)

    def mix_psk(self, psk):
        self.psk = psk
        self.salt_4e3m = edhoc_kdf(self.prk_3e2m, 5, self.th_3, 32)
        self.prk_4e3m = hkdf_extract(self.salt_4e3m, psk.key)
        self.k_3 = edhoc_kdf(self.prk_4e3m, 3, self.th_3, self.suite.edhoc_aead.key_bytes)
        self.iv_3 = edhoc_kdf(self.prk_4e3m, 4, self.th_3, self.suite.edhoc_aead.nonce_bytes)
        # Section 3.1.3 keeps the compact form out of "COSE header parameters or other contexts where the full map is
        # required", which can be read to mean the full map here; the vectors of appendix B have the compact form.
        self.id_cred_psk = encode_identifier(psk.kid)
        self.aad_3 = enc_structure(self.id_cred_psk + cbor2.dumps(self.th_3) + psk.cred_i + psk.cred_r)

    def after_message_3(self, plaintext_3b):
        self.th_4 = sha256(cbor2.dumps(self.th_3), self.id_cred_psk, plaintext_3b, self.psk.cred_i, self.psk.cred_r)
        self.prk_out = edhoc_kdf(self.prk_4e3m, 7, self.th_4, 32)
        self.k_4 = edhoc_kdf(self.prk_4e3m, 8, self.th_4, self.suite.edhoc_aead.key_bytes)
        self.iv_4 = edhoc_kdf(self.prk_4e3m, 9, self.th_4, self.suite.edhoc_aead.nonce_bytes)
        self.aad_4 = enc_structure(self.th_4)
        self.prk_exporter = edhoc_kdf(self.prk_out, 10, b"", 32)

    def exporter(self, label, context, length):
        return edhoc_kdf(self.prk_exporter, label, context, length)

    def oscore_master(self):
        """Master Secret and Master Salt of the OSCORE context (RFC 9528 appendix A.1)."""
        return (self.exporter(EXPORTER_MASTER_SECRET, b"", self.suite.app_aead.key_bytes),
                self.exporter(EXPORTER_MASTER_SALT, b"", 8))

    def resumption(self, kid_bytes=2, key_bytes=32):
        """rKID and rPSK (draft section 6)."""
        return self.exporter(EXPORTER_RKID, b"", kid_bytes), self.exporter(EXPORTER_RPSK, b"", key_bytes)


class Initiator(Party):
    """`suites` in order of preference, up to and including the selected one."""

    def __init__(self, rng, suites, c_i, psk, known_ead=(), method=METHOD_PSK):
        super().__init__(rng, known_ead)
        self.suites_i = list(suites)
        self.suite = SUITES[self.suites_i[-1]]
        self.c_i = c_i
        self.psk = psk
        self.method = method

    def message_1(self, ead=()):
        suites = self.suites_i[0] if len(self.suites_i) == 1 else self.suites_i
        self.g_x = self.ephemeral()
        self._message_1 = (cbor2.dumps(self.method) + cbor2.dumps(suites) + cbor2.dumps(self.g_x)
                           + encode_identifier(self.c_i) + encode_ead(ead))
        return self._message_1

    def process_message_2(self, message):
        both = only_bytes(message)
        if len(both) <= 32:
            raise unspecified("message_2 too short")
        g_y, ciphertext_2a = both[:32], both[32:]
        self.agree(g_y, g_y, self._message_1)
        plaintext_2a = self.stream_2a(ciphertext_2a)
        self.c_r, ead = self.read_plaintext_2a(plaintext_2a)
        self.after_message_2(plaintext_2a)
        return ead

    def read_plaintext_2a(self, plaintext_2a):
        items = read_sequence(plaintext_2a)
        if not items:
            raise unspecified("PLAINTEXT_2A")
        c_r = decode_identifier(items[0][0])
        if c_r == self.c_i:
            raise unspecified("C_R equals C_I")
        return c_r, decode_ead(items[1:], self.known_ead)

    def message_3(self, ead=()):
        self.mix_psk(self.psk)
        plaintext_3b = encode_ead(ead)
        ciphertext_3b = self.suite.edhoc_aead.seal(self.k_3, self.iv_3, plaintext_3b, self.aad_3)
        self.plaintext_3a = self.id_cred_psk + cbor2.dumps(ciphertext_3b)
        self.after_message_3(plaintext_3b)
        return cbor2.dumps(self.stream_3a(self.plaintext_3a))

    def process_message_4(self, message):
        ciphertext_4 = only_bytes(message)
        try:
            plaintext_4 = self.suite.edhoc_aead.open(self.k_4, self.iv_4, ciphertext_4, self.aad_4)
        except Refused as error:
            raise unspecified("message_4 does not verify") from error
        return decode_ead(read_sequence(plaintext_4), self.known_ead)


class Responder(Party):
    """`lookup` gives the Psk of a kid, or None."""

    def __init__(self, rng, suites, c_r, lookup, known_ead=()):
        super().__init__(rng, known_ead)
        self.suites = list(suites)
        self.c_r = c_r
        self.lookup = lookup

    def process_message_1(self, message):
        items = read_sequence(message)
        if len(items) < 4:
            raise unspecified("message_1 too short")
        (method, _), (suites, _), (g_x, _), (c_i, _) = items[:4]
        if not is_int(method):
            raise unspecified("METHOD")
        if method != METHOD_PSK:
            raise unspecified("method not supported")
        suites_i = suites if isinstance(suites, list) else [suites]
        if not suites_i or not all(map(is_int, suites_i)) or (isinstance(suites, list) and len(suites) < 2):
            raise unspecified("SUITES_I")
        common = [suite for suite in suites_i if suite in self.suites]
        if not common or common[0] != suites_i[-1]:
            raise wrong_suite(common[:1] or self.suites)
        self.suite = SUITES[suites_i[-1]]
        if not isinstance(g_x, bytes) or len(g_x) != 32:
            raise unspecified("G_X")
        self.g_x = g_x
        self.c_i = decode_identifier(c_i)
        ead = decode_ead(items[4:], self.known_ead)
        self._message_1 = message
        return ead

    def message_2(self, ead=()):
        if self.c_r == self.c_i:
            raise unspecified("C_R equals C_I")
        g_y = self.ephemeral()
        self.agree(self.g_x, g_y, self._message_1)
        plaintext_2a = encode_identifier(self.c_r) + encode_ead(ead)
        self.after_message_2(plaintext_2a)
        return cbor2.dumps(g_y + self.stream_2a(plaintext_2a))

    def process_message_3(self, message):
        self.plaintext_3a = self.stream_3a(only_bytes(message))
        items = read_sequence(self.plaintext_3a)
        if len(items) != 2 or not isinstance(items[1][0], bytes):
            raise unspecified("message_3")
        psk = self.lookup(decode_identifier(items[0][0]))
        if psk is None:
            raise unknown_credential()
        self.mix_psk(psk)
        try:
            plaintext_3b = self.suite.edhoc_aead.open(self.k_3, self.iv_3, items[1][0], self.aad_3)
        except Refused as error:
            raise unspecified("message_3 does not verify") from error
        ead = decode_ead(read_sequence(plaintext_3b), self.known_ead)
        self.after_message_3(plaintext_3b)
        return ead

    def message_4(self, ead=()):
        return cbor2.dumps(self.suite.edhoc_aead.seal(self.k_4, self.iv_4, encode_ead(ead), self.aad_4))
