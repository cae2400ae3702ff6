/* AES-CCM: RFC 3610, NIST, every length around a block, tampering with every bit, what is too long. */
#include "test.h"

#include "ccm_vectors.h"

/* RFC 3610 section 8, all 24 packets: tag length, header length, key, nonce, packet, sealed packet. */
static const struct {
    uint8_t tag_bytes;
    uint8_t header_bytes;
    const char *key;
    const char *nonce;
    const char *packet;
    const char *sealed;
} packets[] = {
    {8, 8, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000003020100a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
     "0001020304050607588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0"},
    {8, 8, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000004030201a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "000102030405060772c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916"},
    {8, 8, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000005040302a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
     "000102030405060751b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5"},
    {8, 12, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000006050403a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
     "000102030405060708090a0ba28c6865939a9a79faaa5c4c2a9d4a91cdac8c96c861b9c9e61ef1"},
    {8, 12, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000007060504a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "000102030405060708090a0bdcf1fb7b5d9e23fb9d4e131253658ad86ebdca3e51e83f077d9c2d93"},
    {8, 12, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000008070605a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
     "000102030405060708090a0b6fc1b011f006568b5171a42d953d469b2570a4bd87405a0443ac91cb94"},
    {10, 8, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "00000009080706a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
     "00010203040506070135d1b2c95f41d5d1d4fec185d166b8094e999dfed96c048c56602c97acbb7490"},
    {10, 8, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000a090807a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "00010203040506077b75399ac0831dd2f0bbd75879a2fd8f6cae6b6cd9b7db24c17b4433f434963f34b4"},
    {10, 8, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000b0a0908a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
     "000102030405060782531a60cc24945a4b8279181ab5c84df21ce7f9b73f42e197ea9c07e56b5eb17e5f4e"},
    {10, 12, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000c0b0a09a0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
     "000102030405060708090a0b07342594157785152b074098330abb141b947b566aa9406b4d999988dd"},
    {10, 12, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000d0c0b0aa0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "000102030405060708090a0b676bb20380b0e301e8ab79590a396da78b834934f53aa2e9107a8b6c022c"},
    {10, 12, "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf", "0000000e0d0c0ba0a1a2a3a4a5",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
     "000102030405060708090a0bc0ffa0d6f05bdb67f24d43a4338d2aa4bed7b20e43cd1aa31662e7ad65d6db"},
    {8, 8, "d7828d13b2b0bdc325a76236df93cc6b", "00412b4ea9cdbe3c9696766cfa",
     "0be1a88bace018b108e8cf97d820ea258460e96ad9cf5289054d895ceac47c",
     "0be1a88bace018b14cb97f86a2a4689a877947ab8091ef5386a6ffbdd080f8e78cf7cb0cddd7b3"},
    {8, 8, "d7828d13b2b0bdc325a76236df93cc6b", "0033568ef7b2633c9696766cfa",
     "63018f76dc8a1bcb9020ea6f91bdd85afa0039ba4baff9bfb79c7028949cd0ec",
     "63018f76dc8a1bcb4ccb1e7ca981befaa0726c55d378061298c85c92814abc33c52ee81d7d77c08a"},
    {8, 8, "d7828d13b2b0bdc325a76236df93cc6b", "00103fe41336713c9696766cfa",
     "aa6cfa36cae86b40b916e0eacc1c00d7dcec68ec0b3bbb1a02de8a2d1aa346132e",
     "aa6cfa36cae86b40b1d23a2220ddc0ac900d9aa03c61fcf4a559a4417767089708a776796edb723506"},
    {8, 12, "d7828d13b2b0bdc325a76236df93cc6b", "00764c63b8058e3c9696766cfa",
     "d0d0735c531e1becf049c24412daac5630efa5396f770ce1a66b21f7b2101c",
     "d0d0735c531e1becf049c24414d253c3967b70609b7cbb7c499160283245269a6f49975bcadeaf"},
    {8, 12, "d7828d13b2b0bdc325a76236df93cc6b", "00f8b678094e3b3c9696766cfa",
     "77b60f011c03e1525899bcaee88b6a46c78d63e52eb8c546efb5de6f75e9cc0d",
     "77b60f011c03e1525899bcae5545ff1a085ee2efbf52b2e04bee1e2336c73e3f762c0c7744fe7e3c"},
    {8, 12, "d7828d13b2b0bdc325a76236df93cc6b", "00d560912d3f703c9696766cfa",
     "cd9044d2b71fdb8120ea60c06435acbafb11a82e2f071d7ca4a5ebd93a803ba87f",
     "cd9044d2b71fdb8120ea60c0009769ecabdf48625594c59251e6035722675e04c847099e5ae0704551"},
    {10, 8, "d7828d13b2b0bdc325a76236df93cc6b", "0042fff8f1951c3c9696766cfa",
     "d85bc7e69f944fb88a19b950bcf71a018e5e6701c91787659809d67dbedd18",
     "d85bc7e69f944fb8bc218daa947427b6db386a99ac1aef23ade0b52939cb6a637cf9bec2408897c6ba"},
    {10, 8, "d7828d13b2b0bdc325a76236df93cc6b", "00920f40e56cdc3c9696766cfa",
     "74a0ebc9069f5b371761433c37c5a35fc1f39f406302eb907c6163be38c98437",
     "74a0ebc9069f5b375810e6fd25874022e80361a478e3e9cf484ab04f447efff6f0a477cc2fc9bf548944"},
    {10, 8, "d7828d13b2b0bdc325a76236df93cc6b", "0027ca0c7120bc3c9696766cfa",
     "44a3aa3aae6475caa434a8e58500c6e41530538862d686ea9e81301b5ae4226bfa",
     "44a3aa3aae6475caf2beed7bc5098e83feb5b31608f8e29c38819a89c8e776f1544d4151a4ed3a8b87b9ce"},
    {10, 12, "d7828d13b2b0bdc325a76236df93cc6b", "005b8ccbcd9af83c9696766cfa",
     "ec46bb63b02520c33c49fd70b96b49e21d621741632875db7f6c9243d2d7c2",
     "ec46bb63b02520c33c49fd7031d750a09da3ed7fddd49a2032aabf17ec8ebf7d22c8088c666be5c197"},
    {10, 12, "d7828d13b2b0bdc325a76236df93cc6b", "003ebe94044b9a3c9696766cfa",
     "47a65ac78b3d594227e85e71e2fcfbb880442c731bf95167c8ffd7895e337076",
     "47a65ac78b3d594227e85e71e882f1dbd38ce3eda7c23f04dd65071eb41342acdf7e00dccec7ae52987d"},
    {10, 12, "d7828d13b2b0bdc325a76236df93cc6b", "008d493b30ae8b3c9696766cfa",
     "6e37a6ef546d955d34ab6059abf21c0b02feb88f856df4a37381bce3cc128517d4",
     "6e37a6ef546d955d34ab6059f32905b88a641b04b9c9ffb58cc390900f3da12ab16dce9e82efa16da62059"},
};

