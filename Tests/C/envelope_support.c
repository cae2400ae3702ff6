/* Storage of one record, for the tests of envelopes. */
#include "envelope_support.h"

#include <string.h>

static husk_status load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    const envelope_flash *flash = context;
    (void)record;
    if (flash->failing) {
        return HUSK_ERR_STORAGE;
    }
    if (flash->len > cap) {
        return HUSK_ERR_BUFFER;
    }
    memcpy(out, flash->data, flash->len);
    *len = flash->len;
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    envelope_flash *flash = context;
    (void)record;
    if (flash->failing || len > sizeof flash->data) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(flash->data, data, len);
    flash->len = len;
    flash->stores++;
    return flash->torn ? HUSK_ERR_STORAGE : HUSK_OK;
}

husk_storage envelope_flash_storage(envelope_flash *flash)
{
    return (husk_storage){load, store, flash};
}
