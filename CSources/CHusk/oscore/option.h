/* The value of the OSCORE option (RFC 8613 section 6.1). */
#ifndef HUSK_OSCORE_OPTION_H
#define HUSK_OSCORE_OPTION_H

#include "husk/oscore.h"

/* Flag byte, Partial IV, length of kid context, kid context, kid. */
#define HUSK_OSCORE_OPTION_MAX_BYTES \
    (1 + HUSK_OSCORE_PARTIAL_IV_MAX_BYTES + 1 + HUSK_OSCORE_ID_CONTEXT_MAX_BYTES + HUSK_OSCORE_ID_MAX_BYTES)

/* Encodes an option whose fields have at most the lengths above; returns how many bytes were written. */
size_t husk_oscore_option_encode(const husk_oscore_option *option, uint8_t out[HUSK_OSCORE_OPTION_MAX_BYTES]);

/* HUSK_ERR_FORMAT, HUSK_ERR_UNSUPPORTED as for husk_oscore_option_read. */
husk_status husk_oscore_option_decode(husk_bytes value, husk_oscore_option *option);

/* Its two steps, which KUDOS takes apart: the value of the OSCORE option, of which a message has exactly one, else
 * HUSK_ERR_FORMAT, and which is no fragment of one, else HUSK_ERR_UNSUPPORTED; and what follows the flag byte, into an
 * `option` that is all zero. */
husk_status husk_oscore_option_locate(const husk_coap_message *message, husk_bytes *found);
husk_status husk_oscore_option_fields(uint8_t flags, husk_bytes value, husk_oscore_option *option);

#endif
