/* EDHOC cipher suite 2 (RFC 9528 section 3.6). */
#include "husk/crypto.h"

const husk_suite husk_suite_2 = {
    .id = 2,
    .edhoc_aead = &husk_aead_aes_ccm_16_64_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &husk_ecdh_p256,
    .mac_bytes = 8,
};
