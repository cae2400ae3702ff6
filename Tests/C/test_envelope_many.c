/* Envelopes to several recipients: an example of the COSE working group, one computed independently, then what must hold
 * for every envelope and hostile input. */
#include "envelope_support.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define APPLICATIONS 3

static const uint8_t root[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const husk_envelope_metadata nothing;

static uint8_t envelope[700], copy[700];
static husk_envelope_view view;

static husk_bytes text(const char *string)
{
    return bytes((const uint8_t *)string, strlen(string));
}

/* A device and three applications, with a root key for each. */
static struct {
    husk_envelope_key keys[APPLICATIONS];
    envelope_flash sender_flash, flashes[APPLICATIONS];
    husk_envelope_sender_config sender_config;
    husk_envelope_opener_config configs[APPLICATIONS];
    husk_envelope_sender sender;
    husk_envelope_opener openers[APPLICATIONS];
    test_rng rng;
} all;

static void connect_with_keys(void)
{
    all.rng.state = 1;
    memset(&all.sender_flash, 0, sizeof all.sender_flash);
    all.sender_config = (husk_envelope_sender_config){
        .keys = all.keys, .key_count = APPLICATIONS, .storage = envelope_flash_storage(&all.sender_flash),
        .random = {test_random_fill, &all.rng}};
    CHECK_OK(husk_envelope_sender_init(&all.sender, &all.sender_config));
    for (size_t i = 0; i < APPLICATIONS; i++) {
        memset(&all.flashes[i], 0, sizeof all.flashes[i]);
        all.configs[i] = (husk_envelope_opener_config){
            .key = &all.keys[i], .storage = envelope_flash_storage(&all.flashes[i])};
        CHECK_OK(husk_envelope_opener_init(&all.openers[i], &all.configs[i]));
    }
}

static void connect(const husk_aead *aead)
{
    static const char *const names[APPLICATIONS] = {"climate", "archive", "alarm"};
    static const char *const kids[APPLICATIONS] = {"\x07", "archive", ""};
    for (size_t i = 0; i < APPLICATIONS; i++) {
        uint8_t own_root[16];
        memcpy(own_root, root, 16);
        own_root[0] = (uint8_t)i;
        const husk_envelope_parameters parameters = {
            .aead = aead, .hash = &husk_hash_sha256, .root_key = bytes(own_root, 16), .sender = text("kitchen"),
            .recipient = text(names[i]), .kid = text(kids[i]), .wraps = true};
        CHECK_OK(husk_envelope_key_derive(&all.keys[i], &parameters));
    }
    connect_with_keys();
}

static size_t seal(const husk_envelope_metadata *metadata, husk_bytes content)
{
    size_t len;
    CHECK_OK(husk_envelope_seal_for_many(&all.sender, metadata, content, envelope, sizeof envelope, &len));
    return len;
}

/* Opens a copy of envelope[0..len), which must be refused without a trace. */
static void check_refused(size_t who, size_t len, husk_status expected)
{
    husk_envelope_opener before = all.openers[who];
    unsigned stores = all.flashes[who].stores;
    memcpy(copy, envelope, len);
    husk_status status = husk_envelope_open_one_of_many(&all.openers[who], 1, copy, len, &view);
    CHECK_INT(status, expected);
    CHECK(view.content.data == NULL);
    CHECK_MEM(&all.openers[who], &before, sizeof before);
    CHECK_INT(all.flashes[who].stores, stores);
}

/* wrap-128-04 of github.com/cose-wg/Examples, whose AES-GCM this table only pretends to be: what it is asked to open
 * must be the content key, nonce and Enc_structure of the example. */
static husk_status expect_example(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce,
                                  const husk_bytes *aad, size_t aad_count, uint8_t *content, size_t len)
{
    uint8_t joined[32];
    size_t at = 0;
    CHECK_HEX(key, aead->key_bytes, "7a1b4cf78f4b8c6e9ab68198c43d22f3");
    CHECK_HEX(nonce, aead->nonce_bytes, "dddc08972df9be62855291a1");
    for (size_t i = 0; i < aad_count; i++) {
        memcpy(joined + at, aad[i].data, aad[i].len);
        at += aad[i].len;
    }
    CHECK_HEX(joined, at, "8367456e637279707443a1010140");
    CHECK_HEX(content, len + aead->tag_bytes,
              "6f5556d71834cd1bd3fdcbfff28cfa0f7d598c138d23b40c225af5e3f2096a46c766813d");
    return HUSK_OK;
}

static void cose_example(void)
{
    static const husk_aead pretended = {.cose_alg = 1, .key_bytes = 16, .nonce_bytes = 12, .tag_bytes = 16,
                                        .open = expect_example};
    HEX(secret, "849b57219dae48de646d07dbb533566e");
    HEX(iv, "dddc08972df9be62855291a1");
    CHECK_OK(husk_envelope_key_set(&all.keys[0], &pretended, true, text("our-secret"), bytes(secret, 16),
                                   bytes(iv, 12)));
    all.keys[1] = all.keys[2] = all.keys[0];
    connect_with_keys();
    size_t len = unhex("d8608443a10101a1054cdddc08972df9be62855291a158246f5556d71834cd1bd3fdcbfff28cfa0f7d598c138d23b40c"
                       "225af5e3f2096a46c766813d818340a20122044a6f75722d7365637265745818112872f405a5ac48a2ede46ac20e93e3"
                       "d3a38b9762d0a3e8", envelope, sizeof envelope);
    CHECK_OK(husk_envelope_open_one_of_many(&all.openers[0], 0, envelope, len, &view));
    CHECK_INT(view.content.len, 20);
    CHECK_INT(view.sequence, 0);
    CHECK_INT(view.recipient_count, 1);
    CHECK_INT(husk_envelope_open_one_of_many(&all.openers[0], 0, envelope, len, &view), HUSK_ERR_REPLAY);
}

/* The content key of the example: 00 01 02 ... */
static husk_status count_up(void *context, uint8_t *out, size_t len)
{
    (void)context;
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)i;
    }
    return HUSK_OK;
}

