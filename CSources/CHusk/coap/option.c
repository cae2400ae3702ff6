/* CoAP options: walking an encoded sequence (RFC 7252 section 3.1) and reading option values. */
#include "husk/coap.h"

void husk_coap_options_init(husk_coap_options *walk, husk_bytes options)
{
    walk->next = options.data;
    walk->left = options.len;
    walk->number = 0;
}

/* Replaces the nibble `*value` of an option head by what it stands for, with up to two further bytes. */
static bool extend(husk_coap_options *walk, uint32_t *value)
{
    uint32_t nibble = *value;
    if (nibble < 13) {
        return true;
    }
    size_t extra = nibble - 12;
    if (nibble == 15 || walk->left < extra) {
        return false;
    }
    uint32_t sum = walk->next[0];
    *value = sum + 13;
    if (nibble == 14) {
        *value = (sum << 8 | walk->next[1]) + 269;
    }
    walk->next += extra;
    walk->left -= extra;
    return true;
}

bool husk_coap_option_next(husk_coap_options *walk, uint32_t *number, husk_bytes *value)
{
    husk_coap_options ahead = *walk;
    if (ahead.left == 0) {
        return false;
    }
    uint32_t delta = ahead.next[0] >> 4;
    uint32_t len = ahead.next[0] & 15;
    ahead.next++;
    ahead.left--;
    if (!extend(&ahead, &delta) || !extend(&ahead, &len) || len > ahead.left) {
        return false;
    }
    ahead.number += delta;
    if (ahead.number > UINT16_MAX) {
        return false;
    }
    value->data = ahead.next;
    value->len = len;
    *number = ahead.number;
    ahead.next += len;
    ahead.left -= len;
    *walk = ahead;
    return true;
}

bool husk_coap_option_find(husk_bytes options, uint32_t number, husk_bytes *value)
{
    husk_coap_options walk;
    husk_coap_options_init(&walk, options);
    uint32_t actual;
    while (husk_coap_option_next(&walk, &actual, value)) {
        if (actual == number) {
            return true;
        }
    }
    return false;
}

husk_status husk_coap_option_uint(husk_bytes value, uint32_t *number)
{
    if (value.len > 4) {
        return HUSK_ERR_FORMAT;
    }
    uint32_t sum = 0;
    for (size_t i = 0; i < value.len; i++) {
        sum = sum << 8 | value.data[i];
    }
    *number = sum;
    return HUSK_OK;
}
