/* EDHOC with static Diffie-Hellman keys (method 3): RFC 9529 chapter 3 byte by byte in both roles, the invalid messages of
 * its chapter 4, and what bad messages do to a session: nothing. */
#include "test.h"
#include "toy_suite.h"

#define CAP 160

/* RFC 9529 section 3. */
#define MESSAGE_1_FIRST "03065820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e"
#define ERROR "0202"
#define X "368ec1f69aeb659ba37d5a8d45b21bdc0299dceaa8ef235f3ca42ce3530f9525"
#define Y "e2f4126777205e853b437d6eaca1e1f753cdcc3e2c69fa884b0a1a640977e418"
#define SK_I "fb13adeb6518cee5f88417660841142e830a81fe334380a953406a1305e8706b"
#define SK_R "72cc4761dbd4c78f758931aa589d348d1ef874a7e303ede2f140dcf3e6aa4aac"
#define G_I "ac75e9ece3e50bfc8ed60399889522405c47bf16df96660a41298cb4307f7eb6"
#define G_R "bbc34960526ea4d32e940cad2a234148ddc21791a12afbcbac93622046dd44f0"
#define CRED_I                                                                                            \
    "a2027734322d35302d33312d46462d45462d33372d33322d333908a101a5010202412b2001215820ac75e9ece3e50bfc8ed6" \
    "0399889522405c47bf16df96660a41298cb4307f7eb62258206e5de611388a4b8a8211334ac7d37ecb52a387d257e6db3c2a" \
    "93df21ff3affc8"
#define CRED_R                                                                                            \
    "a2026b6578616d706c652e65647508a101a501020241322001215820bbc34960526ea4d32e940cad2a234148ddc21791a12a" \
    "fbcbac93622046dd44f02258204519e257236b2a0ce2023f0931f1f386ca7afda64fcde0108c224c51eabf6072"
#define MESSAGE_1 "0382060258208af6f430ebe18d34184017a9a11bf511c8dff8f834730b96c1b7c8dbca2fc3b637"
#define H_MESSAGE_1 "ca02cabda5a8902749b42f711050bb4dbd52153e87527594b39f50cdf019888c"
#define PRK_3E2M "0ca3d3398296b3c03900987620c11f6fce70781c1d1219720f9ec08c122d8434"
#define MESSAGE_2 "582b419701d7f00a26c2dc587a36dd752549f33763c893422c8ea0f955a13a4ff5d59862a1eef9e0e7e1886fcd"
#define TH_3 "adaf67a78a4bcc91e018f8882762a722000b2507039df0bc1bbf0c161bb3155c"
#define PLAINTEXT_3 "2b48623c91df41e34c2f"
#define MESSAGE_3 "52e562097bc417dd5919485ac7891ffd90a9fc"
#define TH_4 "c902b1e3a4326c93c5551f5f3aa6c5ecc0246806765612e52b5d99e6059d6b6e"
#define K_4 "d3c77872b6eeb508911bdbd308b2e6a0"
#define IV_4 "04ff0f44456e96e217853c3601"
#define MESSAGE_4 "4828c966b7ca304f83"
#define PRK_EXPORTER "e14d06699cee248c5a04bf9227bbcd4ce394de7dcb56db43555474171e6446db"
#define OSCORE_MASTER_SECRET "f9868f6a3aca78a05d1485b35030b162"
#define OSCORE_MASTER_SALT "ada24c7dbfc85eeb"

/* Suite 6 is only offered in these traces, never selected: its number is all that is needed. */
static const husk_suite suite_6 = {.id = 6};
static const husk_suite *const initiator_suites[] = {&suite_6, &husk_suite_2};
static const husk_suite *const responder_suites[] = {&husk_suite_2};

typedef struct party {
    uint8_t kid[1];
    uint8_t cred[112];
    uint8_t public_key[32];
    uint8_t private_key[32];
    husk_static_credential own;
    husk_static_credential seen; /* as the other side knows it */
} party;

static void load(party *p, const char *kid, const char *cred, const char *public_key, const char *private_key)
{
    unhex(kid, p->kid, sizeof p->kid);
    size_t cred_len = unhex(cred, p->cred, sizeof p->cred);
    unhex(public_key, p->public_key, sizeof p->public_key);
    unhex(private_key, p->private_key, sizeof p->private_key);
    p->seen = (husk_static_credential){
        .kid = {p->kid, sizeof p->kid},
        .cred = {p->cred, cred_len},
        .public_key = p->public_key,
    };
    p->own = p->seen;
    p->own.public_key = NULL;
    p->own.private_key = p->private_key;
}