/* The tables of COSE have tags of 8 and 16 bytes; RFC 3610's second half, with 10, runs on a table of its own. */
static husk_aead with_tag(uint8_t tag_bytes)
{
    husk_aead aead = husk_aead_aes_ccm_16_64_128;
    aead.tag_bytes = tag_bytes;
    return aead;
}

static void rfc_3610(void)
{
    for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
        uint8_t key[16], nonce[13], packet[33], buffer[43], sealed[43];
        unhex(packets[i].key, key, sizeof key);
        unhex(packets[i].nonce, nonce, sizeof nonce);
        size_t packet_len = unhex(packets[i].packet, packet, sizeof packet);
        size_t sealed_len = unhex(packets[i].sealed, sealed, sizeof sealed);
        size_t header = packets[i].header_bytes;
        size_t len = packet_len - header;
        husk_aead aead = with_tag(packets[i].tag_bytes);
        husk_bytes aad = bytes(packet, header);
        memcpy(buffer, packet, packet_len);
        CHECK_OK(aead.seal(&aead, key, nonce, &aad, 1, buffer + header, len));
        CHECK_INT(packet_len + aead.tag_bytes, sealed_len);
        CHECK_MEM(buffer, sealed, sealed_len);
        CHECK_OK(aead.open(&aead, key, nonce, &aad, 1, buffer + header, len));
        CHECK_MEM(buffer, packet, packet_len);
    }
}

