/* AES-128 (FIPS 197), bitsliced: two blocks at a time, no table, no branch or address that depends on a
 * secret.
 *
 * Implementation notes
 *
 * The state of both blocks is eight words q[0..8), one for each bit of a byte. Bit 8 * row + 2 * column + block of q[j]
 * is bit j of that byte of that block. So the S-box is 115 gates on whole words, ShiftRows turns each byte of a word by
 * an even number of bits, and the neighbour of a byte in MixColumns is a rotation of the word by 8 away.
 *
 * Both blocks have the same round keys, so in bitsliced form every bit of them stands there twice. Of q[2 * i] the
 * bits of block 0 are kept and of q[2 * i + 1] those of block 1, together in one word: four words for each round,
 * 176 bytes for all of them rather than 352. Unfolding costs two instructions for each word of the state and round.
 * The alternative that needs still less memory, running the key schedule beside each encryption, would double the
 * S-boxes.
 *
 * Decryption is for key wrapping, where it happens seldom: it undoes ShiftRows and MixColumns by doing them three times
 * more, because both are the identity after four times. */
#include "husk/primitive.h"

#include "base/bytes.h"
#include "base/ct.h"
#include "primitive/aes128.h"

#define ROUNDS 10
#define BLOCK_0 0x55555555u
#define BLOCK_1 0xaaaaaaaau

static inline uint32_t rotate_right(uint32_t x, unsigned n)
{
    return x >> n | x << (32 - n);
}

/* Within each byte lane, transposes the 8 x 8 bits of eight words: bit i of word j becomes bit j of word i. Its own
 * inverse. */
static void transpose(uint32_t q[8])
{
    static const uint32_t masks[3] = {0x55555555, 0x33333333, 0x0f0f0f0f};
    for (unsigned stage = 0; stage < 3; stage++) {
        unsigned n = 1u << stage;
        for (unsigned i = 0; i < 8; i++) {
            if ((i & n) == 0) {
                uint32_t t = (q[i] >> n ^ q[i + n]) & masks[stage];
                q[i + n] ^= t;
                q[i] ^= t << n;
            }
        }
    }
}

/* SubBytes: the circuit of Boyar and Peralta, "A new combinational logic minimization technique with applications to
 * cryptology" (2009), whose names these are except that x0 and s0, the highest bits, are q[7]. A linear layer on top,
 * an inversion in the middle and a linear layer at the bottom; 115 gates. */
void husk_aes128_sub_bytes(uint32_t q[8])
{
    uint32_t x0 = q[7], x1 = q[6], x2 = q[5], x3 = q[4], x4 = q[3], x5 = q[2], x6 = q[1], x7 = q[0];

    uint32_t y14 = x3 ^ x5, y13 = x0 ^ x6, y9 = x0 ^ x3, y8 = x0 ^ x5;
    uint32_t t0 = x1 ^ x2;
    uint32_t y1 = t0 ^ x7, y4 = y1 ^ x3, y12 = y13 ^ y14, y2 = y1 ^ x0, y5 = y1 ^ x6, y3 = y5 ^ y8;
    uint32_t t1 = x4 ^ y12;
    uint32_t y15 = t1 ^ x5, y20 = t1 ^ x1, y6 = y15 ^ x7, y10 = y15 ^ t0, y11 = y20 ^ y9, y7 = x7 ^ y11;
    uint32_t y17 = y10 ^ y11, y19 = y10 ^ y8, y16 = t0 ^ y11, y21 = y13 ^ y16, y18 = x0 ^ y16;

    uint32_t t2 = y12 & y15;
    uint32_t t4 = (y3 & y6) ^ t2, t6 = (y4 & x7) ^ t2;
    uint32_t t7 = y13 & y16;
    uint32_t t9 = (y5 & y1) ^ t7, t11 = (y2 & y7) ^ t7;
    uint32_t t12 = y9 & y11;
    uint32_t t14 = (y14 & y17) ^ t12, t16 = (y8 & y10) ^ t12;
    uint32_t t21 = t4 ^ t14 ^ y20, t22 = t6 ^ t16 ^ y19, t23 = t9 ^ t14 ^ y21, t24 = t11 ^ t16 ^ y18;

    uint32_t t25 = t21 ^ t22, t26 = t21 & t23, t27 = t24 ^ t26, t29 = (t25 & t27) ^ t22;
    uint32_t t30 = t23 ^ t24, t31 = t22 ^ t26, t33 = (t31 & t30) ^ t24, t34 = t23 ^ t33;
    uint32_t t35 = t27 ^ t33, t36 = t24 & t35, t37 = t36 ^ t34, t38 = t27 ^ t36, t40 = t25 ^ (t29 & t38);
    uint32_t t41 = t40 ^ t37, t42 = t29 ^ t33, t43 = t29 ^ t40, t44 = t33 ^ t37, t45 = t42 ^ t41;

    uint32_t z0 = t44 & y15, z1 = t37 & y6, z2 = t33 & x7, z3 = t43 & y16, z4 = t40 & y1, z5 = t29 & y7;
    uint32_t z6 = t42 & y11, z7 = t45 & y17, z8 = t41 & y10, z9 = t44 & y12, z10 = t37 & y3, z11 = t33 & y4;
    uint32_t z12 = t43 & y13, z13 = t40 & y5, z14 = t29 & y2, z15 = t42 & y9, z16 = t45 & y14, z17 = t41 & y8;

    uint32_t t46 = z15 ^ z16, t48 = z5 ^ z13, t53 = z0 ^ z3, t57 = z2 ^ z12 ^ t53, t58 = z4 ^ t46;
    uint32_t t59 = z3 ^ z6 ^ z7, t62 = z7 ^ z8 ^ t58, t63 = z9 ^ z10 ^ t58, t64 = z4 ^ t59;
    uint32_t t65 = z14 ^ t57 ^ t62, t66 = z1 ^ t63, s3 = t53 ^ t66;
    q[7] = t59 ^ t63;
    q[6] = ~(t64 ^ s3);
    q[5] = ~(z16 ^ z17 ^ t64 ^ t65);
    q[4] = s3;
    q[3] = z2 ^ z5 ^ t66;
    q[2] = z10 ^ z11 ^ t65;
    q[1] = ~(z12 ^ t48 ^ t62);
    q[0] = ~(t48 ^ t46 ^ t57);
}

