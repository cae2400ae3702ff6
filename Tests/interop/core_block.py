"""Block-wise transfers of the core (RFC 7959, block.h): Python around its four roles. Messages are coap.Message."""

import hashlib

import husk_core as core
from husk_core import Keep, check
from peer import coap


def decoded(message, keep):
    """As the core sees it."""
    out = core.ffi.new("husk_coap_message *")
    datagram = coap.encode(message)
    check(core.lib.husk_coap_decode(keep.buffer(datagram), len(datagram), out))
    keep.alive.append(out)
    return out


def option_value(number, block):
    """The option of a husk_block."""
    out = core.ffi.new("uint8_t[]", 8)
    writer, length = core.ffi.new("husk_coap_writer *"), core.ffi.new("size_t *")
    core.lib.husk_coap_writer_init_options(writer, out, 8)
    core.lib.husk_block_write(writer, number, block)
    check(core.lib.husk_coap_writer_finish(writer, length))
    (option,), _ = coap.decode_options(bytes(core.ffi.buffer(out, length[0])))
    return option


def uint(value):
    return value.to_bytes(4, "big").lstrip(b"\0")


def szx_of(size):
    """512 to 5."""
    return size.bit_length() - 5


def etag(body):
    return hashlib.sha256(body).digest()[:8]


def request_tag(unconcluded, unique):
    """The options that keep a new operation apart from earlier ones."""
    tag = core.ffi.new("husk_request_tag *")
    core.lib.husk_request_tag_choose(tag, unconcluded, unique)
    return [(coap.REQUEST_TAG, bytes(tag.bytes)[:tag.len])] if tag.present else []


class RequestBody:
    """Client: cuts it."""

    def __init__(self, body, size):
        self.keep = Keep()
        self.c = core.ffi.new("husk_block1_client *")
        self.body_len = len(body)
        check(core.lib.husk_block1_client_init(self.c, self.keep.bytes(body), szx_of(size)))

    def next(self):
        """(options, payload)"""
        piece = core.ffi.new("husk_block_slice *")
        check(core.lib.husk_block1_client_next(self.c, piece))
        if not piece.is_block:
            return [], core.take(piece.payload)
        first = [(coap.SIZE1, uint(self.body_len))] if piece.block.num == 0 else []
        return [option_value(coap.BLOCK1, core.ffi.addressof(piece, "block")), *first], core.take(piece.payload)

    def take(self, response):
        """True if this is the answer to all of it."""
        keep, done = Keep(), core.ffi.new("bool *")
        check(core.lib.husk_block1_client_take(self.c, decoded(response, keep), done))
        return done[0]


class ResponseBody:
    """Client: assembles it."""

    def __init__(self, size, most=1 << 16):
        self.c = core.ffi.new("husk_block2_client *")
        self.memory = core.ffi.new("uint8_t[]", most)
        check(core.lib.husk_block2_client_init(self.c, self.memory, most, szx_of(size)))

    def next(self):
        """The option of the next request."""
        block = core.ffi.new("husk_block *")
        core.lib.husk_block2_client_next(self.c, block)
        return option_value(coap.BLOCK2, block)

    def take(self, response):
        """True if it is complete."""
        keep, done = Keep(), core.ffi.new("bool *")
        check(core.lib.husk_block2_client_take(self.c, decoded(response, keep), done))
        return done[0]

    @property
    def body(self):
        return bytes(core.ffi.buffer(self.memory, self.c.len))


class Requests:
    """Server: assembles the bodies of one client's requests, and cuts those of the responses."""

    def __init__(self, size, most=1 << 16):
        self.size = size
        self.c = core.ffi.new("husk_block1_server *")
        self.memory, self.key = core.ffi.new("uint8_t[]", most), core.ffi.new("uint8_t[]", 512)
        check(core.lib.husk_block1_server_init(self.c, self.memory, most, self.key, 512, szx_of(size)))

    def take(self, request):
        """(body or None, code to answer if None, options of the answer)"""
        keep = Keep()
        answer = core.ffi.new("husk_block1_answer *")
        status = core.lib.husk_block1_server_take(self.c, decoded(request, keep), answer)
        options = [option_value(coap.BLOCK1, core.ffi.addressof(answer, "block"))] if answer.has_block else []
        if answer.has_size:
            options.append((coap.SIZE1, uint(answer.size)))
        if status == 0 and answer.code == 0:
            return core.take(answer.body), None, options
        return None, answer.code, options

    def slice(self, body, request):
        """(code of an error or None, options, payload) of the response with the part of `body` that is asked for"""
        keep = Keep()
        piece = core.ffi.new("husk_block_slice *")
        status = core.lib.husk_block2_slice(keep.bytes(body), szx_of(self.size), decoded(request, keep), piece)
        if status != 0:
            return core.lib.husk_block_error_code(status), [], b""
        if not piece.is_block:
            return None, [], core.take(piece.payload)
        return None, [option_value(coap.BLOCK2, core.ffi.addressof(piece, "block")),
                      (coap.ETAG, etag(body))], core.take(piece.payload)
