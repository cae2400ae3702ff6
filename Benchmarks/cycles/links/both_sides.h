/* What both sides of a handshake in one program have: storage, credentials, suites. */
#ifndef BOTH_SIDES_H
#define BOTH_SIDES_H

#include "../support/bench.h"

/* Storage in RAM of one record each, by name. */
#define MEMORY_RECORDS 8
typedef struct memory {
    struct {
        size_t len;
        uint8_t data[HUSK_DEVICE_RECORD_MAX_BYTES];
    } records[MEMORY_RECORDS];
} memory;
husk_storage memory_storage(memory *m);

/* What both sides have been given. */
typedef struct credentials {
    husk_psk psk;
    uint8_t cred_i[48], cred_r[48];
} credentials;
void credentials_make(credentials *c);

typedef struct named_suite {
    const char *name;
    const husk_suite *suite;
} named_suite;
extern const named_suite named_suites[3];

#endif
