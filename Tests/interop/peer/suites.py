"""EDHOC cipher suites 0 to 5 (RFC 9528 section 10.2) on top of the `cryptography` package: AEADs by their COSE
identifiers, ECDH on x-coordinates, HKDF."""

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, ChaCha20Poly1305

HASH_BYTES = 32


class Refused(Exception):
    """A message that does not verify."""


@dataclass(frozen=True)
class Aead:
    cose_alg: int
    key_bytes: int
    nonce_bytes: int
    tag_bytes: int

    def _cipher(self, key):
        if self.cose_alg == 24:
            return ChaCha20Poly1305(key)
        return AESCCM(key, tag_length=self.tag_bytes)

    def seal(self, key, nonce, plaintext, aad):
        return self._cipher(key).encrypt(nonce, plaintext, aad)

    def open(self, key, nonce, ciphertext, aad):
        try:
            return self._cipher(key).decrypt(nonce, ciphertext, aad)
        except (InvalidTag, ValueError) as error:
            raise Refused("AEAD") from error


AES_CCM_16_64_128 = Aead(10, 16, 13, 8)
AES_CCM_16_128_128 = Aead(30, 16, 13, 16)
CHACHA20_POLY1305 = Aead(24, 32, 12, 16)
AEADS = {aead.cose_alg: aead for aead in (AES_CCM_16_64_128, AES_CCM_16_128_128, CHACHA20_POLY1305)}


class X25519:
    COSE_CURVE = 4

    @classmethod
    def generate(cls, rng):
        """A private key and the public key that goes on the wire."""
        private = cls.load(rng(32))
        return private, cls.public_bytes(private)

    @staticmethod
    def load(private_bytes):
        return x25519.X25519PrivateKey.from_private_bytes(private_bytes)

    @staticmethod
    def public_bytes(private):
        return private.public_key().public_bytes_raw()

    @staticmethod
    def shared_secret(private, peer):
        try:
            return private.exchange(x25519.X25519PublicKey.from_public_bytes(peer))
        except ValueError as error:  # wrong length, or all-zero output
            raise Refused("public key") from error


class P256:
    COSE_CURVE = 1
    ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

    @classmethod
    def generate(cls, rng):
        private = cls.load((1 + int.from_bytes(rng(40), "big") % (cls.ORDER - 1)).to_bytes(32, "big"))
        return private, cls.public_bytes(private)

    @classmethod
    def load(cls, private_bytes):
        number = int.from_bytes(private_bytes, "big")
        if not 0 < number < cls.ORDER:
            raise Refused("private key")
        return ec.derive_private_key(number, ec.SECP256R1())

    @staticmethod
    def public_bytes(private):
        return private.public_key().public_numbers().x.to_bytes(32, "big")

    @staticmethod
    def shared_secret(private, peer):
        """From an x-coordinate; either y will do (RFC 9528 appendix B)."""
        if len(peer) != 32:
            raise Refused("public key")
        try:
            point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x02" + peer)
        except ValueError as error:
            raise Refused("public key") from error
        return private.exchange(ec.ECDH(), point)


@dataclass(frozen=True)
class Suite:
    id: int
    edhoc_aead: Aead
    app_aead: Aead
    mac_bytes: int
    ecdh: type


SUITES = {suite.id: suite for suite in (
    Suite(0, AES_CCM_16_64_128, AES_CCM_16_64_128, 8, X25519),
    Suite(1, AES_CCM_16_128_128, AES_CCM_16_64_128, 16, X25519),
    Suite(2, AES_CCM_16_64_128, AES_CCM_16_64_128, 8, P256),
    Suite(3, AES_CCM_16_128_128, AES_CCM_16_64_128, 16, P256),
    Suite(4, CHACHA20_POLY1305, CHACHA20_POLY1305, 16, X25519),
    Suite(5, CHACHA20_POLY1305, CHACHA20_POLY1305, 16, P256),
)}


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def hkdf_extract(salt, ikm):
    """RFC 5869 section 2.2."""
    return hmac.digest(salt or bytes(HASH_BYTES), ikm, "sha256")


def hkdf_expand(prk, info, length):
    """RFC 5869 section 2.3."""
    if length > 255 * HASH_BYTES:
        raise ValueError("HKDF-Expand: too long")
    okm = block = b""
    for counter in range(1, -(-length // HASH_BYTES) + 1):
        block = hmac.digest(prk, block + info + bytes([counter]), "sha256")
        okm += block
    return okm[:length]
