/* OSCORE contexts and messages for fuzz targets. */
#ifndef HUSK_FUZZ_OSCORE_H
#define HUSK_FUZZ_OSCORE_H

#include "fuzz.h"

#define FUZZ_DATAGRAM_MAX 4096

/* A protected message as it arrives. */
typedef struct fuzz_datagram {
    uint8_t *data; /* from fuzz_exact */
    size_t len;
} fuzz_datagram;

/* The context of RFC 8613 appendix C.1, C.2 or C.3 (which % 3), under the watched AEAD. */
void fuzz_oscore_derive(husk_oscore_context *context, unsigned which, bool server);

/* A message with this OSCORE option, whose plaintext (code, options, payload) is trusted: its tag is zeros. `code` is
 * the outer one. */
fuzz_datagram fuzz_oscore_vouch(uint8_t code, husk_bytes option, husk_bytes plaintext);

/* What a message becomes by protecting and unprotecting it: type, message_id and token, and all that is not class U
 * (RFC 8613 section 4.1.2). A message with Observe is not compared. */
void fuzz_oscore_check_same(const husk_coap_message *plain, const husk_coap_message *inner);

/* After an error nothing of a context may differ but its replay window, if a text was opened, and count_v, if one was
 * not. */
void fuzz_oscore_check_unchanged(const husk_oscore_context *context, const husk_oscore_context *before,
                                 husk_status status);

#endif
