/* What messages share: the next step, the length of identifiers, and the form of messages 2, 3 and 4. */
#include "edhoc/message.h"

bool husk_edhoc_expects(const husk_edhoc *session, uint8_t method, uint8_t phase)
{
    return session->phase == phase && session->method == method;
}

bool husk_edhoc_id_fits(const husk_suite *suite, size_t len)
{
    return len <= HUSK_OSCORE_ID_MAX_BYTES && len + 6 <= suite->app_aead->nonce_bytes;
}

husk_status husk_edhoc_message_content(const uint8_t *message, size_t len, husk_bytes *content)
{
    husk_edhoc_error error;
    if (husk_edhoc_error_read(message, len, &error) == HUSK_OK) {
        return HUSK_ERR_PEER;
    }
    husk_cbor_reader r;
    husk_bytes value;
    husk_cbor_reader_init(&r, message, len);
    if (husk_cbor_read_bytes(&r, &value) != HUSK_OK || r.left != 0) {
        return HUSK_ERR_FORMAT;
    }
    *content = value;
    return HUSK_OK;
}
