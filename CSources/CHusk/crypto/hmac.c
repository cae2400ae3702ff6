/* HMAC (RFC 2104) over any hash table.
 *
 * Implementation note: a prepared key holds what the hash remembers of the inner and the outer block, and not the
 * part of its state where bytes wait for a block to be complete: 40 bytes each instead of 104. */
#include "crypto/hmac.h"

#include <string.h>

_Static_assert(sizeof(husk_hash_state) == 104, "the state of SHA-256 fits what other tables may use");
_Static_assert(offsetof(husk_sha256, block) == HUSK_HASH_MIDSTATE_BYTES, "the midstate of SHA-256 is all in front");

void husk_hmac_key_init(husk_hmac_key *key, const husk_hash *hash, const uint8_t *bytes, size_t len)
{
    husk_hash_state state;
    uint8_t block[HUSK_HASH_BLOCK_MAX_BYTES] = {0};

    if (len > hash->block_bytes) {
        hash->init(&state);
        hash->update(&state, bytes, len);
        hash->final(&state, block);
    } else if (len > 0) {
        memcpy(block, bytes, len);
    }

    key->hash = hash;
    uint8_t *out = key->inner;
    uint8_t pad = 0x36;
    for (unsigned pass = 0; pass < 2; pass++) {
        for (unsigned i = 0; i < hash->block_bytes; i++) {
            block[i] ^= pad;
        }
        hash->init(&state);
        hash->update(&state, block, hash->block_bytes);
        memcpy(out, &state, HUSK_HASH_MIDSTATE_BYTES);
        out = key->outer;
        pad = 0x36 ^ 0x5c;
    }
    husk_wipe(&state, sizeof state);
    husk_wipe(block, sizeof block);
}

void husk_hmac_begin(const husk_hmac_key *key, husk_hash_state *state)
{
    memcpy(state, key->inner, HUSK_HASH_MIDSTATE_BYTES);
}

void husk_hmac_end(const husk_hmac_key *key, husk_hash_state *state, uint8_t *mac)
{
    key->hash->final(state, mac);
    memcpy(state, key->outer, HUSK_HASH_MIDSTATE_BYTES);
    key->hash->update(state, mac, key->hash->digest_bytes);
    key->hash->final(state, mac);
}

void husk_hmac(const husk_hmac_key *key, const husk_bytes *parts, size_t count, uint8_t *mac)
{
    husk_hash_state state;

    husk_hmac_begin(key, &state);
    for (size_t i = 0; i < count; i++) {
        key->hash->update(&state, parts[i].data, parts[i].len);
    }
    husk_hmac_end(key, &state, mac);
}
