/* HMAC-SHA256: RFC 4231, chunks, reuse of a key. */
#include "test.h"

/* RFC 4231 section 4: key, data, MAC. Test case 5 gives only the first 128 bits of the MAC. */
static const char *const vectors[][3] = {
    /* 1 */
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
     "4869205468657265",
     "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    /* 2 */
    {"4a656665",
     "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
     "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    /* 3 */
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
     "dddd",
     "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    /* 4 */
    {"0102030405060708090a0b0c0d0e0f10111213141516171819",
     "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
     "cdcd",
     "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
    /* 5 */
    {"0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c",
     "546573742057697468205472756e636174696f6e",
     "a3b6167473100ee06e0c796c2955552b"},
    /* 6 */
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "54657374205573696e67204c6172676572205468616e20426c6f636b2d53697a65204b6579202d2048617368204b6579"
     "204669727374",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    /* 7 */
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
     "5468697320697320612074657374207573696e672061206c6172676572207468616e20626c6f636b2d73697a65206b65"
     "7920616e642061206c6172676572207468616e20626c6f636b2d73697a6520646174612e20546865206b6579206e6565"
     "647320746f20626520686173686564206265666f7265206265696e6720757365642062792074686520484d414320616c"
     "676f726974686d2e",
     "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
};

static void rfc_4231(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        uint8_t key_bytes[131], data[152], expected[32], mac[32];
        size_t key_len = unhex(vectors[i][0], key_bytes, sizeof key_bytes);
        size_t data_len = unhex(vectors[i][1], data, sizeof data);
        size_t expected_len = unhex(vectors[i][2], expected, sizeof expected);
        husk_hmac_key key;
        husk_bytes part = bytes(data, data_len);
        husk_hmac_key_init(&key, &husk_hash_sha256, key_bytes, key_len);
        husk_hmac(&key, &part, 1, mac);
        CHECK_MEM(mac, expected, expected_len);
    }
}

/* A list of parts is the same as one part, a key can be used again, and the MAC may replace its input. */
static void parts_and_reuse(void)
{
    test_rng rng = {3};
    uint8_t key_bytes[32], data[150], whole[32], mac[32];
    husk_hmac_key key;
    test_rng_fill(&rng, key_bytes, sizeof key_bytes);
    test_rng_fill(&rng, data, sizeof data);
    husk_hmac_key_init(&key, &husk_hash_sha256, key_bytes, sizeof key_bytes);
    husk_bytes all = bytes(data, sizeof data);
    husk_hmac(&key, &all, 1, whole);
    for (size_t cut = 0; cut <= sizeof data; cut += 10) {
        husk_bytes parts[3] = {bytes(data, cut), NO_BYTES, bytes(data + cut, sizeof data - cut)};
        husk_hmac(&key, parts, 3, mac);
        CHECK_MEM(mac, whole, 32);
    }
    husk_hmac(&key, &all, 1, data + 7);
    CHECK_MEM(data + 7, whole, 32);
}

/* Keys are padded with zeros up to the block and hashed above it (RFC 2104 section 2). */
static void key_lengths(void)
{
    uint8_t key_bytes[66] = {1, 2, 3}, hashed[32], mac[32], other[32];
    husk_hmac_key key;
    husk_sha256 sha;
    for (size_t len = 3; len <= 64; len++) {
        husk_hmac_key_init(&key, &husk_hash_sha256, key_bytes, len);
        husk_hmac(&key, NULL, 0, len == 3 ? other : mac);
        if (len > 3) {
            CHECK_MEM(mac, other, 32);
        }
    }
    for (size_t len = 65; len <= 66; len++) {
        husk_sha256_init(&sha);
        husk_sha256_update(&sha, key_bytes, len);
        husk_sha256_final(&sha, hashed);
        husk_hmac_key_init(&key, &husk_hash_sha256, key_bytes, len);
        husk_hmac(&key, NULL, 0, mac);
        husk_hmac_key_init(&key, &husk_hash_sha256, hashed, sizeof hashed);
        husk_hmac(&key, NULL, 0, other);
        CHECK_MEM(mac, other, 32);
    }
    husk_hmac_key_init(&key, &husk_hash_sha256, NULL, 0);
    husk_hmac(&key, NULL, 0, mac);
    CHECK_HEX(mac, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

void suite_hmac(void)
{
    RUN(rfc_4231);
    RUN(parts_and_reuse);
    RUN(key_lengths);
}