static void cavs(void)
{
    for (size_t i = 0; i < sizeof ccm_vectors / sizeof ccm_vectors[0]; i++) {
        uint8_t key[16], nonce[13], aad_bytes[32], text[24], buffer[40];
        unhex(ccm_vectors[i].key, key, sizeof key);
        unhex(ccm_vectors[i].nonce, nonce, sizeof nonce);
        husk_bytes aad = bytes(aad_bytes, unhex(ccm_vectors[i].aad, aad_bytes, sizeof aad_bytes));
        size_t len = unhex(ccm_vectors[i].text, text, sizeof text);
        husk_aead aead = with_tag(ccm_vectors[i].tag_bytes);
        memcpy(buffer, text, len);
        CHECK_OK(aead.seal(&aead, key, nonce, &aad, 1, buffer, len));
        CHECK_HEX(buffer, len + aead.tag_bytes, ccm_vectors[i].sealed);
        CHECK_OK(aead.open(&aead, key, nonce, &aad, 1, buffer, len));
        CHECK_MEM(buffer, text, len);
    }
}

static const husk_aead *const tables[] = {&husk_aead_aes_ccm_16_64_128, &husk_aead_aes_ccm_16_128_128};

static void the_tables(void)
{
    CHECK_INT(tables[0]->cose_alg, 10);
    CHECK_INT(tables[0]->tag_bytes, 8);
    CHECK_INT(tables[1]->cose_alg, 30);
    CHECK_INT(tables[1]->tag_bytes, 16);
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(tables[i]->key_bytes, 16);
        CHECK_INT(tables[i]->nonce_bytes, 13);
    }
    CHECK_INT(husk_suite_0.id, 0);
    CHECK(husk_suite_0.edhoc_aead == tables[0] && husk_suite_0.app_aead == tables[0]);
    CHECK_INT(husk_suite_1.id, 1);
    CHECK(husk_suite_1.edhoc_aead == tables[1] && husk_suite_1.app_aead == tables[0]);
}

/* Opens what was sealed, for every length of text and AAD around the blocks; nothing past the tag is written. */
static void lengths(void)
{
    test_rng rng = {4};
    uint8_t key[16], nonce[13], text[34], aad_bytes[34], buffer[34 + 16 + 1];
    test_rng_fill(&rng, key, sizeof key);
    test_rng_fill(&rng, nonce, sizeof nonce);
    test_rng_fill(&rng, text, sizeof text);
    test_rng_fill(&rng, aad_bytes, sizeof aad_bytes);
    for (size_t t = 0; t < 2; t++) {
        const husk_aead *aead = tables[t];
        for (size_t len = 0; len <= sizeof text; len++) {
            for (size_t aad_len = 0; aad_len <= sizeof aad_bytes; aad_len += len % 16 < 2 ? 1 : 7) {
                husk_bytes aad = bytes(aad_bytes, aad_len);
                memcpy(buffer, text, len);
                buffer[len + aead->tag_bytes] = 0xa5;
                CHECK_OK(aead->seal(aead, key, nonce, &aad, 1, buffer, len));
                CHECK(len < 4 || memcmp(buffer, text, len) != 0);
                CHECK_INT(buffer[len + aead->tag_bytes], 0xa5);
                CHECK_OK(aead->open(aead, key, nonce, &aad, 1, buffer, len));
                CHECK_MEM(buffer, text, len);
                CHECK_INT(buffer[len + aead->tag_bytes], 0xa5);
            }
        }
    }
}

