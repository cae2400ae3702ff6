/* crypto/ccm_mode: AES-CCM (RFC 3610) with a 13-byte nonce and two bytes of length, over any AES that encrypts two
 * blocks at a time. A file that includes this defines
 *
 *     static void expand_key(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES]);
 *     static void encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES]);
 *
 * and makes tables of `seal` and `open`.
 *
 * Implementation notes
 *
 * AES encrypts two blocks at a time, and CCM needs two: pair[0..16) is the running CBC-MAC, pair[16..32) is a
 * counter block before the encryption and key stream after it. Each step gives the key stream for what comes next,
 * so that sealing and opening are the same loop: by the time a plaintext block enters the MAC, its key stream is
 * there to turn cipher text into it. The last step has counter 0, which masks the tag. While AAD is absorbed the
 * second block is idle. */
#ifndef HUSK_CRYPTO_CCM_MODE_H
#define HUSK_CRYPTO_CCM_MODE_H

#include "husk/crypto.h"

#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"

#define BLOCK HUSK_AES_BLOCK_BYTES
#define LENGTH_BYTES 2
#define NONCE_BYTES (15 - LENGTH_BYTES)
#define TEXT_MAX_BYTES 0xffff
#define AAD_MAX_BYTES 0xfeff /* from there on RFC 3610 encodes the length in another way */

static void expand_key(husk_aes128 *aes, const uint8_t key[HUSK_AES128_KEY_BYTES]);
static void encrypt_two(const husk_aes128 *aes, uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES]);

typedef struct ccm {
    husk_aes128 aes;
    const uint8_t *nonce;
    uint8_t pair[2 * BLOCK];
} ccm;

/* Encrypts the MAC block, and the counter block `counter` beside it. */
static void step(ccm *c, size_t counter)
{
    uint8_t *block = c->pair + BLOCK;
    block[0] = LENGTH_BYTES - 1;
    memcpy(block + 1, c->nonce, NONCE_BYTES);
    husk_store_be16(block + 1 + NONCE_BYTES, (uint16_t)counter);
    encrypt_two(&c->aes, c->pair);
}

static void absorb_aad(ccm *c, const husk_bytes *aad, size_t count, size_t aad_len, size_t counter)
{
    c->pair[0] ^= (uint8_t)(aad_len >> 8);
    c->pair[1] ^= (uint8_t)aad_len;
    size_t at = 2;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < aad[i].len; j++) {
            if (at == BLOCK) {
                step(c, counter);
                at = 0;
            }
            c->pair[at++] ^= aad[i].data[j];
        }
    }
    step(c, counter);
}

static husk_status crypt(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                         size_t aad_count, uint8_t *text, size_t len, bool opening)
{
    ccm c;
    size_t aad_len = 0;

    for (size_t i = 0; i < aad_count; i++) {
        if (aad[i].len > AAD_MAX_BYTES - aad_len) {
            return HUSK_ERR_ARGUMENT;
        }
        aad_len += aad[i].len;
    }
    if (len > TEXT_MAX_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }

    expand_key(&c.aes, key);
    c.nonce = nonce;
    c.pair[0] = (uint8_t)((aad_len > 0 ? 0x40 : 0) | (aead->tag_bytes - 2) / 2 << 3 | (LENGTH_BYTES - 1));
    memcpy(c.pair + 1, nonce, NONCE_BYTES);
    husk_store_be16(c.pair + 1 + NONCE_BYTES, (uint16_t)len);
    size_t counter = len > 0 ? 1 : 0;
    step(&c, counter);
    if (aad_len > 0) {
        absorb_aad(&c, aad, aad_count, aad_len, counter);
    }

    size_t done = 0;
    while (done < len) {
        for (size_t i = 0; i < BLOCK && done < len; i++) {
            uint8_t in = text[done];
            uint8_t out = in ^ c.pair[BLOCK + i];
            text[done++] = out;
            c.pair[i] ^= opening ? out : in;
        }
        counter = done < len ? counter + 1 : 0;
        step(&c, counter);
    }
    for (size_t i = 0; i < BLOCK; i++) {
        c.pair[i] ^= c.pair[BLOCK + i];
    }

    husk_status status = HUSK_OK;
    if (opening) {
        /* Whether it is accepted will show. */
        bool equal = husk_equal(c.pair, text + len, aead->tag_bytes);
        HUSK_PUBLIC(&equal, sizeof equal);
        if (!equal) {
            husk_wipe(text, len);
            status = HUSK_ERR_AUTHENTICATION;
        }
    } else {
        memcpy(text + len, c.pair, aead->tag_bytes);
        /* Everybody on the way will see it. */
        HUSK_PUBLIC(text, len + aead->tag_bytes);
    }
    husk_wipe(&c, sizeof c);
    return status;
}

static husk_status seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    return crypt(aead, key, nonce, aad, aad_count, text, len, false);
}

static husk_status open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    return crypt(aead, key, nonce, aad, aad_count, text, len, true);
}

#endif
