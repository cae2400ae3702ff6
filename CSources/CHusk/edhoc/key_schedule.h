/* The key schedule: EDHOC_KDF, transcript hashes, and the steps from one PRK to the next that both roles share. */
#ifndef HUSK_EDHOC_KEY_SCHEDULE_H
#define HUSK_EDHOC_KEY_SCHEDULE_H

#include "husk/edhoc.h"

/* info_label values of EDHOC_KDF (RFC 9528 section 4.1.2, draft-ietf-lake-edhoc-psk-08 section 4). */
#define HUSK_EDHOC_LABEL_KEYSTREAM_2 0 /* KEYSTREAM_2A with pre-shared keys */
#define HUSK_EDHOC_LABEL_SALT_3E2M 1
#define HUSK_EDHOC_LABEL_MAC_2 2
#define HUSK_EDHOC_LABEL_K_3 3
#define HUSK_EDHOC_LABEL_IV_3 4
#define HUSK_EDHOC_LABEL_SALT_4E3M 5
#define HUSK_EDHOC_LABEL_MAC_3 6
#define HUSK_EDHOC_LABEL_PRK_OUT 7
#define HUSK_EDHOC_LABEL_K_4 8
#define HUSK_EDHOC_LABEL_IV_4 9
#define HUSK_EDHOC_LABEL_PRK_EXPORTER 10
#define HUSK_EDHOC_LABEL_KEYSTREAM_3A 12

/* info = ( info_label : int, context : bstr, length : uint ), in pieces so that the context is not copied: what goes
 * before its bytes and what follows them. Both return how many bytes they wrote. */
#define HUSK_EDHOC_INFO_FRONT_BYTES (2 * HUSK_CBOR_HEAD_MAX_BYTES)
#define HUSK_EDHOC_INFO_BACK_BYTES HUSK_CBOR_HEAD_MAX_BYTES
size_t husk_edhoc_info_front(uint32_t label, size_t context_len, uint8_t out[HUSK_EDHOC_INFO_FRONT_BYTES]);
size_t husk_edhoc_info_back(size_t okm_len, uint8_t out[HUSK_EDHOC_INFO_BACK_BYTES]);

/* data[0..len) ^= the first `len` bytes of EDHOC_KDF( PRK, label, context, okm_len ). The length is part of the input,
 * so a prefix of a longer output has to name the whole. HUSK_ERR_ARGUMENT if okm_len exceeds what HKDF can give. */
husk_status husk_edhoc_kdf_xor(const husk_hmac_key *prk, uint32_t label, husk_bytes context, uint8_t *data, size_t len,
                               size_t okm_len);

/* out = EDHOC_KDF( PRK, label, context, len ). */
husk_status husk_edhoc_kdf(const husk_hmac_key *prk, uint32_t label, husk_bytes context, uint8_t *out, size_t len);

/* Absorbs `data` as a CBOR byte string. */
void husk_edhoc_absorb_bstr(const husk_hash *hash, husk_hash_state *state, husk_bytes data);

/* TH_2 = H( G_Y, H(message_1) ). */
void husk_edhoc_th_2(const husk_hash *hash, const uint8_t *g_y, const uint8_t *h_message_1, uint8_t *th_2);

/* The beginning of every method: TH_2, and PRK_2e = EDHOC_Extract( TH_2, G_XY ). `secret` is G_XY on entry and PRK_2e
 * on return. */
void husk_edhoc_prk_2e(const husk_hash *hash, const uint8_t *g_y, const uint8_t *h_message_1, uint8_t *secret,
                       uint8_t *th_2);

/* Encrypts or decrypts the text of message 2: text ^= KEYSTREAM_2. HUSK_ERR_ARGUMENT if it is too long for it. */
husk_status husk_edhoc_keystream_2(const husk_hash *hash, const uint8_t *prk_2e, const uint8_t *th_2, uint8_t *text,
                                   size_t len);

/* TH_3 = H( TH_2, PLAINTEXT_2 ), and with static Diffie-Hellman H( TH_2, PLAINTEXT_2, CRED_R ). */
void husk_edhoc_th_3(const husk_hash *hash, const uint8_t *th_2, husk_bytes plaintext_2, husk_bytes cred_r,
                     uint8_t *th_3);

/* Leaves the ephemeral keys behind: fills state.exchanged from values that do not lie in the session, enters `phase`.
 */
void husk_edhoc_enter_exchanged(husk_edhoc *session, const uint8_t *prk_3e2m, const uint8_t *th_3, uint8_t phase);

/* The next PRK: `prk` (prepared) becomes EDHOC_Extract( EDHOC_KDF( prk, label, th ), ikm ), prepared. From PRK_3e2m,
 * TH_3 and the PSK (or G_IY) this gives PRK_4e3m; from PRK_2e, TH_2 and G_RX, PRK_3e2m. `bytes` receives it
 * unprepared, or is NULL. */
void husk_edhoc_next_prk(husk_hmac_key *prk, uint32_t label, husk_bytes th, husk_bytes ikm, uint8_t *bytes);

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
