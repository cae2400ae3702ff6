/* message_3 with static Diffie-Hellman keys: CIPHERTEXT_3 = AEAD( ID_CRED_I, MAC_3, ? EAD_3 ) (RFC 9528 section 5.4):
 * compose and process. */
#include <string.h>

#include "edhoc/ead.h"
#include "edhoc/message.h"
#include "edhoc/static_dh.h"
#include "husk/cose.h"

static husk_bytes th_3_of(const husk_edhoc *session)
{
    const husk_hash *hash = session->config->suites[session->suite_index]->hash;
    return (husk_bytes){session->state.exchanged.th_3, hash->digest_bytes};
}

/* Seals or opens PLAINTEXT_3 under K_3 and IV_3, which come from PRK_3e2m in this method, with external_aad = TH_3. */
static husk_status crypt_3(const husk_edhoc *session, bool seal, uint8_t *text, size_t len)
{
    const husk_suite *suite = session->config->suites[session->suite_index];
    const husk_aead *aead = suite->edhoc_aead;
    husk_bytes th_3 = th_3_of(session);
    husk_hmac_key prk_3e2m;
    uint8_t k_3[HUSK_AEAD_KEY_MAX_BYTES];
    uint8_t iv_3[HUSK_AEAD_NONCE_MAX_BYTES];
    uint8_t enc_head[HUSK_COSE_ENC_HEAD_MAX_BYTES];
    husk_hmac_key_init(&prk_3e2m, suite->hash, session->state.exchanged.prk_3e2m, suite->hash->digest_bytes);
    (void)husk_edhoc_kdf(&prk_3e2m, HUSK_EDHOC_LABEL_K_3, th_3, k_3, aead->key_bytes);
    (void)husk_edhoc_kdf(&prk_3e2m, HUSK_EDHOC_LABEL_IV_3, th_3, iv_3, aead->nonce_bytes);
    husk_wipe(&prk_3e2m, sizeof prk_3e2m);
    size_t enc_head_len = husk_cose_enc_head(enc_head, th_3.len);
    const husk_bytes aad[2] = {{enc_head, enc_head_len}, th_3};
    husk_status status =
        seal ? aead->seal(aead, k_3, iv_3, aad, 2, text, len) : aead->open(aead, k_3, iv_3, aad, 2, text, len);
    husk_wipe(k_3, sizeof k_3);
    husk_wipe(iv_3, sizeof iv_3);
    return status;
}

/* PRK_4e3m = EDHOC_Extract( SALT_4e3m, G_IY ), prepared in `prk`, and MAC_3 with it. */
static husk_status derive_mac_3(const husk_edhoc *session, const uint8_t *private_key, const uint8_t *public_key,
                                const husk_static_credential *credential, husk_bytes ead_3, husk_hmac_key *prk,
                                uint8_t *mac_3)
{
    const husk_suite *suite = session->config->suites[session->suite_index];
    husk_bytes th_3 = th_3_of(session);
    uint8_t g_iy[HUSK_ECDH_BYTES];
    husk_status status = suite->ecdh->shared_secret(private_key, public_key, g_iy);
    if (status != HUSK_OK) {
        return status;
    }
    husk_hmac_key_init(prk, suite->hash, session->state.exchanged.prk_3e2m, suite->hash->digest_bytes);
    husk_edhoc_next_prk(prk, HUSK_EDHOC_LABEL_SALT_4E3M, th_3, (husk_bytes){g_iy, sizeof g_iy}, NULL);
    husk_edhoc_static_mac(prk, HUSK_EDHOC_LABEL_MAC_3, (husk_bytes){NULL, 0}, credential, th_3, ead_3, mac_3,
                          suite->mac_bytes);
    husk_wipe(g_iy, sizeof g_iy);
    return HUSK_OK;
}

/* TH_4 = H( TH_3, PLAINTEXT_3, CRED_I ). */
static void derive_th_4(const husk_hash *hash, husk_bytes th_3, husk_bytes plaintext_3, husk_bytes cred_i,
                        uint8_t *th_4)
{
    husk_edhoc_th_3(hash, th_3.data, plaintext_3, cred_i, th_4);
}

