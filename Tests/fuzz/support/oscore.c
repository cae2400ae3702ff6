/* OSCORE contexts and messages for fuzz targets: see oscore.h. */
#include "oscore.h"

void fuzz_oscore_derive(husk_oscore_context *context, unsigned which, bool server)
{
    static const uint8_t secret[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    static const uint8_t salt[] = {0x9e, 0x7c, 0xa9, 0x22, 0x23, 0x78, 0x63, 0x40};
    static const uint8_t id_context[] = {0x37, 0xcb, 0xf3, 0x21, 0x00, 0x17, 0xa2, 0xd3};
    const husk_id client_id = {which % 3 == 1 ? 1 : 0, {0}};
    const husk_id server_id = {1, {1}};
    const husk_oscore_parameters parameters = {
        .aead = &fuzz_aead_8,
        .hash = &husk_hash_sha256,
        .master_secret = {secret, sizeof secret},
        .master_salt = {salt, which % 3 == 1 ? 0 : sizeof salt},
        .has_id_context = which % 3 == 2,
        .id_context = {id_context, which % 3 == 2 ? sizeof id_context : 0},
        .sender_id = server ? server_id : client_id,
        .recipient_id = server ? client_id : server_id,
    };
    memset(context, 0, sizeof *context);
    FUZZ_OK(husk_oscore_context_init(context, &parameters));
}

fuzz_datagram fuzz_oscore_vouch(uint8_t code, husk_bytes option, husk_bytes plaintext)
{
    static const uint8_t token[] = {0x00, 0x00, 0x39, 0x74};
    static uint8_t out[FUZZ_DATAGRAM_MAX];
    static uint8_t payload[FUZZ_DATAGRAM_MAX];
    husk_coap_writer w;
    size_t len;
    FUZZ_CHECK(plaintext.len + 64 < FUZZ_DATAGRAM_MAX);
    memset(payload, 0, plaintext.len + fuzz_aead_8.tag_bytes);
    if (plaintext.len > 0) {
        memcpy(payload, plaintext.data, plaintext.len);
    }
    fuzz_conceal(payload, plaintext.len);
    uint8_t type = code < HUSK_COAP_CODE(2, 0) ? HUSK_COAP_CON : HUSK_COAP_ACK;
    husk_coap_writer_init(&w, out, sizeof out, type, code, 0x5d1f, (husk_bytes){token, sizeof token});
    husk_coap_write_option(&w, HUSK_COAP_OSCORE, option.data, option.len);
    husk_coap_write_payload(&w, payload, plaintext.len + fuzz_aead_8.tag_bytes);
    FUZZ_OK(husk_coap_writer_finish(&w, &len));
    return (fuzz_datagram){fuzz_exact(out, len), len};
}

static bool is_class_u(uint32_t number)
{
    return number == HUSK_COAP_URI_HOST || number == HUSK_COAP_URI_PORT || number == HUSK_COAP_HOP_LIMIT ||
           number == HUSK_COAP_EDHOC || number == HUSK_COAP_PROXY_SCHEME;
}

void fuzz_oscore_check_same(const husk_coap_message *plain, const husk_coap_message *inner)
{
    FUZZ_CHECK(inner->type == plain->type && inner->message_id == plain->message_id && inner->code == plain->code);
    FUZZ_CHECK(fuzz_same(inner->token, plain->token) && fuzz_same(inner->payload, plain->payload));
    husk_bytes value;
    if (husk_coap_option_find(plain->options, HUSK_COAP_OBSERVE, &value)) {
        return;
    }
    static uint8_t expected[FUZZ_DATAGRAM_MAX];
    husk_coap_writer w;
    husk_coap_options walk;
    uint32_t number;
    husk_coap_writer_init_options(&w, expected, sizeof expected);
    husk_coap_options_init(&walk, plain->options);
    while (husk_coap_option_next(&walk, &number, &value)) {
        if (!is_class_u(number)) {
            husk_coap_write_option(&w, number, value.data, value.len);
        }
    }
    FUZZ_CHECK(fuzz_same(inner->options, (husk_bytes){expected, w.len}));
}

void fuzz_oscore_check_unchanged(const husk_oscore_context *context, const husk_oscore_context *before,
                                 husk_status status)
{
    husk_oscore_context now = *context;
    if (status == HUSK_ERR_AUTHENTICATION) {
        FUZZ_CHECK(now.count_v - before->count_v <= 1); /* 0 if it was tried under another context only */
        now.count_v = before->count_v;
    }
    if (fuzz_aead_opened() > 0) {
        now.window_top = before->window_top;
        now.window_bits = before->window_bits;
    }
    FUZZ_CHECK(memcmp(&now, before, sizeof now) == 0);
}
