/* husk_host: the cipher suites of crypto.h over libraries that use what a server's processor has. A gateway passes
 * these tables instead of the core's. What they compute, accept and refuse is the same, byte by byte, error by error.
 *
 *     AES-CCM              AES of Mbed TLS, by AES-NI; the core's where the processor has none
 *     ChaCha20/Poly1305    libsodium
 *     SHA-256              libsodium; HMAC and HKDF are the core's, over it
 *     X25519               libsodium
 *     P-256                libcrypto (OpenSSL 1.1.1 or later): that of Mbed TLS 2.28 is slower than the core
 *
 * Sealing, opening and hashing allocate nothing; X25519 neither. P-256 does, and wipes what it gives back. All of it
 * may be called from any thread at any time. */
#ifndef HUSK_HOST_H
#define HUSK_HOST_H

#include "husk/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Readies the libraries: lets libsodium look at the processor, and makes the P-256 group. To be called before a table
 * is used, as often as one likes, from any thread. HUSK_ERR_STATE if a library does not start: then use none of these
 * tables, but the core's. */
husk_status husk_host_init(void);

/* The suite with that number, 0 to 5; NULL if there is none, or if husk_host_init fails, which this calls. */
const husk_suite *husk_host_suite(int32_t id);

/* As in crypto.h. Beyond what that says, `seal` and `open` of AES-CCM give HUSK_ERR_STATE, and text[0..len) is wiped,
 * if Mbed TLS refuses to encrypt a block, for which it has no reason; and HUSK_ERR_RANDOM of P-256 also means that
 * memory is short. */
extern const husk_aead husk_host_aead_aes_ccm_16_64_128;
extern const husk_aead husk_host_aead_aes_ccm_16_128_128;
extern const husk_aead husk_host_aead_chacha20_poly1305;
extern const husk_hash husk_host_hash_sha256;
extern const husk_ecdh husk_host_ecdh_x25519;
extern const husk_ecdh husk_host_ecdh_p256;

extern const husk_suite husk_host_suite_0;
extern const husk_suite husk_host_suite_1;
extern const husk_suite husk_host_suite_2;
extern const husk_suite husk_host_suite_3;
extern const husk_suite husk_host_suite_4;
extern const husk_suite husk_host_suite_5;

/* The names of the libraries and their versions, for reports, with a final zero, cut off if `cap` is too small (100
 * suffices; at least 1). */
void husk_host_libraries(char *out, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
