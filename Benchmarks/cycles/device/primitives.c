/* The primitives alone, in the sizes that protocols and other people's figures have. */
#include "scenarios.h"

#define AAD_BYTES 8
#define TEXT_BYTES 32

static const uint8_t key[32] = {0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
                                0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
                                0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a};

static void ecdh(const char *name, const husk_ecdh *curve)
{
    uint8_t public_key[HUSK_ECDH_BYTES];
    uint8_t secret[HUSK_ECDH_BYTES];
    bench_name("primitive", name, "public_key", NULL);
    BENCH_OPEN();
    husk_status status = curve->public_key(key, public_key);
    BENCH_CLOSE();
    bench_ok(status, "public key");
    bench_name("primitive", name, "shared_secret", NULL);
    BENCH_OPEN();
    status = curve->shared_secret(key, public_key, secret);
    BENCH_CLOSE();
    bench_ok(status, "shared secret");
}

/* 8 bytes of additional data, 32 of text. */
static void aead(const char *name, const husk_aead *cipher)
{
    static const uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES] = {1};
    uint8_t text[TEXT_BYTES + HUSK_AEAD_TAG_MAX_BYTES] = {0};
    const husk_bytes aad = {key, AAD_BYTES};
    bench_name("primitive", name, "seal_8_32", NULL);
    BENCH_OPEN();
    husk_status status = cipher->seal(cipher, key, nonce, &aad, 1, text, TEXT_BYTES);
    BENCH_CLOSE();
    bench_ok(status, "seal");
    bench_name("primitive", name, "open_8_32", NULL);
    BENCH_OPEN();
    status = cipher->open(cipher, key, nonce, &aad, 1, text, TEXT_BYTES);
    BENCH_CLOSE();
    bench_ok(status, "open");
}

static void hash(void)
{
    static uint32_t block[16] = {0x12345678};
    husk_sha256 sha;
    husk_sha256_init(&sha);
    bench_name("primitive", "sha256", "block", NULL);
    BENCH_OPEN();
    husk_sha256_update(&sha, (const uint8_t *)block, sizeof block);
    BENCH_CLOSE();

    husk_hmac_key prk;
    uint8_t out[32] = {0};
    const husk_bytes salt = {key, sizeof key};
    bench_name("primitive", "hkdf_sha256", "extract_expand", NULL);
    BENCH_OPEN();
    husk_hkdf_extract(&husk_hash_sha256, salt, salt, out);
    husk_hmac_key_init(&prk, &husk_hash_sha256, out, sizeof out);
    husk_status status = husk_hkdf_expand_xor(&prk, &salt, 1, out, sizeof out);
    BENCH_CLOSE();
    bench_ok(status, "expand");
}

void primitives(void)
{
    hash();
    aead("aes_ccm", &husk_aead_aes_ccm_16_64_128);
    aead("chacha20_poly1305", &husk_aead_chacha20_poly1305);
    ecdh("x25519", &husk_ecdh_x25519);
    ecdh("p256", &husk_ecdh_p256);
}
