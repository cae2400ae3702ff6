/* The EDHOC cipher suites (RFC 9528 section 3.6) over the tables of this folder. */
#include "husk_cortex_m.h"

const husk_suite husk_cortex_m_suite_0 = {
    .id = 0,
    .edhoc_aead = &husk_cortex_m_aead_aes_ccm_16_64_128,
    .app_aead = &husk_cortex_m_aead_aes_ccm_16_64_128,
    .hash = &husk_cortex_m_hash_sha256,
    .ecdh = &husk_cortex_m_ecdh_x25519,
    .mac_bytes = 8,
};

const husk_suite husk_cortex_m_suite_1 = {
    .id = 1,
    .edhoc_aead = &husk_cortex_m_aead_aes_ccm_16_128_128,
    .app_aead = &husk_cortex_m_aead_aes_ccm_16_64_128,
    .hash = &husk_cortex_m_hash_sha256,
    .ecdh = &husk_cortex_m_ecdh_x25519,
    .mac_bytes = 16,
};

const husk_suite husk_cortex_m_suite_4 = {
    .id = 4,
    .edhoc_aead = &husk_cortex_m_aead_chacha20_poly1305,
    .app_aead = &husk_cortex_m_aead_chacha20_poly1305,
    .hash = &husk_cortex_m_hash_sha256,
    .ecdh = &husk_cortex_m_ecdh_x25519,
    .mac_bytes = 16,
};
