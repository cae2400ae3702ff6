/* X25519 (RFC 7748 section 5): the Montgomery ladder on Curve25519, constant time.
 *
 * Implementation notes
 *
 * A field element is eight 32-bit words, least significant first. Any value below 2^256 stands for its residue modulo p
 * = 2^255 - 19; only the result is reduced fully. 2^256 is 38 modulo p, so whatever overflows comes back in at the
 * bottom times 38. The arithmetic rests on one step that never overflows 64 bits: a * b + c + d for any words a to d.
 *
 * All elements live in one struct, so that they are wiped once and not after each multiplication. A step of the
 * ladder and the inversion are tables of operations on them: each row is a call that would take three times its
 * size. */
#include "husk/primitive.h"

#include "base/bytes.h"
#include "base/ct.h"
#include "base/secret.h"
#include "primitive/multiply.h"

#define WORDS 8

/* x1 is the point; x2 : z2 and x3 : z3 are the two points of the ladder. When it is done, all but x2 and z2 are free
 * for the inversion. */
enum { X1, X2, Z2, X3, Z3, T1, T2, ELEMENTS };

/* What a row of the ladder does: out = a + b, a - b, a * b, a * 121666. The first two are their own masks, negated. */
enum { ADD, SUBTRACT, MULTIPLY, TIMES_A24 };

typedef struct field {
    uint32_t e[ELEMENTS][WORDS];
    uint32_t product[2 * WORDS];
} field;

/* x += n, as integers modulo 2^256. Returns what overflows: the multiple of 2^256 that x + n has more than x. */
static int32_t add_word(uint32_t x[WORDS], int32_t n)
{
    int64_t carry = n;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += x[i];
        x[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (int32_t)carry;
}

/* x += n * 2^256 modulo p, for |n| <= 38. */
static void fold(uint32_t x[WORDS], int32_t n)
{
    /* If this overflows up or down, x is within 38 * 38 of the end it came in from, and 38 more fit the lowest word. */
    n = add_word(x, 38 * n);
    x[0] += (uint32_t)(38 * n);
}

/* out = a + b for mask 0, out = a - b for mask 2^32 - 1. Any of them may be the same. */
static void add(uint32_t out[WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS], uint32_t mask)
{
    /* a - b is a + ~b + 1 - 2^256. */
    uint64_t carry = mask & 1;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (uint64_t)a[i] + (b[i] ^ mask);
        out[i] = (uint32_t)carry;
        carry >>= 32;
    }
    fold(out, (int32_t)((uint32_t)carry + mask));
}

/* out = a * b, where b is `words` words. Any of them may be the same. */
static void multiply(uint32_t product[2 * WORDS], uint32_t out[WORDS], const uint32_t a[WORDS], const uint32_t *b,
                     unsigned words)
{
    for (unsigned i = 0; i < 2 * WORDS; i++) {
        product[i] = 0;
    }
    uint32_t carry;
    for (unsigned i = 0; i < words; i++) {
        uint32_t word = b[i];
        carry = 0;
        HUSK_UNROLL_8
        for (unsigned j = 0; j < WORDS; j++) {
            uint64_t t = husk_multiply_add(a[j], word, product[i + j], carry);
            product[i + j] = (uint32_t)t;
            carry = (uint32_t)(t >> 32);
        }
        product[i + WORDS] = carry;
    }
    carry = 0;
    for (unsigned j = 0; j < WORDS; j++) {
        uint64_t t = husk_multiply_add(product[j + WORDS], 38, product[j], carry);
        out[j] = (uint32_t)t;
        carry = (uint32_t)(t >> 32);
    }
    fold(out, (int32_t)carry);
}

static void operation(field *f, unsigned what, unsigned out, unsigned a, unsigned b)
{
    static const uint32_t a24 = 121666; /* (486662 + 2) / 4 */
    uint32_t *to = f->e[out];
    if (what <= SUBTRACT) {
        add(to, f->e[a], f->e[b], 0u - what);
        return;
    }
    if (what == MULTIPLY) {
        multiply(f->product, to, f->e[a], f->e[b], WORDS);
        return;
    }
    multiply(f->product, to, f->e[a], &a24, 1);
}

/* x2 : z2 becomes twice itself, x3 : z3 the sum of both, whose difference is x1: the formulas of RFC 7748 section 5,
 * with E * (BB + 121666 * E) for its equal E * (AA + 121665 * E). */
