/* The primitives against libraries nobody here wrote, on random inputs with edge lengths: X25519, SHA-256, HMAC and
 * ChaCha20-Poly1305 against libsodium; P-256, AES-CCM and HKDF against mbedTLS 2.28.
 * Usage: differential [seed [count]]. */
#include <mbedtls/ccm.h>
#include <mbedtls/ecp.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "husk/crypto.h"

#define MAX_BYTES 70000

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static void fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)next();
    }
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

/* A length up to `max`: mostly short, often beside a multiple of a block, now and then at the very end. */
static size_t length(size_t max)
{
    size_t len;
    switch (below(8)) {
    case 0:
        len = below(4);
        break;
    case 1:
    case 2:
        len = 16 * below(20) + below(3);
        len -= len > 0;
        break;
    case 3:
        len = 64 * below(8) + 54 + below(4);
        break;
    case 4:
        len = below(50) == 0 ? max - below(3) : below(40);
        break;
    default:
        len = below(400);
        break;
    }
    return len < max ? len : max;
}

static uint8_t a[MAX_BYTES], b[MAX_BYTES], c[MAX_BYTES];

/* A list of one to four slices that together are data[0..len). */
static size_t cut(const uint8_t *data, size_t len, husk_bytes parts[4])
{
    size_t count = 1 + below(4), at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t part = i + 1 == count ? len - at : below(len - at + 1);
        parts[i] = (husk_bytes){part > 0 ? data + at : NULL, part};
        at += part;
    }
    return count;
}

static bool x25519(size_t i)
{
    static const uint8_t points[][2] = {{0, 0}, {1, 0}, {0xec, 0xff}, {0xed, 0xff}, {0xee, 0xff}, {0xff, 0xff}, {9, 0}};
    uint8_t scalar[32], point[32], ours[32], theirs[32] = {0};
    fill(scalar, 32);
    fill(point, 32);
    if (i % 16 == 0) {
        const uint8_t *edge = points[i / 16 % 7];
        memset(point, edge[1], 32);
        point[0] = edge[0];
        point[31] = (uint8_t)((edge[1] & 0x7f) | (next() & 0x80));
    }
    if (i % 16 == 1) {
        memset(scalar, i / 16 % 2 ? 0xff : 0, 32);
    }
    if (i % 16 == 2) {
        /* Few bits set: long carries. */
        memset(point, i / 16 % 2 ? 0xff : 0, 32);
        point[below(32)] ^= (uint8_t)(1u << below(8));
    }
    husk_status status = husk_x25519(ours, scalar, point);
    int refused = crypto_scalarmult_curve25519(theirs, scalar, point);
    if (refused != 0) {
        return status == HUSK_ERR_PUBLIC_KEY && sodium_is_zero(ours, 32);
    }
    return status == HUSK_OK && memcmp(ours, theirs, 32) == 0;
}

/* Random bytes for mbedTLS, which blinds its computations with them. */
static int mbedtls_random(void *context, unsigned char *out, size_t len)
{
    (void)context;
    fill(out, len);
    return 0;
}

/* x-coordinate of scalar * point, as mbedTLS computes it; false if it refuses. */
static bool p256_multiple(mbedtls_ecp_group *group, mbedtls_ecp_point *product, const uint8_t scalar[32],
                          const mbedtls_ecp_point *point, uint8_t x[32])
{
    mbedtls_mpi number;
    mbedtls_mpi_init(&number);
    bool good = mbedtls_mpi_read_binary(&number, scalar, 32) == 0 &&
                mbedtls_ecp_mul(group, product, &number, point, mbedtls_random, NULL) == 0 &&
                mbedtls_mpi_write_binary(&product->X, x, 32) == 0;
    mbedtls_mpi_free(&number);
    return good;
}

