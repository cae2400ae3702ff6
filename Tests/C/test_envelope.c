/* Envelopes: the COSE working group's examples and independently computed ones; then what must hold for every envelope;
 * then hostile input. test_envelope_many.c has those for several recipients. */
#include "envelope_support.h"
#include "nonce_watch.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef TEST_SLOW
#define ROUNDS(slow, quick) (slow)
#else
#define ROUNDS(slow, quick) (quick)
#endif

static const uint8_t root[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const husk_aead *const aeads[] = {&husk_aead_aes_ccm_16_64_128, &husk_aead_aes_ccm_16_128_128,
                                         &husk_aead_chacha20_poly1305};
static const husk_envelope_metadata nothing;

static uint8_t envelope[700], copy[700];
static husk_envelope_view view;

static husk_bytes text(const char *string)
{
    return bytes((const uint8_t *)string, strlen(string));
}

/* Both ends of the direction from kitchen to climate, or back. */
static struct {
    husk_envelope_key key;
    envelope_flash sender_flash, opener_flash;
    husk_envelope_sender_config sender_config;
    husk_envelope_opener_config opener_config;
    husk_envelope_sender sender;
    husk_envelope_opener opener;
} ends;

static void restart(void)
{
    CHECK_OK(husk_envelope_sender_init(&ends.sender, &ends.sender_config));
    CHECK_OK(husk_envelope_opener_init(&ends.opener, &ends.opener_config));
}

static void connect_with_key(void)
{
    memset(&ends.sender_flash, 0, sizeof ends.sender_flash);
    memset(&ends.opener_flash, 0, sizeof ends.opener_flash);
    ends.sender_config = (husk_envelope_sender_config){
        .keys = &ends.key, .key_count = 1, .storage = envelope_flash_storage(&ends.sender_flash), .record = 1};
    ends.opener_config = (husk_envelope_opener_config){
        .key = &ends.key, .storage = envelope_flash_storage(&ends.opener_flash), .record = 2};
    restart();
}

static void connect(const husk_aead *aead, const char *from, const char *to, const char *kid)
{
    const husk_envelope_parameters parameters = {.aead = aead, .hash = &husk_hash_sha256, .root_key = bytes(root, 16),
                                                 .sender = text(from), .recipient = text(to), .kid = text(kid)};
    CHECK_OK(husk_envelope_key_derive(&ends.key, &parameters));
    connect_with_key();
}

static size_t seal(const husk_envelope_metadata *metadata, husk_bytes content)
{
    size_t len;
    CHECK_OK(husk_envelope_seal(&ends.sender, metadata, content, envelope, sizeof envelope, &len));
    return len;
}

/* ---- Vectors ---- */

/* AES-CCM-ENC-01 and -02 and ChaCha20-Poly-enc-03 of github.com/cose-wg/Examples: their IV is our Base IV, and their
 * plaintext the first that is sealed. */
static void cose_examples(void)
{
    static const struct {
        const husk_aead *aead;
        const char *key, *iv, *envelope;
    } examples[] = {
        {&husk_aead_aes_ccm_16_64_128, "849b57219dae48de646d07dbb533566e", "89f52f65a1c580933b5261a72f",
         "d08343a1010aa1054d89f52f65a1c580933b5261a72f581c6899da0a132bd2d2b9b10915743ee1f7b92a4680e7c51bdbc1b320ea"},
        {&husk_aead_aes_ccm_16_128_128, "849b57219dae48de646d07dbb533566e", "89f52f65a1c580933b5261a72f",
         "d08344a101181ea1054d89f52f65a1c580933b5261a72f58246899da0a132bd2d2b9b10915743ee1f7b92a4680903f2c00d37e14d4ebdc7e"
         "f2c03cf5a9"},
        {&husk_aead_chacha20_poly1305, "0f1e2d3c4b5a69788796a5b4c3d2e1f01f2e3d4c5b6a798897a6b5c4d3e2f100",
         "5c3a9950bd2852f66e6c8d4f",
         "d08344a1011818a1054c5c3a9950bd2852f66e6c8d4f5824ca119c45926da993d29b5d0cac9a84228c7668d492a1b9d7e32020ef21372e74"
         "def431b9"},
    };
    for (size_t i = 0; i < COUNT(examples); i++) {
        HEX(key, "0f1e2d3c4b5a69788796a5b4c3d2e1f01f2e3d4c5b6a798897a6b5c4d3e2f100");
        uint8_t iv[13];
        key_len = unhex(examples[i].key, key, sizeof key);
        size_t iv_len = unhex(examples[i].iv, iv, sizeof iv);
        CHECK_OK(husk_envelope_key_set(&ends.key, examples[i].aead, false, NO_BYTES, bytes(key, key_len),
                                       bytes(iv, iv_len)));
        connect_with_key();
        ends.sender_config.full_iv = true;
        size_t len = seal(&nothing, text("This is the content."));
        CHECK_HEX(envelope, len, examples[i].envelope);
        CHECK_OK(husk_envelope_open(&ends.opener, 0, envelope, len, &view));
        CHECK_INT(view.content.len, 20);
        CHECK_MEM(view.content.data, "This is the content.", 20);
    }
}

/* Computed with Python's hmac and cbor2, and AESCCM of the package `cryptography`. */
static void derived_keys(void)
{
    static const struct {
        const husk_aead *aead;
        const char *from, *to, *key, *base_iv;
    } keys[] = {
        {&husk_aead_aes_ccm_16_64_128, "kitchen", "climate", "1f65dad585712f1f1d5e3cc7acd3ed92",
         "8f71bc5a3dd92e8424330ebafc"},
        {&husk_aead_aes_ccm_16_64_128, "climate", "kitchen", "5964a0bd94ad26493c81eb9abdeb0cba",
         "80c19383773c74dbca5ea06114"},
        {&husk_aead_aes_ccm_16_128_128, "kitchen", "climate", "aea7afb56e612d919d69e68df8a58bfb",
         "8f71bc5a3dd92e8424330ebafc"},
        {&husk_aead_chacha20_poly1305, "climate", "kitchen",
         "3f5b1940762c3c85b1b7f449b62010ea1d00c46aa5f0f6276ffb5164204b03f1", "ea24fb18656691b3dddf36e9"},
    };
    for (size_t i = 0; i < COUNT(keys); i++) {
        connect(keys[i].aead, keys[i].from, keys[i].to, "");
        CHECK_HEX(ends.key.key, keys[i].aead->key_bytes, keys[i].key);
        CHECK_HEX(ends.key.base_iv, keys[i].aead->nonce_bytes, keys[i].base_iv);
    }
    connect(&husk_aead_aes_ccm_16_64_128, "kitchen", "climate", "\x07");
    uint8_t out[HUSK_ENVELOPE_COSE_KEY_MAX_BYTES];
    size_t len;
    CHECK_OK(husk_envelope_key_export(&ends.key, out, sizeof out, &len));
    CHECK_HEX(out, len, "a5 0104 024107 030a 054d8f71bc5a3dd92e8424330ebafc 20501f65dad585712f1f1d5e3cc7acd3ed92");
    CHECK_INT(husk_envelope_key_export(&ends.key, out, len - 1, &len), HUSK_ERR_BUFFER);
}

static void parameters_out_of_range(void)
{
    static const uint8_t long_name[256];
    const husk_envelope_parameters good = {
        .aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256, .root_key = bytes(root, 16),
        .sender = bytes(long_name, 255), .recipient = text("a"), .kid = bytes(long_name, 16)};
    CHECK_OK(husk_envelope_key_derive(&ends.key, &good));
    husk_envelope_parameters bad[7];
    for (size_t i = 0; i < COUNT(bad); i++) {
        bad[i] = good;
    }
    bad[0].root_key.len = 15;
    bad[1].sender.len = 0;
    bad[2].sender.len = 256;
    bad[3].recipient.len = 0;
    bad[4].recipient = bytes(long_name, 256);
    bad[5].kid.len = 17;
    bad[6].recipient = good.sender;
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_INT(husk_envelope_key_derive(&ends.key, &bad[i]), HUSK_ERR_ARGUMENT);
    }
    const husk_aead *aead = &husk_aead_aes_ccm_16_64_128;
    husk_bytes none = NO_BYTES;
    CHECK_OK(husk_envelope_key_set(&ends.key, aead, false, none, bytes(root, 16), bytes(root, 13)));
    CHECK_INT(husk_envelope_key_set(&ends.key, aead, false, none, bytes(root, 15), none), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_envelope_key_set(&ends.key, aead, false, none, bytes(root, 16), bytes(root, 12)), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_envelope_key_set(&ends.key, aead, false, bytes(long_name, 17), bytes(root, 16), none),
              HUSK_ERR_ARGUMENT);
}

