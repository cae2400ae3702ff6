/* The key schedule of EDHOC-PSK: RFC 9528 section 4 as changed by draft-ietf-lake-edhoc-psk-08 section 4.
 *
 * The lengths that HKDF is asked for here are all small constants, so its error cannot occur and is not passed on. */
#include "edhoc/key_schedule.h"

#include <string.h>

#include "husk/cose.h"

size_t husk_edhoc_info_front(uint32_t label, size_t context_len, uint8_t out[HUSK_EDHOC_INFO_FRONT_BYTES])
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, HUSK_EDHOC_INFO_FRONT_BYTES);
    husk_cbor_write_int(&w, label);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, context_len);
    return w.len;
}

size_t husk_edhoc_info_back(size_t okm_len, uint8_t out[HUSK_EDHOC_INFO_BACK_BYTES])
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, HUSK_EDHOC_INFO_BACK_BYTES);
    husk_cbor_write_head(&w, HUSK_CBOR_UINT, okm_len);
    return w.len;
}

husk_status husk_edhoc_kdf_xor(const husk_hmac_key *prk, uint32_t label, husk_bytes context, uint8_t *data, size_t len,
                               size_t okm_len)
{
    if (okm_len > (size_t)255 * prk->hash->digest_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    uint8_t front[HUSK_EDHOC_INFO_FRONT_BYTES];
    uint8_t back[HUSK_EDHOC_INFO_BACK_BYTES];
    const husk_bytes info[3] = {
        {front, husk_edhoc_info_front(label, context.len, front)},
        context,
        {back, husk_edhoc_info_back(okm_len, back)},
    };
    return husk_hkdf_expand_xor(prk, info, 3, data, len);
}

husk_status husk_edhoc_kdf(const husk_hmac_key *prk, uint32_t label, husk_bytes context, uint8_t *out, size_t len)
{
    if (len > 0) {
        memset(out, 0, len);
    }
    return husk_edhoc_kdf_xor(prk, label, context, out, len, len);
}

void husk_edhoc_absorb_bstr(const husk_hash *hash, husk_hash_state *state, husk_bytes data)
{
    uint8_t head[HUSK_CBOR_HEAD_MAX_BYTES];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, head, sizeof head);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, data.len);
    hash->update(state, head, w.len);
    hash->update(state, data.data, data.len);
}

void husk_edhoc_th_2(const husk_hash *hash, const uint8_t *g_y, const uint8_t *h_message_1, uint8_t *th_2)
{
    husk_hash_state state;
    hash->init(&state);
    husk_edhoc_absorb_bstr(hash, &state, (husk_bytes){g_y, HUSK_ECDH_BYTES});
    husk_edhoc_absorb_bstr(hash, &state, (husk_bytes){h_message_1, hash->digest_bytes});
    hash->final(&state, th_2);
}

void husk_edhoc_prk_2e(const husk_hash *hash, const uint8_t *g_y, const uint8_t *h_message_1, uint8_t *secret,
                       uint8_t *th_2)
{
    husk_edhoc_th_2(hash, g_y, h_message_1, th_2);
    husk_hkdf_extract(hash, (husk_bytes){th_2, hash->digest_bytes}, (husk_bytes){secret, HUSK_ECDH_BYTES}, secret);
}

husk_status husk_edhoc_keystream_2(const husk_hash *hash, const uint8_t *prk_2e, const uint8_t *th_2, uint8_t *text,
                                   size_t len)
{
    husk_bytes context = {th_2, hash->digest_bytes};
    husk_hmac_key prk;
    husk_hmac_key_init(&prk, hash, prk_2e, hash->digest_bytes);
    husk_status status = husk_edhoc_kdf_xor(&prk, HUSK_EDHOC_LABEL_KEYSTREAM_2, context, text, len, len);
    husk_wipe(&prk, sizeof prk);
    return status;
}

void husk_edhoc_th_3(const husk_hash *hash, const uint8_t *th_2, husk_bytes plaintext_2, husk_bytes cred_r,
                     uint8_t *th_3)
{
    husk_hash_state state;
    hash->init(&state);
    husk_edhoc_absorb_bstr(hash, &state, (husk_bytes){th_2, hash->digest_bytes});
    hash->update(&state, plaintext_2.data, plaintext_2.len);
    hash->update(&state, cred_r.data, cred_r.len);
    hash->final(&state, th_3);
}

void husk_edhoc_enter_exchanged(husk_edhoc *session, const uint8_t *prk_3e2m, const uint8_t *th_3, uint8_t phase)
{
    const husk_hash *hash = session->config->suites[session->suite_index]->hash;
    husk_wipe(&session->state, sizeof session->state);
    memcpy(session->state.exchanged.prk_3e2m, prk_3e2m, hash->digest_bytes);
    memcpy(session->state.exchanged.th_3, th_3, hash->digest_bytes);
    session->phase = phase;
}

