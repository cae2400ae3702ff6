/* Size profile: the Initiator of EDHOC-PSK with suite 0 (X25519), and OSCORE; without the device endpoint. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_OSCORE, PROFILE_INITIATOR};
static const husk_suite *const suites[] = {&husk_suite_0};
const struct profile profile = {.functions = functions, .suites = suites};
