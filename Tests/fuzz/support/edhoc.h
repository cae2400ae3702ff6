/* EDHOC sessions for fuzz targets: the parties of the published traces, and a session of each at every point where a
 * message is awaited. */
#ifndef HUSK_FUZZ_EDHOC_H
#define HUSK_FUZZ_EDHOC_H

#include "fuzz.h"

#define FUZZ_MESSAGE_MAX 4096

/* P-256 for the keys of the traces; for any other public key a mixture that costs nothing, and a refusal if its first
 * byte is 0xff. */
extern const husk_ecdh fuzz_ecdh;

/* The suites of both roles: 2, and 3 with a 16-byte tag; the Responder also has 5, whose nonces allow identifiers of 6
 * bytes only. */
extern const husk_suite fuzz_suite_2;
extern const husk_suite fuzz_suite_3;
extern const husk_suite fuzz_suite_5;

/* One method's trace: messages 1 to 4, and the sessions that wait for 2, 3 and 4. */
typedef struct fuzz_trace {
    husk_edhoc_config initiator_config;
    husk_edhoc_config responder_config;
    husk_edhoc start;  /* Responder before message 1 */
    husk_edhoc sent_1; /* Initiator, waits for message 2 */
    husk_edhoc got_1;  /* Responder, about to compose message 2 */
    husk_edhoc sent_2; /* Responder, waits for message 3 */
    husk_edhoc got_2;  /* Initiator, about to compose message 3 */
    husk_edhoc sent_3; /* Initiator, waits for message 4 */
    husk_edhoc got_3;  /* Responder, about to compose message 4 */
    husk_id c_i;
    husk_id c_r;
    uint8_t message[5][64];
    size_t message_len[5];
} fuzz_trace;

/* Runs the handshakes of the traces and checks them against the published messages. */
void fuzz_edhoc_setup(void);

extern fuzz_trace fuzz_psk_trace;
extern fuzz_trace fuzz_static_trace;

/* draft-ietf-lake-edhoc-psk-08 appendix B. */
extern husk_psk fuzz_psk;

/* RFC 9529 chapter 3: what each has, and what the other knows of it. */
extern husk_static_credential fuzz_own_i;
extern husk_static_credential fuzz_own_r;
extern husk_static_credential fuzz_seen_i;
extern husk_static_credential fuzz_seen_r;

/* EAD labels that both roles understand: 1 and 255. */
#define FUZZ_EAD_UNDERSTOOD(label) ((label) == 1 || (label) == 255)

/* The verdict that EAD items call for, walked by hand: HUSK_OK, HUSK_ERR_EAD, HUSK_ERR_FORMAT. */
husk_status fuzz_ead_verdict(husk_bytes ead);

/* content[0..len) as a byte string in front of which a byte string's head fits: a message 2, 3 or 4, on the heap. */
uint8_t *fuzz_wrap(const uint8_t *content, size_t len, size_t *message_len);

#endif
