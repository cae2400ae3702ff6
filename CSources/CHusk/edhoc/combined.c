/* The EDHOC + OSCORE request: message 3 in front of the ciphertext of the first OSCORE request (RFC 9668 section 3). */
#include <string.h>

#include "husk/edhoc.h"

/* Where the payload begins. */
static husk_status find_payload(const uint8_t *datagram, size_t len, size_t *payload_at)
{
    husk_coap_message message;
    husk_bytes ignored;
    husk_status status = husk_coap_decode(datagram, len, &message);
    if (status != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    if (!husk_coap_option_find(message.options, HUSK_COAP_OSCORE, &ignored) ||
        !husk_coap_option_find(message.options, HUSK_COAP_EDHOC, &ignored) || message.payload.len == 0) {
        return HUSK_ERR_FORMAT;
    }
    *payload_at = len - message.payload.len;
    return HUSK_OK;
}

husk_status husk_edhoc_combined_insert(husk_bytes message_3, uint8_t *datagram, size_t *len, size_t cap)
{
    size_t at;
    husk_status status = find_payload(datagram, *len, &at);
    if (status != HUSK_OK) {
        return status;
    }
    if (*len > cap || message_3.len > cap - *len) {
        return HUSK_ERR_BUFFER;
    }
    memmove(datagram + at + message_3.len, datagram + at, *len - at);
    if (message_3.len > 0) {
        memcpy(datagram + at, message_3.data, message_3.len);
    }
    *len += message_3.len;
    return HUSK_OK;
}

husk_status husk_edhoc_combined_split(uint8_t *datagram, size_t *len, uint8_t *message_3, size_t cap,
                                      size_t *message_3_len)
{
    size_t at;
    husk_status status = find_payload(datagram, *len, &at);
    if (status != HUSK_OK) {
        return status;
    }
    husk_cbor_reader r;
    husk_bytes content;
    husk_cbor_reader_init(&r, datagram + at, *len - at);
    if (husk_cbor_read_bytes(&r, &content) != HUSK_OK || r.left == 0) {
        return HUSK_ERR_FORMAT;
    }
    size_t taken = *len - at - r.left;
    if (taken > cap) {
        return HUSK_ERR_BUFFER;
    }
    memcpy(message_3, datagram + at, taken);
    memmove(datagram + at, datagram + at + taken, r.left);
    *message_3_len = taken;
    *len -= taken;
    return HUSK_OK;
}
