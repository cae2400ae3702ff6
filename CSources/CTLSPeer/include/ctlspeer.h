/* ctlspeer: what TLS costs for the same job, measured by doing it. Both peers of a TLS connection run in this process
 * over two byte queues, and every byte that crosses is counted.
 *
 * The peers are Mbed TLS (2.28 or 3.x). They are configured in TLS's favour: one cipher suite with the shortest tag,
 * one curve, one signature algorithm, no tickets, no server name, no list of authorities, a key identifier of one byte.
 *
 * For measurement only. Keys, certificates and randoms come from a fixed seed, so that two runs count the same bytes;
 * nothing here may protect anything. */
#ifndef CTLSPEER_H
#define CTLSPEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Scenarios. In those with certificates both sides authenticate with a P-256 leaf and send the intermediate that signed
 * it; the root is known to the peer and is not sent. All use AES-128-CCM with an 8-byte tag, and SHA-256. */
#define CTLSPEER_TLS12_CERTIFICATES 0 /* TLS 1.2, ECDHE (P-256), ECDSA both ways */
#define CTLSPEER_TLS12_PSK 1          /* TLS 1.2, 16-byte pre-shared key, no forward secrecy */
#define CTLSPEER_TLS13_CERTIFICATES 2 /* TLS 1.3, ECDHE (P-256), ECDSA both ways */
#define CTLSPEER_TLS13_PSK_ECDHE 3    /* TLS 1.3, 16-byte pre-shared key with ECDHE (P-256) */
#define CTLSPEER_TLS13_PSK 4          /* TLS 1.3, 16-byte pre-shared key, no forward secrecy */
#define CTLSPEER_SCENARIOS 5

/* What is wrong on purpose, to see that it is noticed. A fault that does not concern the scenario changes nothing. */
#define CTLSPEER_FAULT_NONE 0
#define CTLSPEER_FAULT_CLIENT_ROOT 1     /* the client's chain leads to a root the server does not trust */
#define CTLSPEER_FAULT_SERVER_ROOT 2     /* the server's chain leads to a root the client does not trust */
#define CTLSPEER_FAULT_CLIENT_EXPIRED 3  /* the client's leaf has expired */
#define CTLSPEER_FAULT_SERVER_EXPIRED 4  /* the server's leaf has expired */
#define CTLSPEER_FAULT_PSK 5             /* the two sides hold different keys under the same identifier */
#define CTLSPEER_FAULTS 6

/* Status of a run. */
#define CTLSPEER_OK 0
#define CTLSPEER_ERR_ARGUMENT (-1)    /* no such scenario or fault, or a message longer than the maximum */
#define CTLSPEER_ERR_UNSUPPORTED (-2) /* this build of the library cannot do the scenario */
#define CTLSPEER_ERR_HANDSHAKE (-3)   /* a peer refused the other: see failed_side, library_error, verify_flags */
#define CTLSPEER_ERR_LIBRARY (-4)     /* the library failed where it should not: see library_error */

/* Who refused. */
#define CTLSPEER_SIDE_NONE 0
#define CTLSPEER_SIDE_CLIENT 1
#define CTLSPEER_SIDE_SERVER 2

#define CTLSPEER_MESSAGE_MAX_BYTES 1024

/* What a run showed. Strings are static. Byte counts are TLS records with their headers, as they would go over TCP,
 * without TCP's and IP's own headers. Fields after `verify_flags` hold what was reached before a failure.
 *
 * A DER-encoded ECDSA signature has 70 to 72 bytes, at random. A run with certificates therefore shakes hands until
 * both handshake signatures have 71 bytes, the mean and most common length, and reports that one; `attempts` says how
 * many it took. */
typedef struct ctlspeer_result {
    int32_t status;
    int32_t library_error; /* the library's own code, 0 if none */
    int32_t failed_side;
    uint32_t verify_flags; /* the library's reasons for refusing a certificate (MBEDTLS_X509_BADCERT_*) */

    uint32_t handshake_client_bytes; /* client to server, until both sides have finished */
    uint32_t handshake_server_bytes;
    uint32_t flights; /* turns: how often one side spoke after the other, the first included; 4 are two round trips */
    uint32_t request_bytes; /* the record that carries the first application message, client to server */
    uint32_t reply_bytes;   /* the record that answers it */
    uint32_t attempts;

    uint32_t client_leaf_bytes; /* DER sizes; 0 without certificates */
    uint32_t client_intermediate_bytes;
    uint32_t server_leaf_bytes;
    uint32_t server_intermediate_bytes;

    double server_seconds; /* processor time of the server in the last handshake: differs from run to run */

    const char *version;     /* such as "TLSv1.2", as negotiated */
    const char *ciphersuite; /* such as "TLS-PSK-WITH-AES-128-CCM-8", as negotiated */
} ctlspeer_result;

/* Runs a scenario: handshake, then one application message of `request_len` bytes to the server and an answer of
 * `reply_len` bytes back, both compared with what was sent. Fills in `result` and returns its status. Takes up to a
 * second on a PC. Call it from one thread at a time: the library may have global state. */
int32_t ctlspeer_run(int32_t scenario, int32_t fault, size_t request_len, size_t reply_len, ctlspeer_result *result);

/* A name for tables, such as "TLS 1.2 certificates"; "unknown" for numbers that are none. Static. */
const char *ctlspeer_scenario_name(int32_t scenario);

/* Writes the library's name and version, such as "Mbed TLS 2.28.3", with its final zero, cut off if `cap` is too small
 * (40 suffices; at least 1). */
void ctlspeer_library_name(char *out, size_t cap);

/* Writes the library's text for one of its error codes, with its final zero, cut off if `cap` is too small (at least
 * 1). */
void ctlspeer_error_text(int32_t library_error, char *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
