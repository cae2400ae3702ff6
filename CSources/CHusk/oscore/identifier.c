/* Identifiers: Sender ID, Recipient ID, connection identifiers. */
#include <string.h>

#include "husk/oscore.h"

husk_status husk_id_set(husk_id *id, const uint8_t *bytes, size_t len)
{
    if (len > HUSK_OSCORE_ID_MAX_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }
    memset(id, 0, sizeof *id);
    if (len > 0) {
        memcpy(id->bytes, bytes, len);
    }
    id->len = (uint8_t)len;
    return HUSK_OK;
}

bool husk_id_equal(const husk_id *a, const husk_id *b)
{
    return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}