/* A reading and a command, computed as the keys were. */
static void worked_examples(void)
{
    HEX(reading, "a16174 18d7");
    connect(&husk_aead_aes_ccm_16_64_128, "kitchen", "climate", "\x07");
    ends.sender.sequence = ends.sender.limit = 5;
    husk_envelope_metadata metadata = {.destination = text("climate"), .has_content_format = true,
                                       .content_format = 60, .has_time = true, .time = 1792486800};
    size_t len = seal(&metadata, bytes(reading, reading_len));
    CHECK_HEX(envelope, len,
              "d083 581a a4 010a 03183c 044107 0f a2 0367636c696d617465 061a6ad72d90 a1 064105 4d64c8b2b87ab30bec4886b1b67b");

    connect(&husk_aead_aes_ccm_16_64_128, "climate", "kitchen", "\x08");
    ends.sender.sequence = ends.sender.limit = 300;
    metadata = (husk_envelope_metadata){
        .source = text("climate"), .destination = text("kitchen"), .has_time = true, .time = 1792486800,
        .has_deadline = true, .deadline = 1792486860, .has_priority = true, .priority = 7, .tag_count = 2,
        .tags = text("\x64" "door" "\x65" "night")};
    len = seal(&metadata, text("unlock"));
    CHECK_HEX(envelope, len,
              "d083 5840 a6 010a 02810f 044108 0f a4 0167636c696d617465 03676b69746368656e 041a6ad72dcc 061a6ad72d90"
              "3a0001000007 3a000100018264646f6f72656e69676874 a1 0642012c 4ed18c254d0b69418624177110397a");
}

/* ---- Properties ---- */

