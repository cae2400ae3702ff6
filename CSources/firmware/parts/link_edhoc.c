/* Part: a link whose end is the Initiator of EDHOC-PSK, beyond that and OSCORE. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_OSCORE, PROFILE_INITIATOR, PROFILE_LINK};
static const husk_suite *const suites[] = {&husk_suite_0};
static const husk_link_profile *const links[] = {&husk_link_edhoc_initiator};
const struct profile profile = {.functions = functions, .suites = suites, .links = links};
