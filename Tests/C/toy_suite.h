/* Suites for tests of the protocol logic: a Diffie-Hellman that costs nothing and protects nothing, under the real AEAD
 * and hash. */
#ifndef HUSK_TOY_SUITE_H
#define HUSK_TOY_SUITE_H

#include "husk/husk.h"

/* public key = private key, secret = both XORed; the all-zero secret is refused, as with X25519. */
extern const husk_ecdh toy_ecdh;

/* Suite numbers 0 and 1 with toy_ecdh, and a private suite -24. */
extern const husk_suite toy_suite_0;
extern const husk_suite toy_suite_1;
extern const husk_suite toy_suite_private;

#endif
