/* primitive/x25519: what surrounds the scalar multiplication of X25519, for all that multiply in their own way. */
#ifndef HUSK_PRIMITIVE_X25519_H
#define HUSK_PRIMITIVE_X25519_H

#include "husk/primitive.h"

#define HUSK_X25519_WORDS (HUSK_X25519_BYTES / 4)

/* x = the u-coordinate in `point`, without bit 255, words with the least significant first. */
void husk_x25519_decode(uint32_t x[HUSK_X25519_WORDS], const uint8_t point[HUSK_X25519_BYTES]);

/* out = x modulo p, for any x below 2^256, which is wiped. HUSK_ERR_PUBLIC_KEY if that is 0. */
husk_status husk_x25519_encode(uint8_t out[HUSK_X25519_BYTES], uint32_t x[HUSK_X25519_WORDS]);

#endif
