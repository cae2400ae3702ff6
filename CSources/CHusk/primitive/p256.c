/* P-256 (NIST SP 800-186) for Diffie-Hellman with x-coordinates only: a Montgomery ladder, constant time.
 *
 * Implementation notes
 *
 * A field element is eight 32-bit words, least significant first. Any value below 2^256 stands for its residue modulo
 * p = 2^256 - 2^224 + 2^192 + 2^96 - 1; only what is compared or given out is reduced fully.
 *
 * Multiplication is Montgomery's: it makes a * b / 2^256. Its elements are numbers times 2^256, but nothing is
 * converted on the way in or out: the number x that comes in is taken for the element x / 2^256. That is the
 * x-coordinate of a point on an isomorphic curve, whose coefficients a / 2^512 and b / 2^768 are stored as -3 / 2^256
 * and b / 2^512, and whose multiples have their x-coordinates scaled alike.
 *
 * The ladder is that of Hamburg, "Faster Montgomery and double-add ladders for short Weierstrass curves" (2020).
 * It follows the points Q and R = Q + P by
 *
 *     xq = (x(Q) - x(P)) Z^2,  xr = (x(R) - x(P)) Z^2,  m = (slope of the line through P, Q and -R) Z,  y = 2 y(P) Z^3
 *
 * for a Z that changes with each step. It knows y(P) in even powers only, so no square root is needed: whether there is
 * a point with this x at all is told by the Legendre symbol of x^3 - 3 x + b, which comes with the final inversion for
 * one multiplication. Until then the ladder runs on something that may be a point of the quadratic twist; nothing is
 * given out then.
 *
 * All elements live in one struct, so that they are wiped once. Formulas are tables of operations on them. */
#include "husk/primitive.h"

#include "base/bytes.h"
#include "base/ct.h"
#include "base/secret.h"
#include "primitive/multiply.h"

#define WORDS 8

/* X is x(P); W the product by which Z has grown; D = Z^2 of the start, then of the end. */
enum { X, D, XQ, XR, M, Y, W, T, U, ELEMENTS };

/* What a row does: out = a + b, a - b, and below ADD: a^(2^n) * b, where n > 0 overwrites T. */
enum { MULTIPLY = 0, ADD = 254, SUBTRACT = 255 };

typedef struct field {
    uint32_t e[ELEMENTS][WORDS];
    uint32_t columns[3 * WORDS]; /* WORDS zeros, over which the reduction reads, and a product */
    uint32_t scalar[WORDS];
} field;

typedef struct row {
    uint8_t what, out, a, b;
} row;

static const uint32_t order[WORDS] = {
    0xfc632551, 0xf3b9cac2, 0xa7179e84, 0xbce6faad, 0xffffffff, 0xffffffff, 0x00000000, 0xffffffff,
};

/* b / 2^512 */
static const uint32_t curve_b[WORDS] = {
    0x4584a137, 0xe59be0a6, 0x9ca065a7, 0xfc3521eb, 0xa0f45303, 0x7c178684, 0xd948431a, 0x3081dc38,
};

/* out = a + b for mask 0, out = a - b for mask 2^32 - 1, as integers modulo 2^256. Any of them may be the same.
 * Returns the multiple of 2^256 that is missing in out: 0 or 1, or 0 or -1. */
static int32_t add_integers(uint32_t out[WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS], uint32_t mask)
{
    /* a - b is a + ~b + 1 - 2^256. */
    uint64_t carry = mask & 1;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (uint64_t)a[i] + (b[i] ^ mask);
        out[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (int32_t)((uint32_t)carry + mask);
}

/* x += n * 2^256 modulo p, for n = -1, 0 or 1: x += n * (2^256 - p). Returns what overflows, as above. If n itself is
 * what overflowed, and x the rest of a sum or difference, there may be a second overflow; it leaves x so close to the
 * end it came in from that there is no third. */
static int32_t fold(uint32_t x[WORDS], int32_t n)
{
    static const int8_t digits[WORDS] = {1, 0, 0, -1, 0, 0, -1, 1};
    int64_t carry = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        carry += (int64_t)x[i] + n * digits[i];
        x[i] = (uint32_t)carry;
        carry >>= 32;
    }
    return (int32_t)carry;
}

/* x modulo p in [0, p). Returns 1 if it was not there before, else 0. */
static int32_t reduce(uint32_t x[WORDS])
{
    /* x + 2^256 - p reaches 2^256 exactly if x >= p, and then x - p is the rest. */
    int32_t over = fold(x, 1);
    (void)fold(x, over - 1);
    return over;
}

static void add(uint32_t out[WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS], uint32_t mask)
{
    (void)fold(out, fold(out, add_integers(out, a, b, mask)));
}

