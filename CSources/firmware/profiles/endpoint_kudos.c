/* Size profile: the device endpoint with KUDOS from a provisioned secret; symmetric only. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_DEVICE, REFER(husk_kudos_wipe)};
static const husk_profile *const devices[] = {&husk_profile_kudos};
const struct profile profile = {
    .functions = functions, .aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256, .devices = devices};
