/* Both ends of a TLS connection of OpenSSL in one thread, each of which writes into memory where the other reads.
 * Certificates and pre-shared key are those of Benchmarks/tls. What fails ends the program with a name. */
#ifndef BENCH_OPENSSL_ENDS_H
#define BENCH_OPENSSL_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/ssl.h>

/* What both ends offer, which is one of everything. */
typedef struct openssl_offer {
    int version; /* TLS1_2_VERSION or TLS1_3_VERSION */
    const char *suite;
    uint8_t chain; /* certificates that each side sends, without the root: 1 to 3, P-256; 0: a pre-shared key */
    /* "P-256" or "X25519". A server of TLS 1.3 does without Diffie-Hellman only with no group in common. */
    const char *client_group, *server_group;
} openssl_offer;

typedef struct openssl_ends {
    const openssl_offer *offer;
    SSL_CTX *client_context, *server_context;
    SSL *client, *server;
    BIO *up, *down; /* from the client; from the server */
    size_t client_signature, server_signature; /* bytes of the signatures of the last handshake */
} openssl_ends;

/* Makes keys and certificates, once. */
void openssl_identities_make(void);

/* `offer` has to live as long. No tickets are sent, and nothing that a handshake has no use for. */
void openssl_ends_init(openssl_ends *ends, const openssl_offer *offer);
void openssl_ends_free(openssl_ends *ends);

/* A fresh connection that has yet to begin, and its end. */
void openssl_connect(openssl_ends *ends);
void openssl_disconnect(openssl_ends *ends);

/* Goes on with a handshake as far as possible; whether that end is done. It may wait for the other. */
bool openssl_shake(SSL *end);

/* Ends the program unless both ends agreed on what they were offered. */
void openssl_require_agreement(const openssl_ends *ends);

#endif
