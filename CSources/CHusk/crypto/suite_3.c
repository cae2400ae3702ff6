/* EDHOC cipher suite 3 (RFC 9528 section 3.6): the longer tag for the handshake only. */
#include "husk/crypto.h"

const husk_suite husk_suite_3 = {
    .id = 3,
    .edhoc_aead = &husk_aead_aes_ccm_16_128_128,
    .app_aead = &husk_aead_aes_ccm_16_64_128,
    .hash = &husk_hash_sha256,
    .ecdh = &husk_ecdh_p256,
    .mac_bytes = 16,
};
