/* Read before each unit test of a second build (-include): what the test says of the core's tables is then said of
 * those of CHuskHost. The core itself is built without it. */
#ifndef HUSK_HOST_TABLES_H
#define HUSK_HOST_TABLES_H

#define husk_aead_aes_ccm_16_64_128 husk_host_aead_aes_ccm_16_64_128
#define husk_aead_aes_ccm_16_128_128 husk_host_aead_aes_ccm_16_128_128
#define husk_aead_chacha20_poly1305 husk_host_aead_chacha20_poly1305
#define husk_hash_sha256 husk_host_hash_sha256
#define husk_ecdh_x25519 husk_host_ecdh_x25519
#define husk_ecdh_p256 husk_host_ecdh_p256
#define husk_suite_0 husk_host_suite_0
#define husk_suite_1 husk_host_suite_1
#define husk_suite_2 husk_host_suite_2
#define husk_suite_3 husk_host_suite_3
#define husk_suite_4 husk_host_suite_4
#define husk_suite_5 husk_host_suite_5

#endif
