/* AES-128 encryption (FIPS 197), bitsliced as the core's (primitive/aes128.c says how) and with the same expanded keys,
 * but every loop over the eight words written out: twice as fast for twice the code.
 *
 * SubBytes is in assembly where registers are many enough for it. */
#include "husk_cortex_m.h"

#include "aes128.h"
#include "base/bytes.h"
#include "base/ct.h"

#define ROUNDS 10
#define BLOCK_0 0x55555555u
#define BLOCK_1 0xaaaaaaaau

/* All eight words of the state, in registers as far as these reach. */
#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7)

static HUSK_INLINE uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* Exchanges the bits of b that `mask` selects with those of a that are n higher. */
static HUSK_INLINE void swap(uint32_t *a, uint32_t *b, unsigned n, uint32_t mask)
{
    uint32_t t = (*a >> n ^ *b) & mask;
    *b ^= t;
    *a ^= t << n;
}

static void transpose(uint32_t q[8])
{
#define LOCAL(i) uint32_t q##i = q[i];
    EACH(LOCAL)
    swap(&q0, &q1, 1, 0x55555555);
    swap(&q2, &q3, 1, 0x55555555);
    swap(&q4, &q5, 1, 0x55555555);
    swap(&q6, &q7, 1, 0x55555555);
    swap(&q0, &q2, 2, 0x33333333);
    swap(&q1, &q3, 2, 0x33333333);
    swap(&q4, &q6, 2, 0x33333333);
    swap(&q5, &q7, 2, 0x33333333);
    swap(&q0, &q4, 4, 0x0f0f0f0f);
    swap(&q1, &q5, 4, 0x0f0f0f0f);
    swap(&q2, &q6, 4, 0x0f0f0f0f);
    swap(&q3, &q7, 4, 0x0f0f0f0f);
#define STORE(i) q[i] = q##i;
    EACH(STORE)
}

/* ShiftRows: row r moves r columns. */
static HUSK_INLINE uint32_t shift_rows(uint32_t x)
{
    uint32_t t = (x ^ x >> 4) & 0x0c0f0300;
    x ^= t ^ t << 4;
    t = (x ^ x >> 2) & 0x33003300;
    return x ^ t ^ t << 2;
}

/* The words 2 * i and 2 * i + 1 of a round key out of the one that holds half of each. */
static HUSK_INLINE void add_key(uint32_t *q0, uint32_t *q1, uint32_t key)
{
    uint32_t even = key & BLOCK_0;
    uint32_t odd = key & BLOCK_1;
    *q0 ^= even | even << 1;
    *q1 ^= odd | odd >> 1;
}

static HUSK_INLINE void add_round_key(uint32_t q[8], const uint32_t key[4])
{
    add_key(q, q + 1, key[0]);
    add_key(q + 2, q + 3, key[1]);
    add_key(q + 4, q + 5, key[2]);
    add_key(q + 6, q + 7, key[3]);
}

/* ShiftRows, MixColumns and AddRoundKey. Every byte a of a column becomes 2 * (a + b) + b + c + d, where b, c and d are
 * those below it. */
static void mix(uint32_t q[8], const uint32_t key[4])
{
#define SHIFTED(i) uint32_t q##i = shift_rows(q[i]);
    EACH(SHIFTED)
#define BELOW(i) uint32_t b##i = rotate_right(q##i, 8);
#define SUM(i) q##i ^= b##i;
#define REST(i) b##i ^= rotate_right(q##i, 16);
    EACH(BELOW)
    EACH(SUM)
    EACH(REST)
    /* What is shifted out on top, of q7, comes back as x^4 + x^3 + x + 1. */
    b0 ^= q7;
    b1 ^= q0 ^ q7;
    b2 ^= q1;
    b3 ^= q2 ^ q7;
    b4 ^= q3 ^ q7;
    b5 ^= q4;
    b6 ^= q5;
    b7 ^= q6;
    add_key(&b0, &b1, key[0]);
    add_key(&b2, &b3, key[1]);
    add_key(&b4, &b5, key[2]);
    add_key(&b6, &b7, key[3]);
#define MIXED(i) q[i] = b##i;
    EACH(MIXED)
}

static void load(uint32_t q[8], const uint8_t block_0[16], const uint8_t block_1[16])
{
    for (unsigned i = 0; i < 4; i++) {
        q[2 * i] = husk_load_le32(block_0 + 4 * i);
        q[2 * i + 1] = husk_load_le32(block_1 + 4 * i);
    }
    transpose(q);
}

void husk_cortex_m_aes128_init(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES])
{
    uint32_t q[8];
    uint32_t rcon = 1;
    uint32_t *out = aes->round_keys;

    load(q, key, key);
    for (unsigned round = 0;; round++) {
        for (unsigned i = 0; i < 4; i++) {
            out[i] = (q[2 * i] & BLOCK_0) | (q[2 * i + 1] & BLOCK_1);
        }
        if (round == ROUNDS) {
            break;
        }
        husk_cortex_m_aes128_sub_bytes(q);
        /* SubWord and RotWord of column 3, as column 0; rcon is added to its row 0 in both blocks. Each new column is
         * the sum of the new one before it and the old one: the sum of all columns up to it. rcon doubles in GF(2^8);
         * it is public. */
#define WORD(i) q[i] = (rotate_right(q[i], 14) & 0x03030303) ^ (rcon >> (i) & 1) * 3;
        EACH(WORD)
        add_round_key(q, out);
#define COLUMNS(i) q[i] ^= q[i] << 2 & 0xfcfcfcfc; q[i] ^= q[i] << 4 & 0xf0f0f0f0;
        EACH(COLUMNS)
        rcon = rcon << 1 ^ (rcon >> 7) * 0x11b;
        out += 4;
    }
    husk_wipe(q, sizeof q);
}

void husk_cortex_m_aes128_encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES])
{
    const uint32_t *key = aes->round_keys;
    uint32_t q[8];

    load(q, blocks, blocks + HUSK_AES_BLOCK_BYTES);
    add_round_key(q, key);
    for (unsigned round = 1; round < ROUNDS; round++) {
        key += 4;
        husk_cortex_m_aes128_sub_bytes(q);
        mix(q, key);
    }
    husk_cortex_m_aes128_sub_bytes(q);
#define LAST(i) q[i] = shift_rows(q[i]);
    EACH(LAST)
    add_round_key(q, key + 4);
    transpose(q);
    for (unsigned i = 0; i < 4; i++) {
        husk_store_le32(blocks + 4 * i, q[2 * i]);
        husk_store_le32(blocks + 16 + 4 * i, q[2 * i + 1]);
    }
    husk_wipe(q, sizeof q);
}
