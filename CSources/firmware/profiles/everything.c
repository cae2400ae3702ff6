/* Size profile: everything on. All suites, both roles, pre-shared keys and static Diffie-Hellman keys, combined
 * request, KUDOS, Block-wise transfer, Echo, and the device endpoint, observing. */
#include "profiles/profile.h"

static const profile_function functions[] = {
    PROFILE_OSCORE,
    PROFILE_KUDOS,
    PROFILE_BLOCK,
    PROFILE_ENVELOPE_MANY,
    PROFILE_INITIATOR,
    PROFILE_DEVICE,
    PROFILE_ECHO,
    REFER(husk_device_observe),
    REFER(husk_device_cancel),
    REFER(husk_edhoc_responder_init),
    REFER(husk_edhoc_message_1_process),
    REFER(husk_edhoc_message_2_compose),
    REFER(husk_edhoc_message_3_identify),
    REFER(husk_edhoc_message_3_process),
    REFER(husk_edhoc_message_4_compose),
    REFER(husk_edhoc_confirm),
    REFER(husk_edhoc_export),
    REFER(husk_edhoc_ead_write),
    REFER(husk_edhoc_ead_read),
    REFER(husk_edhoc_error_compose),
    REFER(husk_edhoc_error_read),
    REFER(husk_edhoc_suite_select),
    REFER(husk_edhoc_combined_insert),
    REFER(husk_edhoc_combined_split),
    REFER(husk_edhoc_static_initiator_init),
    REFER(husk_edhoc_static_message_2_compose),
    REFER(husk_edhoc_static_message_2_process),
    REFER(husk_edhoc_static_message_3_compose),
    REFER(husk_edhoc_static_message_3_open),
    REFER(husk_edhoc_static_message_3_process),
    REFER(husk_cred_compose),
    PROFILE_FRAME,
    PROFILE_FRAGMENT,
    PROFILE_LINK,
    REFER(husk_link_fragments_init),
    REFER(husk_edhoc_frame_context),
};
static const husk_suite *const suites[] = {&husk_suite_0, &husk_suite_1, &husk_suite_2,
                                           &husk_suite_3, &husk_suite_4, &husk_suite_5};
static const husk_profile *const devices[] = {&husk_profile_edhoc, &husk_profile_kudos};
static const husk_link_profile *const links[] = {&husk_link_edhoc_initiator, &husk_link_edhoc_responder,
                                                 &husk_link_kudos};
const struct profile profile = {
    .functions = functions, .suites = suites, .devices = devices, .links = links, .blockwise = &husk_blockwise};
