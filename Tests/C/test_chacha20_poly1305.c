/* ChaCha20, Poly1305 and their AEAD: RFC 8439, then lengths, slices of AAD, tampering. */
#include "chacha20_poly1305_vectors.h"
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const husk_aead *const aead = &husk_aead_chacha20_poly1305;

static void chacha20(void)
{
    for (size_t i = 0; i < COUNT(chacha20_vectors); i++) {
        uint8_t key[32], nonce[12], text[375];
        unhex(chacha20_vectors[i].key, key, sizeof key);
        unhex(chacha20_vectors[i].nonce, nonce, sizeof nonce);
        size_t len = unhex(chacha20_vectors[i].text, text, sizeof text);
        husk_chacha20(key, nonce, chacha20_vectors[i].counter, text, len);
        CHECK_HEX(text, len, chacha20_vectors[i].sealed);
    }
}

static void poly1305(void)
{
    for (size_t i = 0; i < COUNT(poly1305_vectors); i++) {
        uint8_t key[32], text[375], tag[16];
        husk_poly1305 poly;
        unhex(poly1305_vectors[i][0], key, sizeof key);
        size_t len = unhex(poly1305_vectors[i][1], text, sizeof text);
        for (size_t cut = 0; cut <= len; cut += 7) {
            husk_poly1305_init(&poly, key);
            husk_poly1305_update(&poly, text, cut);
            husk_poly1305_update(&poly, text + cut, len - cut);
            husk_poly1305_final(&poly, tag);
            CHECK_HEX(tag, sizeof tag, poly1305_vectors[i][2]);
        }
    }
}

/* With r = 1 and s = 0 the tag is the sum of the blocks modulo p = 2^130 - 5: here from p - 4 to p + 3. */
static void poly1305_around_p(void)
{
    uint8_t key[32] = {1}, text[32], tag[16], expected[16];
    husk_poly1305 poly;
    for (uint8_t i = 0; i <= 7; i++) {
        /* (2^129 - 1) + (2^129 - 1 - i) = p + 3 - i */
        memset(text, 0xff, sizeof text);
        text[16] = (uint8_t)(0xff - i);
        memset(expected, i <= 3 ? 0 : 0xff, sizeof expected);
        expected[0] = (uint8_t)(i <= 3 ? 3 - i : 0xfb + 3 - i);
        husk_poly1305_init(&poly, key);
        husk_poly1305_update(&poly, text, sizeof text);
        husk_poly1305_final(&poly, tag);
        CHECK_MEM(tag, expected, sizeof tag);
    }
}

static void poly1305_key(void)
{
    for (size_t i = 0; i < COUNT(one_time_keys); i++) {
        uint8_t key[32], nonce[12], out[32] = {0};
        unhex(one_time_keys[i][0], key, sizeof key);
        unhex(one_time_keys[i][1], nonce, sizeof nonce);
        husk_chacha20(key, nonce, 0, out, sizeof out);
        CHECK_HEX(out, sizeof out, one_time_keys[i][2]);
    }
}

static void the_aead(void)
{
    for (size_t i = 0; i < COUNT(aead_vectors); i++) {
        uint8_t key[32], nonce[12], aad_bytes[12], text[265 + 16];
        unhex(aead_vectors[i][0], key, sizeof key);
        unhex(aead_vectors[i][1], nonce, sizeof nonce);
        husk_bytes aad = bytes(aad_bytes, unhex(aead_vectors[i][2], aad_bytes, sizeof aad_bytes));
        size_t len = unhex(aead_vectors[i][3], text, sizeof text);
        CHECK_OK(aead->seal(aead, key, nonce, &aad, 1, text, len));
        CHECK_HEX(text, len + 16, aead_vectors[i][4]);
        CHECK_OK(aead->open(aead, key, nonce, &aad, 1, text, len));
        CHECK_HEX(text, len, aead_vectors[i][3]);
    }
}

static void the_tables(void)
{
    CHECK_INT(aead->cose_alg, 24);
    CHECK_INT(aead->key_bytes, 32);
    CHECK_INT(aead->nonce_bytes, 12);
    CHECK_INT(aead->tag_bytes, 16);
    CHECK(aead->key_bytes <= HUSK_AEAD_KEY_MAX_BYTES && aead->tag_bytes <= HUSK_AEAD_TAG_MAX_BYTES);
    CHECK_INT(husk_suite_4.id, 4);
    CHECK(husk_suite_4.edhoc_aead == aead && husk_suite_4.app_aead == aead);
    CHECK(husk_suite_4.hash == &husk_hash_sha256 && husk_suite_4.ecdh == &husk_ecdh_x25519);
    CHECK_INT(husk_suite_4.mac_bytes, 16);
}

/* Opens what was sealed, for every length of text and AAD around the blocks; nothing past the tag is written. */
static void lengths(void)
{
    test_rng rng = {18};
    uint8_t key[32], nonce[12], text[130], aad_bytes[34], buffer[130 + 16 + 1];
    test_rng_fill(&rng, key, sizeof key);
    test_rng_fill(&rng, nonce, sizeof nonce);
    test_rng_fill(&rng, text, sizeof text);
    test_rng_fill(&rng, aad_bytes, sizeof aad_bytes);
    for (size_t len = 0; len <= sizeof text; len++) {
        for (size_t aad_len = 0; aad_len <= sizeof aad_bytes; aad_len += len % 16 == 0 ? 1 : 11) {
            husk_bytes aad = bytes(aad_bytes, aad_len);
            memcpy(buffer, text, len);
            buffer[len + 16] = 0xa5;
            CHECK_OK(aead->seal(aead, key, nonce, &aad, 1, buffer, len));
            CHECK(len < 4 || memcmp(buffer, text, len) != 0);
            CHECK_INT(buffer[len + 16], 0xa5);
            CHECK_OK(aead->open(aead, key, nonce, &aad, 1, buffer, len));
            CHECK_MEM(buffer, text, len);
            CHECK_INT(buffer[len + 16], 0xa5);
        }
    }
}

