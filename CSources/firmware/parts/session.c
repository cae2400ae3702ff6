/* Part: a session that outlives reboots, beyond the device endpoint with EDHOC-PSK. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_DEVICE};
static const husk_suite *const suites[] = {&husk_suite_0};
static const husk_profile *const devices[] = {&husk_profile_edhoc};
const struct profile profile = {
    .functions = functions, .suites = suites, .devices = devices, .keep = &husk_keeper_storage};
