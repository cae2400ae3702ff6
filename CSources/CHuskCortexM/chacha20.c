/* ChaCha20 (RFC 8439 section 2.4) over its block function in assembly, and ChaCha20-Poly1305 over it as an AEAD. */
#include "husk_cortex_m.h"

#include "crypto/chacha20_mode.h"

#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && __ARM_ARCH_ISA_THUMB == 2

#define WORDS (HUSK_CHACHA20_BLOCK_BYTES / 4)

/* out = the block of this state. */
void husk_cortex_m_chacha20_block(uint32_t out[WORDS], const uint32_t state[WORDS]);

void husk_cortex_m_chacha20(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                            uint32_t counter, uint8_t *text, size_t len)
{
    uint32_t state[WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; /* "expand 32-byte k" */
    uint32_t block[WORDS];
    for (unsigned i = 0; i < 8; i++) {
        state[4 + i] = husk_load_le32(key + 4 * i);
    }
    state[12] = counter;
    for (unsigned i = 0; i < 3; i++) {
        state[13 + i] = husk_load_le32(nonce + 4 * i);
    }
    while (len > 0) {
        husk_cortex_m_chacha20_block(block, state);
        state[12]++;
        const uint32_t *word = block;
        for (; len >= 4 && word != block + WORDS; len -= 4, text += 4) {
            husk_store_le32(text, husk_load_le32(text) ^ *word++);
        }
        for (uint32_t rest = *word; len > 0 && word != block + WORDS; len--) {
            *text++ ^= (uint8_t)rest;
            rest >>= 8;
        }
    }
    husk_wipe(state, sizeof state);
    husk_wipe(block, sizeof block);
}

#else

/* ARMv6-M has too few registers for assembly to be much faster. */
void husk_cortex_m_chacha20(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                            uint32_t counter, uint8_t *text, size_t len)
{
    husk_chacha20(key, nonce, counter, text, len);
}

#endif

static void cipher(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                   uint32_t counter, uint8_t *text, size_t len)
{
    husk_cortex_m_chacha20(key, nonce, counter, text, len);
}

const husk_aead husk_cortex_m_aead_chacha20_poly1305 = {
    .cose_alg = 24,
    .key_bytes = HUSK_CHACHA20_KEY_BYTES,
    .nonce_bytes = HUSK_CHACHA20_NONCE_BYTES,
    .tag_bytes = HUSK_POLY1305_TAG_BYTES,
    .seal = seal,
    .open = open,
};
