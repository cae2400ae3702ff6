/* primitive/aes128: the S-box of AES on bitsliced state, for all that encrypt in their own way. */
#ifndef HUSK_PRIMITIVE_AES128_H
#define HUSK_PRIMITIVE_AES128_H

#include <stdint.h>

/* SubBytes of two blocks: bit 8 * row + 2 * column + block of q[j] is bit j of that byte of that block. */
void husk_aes128_sub_bytes(uint32_t q[8]);

#endif
