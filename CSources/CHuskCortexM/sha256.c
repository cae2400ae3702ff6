/* SHA-256 over the compression functions in assembly, as a hash table. */
#include "husk_cortex_m.h"

#include "primitive/sha256_stream.h"

/* state = SHA-256's compression of state and block, whose words are in the byte order of the message and lost. */
void husk_cortex_m_sha256_compress(uint32_t state[HUSK_SHA256_DIGEST_BYTES / 4],
                                   uint32_t block[HUSK_SHA256_BLOCK_BYTES / 4]);

static void compress(husk_sha256 *sha)
{
    husk_cortex_m_sha256_compress(sha->state, sha->block);
}

void husk_cortex_m_sha256_update(husk_sha256 *sha, const uint8_t *data, size_t len)
{
    update(sha, data, len);
}

void husk_cortex_m_sha256_final(husk_sha256 *sha, uint8_t digest[HUSK_SHA256_DIGEST_BYTES])
{
    final(sha, digest);
}

static void hash_init(husk_hash_state *state)
{
    init(&state->sha256);
}

static void hash_update(husk_hash_state *state, const uint8_t *data, size_t len)
{
    husk_cortex_m_sha256_update(&state->sha256, data, len);
}

static void hash_final(husk_hash_state *state, uint8_t *digest)
{
    husk_cortex_m_sha256_final(&state->sha256, digest);
}

const husk_hash husk_cortex_m_hash_sha256 = {
    .digest_bytes = HUSK_SHA256_DIGEST_BYTES,
    .block_bytes = HUSK_SHA256_BLOCK_BYTES,
    .init = hash_init,
    .update = hash_update,
    .final = hash_final,
};