/* out = a * b / 2^256. Any of them may be the same. */
static void multiply(uint32_t columns[3 * WORDS], uint32_t out[WORDS], const uint32_t a[WORDS],
                     const uint32_t b[WORDS])
{
    uint32_t *product = columns + WORDS;
    husk_product(product, a, b);
    /* Adds the multiple of p that clears the lower half. -1 / p is 1 modulo 2^32, so each word of that multiple's
     * factor is what stands in its column when those below are done. It stays there, and has its effect 3, 6, 7 and 8
     * columns further up. Below and above the factor there must be zeros. */
    int64_t carry = 0;
    for (unsigned i = 0; i < 2 * WORDS; i++) {
        uint32_t *column = product + i;
        carry += *column;
        carry += column[-3];
        carry += column[-6];
        carry -= column[-7];
        carry += column[-8];
        out[i % WORDS] = (uint32_t)carry;
        *column = i < WORDS ? (uint32_t)carry : 0;
        carry >>= 32;
    }
    /* Below (2^512 + 2^256 * p) / 2^256: folded once, there is no second overflow. */
    (void)fold(out, (int32_t)carry);
}

static void run(field *f, const row *rows, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        const uint32_t *a = f->e[rows[i].a];
        const uint32_t *b = f->e[rows[i].b];
        uint32_t *out = f->e[rows[i].out];
        unsigned what = rows[i].what;
        if (what >= ADD) {
            add(out, a, b, ADD - what);
            continue;
        }
        for (; what > 0; what--) {
            multiply(f->columns, f->e[T], a, a);
            a = f->e[T];
        }
        multiply(f->columns, out, a, b);
    }
}

#define RUN(f, rows) run(f, rows, sizeof(rows) / sizeof(rows)[0])

/* Q = P and R = 2 P, with Z = 2 y(P): m = 3 x^2 + a and y = 16 y(P)^4. On entry, T is 3, U 1, and Y b'. */
static void ladder_start(field *f)
{
    static const row rows[] = {
        {MULTIPLY, T, T, U},   /* -a' */
        {MULTIPLY, M, X, X},
        {ADD, U, M, M},
        {SUBTRACT, M, M, T},   /* x^2 + a */
        {MULTIPLY, D, M, X},
        {ADD, D, D, Y},        /* y(P)^2 */
        {ADD, D, D, D},
        {ADD, D, D, D},        /* Z^2 */
        {ADD, M, M, U},        /* 3 x^2 + a */
        {MULTIPLY, XR, M, M},  /* (x(2 P) + 2 x) Z^2 */
        {MULTIPLY, T, X, D},
        {SUBTRACT, XR, XR, T},
        {SUBTRACT, XR, XR, T},
        {SUBTRACT, XR, XR, T},
        {MULTIPLY, Y, D, D},
    };
    RUN(f, rows);
}

/* Q and R become Q + R and 2 R. */
static void ladder_step(field *f)
{
    /* With e = x(Q) - x(R): the line through Q and R has the slope m + t / e, where t = 2 y(P) + 2 m xr = -2 y(R), and
     * Z grows by t * e. */
    static const row rows[] = {
        {MULTIPLY, T, M, XR},
        {ADD, T, T, T},
        {ADD, T, T, Y},        /* t */
        {SUBTRACT, XQ, XQ, XR}, /* e */
        {MULTIPLY, U, T, XQ},  /* t e */
        {MULTIPLY, XQ, XQ, XQ}, /* e^2 */
        {MULTIPLY, XR, XR, XQ}, /* xr e^2 */
        {MULTIPLY, T, T, T},   /* t^2 */
        {MULTIPLY, M, M, U},   /* m t e */
        {MULTIPLY, Y, Y, U},
        {MULTIPLY, Y, Y, XQ},  /* y t e^3 */
        {MULTIPLY, W, W, U},
        {ADD, U, T, M},
        {ADD, XQ, U, M},
        {SUBTRACT, M, XR, U},  /* m = xr e^2 - t^2 - m t e */
        {MULTIPLY, XQ, T, XQ}, /* xq = t^2 (t^2 + 2 m t e) */
        {MULTIPLY, XR, XR, XR},
        {ADD, XR, XR, Y},      /* xr = (xr e^2)^2 + y t e^3 */
        {MULTIPLY, Y, Y, T},   /* y = y t^3 e^3 */
    };
    RUN(f, rows);
}

/* XQ = x(Q), and W the Legendre symbol of D. */
static void ladder_end(field *f)
{
    /* The comments give exponents; D^((p - 3) / 4) leads to both. */
    enum { A = XR, B = M, C = Y };
    static const row rows[] = {
        {MULTIPLY, W, W, W},
        {MULTIPLY, D, D, W},
        {1, A, D, D},          /* 2^2 - 1 */
        {1, B, A, D},          /* 2^3 - 1 */
        {3, C, B, B},          /* 2^6 - 1 */
        {6, C, C, C},          /* 2^12 - 1 */
        {3, C, C, B},          /* 2^15 - 1 */
        {15, B, C, C},         /* 2^30 - 1 */
        {2, A, B, A},          /* 2^32 - 1 */
        {32, C, A, D},         /* 2^64 - 2^32 + 1 */
        {128, C, C, A},
        {32, C, C, A},
        {30, C, C, B},         /* 2^254 - 2^222 + 2^190 + 2^94 - 1 = (p - 3) / 4 */
        {1, W, C, D},          /* (p - 1) / 2 */
        {2, C, C, D},          /* p - 2 */
        {MULTIPLY, XQ, XQ, C},
        {ADD, XQ, XQ, X},
    };
    RUN(f, rows);
}

