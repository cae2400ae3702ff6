/* A gateway for one device, for tests without a network: EDHOC responder with resumption and the combined request, one
 * OSCORE context, one observer, deduplication. It is no model for a real one (see Sources/HuskGateway); it exists to give the device endpoint somebody to talk to. */
#ifndef HUSK_LOOPBACK_GATEWAY_H
#define HUSK_LOOPBACK_GATEWAY_H

#include "husk/husk.h"

#define LOOPBACK_REPLY_MAX_BYTES 160
#define LOOPBACK_REMEMBERED 6

typedef struct loopback_reply {
    uint16_t message_id;
    uint16_t len;
    uint8_t data[LOOPBACK_REPLY_MAX_BYTES];
} loopback_reply;

typedef struct loopback_gateway {
    husk_edhoc_config config;
    husk_psk psk;
    husk_edhoc session;
    husk_oscore_context context;
    bool has_context;
    bool no_combined;       /* behave like a gateway that does not know RFC 9668 */
    bool silent;            /* send no payload back */
    uint8_t rpsk[2][34];    /* rKID and rPSK: that of the last session, and the one before until the next message */
    size_t rpsk_len[2];
    size_t rpsk_bytes;      /* of the next one */
    bool resumed;           /* the last handshake was made with a resumption PSK */
    uint8_t next_c_r;
    unsigned handshakes; /* finished */
    unsigned requests;   /* verified, duplicates not counted */
    uint8_t last_payload[64];
    size_t last_payload_len;
    uint8_t last_code;
    husk_block1_server *assembly; /* with it, requests may come in blocks, and `response` is what each brings */
    husk_bytes response;
    uint8_t szx;            /* of its blocks */
    uint8_t etag;
    husk_bytes last_body;   /* complete request body */
    unsigned bodies;        /* complete ones */
    husk_oscore_exchange observed; /* the registration, if observed.observes */
    uint8_t observed_token[2];
    unsigned registrations;
    unsigned cancellations;
    bool unobservable;             /* accept no registration */
    bool challenge;                /* ask for an Echo with each request that has none */
    unsigned challenges;
    uint16_t next_message_id;
    loopback_reply remembered[LOOPBACK_REMEMBERED]; /* what was answered, by message ID (RFC 7252 section 4.5) */
    unsigned remembered_count;
} loopback_gateway;

void loopback_gateway_init(loopback_gateway *gateway, const husk_edhoc_config *config, const husk_psk *psk);

/* Loses everything but the key, as after a reboot without storage. */
void loopback_gateway_forget(loopback_gateway *gateway);

/* A notification with one byte of payload to the observer: HUSK_COAP_CON or _NON. With code other than 2.05 it ends the
 * observation. */
loopback_reply loopback_gateway_notify(loopback_gateway *gateway, uint8_t type, uint8_t code, uint8_t payload);

/* Takes a datagram (processed in place) and gives the reply; NULL if there is none. A request is answered with 2.04 and
 * the payload it carried, or with `assembly` with 2.04 and `response`. */
const loopback_reply *loopback_gateway_receive(loopback_gateway *gateway, uint8_t *datagram, size_t len);

#endif
