/* What a side that runs KUDOS in FS mode has to store: its secrets, and what it knows of the peer. */
#include <string.h>

#include "oscore/kudos.h"
#include "oscore/kudos_state.h"

#define LAYOUT 1
#define HEAD_BYTES 3

bool husk_kudos_must_store(const husk_kudos *kudos)
{
    return kudos->unsaved;
}

void husk_kudos_stored(husk_kudos *kudos)
{
    kudos->unsaved = false;
}

size_t husk_kudos_record_write(const husk_kudos *kudos, uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES])
{
    uint8_t stored = kudos->present;
    if ((kudos->next_x & HUSK_KUDOS_X_NO_FS) != 0) { /* CTX_NEW of no-FS mode: both have what it was made from */
        stored &= (uint8_t)~(1u << KUDOS_NEXT);
    }
    record[0] = LAYOUT;
    record[1] = (uint8_t)(kudos->peer_capability << 4 | stored);
    record[2] = kudos->secret_len;
    size_t len = HEAD_BYTES;
    for (size_t i = 0; i < KUDOS_SECRETS; i++) {
        if ((stored >> i & 1) != 0) {
            memcpy(record + len, kudos->secrets[i], kudos->secret_len);
            len += kudos->secret_len;
        }
    }
    return len;
}

husk_status husk_kudos_restore(husk_kudos *kudos, husk_bytes record)
{
    if (record.len < HEAD_BYTES) {
        return HUSK_ERR_FORMAT;
    }
    uint8_t stored = record.data[1] & 0x0f;
    uint8_t peer = record.data[1] >> 4;
    size_t secret_len = kudos->secret_len;
    size_t count = (size_t)1 + (stored >> 1 & 1) + (stored >> 2);
    if (record.data[0] != LAYOUT || (stored & 9) != 1 || peer > HUSK_KUDOS_NON_CAPABLE ||
        record.data[2] != secret_len || record.len != HEAD_BYTES + count * secret_len) {
        return HUSK_ERR_FORMAT;
    }
    const uint8_t *next = record.data + HEAD_BYTES;
    for (size_t i = 0; i < KUDOS_SECRETS; i++) {
        if ((stored >> i & 1) != 0) {
            memcpy(kudos->secrets[i], next, secret_len);
            next += secret_len;
        }
    }
    kudos->present = stored;
    kudos->peer_capability = peer;
    return HUSK_OK;
}
