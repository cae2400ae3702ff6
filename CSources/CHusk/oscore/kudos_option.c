/* The extension of the OSCORE option (draft-ietf-core-oscore-key-update-14 section 4.1): a second flag byte, the x byte
 * and the nonce. Messages are protected as RFC 8613 says, and the extension is put into them or taken out of them
 * where they lie: option values are no part of the AAD, and programs without KUDOS need not know of it. */
#include <string.h>

#include "oscore/kudos.h"
#include "oscore/option.h"

#define FLAG_EXTENSION 0x80
#define FLAGS_2_NONCE 0x01
#define FLAGS_2_BYTES 1
#define FLAG_KID 0x08

#define EXTENDED_MAX_BYTES (HUSK_OSCORE_OPTION_MAX_BYTES + FLAGS_2_BYTES + HUSK_KUDOS_PAIR_MAX_BYTES)

/* An option of 13 bytes or more has its length in a byte behind the head (RFC 7252 section 3.1). The delta of the
 * OSCORE option never does: it is 9 at most. */
#define LONG_OPTION 13

husk_status husk_kudos_option_read(const husk_coap_message *message, husk_kudos_option *option)
{
    memset(option, 0, sizeof *option);
    husk_status status = husk_oscore_option_locate(message, &option->value);
    if (status != HUSK_OK) {
        return status;
    }
    husk_bytes value = option->value;
    if (value.len == 0 || (value.data[0] & FLAG_EXTENSION) == 0) {
        return husk_oscore_option_decode(value, &option->oscore);
    }
    if (value.len < 2) {
        return HUSK_ERR_FORMAT;
    }
    uint8_t flags = value.data[0] & (uint8_t)~FLAG_EXTENSION;
    if (value.data[1] != FLAGS_2_NONCE) {
        return HUSK_ERR_UNSUPPORTED;
    }
    /* Read as one that ends with a kid, that "kid" is x byte, nonce and kid. */
    husk_bytes rest = {value.data + 2, value.len - 2};
    status = husk_oscore_option_fields(flags | FLAG_KID, rest, &option->oscore);
    if (status != HUSK_OK) {
        return status;
    }
    husk_bytes tail = option->oscore.kid;
    if (tail.len == 0 || (tail.data[0] & HUSK_KUDOS_X_RESERVED) != 0 || !option->oscore.has_partial_iv) {
        return HUSK_ERR_FORMAT;
    }
    size_t pair_len = (size_t)2 + (tail.data[0] & HUSK_KUDOS_X_LENGTH);
    bool has_kid = (flags & FLAG_KID) != 0;
    if (tail.len < pair_len || (!has_kid && tail.len > pair_len)) {
        return HUSK_ERR_FORMAT;
    }
    option->pair.data = tail.data;
    option->pair.len = pair_len;
    option->oscore.has_kid = has_kid;
    option->oscore.kid.data = tail.data + pair_len;
    option->oscore.kid.len = tail.len - pair_len;
    return HUSK_OK;
}

/* Replaces the value of the OSCORE option; returns the new length of the message. */
static size_t replace(uint8_t *datagram, size_t len, husk_bytes old, const uint8_t *value, size_t value_len)
{
    size_t old_at = (size_t)(old.data - datagram);
    size_t head_at = old_at - (old.len >= LONG_OPTION ? 2 : 1);
    size_t value_at = head_at + (value_len >= LONG_OPTION ? 2 : 1);
    size_t tail_at = old_at + old.len;
    memmove(datagram + value_at + value_len, datagram + tail_at, len - tail_at);
    memcpy(datagram + value_at, value, value_len);
    uint8_t nibble = (uint8_t)value_len;
    if (value_len >= LONG_OPTION) {
        nibble = LONG_OPTION;
        datagram[head_at + 1] = (uint8_t)(value_len - LONG_OPTION);
    }
    datagram[head_at] = (uint8_t)((datagram[head_at] & 0xf0) | nibble);
    return len - tail_at + value_at + value_len;
}

husk_status husk_kudos_option_strip(uint8_t *datagram, size_t *len, husk_kudos_pair *pair, size_t *text_len)
{
    husk_coap_message message;
    husk_kudos_option option;
    husk_status status = husk_coap_decode(datagram, *len, &message);
    if (status == HUSK_OK) {
        status = husk_kudos_option_read(&message, &option);
    }
    if (status != HUSK_OK) {
        return status;
    }
    *text_len = message.payload.len;
    pair->len = (uint8_t)option.pair.len;
    if (pair->len == 0) {
        return HUSK_OK;
    }
    if (option.value.len > EXTENDED_MAX_BYTES) { /* names nobody */
        return HUSK_ERR_CONTEXT;
    }
    memcpy(pair->bytes, option.pair.data, pair->len);
    uint8_t plain[EXTENDED_MAX_BYTES];
    size_t kid_at = (size_t)(option.pair.data - option.value.data) - FLAGS_2_BYTES;
    plain[0] = option.value.data[0] & (uint8_t)~FLAG_EXTENSION;
    memcpy(plain + 1, option.value.data + 2, kid_at - 1);
    memcpy(plain + kid_at, option.oscore.kid.data, option.oscore.kid.len);
    *len = replace(datagram, *len, option.value, plain, kid_at + option.oscore.kid.len);
    return HUSK_OK;
}

size_t husk_kudos_option_insert(uint8_t *datagram, size_t len, size_t kid_len, const husk_kudos_pair *pair)
{
    husk_coap_message message;
    husk_bytes value = {NULL, 0};
    (void)husk_coap_decode(datagram, len, &message); /* neither can fail: the message was just made */
    (void)husk_coap_option_find(message.options, HUSK_COAP_OSCORE, &value);
    uint8_t extended[EXTENDED_MAX_BYTES];
    size_t kid_at = value.len - kid_len;
    extended[0] = value.data[0] | FLAG_EXTENSION;
    extended[1] = FLAGS_2_NONCE;
    memcpy(extended + 2, value.data + 1, kid_at - 1);
    memcpy(extended + kid_at + FLAGS_2_BYTES, pair->bytes, pair->len);
    memcpy(extended + kid_at + FLAGS_2_BYTES + pair->len, value.data + kid_at, kid_len);
    return replace(datagram, len, value, extended, value.len + FLAGS_2_BYTES + pair->len);
}