/* Row r of ShiftRows moves r columns: first rows 1 to 3 exchange across the middle, then rows 1 and 3 between
 * neighbours. */
static HUSK_INLINE uint32_t shift_rows(uint32_t x)
{
    uint32_t t = (x ^ x >> 4) & 0x0c0f0300;
    x ^= t ^ t << 4;
    t = (x ^ x >> 2) & 0x33003300;
    return x ^ t ^ t << 2;
}

static void add_round_key(uint32_t q[8], const uint32_t key[4])
{
    for (unsigned i = 0; i < 4; i++) {
        uint32_t even = key[i] & BLOCK_0;
        uint32_t odd = key[i] & BLOCK_1;
        q[2 * i] ^= even | even << 1;
        q[2 * i + 1] ^= odd | odd >> 1;
    }
}

/* Every byte a of a column becomes 2 * (a + b) + b + c + d, where b, c and d are those below it. */
static HUSK_INLINE void mix_columns(uint32_t q[8])
{
    uint32_t top = q[7] ^ rotate_right(q[7], 8);
    uint32_t doubled = top;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t b = rotate_right(q[i], 8);
        uint32_t sum = q[i] ^ b;
        /* What is shifted out on top comes back as x^4 + x^3 + x + 1. */
        if (i == 1 || i == 3 || i == 4) {
            doubled ^= top;
        }
        q[i] = doubled ^ b ^ rotate_right(sum, 16);
        doubled = sum;
    }
}

static void load(uint32_t q[8], const uint8_t block_0[16], const uint8_t block_1[16])
{
    for (unsigned i = 0; i < 4; i++) {
        q[2 * i] = husk_load_le32(block_0 + 4 * i);
        q[2 * i + 1] = husk_load_le32(block_1 + 4 * i);
    }
    transpose(q);
}

static HUSK_INLINE void store(uint32_t q[8], uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES])
{
    transpose(q);
    for (unsigned i = 0; i < 4; i++) {
        husk_store_le32(blocks + 4 * i, q[2 * i]);
        husk_store_le32(blocks + 16 + 4 * i, q[2 * i + 1]);
    }
    husk_wipe(q, 8 * sizeof *q);
}

void husk_aes128_init(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES])
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
        husk_aes128_sub_bytes(q);
        for (unsigned i = 0; i < 8; i++) {
            /* SubWord and RotWord of column 3, as column 0; rcon is added to its row 0 in both blocks. */
            q[i] = (rotate_right(q[i], 14) & 0x03030303) ^ (rcon >> i & 1) * 3;
        }
        add_round_key(q, out);
        for (unsigned i = 0; i < 8; i++) {
            /* Each new column is the sum of the new one before it and the old one: the sum of all columns up to it. */
            uint32_t x = q[i];
            x ^= x << 2 & 0xfcfcfcfc;
            q[i] = x ^ (x << 4 & 0xf0f0f0f0);
        }
        /* rcon doubles in GF(2^8); it is public. */
        rcon = rcon << 1 ^ (rcon >> 7) * 0x11b;
        out += 4;
    }
    husk_wipe(q, sizeof q);
}

void husk_aes128_encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES])
{
    const uint32_t *key = aes->round_keys;
    uint32_t q[8];

    load(q, blocks, blocks + HUSK_AES_BLOCK_BYTES);
    add_round_key(q, key);
    for (unsigned round = 1; round <= ROUNDS; round++) {
        key += 4;
        husk_aes128_sub_bytes(q);
        for (unsigned i = 0; i < 8; i++) {
            q[i] = shift_rows(q[i]);
        }
        if (round < ROUNDS) {
            mix_columns(q);
        }
        add_round_key(q, key);
    }
    store(q, blocks);
}

/* The inverse of the affine map that ends SubBytes. The S-box with this before and after it is its own inverse: what
 * remains between the two is the inversion in GF(2^8). */
static void invert_affine(uint32_t q[8])
{
    uint32_t x[8];
    for (unsigned i = 0; i < 8; i++) {
        x[i] = q[i];
    }
    for (unsigned i = 0; i < 8; i++) {
        q[i] = x[(i + 2) % 8] ^ x[(i + 5) % 8] ^ x[(i + 7) % 8];
    }
    q[0] = ~q[0];
    q[2] = ~q[2];
    husk_wipe(x, sizeof x);
}

void husk_aes128_decrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES])
{
    const uint32_t *key = aes->round_keys + 4 * ROUNDS;
    uint32_t q[8];

    load(q, blocks, blocks + HUSK_AES_BLOCK_BYTES);
    for (unsigned round = ROUNDS; round > 0; round--) {
        add_round_key(q, key);
        key -= 4;
        for (unsigned time = 0; round < ROUNDS && time < 3; time++) {
            mix_columns(q);
        }
        for (unsigned i = 0; i < 3 * 8; i++) {
            q[i % 8] = shift_rows(q[i % 8]);
        }
        invert_affine(q);
        husk_aes128_sub_bytes(q);
        invert_affine(q);
    }
    add_round_key(q, key);
    store(q, blocks);
}