/* Public key and shared secret. mbedTLS needs y too, so points are multiples of the base point. */
static bool p256(size_t i)
{
    uint8_t scalar[32], other[32], point[32], ours[32], theirs[32];
    mbedtls_ecp_group group;
    mbedtls_ecp_point q, product;
    mbedtls_ecp_group_init(&group);
    mbedtls_ecp_point_init(&q);
    mbedtls_ecp_point_init(&product);
    fill(scalar, 32);
    fill(other, 32);
    if (i % 16 == 0) {
        /* Few bits set or clear, or few bytes. */
        memset(scalar, i / 16 % 2 ? 0xff : 0, 32);
        scalar[below(32)] ^= (uint8_t)(1u << below(8));
    }
    if (i % 16 == 1) {
        memset(scalar, 0, below(32));
    }
    bool good = mbedtls_ecp_group_load(&group, MBEDTLS_ECP_DP_SECP256R1) == 0;
    bool valid = good && p256_multiple(&group, &product, scalar, &group.G, theirs);
    good = good && husk_ecdh_p256.public_key(scalar, ours) == (valid ? HUSK_OK : HUSK_ERR_RANDOM);
    good = good && (!valid || memcmp(ours, theirs, 32) == 0);
    if (good && valid && p256_multiple(&group, &q, other, &group.G, point)) {
        good = p256_multiple(&group, &product, scalar, &q, theirs);
        good = good && husk_ecdh_p256.shared_secret(scalar, point, ours) == HUSK_OK && memcmp(ours, theirs, 32) == 0;
    }
    mbedtls_ecp_group_free(&group);
    mbedtls_ecp_point_free(&q);
    mbedtls_ecp_point_free(&product);
    return good;
}

static bool sha256(size_t i)
{
    (void)i;
    uint8_t ours[32], theirs[32];
    size_t len = length(MAX_BYTES);
    husk_bytes parts[4];
    husk_sha256 sha;
    fill(a, len);
    size_t count = cut(a, len, parts);
    husk_sha256_init(&sha);
    for (size_t j = 0; j < count; j++) {
        husk_sha256_update(&sha, parts[j].data, parts[j].len);
    }
    husk_sha256_final(&sha, ours);
    crypto_hash_sha256(theirs, a, len);
    return memcmp(ours, theirs, 32) == 0;
}

static bool hmac(size_t i)
{
    (void)i;
    uint8_t ours[32], theirs[32];
    size_t key_len = length(300), len = length(5000);
    husk_bytes parts[4];
    husk_hmac_key key;
    crypto_auth_hmacsha256_state other;
    fill(a, key_len);
    fill(b, len);
    size_t count = cut(b, len, parts);
    husk_hmac_key_init(&key, &husk_hash_sha256, a, key_len);
    husk_hmac(&key, parts, count, ours);
    crypto_auth_hmacsha256_init(&other, a, key_len);
    crypto_auth_hmacsha256_update(&other, b, len);
    crypto_auth_hmacsha256_final(&other, theirs);
    return memcmp(ours, theirs, 32) == 0;
}

static bool hkdf(size_t i)
{
    (void)i;
    size_t salt_len = length(200), ikm_len = length(200), info_len = length(600), len = length(255 * 32);
    husk_bytes parts[4];
    husk_hmac_key key;
    uint8_t prk[32];
    uint8_t *salt = a, *ikm = a + 1000, *info = a + 2000, *ours = b, *theirs = c;
    fill(a, 3000);
    memset(ours, 0, len + 1);
    husk_hkdf_extract(&husk_hash_sha256, (husk_bytes){salt, salt_len}, (husk_bytes){ikm, ikm_len}, prk);
    husk_hmac_key_init(&key, &husk_hash_sha256, prk, 32);
    size_t count = cut(info, info_len, parts);
    if (husk_hkdf_expand_xor(&key, parts, count, ours, len) != HUSK_OK) {
        return false;
    }
    if (mbedtls_hkdf(mbedtls_md_info_from_type(MBEDTLS_MD_SHA256), salt, salt_len, ikm, ikm_len, info, info_len, theirs,
                     len) != 0) {
        return false;
    }
    return memcmp(ours, theirs, len) == 0 && ours[len] == 0;
}

