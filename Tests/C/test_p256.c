/* P-256: NIST's vectors, edges of scalars and points, what must be refused, the tables of suites 2, 3 and 5. */
#include "p256_vectors.h"
#include "test.h"

#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define BASE_POINT "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"

static const uint8_t zeros[32];

static void cavs(void)
{
    const husk_ecdh *ecdh = &husk_ecdh_p256;
    for (size_t i = 0; i < sizeof cavs_vectors / sizeof cavs_vectors[0]; i++) {
        uint8_t private_key[32], peer[32], out[32];
        unhex(cavs_vectors[i].private_key, private_key, 32);
        unhex(cavs_vectors[i].peer, peer, 32);
        CHECK_OK(ecdh->public_key(private_key, out));
        CHECK_HEX(out, 32, cavs_vectors[i].own);
        CHECK_OK(ecdh->shared_secret(private_key, peer, out));
        CHECK_HEX(out, 32, cavs_vectors[i].secret);
    }
}

/* Multiples of the base point, computed from the group law in affine coordinates. Those where a ladder may meet the
 * neutral element are all here: small ones, those near the order n and its half, and where the recoding of the scalar
 * changes. */
static const char *const multiples[][2] = {
    {"0000000000000000000000000000000000000000000000000000000000000001",
     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"}, /* 1 */
    {"0000000000000000000000000000000000000000000000000000000000000002",
     "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"}, /* 2 */
    {"0000000000000000000000000000000000000000000000000000000000000003",
     "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"}, /* 3 */
    {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
     "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"}, /* n - 1 */
    {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254f",
     "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"}, /* n - 2 */
    {"ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc63254e",
     "5ecbe4d1a6330a44c8f7ef951d4bf165e6c6b721efada985fb41661bc6e7fd6c"}, /* n - 3 */
    {"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8",
     "2afa386b3f2bdcdb83f4d83f8fa3874d7b74dcb454bd644fdd6bf3d1f2da8db6"}, /* (n - 1) / 2 */
    {"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a9",
     "2afa386b3f2bdcdb83f4d83f8fa3874d7b74dcb454bd644fdd6bf3d1f2da8db6"}, /* (n + 1) / 2 */
    {"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a7",
     "d897744db0ca3e5a506e1b02b731d784541db35865c2debc1dad0e1a757d18fc"}, /* (n - 3) / 2 */
    {"7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192aa",
     "d897744db0ca3e5a506e1b02b731d784541db35865c2debc1dad0e1a757d18fc"}, /* (n + 3) / 2 */
    {"8000000000000000000000000000000000000000000000000000000000000000",
     "77b20a912e6b23135066e911891524bc4efe3560e3e92350b52dec8f375f2b54"}, /* 2^255 */
    {"0000000100000000000000000000000000000000000000000000000000000000",
     "68f6b8542783dfeeeb5b06e70ce08ffefd75f3fa01876bd86a703f10e895df07"}, /* 2^224 */
    {"00000001fffffffe000000000000000086320aa4b1d0c2f6188c6a7a0739b55e",
     "1de4d76cd10a793b504023d8a4afba595c1fdf971d53f9e22378719781868ba1"}, /* 2^257 - 2 n */
    {"00000001fffffffe000000000000000086320aa4b1d0c2f6188c6a7a0739b55d",
     "b61aae6f659ea5bc22df55f6bd5bb859018cc79945586d3c3c02445085612991"}, /* 2^257 - 2 n - 1 */
};

static void edge_scalars(void)
{
    for (size_t i = 0; i < sizeof multiples / sizeof multiples[0]; i++) {
        uint8_t scalar[32], out[32];
        unhex(multiples[i][0], scalar, 32);
        CHECK_OK(husk_ecdh_p256.public_key(scalar, out));
        CHECK_HEX(out, 32, multiples[i][1]);
    }
}

#define SCALAR "c0ffee254729296a45a3885639ac6dab1f6b1f2a6a5d4b0b7e0d0a7c3f1e2d4b"

/* SCALAR times points whose x-coordinate is small, close to p, or has long runs of zeros or ones; computed as above. */
static const char *const edges[][2] = {
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "742f8e990c67d94bbab13dc3da8925f84aaff332e7f7b7650ab77dc3847717d7"},
    {"0000000000000000000000000000000000000000000000000000000000000005",
     "66f1e69e3954d8a52d9e500c75102999ea8a77534af23fd4120570dd255b967b"},
    {"0000000000000000000000000000000000000000000000000000000000000006",
     "058105f37656e07747e6dc2cabc4e3ebe87a80354f0cd46ace03a7915854613f"},
    {"0000000000000000000000000000000000000000000000000000000000000008",
     "286841f9c8497bd204d0f59e9a02a603dbb695825a3fffe548ae5948f7b31eed"},
    {"ffffffff00000001000000000000000000000000fffffffffffffffffffffffa",
     "9a80b6e30e33757d645ce7525c378086e9fdc662419879b06f17d6e048b8b3e3"},
    {"ffffffff00000001000000000000000000000000fffffffffffffffffffffffb",
     "ccd99b0768c98301b6a52af97367684b67d272c52c338ecd56789e748555dbc1"},
    {"ffffffff00000001000000000000000000000000fffffffffffffffffffffffc",
     "874c63ab39eb8e2cd2294c7cae48ed50af5c501f6c6ab4cd0e96de49dd72cdd3"},
    {"0000000100000000000000000000000000000000000000000000000000000003",
     "a455b05283859a755416e7dff8a627f37adb2d71951e822da62865dbbe5bac19"},
    {"0000000000000000ffffffffffffffffffffffffffffffffffffffffffffffff",
     "ee06e44b1d6e235b2a9fe3a21cee08b2b3eeab1aec39981db41441eee4ad14c4"},
    {"8000000000000000000000000000000000000000000000000000000000000004",
     "944bb7631331b2c6164a020c1cc604380329e1f9374af5eaf93e1e3c572fba1e"},
    {"0000000000000000000000000000000000000001000000000000000000000000",
     "863a3477f53b39cd9c2f3927609b6dfa5dac5986152ab8d267e62f8f8e0a5a80"},
    /* x^2 / 2^256 is just below 2^256 - p, so that its double overflows 2^256 twice. */
    {"d384e28b214d7b1dea8b808a0f476e54da3fee6ec1715a33d654ae7989b6882f",
     "c7d856a382e05be61c747a5b35d0d57599089576dbe985680a25fe92062ddcdd"},
    {"4e4d0c94b75de2080b4eb33aa89713c5ee9939b6c6f2e03d7c981a0b86c8821a",
     "4e036d076399e8e00c84db3df01dc4e5cfd299df760b7585b61a24eae63c216d"},
    /* The secret is small: it is not to come out with p added. */
    {"b2dd6942d8f570429f69bbf9e6cae0a0891b5cfce3ceb13d130c3aab31e090d5",
     "0000000000000000000000000000000000000000000000000000000000000000"},
    {"63772261f7432e881beeb96012091e483f2eef01aef1ee8acf47264531024301",
     "0000000000000000000000000000000000000000000000000000000000000005"},
    {"d0a1b3921758b2483b7d16533601fc0d384bb04e53707f4c0ecb622456c6c912",
     "0000000080000000000000000000000000000000000000000000000000000000"},
};