/* Computed with Python's hmac and cbor2, and AESCCM and aes_key_wrap of the package `cryptography`. */
static void worked_example(void)
{
    connect(&husk_aead_aes_ccm_16_64_128);
    CHECK_HEX(all.keys[0].key, 16, "a03a2d7a660c1207b94a1555a23e43b9");
    all.sender_config.random = (husk_random){count_up, NULL};
    all.sender.sequence = all.sender.limit = 5;
    const husk_envelope_metadata metadata = {.destination = text("household")};
    size_t envelope_len = seal(&metadata, text("smoke"));
    CHECK_HEX(envelope, envelope_len,
              "d8608450a2010a0fa10369686f757365686f6c64a1054d000000000000000000000000054d19ba4761fb2d22073ab81937478383"
              "40a20122044107581871e4679100dd84c67c8455815741966998b2e53f753d3f408340a201220447617263686976655818d0a3d4"
              "5400e4aed3a672d715a6b4a202c31cd52d5ea82f598340a101225818d18baf4abac36f540f49415a79f32798ae7670a31011feff");

    uint8_t cose_key[HUSK_ENVELOPE_COSE_KEY_MAX_BYTES];
    size_t len;
    CHECK_OK(husk_envelope_key_export(&all.keys[0], cose_key, sizeof cose_key, &len));
    CHECK_HEX(cose_key, len, "a4 0104 024107 0322 2050a03a2d7a660c1207b94a1555a23e43b9");
}

