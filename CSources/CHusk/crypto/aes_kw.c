/* AES Key Wrap (RFC 3394) with a 128-bit key. The key being wrapped stands where it will come to stand in the output, in
 * halves of a block, and each step changes one of them. */
#include "husk/crypto.h"

#include <string.h>

#include "base/secret.h"

#define HALF 8
#define STEPS 6
#define KEY_MIN_BYTES 16
#define KEY_MAX_BYTES 64

/* Section 2.2.3.1. */
#define INITIAL_VALUE 0xa6

static bool length_is_valid(size_t len)
{
    return len >= KEY_MIN_BYTES && len <= KEY_MAX_BYTES && len % HALF == 0;
}

/* The cipher takes two blocks; the second is idle, and zero to begin with. */
typedef struct wrap {
    husk_aes128 aes;
    uint8_t blocks[2 * HUSK_AES_BLOCK_BYTES];
} wrap;

static void begin(wrap *w, const uint8_t *kek)
{
    husk_aes128_init(&w->aes, kek);
    memset(w->blocks, 0, sizeof w->blocks);
}

husk_status husk_aes_kw_wrap(const uint8_t kek[HUSK_AES_KW_KEY_BYTES], const uint8_t *key, size_t len, uint8_t *out)
{
    if (!length_is_valid(len)) {
        return HUSK_ERR_ARGUMENT;
    }
    wrap w;
    begin(&w, kek);
    memmove(out + HALF, key, len);
    memset(w.blocks, INITIAL_VALUE, HALF);
    uint8_t count = 1;
    for (unsigned step = 0; step < STEPS; step++) {
        for (size_t at = HALF; at <= len; at += HALF) {
            memcpy(w.blocks + HALF, out + at, HALF);
            husk_aes128_encrypt_two(&w.aes, w.blocks);
            w.blocks[HALF - 1] ^= count++;
            memcpy(out + at, w.blocks + HALF, HALF);
        }
    }
    memcpy(out, w.blocks, HALF);
    husk_wipe(&w, sizeof w);
    /* Everybody on the way will see it. */
    HUSK_PUBLIC(out, len + HUSK_AES_KW_OVERHEAD_BYTES);
    return HUSK_OK;
}

husk_status husk_aes_kw_unwrap(const uint8_t kek[HUSK_AES_KW_KEY_BYTES], const uint8_t *wrapped, size_t len,
                               uint8_t *key)
{
    if (len < HALF || !length_is_valid(len - HALF)) {
        return HUSK_ERR_ARGUMENT;
    }
    static const uint8_t expected[HALF] = {INITIAL_VALUE, INITIAL_VALUE, INITIAL_VALUE, INITIAL_VALUE,
                                           INITIAL_VALUE, INITIAL_VALUE, INITIAL_VALUE, INITIAL_VALUE};
    wrap w;
    begin(&w, kek);
    memcpy(w.blocks, wrapped, HALF);
    len -= HALF;
    memmove(key, wrapped + HALF, len);
    uint8_t count = (uint8_t)(STEPS * (len / HALF));
    for (unsigned step = 0; step < STEPS; step++) {
        for (size_t at = len; at > 0; at -= HALF) {
            w.blocks[HALF - 1] ^= count--;
            memcpy(w.blocks + HALF, key + at - HALF, HALF);
            husk_aes128_decrypt_two(&w.aes, w.blocks);
            memcpy(key + at - HALF, w.blocks + HALF, HALF);
        }
    }
    /* Whether it is accepted will show. */
    bool equal = husk_equal(w.blocks, expected, HALF);
    HUSK_PUBLIC(&equal, sizeof equal);
    husk_wipe(&w, sizeof w);
    if (!equal) {
        husk_wipe(key, len);
        return HUSK_ERR_AUTHENTICATION;
    }
    return HUSK_OK;
}
