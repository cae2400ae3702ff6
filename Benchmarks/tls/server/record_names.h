/* Names of what is in a write to the transport, for the report. */
#ifndef TLS_RECORD_NAMES_H
#define TLS_RECORD_NAMES_H

#include "scenarios.h"

#define RECORD_CHANGE_CIPHER_SPEC 20

/* How far a handshake has come: the names of the encrypted messages that each side has yet to send, in their order. */
typedef struct record_names {
    const tls_scenario *scenario;
    const char *const *encrypted_up;
    const char *const *encrypted_down;
} record_names;

record_names record_names_begin(const tls_scenario *scenario);

/* Prints the names of the records in bytes[0..len), joined by " + ", and ends the line. */
void record_names_print(record_names *names, bool is_up, const uint8_t *bytes, size_t len);

#endif
