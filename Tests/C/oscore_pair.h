/* A client and a server that share a security context, for tests of OSCORE. */
#ifndef HUSK_OSCORE_PAIR_H
#define HUSK_OSCORE_PAIR_H

#include "test.h"

#define PACKET_BYTES 96

typedef struct packet {
    uint8_t data[PACKET_BYTES];
    size_t len;
} packet;

typedef struct oscore_pair {
    husk_oscore_context client, server;
    husk_oscore_exchange asked, heard;
    husk_coap_message inner; /* of the last message that was unprotected; its views point into `wire` */
    packet wire;
} oscore_pair;

/* Two contexts with Sender IDs `c` and `s`, and no exchange. */
void oscore_pair_up(oscore_pair *pair, const husk_aead *aead);

/* Protects a GET with these options (in hex); a response with code, options and one byte of payload, Non-confirmable.
 * Token "t". */
husk_status oscore_pair_ask(oscore_pair *pair, const char *options, packet *out);
husk_status oscore_pair_answer(oscore_pair *pair, uint8_t code, const char *options, uint8_t payload,
                               bool own_partial_iv, packet *out);

/* Unprotects a copy of it, in `wire`. */
husk_status oscore_pair_hear(oscore_pair *pair, const packet *sent);
husk_status oscore_pair_receive(oscore_pair *pair, const packet *sent);

#endif
