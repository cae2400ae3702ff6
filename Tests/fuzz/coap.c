/* CoAP datagrams (RFC 7252 section 3): what is decoded, written again, is the same datagram.
 *
 * seed: {coap.request_con}
 * seed: {coap.response_ack}
 * seed: {coap.request_token}
 * seed: {coap.empty_ack}
 * seed: {rfc8613.c4.request}
 * seed: {rfc8613.c6.request}
 * seed: 4401abcd01020304396c6f63616c686f7374dd1005000102030405060708090a0b0c0d0e0f1011
 * seed: 40010000e0fef2
 * seed: 40010000e0fef210
 * seed: 40010000ff
 * seed: 8401abcd */
#include "coap/message.h"
#include "support/fuzz.h"

FUZZ_GOALS(EMPTY, REQUEST, RESPONSE, OPTION, PAYLOAD, MALFORMED, OTHER_VERSION);

void fuzz_setup(void)
{
}

static void write_options(husk_coap_writer *w, husk_bytes options)
{
    husk_coap_options walk;
    uint32_t number;
    uint32_t last = 0;
    husk_bytes value;
    husk_coap_options_init(&walk, options);
    while (husk_coap_option_next(&walk, &number, &value)) {
        FUZZ_CHECK(number >= last && number <= UINT16_MAX);
        fuzz_check_inside(value, options.data, options.len);
        husk_bytes found;
        FUZZ_CHECK(husk_coap_option_find(options, number, &found));
        FUZZ_CHECK(number != last || last == 0 || found.data <= value.data);
        uint32_t content;
        FUZZ_CHECK((husk_coap_option_uint(value, &content) == HUSK_OK) == (value.len <= 4));
        husk_coap_write_option(w, number, value.data, value.len);
        last = number;
        fuzz_reached(OPTION);
    }
    FUZZ_CHECK(walk.left == 0);
}

static void check_message(const husk_coap_message *m, const uint8_t *datagram, size_t len)
{
    FUZZ_CHECK(m->type <= HUSK_COAP_RST && m->token.len <= HUSK_COAP_TOKEN_MAX_BYTES);
    FUZZ_CHECK(m->code == HUSK_COAP_EMPTY || husk_coap_code_is_request(m->code) ||
               husk_coap_code_is_response(m->code));
    fuzz_check_inside(m->token, datagram, len);
    fuzz_check_inside(m->options, datagram, len);
    fuzz_check_inside(m->payload, datagram, len);
    uint8_t *out = fuzz_exact(datagram, len);
    memset(out, 0, len);
    husk_coap_writer w;
    size_t out_len;
    husk_coap_writer_init(&w, out, len, m->type, m->code, m->message_id, m->token);
    write_options(&w, m->options);
    husk_coap_write_payload(&w, m->payload.data, m->payload.len);
    FUZZ_OK(husk_coap_writer_finish(&w, &out_len));
    FUZZ_CHECK(out_len == len && memcmp(out, datagram, len) == 0);
}

void fuzz_one(fuzz_input in)
{
    const uint8_t *datagram = fuzz_exact(in.data, in.len);
    husk_coap_message message;
    husk_status status = husk_coap_decode(datagram, in.len, &message);
    if (status == HUSK_ERR_UNSUPPORTED) {
        FUZZ_CHECK(in.len > 0 && in.data[0] >> 6 != 1);
        fuzz_reached(OTHER_VERSION);
        return;
    }
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_FORMAT);
        fuzz_reached(MALFORMED);
        return;
    }
    check_message(&message, datagram, in.len);
    bool request = husk_coap_code_is_request(message.code);
    fuzz_reached(message.code == HUSK_COAP_EMPTY ? EMPTY : request ? REQUEST : RESPONSE);
    if (message.payload.len > 0) {
        fuzz_reached(PAYLOAD);
    }
}
