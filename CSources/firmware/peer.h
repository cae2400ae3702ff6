/* A gateway for one device, small enough to share a microcontroller with it: EDHOC responder and OSCORE resource over
 * CoAP. Only for the loopback image; the gateway that people run is Sources/HuskGateway. */
#ifndef FIRMWARE_PEER_H
#define FIRMWARE_PEER_H

#include "husk/husk.h"

#define PEER_DATAGRAM_MAX_BYTES 160

/* `edhoc_bytes` are the lengths of EDHOC messages 1 to 4 as they last went by. `answer` is kept for when the same request
 * comes again (RFC 7252 section 4.5). */
typedef struct peer {
    husk_edhoc_config config;
    husk_psk psk;
    husk_edhoc edhoc;
    husk_oscore_context oscore;
    bool has_context;
    bool has_answer;
    uint16_t answered_id;
    size_t answer_len;
    size_t edhoc_bytes[4];
    uint32_t requests;
    uint8_t payload[64]; /* of the last request */
    size_t payload_len;
    uint8_t answer[PEER_DATAGRAM_MAX_BYTES];
} peer;

void peer_init(peer *p, const husk_edhoc_config *config, const husk_psk *psk);

/* As after a power cut: session and answers are gone. */
void peer_reboot(peer *p);

/* Takes a datagram, which is decrypted in place. The reply is p->answer[0..returned length); 0 means silence. */
size_t peer_receive(peer *p, uint8_t *datagram, size_t len);

#endif
