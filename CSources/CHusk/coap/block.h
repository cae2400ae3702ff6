/* What the block-wise transfers share among themselves. */
#ifndef HUSK_COAP_BLOCK_H
#define HUSK_COAP_BLOCK_H

#include "husk/block.h"

/* Reads the option that describes this message's payload, and checks that the payload is as long as it says: a full
 * block if more follow, at most one if not (an empty last one is taken too). HUSK_ERR_FORMAT if not; otherwise as
 * husk_block_find. */
husk_status husk_block_find_payload(const husk_coap_message *message, uint32_t number, husk_block *block, bool *found);

/* First option with that number as a uint; HUSK_BLOCK_NONE if there is none or it is none, for options that may be
 * ignored. The greatest uint counts as the one before it, which is beyond every capacity too. */
uint32_t husk_block_uint(husk_bytes options, uint32_t number);

static inline uint8_t husk_block_smaller(uint8_t a, uint8_t b)
{
    return a < b ? a : b;
}

#endif
