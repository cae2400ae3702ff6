/* AES-CCM over the faster AES, as AEAD tables. */
#include "husk_cortex_m.h"

#include "crypto/ccm_mode.h"

static void expand_key(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES])
{
    husk_cortex_m_aes128_init(aes, key);
}

static void encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES])
{
    husk_cortex_m_aes128_encrypt_two(aes, blocks);
}

const husk_aead husk_cortex_m_aead_aes_ccm_16_64_128 = {
    .cose_alg = 10,
    .key_bytes = HUSK_AES128_KEY_BYTES,
    .nonce_bytes = NONCE_BYTES,
    .tag_bytes = 8,
    .seal = seal,
    .open = open,
};

const husk_aead husk_cortex_m_aead_aes_ccm_16_128_128 = {
    .cose_alg = 30,
    .key_bytes = HUSK_AES128_KEY_BYTES,
    .nonce_bytes = NONCE_BYTES,
    .tag_bytes = 16,
    .seal = seal,
    .open = open,
};
