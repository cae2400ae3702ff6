"""Envelopes of the core against pycose and cwt, in both directions, for one recipient and for several; against the
examples of the COSE working group; and what has to be refused."""

import json
import re
from pathlib import Path

import cbor2
import cwt
import pycose.algorithms
import pycose.headers
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pycose.keys import CoseKey, SymmetricKey
from pycose.messages import CoseMessage, Enc0Message, EncMessage
from pycose.messages.recipient import KeyWrap

import husk_core as core
from harness import Run, equal, raises
from peer.suites import hkdf_expand, hkdf_extract

EXAMPLES = Path(__file__).resolve().parents[1] / "vectors" / "cose-wg"
KEY_BYTES = {10: 16, 30: 16, 24: 32}
NONCE_BYTES = {10: 13, 30: 13, 24: 12}
PYCOSE = {10: pycose.algorithms.AESCCM1664128, 30: pycose.algorithms.AESCCM16128128, -3: pycose.algorithms.A128KW}
PRIORITY, TAGS = -65537, -65538


# ---- The core --------------------------------------------------------------------------------------------------------

def aead(alg):
    return core.ffi.addressof(core.lib, {
        10: "husk_aead_aes_ccm_16_64_128", 30: "husk_aead_aes_ccm_16_128_128", 24: "husk_aead_chacha20_poly1305"}[alg])


class Storage:
    """A husk_storage that keeps one record."""

    def __init__(self):
        ffi = core.ffi
        self.record = b""

        @ffi.callback("husk_status(void *, uint8_t, uint8_t *, size_t, size_t *)")
        def load(_context, _record, out, cap, length):
            if len(self.record) > cap:
                return core.C["HUSK_ERR_BUFFER"]
            ffi.memmove(out, self.record, len(self.record))
            length[0] = len(self.record)
            return 0

        @ffi.callback("husk_status(void *, uint8_t, const uint8_t *, size_t)")
        def store(_context, _record, data, length):
            self.record = bytes(ffi.buffer(data, length))
            return 0

        self.hooks = (load, store)

    def fill(self, storage):
        storage.load, storage.store = self.hooks


def derive(alg, root, sender, recipient, kid, wraps=False):
    keep = core.Keep()
    parameters = core.ffi.new("husk_envelope_parameters *", {
        "aead": aead(alg), "hash": core.ffi.addressof(core.lib, "husk_hash_sha256"), "wraps": wraps})
    for name, value in (("root_key", root), ("sender", sender), ("recipient", recipient), ("kid", kid)):
        setattr(parameters, name, keep.bytes(value))
    key = core.ffi.new("husk_envelope_key *")
    core.check(core.lib.husk_envelope_key_derive(key, parameters))
    return key


def set_key(table, kid, key_bytes, base_iv, wraps=False):
    keep = core.Keep()
    key = core.ffi.new("husk_envelope_key *")
    core.check(core.lib.husk_envelope_key_set(key, table, wraps, keep.bytes(kid), keep.bytes(key_bytes),
                                              keep.bytes(base_iv)))
    return key


def export(key):
    out, length = core.ffi.new("uint8_t[80]"), core.ffi.new("size_t *")
    core.check(core.lib.husk_envelope_key_export(key, out, 80, length))
    return bytes(core.ffi.buffer(out, length[0]))


class Sender:
    def __init__(self, keys, full_iv=False, sequence=0, random=None):
        ffi = core.ffi
        self.storage, self.random = Storage(), random
        self.keys = ffi.new("husk_envelope_key[]", [key[0] for key in keys])
        self.config = ffi.new("husk_envelope_sender_config *", {
            "keys": self.keys, "key_count": len(keys), "full_iv": full_iv})
        self.storage.fill(self.config.storage)
        if random is not None:
            self.config.random.fill = random.hook["fill"]
        self.state = ffi.new("husk_envelope_sender *")
        core.check(core.lib.husk_envelope_sender_init(self.state, self.config))
        self.state.sequence = self.state.limit = sequence

    def seal(self, metadata, content):
        keep = core.Keep()
        fields = core.ffi.new("husk_envelope_metadata *")
        for name, value in metadata.items():
            if name in ("source", "destination"):
                setattr(fields, name, keep.bytes(value.encode()))
            elif name == "tags":
                fields.tags = keep.bytes(b"".join(cbor2.dumps(tag) for tag in value))
                fields.tag_count = len(value)
            else:
                setattr(fields, name, value)
                setattr(fields, "has_" + name, True)
        cap = len(content) + 1500
        out, length = core.ffi.new("uint8_t[]", cap), core.ffi.new("size_t *")
        seal = core.lib.husk_envelope_seal if self.random is None else core.lib.husk_envelope_seal_for_many
        core.check(seal(self.state, fields, keep.bytes(content), out, cap, length))
        return bytes(core.ffi.buffer(out, length[0]))


