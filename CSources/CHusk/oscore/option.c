/* The OSCORE option: the compressed header of the COSE object (RFC 8613 section 6.1). */
#include <string.h>

#include "oscore/option.h"

#define FLAG_KID 0x08
#define FLAG_KID_CONTEXT 0x10
#define FLAGS_RESERVED 0xe0
#define PARTIAL_IV_LENGTH 0x07

static uint8_t *append(uint8_t *out, husk_bytes value)
{
    if (value.len > 0) {
        memcpy(out, value.data, value.len);
    }
    return out + value.len;
}

size_t husk_oscore_option_encode(const husk_oscore_option *option, uint8_t out[HUSK_OSCORE_OPTION_MAX_BYTES])
{
    uint8_t *end = out + 1;
    out[0] = 0;
    if (option->has_partial_iv) {
        out[0] = (uint8_t)option->partial_iv.len;
        end = append(end, option->partial_iv);
    }
    if (option->has_kid_context) {
        out[0] |= FLAG_KID_CONTEXT;
        *end = (uint8_t)option->kid_context.len;
        end = append(end + 1, option->kid_context);
    }
    if (option->has_kid) {
        out[0] |= FLAG_KID;
        end = append(end, option->kid);
    }
    return out[0] == 0 ? 0 : (size_t)(end - out);
}

/* Cuts the first `len` bytes off `rest`; false if it is shorter. */
static bool take(husk_bytes *rest, size_t len, husk_bytes *value)
{
    if (len > rest->len) {
        return false;
    }
    value->data = rest->data;
    value->len = len;
    if (len > 0) {
        rest->data += len;
        rest->len -= len;
    }
    return true;
}

husk_status husk_oscore_option_fields(uint8_t flags, husk_bytes value, husk_oscore_option *option)
{
    husk_bytes field;
    if ((flags & FLAGS_RESERVED) != 0) {
        return HUSK_ERR_UNSUPPORTED;
    }
    size_t partial_iv_len = flags & PARTIAL_IV_LENGTH;
    if (flags == 0 || partial_iv_len > HUSK_OSCORE_PARTIAL_IV_MAX_BYTES ||
        !take(&value, partial_iv_len, &option->partial_iv)) {
        return HUSK_ERR_FORMAT;
    }
    option->has_partial_iv = partial_iv_len > 0;
    if (partial_iv_len > 1 && option->partial_iv.data[0] == 0) {
        return HUSK_ERR_FORMAT;
    }
    option->has_kid_context = (flags & FLAG_KID_CONTEXT) != 0;
    if (option->has_kid_context &&
        (!take(&value, 1, &field) || !take(&value, field.data[0], &option->kid_context))) {
        return HUSK_ERR_FORMAT;
    }
    option->has_kid = (flags & FLAG_KID) != 0;
    if (option->has_kid) {
        option->kid = value;
        return HUSK_OK;
    }
    return value.len == 0 ? HUSK_OK : HUSK_ERR_FORMAT;
}

husk_status husk_oscore_option_decode(husk_bytes value, husk_oscore_option *option)
{
    memset(option, 0, sizeof *option);
    husk_bytes flags;
    if (!take(&value, 1, &flags)) {
        return HUSK_OK; /* all flags zero */
    }
    return husk_oscore_option_fields(flags.data[0], value, option);
}

husk_status husk_oscore_option_locate(const husk_coap_message *message, husk_bytes *found)
{
    husk_coap_options walk;
    husk_coap_options_init(&walk, message->options);
    uint32_t number;
    husk_bytes value;
    size_t count = 0;
    while (husk_coap_option_next(&walk, &number, &value)) {
        if (number == HUSK_COAP_OSCORE) {
            *found = value;
            count++;
        }
        /* Any block but the only one: with a number, or more to come (RFC 7959 section 2.2). */
        if ((number == HUSK_COAP_BLOCK1 || number == HUSK_COAP_BLOCK2) && value.len > 0 &&
            (value.len > 1 || value.data[0] >> 3 != 0)) {
            return HUSK_ERR_UNSUPPORTED;
        }
    }
    return count == 1 ? HUSK_OK : HUSK_ERR_FORMAT; /* critical and not repeatable */
}

husk_status husk_oscore_option_read(const husk_coap_message *message, husk_oscore_option *option)
{
    husk_bytes value = {NULL, 0};
    husk_status status = husk_oscore_option_locate(message, &value);
    return status == HUSK_OK ? husk_oscore_option_decode(value, option) : status;
}