static bool same_bytes(husk_bytes a, husk_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool same_metadata(const husk_envelope_metadata *a, const husk_envelope_metadata *b)
{
    return same_bytes(a->source, b->source) && same_bytes(a->destination, b->destination) &&
           a->has_content_format == b->has_content_format && a->content_format == b->content_format &&
           a->has_time == b->has_time && a->time == b->time && a->has_deadline == b->has_deadline &&
           a->deadline == b->deadline && a->has_priority == b->has_priority && a->priority == b->priority &&
           a->tag_count == b->tag_count && same_bytes(a->tags, b->tags);
}

static husk_envelope_metadata random_metadata(test_rng *rng)
{
    static const char *const names[] = {"", "a", "climate", "a name of more than twenty-three bytes"};
    static const char *const tags[] = {"", "\x60", "\x61" "x", "\x64" "door" "\x65" "night"};
    uint32_t pick = test_rng_next(rng);
    husk_envelope_metadata m = {.source = text(names[pick % 4]), .destination = text(names[pick / 4 % 4]),
                                .has_content_format = pick & 16, .has_time = pick & 32, .has_deadline = pick & 64,
                                .has_priority = pick & 128};
    m.content_format = (uint16_t)(m.has_content_format ? test_rng_next(rng) >> (16 + pick % 16) : 0);
    m.time = m.has_time ? (uint64_t)test_rng_next(rng) << 32 >> pick % 64 : 0;
    m.deadline = m.has_deadline ? (uint64_t)1 << 32 | test_rng_next(rng) : 0;
    m.priority = (uint8_t)(m.has_priority ? test_rng_next(rng) : 0);
    const char *chosen = tags[pick / 256 % 4];
    m.tags = text(chosen);
    m.tag_count = pick / 256 % 4 == 3 ? 2 : m.tags.len != 0;
    return m;
}

static void round_trips(void)
{
    test_rng rng = {1};
    for (unsigned round = 0; round < ROUNDS(3000, 60); round++) {
        const husk_aead *aead = aeads[round % 3];
        connect(aead, "kitchen", "climate", round % 2 != 0 ? "kid" : "");
        ends.sender.sequence = (uint64_t)test_rng_next(&rng) << 8 >> round % 40;
        ends.sender.limit = ends.sender.sequence;
        ends.sender_config.full_iv = round % 5 == 0;
        uint8_t content[200];
        size_t content_len = round % 200;
        test_rng_fill(&rng, content, content_len);
        husk_envelope_metadata metadata = random_metadata(&rng);
        uint64_t sequence = ends.sender.sequence;
        size_t len = seal(&metadata, bytes(content, content_len));
        CHECK_INT(ends.sender.sequence, sequence + 1);

        memcpy(copy, envelope, len);
        CHECK_OK(husk_envelope_inspect(envelope, len, &view));
        CHECK(same_metadata(&view.metadata, &metadata));
        CHECK_MEM(envelope, copy, len);
        CHECK_INT(view.content.len, 0);
        CHECK_INT(view.ciphertext.len, content_len + aead->tag_bytes);

        CHECK_OK(husk_envelope_open(&ends.opener, 1, envelope, len, &view));
        CHECK(same_metadata(&view.metadata, &metadata));
        CHECK_INT(view.alg, aead->cose_alg);
        CHECK_INT(view.sequence, sequence);
        CHECK(same_bytes(view.content, bytes(content, content_len)));
        CHECK_INT(husk_envelope_open(&ends.opener, 1, copy, len, &view), HUSK_ERR_REPLAY);
        CHECK_INT(view.content.len, 0);
    }
}

static void content_lies_in_the_output(void)
{
    static const char content[] = "content that lies where the envelope goes";
    connect(aeads[0], "kitchen", "climate", "kid");
    const husk_envelope_metadata metadata = {.destination = text("climate")};
    size_t len = seal(&metadata, text(content)), cap = len, again;
    memcpy(copy, envelope, len);
    for (size_t at = 0; at + sizeof content - 1 <= cap; at++) {
        restart();
        ends.sender.sequence = ends.sender.limit = 0;
        memset(envelope, 0, sizeof envelope);
        memcpy(envelope + at, content, sizeof content - 1);
        CHECK_OK(husk_envelope_seal(&ends.sender, &metadata, bytes(envelope + at, sizeof content - 1), envelope, cap,
                                    &again));
        CHECK_INT(again, len);
        CHECK_MEM(envelope, copy, len);
    }
}

static void buffers(void)
{
    connect(aeads[0], "kitchen", "climate", "kid");
    const husk_envelope_metadata metadata = {.destination = text("climate")};
    size_t len = seal(&metadata, text("content")), unused;
    for (size_t cap = 0; cap < len; cap++) {
        husk_envelope_sender before = ends.sender;
        memset(envelope, 0xee, sizeof envelope);
        husk_status status = husk_envelope_seal(&ends.sender, &metadata, text("content"), cap == 0 ? NULL : envelope,
                                                cap, &unused);
        CHECK_INT(status, HUSK_ERR_BUFFER);
        CHECK_INT(envelope[0], 0xee);
        CHECK_MEM(&ends.sender, &before, sizeof before);
    }
    CHECK_INT(ends.sender_flash.stores, 1);
    husk_envelope_metadata bad[5] = {{.destination = {envelope, 256}}, {.source = {envelope, 256}}, {.tag_count = 1},
                                     {.tags = text("\x61x")}, {.tag_count = 1, .tags = text("\x41x")}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        CHECK_INT(husk_envelope_seal(&ends.sender, &bad[i], NO_BYTES, envelope, sizeof envelope, &unused),
                  HUSK_ERR_ARGUMENT);
    }
    husk_bytes endless = {envelope, SIZE_MAX};
    CHECK_INT(husk_envelope_seal(&ends.sender, &nothing, endless, envelope, sizeof envelope, &unused),
              HUSK_ERR_ARGUMENT);
    endless.len = SIZE_MAX - 8;
    CHECK_INT(husk_envelope_seal(&ends.sender, &nothing, endless, envelope, sizeof envelope, &unused), HUSK_ERR_BUFFER);
    CHECK_INT(ends.sender.sequence, 1);
}

/* Restarts at any time, also right after a failed write: no number is used twice, and at most a block is lost. */
static void numbers_across_restarts(void)
{
    test_rng rng = {1};
    connect(&nonce_watch_aead, "kitchen", "climate", "");
    nonce_watch_reset();
    uint64_t last = 0;
    unsigned sealed = 0;
    while (sealed < 150) {
        size_t len;
        ends.sender_flash.failing = test_rng_next(&rng) % 8 == 0;
        ends.sender_flash.torn = test_rng_next(&rng) % 8 == 0;
        husk_envelope_sender before = ends.sender;
        husk_status status = husk_envelope_seal(&ends.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &len);
        if (status == HUSK_ERR_STORAGE) {
            CHECK_MEM(&ends.sender, &before, sizeof before);
            CHECK(ends.sender.sequence == ends.sender.limit);
        } else {
            CHECK_OK(status);
            sealed++;
            CHECK_OK(husk_envelope_open(&ends.opener, 0, envelope, len, &view));
            CHECK(sealed == 1 || view.sequence > last);
            CHECK(sealed == 1 || view.sequence - last <= HUSK_ENVELOPE_RESERVE);
            last = view.sequence;
        }
        if (test_rng_next(&rng) % 30 == 0) {
            status = husk_envelope_sender_release(&ends.sender);
            bool failing = ends.sender_flash.failing || ends.sender_flash.torn;
            CHECK(status == HUSK_OK || (status == HUSK_ERR_STORAGE && failing));
        }
        ends.sender_flash.failing = ends.sender_flash.torn = false;
        if (test_rng_next(&rng) % 30 == 0) {
            restart();
        }
    }
    CHECK_INT(nonce_watch_repeats(), 0);
    CHECK_INT(nonce_watch_seals(), 150);
    CHECK_INT(nonce_watch_forgotten(), 0);

    /* What the check is worth: a sender that forgets its record repeats. */
    ends.sender_flash.len = 0;
    restart();
    (void)seal(&nothing, NO_BYTES);
    CHECK_INT(nonce_watch_repeats(), 1);
}

/* After a release the next life goes on with the next number. */
static void released_numbers(void)
{
    connect(aeads[0], "kitchen", "climate", "");
    CHECK_OK(husk_envelope_sender_release(&ends.sender));
    for (unsigned i = 0; i < 5; i++) {
        CHECK_OK(husk_envelope_open(&ends.opener, 0, envelope, seal(&nothing, NO_BYTES), &view));
        CHECK_INT(view.sequence, i);
        unsigned stores = ends.sender_flash.stores;
        CHECK_OK(husk_envelope_sender_release(&ends.sender));
        CHECK_OK(husk_envelope_sender_release(&ends.sender));
        CHECK_INT(ends.sender_flash.stores, stores + 1);
        if (i % 2 == 0) {
            restart();
        }
    }
    /* The numbers that may have been released are reserved again before they are used. */
    (void)seal(&nothing, NO_BYTES);
    ends.sender_flash.torn = true;
    CHECK_INT(husk_envelope_sender_release(&ends.sender), HUSK_ERR_STORAGE);
    ends.sender_flash.torn = false;
    unsigned before = ends.sender_flash.stores;
    (void)seal(&nothing, NO_BYTES);
    CHECK_INT(ends.sender_flash.stores, before + 1);
    ends.sender.config = NULL;
    CHECK_INT(husk_envelope_sender_release(&ends.sender), HUSK_ERR_STATE);
}

static void numbers_end(void)
{
    size_t len;
    connect(aeads[0], "kitchen", "climate", "");
    ends.sender.sequence = ends.sender.limit = HUSK_ENVELOPE_SEQUENCE_MAX - 1;
    for (unsigned i = 0; i < 2; i++) {
        len = seal(&nothing, NO_BYTES);
        CHECK_OK(husk_envelope_open(&ends.opener, 0, envelope, len, &view));
        CHECK_INT(view.sequence, HUSK_ENVELOPE_SEQUENCE_MAX - 1 + i);
    }
    for (unsigned i = 0; i < 2; i++) {
        CHECK_INT(husk_envelope_seal(&ends.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &len),
                  HUSK_ERR_EXHAUSTED);
        restart();
    }
}

/* The window against a list of everything that was accepted, with restarts of the opener in between. */
static void window(void)
{
    static bool accepted[600];
    test_rng rng = {3};
    connect(aeads[0], "kitchen", "climate", "");
    memset(accepted, 0, sizeof accepted);
    int top = -1;
    for (unsigned round = 0; round < ROUNDS(4000, 150); round++) {
        int number = (int)(round * 500 / ROUNDS(4000, 150) + test_rng_next(&rng) % 100);
        ends.sender.sequence = (uint64_t)number;
        ends.sender.limit = 1000;
        size_t len = seal(&nothing, NO_BYTES);
        bool fresh = !accepted[number] && number > top - HUSK_ENVELOPE_WINDOW;
        ends.opener_flash.failing = test_rng_next(&rng) % 10 == 0;
        husk_envelope_opener before = ends.opener;
        husk_status status = husk_envelope_open(&ends.opener, 0, envelope, len, &view);
        CHECK_INT(status, !fresh ? HUSK_ERR_REPLAY : ends.opener_flash.failing ? HUSK_ERR_STORAGE : HUSK_OK);
        if (status == HUSK_OK) {
            accepted[number] = true;
            top = number > top ? number : top;
        } else {
            CHECK_MEM(&ends.opener, &before, sizeof before);
        }
        ends.opener_flash.failing = false;
        if (test_rng_next(&rng) % 20 == 0) {
            restart();
        }
    }
}

static void content_is_wiped_unless_stored(void)
{
    static const uint8_t zeros[22];
    connect(aeads[0], "climate", "kitchen", "");
    size_t len = seal(&nothing, text("unlock the front door!"));
    ends.opener_flash.failing = true;
    CHECK_INT(husk_envelope_open(&ends.opener, 0, envelope, len, &view), HUSK_ERR_STORAGE);
    CHECK_MEM(envelope + len - 30, zeros, 22);
}

static void records_that_are_none(void)
{
    connect(aeads[0], "kitchen", "climate", "");
    for (size_t len = 1; len <= sizeof ends.sender_flash.data; len++) {
        ends.sender_flash.len = ends.opener_flash.len = len;
        CHECK_INT(husk_envelope_sender_init(&ends.sender, &ends.sender_config), len == 5 ? HUSK_OK : HUSK_ERR_STORAGE);
        CHECK_INT(husk_envelope_opener_init(&ends.opener, &ends.opener_config), len == 13 ? HUSK_OK : HUSK_ERR_STORAGE);
    }
    size_t len = 0;
    CHECK_INT(husk_envelope_seal(&ends.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &len), HUSK_ERR_STATE);
    CHECK_INT(husk_envelope_open(&ends.opener, 0, envelope, len, &view), HUSK_ERR_STATE);
    ends.sender_flash.len = ends.opener_flash.len = 0;
    ends.sender_flash.failing = ends.opener_flash.failing = true;
    CHECK_INT(husk_envelope_sender_init(&ends.sender, &ends.sender_config), HUSK_ERR_STORAGE);
    CHECK_INT(husk_envelope_opener_init(&ends.opener, &ends.opener_config), HUSK_ERR_STORAGE);

    ends.sender_config.storage.store = NULL;
    ends.opener_config.storage.store = NULL;
    CHECK_INT(husk_envelope_sender_init(&ends.sender, &ends.sender_config), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_envelope_opener_init(&ends.opener, &ends.opener_config), HUSK_ERR_ARGUMENT);
    ends.opener_config.key = NULL;
    CHECK_INT(husk_envelope_opener_init(&ends.opener, &ends.opener_config), HUSK_ERR_ARGUMENT);
    husk_envelope_key two[2] = {ends.key, ends.key};
    ends.sender_config.keys = two;
    ends.sender_config.key_count = 2;
    ends.sender_config.storage = envelope_flash_storage(&ends.sender_flash);
    CHECK_INT(husk_envelope_sender_init(&ends.sender, &ends.sender_config), HUSK_ERR_ARGUMENT);
}

/* Opens envelope[0..len), which must be refused without a trace. */
static void check_refused(uint64_t now, size_t len, husk_status expected)
{
    husk_envelope_opener before = ends.opener;
    unsigned stores = ends.opener_flash.stores;
    memcpy(copy, envelope, len);
    CHECK_INT(husk_envelope_open(&ends.opener, now, envelope, len, &view), expected);
    CHECK_INT(view.content.len, 0);
    CHECK(view.content.data == NULL);
    CHECK_MEM(&ends.opener, &before, sizeof before);
    CHECK_INT(ends.opener_flash.stores, stores);
    if (expected != HUSK_ERR_AUTHENTICATION) {
        CHECK_MEM(envelope, copy, len);
    }
}

static void deadlines(void)
{
    connect(aeads[0], "climate", "kitchen", "");
    ends.opener_config.deadline_required = true;
    const husk_envelope_metadata command = {.has_deadline = true, .deadline = 1000};
    size_t len = seal(&command, text("unlock"));
    check_refused(HUSK_ENVELOPE_TIME_UNKNOWN, len, HUSK_ERR_CLOCK);
    check_refused(1000, len, HUSK_ERR_EXPIRED);
    check_refused(UINT64_MAX, len, HUSK_ERR_EXPIRED);
    CHECK_OK(husk_envelope_open(&ends.opener, 999, envelope, len, &view));
    CHECK_MEM(view.content.data, "unlock", 6);
    len = seal(&nothing, text("unlock"));
    check_refused(999, len, HUSK_ERR_FORMAT);
    ends.opener_config.deadline_required = false;
    CHECK_OK(husk_envelope_open(&ends.opener, HUSK_ENVELOPE_TIME_UNKNOWN, envelope, len, &view));
}

static void destinations(void)
{
    const husk_bytes names[] = {text("kitchen"), text("everybody")};
    const husk_envelope_metadata to[] = {{.destination = text("kitchen")}, {.destination = text("everybody")}, nothing};
    const husk_envelope_metadata elsewhere[] = {{.destination = text("cellar")}, {.destination = text("kitchem")}};
    connect(aeads[0], "climate", "kitchen", "");
    ends.opener_config.names = names;
    ends.opener_config.name_count = COUNT(names);
    for (size_t i = 0; i < COUNT(elsewhere); i++) {
        check_refused(0, seal(&elsewhere[i], text("x")), HUSK_ERR_DESTINATION);
    }
    for (size_t i = 0; i < COUNT(to); i++) {
        CHECK_OK(husk_envelope_open(&ends.opener, 0, envelope, seal(&to[i], text("x")), &view));
    }
}

static void other_keys(void)
{
    connect(aeads[0], "climate", "kitchen", "one");
    size_t len = seal(&nothing, text("content"));
    memcpy(copy, envelope, len);
    connect(aeads[0], "kitchen", "climate", "one"); /* the other direction */
    check_refused(0, len, HUSK_ERR_AUTHENTICATION);
    memcpy(envelope, copy, len);
    connect(aeads[0], "climate", "kitchen", "two");
    check_refused(0, len, HUSK_ERR_CONTEXT);
    connect(aeads[0], "climate", "kitchen", "");
    check_refused(0, len, HUSK_ERR_CONTEXT);
    connect(aeads[1], "climate", "kitchen", "one");
    check_refused(0, len, HUSK_ERR_UNSUPPORTED);
    connect(aeads[0], "climate", "kitchen", "one");
    ends.key.wraps = true;
    CHECK_INT(husk_envelope_open(&ends.opener, 0, envelope, len, &view), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_envelope_seal(&ends.sender, &nothing, NO_BYTES, envelope, sizeof envelope, &len), HUSK_ERR_ARGUMENT);
}

/* ---- Hostile input ---- */

static size_t full_envelope(void)
{
    const husk_envelope_metadata metadata = {
        .source = text("climate"), .destination = text("kitchen"), .has_content_format = true, .content_format = 60,
        .has_time = true, .time = 1792486800, .has_deadline = true, .deadline = 1792486860, .has_priority = true,
        .priority = 7, .tag_count = 1, .tags = text("\x64" "door")};
    return seal(&metadata, text("unlock the front door"));
}

/* Every bit flipped: refused, and named. */
static void flipped_bits(void)
{
    unsigned authentication = 0;
    connect(aeads[0], "climate", "kitchen", "kid");
    size_t len = full_envelope();
    uint8_t good[200];
    memcpy(good, envelope, len);
    for (size_t bit = 0; bit < 8 * len; bit++) {
        husk_envelope_opener before = ends.opener;
        memcpy(envelope, good, len);
        envelope[bit / 8] ^= (uint8_t)(1u << bit % 8);
        husk_status status = husk_envelope_open(&ends.opener, 1, envelope, len, &view);
        CHECK(status == HUSK_ERR_AUTHENTICATION || status == HUSK_ERR_FORMAT || status == HUSK_ERR_UNSUPPORTED ||
              status == HUSK_ERR_CONTEXT || status == HUSK_ERR_EXPIRED);
        authentication += status == HUSK_ERR_AUTHENTICATION;
        CHECK(view.content.data == NULL);
        CHECK_MEM(&ends.opener, &before, sizeof before);
    }
    CHECK(authentication > 8 * 29); /* at least those in content, tag and most of the names */
    CHECK_INT(ends.opener_flash.stores, 0);
    memcpy(envelope, good, len);
    CHECK_OK(husk_envelope_open(&ends.opener, 1, envelope, len, &view));
}

static void truncated_and_extended(void)
{
    connect(aeads[0], "climate", "kitchen", "kid");
    size_t len = full_envelope();
    for (size_t shorter = 0; shorter < len; shorter++) {
        check_refused(1, shorter, HUSK_ERR_FORMAT);
    }
    CHECK_INT(husk_envelope_inspect(NULL, 0, &view), HUSK_ERR_FORMAT);
    envelope[len] = 0;
    check_refused(1, len + 1, HUSK_ERR_FORMAT);
    envelope[len] = 0xf6;
    check_refused(1, len + 1, HUSK_ERR_FORMAT);
}

/* Metadata of another envelope of the same sender, under its own number or the other's. */
static void moved_to_other_metadata(void)
{
    uint8_t other[100];
    connect(aeads[0], "climate", "kitchen", "");
    husk_envelope_metadata metadata = {.has_priority = true, .priority = 1};
    size_t len = seal(&metadata, text("unlock"));
    memcpy(other, envelope, len);
    metadata.priority = 2;
    CHECK_INT(seal(&metadata, text("unlock")), len);
    size_t ciphertext_at = len - 14;
    memcpy(envelope + ciphertext_at, other + ciphertext_at, 14);
    check_refused(0, len, HUSK_ERR_AUTHENTICATION);
    envelope[ciphertext_at - 2] = 0; /* the Partial IV of the first */
    memcpy(envelope + ciphertext_at, other + ciphertext_at, 14);
    check_refused(0, len, HUSK_ERR_AUTHENTICATION);
}

/* Outer structures. */
static void malformed(void)
{
    static const struct {
        husk_status status;
        const char *hex;
    } cases[] = {
        {HUSK_OK, "d0 83 43a1010a a1064100 480000000000000000"},
        {HUSK_OK, "83 43a1010a a1064100 480000000000000000"},
        {HUSK_ERR_FORMAT, "d1 83 43a1010a a1064100 480000000000000000"},      /* tag 17 */
        {HUSK_ERR_FORMAT, "d8 60 83 43a1010a a1064100 480000000000000000"},   /* tag of COSE_Encrypt */
        {HUSK_ERR_FORMAT, "d9 03e3 83 43a1010a a1064100 480000000000000000"}, /* enc-fail-01 of cose-wg/Examples */
        {HUSK_ERR_FORMAT, "d0 d0 83 43a1010a a1064100 480000000000000000"},
        {HUSK_ERR_FORMAT, "d0 84 43a1010a a1064100 480000000000000000 80"},
        {HUSK_ERR_FORMAT, "84 43a1010a a1064100 480000000000000000 80"},      /* no recipient */
        {HUSK_ERR_FORMAT, "84 43a1010a a1064100 480000000000000000 40"},
        {HUSK_ERR_FORMAT, "82 43a1010a a1064100"},
        {HUSK_ERR_FORMAT, "85 43a1010a a1064100 40 80 80"},
        {HUSK_ERR_FORMAT, "9f 43a1010a a1064100 480000000000000000 ff"},      /* indefinite lengths */
        {HUSK_ERR_FORMAT, "83 5f43a1010aff a1064100 480000000000000000"},
        {HUSK_ERR_FORMAT, "83 43a1010a bf064100ff 480000000000000000"},
        {HUSK_ERR_FORMAT, "83 a1010a a1064100 480000000000000000"},           /* header not in a byte string */
        {HUSK_ERR_FORMAT, "83 43a1010a 44a1064100 480000000000000000"},
        {HUSK_ERR_FORMAT, "83 5803a1010a a1064100 480000000000000000"},       /* not the shortest head */
        {HUSK_ERR_UNSUPPORTED, "83 43a1010a a1064100 f6"},                    /* detached */
        {HUSK_ERR_FORMAT, "83 43a1010a a1064100 80"},
        {HUSK_ERR_FORMAT, "83 43a1010a a1064100 d0 83 43a1010a a1064100 40"}, /* one in another */
        {HUSK_ERR_FORMAT, "83 43a1010a a1064100 5bffffffffffffffff00"},       /* absurd lengths */
        {HUSK_ERR_FORMAT, "83 5bffffffffffffffff a1064100 40"},
        {HUSK_ERR_FORMAT, "83 43a1010a bbffffffffffffffff 064100 40"},
        {HUSK_ERR_FORMAT, "83 4abbffffffffffffffff01 a1064100 40"},
        {HUSK_ERR_FORMAT, "9bffffffffffffffff 43a1010a a1064100 40"},
        {HUSK_ERR_FORMAT, "dbffffffffffffffff 83 43a1010a a1064100 40"},
    };
    connect(aeads[0], "climate", "kitchen", "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = unhex(cases[i].hex, envelope, sizeof envelope);
        CHECK_INT(husk_envelope_inspect(envelope, len, &view), cases[i].status);
        if (cases[i].status != HUSK_OK) {
            check_refused(1, len, cases[i].status);
        }
    }
}

/* Makes an envelope of the two header buckets and 8 bytes of ciphertext. */
static size_t with_headers(const char *protected_hex, const char *unprotected_hex)
{
    uint8_t header[300];
    size_t len, header_len = unhex(protected_hex, header, sizeof header);
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, envelope, sizeof envelope);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, 3);
    husk_cbor_write_bytes(&w, header, header_len);
    header_len = unhex(unprotected_hex, header, sizeof header);
    husk_cbor_write_raw(&w, header, header_len);
    husk_cbor_write_bytes(&w, root, 8);
    CHECK_OK(husk_cbor_writer_finish(&w, &len));
    return len;
}

