/* Adomnicai's and Peyrin's fixsliced AES-128: two blocks, which are compared with our AES. */
#include "../support/bench.h"

#include "aes.h"

#include <string.h>

typedef void encrypt_two(unsigned char out_0[16], unsigned char out_1[16], const unsigned char in_0[16],
                         const unsigned char in_1[16], const uint32_t round_keys[88]);

static const _Alignas(4) uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16};
static _Alignas(4) uint8_t in[32] = {0x6b, 0xc1, 0xbe, 0xe2}, out[32];
static uint32_t round_keys[88];

static void check(void)
{
    husk_aes128 aes;
    uint8_t blocks[32];
    memcpy(blocks, in, sizeof blocks);
    husk_aes128_init(&aes, key);
    husk_aes128_encrypt_two(&aes, blocks);
    bench_check(memcmp(blocks, out, sizeof blocks) == 0, "the same blocks");
}

/* Inlined, so that the call is direct. */
static inline __attribute__((always_inline)) void measure(const char *name, encrypt_two *encrypt)
{
    bench_name(name, NULL, NULL, NULL);
    BENCH_OPEN();
    encrypt(out, out + 16, in, in + 16, round_keys);
    BENCH_CLOSE();
    check();
}

int main(void)
{
    aes128_keyschedule_ffs(round_keys, key, key);
    measure("fixsliced", aes128_encrypt_ffs);
    aes128_keyschedule_sfs(round_keys, key, key);
    measure("semi_fixsliced", aes128_encrypt_sfs);
    return 0;
}