/* A list of slices authenticates like the bytes one after the other, and no AAD at all like empty AAD. */
static void aad_in_chunks(void)
{
    test_rng rng = {5};
    uint8_t key[16], nonce[13], aad_bytes[50], whole[20], buffer[20];
    const husk_aead *aead = tables[0];
    test_rng_fill(&rng, key, sizeof key);
    test_rng_fill(&rng, nonce, sizeof nonce);
    test_rng_fill(&rng, aad_bytes, sizeof aad_bytes);
    memset(whole, 7, sizeof whole);
    husk_bytes all = bytes(aad_bytes, sizeof aad_bytes);
    CHECK_OK(aead->seal(aead, key, nonce, &all, 1, whole, 12));
    for (size_t a = 0; a <= sizeof aad_bytes; a++) {
        for (size_t b = a; b <= sizeof aad_bytes; b += 1 + a % 5) {
            husk_bytes parts[4] = {bytes(aad_bytes, a), bytes(aad_bytes + a, b - a), NO_BYTES,
                                   bytes(aad_bytes + b, sizeof aad_bytes - b)};
            memset(buffer, 7, sizeof buffer);
            CHECK_OK(aead->seal(aead, key, nonce, parts, 4, buffer, 12));
            CHECK_MEM(buffer, whole, sizeof whole);
        }
    }
    husk_bytes empty[2] = {NO_BYTES, bytes(aad_bytes, 0)};
    memset(whole, 7, sizeof whole);
    memset(buffer, 7, sizeof buffer);
    CHECK_OK(aead->seal(aead, key, nonce, NULL, 0, whole, 12));
    CHECK_OK(aead->seal(aead, key, nonce, empty, 2, buffer, 12));
    CHECK_MEM(buffer, whole, sizeof whole);
}

/* One changed bit anywhere is refused, and what was decrypted is gone. */
static void tampering(void)
{
    for (size_t t = 0; t < 2; t++) {
        const husk_aead *aead = tables[t];
        /* key, nonce, AAD, text, tag; the length of the text lies in the AEAD's own input */
        uint8_t sealed[16 + 13 + 9 + 18 + 16], changed[sizeof sealed];
        const size_t text = 16 + 13 + 9, len = 18, total = text + len + aead->tag_bytes;
        for (size_t i = 0; i < total; i++) {
            sealed[i] = (uint8_t)(i * 37 + 11);
        }
        husk_bytes aad = bytes(sealed + 16 + 13, 9);
        CHECK_OK(aead->seal(aead, sealed, sealed + 16, &aad, 1, sealed + text, len));
        aad.data = changed + 16 + 13;
        for (size_t bit = 0; bit < 8 * total; bit++) {
            static const uint8_t zeros[18];
            memcpy(changed, sealed, total);
            changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
            CHECK_INT(aead->open(aead, changed, changed + 16, &aad, 1, changed + text, len),
                      HUSK_ERR_AUTHENTICATION);
            CHECK_MEM(changed + text, zeros, len);
        }
        memcpy(changed, sealed, total);
        CHECK_OK(aead->open(aead, changed, changed + 16, &aad, 1, changed + text, len));
    }
}

