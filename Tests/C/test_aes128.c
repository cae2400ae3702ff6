/* AES-128: the published vectors in both directions, and that the two blocks do not touch each other. */
#include "test.h"

/* key, plaintext, ciphertext */
static const char *const vectors[][3] = {
    /* FIPS 197 appendix B and C.1 */
    {"2b7e151628aed2a6abf7158809cf4f3c", "3243f6a8885a308d313198a2e0370734", "3925841d02dc09fbdc118597196a0b32"},
    {"000102030405060708090a0b0c0d0e0f", "00112233445566778899aabbccddeeff", "69c4e0d86a7b0430d8cdb78070b4c55a"},
    /* NIST SP 800-38A F.1.1, ECB-AES128.Encrypt */
    {"2b7e151628aed2a6abf7158809cf4f3c", "6bc1bee22e409f96e93d7e117393172a", "3ad77bb40d7a3660a89ecaf32466ef97"},
    {"2b7e151628aed2a6abf7158809cf4f3c", "ae2d8a571e03ac9c9eb76fac45af8e51", "f5d3d58503b9699de785895a96fdbaaf"},
    {"2b7e151628aed2a6abf7158809cf4f3c", "30c81c46a35ce411e5fbc1191a0a52ef", "43b1cd7f598ece23881b00e3ed030688"},
    {"2b7e151628aed2a6abf7158809cf4f3c", "f69f2445df4f9b17ad2b417be66c3710", "7b0c785e27e8ad3f8223207104725dd4"},
    /* NIST AESAVS, GFSbox known answer test */
    {"00000000000000000000000000000000", "f34481ec3cc627bacd5dc3fb08f273e6", "0336763e966d92595a567cc9ce537f5e"},
    {"00000000000000000000000000000000", "9798c4640bad75c7c3227db910174e72", "a9a1631bf4996954ebc093957b234589"},
};

#define VECTORS (sizeof vectors / sizeof vectors[0])

static void published(void)
{
    for (size_t i = 0; i < VECTORS; i++) {
        uint8_t key[16], blocks[32], expected[16];
        husk_aes128 aes;
        unhex(vectors[i][0], key, 16);
        unhex(vectors[i][1], blocks, 16);
        memcpy(blocks + 16, blocks, 16);
        unhex(vectors[i][2], expected, 16);
        husk_aes128_init(&aes, key);
        husk_aes128_encrypt_two(&aes, blocks);
        CHECK_MEM(blocks, expected, 16);
        CHECK_MEM(blocks + 16, expected, 16);
        husk_aes128_decrypt_two(&aes, blocks);
        CHECK_HEX(blocks, 16, vectors[i][1]);
        CHECK_HEX(blocks + 16, 16, vectors[i][1]);
    }
}

/* SP 800-38A's blocks 1 and 2, then 3 and 4, beside each other. */
static void two_different_blocks(void)
{
    for (size_t i = 2; i < 6; i += 2) {
        uint8_t key[16], blocks[32], expected[32];
        husk_aes128 aes;
        unhex(vectors[i][0], key, 16);
        for (size_t half = 0; half < 2; half++) {
            unhex(vectors[i + half][1], blocks + 16 * half, 16);
            unhex(vectors[i + half][2], expected + 16 * half, 16);
        }
        husk_aes128_init(&aes, key);
        husk_aes128_encrypt_two(&aes, blocks);
        CHECK_MEM(blocks, expected, 32);
    }
}

static void blocks_are_independent(void)
{
    test_rng rng = {1};
    for (unsigned run = 0; run < 20; run++) {
        uint8_t key[16], blocks[32], changed[32];
        husk_aes128 aes;
        test_rng_fill(&rng, key, 16);
        test_rng_fill(&rng, blocks, 32);
        memcpy(changed, blocks, 32);
        changed[16 + run % 16] ^= (uint8_t)(1u << run % 8);
        husk_aes128_init(&aes, key);
        husk_aes128_encrypt_two(&aes, blocks);
        husk_aes128_encrypt_two(&aes, changed);
        CHECK_MEM(changed, blocks, 16);
        CHECK(memcmp(changed + 16, blocks + 16, 16) != 0);
    }
}

static void decryption_undoes_encryption(void)
{
    test_rng rng = {2};
    for (unsigned run = 0; run < 50; run++) {
        uint8_t key[16], plain[32], blocks[32];
        husk_aes128 aes;
        test_rng_fill(&rng, key, 16);
        test_rng_fill(&rng, plain, 32);
        memcpy(blocks, plain, 32);
        husk_aes128_init(&aes, key);
        husk_aes128_encrypt_two(&aes, blocks);
        husk_aes128_decrypt_two(&aes, blocks);
        CHECK_MEM(blocks, plain, 32);
    }
}

void suite_aes128(void)
{
    RUN(published);
    RUN(two_different_blocks);
    RUN(blocks_are_independent);
    RUN(decryption_undoes_encryption);
}
