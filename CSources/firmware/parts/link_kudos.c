/* Part: a link with KUDOS over frames, beyond OSCORE and KUDOS. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_OSCORE, PROFILE_KUDOS, PROFILE_LINK};
static const husk_link_profile *const links[] = {&husk_link_kudos};
const struct profile profile = {.functions = functions,
                                .aead = &husk_aead_aes_ccm_16_64_128,
                                .hash = &husk_hash_sha256,
                                .links = links};
