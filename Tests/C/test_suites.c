/* Every cipher suite from message_1 to a protected answer, its sizes on the wire, and what depends on the suite: the
 * longest identifier, and which public keys are refused. */
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define MESSAGE_CAP 96

static const husk_suite *const suites[] = {
    &husk_suite_0, &husk_suite_1, &husk_suite_2, &husk_suite_3, &husk_suite_4, &husk_suite_5,
};

/* Suite 4, but for an application AEAD with a longer nonce: a peer that has not heard of the limit. */
static husk_suite careless(void)
{
    husk_suite suite = husk_suite_4;
    suite.app_aead = &husk_aead_aes_ccm_16_64_128;
    return suite;
}

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const husk_psk psk = {
    .key = {key, 16}, .kid = {kid, 1}, .cred_i = {cred_i, sizeof cred_i}, .cred_r = {cred_r, sizeof cred_r},
};

static test_rng rng;
static uint8_t buffer[MESSAGE_CAP];
static size_t len;

static husk_edhoc_config config_with(const husk_suite *const *list, size_t count)
{
    return (husk_edhoc_config){.suites = list, .suite_count = count, .random = {test_random_fill, &rng}};
}

/* Different for each `first`. */
static husk_id id_of(uint8_t first, size_t id_len)
{
    husk_id id = {(uint8_t)id_len, {first, 2, 3, 4, 5, 6, 7}};
    return id;
}

