/* identity: a key pair with the certificate chain that vouches for it, made in memory from a seed. */
#ifndef CTLSPEER_IDENTITY_H
#define CTLSPEER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mbedtls/hmac_drbg.h>
#include <mbedtls/pk.h>
#include <mbedtls/x509_crt.h>

/* `name` distinguished name, and the attributes of the certificate that stands behind it. */
typedef struct peer_subject {
    const char *name;
    const char *not_after;  /* YYYYMMDDhhmmss */
    const char *dns_name;   /* subjectAltName of a server, or NULL */
    bool is_authority;
    bool is_server;
    int path_len;           /* of an authority */
    uint8_t serial;         /* the last byte of the 16-byte serial number */
} peer_subject;

typedef struct peer_identity {
    mbedtls_pk_context key;
    mbedtls_x509_crt certificate; /* the own certificate first, then what peer_identity_append added */
    size_t bytes;                 /* DER size of the own certificate */
} peer_identity;

void peer_identity_init(peer_identity *identity);
void peer_identity_free(peer_identity *identity);

/* Draws a P-256 key pair from `random` and has `issuer` sign a certificate for it; issuer NULL makes it self-signed.
 * Returns 0 or the library's error. */
int peer_identity_make(peer_identity *identity, const peer_subject *subject, peer_identity *issuer,
                       const char *issuer_name, mbedtls_hmac_drbg_context *random);

/* Adds the certificate of `issuer` to the chain that `identity` sends. */
int peer_identity_append(peer_identity *identity, const peer_identity *issuer);

#endif
