/* SHA-256 as a hash table. */
#include "husk/crypto.h"

static void init(husk_hash_state *state)
{
    husk_sha256_init(&state->sha256);
}

static void update(husk_hash_state *state, const uint8_t *data, size_t len)
{
    husk_sha256_update(&state->sha256, data, len);
}

static void final(husk_hash_state *state, uint8_t *digest)
{
    husk_sha256_final(&state->sha256, digest);
}

const husk_hash husk_hash_sha256 = {
    .digest_bytes = HUSK_SHA256_DIGEST_BYTES,
    .block_bytes = HUSK_SHA256_BLOCK_BYTES,
    .init = init,
    .update = update,
    .final = final,
};