static void headers(void)
{
    static const struct {
        husk_status status;
        const char *protected_hex, *unprotected_hex;
    } cases[] = {
        /* what other libraries may send: any order, IV and kid in either bucket, unknown parameters, media types */
        {HUSK_OK, "a1 010a", "a1 064100"},
        {HUSK_OK, "a2 064100 010a", "a0"},
        {HUSK_OK, "a2 054d00000000000000000000000000 010a", "a0"},
        {HUSK_OK, "a2 010a 0378186170706c69636174696f6e2f6f637465742d73747265616d", "a1 064100"},
        {HUSK_OK, "a3 010a 617801 3903e7 a16161f5", "a3 0441aa 064100 1901f4 d81880"},
        {HUSK_OK, "a2 010a 0fa3 09781a6e6f2077656c6c2d6b6e6f776e20636c61696d20617420616c6c 617801 0600", "a1 064100"},
        {HUSK_OK, "a1 010a", "a2 064100 0fa1036161"}, /* claims that do not count */
        /* not maps, not ended, not shortest */
        {HUSK_ERR_FORMAT, "", "a1 064100"},
        {HUSK_ERR_FORMAT, "80", "a1 064100"},
        {HUSK_ERR_FORMAT, "a1 010a 00", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a", "a1 064100"},
        {HUSK_ERR_FORMAT, "a1 01180a", "a1 064100"},
        {HUSK_ERR_FORMAT, "bf 010a ff", "a1 064100"},
        {HUSK_ERR_FORMAT, "a1 010a", "80"},
        /* alg */
        {HUSK_ERR_FORMAT, "a0", "a2 010a 064100"},
        {HUSK_ERR_FORMAT, "a0", "a1 064100"},
        {HUSK_ERR_FORMAT, "a1 0141aa", "a1 064100"},
        {HUSK_ERR_UNSUPPORTED, "a1 0163414243", "a1 064100"},
        {HUSK_ERR_UNSUPPORTED, "a1 011b0000000100000000", "a1 064100"},
        /* IV */
        {HUSK_ERR_FORMAT, "a1 010a", "a0"},
        {HUSK_ERR_FORMAT, "a1 010a", "a1 0640"},
        {HUSK_ERR_FORMAT, "a1 010a", "a1 0600"},
        {HUSK_ERR_FORMAT, "a1 010a", "a2 054100 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 054100", "a1 064100"},
        /* labels twice, or of another type */
        {HUSK_ERR_FORMAT, "a2 010a 010a", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 064100", "a1 064100"},
        {HUSK_ERR_FORMAT, "a1 010a", "a2 064100 064101"},
        {HUSK_ERR_FORMAT, "a1 010a", "a2 010a 064100"},
        {HUSK_ERR_FORMAT, "a3 010a 186400 186401", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 617800", "a2 064100 617800"},
        {HUSK_ERR_FORMAT, "a2 010a 4100 00", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 80 00", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a f5 00", "a1 064100"},
        /* crit */
        {HUSK_OK, "a2 010a 028101", "a1 064100"},
        {HUSK_OK, "a3 010a 02820f01 0fa0", "a1 064100"},
        {HUSK_OK, "a4 010a 02823a000100003a00010001 3a0001000000 3a0001000180", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0280", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0201", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 02810f", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 028106", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 028140", "a1 064100"},
        {HUSK_ERR_FORMAT, "a1 010a", "a2 028106 064100"},
        {HUSK_ERR_UNSUPPORTED, "a3 010a 02811864 186400", "a1 064100"},
        {HUSK_ERR_UNSUPPORTED, "a3 010a 02820701 0700", "a1 064100"},
        {HUSK_ERR_UNSUPPORTED, "a3 010a 02816178 617800", "a1 064100"},
        {HUSK_ERR_FORMAT, "a3 010a 028218646178 186400", "a1 064100"},
        /* metadata of another type, or out of range */
        {HUSK_ERR_FORMAT, "a2 010a 031a00010000", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0320", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0401", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0f01", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0fa1034161", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0fa10360", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0fa1038161ff", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0fa10420", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0fa10461ff", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 0fa204010401", "a1 064100"},
        {HUSK_ERR_UNSUPPORTED, "a2 010a 0fa104f93c00", "a1 064100"},
        {HUSK_ERR_UNSUPPORTED, "a2 010a 0fa10501", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 3a00010000190100", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 3a0001000020", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 3a0001000160", "a1 064100"},
        {HUSK_ERR_FORMAT, "a2 010a 3a000100018101", "a1 064100"},
    };
    connect(aeads[0], "climate", "kitchen", "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t len = with_headers(cases[i].protected_hex, cases[i].unprotected_hex);
        CHECK_INT(husk_envelope_inspect(envelope, len, &view), cases[i].status);
        if (cases[i].status != HUSK_OK) {
            check_refused(1, len, cases[i].status);
        }
    }
}

/* As many header parameters as are taken, and one more; and one that nests a hundred deep. */
static void many_and_deep(void)
{
    char map[300] = "b0 010a", *at = map + 7;
    connect(aeads[0], "climate", "kitchen", "");
    for (unsigned i = 0; i < 15; i++) {
        static const char digits[] = "0123456789abcdef";
        memcpy(at, "184000", 6);
        at[3] = digits[i];
        at += 6;
    }
    memcpy(map, "af", 2);
    at[-6] = 0;
    CHECK_OK(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view));
    memcpy(map, "b0", 2);
    at[-6] = '1';
    CHECK_INT(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view), HUSK_ERR_UNSUPPORTED);

    memcpy(map, "a2 010a 07", 10);
    for (unsigned i = 0; i < 100; i++) {
        memcpy(map + 10 + 2 * i, "81", 2);
    }
    memcpy(map + 210, "80", 3);
    CHECK_OK(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view));
    map[210] = 0;
    CHECK_INT(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view), HUSK_ERR_FORMAT);
}

/* Names of 255 bytes, and of 256. */
static void long_names(void)
{
    static const char claims[] = "a2 010a 0fa1 03";
    char map[sizeof claims + 2 * (3 + HUSK_ENVELOPE_NAME_MAX_BYTES + 1)] = "";
    connect(aeads[0], "climate", "kitchen", "");
    memcpy(map, claims, sizeof claims - 1);
    char *at = map + sizeof claims - 1;
    memcpy(at, "78ff", 4);
    memset(at + 4, '6', 2 * HUSK_ENVELOPE_NAME_MAX_BYTES);
    CHECK_OK(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view));
    CHECK_INT(view.metadata.destination.len, HUSK_ENVELOPE_NAME_MAX_BYTES);
    memcpy(at, "790100", 6);
    memset(at + 6, '6', 2 * (HUSK_ENVELOPE_NAME_MAX_BYTES + 1));
    CHECK_INT(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view), HUSK_ERR_FORMAT);
    at[-1] = '1'; /* the source */
    CHECK_INT(husk_envelope_inspect(envelope, with_headers(map, "a1 064100"), &view), HUSK_ERR_FORMAT);
}

