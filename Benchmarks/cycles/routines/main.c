/* Routines of ours that tools/recount.py counts a second time, from a listing and a trace. Each has loops, calls, loads
 * and stores of all kinds. Buffers are aligned because a trace has no data addresses. */
#include "../support/bench.h"

#define TEXT_BYTES 32

static const _Alignas(4) uint8_t key[32] = {0x77, 0x07, 0x6d, 0x0a};

static void hash_block(void)
{
    static uint32_t block[16] = {0x12345678};
    husk_sha256 sha;
    husk_sha256_init(&sha);
    bench_name("sha256", "block", NULL, NULL);
    BENCH_OPEN();
    husk_sha256_update(&sha, (const uint8_t *)block, sizeof block);
    BENCH_CLOSE();
}

static void seal(const char *name, const husk_aead *cipher)
{
    static const _Alignas(4) uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES] = {1};
    _Alignas(4) uint8_t text[TEXT_BYTES + HUSK_AEAD_TAG_MAX_BYTES] = {0};
    const husk_bytes aad = {key, 8};
    bench_name(name, "seal", NULL, NULL);
    BENCH_OPEN();
    husk_status status = cipher->seal(cipher, key, nonce, &aad, 1, text, TEXT_BYTES);
    BENCH_CLOSE();
    bench_ok(status, "seal");
}

int main(void)
{
    hash_block();
    seal("aes_ccm", &husk_aead_aes_ccm_16_64_128);
    seal("chacha20_poly1305", &husk_aead_chacha20_poly1305);
    return 0;
}
