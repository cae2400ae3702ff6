/* The entry of a profile image: what a program of that profile refers to. Nothing of it runs; the linker drops what the
 * entry does not lead to, and tools/size.py measures what is left. */
#ifndef FIRMWARE_PROFILE_H
#define FIRMWARE_PROFILE_H

#include "husk/husk.h"

typedef void (*profile_function)(void);

/* An element of `functions` below. */
#define REFER(function) ((profile_function)(function))

struct profile {
    const profile_function *functions;
    const husk_aead *aead; /* NULL where the suites bring it */
    const husk_hash *hash;
    const husk_suite *const *suites;
    const husk_profile *const *devices; /* how endpoints get their keys */
    const husk_link_profile *const *links; /* and how the ends of links do */
    const husk_blockwise_functions *blockwise; /* NULL for endpoints without */
    const husk_keeper *keep;            /* and keep their sessions */
};

extern const struct profile profile;

/* What every profile has: OSCORE for requests and responses, as client and as server. */
#define PROFILE_OSCORE \
    REFER(husk_oscore_context_init), REFER(husk_oscore_context_wipe), REFER(husk_oscore_option_read), \
        REFER(husk_oscore_request_protect), REFER(husk_oscore_request_unprotect), \
        REFER(husk_oscore_response_protect), REFER(husk_oscore_response_unprotect)

#define PROFILE_KUDOS \
    REFER(husk_kudos_init), REFER(husk_kudos_restore), REFER(husk_kudos_wipe), REFER(husk_kudos_must_store), \
        REFER(husk_kudos_record_write), REFER(husk_kudos_stored), REFER(husk_kudos_is_running), \
        REFER(husk_kudos_start), REFER(husk_kudos_request_protect), REFER(husk_kudos_request_unprotect), \
        REFER(husk_kudos_response_protect), REFER(husk_kudos_response_unprotect), REFER(husk_kudos_option_read)

#define PROFILE_INITIATOR \
    REFER(husk_edhoc_initiator_init), REFER(husk_edhoc_message_1_compose), REFER(husk_edhoc_message_2_process), \
        REFER(husk_edhoc_message_3_compose), REFER(husk_edhoc_message_4_process), \
        REFER(husk_edhoc_oscore_context), REFER(husk_edhoc_wipe)

#define PROFILE_FRAME \
    REFER(husk_frame_context_init), REFER(husk_frame_context_wipe), REFER(husk_frame_header_read), \
        REFER(husk_frame_seal), REFER(husk_frame_open)

#define PROFILE_FRAGMENT \
    REFER(husk_frame_payload_max), REFER(husk_fragmenter_init), REFER(husk_fragmenter_next), \
        REFER(husk_reassembly_init), REFER(husk_reassembly_take)

#define PROFILE_LINK \
    REFER(husk_link_init), REFER(husk_link_start), REFER(husk_link_send), REFER(husk_link_receive), \
        REFER(husk_link_transmit), REFER(husk_link_next_timeout), REFER(husk_link_wipe)

#define PROFILE_DEVICE \
    REFER(husk_device_init), REFER(husk_device_start), REFER(husk_device_receive), REFER(husk_device_transmit), \
        REFER(husk_device_next_timeout), REFER(husk_device_wipe)

#define PROFILE_ECHO REFER(husk_oscore_window_lost), REFER(husk_oscore_challenge_protect)

#define PROFILE_BLOCK \
    REFER(husk_block1_client_init), REFER(husk_block1_client_next), REFER(husk_block1_client_take), \
        REFER(husk_block1_client_is_concluded), REFER(husk_block1_server_init), REFER(husk_block1_server_take), \
        REFER(husk_block1_server_drop), REFER(husk_block2_client_init), REFER(husk_block2_client_next), \
        REFER(husk_block2_client_take), REFER(husk_block2_slice), REFER(husk_request_tag_choose), \
        REFER(husk_block_write)

#define PROFILE_ENVELOPE_SEAL \
    REFER(husk_envelope_key_derive), REFER(husk_envelope_key_wipe), REFER(husk_envelope_sender_init), \
        REFER(husk_envelope_seal), REFER(husk_envelope_sender_release)

#define PROFILE_ENVELOPE \
    PROFILE_ENVELOPE_SEAL, REFER(husk_envelope_opener_init), REFER(husk_envelope_open)

#define PROFILE_ENVELOPE_MANY \
    PROFILE_ENVELOPE, REFER(husk_envelope_seal_for_many), REFER(husk_envelope_open_one_of_many)

#endif
