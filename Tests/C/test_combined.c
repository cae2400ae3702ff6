/* The EDHOC + OSCORE request against the example of RFC 9668 section 3.4, and malformed ones. */
#include "test.h"

/* RFC 9668 figure 4, and the same request before message_3 was put in. */
#define COMBINED                                                    \
    "44025d1f00003974" "93090001" "c0" "ff"                         \
    "52d5535f3147e85f1cfacd9e78abf9e0a81bbf" "612f1092f1776f1c1668b3825e"
#define OSCORE_REQUEST "44025d1f00003974" "93090001" "c0" "ff" "612f1092f1776f1c1668b3825e"
#define MESSAGE_3 "52d5535f3147e85f1cfacd9e78abf9e0a81bbf"

static void example_of_rfc_9668(void)
{
    uint8_t datagram[64];
    uint8_t taken[32];
    size_t taken_len;
    HEX(message_3, MESSAGE_3);
    size_t len = unhex(OSCORE_REQUEST, datagram, sizeof datagram);
    size_t needed = len + message_3_len;
    CHECK_INT(husk_edhoc_combined_insert(bytes(message_3, message_3_len), datagram, &len, needed - 1),
              HUSK_ERR_BUFFER);
    CHECK_HEX(datagram, len, OSCORE_REQUEST);
    CHECK_OK(husk_edhoc_combined_insert(bytes(message_3, message_3_len), datagram, &len, needed));
    CHECK_HEX(datagram, len, COMBINED);

    CHECK_INT(husk_edhoc_combined_split(datagram, &len, taken, message_3_len - 1, &taken_len), HUSK_ERR_BUFFER);
    CHECK_HEX(datagram, len, COMBINED);
    CHECK_OK(husk_edhoc_combined_split(datagram, &len, taken, message_3_len, &taken_len));
    CHECK_HEX(taken, taken_len, MESSAGE_3);
    CHECK_HEX(datagram, len, OSCORE_REQUEST);
}

/* The EDHOC option comes out of protection unencrypted (class U), after the OSCORE option. */
static void edhoc_option_stays_outside(void)
{
    static const uint8_t secret[16] = {7};
    const husk_oscore_parameters parameters = {
        .aead = &husk_aead_aes_ccm_16_64_128,
        .hash = &husk_hash_sha256,
        .master_secret = {secret, sizeof secret},
        .sender_id = {1, {0x01}},
        .recipient_id = {1, {0x02}},
    };
    husk_oscore_context context;
    husk_oscore_exchange exchange = {0};
    uint8_t options[8];
    uint8_t out[64];
    size_t len;
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_option(&w, HUSK_COAP_URI_PATH, (const uint8_t *)"t", 1);
    husk_coap_write_option(&w, HUSK_COAP_EDHOC, NULL, 0);
    const husk_coap_message plain = {.code = HUSK_COAP_GET, .options = {options, w.len}};
    CHECK_OK(husk_oscore_context_init(&context, &parameters));
    CHECK_OK(husk_oscore_request_protect(&context, &exchange, &plain, out, sizeof out, &len));
    husk_coap_message outer;
    CHECK_OK(husk_coap_decode(out, len, &outer));
    CHECK_HEX(outer.options.data, outer.options.len, "93090001c0");
}

static void malformed_combined_requests(void)
{
    const char *const cases[] = {
        "44025d1f00003974" "93090001" "ff" "52d5535f3147e85f1cfacd9e78abf9e0a81bbf612f", /* no EDHOC option */
        "44025d1f00003974" "d008" "ff" "4161",                                           /* no OSCORE option */
        "44025d1f00003974" "93090001" "c0",                                              /* no payload */
        "44025d1f00003974" "93090001" "c0" "ff" "52d553",                                /* byte string cut off */
        "44025d1f00003974" "93090001" "c0" "ff" "4161",                                  /* nothing after it */
        "44025d1f00003974" "93090001" "c0" "ff" "616161",                                /* a text string */
        "44025d1f00003974" "93090001" "c0" "ff" "5bffffffffffffffff00",                  /* absurd length */
        "84025d1f",                                                                      /* not CoAP */
    };
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        uint8_t datagram[64];
        uint8_t taken[32];
        size_t taken_len;
        size_t len = unhex(cases[n], datagram, sizeof datagram);
        CHECK_INT(husk_edhoc_combined_split(datagram, &len, taken, sizeof taken, &taken_len), HUSK_ERR_FORMAT);
        CHECK_HEX(datagram, len, cases[n]);
    }
}

void suite_combined(void)
{
    RUN(example_of_rfc_9668);
    RUN(edhoc_option_stays_outside);
    RUN(malformed_combined_requests);
}