/* Numbers that have no place in the window, and the ways to write one that has. */
static void nonces(void)
{
    static const struct {
        husk_status status;
        const char *unprotected_hex;
    } cases[] = {
        {HUSK_ERR_AUTHENTICATION, "a1 064100"},
        {HUSK_ERR_AUTHENTICATION, "a1 0645ffffffffff"},
        {HUSK_ERR_AUTHENTICATION, "a1 064d00000000000000000000000001"},
        {HUSK_ERR_AUTHENTICATION, "a1 054d80c19383773c74dbca5ea06114"},
        {HUSK_ERR_AUTHENTICATION, "a1 054d80c19383773c74dbffffffffff"},
        {HUSK_ERR_UNSUPPORTED, "a1 0646010000000000"},
        {HUSK_ERR_UNSUPPORTED, "a1 054d80c19383773c74daca5ea06114"},
        {HUSK_ERR_UNSUPPORTED, "a1 054d00000000000000000000000000"},
        {HUSK_ERR_FORMAT, "a1 064e0000000000000000000000000001"},
        {HUSK_ERR_FORMAT, "a1 054c80c19383773c74dbca5ea061"},
        {HUSK_ERR_FORMAT, "a1 054e80c19383773c74dbca5ea0611400"},
    };
    connect(aeads[0], "climate", "kitchen", "");
    for (size_t i = 0; i < COUNT(cases); i++) {
        check_refused(0, with_headers("a1 010a", cases[i].unprotected_hex), cases[i].status);
    }
}