void husk_edhoc_next_prk(husk_hmac_key *prk, uint32_t label, husk_bytes th, husk_bytes ikm, uint8_t *bytes)
{
    const husk_hash *hash = prk->hash;
    uint8_t key[HUSK_HASH_MAX_BYTES];
    (void)husk_edhoc_kdf(prk, label, th, key, hash->digest_bytes);
    husk_hkdf_extract(hash, (husk_bytes){key, hash->digest_bytes}, ikm, key);
    husk_hmac_key_init(prk, hash, key, hash->digest_bytes);
    if (bytes != NULL) {
        memcpy(bytes, key, hash->digest_bytes);
    }
    husk_wipe(key, sizeof key);
}

/* The AEAD of CIPHERTEXT_3B, with its additional data. */
static husk_status crypt_3b(const husk_aead *aead, const uint8_t *k_3, const uint8_t *iv_3, husk_bytes th_3,
                            husk_bytes id_cred_psk, const husk_psk *psk, bool seal, uint8_t *text, size_t len)
{
    /* external_aad = << ID_CRED_PSK, TH_3, CRED_I, CRED_R >>, with TH_3 as a byte string. */
    uint8_t th_3_head[HUSK_CBOR_HEAD_MAX_BYTES];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, th_3_head, sizeof th_3_head);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, th_3.len);
    size_t external_len = id_cred_psk.len + w.len + th_3.len + psk->cred_i.len + psk->cred_r.len;
    uint8_t enc_head[HUSK_COSE_ENC_HEAD_MAX_BYTES];
    size_t enc_head_len = husk_cose_enc_head(enc_head, external_len);
    const husk_bytes aad[6] = {
        {enc_head, enc_head_len}, id_cred_psk, {th_3_head, w.len}, th_3, psk->cred_i, psk->cred_r,
    };
    return seal ? aead->seal(aead, k_3, iv_3, aad, 6, text, len) : aead->open(aead, k_3, iv_3, aad, 6, text, len);
}

husk_status husk_edhoc_ciphertext_3b(const husk_aead *aead, const husk_hmac_key *prk_4e3m, husk_bytes th_3,
                                     husk_bytes id_cred_psk, const husk_psk *psk, bool seal, uint8_t *text, size_t len)
{
    uint8_t k_3[HUSK_AEAD_KEY_MAX_BYTES];
    uint8_t iv_3[HUSK_AEAD_NONCE_MAX_BYTES];
    (void)husk_edhoc_kdf(prk_4e3m, HUSK_EDHOC_LABEL_K_3, th_3, k_3, aead->key_bytes);
    (void)husk_edhoc_kdf(prk_4e3m, HUSK_EDHOC_LABEL_IV_3, th_3, iv_3, aead->nonce_bytes);
    husk_status status = crypt_3b(aead, k_3, iv_3, th_3, id_cred_psk, psk, seal, text, len);
    husk_wipe(k_3, sizeof k_3);
    husk_wipe(iv_3, sizeof iv_3);
    return status;
}

void husk_edhoc_th_4(const husk_hash *hash, husk_bytes th_3, husk_bytes id_cred_psk, husk_bytes plaintext_3b,
                     const husk_psk *psk, uint8_t *th_4)
{
    husk_hash_state state;
    hash->init(&state);
    husk_edhoc_absorb_bstr(hash, &state, th_3);
    hash->update(&state, id_cred_psk.data, id_cred_psk.len);
    hash->update(&state, plaintext_3b.data, plaintext_3b.len);
    hash->update(&state, psk->cred_i.data, psk->cred_i.len);
    hash->update(&state, psk->cred_r.data, psk->cred_r.len);
    hash->final(&state, th_4);
}

void husk_edhoc_enter_keyed(husk_edhoc *session, husk_hmac_key *prk_4e3m, const uint8_t *th_4, uint8_t phase)
{
    const husk_suite *suite = session->config->suites[session->suite_index];
    const husk_hash *hash = suite->hash;
    husk_bytes th = {th_4, hash->digest_bytes};

    husk_wipe(&session->state, sizeof session->state);
    memcpy(session->state.keyed.th_4, th_4, hash->digest_bytes);
    (void)husk_edhoc_kdf(prk_4e3m, HUSK_EDHOC_LABEL_K_4, th, session->state.keyed.k_4, suite->edhoc_aead->key_bytes);
    (void)husk_edhoc_kdf(prk_4e3m, HUSK_EDHOC_LABEL_IV_4, th, session->state.keyed.iv_4,
                         suite->edhoc_aead->nonce_bytes);

    /* PRK_out is needed for PRK_exporter only; both take their turn in the place where the latter stays. */
    uint8_t *prk = session->state.keyed.prk_exporter;
    (void)husk_edhoc_kdf(prk_4e3m, HUSK_EDHOC_LABEL_PRK_OUT, th, prk, hash->digest_bytes);
    husk_hmac_key_init(prk_4e3m, hash, prk, hash->digest_bytes);
    (void)husk_edhoc_kdf(prk_4e3m, HUSK_EDHOC_LABEL_PRK_EXPORTER, (husk_bytes){NULL, 0}, prk, hash->digest_bytes);
    husk_wipe(prk_4e3m, sizeof *prk_4e3m);
    session->phase = phase;
}
