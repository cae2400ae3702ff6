/* Part: the device endpoint with KUDOS, its primitives those in assembly instead of the core's. */
#include "husk_cortex_m.h"
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_DEVICE, REFER(husk_kudos_wipe)};
static const husk_profile *const devices[] = {&husk_profile_kudos};
const struct profile profile = {
    .functions = functions,
    .aead = &husk_cortex_m_aead_aes_ccm_16_64_128,
    .hash = &husk_cortex_m_hash_sha256,
    .devices = devices,
};
