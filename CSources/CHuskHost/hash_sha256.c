/* SHA-256 of libsodium as a hash table.
 *
 * Its state is eight words, the count of bits, and the bytes of a block to be filled: after whole blocks these bytes
 * mean nothing, and the first 40 say everything, as the core wants of a state. */
#include "husk_host.h"

#include <sodium.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(husk_hash_state), "the state has room");
_Static_assert(_Alignof(crypto_hash_sha256_state) <= _Alignof(husk_hash_state), "and is aligned");
_Static_assert(offsetof(crypto_hash_sha256_state, buf) == HUSK_HASH_MIDSTATE_BYTES, "the midstate is all in front");

static void init(husk_hash_state *state)
{
    crypto_hash_sha256_init((crypto_hash_sha256_state *)(void *)state);
}

static void update(husk_hash_state *state, const uint8_t *data, size_t len)
{
    if (len > 0) {
        crypto_hash_sha256_update((crypto_hash_sha256_state *)(void *)state, data, len);
    }
}

static void final(husk_hash_state *state, uint8_t *digest)
{
    crypto_hash_sha256_final((crypto_hash_sha256_state *)(void *)state, digest);
}

const husk_hash husk_host_hash_sha256 = {
    .digest_bytes = crypto_hash_sha256_BYTES,
    .block_bytes = HUSK_SHA256_BLOCK_BYTES,
    .init = init,
    .update = update,
    .final = final,
};
