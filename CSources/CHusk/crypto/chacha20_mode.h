/* crypto/chacha20_mode: ChaCha20-Poly1305 (RFC 8439 section 2.8) over any ChaCha20. A file that includes this defines
 *
 *     static void cipher(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
 *                        uint32_t counter, uint8_t *text, size_t len);
 *
 * and makes a table of `seal` and `open`. */
#ifndef HUSK_CRYPTO_CHACHA20_MODE_H
#define HUSK_CRYPTO_CHACHA20_MODE_H

#include "husk/crypto.h"

#include "base/bytes.h"
#include "base/secret.h"

static void cipher(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                   uint32_t counter, uint8_t *text, size_t len);

/* tag = Poly1305 of AAD and cipher text, each filled up to whole blocks, and their lengths; its key is what comes first
 * out of the cipher. */
static void authenticate(const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad, size_t aad_count,
                         const uint8_t *text, size_t len, uint8_t tag[HUSK_POLY1305_TAG_BYTES])
{
    husk_poly1305 poly;
    uint8_t one_time_key[HUSK_POLY1305_KEY_BYTES] = {0};
    uint8_t lengths[16];
    uint64_t aad_len = 0;

    cipher(key, nonce, 0, one_time_key, sizeof one_time_key);
    husk_poly1305_init(&poly, one_time_key);
    husk_wipe(one_time_key, sizeof one_time_key);
    for (size_t i = 0; i < aad_count; i++) {
        husk_poly1305_update(&poly, aad[i].data, aad[i].len);
        aad_len += aad[i].len;
    }
    husk_poly1305_pad(&poly);
    husk_poly1305_update(&poly, text, len);
    husk_poly1305_pad(&poly);
    husk_store_le64(lengths, aad_len);
    husk_store_le64(lengths + 8, len);
    husk_poly1305_update(&poly, lengths, sizeof lengths);
    husk_poly1305_final(&poly, tag);
}

/* The block counter is a word, and block 0 is not for text. */
static bool too_long(size_t len)
{
    return len / HUSK_CHACHA20_BLOCK_BYTES >= UINT32_MAX;
}

static husk_status seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    if (too_long(len)) {
        return HUSK_ERR_ARGUMENT;
    }
    cipher(key, nonce, 1, text, len);
    authenticate(key, nonce, aad, aad_count, text, len, text + len);
    /* Everybody on the way will see it. */
    HUSK_PUBLIC(text, len + HUSK_POLY1305_TAG_BYTES);
    return HUSK_OK;
}

static husk_status open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    uint8_t tag[HUSK_POLY1305_TAG_BYTES];
    if (too_long(len)) {
        return HUSK_ERR_ARGUMENT;
    }
    authenticate(key, nonce, aad, aad_count, text, len, tag);
    bool equal = husk_equal(tag, text + len, sizeof tag);
    husk_wipe(tag, sizeof tag);
    /* Whether it is accepted will show. */
    HUSK_PUBLIC(&equal, sizeof equal);
    if (!equal) {
        husk_wipe(text, len);
        return HUSK_ERR_AUTHENTICATION;
    }
    cipher(key, nonce, 1, text, len);
    return HUSK_OK;
}

#endif
