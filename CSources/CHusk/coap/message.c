/* CoAP messages (RFC 7252 section 3): decoding a datagram into a view, and the writer. */
#include <string.h>

#include "coap/message.h"

#define PAYLOAD_MARKER 0xff

bool husk_coap_code_is_request(uint8_t code)
{
    return code >= 1 && code <= 31;
}

bool husk_coap_code_is_response(uint8_t code)
{
    return (0x34 >> (code >> 5) & 1) != 0; /* a bit for each of the classes 2, 4 and 5 */
}

husk_status husk_coap_body_decode(const uint8_t *body, size_t len, husk_coap_message *message)
{
    husk_coap_options walk = {body, len, 0};
    uint32_t number;
    husk_bytes value;
    while (husk_coap_option_next(&walk, &number, &value)) {
    }
    husk_bytes payload = {NULL, 0};
    if (walk.left > 0) {
        if (walk.next[0] != PAYLOAD_MARKER || walk.left == 1) {
            return HUSK_ERR_FORMAT;
        }
        payload.data = walk.next + 1;
        payload.len = walk.left - 1;
    }
    message->options.data = body;
    message->options.len = len - walk.left;
    message->payload = payload;
    return HUSK_OK;
}

husk_status husk_coap_decode(const uint8_t *datagram, size_t len, husk_coap_message *message)
{
    if (len < HUSK_COAP_HEADER_BYTES) {
        return HUSK_ERR_FORMAT;
    }
    if (datagram[0] >> 6 != 1) {
        return HUSK_ERR_UNSUPPORTED;
    }
    size_t token_len = datagram[0] & 15;
    uint8_t code = datagram[1];
    bool framed = token_len <= HUSK_COAP_TOKEN_MAX_BYTES && token_len <= len - HUSK_COAP_HEADER_BYTES;
    bool known = husk_coap_code_is_request(code) || husk_coap_code_is_response(code);
    if (!framed || !(known || (code == HUSK_COAP_EMPTY && len == HUSK_COAP_HEADER_BYTES))) {
        return HUSK_ERR_FORMAT;
    }
    message->type = datagram[0] >> 4 & 3;
    message->code = code;
    message->message_id = (uint16_t)(datagram[2] << 8 | datagram[3]);
    message->token.data = datagram + HUSK_COAP_HEADER_BYTES;
    message->token.len = token_len;
    size_t body = HUSK_COAP_HEADER_BYTES + token_len;
    return husk_coap_body_decode(datagram + body, len - body, message);
}

void husk_coap_writer_init_options(husk_coap_writer *w, uint8_t *out, size_t cap)
{
    w->out = out;
    w->cap = cap;
    w->len = 0;
    w->number = 0;
    w->status = HUSK_OK;
}

void husk_coap_writer_init(husk_coap_writer *w, uint8_t *out, size_t cap, uint8_t type, uint8_t code,
                           uint16_t message_id, husk_bytes token)
{
    husk_coap_writer_init_options(w, out, cap);
    if (type > HUSK_COAP_RST || token.len > HUSK_COAP_TOKEN_MAX_BYTES) {
        w->status = HUSK_ERR_ARGUMENT;
        return;
    }
    uint8_t header[HUSK_COAP_HEADER_BYTES] = {(uint8_t)(1 << 6 | type << 4 | (uint8_t)token.len), code,
                                              (uint8_t)(message_id >> 8), (uint8_t)message_id};
    husk_coap_write_raw(w, header, sizeof header);
    husk_coap_write_raw(w, token.data, token.len);
}

void husk_coap_write_raw(husk_coap_writer *w, const uint8_t *data, size_t len)
{
    size_t at = w->len;
    if (len > SIZE_MAX - at) { /* absurd lengths stay too long instead of wrapping around */
        len = SIZE_MAX - at;
    }
    w->len = at + len;
    if (w->len <= w->cap && len > 0) {
        memmove(w->out + at, data, len);
    }
}

/* Appends the extension bytes of `value` to the option head; returns its nibble. */
static unsigned append_extension(uint8_t head[5], size_t *len, size_t value)
{
    if (value < 13) {
        return (unsigned)value;
    }
    if (value < 269) {
        head[(*len)++] = (uint8_t)(value - 13);
        return 13;
    }
    head[(*len)++] = (uint8_t)((value - 269) >> 8);
    head[(*len)++] = (uint8_t)(value - 269);
    return 14;
}

void husk_coap_write_option(husk_coap_writer *w, uint32_t number, const uint8_t *value, size_t len)
{
    if (number < w->number || number > UINT16_MAX || len > UINT16_MAX) {
        w->status = HUSK_ERR_ARGUMENT;
    }
    if (w->status != HUSK_OK) {
        return;
    }
    uint8_t head[5];
    size_t head_len = 1;
    unsigned delta_nibble = append_extension(head, &head_len, number - w->number);
    unsigned len_nibble = append_extension(head, &head_len, len);
    head[0] = (uint8_t)(delta_nibble << 4 | len_nibble);
    w->number = number;
    husk_coap_write_raw(w, head, head_len);
    husk_coap_write_raw(w, value, len);
}

void husk_coap_write_option_uint(husk_coap_writer *w, uint32_t number, uint32_t value)
{
    uint8_t big_endian[4];
    size_t at = sizeof big_endian;
    while (value != 0) {
        big_endian[--at] = (uint8_t)value;
        value >>= 8;
    }
    husk_coap_write_option(w, number, big_endian + at, sizeof big_endian - at);
}

void husk_coap_write_path(husk_coap_writer *w, const char *path, size_t len)
{
    size_t start = len > 0 && path[0] == '/' ? 1 : 0;
    if (start == len) {
        return;
    }
    for (size_t end = start; end <= len; end++) {
        if (end == len || path[end] == '/') {
            if (end - start > HUSK_COAP_SEGMENT_MAX_BYTES) {
                w->status = HUSK_ERR_ARGUMENT;
            }
            husk_coap_write_option(w, HUSK_COAP_URI_PATH, (const uint8_t *)path + start, end - start);
            start = end + 1;
        }
    }
}

void husk_coap_write_payload(husk_coap_writer *w, const uint8_t *payload, size_t len)
{
    if (len == 0) {
        return;
    }
    if (w->number > UINT16_MAX) {
        w->status = HUSK_ERR_ARGUMENT;
    }
    if (w->status != HUSK_OK) {
        return;
    }
    static const uint8_t marker = PAYLOAD_MARKER;
    w->number = UINT32_MAX; /* nothing can follow */
    husk_coap_write_raw(w, &marker, 1);
    husk_coap_write_raw(w, payload, len);
}

husk_status husk_coap_writer_finish(const husk_coap_writer *w, size_t *len)
{
    *len = w->len;
    if (w->status != HUSK_OK) {
        return w->status;
    }
    return w->len <= w->cap ? HUSK_OK : HUSK_ERR_BUFFER;
}
