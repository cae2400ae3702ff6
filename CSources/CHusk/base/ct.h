/* base/ct: choices that depend on secrets, made with masks instead of branches. */
#ifndef HUSK_BASE_CT_H
#define HUSK_BASE_CT_H

#include <stdint.h>

/* For what is worth its flash in a loop even when a compiler that optimises for size thinks otherwise. */
#if defined(__GNUC__) || defined(__clang__)
#define HUSK_INLINE inline __attribute__((always_inline))
#else
#define HUSK_INLINE inline
#endif

/* Returns x, but hides from the optimiser where it came from.
 *
 * A mask is 0 or 2^32 - 1, and a compiler that can prove so may turn `x & mask` back into a branch on the secret the
 * mask was made from, because for it both are the same. The empty assembly statement claims to read and change x, so
 * beyond it any of the 2^32 values is possible and only arithmetic that is right for all of them can be emitted. It
 * costs no instruction. Without GNU assembly syntax, a volatile object does the same for one store and one load. */
static inline uint32_t husk_ct_barrier(uint32_t x)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm__("" : "+r"(x));
    return x;
#else
    volatile uint32_t y = x;
    return y;
#endif
}

/* All ones if bit is 1, zero if it is 0. No other value is allowed. */
static inline uint32_t husk_ct_mask(uint32_t bit)
{
    return husk_ct_barrier(0u - bit);
}

/* 1 if x is 0, else 0. */
static inline uint32_t husk_ct_is_zero(uint32_t x)
{
    /* The top bit of x | -x is set for every x but 0. */
    return husk_ct_barrier((x | (0u - x)) >> 31) ^ 1u;
}

/* a where the mask has ones, b where it has zeros. */
static inline uint32_t husk_ct_select(uint32_t mask, uint32_t a, uint32_t b)
{
    return b ^ (mask & (a ^ b));
}

#endif
