"""Frames from the text of the documentation's article on them (Sources/Husk/Husk.docc/Frames.md): security context,
headers, sealing and opening."""

from dataclasses import dataclass

import cbor2

from . import oscore
from .suites import Refused, hkdf_expand

DATA, KUDOS = "data", "kudos"
EDHOC_KINDS = {1: "message_1", 2: "message_2", 3: "message_3", 4: "message_4", 5: "error"}


def encode_identifier(identifier):
    """RFC 9528 section 3.3.2."""
    if len(identifier) == 1 and (identifier[0] <= 0x17 or 0x20 <= identifier[0] <= 0x37):
        return identifier
    return cbor2.dumps(identifier)


def decode_identifier(data):
    """The identifier, and what follows it."""
    if not data:
        raise Refused("no identifier")
    if data[0] <= 0x17 or 0x20 <= data[0] <= 0x37:
        return data[:1], data[1:]
    if not 0x40 <= data[0] <= 0x57:
        # Lengths from 24 on have longer heads; no identifier is that long, but the encoding may be sound.
        if data[0] != 0x58 or len(data) < 2 or data[1] < 24:
            raise Refused("identifier")
        length, start = data[1], 2
    else:
        length, start = data[0] - 0x40, 1
    identifier = data[start:start + length]
    if len(identifier) < length or encode_identifier(identifier) != data[:start + length]:
        raise Refused("identifier")
    return identifier, data[start + length:]


@dataclass
class Frame:
    """What a frame consists of; `kid` None without identifier, `pair` x byte and nonce of KUDOS."""

    kind: str
    kid: bytes | None
    body: bytes
    partial_iv: bytes = b""
    pair: bytes = b""
    fragment: bool = False

    def flags(self):
        known = 0x08 if self.kid is not None else 0
        if self.kind in (DATA, KUDOS):
            return known | len(self.partial_iv) | (0x80 if self.kind == KUDOS else 0)
        number = {name: value for value, name in EDHOC_KINDS.items()}[self.kind]
        return known | 0x07 | number << 4 | (0x80 if self.fragment else 0)

    def encode(self):
        out = bytes([self.flags()])
        if self.kind == KUDOS:
            out += b"\x01"
        out += self.partial_iv + self.pair
        if self.kid is not None:
            out += encode_identifier(self.kid)
        return out + self.body


def decode(data):
    if not data:
        raise Refused("empty")
    flags, rest = data[0], data[1:]
    frame = Frame(DATA, None, b"")
    length = flags & 7
    if length == 7:
        if flags >> 4 & 7 not in EDHOC_KINDS:
            raise Refused("no such message")
        frame.kind = EDHOC_KINDS[flags >> 4 & 7]
        frame.fragment = bool(flags & 0x80)
    else:
        if flags & 0x70:
            raise Refused("reserved flags")
        if flags & 0x80:
            frame.kind = KUDOS
            if rest[:1] != b"\x01":
                raise Refused("second flag byte")
            rest = rest[1:]
        if not 1 <= length <= 5 or len(rest) < length or (length > 1 and rest[0] == 0):
            raise Refused("Partial IV")
        frame.partial_iv, rest = rest[:length], rest[length:]
        if frame.kind == KUDOS:
            if not rest or rest[0] & 0x80 or len(rest) < (rest[0] & 15) + 2:
                raise Refused("pair")
            size = (rest[0] & 15) + 2
            frame.pair, rest = rest[:size], rest[size:]
    if flags & 0x08:
        frame.kid, rest = decode_identifier(rest)
    if not rest:
        raise Refused("no body")
    frame.body = rest
    return frame


class Context(oscore.Context):
    """OSCORE's context with other keys, and frames in the place of messages."""

    def _derive(self, identifier, kind, length):
        info = cbor2.dumps([identifier, self.id_context, self.aead.cose_alg, "Frame " + kind, length])
        return hkdf_expand(self.prk, info, length)

    def frame_aad(self, flags, identifier, partial_iv):
        external = cbor2.dumps([1, [self.aead.cose_alg], identifier, partial_iv, bytes([flags])])
        return cbor2.dumps(["Encrypt0", b"", external])

    def seal(self, payload, with_kid=True, pair=b""):
        partial_iv = self.next_partial_iv()
        frame = Frame(KUDOS if pair else DATA, self.sender_id if with_kid else None, b"", partial_iv, pair)
        frame.body = self.aead.seal(self.sender_key, self.nonce(self.sender_id, partial_iv), payload,
                                    self.frame_aad(frame.flags(), self.sender_id, partial_iv))
        return frame.encode()

    def open(self, data):
        """Payload and number."""
        frame = decode(data)
        if frame.kind not in (DATA, KUDOS):
            raise Refused("not protected")
        if frame.kid not in (None, self.recipient_id):
            raise Refused("another context")
        number = int.from_bytes(frame.partial_iv, "big")
        if number in self.seen or number + oscore.WINDOW <= max(self.seen, default=0):
            raise Refused("replay")
        payload = self.aead.open(self.recipient_key, self.nonce(self.recipient_id, frame.partial_iv), frame.body,
                                 self.frame_aad(data[0], self.recipient_id, frame.partial_iv))
        self.seen.add(number)
        return payload, number