static void edge_points(void)
{
    HEX(scalar, SCALAR);
    HEX(minus_one, ORDER);
    minus_one[31]--;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
        uint8_t point[32], out[32];
        unhex(edges[i][0], point, 32);
        CHECK_OK(husk_p256(out, scalar, point));
        CHECK_HEX(out, 32, edges[i][1]);
        CHECK_OK(husk_p256(out, minus_one, point));
        CHECK_MEM(out, point, 32);
    }
}

static void refused_scalars(void)
{
    static const char *const scalars[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        ORDER,
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552",
        "ffffffff00000001000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    HEX(base_point, BASE_POINT);
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        uint8_t scalar[32], out[32];
        unhex(scalars[i], scalar, 32);
        memset(out, 0xaa, 32);
        CHECK_INT(husk_ecdh_p256.public_key(scalar, out), HUSK_ERR_RANDOM);
        CHECK_MEM(out, zeros, 32);
        memset(out, 0xaa, 32);
        CHECK_INT(husk_ecdh_p256.shared_secret(scalar, base_point, out), HUSK_ERR_RANDOM);
        CHECK_MEM(out, zeros, 32);
    }
}

static void check_point_refused(const char *point_hex)
{
    static const char *const scalars[] = {
        SCALAR,
        "0000000000000000000000000000000000000000000000000000000000000001",
        "000000000000000000000000000000000000000000000000000000000000001e",
        "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550",
    };
    uint8_t point[32], scalar[32], out[32];
    unhex(point_hex, point, 32);
    for (size_t i = 0; i < sizeof scalars / sizeof scalars[0]; i++) {
        unhex(scalars[i], scalar, 32);
        memset(out, 0xaa, 32);
        CHECK_INT(husk_ecdh_p256.shared_secret(scalar, point, out), HUSK_ERR_PUBLIC_KEY);
        CHECK_MEM(out, zeros, 32);
    }
}

