/* SHA-256: published vectors, chunks of any length, the state afterwards. */
#include "test.h"

#include "sha256_vectors.h"

static void digest_of(const uint8_t *data, size_t len, uint8_t digest[32])
{
    husk_sha256 sha;
    husk_sha256_init(&sha);
    husk_sha256_update(&sha, data, len);
    husk_sha256_final(&sha, digest);
}

/* FIPS 180-4 examples: "abc", the two-block message, a million times "a". */
static void fips_180_4(void)
{
    uint8_t digest[32];
    digest_of((const uint8_t *)"abc", 3, digest);
    CHECK_HEX(digest, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_of((const uint8_t *)"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, digest);
    CHECK_HEX(digest, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    uint8_t chunk[250];
    husk_sha256 sha;
    memset(chunk, 'a', sizeof chunk);
    husk_sha256_init(&sha);
    for (unsigned i = 0; i < 4000; i++) {
        husk_sha256_update(&sha, chunk, sizeof chunk);
    }
    husk_sha256_final(&sha, digest);
    CHECK_HEX(digest, 32, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void cavs(void)
{
    static uint8_t message[1000];
    for (size_t i = 0; i < sizeof sha256_vectors / sizeof sha256_vectors[0]; i++) {
        uint8_t digest[32];
        size_t len = unhex(sha256_vectors[i].message, message, sizeof message);
        digest_of(message, len, digest);
        CHECK_HEX(digest, 32, sha256_vectors[i].digest);
    }
}

/* Every length around two block boundaries, cut in two at every place. */
static void chunks_equal_whole(void)
{
    test_rng rng = {2};
    uint8_t message[136], whole[32], digest[32];
    test_rng_fill(&rng, message, sizeof message);
    static const size_t lengths[] = {0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 136};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        digest_of(message, lengths[i], whole);
        for (size_t cut = 0; cut <= lengths[i]; cut++) {
            husk_sha256 sha;
            husk_sha256_init(&sha);
            husk_sha256_update(&sha, message, cut);
            husk_sha256_update(&sha, NULL, 0);
            husk_sha256_update(&sha, message + cut, lengths[i] - cut);
            husk_sha256_final(&sha, digest);
            CHECK_MEM(digest, whole, 32);
        }
    }
}

/* The length counts all 64 bits. No message is that long in a test: the counter starts there, with whole blocks behind
 * it, and the padding is done by hand beside it. */
static void long_lengths(void)
{
    static const uint64_t lengths[] = {0x20000000, 0xffffffc0, 0x100000000, 0x0123456789abcdc0};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        uint8_t padding[64] = {0x80}, digest[32], expected[32];
        husk_sha256 sha;
        for (size_t j = 0; j < 8; j++) {
            padding[56 + j] = (uint8_t)((lengths[i] << 3) >> (56 - 8 * j));
        }
        husk_sha256_init(&sha);
        husk_sha256_update(&sha, padding, sizeof padding);
        for (size_t j = 0; j < 32; j++) {
            expected[j] = (uint8_t)(sha.state[j / 4] >> (24 - 8 * (j % 4)));
        }
        husk_sha256_init(&sha);
        sha.bytes = lengths[i];
        husk_sha256_final(&sha, digest);
        CHECK_MEM(digest, expected, 32);
    }
}

static void final_wipes(void)
{
    static const uint8_t zeros[sizeof(husk_sha256)];
    husk_sha256 sha;
    uint8_t digest[32];
    husk_sha256_init(&sha);
    husk_sha256_update(&sha, (const uint8_t *)"secret", 6);
    husk_sha256_final(&sha, digest);
    CHECK_MEM(&sha, zeros, sizeof sha);
}

void suite_sha256(void)
{
    RUN(fips_180_4);
    RUN(cavs);
    RUN(chunks_equal_whole);
    RUN(long_lengths);
    RUN(final_wipes);
}