def metadata_of(view):
    """What a view says, named as in `Sender.seal`."""
    fields, found = view.metadata, {}
    for name in ("source", "destination"):
        value = core.take(getattr(fields, name))
        if value:
            found[name] = value.decode()
    for name in ("content_format", "time", "deadline", "priority"):
        if getattr(fields, "has_" + name):
            found[name] = getattr(fields, name)
    if fields.tag_count:
        found["tags"] = cbor2.loads(bytes([0x98, fields.tag_count]) + core.take(fields.tags))
    return found


class Opener:
    def __init__(self, key, many=False):
        self.storage, self.key = Storage(), key
        self.config = core.ffi.new("husk_envelope_opener_config *", {"key": key})
        self.storage.fill(self.config.storage)
        self.state = core.ffi.new("husk_envelope_opener *")
        self.many = many
        core.check(core.lib.husk_envelope_opener_init(self.state, self.config))

    def open(self, envelope, now=1):
        data, view = core.ffi.new("uint8_t[]", envelope), core.ffi.new("husk_envelope_view *")
        call = core.lib.husk_envelope_open_one_of_many if self.many else core.lib.husk_envelope_open
        core.check(call(self.state, now, data, len(envelope), view))
        return metadata_of(view), core.take(view.content), view.sequence


def inspect(envelope):
    view = core.ffi.new("husk_envelope_view *")
    data = core.ffi.new("uint8_t[]", envelope)
    core.check(core.lib.husk_envelope_inspect(data, len(envelope), view))
    return metadata_of(view)


# ---- Random envelopes ------------------------------------------------------------------------------------------------

def random_metadata(rng):
    found = {}
    for name, value in (("source", "kitchen"), ("destination", rng.choice(["climate", "ü" * rng.randrange(1, 100)])),
                        ("content_format", rng.randrange(1 << rng.randrange(1, 17))),
                        ("time", rng.randrange(1 << rng.randrange(1, 64))),
                        ("deadline", (1 << 40) + rng.randrange(1 << 30)), ("priority", rng.randrange(256)),
                        ("tags", ["t" * rng.randrange(30) for _ in range(rng.randrange(1, 5))])):
        if rng.randrange(2):
            found[name] = value
    return found


def protected_header(alg, metadata, kid, rng=None):
    """As the header file has it; with `rng` in another order."""
    claims = {label: metadata[name] for label, name in ((1, "source"), (3, "destination"), (4, "deadline"), (6, "time"))
              if name in metadata}
    header = {1: alg}
    if "deadline" in metadata:
        header[2] = [15]
    if "content_format" in metadata:
        header[3] = metadata["content_format"]
    if kid:
        header[4] = kid
    if claims:
        header[15] = claims
    if "priority" in metadata:
        header[PRIORITY] = metadata["priority"]
    if "tags" in metadata:
        header[TAGS] = metadata["tags"]
    if rng is not None:
        items = list(header.items())
        rng.shuffle(items)
        header = dict(items)
    return header


def random_case(run, rng, alg):
    """What both ends know, and one message."""
    root, kid = rng.randbytes(rng.randrange(16, 40)), rng.randbytes(rng.randrange(9))
    names = rng.randbytes(rng.randrange(1, 40)), b"x" * rng.randrange(1, 255)
    sequence = rng.randrange(1 << rng.randrange(1, 41))
    return root, kid, names, sequence, random_metadata(rng), rng.randbytes(rng.randrange(300))


def context(alg, names, length):
    """COSE_KDF_Context, RFC 9053 section 5.2."""
    return cbor2.dumps([alg, [names[0], None, None], [names[1], None, None], [8 * length, b""]])


