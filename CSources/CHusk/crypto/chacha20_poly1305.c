/* ChaCha20-Poly1305 (RFC 9053 section 4.3) as an AEAD table. */
#include "crypto/chacha20_mode.h"

static void cipher(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                   uint32_t counter, uint8_t *text, size_t len)
{
    husk_chacha20(key, nonce, counter, text, len);
}

const husk_aead husk_aead_chacha20_poly1305 = {
    .cose_alg = 24,
    .key_bytes = HUSK_CHACHA20_KEY_BYTES,
    .nonce_bytes = HUSK_CHACHA20_NONCE_BYTES,
    .tag_bytes = HUSK_POLY1305_TAG_BYTES,
    .seal = seal,
    .open = open,
};
