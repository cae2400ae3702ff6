/* Part: envelopes, sealing only, beyond OSCORE alone. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_OSCORE, PROFILE_ENVELOPE_SEAL};
const struct profile profile = {
    .functions = functions, .aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256};
