/* clients: what TLS costs a client on the host, in instructions that callgrind counts: of its handshake calls alone. */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include <stdbool.h>
#include <stddef.h>

/* A DER-encoded ECDSA signature has 70 to 72 bytes, at random. Handshakes that are counted have two of 71, the mean and
 * most common length. */
#define SIGNATURE_BYTES 71

/* Handshakes that are counted in each scenario: other random numbers take other ways. */
#define HANDSHAKES 5

/* Forgets what was counted; counts; does not. */
void counting_reset(void);
void counting_start(void);
void counting_stop(void);

/* What was counted since the last reset is the work of one handshake. Prints a line, fields separated by tabs. */
typedef struct handshake {
    const char *scenario; /* of Benchmarks/tls/common */
    const char *implementation;
    const char *suite;
    size_t bytes_up, bytes_down; /* records with their headers */
    size_t flights;              /* turns: how often one side spoke after the other */
} handshake;
void counted(const handshake *shown);

/* Ends the program unless it holds. */
void require(bool holds, const char *what);

/* The same random bytes in every run. Drawing them is not counted. */
int repeatable_random(unsigned char *out, size_t len);

/* The clock stands still but for this, which lets a second pass. The same seconds in every run, as in
 * Benchmarks/tls. */
void next_second(void);

void openssl_clients(void);
void mbedtls_clients(void);

#endif
