/* The record of KUDOS in the caller's storage: what the peer may depend on is durable before anything depends on it. */
#include "oscore/kudos.h"

husk_status husk_kudos_load(husk_kudos *kudos, const husk_kudos_config *config, const husk_storage *storage,
                            uint8_t record)
{
    if (config->capable && (storage->load == NULL || storage->store == NULL)) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = husk_kudos_init(kudos, config, config->bootstrap_secret);
    if (status != HUSK_OK || !config->capable) {
        return status;
    }
    uint8_t data[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t len = 0;
    status = storage->load(storage->context, record, data, sizeof data, &len);
    if (status != HUSK_OK && status != HUSK_ERR_CORRUPT) {
        return HUSK_ERR_STORAGE;
    }
    if (len > 0) { /* one that is damaged or none leaves the bootstrap secret, the way back in that is never lost */
        (void)husk_kudos_restore(kudos, (husk_bytes){data, len});
    }
    husk_wipe(data, sizeof data);
    return HUSK_OK;
}

husk_status husk_kudos_save(husk_kudos *kudos, const husk_storage *storage, uint8_t record)
{
    if (!husk_kudos_must_store(kudos)) {
        return HUSK_OK;
    }
    uint8_t data[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t len = husk_kudos_record_write(kudos, data);
    husk_status status = storage->store(storage->context, record, data, len);
    husk_wipe(data, sizeof data);
    if (status != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    husk_kudos_stored(kudos);
    return HUSK_OK;
}