def cut(message, size):
    """Fragments of at most `size` bytes."""
    pieces = [message[at:at + size - 1] for at in range(0, len(message), size - 1)] or [b""]
    if len(pieces) > 128:
        raise Refused("too long")
    return [bytes([index | (0x80 if index == len(pieces) - 1 else 0)]) + piece for index, piece in enumerate(pieces)]


class Joiner:
    """Puts fragments together; they come in any order, messages one after the other."""

    def __init__(self):
        self.first, self.pieces, self.total = None, {}, None

    def take(self, number, fragment):
        """The message, or None."""
        index = fragment[0] & 0x7F
        if number - index != self.first:
            self.first, self.pieces, self.total = number - index, {}, None
        self.pieces[index] = fragment[1:]
        if fragment[0] & 0x80:
            self.total = index + 1
        if self.total is None or len(self.pieces) < self.total:
            return None
        return b"".join(self.pieces[at] for at in range(self.total))


class Link:
    """One end of a link: an EDHOC session of edhoc_psk.py in frames, then messages. `size` is that of frames, or
    None."""

    def __init__(self, edhoc, initiates, point_to_point, size):
        self.edhoc, self.initiates, self.point_to_point, self.size = edhoc, initiates, point_to_point, size
        self.context = None
        self.joiner, self.handshake = Joiner(), Joiner()
        self.kid = None  # of the other end, where it is known

    def edhoc_frames(self, kind, message):
        kid = None if self.point_to_point else self.kid
        whole = Frame(kind, kid, message).encode()
        if self.size is None or len(whole) <= self.size:
            return [whole]
        room = self.size - (len(whole) - len(message))
        return [Frame(kind, kid, piece, fragment=True).encode() for piece in cut(message, room)]

    def begin(self):
        return self.edhoc_frames("message_1", self.edhoc.message_1())

    def begin_session(self):
        secret, salt = self.edhoc.oscore_master()
        ids = [self.edhoc.c_i, self.edhoc.c_r]  # the Initiator's Sender ID is C_R
        sender, recipient = ids[::-1] if self.initiates else ids
        self.context = Context(secret, salt, sender, recipient, self.edhoc.suite.app_aead.cose_alg)

    def send(self, message):
        if self.size is None:
            return [self.context.seal(message, not self.point_to_point)]
        overhead = len(Context.seal(_throwaway(self.context), b"", not self.point_to_point))
        return [self.context.seal(piece, not self.point_to_point) for piece in cut(message, self.size - overhead)]

    def take(self, data):
        """(frames to send in answer, message that arrived or None)."""
        frame = decode(data)
        if frame.kind in (DATA, KUDOS):
            payload, number = self.context.open(data)
            return [], payload if self.size is None else self.joiner.take(number, payload)
        message = frame.body
        if frame.fragment:
            if message[0] & 0x7F == 0:
                self.handshake = Joiner()
            message = self.handshake.take(message[0] & 0x7F, message)
            if message is None:
                return [], None
        return getattr(self, "take_" + frame.kind)(message), None

    def take_message_1(self, message):
        self.edhoc.process_message_1(message)
        self.kid = self.edhoc.c_i
        return self.edhoc_frames("message_2", self.edhoc.message_2())

    def take_message_2(self, message):
        self.edhoc.process_message_2(message)
        self.kid = self.edhoc.c_r
        return self.edhoc_frames("message_3", self.edhoc.message_3())

    def take_message_3(self, message):
        self.edhoc.process_message_3(message)
        self.begin_session()
        return self.edhoc_frames("message_4", self.edhoc.message_4())

    def take_message_4(self, message):
        self.edhoc.process_message_4(message)
        self.begin_session()
        return []


def _throwaway(context):
    """A context whose next frame has the longest number of the next 128, to measure with."""
    other = object.__new__(Context)
    other.__dict__.update(context.__dict__)
    other.sequence = context.sequence + 127
    return other