def expected_key(alg, root, names, kid):
    """The COSE_Key, derived here."""
    prk = hkdf_extract(b"", root)
    iv = bytearray(hkdf_expand(prk, context(34, names, NONCE_BYTES[alg]), NONCE_BYTES[alg]))
    iv[0] |= 0x80
    key = hkdf_expand(prk, context(alg, names, KEY_BYTES[alg]), KEY_BYTES[alg])
    return {1: 4, **({2: kid} if kid else {}), 3: alg, 5: bytes(iv), -1: key}


def nonce(cose_key, sequence):
    return bytes(a ^ b for a, b in zip(cose_key[5], sequence.to_bytes(len(cose_key[5]), "big")))


def shortest(sequence):
    return sequence.to_bytes(5, "big").lstrip(b"\0") or b"\0"


# ---- One recipient ---------------------------------------------------------------------------------------------------

def to_pycose(run, alg, number):
    """Sealed by the core with a Partial IV, opened by pycose with the exported COSE_Key."""
    rng = run.random("to pycose", alg, number)
    root, kid, names, sequence, metadata, content = random_case(run, rng, alg)
    key = derive(alg, root, *names, kid)
    cose_key = expected_key(alg, root, names, kid)
    equal(export(key), cbor2.dumps(cose_key), "COSE_Key")
    envelope = Sender([key], full_iv=bool(number % 2), sequence=sequence).seal(metadata, content)
    message = CoseMessage.decode(envelope)
    message.key = CoseKey.decode(export(key))
    equal(message.decrypt(), content, "content")
    equal(cbor2.loads(message.phdr_encoded), protected_header(alg, metadata, kid), "protected header")
    equal(cbor2.loads(envelope).value[1], {5: nonce(cose_key, sequence)} if number % 2 else {6: shortest(sequence)},
          "unprotected header")
    equal(inspect(envelope), metadata, "metadata")


def to_cwt(run, alg, number):
    """The same for cwt, which knows no Partial IV: with the whole IV, sent or put in by who has the key."""
    rng = run.random("to cwt", alg, number)
    root, kid, names, sequence, metadata, content = random_case(run, rng, alg)
    key = derive(alg, root, *names, kid)
    cose_key = expected_key(alg, root, names, kid)
    envelope = Sender([key], full_iv=bool(number % 2), sequence=sequence).seal(metadata, content)
    if number % 2 == 0:
        opened = cbor2.loads(envelope)
        envelope = cbor2.dumps(cbor2.CBORTag(16, [opened.value[0], {5: nonce(cose_key, sequence)}, opened.value[2]]))
    peer_key = cwt.COSEKey.new(cbor2.loads(export(key)))
    header, _, got = cwt.COSE.new(verify_kid=False).decode_with_headers(envelope, peer_key)
    equal(got, content, "content")
    equal(header, protected_header(alg, metadata, kid), "protected header")


def flipped(rng, envelope):
    bad = bytearray(envelope)
    bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
    return bytes(bad)


def opens_once(key, envelope, metadata, content, sequence, rng, many=False):
    """By the core: not if a bit is flipped; then once, and not again."""
    opener = Opener(key, many)
    if not many:
        bad = flipped(rng, envelope)
        try:
            opener.open(bad)
        except core.HuskError:
            pass
        else:
            raise AssertionError(f"opened {bad.hex()} for {envelope.hex()}")
    equal(opener.open(envelope), (metadata, content, sequence), "opened")
    raises("REPLAY", opener.open, envelope)


def from_pycose(run, alg, number):
    rng = run.random("from pycose", alg, number)
    root, kid, names, sequence, metadata, content = random_case(run, rng, alg)
    key = derive(alg, root, *names, kid)
    cose_key = expected_key(alg, root, names, kid)
    header = protected_header(alg, metadata, kid, rng)
    header[1] = PYCOSE[alg]
    known = {1: pycose.headers.Algorithm, 2: pycose.headers.Critical, 3: pycose.headers.ContentType,
             4: pycose.headers.KID}
    header = {known.get(label, label): value for label, value in header.items()}
    iv = {pycose.headers.IV: nonce(cose_key, sequence)}
    if number % 2:
        iv = {pycose.headers.PartialIV: shortest(sequence)}
    message = Enc0Message(phdr=header, uhdr=iv, payload=content)
    message.key = CoseKey.decode(cbor2.dumps(cose_key))
    opens_once(key, message.encode(tag=number % 3 != 0), metadata, content, sequence, rng)


