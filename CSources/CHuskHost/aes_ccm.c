/* AES-CCM (RFC 3610) with a 13-byte nonce, over the AES of Mbed TLS.
 *
 * Implementation notes
 *
 * mbedtls_ccm_* would do, but allocates its cipher for each key, and a table gets the key with each message. What is
 * used is the block cipher, whose context stands on the stack. The key is expanded for every message: with AES-NI that
 * costs as much as two blocks.
 *
 * Without AES-NI that cipher looks its S-box up in tables, and what is looked up shows in the time. So on any other
 * processor these functions are the core's, which look nothing up. */
#include "husk_host.h"

#include <mbedtls/aes.h>
#include <sodium.h>
#include <string.h>

#if defined(__x86_64__) && defined(MBEDTLS_AESNI_C)
#define HAS_AES_INSTRUCTIONS() __builtin_cpu_supports("aes")
#else
#define HAS_AES_INSTRUCTIONS() 0
#endif

#define BLOCK 16
#define LENGTH_BYTES 2
#define NONCE_BYTES (15 - LENGTH_BYTES)
#define TEXT_MAX_BYTES 0xffff
#define AAD_MAX_BYTES 0xfeff /* from there on RFC 3610 encodes the length in another way */

/* `failed` sticks and is looked at in the end. */
typedef struct ccm {
    mbedtls_aes_context aes;
    uint8_t mac[BLOCK];
    uint8_t counter[BLOCK]; /* flags, nonce, number of the block */
    uint8_t stream[BLOCK];
    int failed;
} ccm;

static void encrypt(ccm *c, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
    c->failed |= mbedtls_aes_crypt_ecb(&c->aes, MBEDTLS_AES_ENCRYPT, in, out);
}

static void exclusive_or(uint8_t out[BLOCK], const uint8_t in[BLOCK])
{
    uint64_t a[2], b[2];
    memcpy(a, out, BLOCK);
    memcpy(b, in, BLOCK);
    a[0] ^= b[0];
    a[1] ^= b[1];
    memcpy(out, a, BLOCK);
}

static void put_length(uint8_t block[BLOCK], size_t len)
{
    block[1 + NONCE_BYTES] = (uint8_t)(len >> 8);
    block[2 + NONCE_BYTES] = (uint8_t)len;
}

static void begin(ccm *c, const uint8_t *key, const uint8_t *nonce, size_t aad_len, size_t len, uint8_t tag_bytes)
{
    mbedtls_aes_init(&c->aes);
    c->failed = mbedtls_aes_setkey_enc(&c->aes, key, 8 * HUSK_AES128_KEY_BYTES);
    c->counter[0] = LENGTH_BYTES - 1;
    memcpy(c->counter + 1, nonce, NONCE_BYTES);
    memcpy(c->mac, c->counter, 1 + NONCE_BYTES);
    c->mac[0] = (uint8_t)((aad_len > 0 ? 0x40 : 0) | (tag_bytes - 2) / 2 << 3 | (LENGTH_BYTES - 1));
    put_length(c->mac, len);
    encrypt(c, c->mac, c->mac);
}

static void absorb_aad(ccm *c, const husk_bytes *aad, size_t count, size_t aad_len)
{
    c->mac[0] ^= (uint8_t)(aad_len >> 8);
    c->mac[1] ^= (uint8_t)aad_len;
    size_t at = 2;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < aad[i].len; j++) {
            if (at == BLOCK) {
                encrypt(c, c->mac, c->mac);
                at = 0;
            }
            c->mac[at++] ^= aad[i].data[j];
        }
    }
    encrypt(c, c->mac, c->mac);
}

/* Decrypting or encrypting, what enters the MAC is the plain text. `n` bytes, at most a block. */
static void crypt_block(ccm *c, uint8_t *text, size_t n, size_t number, bool opening)
{
    uint8_t block[BLOCK] = {0};
    put_length(c->counter, number);
    encrypt(c, c->counter, c->stream);
    if (n < BLOCK) {
        memset(c->stream + n, 0, BLOCK - n);
    }
    memcpy(block, text, n);
    if (!opening) {
        exclusive_or(c->mac, block);
    }
    exclusive_or(block, c->stream);
    memcpy(text, block, n);
    if (opening) {
        exclusive_or(c->mac, block);
        sodium_memzero(block, sizeof block);
    }
    encrypt(c, c->mac, c->mac);
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

    begin(&c, key, nonce, aad_len, len, aead->tag_bytes);
    if (aad_len > 0) {
        absorb_aad(&c, aad, aad_count, aad_len);
    }
    for (size_t done = 0; done < len; done += BLOCK) {
        crypt_block(&c, text + done, len - done < BLOCK ? len - done : BLOCK, done / BLOCK + 1, opening);
    }
    put_length(c.counter, 0);
    encrypt(&c, c.counter, c.stream);
    exclusive_or(c.mac, c.stream);

    husk_status status = HUSK_OK;
    if (c.failed != 0) {
        sodium_memzero(text, len);
        status = HUSK_ERR_STATE;
    } else if (!opening) {
        memcpy(text + len, c.mac, aead->tag_bytes);
    } else if (sodium_memcmp(c.mac, text + len, aead->tag_bytes) != 0) {
        sodium_memzero(text, len);
        status = HUSK_ERR_AUTHENTICATION;
    }
    sodium_memzero(&c, sizeof c);
    return status;
}

static husk_status seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    if (!HAS_AES_INSTRUCTIONS()) {
        return husk_aead_aes_ccm_16_64_128.seal(aead, key, nonce, aad, aad_count, text, len);
    }
    return crypt(aead, key, nonce, aad, aad_count, text, len, false);
}

static husk_status open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                        size_t aad_count, uint8_t *text, size_t len)
{
    if (!HAS_AES_INSTRUCTIONS()) {
        return husk_aead_aes_ccm_16_64_128.open(aead, key, nonce, aad, aad_count, text, len);
    }
    return crypt(aead, key, nonce, aad, aad_count, text, len, true);
}

const husk_aead husk_host_aead_aes_ccm_16_64_128 = {
    .cose_alg = 10,
    .key_bytes = HUSK_AES128_KEY_BYTES,
    .nonce_bytes = NONCE_BYTES,
    .tag_bytes = 8,
    .seal = seal,
    .open = open,
};

const husk_aead husk_host_aead_aes_ccm_16_128_128 = {
    .cose_alg = 30,
    .key_bytes = HUSK_AES128_KEY_BYTES,
    .nonce_bytes = NONCE_BYTES,
    .tag_bytes = 16,
    .seal = seal,
    .open = open,
};
