/* What OSCORE shares with the CoAP codec: a message's body is decoded and written the same way inside and outside. */
#ifndef HUSK_COAP_MESSAGE_H
#define HUSK_COAP_MESSAGE_H

#include "husk/coap.h"

/* True for 0.01 to 0.31 and for the response classes 2, 4 and 5. */
bool husk_coap_code_is_request(uint8_t code);
bool husk_coap_code_is_response(uint8_t code);

/* Splits what follows the token into options and payload. HUSK_ERR_FORMAT, and nothing is changed, if an option is
 * malformed or a payload marker has no payload behind it. */
husk_status husk_coap_body_decode(const uint8_t *body, size_t len, husk_coap_message *message);

/* Copies bytes as they are; data may lie in the same buffer, at or above the place it is written to. */
void husk_coap_write_raw(husk_coap_writer *w, const uint8_t *data, size_t len);

#endif
