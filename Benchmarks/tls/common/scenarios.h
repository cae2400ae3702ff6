/* What is measured: one table for the client under measurement and the server it talks to; and the frames that they
 * exchange, each of which holds one write to the transport. */
#ifndef TLS_SCENARIOS_H
#define TLS_SCENARIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All have AES-128-CCM with an 8-byte tag and SHA-256. In those with certificates both sides authenticate with P-256
 * and ECDSA. */
typedef struct tls_scenario {
    const char *name;
    bool is_tls13;      /* or 1.2 */
    bool is_dtls;       /* with a connection ID of one byte towards the server and none back */
    uint8_t chain;      /* certificates that each side sends, without the root; 0: pre-shared key alone */
    bool has_ecdhe;     /* of those with a pre-shared key or a ticket */
    bool has_x25519;    /* ephemeral keys are of X25519 instead of P-256 */
    bool has_tickets;   /* the connection resumes one that the same client had before: by ticket, */
    bool has_session_id; /* or by session ID */
    bool has_records;   /* application data follows, of all lengths below */
} tls_scenario;

#define TLS_CHAIN_MAX 3

extern const tls_scenario tls_scenarios[];
extern const size_t tls_scenario_count;

/* Bytes of application data in the records that are measured, up and down. */
extern const size_t tls_payloads[];
extern const size_t tls_payload_count;
#define TLS_PAYLOAD_MAX 1024

/* A 16-byte key under an identity of one byte, and the connection ID of the server. */
extern const uint8_t tls_psk[16];
extern const uint8_t tls_psk_identity[1];
extern const uint8_t tls_server_cid[1];

/* A datagram that fits into an IPv6 packet of 1,280 bytes. */
#define TLS_DATAGRAM_MAX 1232

/* The clock of both sides stands still: 2026-01-01T00:00Z. */
#define TLS_TIME 1767225600

/* A frame: its kind, its length (little-endian), its bytes. */
#define FRAME_HEADER_BYTES 3
#define FRAME_BYTES_MAX 20480
#define FRAME_SCENARIO 'S' /* up: the scenario's name; down: 4 bytes, the seed of the client's random bytes */
#define FRAME_CONNECT 'C'  /* up: a connection begins; one byte, whether it is the one that is measured */
#define FRAME_DATA 'D'     /* what one side wrote to the transport */
#define FRAME_END 'E'      /* up: the scenario is over; down: one byte, whether to try again with another seed */

#endif
