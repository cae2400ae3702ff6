/* EDHOC cipher suite 5 (RFC 9528 section 3.6). */
#include "husk/crypto.h"

const husk_suite husk_suite_5 = {
    .id = 5,
    .edhoc_aead = &husk_aead_chacha20_poly1305,
    .app_aead = &husk_aead_chacha20_poly1305,
    .hash = &husk_hash_sha256,
    .ecdh = &husk_ecdh_p256,
    .mac_bytes = 16,
};
