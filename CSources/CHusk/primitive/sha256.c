/* SHA-256 (FIPS 180-4), small in flash and stack.
 *
 * Implementation notes
 *
 * The message schedule has only sixteen words at any time and overwrites the block. The eight working variables are
 * not moved from one to the next in each round: they lie in memory as a, b, ..., h, and the next round finds them
 * one word further down. Then only two words are written in a round: the new a, below, and the new e, in the place
 * of d. After eight rounds all eight go back up. */
#include "primitive/sha256.h"

#include "primitive/sha256_stream.h"

const uint32_t husk_sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* The next sixteen words of the message schedule in place of the last. */
static void extend(uint32_t w[16])
{
    uint32_t w16 = w[0];
    uint32_t w2 = w[14];
    uint32_t w1 = w[15];
    for (unsigned t = 0; t < 16; t++) {
        uint32_t w15 = w[(t + 1) & 15];
        uint32_t x = w16 + w[(t + 9) & 15];
        x += rotate_right(w2, 17) ^ rotate_right(w2, 19) ^ w2 >> 10;
        x += rotate_right(w15, 7) ^ rotate_right(w15, 18) ^ w15 >> 3;
        w[t] = x;
        w16 = w15;
        w2 = w1;
        w1 = x;
    }
}

static void compress(husk_sha256 *sha)
{
    uint32_t v[8 + 8];
    uint32_t *w = sha->block;

    for (unsigned i = 0; i < 16; i++) {
        w[i] = husk_swap_be32(w[i]);
    }
    const uint32_t *k = husk_sha256_constants;
    const uint32_t *from = sha->state;
    for (;;) {
        for (unsigned i = 0; i < 8; i++) {
            v[8 + i] = from[i];
        }
        from = v;
        uint32_t *a = v + 8;
        do {
            uint32_t e = a[4];
            uint32_t x = a[7] + *k++ + *w++;
            x += rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25);
            x += (e & (a[5] ^ a[6])) ^ a[6];
            a[3] += x;
            uint32_t a0 = a[0];
            uint32_t a1 = a[1];
            x += rotate_right(a0, 2) ^ rotate_right(a0, 13) ^ rotate_right(a0, 22);
            x += (a0 & a1) | (a[2] & (a0 | a1));
            *--a = x;
        } while (a != v);
        if (k == husk_sha256_constants + 64) {
            break;
        }
        if (w == sha->block + 16) {
            w = sha->block;
            extend(w);
        }
    }
    for (unsigned i = 0; i < 8; i++) {
        sha->state[i] += v[i];
    }
    husk_wipe(v, sizeof v);
}

void husk_sha256_init(husk_sha256 *sha)
{
    init(sha);
}

void husk_sha256_update(husk_sha256 *sha, const uint8_t *data, size_t len)
{
    update(sha, data, len);
}

void husk_sha256_final(husk_sha256 *sha, uint8_t digest[HUSK_SHA256_DIGEST_BYTES])
{
    final(sha, digest);
}