static void ladder_step(field *f)
{
    static const uint8_t steps[][4] = {
        {ADD, T1, X2, Z2},        /* A */
        {SUBTRACT, T2, X2, Z2},   /* B */
        {ADD, X2, X3, Z3},        /* C */
        {SUBTRACT, Z2, X3, Z3},   /* D */
        {MULTIPLY, Z3, Z2, T1},   /* DA */
        {MULTIPLY, X2, X2, T2},   /* CB */
        {ADD, X3, Z3, X2},        /* DA + CB */
        {SUBTRACT, Z3, Z3, X2},   /* DA - CB */
        {MULTIPLY, X3, X3, X3},   /* x3 */
        {MULTIPLY, Z3, Z3, Z3},
        {MULTIPLY, Z3, Z3, X1},   /* z3 */
        {MULTIPLY, T1, T1, T1},   /* AA */
        {MULTIPLY, T2, T2, T2},   /* BB */
        {MULTIPLY, X2, T1, T2},   /* x2 */
        {SUBTRACT, T1, T1, T2},   /* E */
        {TIMES_A24, Z2, T1, 0},
        {ADD, Z2, Z2, T2},
        {MULTIPLY, Z2, Z2, T1},   /* z2 */
    };
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        operation(f, steps[i][0], steps[i][1], steps[i][2], steps[i][3]);
    }
}

/* x2 = x2 / z2 = x2 * z2^(p - 2), and 0 if z2 is 0. */
static void divide(field *f)
{
    enum { A = X1, B = X3, C = Z3, D = T1, T = T2 };
    /* out = a^(2^squarings) * b; the comments give out as a power of z2. */
    static const uint8_t steps[][4] = {
        {A, Z2, 1, Z2},  /* 3 */
        {B, Z2, 3, A},   /* 11 */
        {C, A, 2, A},    /* 2^4 - 1 */
        {A, C, 1, Z2},   /* 2^5 - 1 */
        {C, A, 5, A},    /* 2^10 - 1 */
        {D, C, 10, C},   /* 2^20 - 1 */
        {D, D, 20, D},   /* 2^40 - 1 */
        {D, D, 10, C},   /* 2^50 - 1 */
        {C, D, 50, D},   /* 2^100 - 1 */
        {C, C, 100, C},  /* 2^200 - 1 */
        {C, C, 50, D},   /* 2^250 - 1 */
        {C, C, 5, B},    /* 2^255 - 32 + 11 = p - 2 */
        {X2, C, 0, X2},
    };
    for (unsigned i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        unsigned a = steps[i][1];
        for (unsigned n = steps[i][2]; n > 0; n--) {
            multiply(f->product, f->e[T], f->e[a], f->e[a], WORDS);
            a = T;
        }
        multiply(f->product, f->e[steps[i][0]], f->e[a], f->e[steps[i][3]], WORDS);
    }
}

/* Clears bit 255 of x and returns it. */
static int32_t take_top_bit(uint32_t x[WORDS])
{
    uint32_t top = x[WORDS - 1] >> 31;
    x[WORDS - 1] &= 0x7fffffff;
    return (int32_t)top;
}

/* The representative of x in [0, p). */
static void reduce(uint32_t x[WORDS])
{
    /* With bit 255 folded, x < 2^255 + 19 < 2 * p. x >= p exactly if bit 255 of x + 19 is set, and then x - p is the
     * rest of that sum. */
    (void)add_word(x, 19 * take_top_bit(x) + 19);
    (void)add_word(x, 19 * take_top_bit(x) - 19);
}

husk_status husk_x25519(uint8_t out[HUSK_X25519_BYTES], const uint8_t scalar[HUSK_X25519_BYTES],
                        const uint8_t point[HUSK_X25519_BYTES])
{
    field f = {{{0}}, {0}};
    for (unsigned i = 0; i < WORDS; i++) {
        f.e[X1][i] = husk_load_le32(point + 4 * i);
        f.e[X3][i] = f.e[X1][i];
    }
    f.e[X2][0] = 1;
    f.e[Z3][0] = 1;
    (void)take_top_bit(f.e[X1]);
    (void)take_top_bit(f.e[X3]);

    /* The clamped scalar has bit 254 set and bits 255 and 0 to 2 clear. */
    uint32_t swapped = 0;
    for (unsigned n = 255; n > 0;) {
        n--;
        uint32_t bit = (uint32_t)scalar[n >> 3] >> (n & 7) & 1;
        if (n == 254) {
            bit = 1;
        }
        if (n < 3) {
            bit = 0;
        }
        uint32_t mask = husk_ct_mask(bit ^ swapped);
        swapped = bit;
        for (unsigned i = 0; i < 2 * WORDS; i++) {
            uint32_t *p = f.e[X2] + i;
            uint32_t *q = f.e[X3] + i;
            uint32_t difference = mask & (*p ^ *q);
            *p ^= difference;
            *q ^= difference;
        }
        ladder_step(&f);
    }
    /* Bit 0 is clear: nothing is left to swap back. */
    divide(&f);
    reduce(f.e[X2]);

    uint32_t any = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        any |= f.e[X2][i];
        husk_store_le32(out + 4 * i, f.e[X2][i]);
    }
    husk_wipe(&f, sizeof f);
    /* That the point was of low order is the one thing about the secret that everybody may know. */
    uint32_t refused = husk_ct_is_zero(any);
    HUSK_PUBLIC(&refused, sizeof refused);
    return refused != 0 ? HUSK_ERR_PUBLIC_KEY : HUSK_OK;
}