def from_cwt(run, alg, number):
    rng = run.random("from cwt", alg, number)
    root, kid, names, sequence, metadata, content = random_case(run, rng, alg)
    key = derive(alg, root, *names, kid)
    cose_key = expected_key(alg, root, names, kid)
    envelope = cwt.COSE.new().encode_and_encrypt(
        content, cwt.COSEKey.new(cose_key), protected=protected_header(alg, metadata, kid, rng),
        unprotected={5: nonce(cose_key, sequence)})
    opens_once(key, envelope, metadata, content, sequence, rng)


# ---- Several recipients ----------------------------------------------------------------------------------------------

def recipients_of(rng, alg):
    """A root key and a kid for each of one to five applications, and the keys that wrap."""
    count = rng.randrange(1, 6)
    kids = [bytes([index]) + rng.randbytes(rng.randrange(10)) for index in range(count)]
    roots = [rng.randbytes(16) for _ in range(count)]
    keys = [derive(alg, root, b"kitchen", b"application %d" % index, kid, wraps=True)
            for index, (root, kid) in enumerate(zip(roots, kids))]
    for index, (root, kid, key) in enumerate(zip(roots, kids, keys)):
        kek = hkdf_expand(hkdf_extract(b"", root), context(-3, (b"kitchen", b"application %d" % index), 16), 16)
        equal(export(key), cbor2.dumps({1: 4, 2: kid, 3: -3, -1: kek}), "COSE_Key")
    return kids, keys


def many_to_pycose(run, alg, number):
    rng = run.random("many to pycose", alg, number)
    kids, keys = recipients_of(rng, alg)
    metadata, content, sequence = random_metadata(rng), rng.randbytes(rng.randrange(200)), rng.randrange(1 << 40)
    envelope = Sender(keys, sequence=sequence, random=core.Random(rng.randbytes)).seal(metadata, content)
    for index, (kid, key) in enumerate(zip(kids, keys)):
        message = CoseMessage.decode(envelope)
        equal([recipient.get_attr(pycose.headers.KID) for recipient in message.recipients], kids, "kids")
        message.recipients[index].key = SymmetricKey(k=cbor2.loads(export(key))[-1])
        equal(message.decrypt(message.recipients[index]), content, "content")
        equal(cbor2.loads(message.phdr_encoded), protected_header(alg, metadata, b""), "protected header")
        equal(Opener(key, many=True).open(envelope), (metadata, content, sequence), "opened")


def many_to_cwt(run, alg, number):
    rng = run.random("many to cwt", alg, number)
    kids, keys = recipients_of(rng, alg)
    metadata, content = random_metadata(rng), rng.randbytes(rng.randrange(200))
    envelope = Sender(keys, sequence=rng.randrange(1 << 40), random=core.Random(rng.randbytes)).seal(metadata, content)
    for key in keys:
        peer_key = cwt.COSEKey.new(cbor2.loads(export(key)))
        header, _, got = cwt.COSE.new().decode_with_headers(envelope, peer_key)
        equal(got, content, "content")
        equal(header, protected_header(alg, metadata, b""), "protected header")


def many_from_pycose(run, alg, number):
    rng = run.random("many from pycose", alg, number)
    kids, keys = recipients_of(rng, alg)
    metadata, content, sequence = random_metadata(rng), rng.randbytes(rng.randrange(200)), rng.randrange(1 << 40)
    header = protected_header(alg, metadata, b"", rng)
    header[1] = PYCOSE[alg]
    known = {1: pycose.headers.Algorithm, 2: pycose.headers.Critical, 3: pycose.headers.ContentType}
    header = {known.get(label, label): value for label, value in header.items()}
    content_key = rng.randbytes(KEY_BYTES[alg])
    recipients = []
    for kid, key in zip(kids, keys):
        recipient = KeyWrap(uhdr={pycose.headers.Algorithm: pycose.algorithms.A128KW, pycose.headers.KID: kid},
                            payload=content_key)
        recipient.key = SymmetricKey(k=cbor2.loads(export(key))[-1])
        recipients.append(recipient)
    message = EncMessage(phdr=header, uhdr={pycose.headers.IV: sequence.to_bytes(NONCE_BYTES[alg], "big")},
                         payload=content, recipients=recipients)
    envelope = message.encode(tag=number % 3 != 0)
    for key in keys:
        opens_once(key, envelope, metadata, content, sequence, rng, many=True)


