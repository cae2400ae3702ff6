/* The Partial IV and the AEAD nonce made from it (RFC 8613 section 5.2). */
#include <string.h>

#include "oscore/nonce.h"

/* The 5 bytes of a Partial IV, most significant first. */
static void store_be40(uint64_t sequence, uint8_t out[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES])
{
    uint32_t low = (uint32_t)sequence;
    out[0] = (uint8_t)(sequence >> 32);
    for (size_t i = HUSK_OSCORE_PARTIAL_IV_MAX_BYTES - 1; i > 0; i--) {
        out[i] = (uint8_t)low;
        low >>= 8;
    }
}

size_t husk_oscore_partial_iv_write(uint64_t sequence, uint8_t out[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES])
{
    uint8_t padded[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
    store_be40(sequence, padded);
    size_t zeros = 0;
    while (zeros < sizeof padded - 1 && padded[zeros] == 0) {
        zeros++;
    }
    memcpy(out, padded + zeros, sizeof padded - zeros);
    return sizeof padded - zeros;
}

uint64_t husk_oscore_partial_iv_read(husk_bytes partial_iv)
{
    uint32_t high = 0;
    uint32_t low = 0;
    for (size_t i = 0; i < partial_iv.len; i++) {
        high = low >> 24;
        low = low << 8 | partial_iv.data[i];
    }
    return (uint64_t)high << 32 | low;
}

void husk_oscore_nonce(const husk_oscore_context *context, const husk_id *id, uint64_t sequence,
                       uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES])
{
    size_t len = context->aead->nonce_bytes;
    uint8_t *id_end = nonce + len - HUSK_OSCORE_PARTIAL_IV_MAX_BYTES;
    memset(nonce, 0, len);
    nonce[0] = id->len;
    memcpy(id_end - id->len, id->bytes, id->len);
    store_be40(sequence, id_end);
    for (size_t i = 0; i < len; i++) {
        nonce[i] ^= context->common_iv[i];
    }
}
