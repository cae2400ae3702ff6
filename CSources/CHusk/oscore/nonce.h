/* The Partial IV and the AEAD nonce made from it. */
#ifndef HUSK_OSCORE_NONCE_H
#define HUSK_OSCORE_NONCE_H

#include "husk/oscore.h"

/* Writes a sequence number without leading zeros, 0 as one zero byte; returns its length. */
size_t husk_oscore_partial_iv_write(uint64_t sequence, uint8_t out[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES]);

/* The sequence number of a Partial IV of at most 5 bytes. */
uint64_t husk_oscore_partial_iv_read(husk_bytes partial_iv);

/* The nonce for the Partial IV `sequence` that the endpoint `id` generated (RFC 8613 section 5.2). */
void husk_oscore_nonce(const husk_oscore_context *context, const husk_id *id, uint64_t sequence,
                       uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES]);

#endif
