/* KUDOS sides for fuzz targets: every state in which a message may arrive, with the message that an honest peer
 * sends. */
#ifndef HUSK_FUZZ_KUDOS_H
#define HUSK_FUZZ_KUDOS_H

#include "oscore.h"

typedef struct fuzz_side {
    husk_kudos kudos;
    husk_oscore_context context;
    husk_oscore_exchange asked;
    husk_oscore_exchange served;
} fuzz_side;

/* A side that awaits a request, or the response to `asked`, and that message from its peer. */
typedef struct fuzz_moment {
    fuzz_side side;
    uint8_t message[128];
    size_t message_len;
    uint8_t event; /* what the message brings about */
} fuzz_moment;

#define FUZZ_REQUEST_MOMENTS 6
#define FUZZ_RESPONSE_MOMENTS 4
extern fuzz_moment fuzz_request_moments[FUZZ_REQUEST_MOMENTS];
extern fuzz_moment fuzz_response_moments[FUZZ_RESPONSE_MOMENTS];

/* Makes the moments by running honest executions, FS and no-FS. */
void fuzz_kudos_setup(void);

/* While set, the random hook of all sides fails. */
extern bool fuzz_kudos_no_random;

typedef husk_status fuzz_kudos_unprotect(husk_kudos *kudos, husk_oscore_context *context,
                                         husk_oscore_exchange *exchange, uint8_t *datagram, size_t len, uint8_t *spare,
                                         size_t spare_cap, husk_coap_message *inner, uint8_t *event);

/* Gives a message to a side and checks what holds for requests and responses alike: after an error nothing has
 * changed; after a message that has, nothing goes out before it is stored, and the record can be restored. */
husk_status fuzz_kudos_receive(fuzz_side *side, bool request, fuzz_datagram datagram, size_t spare_cap,
                               husk_coap_message *inner, uint8_t *event);

/* The message of a moment with another plaintext, which is trusted (see fuzz.h). */
fuzz_datagram fuzz_kudos_vouch(const fuzz_moment *moment, husk_bytes plaintext);

/* A message of the fuzzer's making, for a moment: the next byte of the input chooses 0 all of the rest, 1 the plaintext
 * of the honest message, 2 patches to it, 3 the OSCORE option (its length first) and the plaintext. */
fuzz_datagram fuzz_kudos_make(const fuzz_moment *moment, bool request, fuzz_input *in, bool *changed);

#endif
