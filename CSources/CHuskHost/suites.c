/* The EDHOC cipher suites (RFC 9528 section 3.6) over the tables of this folder. */
#include "husk_host.h"

const husk_suite husk_host_suite_0 = {
    .id = 0,
    .edhoc_aead = &husk_host_aead_aes_ccm_16_64_128,
    .app_aead = &husk_host_aead_aes_ccm_16_64_128,
    .hash = &husk_host_hash_sha256,
    .ecdh = &husk_host_ecdh_x25519,
    .mac_bytes = 8,
};

const husk_suite husk_host_suite_1 = {
    .id = 1,
    .edhoc_aead = &husk_host_aead_aes_ccm_16_128_128,
    .app_aead = &husk_host_aead_aes_ccm_16_64_128,
    .hash = &husk_host_hash_sha256,
    .ecdh = &husk_host_ecdh_x25519,
    .mac_bytes = 16,
};

const husk_suite husk_host_suite_2 = {
    .id = 2,
    .edhoc_aead = &husk_host_aead_aes_ccm_16_64_128,
    .app_aead = &husk_host_aead_aes_ccm_16_64_128,
    .hash = &husk_host_hash_sha256,
    .ecdh = &husk_host_ecdh_p256,
    .mac_bytes = 8,
};

const husk_suite husk_host_suite_3 = {
    .id = 3,
    .edhoc_aead = &husk_host_aead_aes_ccm_16_128_128,
    .app_aead = &husk_host_aead_aes_ccm_16_64_128,
    .hash = &husk_host_hash_sha256,
    .ecdh = &husk_host_ecdh_p256,
    .mac_bytes = 16,
};

const husk_suite husk_host_suite_4 = {
    .id = 4,
    .edhoc_aead = &husk_host_aead_chacha20_poly1305,
    .app_aead = &husk_host_aead_chacha20_poly1305,
    .hash = &husk_host_hash_sha256,
    .ecdh = &husk_host_ecdh_x25519,
    .mac_bytes = 16,
};

const husk_suite husk_host_suite_5 = {
    .id = 5,
    .edhoc_aead = &husk_host_aead_chacha20_poly1305,
    .app_aead = &husk_host_aead_chacha20_poly1305,
    .hash = &husk_host_hash_sha256,
    .ecdh = &husk_host_ecdh_p256,
    .mac_bytes = 16,
};
