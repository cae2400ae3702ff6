/* An AEAD table that watches for two messages under the same key and nonce. */
#include "nonce_watch.h"

#include <string.h>

/* As many (key, nonce) pairs as a test needs; 8 bytes of a digest stand for each. */
#ifdef TEST_SLOW
#define SEEN_MAX 4096
#else
#define SEEN_MAX 160
#endif

static uint64_t seen[SEEN_MAX];
static unsigned seen_count, repeats, seals, forgotten;

void nonce_watch_reset(void)
{
    seen_count = repeats = seals = forgotten = 0;
}

unsigned nonce_watch_mark(void)
{
    return seen_count;
}

void nonce_watch_return(unsigned mark)
{
    seen_count = mark;
    repeats = seals = forgotten = 0;
}

unsigned nonce_watch_repeats(void)
{
    return repeats;
}

unsigned nonce_watch_seals(void)
{
    return seals;
}

unsigned nonce_watch_forgotten(void)
{
    return forgotten;
}

static void note(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce)
{
    husk_sha256 sha;
    uint8_t digest[HUSK_SHA256_DIGEST_BYTES];
    uint64_t mark;
    husk_sha256_init(&sha);
    husk_sha256_update(&sha, key, aead->key_bytes);
    husk_sha256_update(&sha, nonce, aead->nonce_bytes);
    husk_sha256_final(&sha, digest);
    memcpy(&mark, digest, sizeof mark);
    seals++;
    for (unsigned i = 0; i < seen_count; i++) {
        if (seen[i] == mark) {
            repeats++;
            return;
        }
    }
    if (seen_count == SEEN_MAX) {
        forgotten++;
        return;
    }
    seen[seen_count++] = mark;
}

static husk_status watched_seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                                size_t aad_count, uint8_t *text, size_t len)
{
    note(aead, key, nonce);
    return husk_aead_aes_ccm_16_64_128.seal(aead, key, nonce, aad, aad_count, text, len);
}

static husk_status watched_open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                                size_t aad_count, uint8_t *text, size_t len)
{
    return husk_aead_aes_ccm_16_64_128.open(aead, key, nonce, aad, aad_count, text, len);
}

const husk_aead nonce_watch_aead = {
    .cose_alg = 10,
    .key_bytes = 16,
    .nonce_bytes = 13,
    .tag_bytes = 8,
    .seal = watched_seal,
    .open = watched_open,
};