/* A list of slices authenticates like the bytes one after the other, and no AAD at all like empty AAD. */
static void aad_in_chunks(void)
{
    test_rng rng = {19};
    uint8_t key[32], nonce[12], aad_bytes[40], whole[28], buffer[28];
    test_rng_fill(&rng, key, sizeof key);
    test_rng_fill(&rng, nonce, sizeof nonce);
    test_rng_fill(&rng, aad_bytes, sizeof aad_bytes);
    memset(whole, 7, sizeof whole);
    husk_bytes all = bytes(aad_bytes, sizeof aad_bytes);
    CHECK_OK(aead->seal(aead, key, nonce, &all, 1, whole, 12));
    for (size_t a = 0; a <= sizeof aad_bytes; a++) {
        for (size_t b = a; b <= sizeof aad_bytes; b += 1 + a % 5) {
            husk_bytes parts[4] = {bytes(aad_bytes, a), bytes(aad_bytes + a, b - a), NO_BYTES,
                                   bytes(aad_bytes + b, sizeof aad_bytes - b)};
            memset(buffer, 7, sizeof buffer);
            CHECK_OK(aead->seal(aead, key, nonce, parts, 4, buffer, 12));
            CHECK_MEM(buffer, whole, sizeof whole);
        }
    }
    husk_bytes empty[2] = {NO_BYTES, bytes(aad_bytes, 0)};
    memset(whole, 7, sizeof whole);
    memset(buffer, 7, sizeof buffer);
    CHECK_OK(aead->seal(aead, key, nonce, NULL, 0, whole, 12));
    CHECK_OK(aead->seal(aead, key, nonce, empty, 2, buffer, 12));
    CHECK_MEM(buffer, whole, sizeof whole);
}

/* One changed bit anywhere is refused, and nothing is left of the text. */
static void tampering(void)
{
    enum { AAD = 32 + 12, TEXT = AAD + 9, LEN = 70, TOTAL = TEXT + LEN + 16 };
    static const uint8_t zeros[LEN];
    uint8_t sealed[TOTAL], changed[TOTAL];
    for (size_t i = 0; i < TOTAL; i++) {
        sealed[i] = (uint8_t)(i * 37 + 11);
    }
    husk_bytes aad = bytes(sealed + AAD, 9);
    CHECK_OK(aead->seal(aead, sealed, sealed + 32, &aad, 1, sealed + TEXT, LEN));
    aad.data = changed + AAD;
    for (size_t bit = 0; bit < 8 * TOTAL; bit++) {
        memcpy(changed, sealed, TOTAL);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_INT(aead->open(aead, changed, changed + 32, &aad, 1, changed + TEXT, LEN), HUSK_ERR_AUTHENTICATION);
        CHECK_MEM(changed + TEXT, zeros, LEN);
    }
    memcpy(changed, sealed, TOTAL);
    CHECK_OK(aead->open(aead, changed, changed + 32, &aad, 1, changed + TEXT, LEN));
}

/* Neither fewer nor more bytes of text or AAD than were sealed, not even zeros that padding would add. */
static void other_lengths(void)
{
    uint8_t key[32] = {1}, nonce[12] = {2}, aad_bytes[20] = {0}, sealed[60] = {4}, buffer[60];
    husk_bytes aad = bytes(aad_bytes, 10);
    CHECK_OK(aead->seal(aead, key, nonce, &aad, 1, sealed, 20));
    for (size_t len = 0; len <= 40; len++) {
        if (len != 20) {
            memcpy(buffer, sealed, sizeof buffer);
            CHECK_INT(aead->open(aead, key, nonce, &aad, 1, buffer, len), HUSK_ERR_AUTHENTICATION);
        }
    }
    for (size_t len = 0; len <= 20; len++) {
        if (len != 10) {
            aad.len = len;
            memcpy(buffer, sealed, sizeof buffer);
            CHECK_INT(aead->open(aead, key, nonce, &aad, 1, buffer, 20), HUSK_ERR_AUTHENTICATION);
        }
    }
}

/* What would need more blocks than there are is refused before anything is read or written. */
static void too_long(void)
{
#if SIZE_MAX > UINT32_MAX
    uint8_t key[32] = {0}, nonce[12] = {0}, buffer[4] = {1, 2, 3, 4};
    const size_t too_many[] = {((size_t)1 << 38) - 64, (size_t)1 << 38, SIZE_MAX};
    for (size_t i = 0; i < COUNT(too_many); i++) {
        CHECK_INT(aead->seal(aead, key, nonce, NULL, 0, buffer, too_many[i]), HUSK_ERR_ARGUMENT);
        CHECK_INT(aead->open(aead, key, nonce, NULL, 0, buffer, too_many[i]), HUSK_ERR_ARGUMENT);
    }
    CHECK_HEX(buffer, sizeof buffer, "01020304");
#endif
}

void suite_chacha20_poly1305(void)
{
    RUN(chacha20);
    RUN(poly1305);
    RUN(poly1305_around_p);
    RUN(poly1305_key);
    RUN(the_aead);
    RUN(the_tables);
    RUN(lengths);
    RUN(aad_in_chunks);
    RUN(tampering);
    RUN(other_lengths);
    RUN(too_long);
}