static void handshake(const husk_suite *const *suite, size_t id_len, husk_oscore_context *client,
                      husk_oscore_context *server)
{
    static husk_edhoc i, r;
    husk_edhoc_config config = config_with(suite, 1);
    husk_id c_i = id_of(0x81, id_len), c_r = id_of(0x82, id_len);
    uint8_t found[HUSK_KID_MAX_BYTES];
    size_t found_len, tag = (*suite)->edhoc_aead->tag_bytes;
    husk_bytes ead;
    CHECK_OK(husk_edhoc_initiator_init(&i, &config, 0, &c_i));
    CHECK_OK(husk_edhoc_responder_init(&r, &config));
    CHECK_OK(husk_edhoc_message_1_compose(&i, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_INT(len, 2 + 34 + 1 + id_len);
    CHECK_OK(husk_edhoc_message_1_process(&r, buffer, len, NULL));
    CHECK_OK(husk_edhoc_message_2_compose(&r, &c_r, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_INT(len, 2 + 32 + 1 + id_len);
    CHECK_OK(husk_edhoc_message_2_process(&i, buffer, len, &ead));
    CHECK_OK(husk_edhoc_message_3_compose(&i, &psk, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_INT(len, 1 + 1 + 1 + tag);
    CHECK_OK(husk_edhoc_message_3_identify(&r, buffer, len, found, sizeof found, &found_len));
    CHECK_OK(husk_edhoc_message_3_process(&r, &psk, buffer, len, NULL));
    CHECK_OK(husk_edhoc_message_4_compose(&r, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_INT(len, 1 + tag);
    CHECK_OK(husk_edhoc_message_4_process(&i, buffer, len, &ead));
    CHECK_OK(husk_edhoc_oscore_context(&i, client));
    CHECK_OK(husk_edhoc_oscore_context(&r, server));
}

static void request_and_answer(husk_oscore_context *client, husk_oscore_context *server)
{
    static const uint8_t reading[] = "21.5";
    husk_oscore_exchange asked, heard;
    husk_coap_message message = {.code = HUSK_COAP_POST, .payload = bytes(reading, 4)}, inner;
    memset(&asked, 0, sizeof asked);
    memset(&heard, 0, sizeof heard);
    CHECK_OK(husk_oscore_request_protect(client, &asked, &message, buffer, sizeof buffer, &len));
    CHECK_INT(len, 4 + 1 + 2 + client->sender_id.len + 1 + 1 + 1 + 4 + client->aead->tag_bytes);
    CHECK_OK(husk_oscore_request_unprotect(server, &heard, buffer, len, &inner));
    CHECK_INT(inner.payload.len, 4);
    CHECK_MEM(inner.payload.data, reading, 4);
    message.code = HUSK_COAP_CHANGED;
    CHECK_OK(husk_oscore_response_protect(server, &heard, false, &message, buffer, sizeof buffer, &len));
    CHECK_OK(husk_oscore_response_unprotect(client, &asked, buffer, len, &inner));
    CHECK_INT(inner.code, HUSK_COAP_CHANGED);
}

static void from_message_1_to_an_answer(void)
{
    static husk_oscore_context client, server;
    rng.state = 20;
    for (size_t s = 0; s < COUNT(suites); s++) {
        CHECK_INT(suites[s]->id, s);
        size_t longest = (size_t)suites[s]->app_aead->nonce_bytes - 6;
        handshake(&suites[s], longest, &client, &server);
        request_and_answer(&client, &server);
    }
}

static void identifiers_too_long(void)
{
    const husk_suite unaware = careless();
    const husk_suite *const theirs[] = {&unaware};
    const husk_suite *const ours[] = {&husk_suite_0, &husk_suite_4};
    husk_edhoc_config their_config = config_with(theirs, 1), our_config = config_with(ours, 2);
    husk_id c_i = id_of(0x81, 7), c_r = id_of(0x82, 7), short_id = id_of(0x83, 6);
    static husk_edhoc i, r;
    husk_bytes ead;
    rng.state = 21;
    CHECK_OK(husk_edhoc_initiator_init(&i, &our_config, 0, &c_i));
    CHECK_INT(husk_edhoc_initiator_init(&i, &our_config, 1, &c_i), HUSK_ERR_ARGUMENT);

    /* C_I from the careless peer */
    husk_edhoc_config only_4 = config_with(ours + 1, 1);
    CHECK_OK(husk_edhoc_initiator_init(&i, &their_config, 0, &c_i));
    CHECK_OK(husk_edhoc_message_1_compose(&i, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_OK(husk_edhoc_responder_init(&r, &only_4));
    CHECK_INT(husk_edhoc_message_1_process(&r, buffer, len, NULL), HUSK_ERR_UNSUPPORTED);

    /* our own C_R, and one from the careless peer */
    CHECK_OK(husk_edhoc_initiator_init(&i, &only_4, 0, &short_id));
    CHECK_OK(husk_edhoc_message_1_compose(&i, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_OK(husk_edhoc_message_1_process(&r, buffer, len, NULL));
    size_t message_1_len = len;
    static uint8_t message_1[MESSAGE_CAP];
    memcpy(message_1, buffer, len);
    CHECK_INT(husk_edhoc_message_2_compose(&r, &c_r, NO_BYTES, buffer, sizeof buffer, &len), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_edhoc_responder_init(&r, &their_config));
    CHECK_OK(husk_edhoc_message_1_process(&r, message_1, message_1_len, NULL));
    CHECK_OK(husk_edhoc_message_2_compose(&r, &c_r, NO_BYTES, buffer, sizeof buffer, &len));
    CHECK_INT(husk_edhoc_message_2_process(&i, buffer, len, &ead), HUSK_ERR_UNSUPPORTED);
}

/* RFC 9529 sections 4.2.2 to 4.2.4, with method 4: G_X not below p, not on the curve, of low order. */
static void public_keys_refused(void)
{
    static const struct {
        const husk_suite *suite;
        const char *message_1;
    } bad[] = {
        {&husk_suite_2, "04025820ffffffff00000001000000000000000000000000ffffffffffffffffffffffff0e"},
        {&husk_suite_2, "04025820a04e73601df544a70ba7ea1e57030f7d4b4eb7f673924e58d54ca77a5e7d4d4a0e"},
        {&husk_suite_0, "04005820edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f0e"},
    };
    static husk_edhoc r;
    husk_id c_r = id_of(0x82, 1);
    rng.state = 22;
    for (size_t i = 0; i < COUNT(bad); i++) {
        husk_edhoc_config config = config_with(&bad[i].suite, 1);
        len = unhex(bad[i].message_1, buffer, sizeof buffer);
        CHECK_OK(husk_edhoc_responder_init(&r, &config));
        CHECK_OK(husk_edhoc_message_1_process(&r, buffer, len, NULL));
        CHECK_INT(husk_edhoc_message_2_compose(&r, &c_r, NO_BYTES, buffer, sizeof buffer, &len), HUSK_ERR_PUBLIC_KEY);
    }
}

void suite_suites(void)
{
    RUN(from_message_1_to_an_answer);
    RUN(identifiers_too_long);
    RUN(public_keys_refused);
}
