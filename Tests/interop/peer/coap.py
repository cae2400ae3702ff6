"""CoAP messages (RFC 7252 section 3) as a value with an encoder and a decoder."""

from dataclasses import dataclass, field

CON, NON, ACK, RST = range(4)
GET, POST, PUT, DELETE, FETCH = range(1, 6)
CREATED, DELETED, VALID, CHANGED, CONTENT = range(0x41, 0x46)
URI_HOST, URI_PORT, OSCORE, URI_PATH, CONTENT_FORMAT, MAX_AGE, URI_QUERY = 3, 7, 9, 11, 12, 14, 15
HOP_LIMIT, EDHOC, PROXY_SCHEME = 16, 21, 39
ETAG, OBSERVE, BLOCK2, BLOCK1, SIZE2, SIZE1, ECHO, REQUEST_TAG = 4, 6, 23, 27, 28, 60, 252, 292


@dataclass
class Message:
    code: int
    options: list = field(default_factory=list)  # (number, value), in any order
    payload: bytes = b""
    type: int = CON
    message_id: int = 0
    token: bytes = b""

    def option(self, number):
        for other, value in self.options:
            if other == number:
                return value
        return None


def uint(value):
    """An option value of format uint."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def _nibble(value):
    if value < 13:
        return value, b""
    if value < 269:
        return 13, bytes([value - 13])
    return 14, (value - 269).to_bytes(2, "big")


def encode_options(options, payload):
    out = b""
    last = 0
    for number, value in sorted(options, key=lambda option: option[0]):
        delta, delta_more = _nibble(number - last)
        length, length_more = _nibble(len(value))
        out += bytes([delta << 4 | length]) + delta_more + length_more + value
        last = number
    return out + (b"\xff" + payload if payload else b"")


def decode_options(data):
    """Options and payload."""
    options = []
    number = 0
    at = 0

    def extended(nibble):
        nonlocal at
        if nibble < 13:
            return nibble
        if nibble == 15:
            raise ValueError("reserved nibble")
        more = nibble - 12
        if at + more > len(data):
            raise ValueError("truncated")
        value = int.from_bytes(data[at:at + more], "big") + (13 if more == 1 else 269)
        at += more
        return value

    while at < len(data):
        head = data[at]
        at += 1
        if head == 0xFF:
            if at == len(data):
                raise ValueError("empty payload")
            return options, data[at:]
        number += extended(head >> 4)
        length = extended(head & 15)
        if at + length > len(data):
            raise ValueError("truncated")
        options.append((number, data[at:at + length]))
        at += length
    return options, b""


def encode(message):
    return (bytes([0x40 | message.type << 4 | len(message.token), message.code])
            + message.message_id.to_bytes(2, "big") + message.token
            + encode_options(message.options, message.payload))


def decode(datagram):
    if len(datagram) < 4 or datagram[0] >> 6 != 1 or datagram[0] & 15 > 8:
        raise ValueError("header")
    token_end = 4 + (datagram[0] & 15)
    if len(datagram) < token_end:
        raise ValueError("truncated")
    options, payload = decode_options(datagram[token_end:])
    return Message(datagram[1], options, payload, datagram[0] >> 4 & 3, int.from_bytes(datagram[2:4], "big"),
                   datagram[4:token_end])
