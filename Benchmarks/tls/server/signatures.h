/* Lengths of the signatures that mbedTLS makes and verifies. */
#ifndef TLS_SIGNATURES_H
#define TLS_SIGNATURES_H

#include <stddef.h>

/* Bytes of the signature made last, and of the one verified last. After a handshake these are its own: those of the
 * certificates come before. */
size_t signature_made(void);
size_t signature_verified(void);

#endif