husk_status husk_edhoc_static_message_3_compose(husk_edhoc *session, const husk_static_credential *own,
                                                husk_bytes ead_3, uint8_t *out, size_t out_cap, size_t *out_len)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_STATIC, HUSK_EDHOC_INITIATOR_SEND_3)) {
        return HUSK_ERR_STATE;
    }
    husk_status status = husk_edhoc_static_check(own, true);
    if (status == HUSK_OK) {
        status = husk_edhoc_ead_check(ead_3);
    }
    if (status != HUSK_OK) {
        return status;
    }
    const husk_suite *suite = session->config->suites[session->suite_index];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, NULL, 0);
    husk_edhoc_identifier_write(&w, own->kid);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, suite->mac_bytes);
    size_t text_len = w.len + suite->mac_bytes + ead_3.len;
    size_t content_len = text_len + suite->edhoc_aead->tag_bytes;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, content_len);
    size_t text_at = w.len;
    if (text_at > out_cap || content_len > out_cap - text_at) {
        *out_len = text_at + content_len;
        return HUSK_ERR_BUFFER;
    }

    husk_hmac_key prk;
    uint8_t mac_3[HUSK_EDHOC_MAC_MAX_BYTES];
    status = derive_mac_3(session, own->private_key, session->state.exchanged.dh, own, ead_3, &prk, mac_3);
    if (status != HUSK_OK) {
        return status;
    }
    husk_edhoc_identifier_write(&w, own->kid);
    husk_cbor_write_bytes(&w, mac_3, suite->mac_bytes);
    husk_cbor_write_raw(&w, ead_3.data, ead_3.len);
    husk_wipe(mac_3, sizeof mac_3);
    uint8_t th_4[HUSK_HASH_MAX_BYTES];
    derive_th_4(suite->hash, th_3_of(session), (husk_bytes){out + text_at, text_len}, own->cred, th_4);
    status = crypt_3(session, true, out + text_at, text_len);
    if (status != HUSK_OK) {
        husk_wipe(&prk, sizeof prk);
        husk_wipe(out + text_at, text_len);
        return status;
    }
    husk_edhoc_enter_keyed(session, &prk, th_4, HUSK_EDHOC_INITIATOR_WAIT_4);
    *out_len = text_at + content_len;
    return HUSK_OK;
}

/* PLAINTEXT_3 = ( ID_CRED_I, MAC_3, ? EAD_3 ). */
static husk_status read_plaintext_3(const husk_edhoc *session, husk_bytes plaintext_3, husk_bytes *kid,
                                    husk_bytes *mac_3, husk_bytes *ead_3)
{
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, plaintext_3.data, plaintext_3.len);
    if (husk_edhoc_identifier_read(&r, kid) != HUSK_OK || husk_cbor_read_bytes(&r, mac_3) != HUSK_OK ||
        mac_3->len != session->config->suites[session->suite_index]->mac_bytes) {
        return HUSK_ERR_FORMAT;
    }
    *ead_3 = husk_edhoc_rest(&r);
    return husk_edhoc_ead_accept(session->config, *ead_3);
}

husk_status husk_edhoc_static_message_3_open(const husk_edhoc *session, uint8_t *message, size_t len,
                                             husk_bytes *plaintext_3, husk_bytes *kid)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_STATIC, HUSK_EDHOC_RESPONDER_WAIT_3)) {
        return HUSK_ERR_STATE;
    }
    husk_bytes content;
    husk_status status = husk_edhoc_message_content(message, len, &content);
    if (status != HUSK_OK) {
        return status;
    }
    size_t tag_bytes = session->config->suites[session->suite_index]->edhoc_aead->tag_bytes;
    if (content.len < tag_bytes) {
        return HUSK_ERR_FORMAT;
    }
    uint8_t *text = message + (len - content.len);
    husk_bytes plaintext = {text, content.len - tag_bytes};
    husk_bytes found;
    husk_bytes mac_3;
    husk_bytes ead_3;
    status = crypt_3(session, false, text, plaintext.len);
    if (status == HUSK_ERR_ARGUMENT) {
        status = HUSK_ERR_FORMAT; /* longer than the AEAD allows */
    }
    if (status == HUSK_OK) {
        status = read_plaintext_3(session, plaintext, &found, &mac_3, &ead_3);
    }
    if (status != HUSK_OK) {
        husk_wipe(text, plaintext.len);
        return status;
    }
    *plaintext_3 = plaintext;
    *kid = found;
    return HUSK_OK;
}

husk_status husk_edhoc_static_message_3_process(husk_edhoc *session, const husk_static_credential *peer,
                                                husk_bytes plaintext_3, husk_bytes *ead_3)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_STATIC, HUSK_EDHOC_RESPONDER_WAIT_3)) {
        return HUSK_ERR_STATE;
    }
    husk_bytes kid;
    husk_bytes received;
    husk_bytes ead;
    husk_status status = husk_edhoc_static_check(peer, false);
    if (status == HUSK_OK) {
        status = read_plaintext_3(session, plaintext_3, &kid, &received, &ead);
    }
    if (status != HUSK_OK) {
        return status;
    }
    if (kid.len != peer->kid.len || memcmp(kid.data, peer->kid.data, kid.len) != 0) {
        return HUSK_ERR_CREDENTIAL;
    }
    const husk_suite *suite = session->config->suites[session->suite_index];
    husk_hmac_key prk;
    uint8_t mac_3[HUSK_EDHOC_MAC_MAX_BYTES];
    status = derive_mac_3(session, session->state.exchanged.dh, peer->public_key, peer, ead, &prk, mac_3);
    if (status != HUSK_OK) {
        return status;
    }
    bool verified = husk_equal(mac_3, received.data, suite->mac_bytes);
    husk_wipe(mac_3, sizeof mac_3);
    if (!verified) {
        husk_wipe(&prk, sizeof prk);
        return HUSK_ERR_AUTHENTICATION;
    }
    uint8_t th_4[HUSK_HASH_MAX_BYTES];
    derive_th_4(suite->hash, th_3_of(session), plaintext_3, peer->cred, th_4);
    husk_edhoc_enter_keyed(session, &prk, th_4, HUSK_EDHOC_RESPONDER_SEND_4);
    if (ead_3 != NULL) {
        *ead_3 = ead;
    }
    return HUSK_OK;
}