static void load(uint32_t x[WORDS], const uint8_t bytes[HUSK_P256_BYTES])
{
    for (unsigned i = 0; i < WORDS; i++) {
        x[i] = husk_load_be32(bytes + HUSK_P256_BYTES - 4 - 4 * i);
    }
}

/* 1 if x = 0, else 0. */
static uint32_t is_zero(const uint32_t x[WORDS])
{
    uint32_t any = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        any |= x[i];
    }
    return husk_ct_is_zero(any);
}

/* The scalar plus twice the order, or thrice if that is still below 2^257: the order is so close to 2^256 that this is
 * below 2^258, so bit 257 is the first one. Returns bits 256 and 257. */
static uint32_t lengthen(field *f)
{
    uint32_t top = 0;
    uint32_t mask = 0;
    for (unsigned i = 0; i < 3; i++) {
        if (i == 2) {
            mask = husk_ct_mask(top >> 1);
        }
        for (unsigned j = 0; j < WORDS; j++) {
            f->e[T][j] = order[j] & ~mask;
        }
        top += (uint32_t)add_integers(f->scalar, f->scalar, f->e[T], 0);
    }
    return top;
}

static void swap(field *f, uint32_t bit)
{
    uint32_t mask = husk_ct_mask(bit);
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t difference = mask & (f->e[XQ][i] ^ f->e[XR][i]);
        f->e[XQ][i] ^= difference;
        f->e[XR][i] ^= difference;
    }
}

/* Q = scalar * P, R = Q + P.
 *
 * A step goes wrong if Q + R, R or the sum of both is the neutral element, and then Z is 0 from there on. With Q = j P
 * that is where j, j + 1 or 2 j + 1 is a multiple of the order. Among the j that a lengthened scalar 3 n + k begins
 * with (or 2 n + k, for the greater k), this happens only for k = n - 1, in the last step: 2 j + 1 is 3 n there. */
static void ladder(field *f)
{
    uint32_t bits = lengthen(f);
    for (unsigned i = 0; i < WORDS; i++) {
        f->e[T][i] = 0;
        f->e[Y][i] = curve_b[i];
    }
    f->e[T][0] = 3;
    f->e[U][0] = 1;
    (void)fold(f->e[W], 1); /* 2^256 modulo p: one */
    ladder_start(f);

    /* The step makes Q + R and 2 R, which is right for a bit that is 1. For a 0 the two are exchanged before and after
     * it, and -P takes the place of P; that m and y change their signs then is nothing, as with Z they do too. */
    uint32_t swapped = 0;
    for (unsigned n = 257; n > 0;) {
        n--;
        if (n < 32 * WORDS) {
            bits = f->scalar[n / 32] >> n % 32;
        }
        uint32_t zero = ~bits & 1;
        swap(f, zero ^ swapped);
        swapped = zero;
        ladder_step(f);
    }
    swap(f, swapped);
}

husk_status husk_p256(uint8_t out[HUSK_P256_BYTES], const uint8_t scalar[HUSK_P256_BYTES],
                      const uint8_t point[HUSK_P256_BYTES])
{
    field f = {{{0}}, {0}, {0}};
    load(f.scalar, scalar);
    load(f.e[X], point);
    /* What is refused may be known, and everything about a key that everybody may see. */
    uint32_t bad_scalar = is_zero(f.scalar) | (uint32_t)(add_integers(f.e[T], f.scalar, order, UINT32_MAX) + 1);
    uint32_t bad_point = (uint32_t)reduce(f.e[X]);
    HUSK_PUBLIC(&bad_scalar, sizeof bad_scalar);
    HUSK_PUBLIC(&bad_point, sizeof bad_point);
    if ((bad_scalar | bad_point) == 0) {
        ladder(&f);
        /* For n - 1, of which everything but Z is right: Q is P but for its sign, so XQ is 0 and any Z will do. */
        (void)reduce(f.e[W]);
        f.e[W][0] |= is_zero(f.e[W]);
        ladder_end(&f);
        /* Is the symbol one, which is 2^256 modulo p? */
        (void)reduce(f.e[W]);
        (void)fold(f.e[W], -1);
        bad_point = is_zero(f.e[W]) ^ 1;
        HUSK_PUBLIC(&bad_point, sizeof bad_point);
        (void)reduce(f.e[XQ]);
    }
    if ((bad_scalar | bad_point) != 0) {
        husk_wipe(f.e[XQ], sizeof f.e[XQ]);
    }
    for (unsigned i = 0; i < WORDS; i++) {
        husk_store_be32(out + HUSK_P256_BYTES - 4 - 4 * i, f.e[XQ][i]);
    }
    husk_wipe(&f, sizeof f);
    if (bad_scalar != 0) {
        return HUSK_ERR_RANDOM;
    }
    return bad_point != 0 ? HUSK_ERR_PUBLIC_KEY : HUSK_OK;
}
