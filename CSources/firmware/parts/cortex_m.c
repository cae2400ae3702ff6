/* Part: the device endpoint with EDHOC-PSK, its primitives those in assembly instead of the core's. */
#include "husk_cortex_m.h"
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_DEVICE};
static const husk_suite *const suites[] = {&husk_cortex_m_suite_0};
static const husk_profile *const devices[] = {&husk_profile_edhoc};
const struct profile profile = {.functions = functions, .suites = suites, .devices = devices};