static husk_status vector_random(void *context, uint8_t *out, size_t len)
{
    unhex(context, out, len);
    return HUSK_OK;
}

static char x_hex[] = X;
static char y_hex[] = Y;

static husk_edhoc_config responder_config(void)
{
    return (husk_edhoc_config){
        .suites = responder_suites,
        .suite_count = 1,
        .random = {vector_random, y_hex},
        .methods = 1 << HUSK_EDHOC_METHOD_STATIC,
    };
}

static void check_outputs(const husk_edhoc *session)
{
    uint8_t out[16];
    CHECK_INT(session->phase, HUSK_EDHOC_DONE);
    CHECK_HEX(session->state.keyed.prk_exporter, 32, PRK_EXPORTER);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_OSCORE_SECRET, NO_BYTES, out, 16));
    CHECK_HEX(out, 16, OSCORE_MASTER_SECRET);
    CHECK_OK(husk_edhoc_export(session, HUSK_EDHOC_EXPORT_OSCORE_SALT, NO_BYTES, out, 8));
    CHECK_HEX(out, 8, OSCORE_MASTER_SALT);
}

static void initiator_reproduces_rfc_9529(void)
{
    party i;
    party r;
    load(&i, "2b", CRED_I, G_I, SK_I);
    load(&r, "32", CRED_R, G_R, SK_R);
    husk_edhoc_config config = {.suites = initiator_suites, .suite_count = 2, .random = {vector_random, x_hex}};
    const husk_id c_i = {1, {0x37}};
    husk_edhoc session;
    uint8_t out[CAP];
    size_t len;
    husk_edhoc_error error;
    size_t suite_index;
    HEX(refusal, ERROR);
    CHECK_OK(husk_edhoc_error_read(refusal, refusal_len, &error));
    CHECK_OK(husk_edhoc_suite_select(&config, error.suites, &suite_index));
    CHECK_OK(husk_edhoc_static_initiator_init(&session, &config, suite_index, &c_i));
    CHECK_OK(husk_edhoc_message_1_compose(&session, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_1);
    CHECK_HEX(session.state.wait_2.h_message_1, 32, H_MESSAGE_1);

    HEX(message_2, MESSAGE_2);
    const husk_static_credential peers[2] = {i.seen, r.seen};
    size_t peer_index;
    CHECK_OK(husk_edhoc_static_message_2_process(&session, peers, 2, message_2, message_2_len, &peer_index, NULL));
    CHECK_INT(peer_index, 1);
    CHECK_HEX(session.state.exchanged.prk_3e2m, 32, PRK_3E2M);
    CHECK_HEX(session.state.exchanged.th_3, 32, TH_3);
    CHECK_OK(husk_edhoc_static_message_3_compose(&session, &i.own, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_3);
    CHECK_HEX(session.state.keyed.th_4, 32, TH_4);
    CHECK_HEX(session.state.keyed.k_4, 16, K_4);
    CHECK_HEX(session.state.keyed.iv_4, 13, IV_4);
    HEX(message_4, MESSAGE_4);
    CHECK_OK(husk_edhoc_message_4_process(&session, message_4, message_4_len, NULL));
    check_outputs(&session);
}

static void responder_reproduces_rfc_9529(void)
{
    party i;
    party r;
    load(&i, "2b", CRED_I, G_I, SK_I);
    load(&r, "32", CRED_R, G_R, SK_R);
    husk_edhoc_config config = responder_config();
    const husk_id c_r = {1, {0x27}};
    husk_edhoc session;
    uint8_t out[CAP];
    size_t len;
    CHECK_OK(husk_edhoc_responder_init(&session, &config));
    HEX(first, MESSAGE_1_FIRST);
    CHECK_INT(husk_edhoc_message_1_process(&session, first, first_len, NULL), HUSK_ERR_SUITE);
    CHECK_OK(husk_edhoc_error_compose(&config, HUSK_ERR_SUITE, out, sizeof out, &len));
    CHECK_HEX(out, len, ERROR);

    HEX(message_1, MESSAGE_1);
    CHECK_OK(husk_edhoc_message_1_process(&session, message_1, message_1_len, NULL));
    CHECK_INT(session.method, HUSK_EDHOC_METHOD_STATIC);
    CHECK_OK(husk_edhoc_static_message_2_compose(&session, &r.own, &c_r, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_2);
    CHECK_HEX(session.state.exchanged.prk_3e2m, 32, PRK_3E2M);
    CHECK_HEX(session.state.exchanged.th_3, 32, TH_3);
    HEX(message_3, MESSAGE_3);
    husk_bytes plaintext_3;
    husk_bytes kid;
    CHECK_OK(husk_edhoc_static_message_3_open(&session, message_3, message_3_len, &plaintext_3, &kid));
    CHECK_HEX(plaintext_3.data, plaintext_3.len, PLAINTEXT_3);
    CHECK_HEX(kid.data, kid.len, "2b");
    CHECK_OK(husk_edhoc_static_message_3_process(&session, &i.seen, plaintext_3, NULL));
    CHECK_HEX(session.state.keyed.th_4, 32, TH_4);
    CHECK_OK(husk_edhoc_message_4_compose(&session, NO_BYTES, out, sizeof out, &len));
    CHECK_HEX(out, len, MESSAGE_4);
    check_outputs(&session);
}

/* RFC 9529 chapter 4: messages that must or may be rejected; here all of them are. */
static void invalid_traces_of_rfc_9529(void)
{
    const struct {
        const char *message_1;
        husk_status status;
    } cases[] = {
        {"8403025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e", HUSK_ERR_FORMAT},
        {"03025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa9410e", HUSK_ERR_FORMAT},
        {"0381025820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e", HUSK_ERR_FORMAT},
        {"030278202061697220737065656420"
         "6F6620616E20756E6C6164656E207377616C6C6F77200e", HUSK_ERR_FORMAT},
        {"030282021818" "5820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e", HUSK_ERR_FORMAT},
        {"0302581fd9697725d23a688b12d1c7e0108a08c9f71a85a09c20814976ab21122248fc0e", HUSK_ERR_FORMAT},
        {"19000302" "5820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e", HUSK_ERR_FORMAT},
        {"039F0602FF5820741a13d7ba048fbb615e94386aa3b61bea5b3d8f65f32620b749bee8d278efa90e", HUSK_ERR_FORMAT},
    };
    husk_edhoc_config config = responder_config();
    for (size_t n = 0; n < sizeof cases / sizeof cases[0]; n++) {
        husk_edhoc session;
        uint8_t message[64];
        CHECK_OK(husk_edhoc_responder_init(&session, &config));
        size_t len = unhex(cases[n].message_1, message, sizeof message);
        CHECK_INT(husk_edhoc_message_1_process(&session, message, len, NULL), cases[n].status);
    }

    /* x >= p, and x of no point on the curve: found when the key is used. */
    const char *const bad_points[] = {
        "03025820ffffffff00000001000000000000000000000000ffffffffffffffffffffffff0e",
        "03025820a04e73601df544a70ba7ea1e57030f7d4b4eb7f673924e58d54ca77a5e7d4d4a0e",
    };
    party r;
    load(&r, "32", CRED_R, G_R, SK_R);
    for (size_t n = 0; n < 2; n++) {
        husk_edhoc session;
        uint8_t message[64];
        uint8_t out[CAP];
        const husk_id c_r = {1, {0x27}};
        CHECK_OK(husk_edhoc_responder_init(&session, &config));
        size_t len = unhex(bad_points[n], message, sizeof message);
        CHECK_OK(husk_edhoc_message_1_process(&session, message, len, NULL));
        CHECK_INT(husk_edhoc_static_message_2_compose(&session, &r.own, &c_r, NO_BYTES, out, sizeof out, &len),
                  HUSK_ERR_PUBLIC_KEY);
    }
}

/* ---- Properties, over a Diffie-Hellman that costs nothing ---- */

static const husk_suite toy_static = {
    .id = 2,
    .edhoc_aead = &husk_aead_aes_ccm_16_64_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
    .mac_bytes = 8,
};
static const husk_suite *const toy_suites[] = {&toy_static};

static test_rng rng;
static husk_edhoc_config config;
static husk_edhoc initiator;
static husk_edhoc responder;
static party party_i;
static party party_r;
static uint8_t message[5][CAP];
static size_t message_len[5];
static const husk_id c_i = {1, {0x00}};
static const husk_id c_r = {1, {0x01}};

static void begin(void)
{
    rng.state = 5;
    config = (husk_edhoc_config){
        .suites = toy_suites,
        .suite_count = 1,
        .random = {test_random_fill, &rng},
        .methods = 1 << HUSK_EDHOC_METHOD_STATIC,
    };
    load(&party_i, "2b", CRED_I, SK_I, SK_I); /* toy keys: public is private */
    load(&party_r, "32", CRED_R, SK_R, SK_R);
    CHECK_OK(husk_edhoc_static_initiator_init(&initiator, &config, 0, &c_i));
    CHECK_OK(husk_edhoc_responder_init(&responder, &config));
}

static husk_status compose(int number)
{
    uint8_t *out = message[number];
    size_t *len = &message_len[number];
    switch (number) {
    case 1:
        return husk_edhoc_message_1_compose(&initiator, NO_BYTES, out, CAP, len);
    case 2:
        return husk_edhoc_static_message_2_compose(&responder, &party_r.own, &c_r, NO_BYTES, out, CAP, len);
    case 3:
        return husk_edhoc_static_message_3_compose(&initiator, &party_i.own, NO_BYTES, out, CAP, len);
    default:
        return husk_edhoc_message_4_compose(&responder, NO_BYTES, out, CAP, len);
    }
}

static husk_status process_bytes(int number, const uint8_t *data, size_t len)
{
    uint8_t copy[CAP];
    if (len > 0) {
        memcpy(copy, data, len);
    }
    husk_bytes plaintext_3;
    husk_bytes kid;
    switch (number) {
    case 1:
        return husk_edhoc_message_1_process(&responder, copy, len, NULL);
    case 2:
        return husk_edhoc_static_message_2_process(&initiator, &party_r.seen, 1, copy, len, NULL, NULL);
    case 3: {
        husk_status status = husk_edhoc_static_message_3_open(&responder, copy, len, &plaintext_3, &kid);
        return status != HUSK_OK
                   ? status
                   : husk_edhoc_static_message_3_process(&responder, &party_i.seen, plaintext_3, NULL);
    }
    default:
        return husk_edhoc_message_4_process(&initiator, copy, len, NULL);
    }
}

static husk_status process(int number)
{
    return process_bytes(number, message[number], message_len[number]);
}

static void run_to(int last)
{
    for (int number = 1; number <= last; number++) {
        CHECK_OK(compose(number));
        CHECK_OK(process(number));
    }
}

static void check_agreement(void)
{
    uint8_t a[32];
    uint8_t b[32];
    CHECK_OK(husk_edhoc_export(&initiator, 9, NO_BYTES, a, sizeof a));
    CHECK_OK(husk_edhoc_export(&responder, 9, NO_BYTES, b, sizeof b));
    CHECK_MEM(a, b, sizeof a);
}

static void peers_agree(void)
{
    begin();
    run_to(4);
    check_agreement();
}

/* Any flipped bit of messages 2, 3 and 4 is noticed at once by its receiver, whose session stays as it was. */
static void flipped_bits_and_truncation(void)
{
    begin();
    run_to(1);
    for (int number = 2; number <= 4; number++) {
        CHECK_OK(compose(number));
        husk_edhoc *receiver = number == 3 ? &responder : &initiator;
        const husk_edhoc before = *receiver;
        for (size_t bit = 0; bit < 8 * message_len[number]; bit++) {
            uint8_t bad[CAP];
            memcpy(bad, message[number], message_len[number]);
            bad[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            husk_status status = process_bytes(number, bad, message_len[number]);
            CHECK(status != HUSK_OK && status < HUSK_ERR_STATE);
            CHECK_MEM(receiver, &before, sizeof before);
        }
        for (size_t len = 0; len < message_len[number]; len++) {
            CHECK_INT(process_bytes(number, message[number], len), HUSK_ERR_FORMAT);
            CHECK_MEM(receiver, &before, sizeof before);
        }
        CHECK_OK(process(number));
    }
    check_agreement();
}

static void strangers_and_impostors(void)
{
    begin();
    run_to(1);
    CHECK_OK(compose(2));
    const husk_edhoc before_i = initiator;
    party_r.kid[0] = 0x33; /* a responder nobody told us about */
    CHECK_INT(process(2), HUSK_ERR_CREDENTIAL);
    party_r.kid[0] = 0x32;
    party_r.public_key[0] ^= 1; /* not the key behind the MAC */
    CHECK_INT(process(2), HUSK_ERR_AUTHENTICATION);
    party_r.public_key[0] ^= 1;
    party_r.cred[4] ^= 1;
    CHECK_INT(process(2), HUSK_ERR_AUTHENTICATION);
    party_r.cred[4] ^= 1;
    CHECK_MEM(&initiator, &before_i, sizeof before_i);
    CHECK_OK(process(2));

    CHECK_OK(compose(3));
    const husk_edhoc before_r = responder;
    party_i.kid[0] ^= 1;
    CHECK_INT(process(3), HUSK_ERR_CREDENTIAL);
    party_i.kid[0] ^= 1;
    party_i.public_key[5] ^= 1;
    CHECK_INT(process(3), HUSK_ERR_AUTHENTICATION);
    party_i.public_key[5] ^= 1;
    CHECK_MEM(&responder, &before_r, sizeof before_r);
    CHECK_OK(process(3));
    CHECK_OK(compose(4));
    CHECK_OK(process(4));
    check_agreement();
}

/* A session of one method does not take the steps of the other, and a responder accepts only the methods it was told. */
static void methods_do_not_mix(void)
{
    uint8_t out[CAP];
    size_t len;
    uint8_t kid[4];
    static const uint8_t key[16] = {1};
    const husk_psk psk = {
        .key = {key, sizeof key},
        .kid = {key, 1},
        .cred_i = {party_i.cred, 8},
        .cred_r = {party_r.cred, 8},
    };
    begin();
    config.methods = 0;
    CHECK_OK(compose(1));
    CHECK_INT(process(1), HUSK_ERR_METHOD);
    config.methods = 1 << HUSK_EDHOC_METHOD_STATIC | 1 << HUSK_EDHOC_METHOD_PSK;
    CHECK_OK(process(1));
    CHECK_INT(husk_edhoc_message_2_compose(&responder, &c_r, NO_BYTES, out, sizeof out, &len), HUSK_ERR_STATE);
    CHECK_OK(compose(2));
    CHECK_INT(husk_edhoc_message_2_process(&initiator, message[2], message_len[2], NULL), HUSK_ERR_STATE);
    CHECK_OK(process(2));
    CHECK_INT(husk_edhoc_message_3_compose(&initiator, &psk, NO_BYTES, out, sizeof out, &len), HUSK_ERR_STATE);
    CHECK_OK(compose(3));
    CHECK_INT(husk_edhoc_message_3_identify(&responder, message[3], message_len[3], kid, sizeof kid, &len),
              HUSK_ERR_STATE);
    CHECK_INT(husk_edhoc_message_3_process(&responder, &psk, message[3], message_len[3], NULL), HUSK_ERR_STATE);
    CHECK_OK(process(3));

    CHECK_OK(husk_edhoc_initiator_init(&initiator, &config, 0, &c_i));
    CHECK_OK(husk_edhoc_responder_init(&responder, &config));
    CHECK_OK(compose(1));
    CHECK_OK(process(1));
    CHECK_INT(responder.method, HUSK_EDHOC_METHOD_PSK);
    CHECK_INT(compose(2), HUSK_ERR_STATE);
}

static void short_buffers_and_missing_keys(void)
{
    begin();
    run_to(1);
    for (int number = 2; number <= 3; number++) {
        const husk_edhoc before_i = initiator;
        const husk_edhoc before_r = responder;
        CHECK_OK(compose(number));
        size_t needed = message_len[number];
        initiator = before_i;
        responder = before_r;
        uint8_t out[CAP];
        size_t len;
        for (size_t cap = 0; cap < needed; cap++) {
            husk_status status =
                number == 2 ? husk_edhoc_static_message_2_compose(&responder, &party_r.own, &c_r, NO_BYTES, out, cap, &len)
                            : husk_edhoc_static_message_3_compose(&initiator, &party_i.own, NO_BYTES, out, cap, &len);
            CHECK_INT(status, HUSK_ERR_BUFFER);
        }
        husk_static_credential keyless = party_i.seen;
        CHECK_INT(number == 2
                      ? husk_edhoc_static_message_2_compose(&responder, &keyless, &c_r, NO_BYTES, out, CAP, &len)
                      : husk_edhoc_static_message_3_compose(&initiator, &keyless, NO_BYTES, out, CAP, &len),
                  HUSK_ERR_ARGUMENT);
        CHECK_OK(compose(number));
        CHECK_OK(process(number));
    }
}

void suite_edhoc_static(void)
{
    RUN(initiator_reproduces_rfc_9529);
    RUN(responder_reproduces_rfc_9529);
    RUN(invalid_traces_of_rfc_9529);
    RUN(peers_agree);
    RUN(flipped_bits_and_truncation);
    RUN(strangers_and_impostors);
    RUN(methods_do_not_mix);
    RUN(short_buffers_and_missing_keys);
}
