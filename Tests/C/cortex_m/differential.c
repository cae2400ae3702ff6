/* CHuskCortexM against the core, in one image: its field operations against products word by word, X25519, SHA-256 and
 * the AEADs against the portable ones, with random inputs and such as make carries as long as they get. */
#include "husk_cortex_m.h"
#include "primitive/multiply.h"
#include "primitive/x25519.h"
#include "test.h"

/* field.S */
void field_multiply(uint32_t out[8], const uint32_t a[8], const uint32_t b[8]);
void field_square(uint32_t out[8], const uint32_t unused[8], const uint32_t b[8]);
void field_add(uint32_t out[8], const uint32_t a[8], const uint32_t b[8]);
void field_subtract(uint32_t out[8], const uint32_t a[8], const uint32_t b[8]); /* b - a */

typedef uint32_t element[8];

/* Words at the ends of their range for the first cases, random ones after them. Below 2^256. */
static void draw(test_rng *rng, unsigned n, element out)
{
    static const uint32_t words[] = {0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff};
    uint8_t choice[8];
    test_rng_fill(rng, (uint8_t *)out, sizeof(element));
    test_rng_fill(rng, choice, sizeof choice);
    for (unsigned i = 0; n < 600 && i < 8; i++) {
        out[i] = words[n < 64 ? (i == 0 ? n % 8 : n / 8) : choice[i] % 8];
    }
}

/* The same below 2^255 + 2^231, which is what products are and sums take. */
static void draw_product(test_rng *rng, unsigned n, element out)
{
    draw(rng, n, out);
    if (out[7] >= 0x80000080) {
        out[7] &= 0x7fffffff;
    }
    if (out[7] == 0x80000000) {
        out[7] += out[6] & 0x7f;
    }
}

/* x = sum of low and factor * high, modulo p but not reduced. */
static void fold(element x, const element low, const element high, uint32_t factor)
{
    uint64_t carry = 0;
    memcpy(x, low, sizeof(element));
    for (unsigned i = 0; i < 8; i++) {
        carry += (uint64_t)factor * high[i] + x[i];
        x[i] = (uint32_t)carry;
        carry >>= 32;
    }
    while (carry != 0) {
        carry *= 38;
        for (unsigned i = 0; i < 8; i++) {
            carry += x[i];
            x[i] = (uint32_t)carry;
            carry >>= 32;
        }
    }
}

static void expect(const element got, const element expected)
{
    uint8_t bytes[2][32];
    element copies[2];
    memcpy(copies[0], got, sizeof(element));
    memcpy(copies[1], expected, sizeof(element));
    (void)husk_x25519_encode(bytes[0], copies[0]);
    (void)husk_x25519_encode(bytes[1], copies[1]);
    CHECK_MEM(bytes[0], bytes[1], 32);
}

static void expect_product(const element got, const element a, const element b)
{
    uint32_t product[16];
    element expected;
    husk_product(product, a, b);
    fold(expected, product, product + 8, 38);
    expect(got, expected);
    CHECK(got[7] < 0x80000080);
}

static void products(void)
{
    test_rng rng = {1};
    for (unsigned n = 0; n < 2000; n++) {
        element a, b, out;
        draw(&rng, n, a);
        draw(&rng, n < 64 ? 63 - n : n, b);
        field_multiply(out, a, b);
        expect_product(out, a, b);
        field_square(out, a, b);
        expect_product(out, b, b);
        field_multiply(a, a, a);
        field_square(b, b, b);
        expect_product(b, b, (const element){1});
    }
}

static void sums(void)
{
    test_rng rng = {2};
    static const element p = {
        0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff,
    };
    for (unsigned n = 0; n < 2000; n++) {
        element a, b, out, expected, back;
        draw_product(&rng, n, a);
        draw_product(&rng, n < 64 ? 63 - n : n, b);
        field_add(out, a, b);
        fold(expected, a, b, 1);
        expect(out, expected);
        /* b - a and a make b; so do they where the difference is of equals, and of 0 and p. */
        field_subtract(out, a, b);
        fold(back, out, a, 1);
        expect(back, b);
        field_subtract(out, a, a);
        expect(out, (const element){0});
        field_subtract(out, p, (const element){0});
        expect(out, p);
        field_add(out, p, p);
        expect(out, p);
    }
}

