/* EDHOC cipher suite 0 (RFC 9528 section 3.6). */
#include "husk/crypto.h"

const husk_suite husk_suite_0 = {
    .id = 0,
    .edhoc_aead = &husk_aead_aes_ccm_16_64_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &husk_ecdh_x25519,
    .mac_bytes = 8,
};
