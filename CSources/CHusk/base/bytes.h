/* base/bytes: loads and stores of integers in a stated byte order, at any alignment. */
#ifndef HUSK_BASE_BYTES_H
#define HUSK_BASE_BYTES_H

#include <stdint.h>

#include "base/ct.h"

static inline uint16_t husk_load_be16(const uint8_t *p)
{
    return (uint16_t)((uint32_t)p[0] << 8 | p[1]);
}

static inline uint32_t husk_load_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t husk_load_be64(const uint8_t *p)
{
    return (uint64_t)husk_load_be32(p) << 32 | husk_load_be32(p + 4);
}

static inline uint16_t husk_load_le16(const uint8_t *p)
{
    return (uint16_t)((uint32_t)p[1] << 8 | p[0]);
}

static inline uint32_t husk_load_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t husk_load_le64(const uint8_t *p)
{
    return (uint64_t)husk_load_le32(p + 4) << 32 | husk_load_le32(p);
}

/* Value of a big-endian integer that was copied into x byte by byte, and the way back. Where the alignment is known
 * this is one instruction even on processors that cannot load a word from any address. */
static HUSK_INLINE uint32_t husk_swap_be32(uint32_t x)
{
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return x;
#else
    return x << 24 | (x & 0xff00) << 8 | (x >> 8 & 0xff00) | x >> 24;
#endif
}

static inline void husk_store_be16(uint8_t *p, uint16_t x)
{
    p[0] = (uint8_t)(x >> 8);
    p[1] = (uint8_t)x;
}

static inline void husk_store_be32(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)(x >> 24);
    p[1] = (uint8_t)(x >> 16);
    p[2] = (uint8_t)(x >> 8);
    p[3] = (uint8_t)x;
}

static inline void husk_store_be64(uint8_t *p, uint64_t x)
{
    husk_store_be32(p, (uint32_t)(x >> 32));
    husk_store_be32(p + 4, (uint32_t)x);
}

static inline void husk_store_le16(uint8_t *p, uint16_t x)
{
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
}

static inline void husk_store_le32(uint8_t *p, uint32_t x)
{
    p[0] = (uint8_t)x;
    p[1] = (uint8_t)(x >> 8);
    p[2] = (uint8_t)(x >> 16);
    p[3] = (uint8_t)(x >> 24);
}

static inline void husk_store_le64(uint8_t *p, uint64_t x)
{
    husk_store_le32(p, (uint32_t)x);
    husk_store_le32(p + 4, (uint32_t)(x >> 32));
}

#endif