static void x25519_of(const uint8_t scalar[32], const uint8_t point[32])
{
    uint8_t expected[32], out[32];
    husk_status status = husk_x25519(expected, scalar, point);
    CHECK_INT(husk_cortex_m_x25519(out, scalar, point), status);
    CHECK_MEM(out, expected, 32);
}

static void x25519(void)
{
    test_rng rng = {3};
    for (unsigned n = 0; n < 24; n++) {
        uint8_t scalar[32], expected[32], out[32];
        element point;
        test_rng_fill(&rng, scalar, 32);
        draw(&rng, n < 12 ? 3 * n : 600, point);
        x25519_of(scalar, (const uint8_t *)point);
        CHECK_OK(husk_ecdh_x25519.public_key(scalar, expected));
        CHECK_OK(husk_cortex_m_ecdh_x25519.public_key(scalar, out));
        CHECK_MEM(out, expected, 32);
    }
    /* p - 1, p, p + 1, 2^255 - 1 and 2^256 - 1; scalars of all zeros and all ones. */
    uint8_t scalar[32], point[32];
    test_rng_fill(&rng, scalar, 32);
    memset(point, 0xff, 32);
    point[31] = 0x7f;
    for (uint8_t low = 0xec; low != 0xef; low++) {
        point[0] = low;
        x25519_of(scalar, point);
    }
    point[0] = 0xff;
    x25519_of(scalar, point);
    point[31] = 0xff;
    x25519_of(scalar, point);
    for (unsigned n = 0; n < 2; n++) {
        memset(scalar, n == 0 ? 0 : 0xff, 32);
        memset(point, 0x55, 32);
        x25519_of(scalar, point);
    }
}

static void sha256(void)
{
    test_rng rng = {4};
    static uint8_t message[300];
    for (size_t len = 0; len <= sizeof message; len++) {
        uint8_t expected[32], out[32];
        husk_sha256 sha;
        test_rng_fill(&rng, message, len);
        husk_sha256_init(&sha);
        husk_sha256_update(&sha, message, len);
        husk_sha256_final(&sha, expected);
        husk_hash_state state;
        husk_cortex_m_hash_sha256.init(&state);
        husk_cortex_m_hash_sha256.update(&state, message, len / 3);
        husk_cortex_m_hash_sha256.update(&state, message + len / 3, len - len / 3);
        husk_cortex_m_hash_sha256.final(&state, out);
        CHECK_MEM(out, expected, 32);
    }
}

/* One AEAD sealed by both, opened by the other, and refused by both with a bit of it changed. */
static void pair(const husk_aead *ours, const husk_aead *core, test_rng *rng, size_t aad_len, size_t len)
{
    uint8_t key[32], nonce[13], aad[40], text[2][80], plain[80];
    const husk_bytes parts[2] = {{aad, aad_len / 2}, {aad + aad_len / 2, aad_len - aad_len / 2}};
    test_rng_fill(rng, key, sizeof key);
    test_rng_fill(rng, nonce, sizeof nonce);
    test_rng_fill(rng, aad, sizeof aad);
    test_rng_fill(rng, plain, sizeof plain);
    memcpy(text[0], plain, len);
    memcpy(text[1], plain, len);
    CHECK_OK(ours->seal(ours, key, nonce, parts, 2, text[0], len));
    CHECK_OK(core->seal(core, key, nonce, parts, 2, text[1], len));
    CHECK_MEM(text[0], text[1], len + core->tag_bytes);
    CHECK_OK(ours->open(ours, key, nonce, parts, 2, text[0], len));
    CHECK_MEM(text[0], plain, len);
    text[1][len] ^= 1;
    CHECK_INT(ours->open(ours, key, nonce, parts, 2, text[1], len), HUSK_ERR_AUTHENTICATION);
}

static void aeads(void)
{
    test_rng rng = {5};
    for (size_t len = 0; len <= 64; len++) {
        for (size_t aad_len = 0; aad_len <= 40; aad_len += 5) {
            pair(&husk_cortex_m_aead_aes_ccm_16_64_128, &husk_aead_aes_ccm_16_64_128, &rng, aad_len, len);
        }
        pair(&husk_cortex_m_aead_chacha20_poly1305, &husk_aead_chacha20_poly1305, &rng, len / 2, len);
        pair(&husk_cortex_m_aead_aes_ccm_16_128_128, &husk_aead_aes_ccm_16_128_128, &rng, len / 2, len);
    }
}

void suite_cortex_m(void)
{
    RUN(products);
    RUN(sums);
    RUN(x25519);
    RUN(sha256);
    RUN(aeads);
}
