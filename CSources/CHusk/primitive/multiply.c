/* Multiplication and squaring of 256-bit numbers, which X25519 and P-256 share. */
#include "primitive/multiply.h"

#define WORDS HUSK_PRODUCT_FACTOR_WORDS

#if HUSK_HAVE_UMAAL

/* Two rows at a time, so that sums are loaded and stored half as often. The loop over them would cost as much as the
 * arithmetic, so it is unrolled. */
void husk_product(uint32_t product[2 * WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS])
{
    for (unsigned i = 0; i < WORDS; i++) {
        product[i] = 0;
    }
    for (unsigned i = 0; i < WORDS; i += 2) {
        uint32_t *sum = product + i;
        uint32_t b0 = b[i];
        uint32_t b1 = b[i + 1];
        uint32_t carry0 = 0;
        uint32_t carry1 = 0;
        uint32_t below = 0;
        HUSK_UNROLL_8
        for (unsigned j = 0; j < WORDS; j++) {
            uint32_t word = a[j];
            uint32_t x = sum[j];
            husk_umaal(&x, &carry0, word, b0);
            husk_umaal(&x, &carry1, below, b1);
            sum[j] = x;
            below = word;
        }
        husk_umaal(&carry0, &carry1, below, b1);
        sum[WORDS] = carry0;
        sum[WORDS + 1] = carry1;
    }
}

#else

/* sum[0..count) += a[0..count) * b. Returns what is carried beyond. */
static HUSK_INLINE uint32_t add_row(uint32_t *sum, const uint32_t *a, unsigned count, uint32_t b)
{
#if HUSK_SMALL_MULTIPLIER && defined(__thumb__) && (defined(__GNUC__) || defined(__clang__))
    /* What the loop below does, in half the time: all is in registers, and sums go on with the carry flag. r8 is the
     * end of a, r9 the lower half of b, and r10 what is carried. */
    uint32_t t = (uint32_t)(uintptr_t)(a + count);
    uint32_t x = b & 0xffff;
    uint32_t low, high;
    __asm__(".syntax unified\n"
            "mov r8, %[t]\n"
            "mov r9, %[x]\n"
            "movs %[t], #0\n"
            "mov r10, %[t]\n"
            "b 2f\n"
            "1: ldmia %[a]!, {%[high]}\n"
            "uxth %[low], %[high]\n"
            "lsrs %[high], %[high], #16\n"
            "mov %[x], r9\n"
            "mov %[t], r9\n"
            "muls %[x], %[low], %[x]\n"
            "muls %[t], %[high], %[t]\n"
            "muls %[low], %[b_high], %[low]\n"
            "muls %[high], %[b_high], %[high]\n"
            /* high : x += (low + t) << 16 */
            "adds %[low], %[low], %[t]\n"
            "movs %[t], #0\n"
            "adcs %[t], %[t]\n"
            "lsls %[t], %[t], #16\n"
            "adds %[high], %[high], %[t]\n"
            "lsls %[t], %[low], #16\n"
            "lsrs %[low], %[low], #16\n"
            "adds %[x], %[x], %[t]\n"
            "adcs %[high], %[low]\n"
            /* high : x += carry + *sum */
            "movs %[low], #0\n"
            "mov %[t], r10\n"
            "adds %[x], %[x], %[t]\n"
            "adcs %[high], %[low]\n"
            "ldr %[t], [%[sum]]\n"
            "adds %[x], %[x], %[t]\n"
            "adcs %[high], %[low]\n"
            "stmia %[sum]!, {%[x]}\n"
            "mov r10, %[high]\n"
            "2: cmp %[a], r8\n"
            "bne 1b\n"
            "mov %[t], r10\n"
            : [sum] "+l"(sum), [a] "+l"(a), [t] "+l"(t), [x] "+l"(x), [low] "=&l"(low), [high] "=&l"(high)
            : [b_high] "l"(b >> 16)
            : "r8", "r9", "r10", "cc", "memory");
    return t;
#else
    uint32_t carry = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t t = husk_multiply_add(a[i], b, sum[i], carry);
        sum[i] = (uint32_t)t;
        carry = (uint32_t)(t >> 32);
    }
    return carry;
#endif
}

void husk_product(uint32_t product[2 * WORDS], const uint32_t a[WORDS], const uint32_t b[WORDS])
{
    /* Of a square, everything but the squares of single words occurs twice: it is added up once, then doubled. */
    const unsigned square = a == b;
    for (unsigned i = 0; i < WORDS; i++) {
        product[i] = 0;
    }
    for (unsigned i = 0; i < WORDS; i++) {
        unsigned first = square ? i + 1 : 0;
        product[i + WORDS] = add_row(product + i + first, a + first, WORDS - first, b[i]);
    }
    if (!square) {
        return;
    }
    uint32_t carry = 0;
    uint32_t top = 0;
    for (unsigned i = 0; i < WORDS; i++) {
        uint32_t low = product[2 * i];
        uint32_t high = product[2 * i + 1];
        uint64_t t = husk_multiply_add(a[i], a[i], low << 1 | top, carry);
        product[2 * i] = (uint32_t)t;
        t = (t >> 32) + (uint64_t)(high << 1 | low >> 31);
        product[2 * i + 1] = (uint32_t)t;
        carry = (uint32_t)(t >> 32);
        top = high >> 31;
    }
}

#endif
