/* ChaCha20 (RFC 8439 sections 2.1 to 2.4): additions, rotations and exclusive ors only, so constant time. */
#include "husk/primitive.h"

#include "base/bytes.h"
#include "base/ct.h"

#define WORDS (HUSK_CHACHA20_BLOCK_BYTES / 4)
#define ROUNDS 20

static HUSK_INLINE uint32_t rotate_left(uint32_t x, unsigned n)
{
    return x << n | x >> (32 - n);
}

static void rounds(uint32_t x[WORDS])
{
    for (unsigned round = 0; round < ROUNDS; round++) {
        /* Odd rounds go down the diagonals: row i is turned by i words. */
        unsigned turn = round & 1;
        for (unsigned i = 0; i < 4; i++) {
            uint32_t *pb = x + 4 + ((i + turn) & 3);
            uint32_t *pc = x + 8 + ((i + 2 * turn) & 3);
            uint32_t *pd = x + 12 + ((i + 3 * turn) & 3);
            uint32_t a = x[i], b = *pb, c = *pc, d = *pd;
            a += b;
            d = rotate_left(d ^ a, 16);
            c += d;
            b = rotate_left(b ^ c, 12);
            a += b;
            d = rotate_left(d ^ a, 8);
            c += d;
            b = rotate_left(b ^ c, 7);
            x[i] = a;
            *pb = b;
            *pc = c;
            *pd = d;
        }
    }
}

void husk_chacha20(const uint8_t key[HUSK_CHACHA20_KEY_BYTES], const uint8_t nonce[HUSK_CHACHA20_NONCE_BYTES],
                   uint32_t counter, uint8_t *text, size_t len)
{
    uint32_t state[WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574}; /* "expand 32-byte k" */
    uint32_t x[WORDS];
    for (unsigned i = 0; i < 8; i++) {
        state[4 + i] = husk_load_le32(key + 4 * i);
    }
    state[12] = counter;
    for (unsigned i = 0; i < 3; i++) {
        state[13 + i] = husk_load_le32(nonce + 4 * i);
    }
    size_t done = 0;
    while (done < len) {
        for (unsigned i = 0; i < WORDS; i++) {
            x[i] = state[i];
        }
        rounds(x);
        for (unsigned i = 0; i < WORDS; i++) {
            uint32_t word = x[i] + state[i];
            for (unsigned j = 0; j < 4 && done < len; j++) {
                text[done++] ^= (uint8_t)word;
                word >>= 8;
            }
        }
        state[12]++;
    }
    husk_wipe(state, sizeof state);
    husk_wipe(x, sizeof x);
}