static void round_trips(void)
{
    static const husk_aead *const aeads[] = {&husk_aead_aes_ccm_16_64_128, &husk_aead_aes_ccm_16_128_128,
                                             &husk_aead_chacha20_poly1305};
    for (unsigned round = 0; round < 30; round++) {
        uint8_t content[100];
        size_t content_len = round * 3 + 1;
        connect(aeads[round % 3]);
        all.sender.sequence = all.sender.limit = (uint64_t)1 << round;
        test_rng_fill(&all.rng, content, content_len);
        const husk_envelope_metadata metadata = {.has_priority = true, .priority = (uint8_t)round};
        size_t len = seal(&metadata, bytes(content, content_len));
        for (size_t who = 0; who < APPLICATIONS; who++) {
            memcpy(copy, envelope, len);
            CHECK_OK(husk_envelope_open_one_of_many(&all.openers[who], 0, copy, len, &view));
            CHECK_INT(view.content.len, content_len);
            CHECK_MEM(view.content.data, content, content_len);
            CHECK_INT(view.metadata.priority, round);
            CHECK_INT(view.sequence, (uint64_t)1 << round);
            check_refused(who, len, HUSK_ERR_REPLAY);
        }
    }
}

static void new_content_key_each_time(void)
{
    connect(&husk_aead_aes_ccm_16_64_128);
    size_t len = seal(&nothing, text("the same content"));
    memcpy(copy, envelope, len);
    all.sender.sequence = 0;
    CHECK_INT(seal(&nothing, text("the same content")), len);
    CHECK(memcmp(copy + len - 24, envelope + len - 24, 24) != 0);
    CHECK(memcmp(copy + 24, envelope + 24, 16) != 0);
}

static void refused_calls(void)
{
    connect(&husk_aead_aes_ccm_16_64_128);
    size_t len = seal(&nothing, text("content")), unused;
    for (size_t cap = 0; cap < len; cap++) {
        CHECK_INT(husk_envelope_seal_for_many(&all.sender, &nothing, text("content"), envelope, cap, &unused),
                  HUSK_ERR_BUFFER);
    }
    CHECK_INT(all.sender.sequence, 1);
    all.sender_config.random.fill = NULL;
    CHECK_INT(husk_envelope_seal_for_many(&all.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &unused),
              HUSK_ERR_ARGUMENT);
    connect(&husk_aead_aes_ccm_16_64_128);
    all.sender_flash.failing = true;
    CHECK_INT(husk_envelope_seal_for_many(&all.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &unused),
              HUSK_ERR_STORAGE);
    CHECK_INT(husk_envelope_seal(&all.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &unused),
              HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_envelope_open(&all.openers[0], 0, envelope, 1, &view), HUSK_ERR_ARGUMENT);
    CHECK_INT(all.sender.sequence, 0);

    connect(&husk_aead_aes_ccm_16_64_128);
    all.flashes[0].failing = true;
    check_refused(0, seal(&nothing, text("content")), HUSK_ERR_STORAGE);
    all.keys[1].aead = &husk_aead_chacha20_poly1305;
    CHECK_INT(husk_envelope_sender_init(&all.sender, &all.sender_config), HUSK_ERR_ARGUMENT);
    all.keys[1] = all.keys[0];
    all.keys[1].wraps = false;
    CHECK_INT(husk_envelope_sender_init(&all.sender, &all.sender_config), HUSK_ERR_ARGUMENT);
    all.sender_config.key_count = 0;
    CHECK_INT(husk_envelope_sender_init(&all.sender, &all.sender_config), HUSK_ERR_ARGUMENT);
}

