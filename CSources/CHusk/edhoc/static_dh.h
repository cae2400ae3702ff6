/* Authentication with static Diffie-Hellman keys: the MACs that messages 2 and 3 carry. */
#ifndef HUSK_EDHOC_STATIC_DH_H
#define HUSK_EDHOC_STATIC_DH_H

#include "edhoc/key_schedule.h"

/* Longest MAC of any suite. */
#define HUSK_EDHOC_MAC_MAX_BYTES 16

/* HUSK_OK, or HUSK_ERR_ARGUMENT if a length is out of range or the private key that is needed is missing. */
husk_status husk_edhoc_static_check(const husk_static_credential *credential, bool own);

/* MAC_x = EDHOC_KDF( PRK, label, << front, ID_CRED_x, TH, CRED_x, ? EAD_x >>, len ), with ID_CRED_x = { 4 : kid } as
 * a map and TH as a byte string; `front` is C_R in MAC_2 and empty in MAC_3. */
void husk_edhoc_static_mac(const husk_hmac_key *prk, uint32_t label, husk_bytes front,
                           const husk_static_credential *credential, husk_bytes th, husk_bytes ead, uint8_t *mac,
                           size_t len);

#endif
