/* Suites for tests of the protocol logic. */
#include "toy_suite.h"

#include <string.h>

static husk_status toy_public_key(const uint8_t *private_key, uint8_t *public_key)
{
    memcpy(public_key, private_key, HUSK_ECDH_BYTES);
    return HUSK_OK;
}

static husk_status toy_shared_secret(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    uint8_t any = 0;
    for (size_t i = 0; i < HUSK_ECDH_BYTES; i++) {
        secret[i] = private_key[i] ^ peer_public_key[i];
        any |= secret[i];
    }
    return any != 0 ? HUSK_OK : HUSK_ERR_PUBLIC_KEY;
}

const husk_ecdh toy_ecdh = {.cose_curve = 4, .public_key = toy_public_key, .shared_secret = toy_shared_secret};

const husk_suite toy_suite_0 = {
    .id = 0,
    .edhoc_aead = &husk_aead_aes_ccm_16_64_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};

const husk_suite toy_suite_1 = {
    .id = 1,
    .edhoc_aead = &husk_aead_aes_ccm_16_128_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};

const husk_suite toy_suite_private = {
    .id = -24,
    .edhoc_aead = &husk_aead_aes_ccm_16_64_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};
