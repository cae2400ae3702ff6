/* Poly1305 (RFC 8439 section 2.5) with 32-bit words, constant time.
 *
 * Implementation notes
 *
 * h[0..5) is the sum so far, modulo p = 2^130 - 5 but not reduced fully: below 2^130 + 2^128. r is clamped and
 * below 2^124, so a product is below 2^255; the part of it from 2^130 on comes back in at the bottom times 5. */
#include "husk/primitive.h"

#include "base/bytes.h"
#include "base/ct.h"
#include "primitive/multiply.h"

#define BLOCK 16

/* h = (h + block + top * 2^128) * r */
static void absorb(husk_poly1305 *poly, uint32_t top)
{
    uint32_t *t = poly->product;
    uint64_t carry = 0;
    for (unsigned i = 0; i < 4; i++) {
        carry += (uint64_t)poly->h[i] + husk_load_le32(poly->block + 4 * i);
        poly->h[i] = (uint32_t)carry;
        carry >>= 32;
    }
    poly->h[4] += (uint32_t)carry + top;

    for (unsigned i = 0; i < 5; i++) {
        t[i] = 0;
    }
    for (unsigned i = 0; i < 4; i++) {
        uint32_t high = 0;
        for (unsigned j = 0; j < 5; j++) {
            uint64_t product = husk_multiply_add(poly->h[j], poly->r[i], t[i + j], high);
            t[i + j] = (uint32_t)product;
            high = (uint32_t)(product >> 32);
        }
        t[i + 5] = high;
    }

    /* With the two low bits of t[4] cleared, t[4..8) is 4 times what is to be multiplied by 5: add it and a quarter of
     * it. */
    poly->h[4] = t[4] & 3;
    t[4] -= poly->h[4];
    carry = 0;
    for (unsigned i = 0; i < 4; i++) {
        carry += (uint64_t)t[i] + t[i + 4];
        carry += t[i + 4] >> 2 | t[i + 5] << 30;
        poly->h[i] = (uint32_t)carry;
        carry >>= 32;
    }
    poly->h[4] += (uint32_t)carry;
    poly->bytes = 0;
}

void husk_poly1305_init(husk_poly1305 *poly, const uint8_t key[HUSK_POLY1305_KEY_BYTES])
{
    for (unsigned i = 0; i < 4; i++) {
        poly->h[i] = 0;
        poly->r[i] = husk_load_le32(key + 4 * i) & (i == 0 ? 0x0fffffff : 0x0ffffffc);
        poly->s[i] = husk_load_le32(key + BLOCK + 4 * i);
    }
    poly->h[4] = 0;
    poly->bytes = 0;
}

void husk_poly1305_update(husk_poly1305 *poly, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        poly->block[poly->bytes++] = data[i];
        if (poly->bytes == BLOCK) {
            absorb(poly, 1);
        }
    }
}

void husk_poly1305_pad(husk_poly1305 *poly)
{
    static const uint8_t zero;
    while (poly->bytes != 0) {
        husk_poly1305_update(poly, &zero, 1);
    }
}

void husk_poly1305_final(husk_poly1305 *poly, uint8_t tag[HUSK_POLY1305_TAG_BYTES])
{
    if (poly->bytes != 0) {
        poly->block[poly->bytes++] = 1;
        while (poly->bytes < BLOCK) {
            poly->block[poly->bytes++] = 0;
        }
        absorb(poly, 0);
    }
    /* h is below 2 p, and not below p exactly if h + 5 reaches 2^130: then h - p is that sum without its bits from 130
     * on, and bits from 128 on do not count anyway. */
    uint64_t carry = 5;
    for (unsigned i = 0; i < 4; i++) {
        carry = (carry + poly->h[i]) >> 32;
    }
    carry = 5 * (((uint32_t)carry + poly->h[4]) >> 2);
    for (unsigned i = 0; i < 4; i++) {
        carry += (uint64_t)poly->h[i] + poly->s[i];
        husk_store_le32(tag + 4 * i, (uint32_t)carry);
        carry >>= 32;
    }
    husk_wipe(poly, sizeof *poly);
}
