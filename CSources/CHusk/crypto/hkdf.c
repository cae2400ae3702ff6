/* HKDF (RFC 5869) over HMAC. */
#include "crypto/hmac.h"

void husk_hkdf_extract(const husk_hash *hash, husk_bytes salt, husk_bytes ikm, uint8_t *prk)
{
    husk_hmac_key key;

    husk_hmac_key_init(&key, hash, salt.data, salt.len);
    husk_hmac(&key, &ikm, 1, prk);
    husk_wipe(&key, sizeof key);
}

husk_status husk_hkdf_expand_xor(const husk_hmac_key *prk, const husk_bytes *info, size_t count, uint8_t *out,
                                 size_t len)
{
    const husk_hash *hash = prk->hash;
    husk_hash_state state;
    uint8_t t[HUSK_HASH_MAX_BYTES];
    size_t t_len = 0;

    if (len > (size_t)255 * hash->digest_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    for (uint8_t n = 1; len > 0; n++) {
        husk_hmac_begin(prk, &state);
        hash->update(&state, t, t_len);
        for (size_t i = 0; i < count; i++) {
            hash->update(&state, info[i].data, info[i].len);
        }
        hash->update(&state, &n, 1);
        husk_hmac_end(prk, &state, t);
        t_len = hash->digest_bytes;
        for (size_t i = 0; i < t_len && len > 0; i++) {
            *out++ ^= t[i];
            len--;
        }
    }
    husk_wipe(t, sizeof t);
    return HUSK_OK;
}