/* Neither fewer nor more bytes of text or AAD than were sealed. */
static void other_lengths(void)
{
    uint8_t key[16] = {1}, nonce[13] = {2}, aad_bytes[20] = {3}, sealed[60] = {4}, buffer[60];
    const husk_aead *aead = tables[0];
    husk_bytes aad = bytes(aad_bytes, 10);
    CHECK_OK(aead->seal(aead, key, nonce, &aad, 1, sealed, 20));
    for (size_t len = 0; len <= 40; len++) {
        if (len != 20) {
            memcpy(buffer, sealed, sizeof buffer);
            CHECK_INT(aead->open(aead, key, nonce, &aad, 1, buffer, len), HUSK_ERR_AUTHENTICATION);
        }
    }
    for (size_t len = 0; len <= 20; len++) {
        if (len != 10) {
            aad.len = len;
            memcpy(buffer, sealed, sizeof buffer);
            CHECK_INT(aead->open(aead, key, nonce, &aad, 1, buffer, 20), HUSK_ERR_AUTHENTICATION);
        }
    }
}

/* What does not fit two bytes of length is refused before anything is read or written. */
static void too_long(void)
{
    uint8_t key[16] = {0}, nonce[13] = {0}, buffer[24], expected[24];
    const husk_aead *aead = tables[0];
    memset(buffer, 0x33, sizeof buffer);
    memcpy(expected, buffer, sizeof buffer);
    const size_t lengths[] = {0x10000, 0x10001, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(aead->seal(aead, key, nonce, NULL, 0, buffer, lengths[i]), HUSK_ERR_ARGUMENT);
        CHECK_INT(aead->open(aead, key, nonce, NULL, 0, buffer, lengths[i]), HUSK_ERR_ARGUMENT);
    }
    husk_bytes one = bytes(buffer, 0xff00);
    CHECK_INT(aead->seal(aead, key, nonce, &one, 1, buffer, 8), HUSK_ERR_ARGUMENT);
    CHECK_INT(aead->open(aead, key, nonce, &one, 1, buffer, 8), HUSK_ERR_ARGUMENT);
    husk_bytes sum[2] = {bytes(buffer, 0xfeff), bytes(buffer, 1)};
    CHECK_INT(aead->seal(aead, key, nonce, sum, 2, buffer, 8), HUSK_ERR_ARGUMENT);
    husk_bytes wrap[3] = {bytes(buffer, 9), bytes(buffer, SIZE_MAX), bytes(buffer, 9)};
    CHECK_INT(aead->seal(aead, key, nonce, wrap, 3, buffer, 8), HUSK_ERR_ARGUMENT);
    CHECK_MEM(buffer, expected, sizeof buffer);
}

/* The longest AAD: 0xfeff bytes, in slices of one small buffer. */
static void longest_aad(void)
{
    uint8_t key[16] = {1}, nonce[13] = {2}, piece[256], text[12] = {3};
    static husk_bytes aad[255];
    const husk_aead *aead = tables[0];
    memset(piece, 9, sizeof piece);
    for (size_t i = 0; i < 255; i++) {
        aad[i] = bytes(piece, i < 254 ? 256 : 255);
    }
    CHECK_OK(aead->seal(aead, key, nonce, aad, 255, text, 4));
    CHECK_OK(aead->open(aead, key, nonce, aad, 255, text, 4));
    CHECK_INT(text[0], 3);
}

static void equal(void)
{
    uint8_t a[20] = {0}, b[20] = {0};
    CHECK(husk_equal(NULL, NULL, 0));
    CHECK(husk_equal(a, b, 20));
    for (size_t bit = 0; bit < 160; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CHECK(!husk_equal(a, b, 20));
        CHECK(husk_equal(a, b, bit / 8));
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    memset(b, 0xff, sizeof b);
    CHECK(!husk_equal(a, b, 20));
    husk_wipe(b + 1, 18);
    CHECK_INT(b[0], 0xff);
    CHECK(husk_equal(a + 1, b + 1, 18));
    CHECK_INT(b[19], 0xff);
    husk_wipe(NULL, 0);
}

void suite_ccm(void)
{
    RUN(rfc_3610);
    RUN(cavs);
    RUN(the_tables);
    RUN(lengths);
    RUN(aad_in_chunks);
    RUN(tampering);
    RUN(other_lengths);
    RUN(too_long);
    RUN(longest_aad);
    RUN(equal);
}