static void refused_points(void)
{
    static const char *const not_below_p[] = {
        /* p (G_X of RFC 9529 section 4.2.2); p, p + 5 and p + 6, where 0, 5 and 6 are points; the greatest number */
        "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
        "ffffffff00000001000000000000000000000001000000000000000000000004",
        "ffffffff00000001000000000000000000000001000000000000000000000005",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    static const char *const not_on_the_curve[] = {
        /* G_X of RFC 9529 section 4.2.3; 1, 2, 3, 4, p - 1, p - 2 */
        "a04e73601df544a70ba7ea1e57030f7d4b4eb7f673924e58d54ca77a5e7d4d4a",
        "0000000000000000000000000000000000000000000000000000000000000001",
        "0000000000000000000000000000000000000000000000000000000000000002",
        "0000000000000000000000000000000000000000000000000000000000000003",
        "0000000000000000000000000000000000000000000000000000000000000004",
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffe",
        "ffffffff00000001000000000000000000000000fffffffffffffffffffffffd",
    };
    /* Points of the quadratic twist, of the small order given: the ladder comes to the neutral element on the way. */
    static const char *const of_small_order[] = {
        "efdde3b32872a9effcf3b94cbf73aa7b39f9683ece9121b9852167f4e3da609b", /* 3 */
        "18f9bae7747cd844e98525b7ccd0daf6e1d20a818b2175a9a91e4eae5343bc98", /* 5 */
        "99a3a5b7249a376c1d6eaf996b247623f97dd2faba1f90ce7806059ecb7ff874", /* 13 */
        "13f55336dd5a66d6e754aedc41f9a8d623e7609e28b5fba66a39ae6b9a56107d", /* 179 */
    };
    for (size_t i = 0; i < sizeof not_below_p / sizeof not_below_p[0]; i++) {
        check_point_refused(not_below_p[i]);
    }
    for (size_t i = 0; i < sizeof not_on_the_curve / sizeof not_on_the_curve[0]; i++) {
        check_point_refused(not_on_the_curve[i]);
    }
    for (size_t i = 0; i < sizeof of_small_order / sizeof of_small_order[0]; i++) {
        check_point_refused(of_small_order[i]);
    }
}

/* a * (b * G) = b * (a * G), and n - a is as good as a. */
static void agreement(void)
{
    test_rng rng = {17};
    HEX(order, ORDER);
    for (size_t i = 0; i < 4; i++) {
        uint8_t a[32], b[32], minus_a[32], public_a[32], public_b[32], ab[32], ba[32];
        test_rng_fill(&rng, a, 32);
        test_rng_fill(&rng, b, 32);
        a[0] &= 0x7f;
        b[0] &= 0x7f;
        int borrow = 0;
        for (size_t j = 32; j > 0;) {
            j--;
            int difference = order[j] - a[j] - borrow;
            minus_a[j] = (uint8_t)difference;
            borrow = difference < 0;
        }
        CHECK_OK(husk_ecdh_p256.public_key(a, public_a));
        CHECK_OK(husk_ecdh_p256.public_key(b, public_b));
        CHECK_OK(husk_ecdh_p256.shared_secret(a, public_b, ab));
        CHECK_OK(husk_ecdh_p256.shared_secret(b, public_a, ba));
        CHECK_MEM(ab, ba, 32);
        CHECK_OK(husk_ecdh_p256.shared_secret(minus_a, public_b, ba));
        CHECK_MEM(ab, ba, 32);
    }
}

static void in_place(void)
{
    HEX(scalar, SCALAR);
    HEX(point, BASE_POINT);
    uint8_t expected[32], buffer[32];
    CHECK_OK(husk_p256(expected, scalar, point));
    memcpy(buffer, scalar, 32);
    CHECK_OK(husk_p256(buffer, buffer, point));
    CHECK_MEM(buffer, expected, 32);
    memcpy(buffer, point, 32);
    CHECK_OK(husk_p256(buffer, scalar, buffer));
    CHECK_MEM(buffer, expected, 32);
}

static void check_suite(const husk_suite *suite, int32_t id, const husk_aead *edhoc, const husk_aead *app,
                        int mac_bytes)
{
    CHECK_INT(suite->id, id);
    CHECK(suite->edhoc_aead == edhoc && suite->app_aead == app);
    CHECK(suite->hash == &husk_hash_sha256 && suite->ecdh == &husk_ecdh_p256);
    CHECK_INT(suite->mac_bytes, mac_bytes);
}

/* RFC 9528 section 10.2. */
static void suites(void)
{
    CHECK_INT(husk_ecdh_p256.cose_curve, 1);
    check_suite(&husk_suite_2, 2, &husk_aead_aes_ccm_16_64_128, &husk_aead_aes_ccm_16_64_128, 8);
    check_suite(&husk_suite_3, 3, &husk_aead_aes_ccm_16_128_128, &husk_aead_aes_ccm_16_64_128, 16);
    check_suite(&husk_suite_5, 5, &husk_aead_chacha20_poly1305, &husk_aead_chacha20_poly1305, 16);
}

void suite_p256(void)
{
    RUN(cavs);
    RUN(edge_scalars);
    RUN(edge_points);
    RUN(refused_scalars);
    RUN(refused_points);
    RUN(agreement);
    RUN(in_place);
    RUN(suites);
}
