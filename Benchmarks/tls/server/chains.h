/* The certificates of both sides: a root, and below it chains of one, two and three certificates. */
#ifndef TLS_CHAINS_H
#define TLS_CHAINS_H

#include "identity.h"
#include "scenarios.h"

/* client[n] and server[n] send n + 1 certificates: their own, then the issuers, without the root. */
typedef struct tls_chains {
    peer_identity root;
    peer_identity client[TLS_CHAIN_MAX];
    peer_identity server[TLS_CHAIN_MAX];
} tls_chains;

extern tls_chains chains;

/* Makes them; ends the program if that fails. The same random bytes make the same chains. */
void chains_make(mbedtls_hmac_drbg_context *random);

/* Prints what the client needs to know as C. */
void chains_print(void);

/* Prints a line for each chain: its side, and the bytes of its certificates, DER-encoded, from the leaf upwards. */
void chains_print_sizes(void);

#endif
