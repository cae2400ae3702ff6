/* The OSCORE option (RFC 8613 section 6.1) and its extension for KUDOS
 * (draft-ietf-core-oscore-key-update-14 section 4.1): what is read, encoded again, is the same; taking the extension
 * out and putting it back gives the same message. The first byte is even for the value of an option, odd for a whole
 * message.
 *
 * seed: 00
 * seed: 00 0914
 * seed: 00 19140837cbf3210017a2d3
 * seed: 00 89010007018a278f7faab55a
 * seed: 00 8101004725a8991cd700ac01
 * seed: 00 20
 * seed: 00 020001
 * seed: 01 {rfc8613.c6.request}
 * seed: 01 {rfc8613.c7.response} */
#include "oscore/kudos.h"
#include "oscore/option.h"
#include "support/fuzz.h"

FUZZ_GOALS(PLAIN, EXTENDED, EMPTY, UNSUPPORTED, MALFORMED);

void fuzz_setup(void)
{
}

static void check_plain(husk_bytes value)
{
    husk_oscore_option option;
    husk_status status = husk_oscore_option_decode(value, &option);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_FORMAT || status == HUSK_ERR_UNSUPPORTED);
        fuzz_reached(status == HUSK_ERR_FORMAT ? MALFORMED : UNSUPPORTED);
        return;
    }
    FUZZ_CHECK(option.has_partial_iv == (option.partial_iv.len > 0));
    FUZZ_CHECK(option.partial_iv.len <= HUSK_OSCORE_PARTIAL_IV_MAX_BYTES);
    FUZZ_CHECK(option.has_kid || option.kid.len == 0);
    FUZZ_CHECK(option.has_kid_context || option.kid_context.len == 0);
    fuzz_check_inside(option.kid, value.data, value.len);
    fuzz_check_inside(option.kid_context, value.data, value.len);
    fuzz_check_inside(option.partial_iv, value.data, value.len);
    if (option.kid.len <= HUSK_OSCORE_ID_MAX_BYTES && option.kid_context.len <= HUSK_OSCORE_ID_CONTEXT_MAX_BYTES) {
        uint8_t again[HUSK_OSCORE_OPTION_MAX_BYTES];
        FUZZ_CHECK(fuzz_same(value, (husk_bytes){again, husk_oscore_option_encode(&option, again)}));
    }
    fuzz_reached(value.len == 0 ? EMPTY : PLAIN);
}

/* Strips a message of the extension, and puts it back. */
static void check_message(husk_bytes message)
{
    husk_coap_message decoded;
    husk_kudos_option option;
    bool readable = husk_coap_decode(message.data, message.len, &decoded) == HUSK_OK &&
                    husk_kudos_option_read(&decoded, &option) == HUSK_OK;
    uint8_t *datagram = fuzz_exact(message.data, message.len);
    size_t len = message.len;
    size_t text_len;
    husk_kudos_pair pair;
    husk_status status = husk_kudos_option_strip(datagram, &len, &pair, &text_len);
    FUZZ_CHECK(readable || status != HUSK_OK);
    if (status != HUSK_OK) {
        FUZZ_CHECK(len == message.len && memcmp(datagram, message.data, len) == 0);
        return;
    }
    FUZZ_CHECK(pair.len == option.pair.len && text_len == decoded.payload.len);
    husk_oscore_option plain;
    husk_coap_message stripped;
    FUZZ_OK(husk_coap_decode(datagram, len, &stripped));
    FUZZ_OK(husk_oscore_option_read(&stripped, &plain));
    FUZZ_CHECK(fuzz_same(plain.kid, (husk_bytes){option.oscore.kid.data, plain.kid.len}) || pair.len > 0);
    FUZZ_CHECK(fuzz_same(stripped.payload, (husk_bytes){message.data + message.len - text_len, text_len}));
    if (pair.len == 0) {
        FUZZ_CHECK(len == message.len && memcmp(datagram, message.data, len) == 0);
        return;
    }
    FUZZ_CHECK(pair.len >= 2 && pair.len <= HUSK_KUDOS_PAIR_MAX_BYTES && len < message.len);
    uint8_t *again = fuzz_exact(message.data, message.len);
    memcpy(again, datagram, len);
    len = husk_kudos_option_insert(again, len, plain.kid.len, &pair);
    FUZZ_CHECK(len == message.len && memcmp(again, message.data, len) == 0);
    fuzz_reached(EXTENDED);
}

void fuzz_one(fuzz_input in)
{
    bool whole = (fuzz_byte(&in) & 1) != 0;
    husk_bytes rest = fuzz_rest(&in);
    if (whole) {
        check_message(rest);
        return;
    }
    const uint8_t *exact = fuzz_exact(rest.data, rest.len);
    check_plain((husk_bytes){exact, rest.len});
    uint8_t datagram[512];
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init(&w, datagram, sizeof datagram, HUSK_COAP_CON, HUSK_COAP_POST, 1, (husk_bytes){NULL, 0});
    husk_coap_write_option(&w, HUSK_COAP_OSCORE, rest.data, rest.len);
    husk_coap_write_payload(&w, (const uint8_t *)"ciphertext", 10);
    if (husk_coap_writer_finish(&w, &len) == HUSK_OK) {
        check_message((husk_bytes){datagram, len});
    }
}
