/* Part: frames in both directions, beyond OSCORE alone. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_OSCORE, PROFILE_FRAME};
const struct profile profile = {
    .functions = functions, .aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256};
