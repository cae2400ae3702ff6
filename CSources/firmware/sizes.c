/* Not linked into anything: one array per public struct, as long as the struct, for tools/size.py to read from the object
 * file. */
#include "husk/husk.h"

#define SIZE_OF(type) const char size_of_##type[sizeof(type)] = {0}

SIZE_OF(husk_device);
SIZE_OF(husk_edhoc);
SIZE_OF(husk_oscore_context);
SIZE_OF(husk_oscore_exchange);
SIZE_OF(husk_frame_context);
SIZE_OF(husk_reassembly);
SIZE_OF(husk_link);
SIZE_OF(husk_link_fragments);
SIZE_OF(husk_kudos);
SIZE_OF(husk_kudos_config);
SIZE_OF(husk_aes128);
SIZE_OF(husk_sha256);
SIZE_OF(husk_hmac_key);
SIZE_OF(husk_journal);
SIZE_OF(husk_journal_flash);
SIZE_OF(husk_device_config);
SIZE_OF(husk_device_observation);
SIZE_OF(husk_device_request);
SIZE_OF(husk_device_blocks);
SIZE_OF(husk_event);
SIZE_OF(husk_psk);
SIZE_OF(husk_coap_message);
SIZE_OF(husk_block1_client);
SIZE_OF(husk_block1_server);
SIZE_OF(husk_block2_client);
SIZE_OF(husk_request_tag);
SIZE_OF(husk_envelope_key);
SIZE_OF(husk_envelope_sender);
SIZE_OF(husk_envelope_opener);
