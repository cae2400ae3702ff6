/* crypto/hmac: HMAC piece by piece, for callers whose message is not one list of slices. */
#ifndef HUSK_CRYPTO_HMAC_H
#define HUSK_CRYPTO_HMAC_H

#include "husk/crypto.h"

/* Starts a MAC: update `state` with the message through key->hash, then call husk_hmac_end. */
void husk_hmac_begin(const husk_hmac_key *key, husk_hash_state *state);

/* mac[digest_bytes]; wipes the state. */
void husk_hmac_end(const husk_hmac_key *key, husk_hash_state *state, uint8_t *mac);

#endif
