/* What messages share: the next step, the length of identifiers, and the form of messages 2, 3 and 4: one byte string,
 * or an error message in its place. */
#ifndef HUSK_EDHOC_MESSAGE_H
#define HUSK_EDHOC_MESSAGE_H

#include "husk/edhoc.h"

/* Whether this is the next step of the session. */
bool husk_edhoc_expects(const husk_edhoc *session, uint8_t method, uint8_t phase);

/* Whether a connection identifier of `len` bytes can become an OSCORE ID with this suite (RFC 8613 section 3.3). */
bool husk_edhoc_id_fits(const husk_suite *suite, size_t len);

/* What an error message with this code means for its receiver: HUSK_ERR_SUITE, HUSK_ERR_CREDENTIAL, HUSK_ERR_PEER. */
husk_status husk_edhoc_error_meaning(int64_t code);

/* Content of the byte string that makes up `message`. HUSK_ERR_PEER if it is an error message, HUSK_ERR_FORMAT if it is
 * neither. */
husk_status husk_edhoc_message_content(const uint8_t *message, size_t len, husk_bytes *content);

#endif
