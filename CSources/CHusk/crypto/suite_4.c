/* EDHOC cipher suite 4 (RFC 9528 section 3.6). */
#include "husk/crypto.h"

const husk_suite husk_suite_4 = {
    .id = 4,
    .edhoc_aead = &husk_aead_chacha20_poly1305,
    .app_aead = &husk_aead_chacha20_poly1305,
    .hash = &husk_hash_sha256,
    .ecdh = &husk_ecdh_x25519,
    .mac_bytes = 16,
};
