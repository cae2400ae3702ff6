/* Size profile: frames with AES-CCM and SHA-256 from a key that was agreed on elsewhere; no CoAP. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_FRAME};
const struct profile profile = {
    .functions = functions, .aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256};