/* Random bytes, and random changes of a good envelope. */
static void noise(void)
{
    test_rng rng = {9};
    connect(aeads[0], "climate", "kitchen", "kid");
    size_t len = full_envelope();
    uint8_t good[200];
    memcpy(good, envelope, len);
    for (unsigned round = 0; round < ROUNDS(100000, 1000); round++) {
        memcpy(envelope, good, len);
        for (unsigned changes = 1 + round % 3; changes > 0; changes--) {
            envelope[test_rng_next(&rng) % len] ^= (uint8_t)(1u << test_rng_next(&rng) % 8);
        }
        if (memcmp(envelope, good, len) == 0) {
            continue;
        }
        CHECK(husk_envelope_open(&ends.opener, 1, envelope, len, &view) != HUSK_OK);
        size_t random_len = test_rng_next(&rng) % 60;
        test_rng_fill(&rng, envelope, random_len);
        CHECK(husk_envelope_open(&ends.opener, 1, envelope, random_len, &view) != HUSK_OK);
    }
    CHECK_INT(ends.opener_flash.stores, 0);
}

void suite_envelope(void)
{
    RUN(cose_examples);
    RUN(derived_keys);
    RUN(parameters_out_of_range);
    RUN(worked_examples);
    RUN(round_trips);
    RUN(content_lies_in_the_output);
    RUN(buffers);
    RUN(numbers_across_restarts);
    RUN(released_numbers);
    RUN(numbers_end);
    RUN(window);
    RUN(content_is_wiped_unless_stored);
    RUN(records_that_are_none);
    RUN(deadlines);
    RUN(destinations);
    RUN(other_keys);
    RUN(flipped_bits);
    RUN(truncated_and_extended);
    RUN(moved_to_other_metadata);
    RUN(malformed);
    RUN(headers);
    RUN(many_and_deep);
    RUN(long_names);
    RUN(nonces);
    RUN(noise);
}
