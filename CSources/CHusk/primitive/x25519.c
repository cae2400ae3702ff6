/* X25519 (RFC 7748 section 5): the Montgomery ladder on Curve25519, constant time.
 *
 * Implementation notes
 *
 * A field element is eight 32-bit words, least significant first. Any value below 2^256 stands for its residue modulo p
 * = 2^255 - 19; only the result is reduced fully. 2^255 is 19 modulo p. Sums and products use that in advance: they
 * begin with the top word, and all but 31 bits of it go in at the bottom, times 19. So one pass is enough, as nothing
 * overflows when the carry comes up: what it makes is hardly longer than 255 bits.
 *
 * All elements live in one struct, so that they are wiped once and not after each multiplication. A step of the
 * ladder and the inversion are tables of operations on them: each row is a call that would take three times its
 * size. */
#include "husk/primitive.h"

#include "base/bytes.h"
#include "base/ct.h"
#include "base/secret.h"
#include "primitive/multiply.h"
#include "primitive/x25519.h"

#define WORDS HUSK_X25519_WORDS

/* x1 is the point; x2 : z2 and x3 : z3 are the two points of the ladder. When it is done, all but x2 and z2 are free
 * for the inversion. */
enum { X1, X2, Z2, X3, Z3, T1, T2, ELEMENTS };

/* What a row of the ladder does: out = a + b, a - b, a * b, a + 60833 * b. The first two are their own masks, negated.
 */
enum { ADD, SUBTRACT, MULTIPLY, COMBINE };

typedef struct field {
    uint32_t e[ELEMENTS][WORDS];
    uint32_t product[2 * WORDS];
} field;

/* Bits of the top word that stay there. */
#define TOP_BITS 31
#define TOP_MASK 0x7fffffff

/* out = a + b for mask 0, out = a - b for mask 2^32 - 1. Any of them may be the same. */
static void add(uint32_t out[WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS], uint32_t mask)
{
    /* a - b is a + ~b + 1 - 2^256, and 2^256 is 38. A carry from below is -1, 0 or 1: one unit of the top word is set
     * aside, so that -1 is no underflow. */
    int64_t top = (int64_t)a[WORDS - 1] + (b[WORDS - 1] ^ mask) - 1;
    int32_t carry = 19 * (int32_t)(top >> TOP_BITS) - (int32_t)(mask & 37);
    for (unsigned i = 0; i < WORDS - 1; i++) {
        int64_t t = (int64_t)a[i] + (b[i] ^ mask) + carry;
        out[i] = (uint32_t)t;
        carry = (int32_t)(t >> 32);
    }
    out[WORDS - 1] = ((uint32_t)top & TOP_MASK) + 1 + (uint32_t)carry;
}

/* out = a + factor * b, for a factor of 60833 at most. Any of them may be the same. */
static void combine(uint32_t out[WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS], uint32_t factor)
{
    uint32_t top = a[WORDS - 1];
    uint32_t carry = husk_add_short_multiple(&top, b[WORDS - 1], factor, 0);
    carry = 19 * (carry << 1 | top >> TOP_BITS);
    HUSK_UNROLL_8
    for (unsigned i = 0; i < WORDS - 1; i++) {
        uint32_t word = a[i];
        carry = husk_add_short_multiple(&word, b[i], factor, carry);
        out[i] = word;
    }
    out[WORDS - 1] = (top & TOP_MASK) + carry; /* carry <= factor */
}

/* out = a * b. Any of them may be the same. */
static void multiply(uint32_t product[2 * WORDS], uint32_t out[WORDS], const uint32_t a[WORDS],
                     const uint32_t b[WORDS])
{
    husk_product(product, a, b);
    combine(out, product, product + WORDS, 38);
}

static void operation(field *f, unsigned what, unsigned out, unsigned a, unsigned b)
{
    uint32_t *to = f->e[out];
    if (what <= SUBTRACT) {
        add(to, f->e[a], f->e[b], 0u - what);
        return;
    }
    if (what == MULTIPLY) {
        multiply(f->product, to, f->e[a], f->e[b]);
        return;
    }
    combine(to, f->e[a], f->e[b], 60833);
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
        {COMBINE, Z2, T2, T1},
        {COMBINE, Z2, Z2, T1},    /* BB + 121666 * E */
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
            multiply(f->product, f->e[T], f->e[a], f->e[a]);
            a = T;
        }
        multiply(f->product, f->e[steps[i][0]], f->e[a], f->e[steps[i][3]]);
    }
}

/* Clears bit 255 of x and returns it. */
static int32_t take_top_bit(uint32_t x[WORDS])
{
    uint32_t top = x[WORDS - 1] >> 31;
    x[WORDS - 1] &= 0x7fffffff;
    return (int32_t)top;
}

/* x += n, as integers modulo 2^256. */
static void add_word(uint32_t x[WORDS], int32_t n)
{
    int64_t carry = n;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += x[i];
        x[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* The representative of x in [0, p). */
static void reduce(uint32_t x[WORDS])
{
    /* With bit 255 folded, x < 2^255 + 19 < 2 * p. x >= p exactly if bit 255 of x + 19 is set, and then x - p is the
     * rest of that sum. */
    add_word(x, 19 * take_top_bit(x) + 19);
    add_word(x, 19 * take_top_bit(x) - 19);
}

void husk_x25519_decode(uint32_t x[WORDS], const uint8_t point[HUSK_X25519_BYTES])
{
    for (unsigned i = 0; i < WORDS; i++) {
        x[i] = husk_load_le32(point + 4 * i);
    }
    (void)take_top_bit(x);
}

husk_status husk_x25519_encode(uint8_t out[HUSK_X25519_BYTES], uint32_t x[WORDS])
{
    reduce(x);
    uint32_t any = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        any |= x[i];
        husk_store_le32(out + 4 * i, x[i]);
        x[i] = 0;
    }
    /* That the point was of low order is the one thing about the secret that everybody may know. */
    uint32_t refused = husk_ct_is_zero(any);
    HUSK_PUBLIC(&refused, sizeof refused);
    return refused != 0 ? HUSK_ERR_PUBLIC_KEY : HUSK_OK;
}

husk_status husk_x25519(uint8_t out[HUSK_X25519_BYTES], const uint8_t scalar[HUSK_X25519_BYTES],
                        const uint8_t point[HUSK_X25519_BYTES])
{
    field f = {{{0}}, {0}};
    husk_x25519_decode(f.e[X1], point);
    husk_x25519_decode(f.e[X3], point);
    f.e[X2][0] = 1;
    f.e[Z3][0] = 1;

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
    husk_status status = husk_x25519_encode(out, f.e[X2]);
    husk_wipe(&f, sizeof f);
    return status;
}