def many_from_cwt(run, alg, number):
    rng = run.random("many from cwt", alg, number)
    kids, keys = recipients_of(rng, alg)
    metadata, content, sequence = random_metadata(rng), rng.randbytes(rng.randrange(200)), rng.randrange(1 << 40)
    content_key = cwt.COSEKey.new({1: 4, 3: alg, -1: rng.randbytes(KEY_BYTES[alg])})
    recipients = [cwt.Recipient.new(unprotected={1: -3, 4: kid}, sender_key=cwt.COSEKey.new(cbor2.loads(export(key))))
                  for kid, key in zip(kids, keys)]
    envelope = cwt.COSE.new().encode_and_encrypt(
        content, content_key, protected=protected_header(alg, metadata, b"", rng),
        unprotected={5: sequence.to_bytes(NONCE_BYTES[alg], "big")}, recipients=recipients)
    for key in keys:
        opens_once(key, envelope, metadata, content, sequence, rng, many=True)


# ---- The working group's examples --------------------------------------------------------------------------------------

class Gcm:
    """AES-GCM as a table of the core, for the examples that use it."""

    def __init__(self):
        ffi = core.ffi

        @ffi.callback("husk_status(const husk_aead *, const uint8_t *, const uint8_t *, const husk_bytes *, size_t,"
                      " uint8_t *, size_t)")
        def open_(_aead, key, nonce_, aad, count, text, length):
            joined = b"".join(core.take(aad[index]) for index in range(count))
            try:
                plain = AESGCM(bytes(ffi.buffer(key, 16))).decrypt(
                    bytes(ffi.buffer(nonce_, 12)), bytes(ffi.buffer(text, length + 16)), joined)
            except InvalidTag:
                return core.C["HUSK_ERR_AUTHENTICATION"]
            ffi.memmove(text, plain, length)
            return 0

        self.callback = open_
        self.table = ffi.new("husk_aead *", {"cose_alg": 1, "key_bytes": 16, "nonce_bytes": 12, "tag_bytes": 16})
        self.table.open = open_


def example(name):
    found = json.loads((EXAMPLES / f"{name}.json").read_text())
    return bytes.fromhex(found["output"]["cbor"]), found["intermediates"], found["input"]["plaintext"].encode()


def unwrapped_iv(envelope):
    """The IV of an example: the Base IV of the opener, so that the sequence number is 0."""
    body = cbor2.loads(envelope)
    body = body.value if isinstance(body, cbor2.CBORTag) else body
    return body[1][5]


def examples(run):
    for name, alg in (("aes-ccm-enc-01", 10), ("aes-ccm-enc-02", 30), ("chacha-poly-enc-01", 24)):
        with run.case(name):
            envelope, values, plain = example(name)
            key = set_key(aead(alg), b"", bytes.fromhex(values["CEK_hex"]), unwrapped_iv(envelope))
            equal(Opener(key).open(envelope), ({}, plain, 0), "opened")
            equal(Sender([key], full_iv=True).seal({}, plain), envelope, "sealed")
    for number in range(3, 9):  # lengths and keys that no suite has
        with run.case(f"aes-ccm-enc-0{number}"):
            envelope, values, plain = example(f"aes-ccm-enc-0{number}")
            inspect(envelope)
            raises("UNSUPPORTED", Opener(set_key(aead(10), b"", bytes(16), bytes(13))).open, envelope)
    gcm = Gcm()
    for name, many, status in (
            ("aes-gcm-01", False, None), ("enc-fail-01", False, "FORMAT"), ("enc-fail-02", False, "AUTHENTICATION"),
            ("enc-fail-03", False, "UNSUPPORTED"), ("enc-fail-04", False, "UNSUPPORTED"),
            ("enc-fail-06", False, "AUTHENTICATION"), ("enc-fail-07", False, "AUTHENTICATION"),
            ("enc-pass-02", False, "AUTHENTICATION"),  # external AAD, which an envelope has none of
            # alg in the unprotected header: allowed there, but not with an AEAD (RFC 9052 section 3.1)
            ("enc-pass-01", False, "FORMAT"), ("enc-pass-03", False, "FORMAT"), ("aes-wrap-128-04", True, None),
            ("aes-wrap-128-05", True, "UNSUPPORTED")):
        with run.case(name):
            envelope, values, plain = example(name)
            secret = bytes.fromhex("849b57219dae48de646d07dbb533566e")  # "our-secret"
            kid = b"our-secret" if many else b""
            opener = Opener(set_key(gcm.table, kid, secret, unwrapped_iv(envelope), wraps=many), many)
            if status is not None:
                raises(status, opener.open, envelope)
                continue
            equal(opener.open(envelope), ({}, plain, 0), "opened")


