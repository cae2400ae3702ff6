/* primitive: AES-128, SHA-256 and X25519, without secret-dependent branches or table indices. Most programs use them
 * through the tables of crypto.h only. */
#ifndef HUSK_PRIMITIVE_H
#define HUSK_PRIMITIVE_H

#include "husk/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_AES128_KEY_BYTES 16
#define HUSK_AES_BLOCK_BYTES 16
#define HUSK_SHA256_DIGEST_BYTES 32
#define HUSK_SHA256_BLOCK_BYTES 64
#define HUSK_X25519_BYTES 32

/* Expanded AES-128 key (FIPS 197) for a bitsliced cipher that encrypts two blocks at a time: four words for each of the
 * eleven round keys, bitsliced but folded. Secret: wipe after use. */
typedef struct husk_aes128 {
    uint32_t round_keys[44];
} husk_aes128;

/* Expands key[16]. */
void husk_aes128_init(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES]);

/* Encrypts blocks[0..16) and blocks[16..32) in place, independently (ECB). */
void husk_aes128_encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES]);

/* SHA-256 (FIPS 180-4) over any number of updates. `bytes` is how much was absorbed so far; the last bytes % 64 of it
 * wait in `block`, which is made of words because the message schedule is computed in place there. */
typedef struct husk_sha256 {
    uint64_t bytes;
    uint32_t state[HUSK_SHA256_DIGEST_BYTES / 4];
    uint32_t block[HUSK_SHA256_BLOCK_BYTES / 4];
} husk_sha256;

void husk_sha256_init(husk_sha256 *sha);
void husk_sha256_update(husk_sha256 *sha, const uint8_t *data, size_t len);

/* Writes the digest and wipes the state; init it before it is used again. */
void husk_sha256_final(husk_sha256 *sha, uint8_t digest[HUSK_SHA256_DIGEST_BYTES]);

/* X25519 (RFC 7748 section 5): out = scalar * point, all little-endian, the scalar clamped inside. Bit 255 of the
 * point is ignored, non-canonical points are accepted. `out` may be `scalar` or `point`. Returns HUSK_ERR_PUBLIC_KEY
 * (and out is zero) if the result is all zeros, which low-order points give (RFC 7748 section 6.1). */
husk_status husk_x25519(uint8_t out[HUSK_X25519_BYTES], const uint8_t scalar[HUSK_X25519_BYTES],
                        const uint8_t point[HUSK_X25519_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
