/* ChaCha20/Poly1305 (RFC 8439 section 2.8) over libsodium, which has it whole too, but wants its additional data in one
 * piece: put together from the cipher and the authenticator, nothing is copied and nothing too long for the copy. */
#include "husk_host.h"

#include <sodium.h>

#define BLOCK 64
#define PAD_TO 16

/* Poly1305 of AAD and cipher text, each filled up to whole blocks of 16, and their lengths; its key is what comes first
 * out of the cipher. */
static void authenticate(const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad, size_t aad_count,
                         const uint8_t *text, size_t len, uint8_t tag[crypto_onetimeauth_BYTES])
{
    static const uint8_t zeros[PAD_TO] = {0};
    crypto_onetimeauth_poly1305_state poly;
    uint8_t one_time_key[crypto_onetimeauth_KEYBYTES], lengths[16];
    uint64_t aad_len = 0;

    crypto_stream_chacha20_ietf(one_time_key, sizeof one_time_key, nonce, key);
    crypto_onetimeauth_poly1305_init(&poly, one_time_key);
    sodium_memzero(one_time_key, sizeof one_time_key);
    for (size_t i = 0; i < aad_count; i++) {
        crypto_onetimeauth_poly1305_update(&poly, aad[i].data, aad[i].len);
        aad_len += aad[i].len;
    }
    crypto_onetimeauth_poly1305_update(&poly, zeros, (PAD_TO - aad_len % PAD_TO) % PAD_TO);
    crypto_onetimeauth_poly1305_update(&poly, text, len);
    crypto_onetimeauth_poly1305_update(&poly, zeros, (PAD_TO - len % PAD_TO) % PAD_TO);
    for (unsigned i = 0; i < 8; i++) {
        lengths[i] = (uint8_t)(aad_len >> 8 * i);
        lengths[8 + i] = (uint8_t)((uint64_t)len >> 8 * i);
    }
    crypto_onetimeauth_poly1305_update(&poly, lengths, sizeof lengths);
    crypto_onetimeauth_poly1305_final(&poly, tag);
    sodium_memzero(&poly, sizeof poly);
}

/* The block counter is a word, and block 0 is not for text. libsodium ends the process beyond that. */
static bool too_long(size_t len)
{
    return len / BLOCK >= UINT32_MAX;
}

static void crypt(const uint8_t *key, const uint8_t *nonce, uint8_t *text, size_t len)
{
    crypto_stream_chacha20_ietf_xor_ic(text, text, len, nonce, 1, key);
}

static husk_status seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    if (too_long(len)) {
        return HUSK_ERR_ARGUMENT;
    }
    crypt(key, nonce, text, len);
    authenticate(key, nonce, aad, aad_count, text, len, text + len);
    return HUSK_OK;
}

static husk_status open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    uint8_t tag[crypto_onetimeauth_BYTES];
    if (too_long(len)) {
        return HUSK_ERR_ARGUMENT;
    }
    authenticate(key, nonce, aad, aad_count, text, len, tag);
    int differs = crypto_verify_16(tag, text + len);
    sodium_memzero(tag, sizeof tag);
    if (differs != 0) {
        sodium_memzero(text, len);
        return HUSK_ERR_AUTHENTICATION;
    }
    crypt(key, nonce, text, len);
    return HUSK_OK;
}

const husk_aead husk_host_aead_chacha20_poly1305 = {
    .cose_alg = 24,
    .key_bytes = crypto_stream_chacha20_ietf_KEYBYTES,
    .nonce_bytes = crypto_stream_chacha20_ietf_NONCEBYTES,
    .tag_bytes = crypto_onetimeauth_BYTES,
    .seal = seal,
    .open = open,
};
