/* The key schedule: EDHOC_KDF, transcript hashes, and the steps from one PRK to the next that both roles share. */
#ifndef HUSK_EDHOC_KEY_SCHEDULE_H
#define HUSK_EDHOC_KEY_SCHEDULE_H

#include "husk/edhoc.h"

/* info_label values of EDHOC_KDF (RFC 9528 section 4.1.2, draft-ietf-lake-edhoc-psk-08 section 4). */
#define HUSK_EDHOC_LABEL_KEYSTREAM_2A 0
#define HUSK_EDHOC_LABEL_K_3 3
#define HUSK_EDHOC_LABEL_IV_3 4
#define HUSK_EDHOC_LABEL_SALT_4E3M 5
#define HUSK_EDHOC_LABEL_PRK_OUT 7
#define HUSK_EDHOC_LABEL_K_4 8
#define HUSK_EDHOC_LABEL_IV_4 9
#define HUSK_EDHOC_LABEL_PRK_EXPORTER 10
#define HUSK_EDHOC_LABEL_KEYSTREAM_3A 12

/* data[0..len) ^= the first `len` bytes of EDHOC_KDF( PRK, label, context, okm_len ). The length is part of the
 * input, so a prefix of a longer output has to name the whole. HUSK_ERR_ARGUMENT if okm_len exceeds what HKDF can
 * give. */
husk_status husk_edhoc_kdf_xor(const husk_hmac_key *prk, uint32_t label, husk_bytes context, uint8_t *data, size_t len,
                               size_t okm_len);

/* out = EDHOC_KDF( PRK, label, context, len ). */
husk_status husk_edhoc_kdf(const husk_hmac_key *prk, uint32_t label, husk_bytes context, uint8_t *out, size_t len);

/* Absorbs `data` as a CBOR byte string. */
void husk_edhoc_absorb_bstr(const husk_hash *hash, husk_hash_state *state, husk_bytes data);

/* TH_2 = H( G_Y, H(message_1) ). */
void husk_edhoc_th_2(const husk_hash *hash, const uint8_t *g_y, const uint8_t *h_message_1, uint8_t *th_2);

/* TH_3 = H( TH_2, PLAINTEXT_2A ). */
void husk_edhoc_th_3(const husk_hash *hash, const uint8_t *th_2, husk_bytes plaintext_2a, uint8_t *th_3);

/* From PRK_3e2m (prepared) and TH_3: prepares PRK_4e3m = EDHOC_Extract( SALT_4e3m, PSK ). `prk` is replaced by it. */
void husk_edhoc_prk_4e3m(husk_hmac_key *prk, husk_bytes th_3, husk_bytes psk);

/* CIPHERTEXT_3B: its additional data and key from PRK_4e3m and TH_3; seals or opens text[0..len) with a tag behind.
 * `id_cred_psk` is the compact encoding that stands in PLAINTEXT_3A. */
husk_status husk_edhoc_ciphertext_3b(const husk_aead *aead, const husk_hmac_key *prk_4e3m, husk_bytes th_3,
                                     husk_bytes id_cred_psk, const husk_psk *psk, bool seal, uint8_t *text, size_t len);

/* TH_4 = H( TH_3, ID_CRED_PSK, PLAINTEXT_3B, CRED_I, CRED_R ). */
void husk_edhoc_th_4(const husk_hash *hash, husk_bytes th_3, husk_bytes id_cred_psk, husk_bytes plaintext_3b,
                     const husk_psk *psk, uint8_t *th_4);

/* Leaves the key exchange behind: fills state.keyed from PRK_4e3m and TH_4 (which must not lie in the session) and
 * enters `phase`. `prk_4e3m` is used up. */
void husk_edhoc_enter_keyed(husk_edhoc *session, husk_hmac_key *prk_4e3m, const uint8_t *th_4, uint8_t phase);

#endif