static bool ccm(const husk_aead *aead)
{
    uint8_t key[16], nonce[13];
    size_t tag = aead->tag_bytes;
    size_t len = length(0xffff), aad_len = length(0xfeff);
    husk_bytes parts[4];
    mbedtls_ccm_context other;
    fill(key, sizeof key);
    fill(nonce, sizeof nonce);
    fill(a, len);
    fill(c, aad_len);
    memcpy(b, a, len);
    mbedtls_ccm_init(&other);
    if (mbedtls_ccm_setkey(&other, MBEDTLS_CIPHER_ID_AES, key, 128) != 0 ||
        mbedtls_ccm_encrypt_and_tag(&other, len, nonce, sizeof nonce, c, aad_len, b, b, b + len, tag) != 0) {
        return false;
    }
    /* What we seal is what they seal, and we open it again; with one bit changed neither does. */
    size_t count = cut(c, aad_len, parts);
    bool good = aead->seal(aead, key, nonce, parts, count, a, len) == HUSK_OK && memcmp(a, b, len + tag) == 0;
    mbedtls_ccm_auth_decrypt(&other, len, nonce, sizeof nonce, c, aad_len, b, b, a + len, tag);
    good = good && aead->open(aead, key, nonce, parts, count, a, len) == HUSK_OK && memcmp(a, b, len) == 0;
    mbedtls_ccm_encrypt_and_tag(&other, len, nonce, sizeof nonce, c, aad_len, b, a, a + len, tag);
    a[below(len + tag)] ^= (uint8_t)(1u << below(8));
    good = good && aead->open(aead, key, nonce, parts, count, a, len) == HUSK_ERR_AUTHENTICATION;
    good = good && sodium_is_zero(a, len);
    mbedtls_ccm_free(&other);
    return good;
}

static bool ccm_64(size_t i)
{
    (void)i;
    return ccm(&husk_aead_aes_ccm_16_64_128);
}

static bool ccm_128(size_t i)
{
    (void)i;
    return ccm(&husk_aead_aes_ccm_16_128_128);
}

static bool chacha20_poly1305(size_t i)
{
    (void)i;
    const husk_aead *aead = &husk_aead_chacha20_poly1305;
    uint8_t key[32], nonce[12];
    size_t len = length(MAX_BYTES - 16), aad_len = length(MAX_BYTES);
    husk_bytes parts[4];
    fill(key, sizeof key);
    fill(nonce, sizeof nonce);
    fill(a, len);
    fill(c, aad_len);
    crypto_aead_chacha20poly1305_ietf_encrypt(b, NULL, a, len, c, aad_len, NULL, nonce, key);
    /* What we seal is what they seal, and we open it again; not with one bit changed. */
    size_t count = cut(c, aad_len, parts);
    bool good = aead->seal(aead, key, nonce, parts, count, a, len) == HUSK_OK && memcmp(a, b, len + 16) == 0;
    good = good && aead->open(aead, key, nonce, parts, count, a, len) == HUSK_OK;
    good = good && crypto_aead_chacha20poly1305_ietf_decrypt(b, NULL, NULL, b, len + 16, c, aad_len, nonce, key) == 0;
    good = good && memcmp(a, b, len) == 0;
    good = good && aead->seal(aead, key, nonce, parts, count, a, len) == HUSK_OK;
    a[below(len + 16)] ^= (uint8_t)(1u << below(8));
    good = good && aead->open(aead, key, nonce, parts, count, a, len) == HUSK_ERR_AUTHENTICATION;
    return good && sodium_is_zero(a, len);
}

int main(int argc, char **argv)
{
    /* `one_of`: for what takes long, one input of so many. */
    static const struct {
        const char *name;
        bool (*one)(size_t i);
        size_t one_of;
    } tests[] = {
        {"x25519", x25519, 1},
        {"p256", p256, 10},
        {"sha256", sha256, 1},
        {"hmac-sha256", hmac, 1},
        {"hkdf-sha256", hkdf, 1},
        {"aes-ccm-16-64-128", ccm_64, 1},
        {"aes-ccm-16-128-128", ccm_128, 1},
        {"chacha20-poly1305", chacha20_poly1305, 1},
    };
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 0) : 10000;
    unsigned passed = 0, failed = 0;
    if (sodium_init() < 0) {
        fputs("libsodium does not start\n", stderr);
        return 1;
    }
    for (size_t t = 0; t < sizeof tests / sizeof tests[0]; t++) {
        state = seed;
        size_t i = 0, end = (count + tests[t].one_of - 1) / tests[t].one_of;
        while (i < end && tests[t].one(i)) {
            i++;
        }
        if (i == end) {
            passed++;
            continue;
        }
        failed++;
        printf("FAILED %s: input %zu of seed %llu\n", tests[t].name, i, (unsigned long long)seed);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
