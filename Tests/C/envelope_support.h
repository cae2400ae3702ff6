/* Storage of one record, for the tests of envelopes. */
#ifndef HUSK_ENVELOPE_SUPPORT_H
#define HUSK_ENVELOPE_SUPPORT_H

#include "husk/husk.h"

typedef struct envelope_flash {
    uint8_t data[16];
    size_t len;
    bool failing;
    bool torn; /* stores, and fails nevertheless */
    unsigned stores;
} envelope_flash;

husk_storage envelope_flash_storage(envelope_flash *flash);

#endif