/* Every bit flipped: a recipient refuses it, unless it was in another recipient's part and left it well-formed. */
static void flipped_bits(void)
{
    connect(&husk_aead_aes_ccm_16_64_128);
    const husk_envelope_metadata metadata = {.destination = text("household"), .has_time = true, .time = 1792486800};
    size_t len = seal(&metadata, text("content"));
    static uint8_t good[250];
    memcpy(good, envelope, len);
    CHECK_OK(husk_envelope_inspect(good, len, &view));
    size_t recipients_at = (size_t)(view.recipients.data - good);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memcpy(envelope, good, len);
        envelope[bit / 8] ^= (uint8_t)(1u << bit % 8);
        for (size_t who = 0; who < APPLICATIONS; who++) {
            husk_envelope_opener before = all.openers[who];
            memcpy(copy, envelope, len);
            husk_status status = husk_envelope_open_one_of_many(&all.openers[who], 1, copy, len, &view);
            if (status == HUSK_OK && bit / 8 >= recipients_at) {
                CHECK_INT(view.content.len, 7);
                CHECK_MEM(view.content.data, "content", 7);
                all.flashes[who].len = 0;
                CHECK_OK(husk_envelope_opener_init(&all.openers[who], &all.configs[who]));
                continue;
            }
            CHECK(status == HUSK_ERR_AUTHENTICATION || status == HUSK_ERR_FORMAT || status == HUSK_ERR_UNSUPPORTED ||
                  status == HUSK_ERR_CONTEXT);
            CHECK(view.content.data == NULL);
            CHECK_MEM(&all.openers[who], &before, sizeof before);
        }
    }
}

static void truncated(void)
{
    connect(&husk_aead_aes_ccm_16_64_128);
    size_t len = seal(&nothing, text("content"));
    for (size_t shorter = 0; shorter < len; shorter++) {
        check_refused(0, shorter, HUSK_ERR_FORMAT);
    }
}

/* Other recipients than ours, of kinds that we do not speak; and malformed ones. `hex` is what follows the array of
 * three with IV 0 and 8 bytes of ciphertext. The kid of the opener is 07. */
static void recipients(void)
{
    static const struct {
        husk_status status;
        const char *hex;
    } cases[] = {
        {HUSK_ERR_AUTHENTICATION, "81 8340a20122044107 5818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_AUTHENTICATION, /* direct, and ECDH-ES with a nested recipient, before ours */
         "83 8340a10125f6 8444a1013818a120a1010140 818340a0 41aa 8340a20122044107 5818"
         "000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_CONTEXT, "81 8340a20122044108 5818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_CONTEXT, "81 8340a101225818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_CONTEXT, "81 8340a20123044107 5818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_CONTEXT, "81 8340a20161780441075818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_FORMAT, "81 8343a10122a10441075818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_FORMAT, "81 8340a20122044107f6"},
        {HUSK_ERR_FORMAT, "81 8340a2012204410750 00000000000000000000000000000000"},
        {HUSK_ERR_FORMAT, "81 8340a2012204410740"},
        {HUSK_ERR_FORMAT, "81 8340a301220122044107 5818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_FORMAT, "81 8340a2012204015818000000000000000000000000000000000000000000000000"},
        {HUSK_ERR_FORMAT, "81 8240a20122044107"},
        {HUSK_ERR_FORMAT, "82 8340a20122044107 5818000000000000000000000000000000000000000000000000 01"},
        {HUSK_ERR_FORMAT, "82 8340a20122044107 5818000000000000000000000000000000000000000000000000 83a0a040"},
        {HUSK_ERR_FORMAT, "9bffffffffffffffff 8340a20122044107"},
    };
    connect(&husk_aead_aes_ccm_16_64_128);
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = unhex("d8608443a1010aa1054d00000000000000000000000000480000000000000000", envelope,
                           sizeof envelope);
        len += unhex(cases[i].hex, envelope + len, sizeof envelope - len);
        check_refused(0, len, cases[i].status);
    }
    /* One envelope where the other kind is expected. */
    size_t len = unhex("d08343a1010aa1054d00000000000000000000000000480000000000000000", envelope, sizeof envelope);
    check_refused(0, len, HUSK_ERR_UNSUPPORTED);
}

void suite_envelope_many(void)
{
    RUN(cose_example);
    RUN(worked_example);
    RUN(round_trips);
    RUN(new_content_key_each_time);
    RUN(refused_calls);
    RUN(flipped_bits);
    RUN(truncated);
    RUN(recipients);
}
