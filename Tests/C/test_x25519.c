/* X25519: RFC 7748, low-order and non-canonical points, agreement. */
#include "primitive/multiply.h"
#include "test.h"

/* RFC 7748 section 5.2: scalar, u-coordinate, result. */
static void rfc_7748_section_5_2(void)
{
    static const char *const vectors[][3] = {
        {"a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
         "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
         "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
        {"4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
         "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
         "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
    };
    for (size_t i = 0; i < 2; i++) {
        uint8_t scalar[32], point[32], out[32];
        unhex(vectors[i][0], scalar, 32);
        unhex(vectors[i][1], point, 32);
        CHECK_OK(husk_x25519(out, scalar, point));
        CHECK_HEX(out, 32, vectors[i][2]);
    }
}

/* RFC 7748 section 5.2, the iterated test: k, u = X25519(k, u), k. Some ten seconds on a simulated Cortex-M0. */
static void iterated(void)
{
    uint8_t k[32] = {9}, u[32] = {9}, out[32];
    for (unsigned i = 0; i < 1000; i++) {
        CHECK_OK(husk_x25519(out, k, u));
        memcpy(u, k, 32);
        memcpy(k, out, 32);
        if (i == 0) {
            CHECK_HEX(k, 32, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079");
        }
        if (i == 999) {
            CHECK_HEX(k, 32, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
        }
    }
}

/* RFC 7748 section 6.1, through the ECDH table. */
static void rfc_7748_section_6_1(void)
{
    const husk_ecdh *ecdh = &husk_ecdh_x25519;
    uint8_t out[32];
    HEX(a, "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    HEX(b, "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    HEX(public_a, "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
    HEX(public_b, "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
    HEX(shared, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    CHECK_OK(ecdh->public_key(a, out));
    CHECK_MEM(out, public_a, 32);
    CHECK_OK(ecdh->public_key(b, out));
    CHECK_MEM(out, public_b, 32);
    CHECK_OK(ecdh->shared_secret(a, public_b, out));
    CHECK_MEM(out, shared, 32);
    CHECK_OK(ecdh->shared_secret(b, public_a, out));
    CHECK_MEM(out, shared, 32);
    CHECK_INT(ecdh->cose_curve, 4);
    CHECK(husk_suite_0.ecdh == ecdh && husk_suite_1.ecdh == ecdh);
}

/* All u-coordinates below 2^255 whose point, on the curve or its twist, has an order that divides 8: 0, 1, the two of
 * order 8, p - 1, p, p + 1; with bit 255 clear and set. */
static void low_order_points(void)
{
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    };
    static const uint8_t zeros[32];
    test_rng rng = {6};
    for (size_t i = 0; i < 2 * (sizeof points / sizeof points[0]); i++) {
        uint8_t scalar[32], point[32], out[32];
        test_rng_fill(&rng, scalar, 32);
        unhex(points[i / 2], point, 32);
        point[31] |= (uint8_t)((i & 1) << 7);
        memset(out, 0xaa, 32);
        CHECK_INT(husk_x25519(out, scalar, point), HUSK_ERR_PUBLIC_KEY);
        CHECK_MEM(out, zeros, 32);
        memset(out, 0xaa, 32);
        CHECK_INT(husk_ecdh_x25519.shared_secret(scalar, point, out), HUSK_ERR_PUBLIC_KEY);
        CHECK_MEM(out, zeros, 32);
    }
}

/* p + n is n, for all n that fit 255 bits and are not of low order; bit 255 is nothing. */
static void non_canonical_points(void)
{
    test_rng rng = {7};
    for (uint8_t n = 2; n <= 18; n++) {
        uint8_t scalar[32], point[32] = {0}, expected[32], out[32];
        test_rng_fill(&rng, scalar, 32);
        point[0] = n;
        CHECK_OK(husk_x25519(expected, scalar, point));
        memset(point, 0xff, 32);
        point[0] = (uint8_t)(0xed + n);
        point[31] = n & 1 ? 0x7f : 0xff;
        CHECK_OK(husk_x25519(out, scalar, point));
        CHECK_MEM(out, expected, 32);
    }
}

/* Bits 0 to 2 and 255 of a scalar do not count, and bit 254 is taken for set. */
static void clamping(void)
{
    test_rng rng = {8};
    uint8_t scalar[32], point[32], expected[32], out[32];
    test_rng_fill(&rng, scalar, 32);
    test_rng_fill(&rng, point, 32);
    CHECK_OK(husk_x25519(expected, scalar, point));
    static const uint8_t changes[][2] = {{0, 1}, {0, 2}, {0, 4}, {31, 0x40}, {31, 0x80}};
    for (size_t i = 0; i < 5; i++) {
        scalar[changes[i][0]] ^= changes[i][1];
        CHECK_OK(husk_x25519(out, scalar, point));
        CHECK_MEM(out, expected, 32);
    }
    scalar[0] ^= 8;
    CHECK_OK(husk_x25519(out, scalar, point));
    CHECK(memcmp(out, expected, 32) != 0);
}

static void in_place(void)
{
    test_rng rng = {9};
    uint8_t scalar[32], point[32], expected[32], buffer[32];
    test_rng_fill(&rng, scalar, 32);
    test_rng_fill(&rng, point, 32);
    CHECK_OK(husk_x25519(expected, scalar, point));
    memcpy(buffer, scalar, 32);
    CHECK_OK(husk_x25519(buffer, buffer, point));
    CHECK_MEM(buffer, expected, 32);
    memcpy(buffer, point, 32);
    CHECK_OK(husk_x25519(buffer, scalar, buffer));
    CHECK_MEM(buffer, expected, 32);
}

/* Products and squares of numbers made of words at the ends of their range, where every carry is as long as it gets:
 * word by word in 64 bits here. */
static void products(void)
{
    static const uint32_t words[] = {0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xffffffff};
    test_rng rng = {10};
    for (unsigned n = 0; n < 200; n++) {
        uint8_t choice[16];
        uint32_t a[8], b[8], product[16], expected[2][16] = {{0}};
        test_rng_fill(&rng, choice, sizeof choice);
        for (unsigned i = 0; i < 8; i++) {
            a[i] = words[n < 8 ? n : choice[i] % 8];
            b[i] = words[n < 8 ? 7 : choice[8 + i] % 8];
        }
        for (unsigned i = 0; i < 8; i++) {
            uint64_t ab = 0, aa = 0;
            for (unsigned j = 0; j < 8; j++) {
                ab = (uint64_t)a[j] * b[i] + expected[0][i + j] + (ab >> 32);
                aa = (uint64_t)a[j] * a[i] + expected[1][i + j] + (aa >> 32);
                expected[0][i + j] = (uint32_t)ab;
                expected[1][i + j] = (uint32_t)aa;
            }
            expected[0][i + 8] = (uint32_t)(ab >> 32);
            expected[1][i + 8] = (uint32_t)(aa >> 32);
        }
        husk_product(product, a, b);
        CHECK_MEM(product, expected[0], sizeof product);
        husk_product(product, a, a);
        CHECK_MEM(product, expected[1], sizeof product);
    }
}

void suite_x25519(void)
{
    RUN(products);
    RUN(rfc_7748_section_5_2);
    RUN(iterated);
    RUN(rfc_7748_section_6_1);
    RUN(low_order_points);
    RUN(non_canonical_points);
    RUN(clamping);
    RUN(in_place);
}
