"""OSCORE (RFC 8613) from its text: security context, option, protection of requests and responses, with the option's
extension by KUDOS (draft-ietf-core-oscore-key-update-14 section 4.1)."""

from dataclasses import dataclass

import cbor2

from . import coap
from .suites import AEADS, Refused, hkdf_expand, hkdf_extract

# Class U (section 4.1, figure 5; RFC 8768; RFC 9668 section 3.1): stay outside.
OUTER = {coap.URI_HOST, coap.URI_PORT, coap.HOP_LIMIT, coap.EDHOC, coap.PROXY_SCHEME}
WINDOW = 32


@dataclass(frozen=True)
class Option:
    """The value of an OSCORE option; absent fields are None. `kudos` is (x, nonce)."""

    kid: bytes | None = None
    kid_context: bytes | None = None
    partial_iv: bytes | None = None
    kudos: tuple | None = None

    def encode(self):
        flags = len(self.partial_iv or b"")
        flags |= 0x08 if self.kid is not None else 0
        flags |= 0x10 if self.kid_context is not None else 0
        flags |= 0x80 if self.kudos is not None else 0
        if flags == 0:
            return b""
        out = bytes([flags])
        if self.kudos is not None:
            out += b"\x01"
        out += self.partial_iv or b""
        if self.kid_context is not None:
            out += bytes([len(self.kid_context)]) + self.kid_context
        if self.kudos is not None:
            out += bytes([self.kudos[0]]) + self.kudos[1]
        return out + (self.kid or b"")

    @classmethod
    def decode(cls, value):
        if not value:
            return cls()
        rest = bytearray(value)

        def take(count):
            if len(rest) < count:
                raise Refused("option truncated")
            taken = bytes(rest[:count])
            del rest[:count]
            return taken

        flags = take(1)[0]
        if flags & 0x60 or flags & 7 > 5:
            raise Refused("option: reserved flags")
        extended = take(1)[0] if flags & 0x80 else 0
        if extended & 0xFE:
            raise Refused("option: reserved flags")
        partial_iv = take(flags & 7) if flags & 7 else None
        kid_context = take(take(1)[0]) if flags & 0x10 else None
        kudos = None
        if extended & 1:
            x = take(1)[0]
            if x & 0x80:
                raise Refused("option: reserved bit of x")
            kudos = (x, take((x & 15) + 1))
        kid = bytes(rest) if flags & 0x08 else None
        if kid is None and rest:
            raise Refused("option too long")
        return cls(kid, kid_context, partial_iv, kudos)


@dataclass
class Exchange:
    """What a response is bound to: kid and Partial IV of its request, and the nonce the request had."""

    kid: bytes
    partial_iv: bytes
    nonce: bytes


class Context:
    """A security context (section 3); everything it is derived from stays readable."""

    def __init__(self, master_secret, master_salt, sender_id, recipient_id, cose_alg=10, id_context=None):
        self.master_secret, self.master_salt = master_secret, master_salt
        self.sender_id, self.recipient_id, self.id_context = sender_id, recipient_id, id_context
        self.aead = AEADS[cose_alg]
        self.prk = hkdf_extract(master_salt, master_secret)
        self.sender_key = self._derive(sender_id, "Key", self.aead.key_bytes)
        self.recipient_key = self._derive(recipient_id, "Key", self.aead.key_bytes)
        self.common_iv = self._derive(b"", "IV", self.aead.nonce_bytes)
        self.sequence = 0
        self.seen = set()

    def _derive(self, identifier, kind, length):
        info = cbor2.dumps([identifier, self.id_context, self.aead.cose_alg, kind, length])
        return hkdf_expand(self.prk, info, length)

    def nonce(self, identifier, partial_iv):
        """Section 5.2."""
        size = self.aead.nonce_bytes
        plain = bytes([len(identifier)]) + identifier.rjust(size - 6, b"\0") + partial_iv.rjust(5, b"\0")
        return bytes(a ^ b for a, b in zip(plain, self.common_iv, strict=True))

    def aad(self, exchange):
        """Section 5.4."""
        external = cbor2.dumps([1, [self.aead.cose_alg], exchange.kid, exchange.partial_iv, b""])
        return cbor2.dumps(["Encrypt0", b"", external])

    def next_partial_iv(self):
        value = self.sequence
        self.sequence += 1
        return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")

    def _seal(self, message, outer_code, option, nonce, exchange):
        inner = [pair for pair in message.options if pair[0] not in OUTER]
        outer = [pair for pair in message.options if pair[0] in OUTER]
        plaintext = bytes([message.code]) + coap.encode_options(inner, message.payload)
        ciphertext = self.aead.seal(self.sender_key, nonce, plaintext, self.aad(exchange))
        return coap.Message(outer_code, outer + [(coap.OSCORE, option.encode())], ciphertext, message.type,
                            message.message_id, message.token)

    def _open(self, message, nonce, exchange):
        plaintext = self.aead.open(self.recipient_key, nonce, message.payload, self.aad(exchange))
        if not plaintext:
            raise Refused("empty plaintext")
        options, payload = coap.decode_options(plaintext[1:])
        return coap.Message(plaintext[0], options, payload, message.type, message.message_id, message.token)

    def protect_request(self, message, kudos=None):
        partial_iv = self.next_partial_iv()
        exchange = Exchange(self.sender_id, partial_iv, self.nonce(self.sender_id, partial_iv))
        option = Option(self.sender_id, self.id_context, partial_iv, kudos)
        return self._seal(message, coap.POST, option, exchange.nonce, exchange), exchange

    def unprotect_request(self, message):
        option = Option.decode(message.option(coap.OSCORE))
        if option.kid != self.recipient_id or option.partial_iv is None:
            raise Refused("another context")
        if option.kid_context not in (None, self.id_context):
            raise Refused("another context")
        number = int.from_bytes(option.partial_iv, "big")
        if number in self.seen or number + WINDOW <= max(self.seen, default=0):
            raise Refused("replay")
        exchange = Exchange(option.kid, option.partial_iv, self.nonce(option.kid, option.partial_iv))
        inner = self._open(message, exchange.nonce, exchange)
        self.seen.add(number)
        return inner, exchange

    def protect_response(self, message, exchange, own_partial_iv=False, kudos=None, with_kid=False):
        """A response under another context than its request's has a Partial IV of its own (KUDOS section 3)."""
        partial_iv = self.next_partial_iv() if own_partial_iv else None
        nonce = self.nonce(self.sender_id, partial_iv) if own_partial_iv else exchange.nonce
        option = Option(self.sender_id if with_kid else None, None, partial_iv, kudos)
        return self._seal(message, coap.CHANGED, option, nonce, exchange)

    def unprotect_response(self, message, exchange):
        option = Option.decode(message.option(coap.OSCORE))
        if option.kid not in (None, self.recipient_id):
            raise Refused("another context")
        nonce = exchange.nonce if option.partial_iv is None else self.nonce(self.recipient_id, option.partial_iv)
        return self._open(message, nonce, exchange)
