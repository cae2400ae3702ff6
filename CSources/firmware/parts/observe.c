/* Part: observing a resource of the gateway, beyond the device endpoint with EDHOC-PSK and suite 0. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_DEVICE, REFER(husk_device_observe), REFER(husk_device_cancel)};
static const husk_suite *const suites[] = {&husk_suite_0};
static const husk_profile *const devices[] = {&husk_profile_edhoc};
const struct profile profile = {.functions = functions, .suites = suites, .devices = devices};
