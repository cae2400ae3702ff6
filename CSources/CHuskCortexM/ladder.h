/* ladder: the scalar multiplication of X25519, in assembly for each kind of multiplier. */
#ifndef HUSK_CORTEX_M_LADDER_H
#define HUSK_CORTEX_M_LADDER_H

#include "primitive/x25519.h"

/* x = the x-coordinate of the clamped scalar times the point, any representative below 2^256; 0 if that is the neutral
 * element. The point is below 2^255; NULL is the base point, whose coordinate is 9, and takes less time. */
void husk_cortex_m_x25519_ladder(uint32_t x[HUSK_X25519_WORDS], const uint8_t scalar[HUSK_X25519_BYTES],
                                 const uint32_t point[HUSK_X25519_WORDS]);

#endif
