/* AES Key Wrap: RFC 3394, NIST's CAVS vectors and the COSE working group's examples, then tampering and lengths. */
#include "test.h"

#include "aes_kw_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void rfc_3394(void)
{
    HEX(kek, "000102030405060708090a0b0c0d0e0f");
    HEX(key, "00112233445566778899aabbccddeeff");
    uint8_t out[24], back[16];
    CHECK_OK(husk_aes_kw_wrap(kek, key, 16, out));
    CHECK_HEX(out, 24, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    CHECK_OK(husk_aes_kw_unwrap(kek, out, 24, back));
    CHECK_MEM(back, key, 16);
}

static void cavs(void)
{
    for (size_t i = 0; i < COUNT(wrappings); i++) {
        uint8_t kek[16], key[64], out[72];
        unhex(wrappings[i][0], kek, sizeof kek);
        size_t len = unhex(wrappings[i][1], key, sizeof key);
        CHECK_OK(husk_aes_kw_wrap(kek, key, len, out));
        CHECK_HEX(out, len + 8, wrappings[i][2]);
    }
    for (size_t i = 0; i < COUNT(unwrappings); i++) {
        uint8_t kek[16], wrapped[72], key[64];
        unhex(unwrappings[i][0], kek, sizeof kek);
        size_t len = unhex(unwrappings[i][1], wrapped, sizeof wrapped);
        husk_status status = husk_aes_kw_unwrap(kek, wrapped, len, key);
        if (unwrappings[i][2] == NULL) {
            CHECK_INT(status, HUSK_ERR_AUTHENTICATION);
            continue;
        }
        CHECK_OK(status);
        CHECK_HEX(key, len - 8, unwrappings[i][2]);
    }
}

/* Recipients of aes-wrap-128-01 to -05 in github.com/cose-wg/Examples, whose key encryption key is "our-secret". */
static void cose_examples(void)
{
    static const char *const examples[][2] = {
        {"2f8a3d2aa397d3d5c40aaf9f6656bafa5db714ef925b72bc", "dddc08972df9be62855291a17a1b4cf7"},
        {"cbf83c6935f064faa9681acfc3936d8a6ce1ab64777d581aca4bbbfec3c32206a63056c993c6e609",
         "dddc08972df9be62855291a17a1b4cf7f32ab2ccc0fb84237e55b4280dca5ea4"},
        {"792c46ce0bc689747133fa0db1f5e2bc4daae22f906e93dfca2df44f0df6c2cef16ea8fc91d52ad662c4b49dd0d689e1086ec754347957f8"
         "0f95c92c887521641b8f637d91c6e258",
         "dddc08972df9be62855291a17a1b4cf767c2dc762cb551911893bf7754988b0a286127bff5d60c4cbc877cac4bf3ba02c07ad544c951c3ca"
         "2fc46b70219bc3dc"},
        {"112872f405a5ac48a2ede46ac20e93e3d3a38b9762d0a3e8", "7a1b4cf78f4b8c6e9ab68198c43d22f3"},
        {"23a276fe917ef97d9d60e1732c02e6b7e5820c2fd2712de9e36000f74559bc38",
         "7a1b4cf7c5f085e2a829685d99c1810251e162022a65cdb9"},
    };
    HEX(kek, "849b57219dae48de646d07dbb533566e");
    for (size_t i = 0; i < COUNT(examples); i++) {
        uint8_t wrapped[72], key[64], again[72];
        size_t len = unhex(examples[i][0], wrapped, sizeof wrapped);
        CHECK_OK(husk_aes_kw_unwrap(kek, wrapped, len, key));
        CHECK_HEX(key, len - 8, examples[i][1]);
        CHECK_OK(husk_aes_kw_wrap(kek, key, len - 8, again));
        CHECK_MEM(again, wrapped, len);
    }
}

static void in_place(void)
{
    test_rng rng = {1};
    for (size_t len = 16; len <= 64; len += 8) {
        uint8_t kek[16], key[64], apart[72], buffer[72];
        test_rng_fill(&rng, kek, 16);
        test_rng_fill(&rng, key, len);
        CHECK_OK(husk_aes_kw_wrap(kek, key, len, apart));
        for (size_t at = 0; at <= 8; at += 8) {
            memcpy(buffer + at, key, len);
            CHECK_OK(husk_aes_kw_wrap(kek, buffer + at, len, buffer));
            CHECK_MEM(buffer, apart, len + 8);
            CHECK_OK(husk_aes_kw_unwrap(kek, buffer, len + 8, buffer + at));
            CHECK_MEM(buffer + at, key, len);
        }
    }
}

static void tampering(void)
{
    static const uint8_t zeros[16];
    HEX(kek, "000102030405060708090a0b0c0d0e0f");
    HEX(good, "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5");
    for (size_t bit = 0; bit < 8 * good_len; bit++) {
        uint8_t bad[24], key[16];
        memcpy(bad, good, sizeof bad);
        bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(key, 0xff, sizeof key);
        CHECK_INT(husk_aes_kw_unwrap(kek, bad, sizeof bad, key), HUSK_ERR_AUTHENTICATION);
        CHECK_MEM(key, zeros, sizeof key);
    }
    for (size_t bit = 0; bit < 128; bit++) {
        uint8_t key[16];
        kek[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK_INT(husk_aes_kw_unwrap(kek, good, good_len, key), HUSK_ERR_AUTHENTICATION);
        kek[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void lengths(void)
{
    uint8_t kek[16] = {0}, key[100] = {0}, out[110];
    for (size_t len = 0; len <= 100; len++) {
        bool valid = len >= 16 && len <= 64 && len % 8 == 0;
        CHECK_INT(husk_aes_kw_wrap(kek, key, len, out), valid ? HUSK_OK : HUSK_ERR_ARGUMENT);
    }
    memset(out, 0, sizeof out);
    for (size_t len = 0; len <= 100; len++) {
        bool valid = len >= 24 && len <= 72 && len % 8 == 0;
        CHECK_INT(husk_aes_kw_unwrap(kek, out, len, key), valid ? HUSK_ERR_AUTHENTICATION : HUSK_ERR_ARGUMENT);
    }
    CHECK_INT(husk_aes_kw_wrap(kek, key, SIZE_MAX - 7, out), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_aes_kw_unwrap(kek, out, SIZE_MAX - 7, key), HUSK_ERR_ARGUMENT);
}

void suite_aes_kw(void)
{
    RUN(rfc_3394);
    RUN(cavs);
    RUN(cose_examples);
    RUN(in_place);
    RUN(tampering);
    RUN(lengths);
}