# ---- The article -----------------------------------------------------------------------------------------------------

ARTICLE = Path(__file__).resolve().parents[2] / "Sources" / "Husk" / "Husk.docc" / "Envelopes.md"


def article(run):
    """The worked example and the table of overheads in the documentation, recomputed."""
    root, time = bytes(range(16)), 1792486800
    text = ARTICLE.read_text()
    example_ = text[text.index("## Worked example"):]
    # Hexadecimal digits of each indented block, without the comments beside them.
    blocks = re.findall(r"(?:^ {4,}.*\n)+", example_, re.M)
    digits = ["".join(re.match(r" *((?:[0-9a-f]{2,} ?)*)(?: |$)", line)[1].replace(" ", "")
                      for line in block.splitlines()) for block in blocks]
    reading = {"destination": "climate", "content_format": 60, "time": time}
    command = {"source": "climate", "destination": "kitchen", "time": time, "deadline": time + 60, "priority": 7,
               "tags": ["door", "night"]}
    to_climate = derive(10, root, b"kitchen", b"climate", b"\7")
    to_kitchen = derive(10, root, b"climate", b"kitchen", b"\x08")
    with run.case("article, keys"):
        for names in ((b"kitchen", b"climate"), (b"climate", b"kitchen")):
            key = expected_key(10, root, names, b"")
            row = f"| {names[0].decode()} to {names[1].decode()} | `{key[-1].hex()}` | `{key[5].hex()}` |"
            equal(row in example_, True, row)
        equal(export(to_climate).hex() in digits, True, "COSE_Key")
    with run.case("article, envelopes"):
        for key, sequence, metadata, content in ((to_climate, 5, reading, cbor2.dumps({"t": 215})),
                                                 (to_kitchen, 300, command, b"unlock")):
            envelope = Sender([key], sequence=sequence).seal(metadata, content)
            equal(envelope.hex() in digits, True, envelope.hex())
    with run.case("article, overheads"):
        silent = derive(10, root, b"kitchen", b"climate", b"")
        longer = derive(30, root, b"kitchen", b"climate", b"")
        wrapping = [derive(10, root, b"kitchen", bytes([index]), bytes([index]), wraps=True) for index in range(3)]
        many = [len(Sender(wrapping[:count], random=core.Random(bytes)).seal({}, b"")) for count in (1, 2, 3)]
        rows = [f"| {len(Sender([silent]).seal({}, b''))} |", f"| {len(Sender([to_climate]).seal({}, b''))} |",
                f"| {len(Sender([to_climate]).seal(reading, b''))} |",
                f"| {len(Sender([to_kitchen], sequence=300).seal(command, b''))} |", f"| {many[2] - many[1]} more |",
                f"| {len(Sender([longer]).seal({}, b'')) - len(Sender([silent]).seal({}, b''))} more |"]
        table = [line for line in text[text.index("| envelope | bytes"):].split("\n\n")[0].splitlines()[2:]]
        equal([line[line.rindex("| ", 0, -2):] for line in table], rows, "table")
        equal(many[1] - many[0], many[2] - many[1], "recipients")


def main():
    run = Run(__doc__)
    examples(run)
    article(run)
    for alg in KEY_BYTES:
        for test in (to_pycose, from_pycose, many_to_pycose, many_from_pycose, to_cwt, from_cwt, many_to_cwt,
                     many_from_cwt):
            if alg == 24 and "pycose" in test.__name__:
                continue  # pycose has no ChaCha20/Poly1305
            for number in range(run.count if "many" not in test.__name__ else run.count // 4):
                with run.case(test.__name__.replace("_", " "), alg, number):
                    test(run, alg, number)
    run.finish()


if __name__ == "__main__":
    main()
