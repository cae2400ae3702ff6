/* Size profile: one end of a link without CoAP, with EDHOC-PSK as Initiator, suite 0, and fragmentation. */
#include "profiles/profile.h"

static const profile_function functions[] = {PROFILE_LINK, REFER(husk_link_fragments_init)};
static const husk_suite *const suites[] = {&husk_suite_0};
static const husk_link_profile *const links[] = {&husk_link_edhoc_initiator};
const struct profile profile = {.functions = functions, .suites = suites, .links = links};
