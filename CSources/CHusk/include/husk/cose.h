/* cose: what EDHOC and OSCORE share of COSE (RFC 9052): the Enc_structure that an AEAD authenticates, and the
 * credentials (CCS, RFC 8392) that go with a pre-shared key. */
#ifndef HUSK_COSE_H
#define HUSK_COSE_H

#include "husk/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Enc_structure = [ "Encrypt0", h'', external_aad ] (RFC 9052 section 5.3) up to and including the head of
 * external_aad; the external AAD itself follows as further slices of the AEAD's AAD. */
#define HUSK_COSE_ENC_HEAD_MAX_BYTES 20

/* Writes that beginning for an external AAD of `external_aad_len` bytes; returns how many bytes were written. */
size_t husk_cose_enc_head(uint8_t out[HUSK_COSE_ENC_HEAD_MAX_BYTES], size_t external_aad_len);

/* A CCS for a party that is known by a pre-shared key (draft-ietf-lake-edhoc-psk-08 section 3.1.2):
 * { 2 : subject, 8 : { 1 : { 1 : 4, 2 : kid } } }, that is sub, cnf, COSE_Key, kty symmetric, kid. */
#define HUSK_CRED_OVERHEAD_MAX_BYTES 13

/* Writes the credential of `subject` (UTF-8, 1 to 255 bytes) and `kid` (1 to 255 bytes) to out[0..cap). Needs at most
 * subject.len + kid.len + HUSK_CRED_OVERHEAD_MAX_BYTES. HUSK_ERR_ARGUMENT, HUSK_ERR_BUFFER. */
husk_status husk_cred_compose(husk_bytes subject, husk_bytes kid, uint8_t *out, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
