/* primitive: AES-128, SHA-256, ChaCha20, Poly1305, X25519 and P-256, without secret-dependent branches or table
 * indices. Most programs use them through the tables of crypto.h only. */
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
#define HUSK_CHACHA20_KEY_BYTES 32
#define HUSK_CHACHA20_NONCE_BYTES 12
#define HUSK_CHACHA20_BLOCK_BYTES 64
#define HUSK_POLY1305_KEY_BYTES 32
#define HUSK_POLY1305_TAG_BYTES 16
#define HUSK_X25519_BYTES 32
#define HUSK_P256_BYTES 32

/* Expanded AES-128 key (FIPS 197) for a bitsliced cipher that encrypts two blocks at a time: four words for each of the
 * eleven round keys, bitsliced but folded. Secret: wipe after use. */
typedef struct husk_aes128 {
    uint32_t round_keys[44];
} husk_aes128;

/* Expands key[16]. */
void husk_aes128_init(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES]);

/* Encrypts blocks[0..16) and blocks[16..32) in place, independently (ECB). */
void husk_aes128_encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES]);

/* Decrypts blocks[0..16) and blocks[16..32) likewise. Made for little flash: three times as slow. */
void husk_aes128_decrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES]);

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

/* text[0..len) ^= ChaCha20 (RFC 8439 section 2.4), whose first block has the number `counter`. The counter MUST NOT
 * pass 2^32 - 1. */
void husk_chacha20(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                   uint32_t counter, uint8_t *text, size_t len);

/* Poly1305 (RFC 8439 section 2.5) over any number of updates. A key MUST NOT be used for two messages. `bytes` of
 * `block` wait for it to be full. Secret. */
typedef struct husk_poly1305 {
    uint32_t h[5];
    uint32_t r[4];
    uint32_t s[4];
    uint32_t product[9];
    uint8_t block[16];
    uint8_t bytes;
} husk_poly1305;

void husk_poly1305_init(husk_poly1305 *poly, const uint8_t key[HUSK_POLY1305_KEY_BYTES]);
void husk_poly1305_update(husk_poly1305 *poly, const uint8_t *data, size_t len);

/* Fills the last block with zeros, if one is begun: what the AEAD wants between its parts. */
void husk_poly1305_pad(husk_poly1305 *poly);

/* Writes the tag and wipes the state; init it before it is used again. */
void husk_poly1305_final(husk_poly1305 *poly, uint8_t tag[HUSK_POLY1305_TAG_BYTES]);

/* X25519 (RFC 7748 section 5): out = scalar * point, all little-endian, the scalar clamped inside. Bit 255 of the
 * point is ignored, non-canonical points are accepted. `out` may be `scalar` or `point`. Returns HUSK_ERR_PUBLIC_KEY
 * (and out is zero) if the result is all zeros, which low-order points give (RFC 7748 section 6.1). */
husk_status husk_x25519(uint8_t out[HUSK_X25519_BYTES], const uint8_t scalar[HUSK_X25519_BYTES],
                        const uint8_t point[HUSK_X25519_BYTES]);

/* P-256: x-coordinate of scalar * point from that of the point, all big-endian (RFC 9528 section 3.7). `out` may be
 * `scalar` or `point`. HUSK_ERR_RANDOM if the scalar is 0 or not below the order n of the curve; HUSK_ERR_PUBLIC_KEY if
 * `point` is not below p or no point of the curve has it. `out` is zero then. */
husk_status husk_p256(uint8_t out[HUSK_P256_BYTES], const uint8_t scalar[HUSK_P256_BYTES],
                      const uint8_t point[HUSK_P256_BYTES]);

#ifdef __cplusplus
}
#endif
#endif
