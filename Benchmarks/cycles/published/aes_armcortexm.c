/* Schwabe's and Stoffelen's AES-128 in counter mode, with tables or (-DBITSLICED) without: 4,096 bytes, of which the
 * first two blocks are compared with our AES. */
#include "../support/bench.h"

#include <string.h>

#define BYTES 4096
#if defined(BITSLICED)
#define ROUND_KEYS (2 * 11 * 16)
#define FIRST_EXPANDED 0
#define COUNTER_AT 15 /* the last word of a block counts, big-endian */
#else
#define ROUND_KEYS (11 * 16)
#define FIRST_EXPANDED 16 /* the first round key is the key */
#define COUNTER_AT 0 /* the first word of a block counts, little-endian */
#endif

typedef struct parameters {
    uint32_t counter;
    uint8_t nonce[12];
    uint8_t round_keys[ROUND_KEYS];
} parameters;

void AES_128_keyschedule(const uint8_t *key, uint8_t *round_keys);
void AES_128_encrypt_ctr(const parameters *p, const uint8_t *in, uint8_t *out, uint32_t len);

int main(void)
{
    static const _Alignas(4) uint8_t key[16] = {4, 5, 6, 7, 4, 5, 6, 8, 4, 5, 6, 9, 4, 5, 6, 10};
    static _Alignas(4) uint8_t text[BYTES];
    static parameters p = {.nonce = {1, 2, 3, 1, 2, 4, 1, 2, 5, 1, 2, 6}};
    husk_aes128 aes;
    uint8_t blocks[32];
    memcpy(blocks, &p, 16);
    memcpy(blocks + 16, &p, 16);
    blocks[16 + COUNTER_AT]++;
    memcpy(p.round_keys, key, sizeof key);
    AES_128_keyschedule(key, p.round_keys + FIRST_EXPANDED);
    bench_name("aes_128_ctr", "4096", NULL, NULL);
    BENCH_OPEN();
    AES_128_encrypt_ctr(&p, text, text, BYTES);
    BENCH_CLOSE();

    husk_aes128_init(&aes, key);
    husk_aes128_encrypt_two(&aes, blocks);
    bench_check(memcmp(blocks, text, sizeof blocks) == 0, "the same key stream");
    return 0;
}
