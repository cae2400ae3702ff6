/* HKDF-SHA256: RFC 5869, all output lengths, and the XOR form of expand. */
#include "test.h"

/* RFC 5869 appendix A: IKM, salt, info, PRK, OKM. */
static const char *const vectors[][5] = {
    {/* A.1 */
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9",
     "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {/* A.2 */
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f"
     "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f"
     "909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf"
     "e0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
     "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {/* A.3 */
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "",
     "",
     "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void rfc_5869(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t ikm[80], salt[80], info[80], prk[32], okm[82] = {0};
        size_t ikm_len = unhex(vectors[i][0], ikm, sizeof ikm);
        size_t salt_len = unhex(vectors[i][1], salt, sizeof salt);
        size_t info_len = unhex(vectors[i][2], info, sizeof info);
        size_t okm_len = strlen(vectors[i][4]) / 2;
        husk_hmac_key key;
        husk_hkdf_extract(&husk_hash_sha256, bytes(salt, salt_len), bytes(ikm, ikm_len), prk);
        CHECK_HEX(prk, 32, vectors[i][3]);
        husk_hmac_key_init(&key, &husk_hash_sha256, prk, sizeof prk);
        husk_bytes part = bytes(info, info_len);
        CHECK_OK(husk_hkdf_expand_xor(&key, &part, 1, okm, okm_len));
        CHECK_HEX(okm, okm_len, vectors[i][4]);
    }
}

/* The PRK may take the place of the salt or of the keying material. */
static void extract_in_place(void)
{
    uint8_t salt[32] = {1}, ikm[32] = {2}, prk[32];
    husk_hkdf_extract(&husk_hash_sha256, bytes(salt, 32), bytes(ikm, 32), prk);
    uint8_t buffer[32];
    memcpy(buffer, salt, 32);
    husk_hkdf_extract(&husk_hash_sha256, bytes(buffer, 32), bytes(ikm, 32), buffer);
    CHECK_MEM(buffer, prk, 32);
    memcpy(buffer, ikm, 32);
    husk_hkdf_extract(&husk_hash_sha256, bytes(salt, 32), bytes(buffer, 32), buffer);
    CHECK_MEM(buffer, prk, 32);
}

/* No salt is a salt of zeros. */
static void no_salt(void)
{
    uint8_t zeros[32] = {0}, ikm[5] = {5, 4, 3, 2, 1}, a[32], b[32];
    husk_hkdf_extract(&husk_hash_sha256, NO_BYTES, bytes(ikm, 5), a);
    husk_hkdf_extract(&husk_hash_sha256, bytes(zeros, 32), bytes(ikm, 5), b);
    CHECK_MEM(a, b, 32);
}

/* Output of any length begins that of any longer one, goes on top of what is there, and ends where it should. */
static void lengths_and_xor(void)
{
    uint8_t prk[32] = {9}, info[3] = {1, 2, 3}, whole[100] = {0}, out[101];
    husk_hmac_key key;
    husk_bytes parts[3] = {bytes(info, 1), NO_BYTES, bytes(info + 1, 2)};
    husk_hmac_key_init(&key, &husk_hash_sha256, prk, sizeof prk);
    husk_bytes part = bytes(info, 3);
    CHECK_OK(husk_hkdf_expand_xor(&key, &part, 1, whole, sizeof whole));
    for (size_t len = 0; len <= sizeof whole; len++) {
        memset(out, 0x5a, sizeof out);
        CHECK_OK(husk_hkdf_expand_xor(&key, parts, 3, out, len));
        for (size_t i = 0; i < sizeof out; i++) {
            CHECK_INT(out[i], 0x5a ^ (i < len ? whole[i] : 0));
        }
    }
    CHECK_OK(husk_hkdf_expand_xor(&key, NULL, 0, NULL, 0));
}

static void longest(void)
{
    static uint8_t out[255 * 32 + 1];
    uint8_t prk[32] = {7};
    husk_hmac_key key;
    husk_hmac_key_init(&key, &husk_hash_sha256, prk, sizeof prk);
    memset(out, 0, sizeof out);
    CHECK_INT(husk_hkdf_expand_xor(&key, NULL, 0, out, sizeof out), HUSK_ERR_ARGUMENT);
    for (size_t i = 0; i < sizeof out; i++) {
        CHECK_INT(out[i], 0);
    }
    CHECK_OK(husk_hkdf_expand_xor(&key, NULL, 0, out, sizeof out - 1));
    /* T(255) = HMAC(PRK, T(254) | 0xff) */
    uint8_t n = 255, mac[32];
    husk_bytes parts[2] = {bytes(out + 253 * 32, 32), bytes(&n, 1)};
    husk_hmac(&key, parts, 2, mac);
    CHECK_MEM(out + 254 * 32, mac, 32);
    CHECK_INT(out[255 * 32], 0);
}

void suite_hkdf(void)
{
    RUN(rfc_5869);
    RUN(extract_in_place);
    RUN(no_salt);
    RUN(lengths_and_xor);
    RUN(longest);
}
