/* primitive/sha256: the constants of SHA-256 (FIPS 180-4 section 4.2.2), for all that compress in their own way. */
#ifndef HUSK_PRIMITIVE_SHA256_H
#define HUSK_PRIMITIVE_SHA256_H

#include <stdint.h>

extern const uint32_t husk_sha256_constants[64];

#endif
