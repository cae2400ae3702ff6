/* husk_cortex_m: cipher suites of crypto.h for speed on Cortex-M, in assembly where that helps. A firmware that has the
 * flash passes these tables instead of the core's; what they compute, accept and refuse is the same, byte by byte and
 * error by error, and in constant time too. What is not passed is not linked.
 *
 *              M0, M0+                 M3                      M4, M7, M33 with DSP extension
 *     X25519   ARMv6-M                 ARMv6-M                 ARMv7E-M (UMAAL)
 *     SHA-256  ARMv6-M                 ARMv7-M                 ARMv7-M
 *     AES-CCM  C, loops written out    C, S-box in ARMv7-M     C, S-box in ARMv7-M
 *     ChaCha20 the core's              ARMv7-M                 ARMv7-M
 *
 * They are tables beside the core's, and not the core built in another way, because both kinds have their users: the
 * core's take less flash, and what a program links is said in its source. */
#ifndef HUSK_CORTEX_M_H
#define HUSK_CORTEX_M_H

#include "husk/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As husk_aes128_init and husk_aes128_encrypt_two, whose expanded keys are the same. */
void husk_cortex_m_aes128_init(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES]);
void husk_cortex_m_aes128_encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES]);

/* As husk_chacha20. */
void husk_cortex_m_chacha20(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                            uint32_t counter, uint8_t *text, size_t len);

/* As husk_sha256_update and husk_sha256_final, after husk_sha256_init. */
void husk_cortex_m_sha256_update(husk_sha256 *sha, const uint8_t *data, size_t len);
void husk_cortex_m_sha256_final(husk_sha256 *sha, uint8_t digest[HUSK_SHA256_DIGEST_BYTES]);

/* As husk_x25519. */
husk_status husk_cortex_m_x25519(uint8_t out[HUSK_X25519_BYTES], const uint8_t scalar[HUSK_X25519_BYTES],
                                 const uint8_t point[HUSK_X25519_BYTES]);

extern const husk_aead husk_cortex_m_aead_aes_ccm_16_64_128;
extern const husk_aead husk_cortex_m_aead_aes_ccm_16_128_128;
extern const husk_aead husk_cortex_m_aead_chacha20_poly1305;
extern const husk_hash husk_cortex_m_hash_sha256;
extern const husk_ecdh husk_cortex_m_ecdh_x25519;

extern const husk_suite husk_cortex_m_suite_0;
extern const husk_suite husk_cortex_m_suite_1;
extern const husk_suite husk_cortex_m_suite_4;

#ifdef __cplusplus
}
#endif
#endif
