/* Included before a unit test: the tables and functions of CHuskCortexM under the names of the core's. */
#ifndef CORTEX_M_TABLES_H
#define CORTEX_M_TABLES_H

#include "husk_cortex_m.h"

#define husk_aes128_init husk_cortex_m_aes128_init
#define husk_aes128_encrypt_two husk_cortex_m_aes128_encrypt_two
#define husk_aead_aes_ccm_16_64_128 husk_cortex_m_aead_aes_ccm_16_64_128
#define husk_aead_aes_ccm_16_128_128 husk_cortex_m_aead_aes_ccm_16_128_128
#define husk_chacha20 husk_cortex_m_chacha20
#define husk_aead_chacha20_poly1305 husk_cortex_m_aead_chacha20_poly1305
#define husk_sha256_update husk_cortex_m_sha256_update
#define husk_sha256_final husk_cortex_m_sha256_final
#define husk_x25519 husk_cortex_m_x25519
#define husk_hash_sha256 husk_cortex_m_hash_sha256
#define husk_ecdh_x25519 husk_cortex_m_ecdh_x25519
#define husk_suite_0 husk_cortex_m_suite_0
#define husk_suite_1 husk_cortex_m_suite_1
#define husk_suite_4 husk_cortex_m_suite_4

#endif
