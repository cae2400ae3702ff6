/* primitive/multiply: the product of two 256-bit numbers, and the step that arithmetic with large numbers is made of,
 * a * b + c + d in 64 bits, in time that does not depend on the operands. */
#ifndef HUSK_PRIMITIVE_MULTIPLY_H
#define HUSK_PRIMITIVE_MULTIPLY_H

#include <stdint.h>

#include "base/ct.h"

/* Cortex-M without the DSP extension either has no 32 x 32 -> 64 multiplication (M0, M0+) or one whose time depends
 * on the operands (M3). There the product is put together from 16 x 16 -> 32. */
#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M' && !defined(__ARM_FEATURE_DSP)
#define HUSK_SMALL_MULTIPLIER 1
#else
#define HUSK_SMALL_MULTIPLIER 0
#endif

/* With the DSP extension the whole step is one instruction, and a loop around it would cost as much again: unrolled,
 * the inner loop of the multiplication is twice as fast for 70 bytes. */
#if defined(__ARM_FEATURE_DSP) && __ARM_ARCH >= 6 && defined(__GNUC__)
#define HUSK_HAVE_UMAAL 1
#else
#define HUSK_HAVE_UMAAL 0
#endif
#if HUSK_HAVE_UMAAL && defined(__clang__)
#define HUSK_UNROLL_8 _Pragma("clang loop unroll(full)")
#elif HUSK_HAVE_UMAAL
#define HUSK_UNROLL_8 _Pragma("GCC unroll 8")
#else
#define HUSK_UNROLL_8
#endif

#if HUSK_HAVE_UMAAL
/* high : low = a * b + low + high */
static HUSK_INLINE void husk_umaal(uint32_t *low, uint32_t *high, uint32_t a, uint32_t b)
{
    __asm__("umaal %0, %1, %2, %3" : "+r"(*low), "+r"(*high) : "r"(a), "r"(b));
}
#endif

/* a * b + c + d, which never overflows. */
static HUSK_INLINE uint64_t husk_multiply_add(uint32_t a, uint32_t b, uint32_t c, uint32_t d)
{
#if HUSK_SMALL_MULTIPLIER
    /* The barriers keep a compiler from recognising the long multiplication and emitting the instruction for it. */
    uint32_t a_low = husk_ct_barrier(a & 0xffff);
    uint32_t a_high = husk_ct_barrier(a >> 16);
    uint32_t b_low = b & 0xffff;
    uint32_t b_high = b >> 16;
    /* None of these sums overflows: (2^16 - 1)^2 + 2 * (2^16 - 1) = 2^32 - 1. */
    uint32_t low = a_low * b_low + (c & 0xffff) + (d & 0xffff);
    uint32_t middle = a_high * b_low + (low >> 16) + (c >> 16);
    uint32_t other = a_low * b_high + (middle & 0xffff) + (d >> 16);
    uint32_t high = a_high * b_high + (middle >> 16) + (other >> 16);
    return (uint64_t)high << 32 | (other << 16 | (low & 0xffff));
#elif HUSK_HAVE_UMAAL
    husk_umaal(&c, &d, a, b);
    return (uint64_t)d << 32 | c;
#else
    return (uint64_t)a * b + c + d;
#endif
}

/* *sum += a * b + carry, and returns what is carried out: for b and carry so small that b * (2^16 - 1) + 2^16 + carry is
 * below 2^32. */
static HUSK_INLINE uint32_t husk_add_short_multiple(uint32_t *sum, uint32_t a, uint32_t b, uint32_t carry)
{
#if HUSK_SMALL_MULTIPLIER
    uint32_t low = husk_ct_barrier(a & 0xffff) * b + (*sum & 0xffff) + carry;
    uint32_t high = husk_ct_barrier(a >> 16) * b + (*sum >> 16) + (low >> 16);
    *sum = high << 16 | (low & 0xffff);
    return high >> 16;
#else
    uint64_t t = husk_multiply_add(a, b, *sum, carry);
    *sum = (uint32_t)t;
    return (uint32_t)(t >> 32);
#endif
}

#define HUSK_PRODUCT_FACTOR_WORDS 8

/* product = a * b, least significant words first. A square, where a and b are the same array, may take less time. */
void husk_product(uint32_t product[2 * HUSK_PRODUCT_FACTOR_WORDS], const uint32_t a[HUSK_PRODUCT_FACTOR_WORDS],
                  const uint32_t b[HUSK_PRODUCT_FACTOR_WORDS]);

#endif
