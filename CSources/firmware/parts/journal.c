/* Part: the storage hook over raw NOR flash, beyond the device endpoint with EDHOC-PSK. */
#include "profiles/profile.h"

static const profile_function functions[] = {
    PROFILE_DEVICE,
    REFER(husk_journal_mount),
    REFER(husk_journal_format),
    REFER(husk_journal_load),
    REFER(husk_journal_store),
    REFER(husk_journal_purge),
};
static const husk_suite *const suites[] = {&husk_suite_0};
static const husk_profile *const devices[] = {&husk_profile_edhoc};
const struct profile profile = {.functions = functions, .suites = suites, .devices = devices};
