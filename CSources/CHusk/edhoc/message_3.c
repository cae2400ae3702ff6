/* message_3 = ( CIPHERTEXT_3A ), CIPHERTEXT_3A = PLAINTEXT_3A XOR KEYSTREAM_3A, PLAINTEXT_3A = ( ID_CRED_PSK,
 * CIPHERTEXT_3B ), CIPHERTEXT_3B = AEAD( ? EAD_3 ) (draft-ietf-lake-edhoc-psk-08 section 5.3): compose and process. */
#include <string.h>

#include "edhoc/ead.h"
#include "edhoc/key_schedule.h"
#include "edhoc/message.h"

/* ID_CRED_PSK of a kid in compact encoding, at most. */
#define ID_CRED_MAX_BYTES (HUSK_KID_MAX_BYTES + 2)

static husk_bytes th_3_of(const husk_edhoc *session)
{
    const husk_hash *hash = session->config->suites[session->suite_index]->hash;
    return (husk_bytes){session->state.exchanged.th_3, hash->digest_bytes};
}

static void prepare_prk_3e2m(const husk_edhoc *session, husk_hmac_key *prk)
{
    const husk_hash *hash = session->config->suites[session->suite_index]->hash;
    husk_hmac_key_init(prk, hash, session->state.exchanged.prk_3e2m, hash->digest_bytes);
}

/* Encrypts or decrypts: text ^= KEYSTREAM_3A. */
static husk_status xor_keystream_3a(const husk_edhoc *session, uint8_t *text, size_t len)
{
    husk_hmac_key prk_3e2m;
    prepare_prk_3e2m(session, &prk_3e2m);
    husk_status status =
        husk_edhoc_kdf_xor(&prk_3e2m, HUSK_EDHOC_LABEL_KEYSTREAM_3A, th_3_of(session), text, len, len);
    husk_wipe(&prk_3e2m, sizeof prk_3e2m);
    return status;
}

husk_status husk_edhoc_message_3_compose(husk_edhoc *session, const husk_psk *psk, husk_bytes ead_3, uint8_t *out,
                                         size_t out_cap, size_t *out_len)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_PSK, HUSK_EDHOC_INITIATOR_SEND_3)) {
        return HUSK_ERR_STATE;
    }
    husk_status status = husk_psk_check(psk);
    if (status == HUSK_OK) {
        status = husk_edhoc_ead_check(ead_3);
    }
    if (status != HUSK_OK) {
        return status;
    }

    const husk_suite *suite = session->config->suites[session->suite_index];
    const husk_aead *aead = suite->edhoc_aead;
    size_t ciphertext_3b_len = ead_3.len + aead->tag_bytes;

    /* Measure PLAINTEXT_3A, then write it with its text still in the clear. */
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, NULL, 0);
    husk_edhoc_identifier_write(&w, psk->kid);
    size_t id_cred_len = w.len;
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, ciphertext_3b_len);
    size_t plaintext_3a_len = w.len + ciphertext_3b_len;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, plaintext_3a_len);
    size_t plaintext_3a_at = w.len;
    husk_edhoc_identifier_write(&w, psk->kid);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, ciphertext_3b_len);
    size_t text_at = w.len;
    if (text_at > out_cap || ciphertext_3b_len > out_cap - text_at) {
        *out_len = text_at + ciphertext_3b_len;
        return HUSK_ERR_BUFFER;
    }
    husk_cbor_write_raw(&w, ead_3.data, ead_3.len);

    husk_bytes th_3 = th_3_of(session);
    husk_bytes id_cred_psk = {out + plaintext_3a_at, id_cred_len};
    uint8_t *text = out + text_at;
    uint8_t th_4[HUSK_HASH_MAX_BYTES];
    husk_edhoc_th_4(suite->hash, th_3, id_cred_psk, (husk_bytes){text, ead_3.len}, psk, th_4);
    husk_hmac_key prk;
    prepare_prk_3e2m(session, &prk);
    husk_edhoc_next_prk(&prk, HUSK_EDHOC_LABEL_SALT_4E3M, th_3, psk->key, NULL);
    status = husk_edhoc_ciphertext_3b(aead, &prk, th_3, id_cred_psk, psk, true, text, ead_3.len);
    if (status == HUSK_OK) {
        status = xor_keystream_3a(session, out + plaintext_3a_at, plaintext_3a_len);
    }
    if (status != HUSK_OK) {
        husk_wipe(&prk, sizeof prk);
        husk_wipe(out + plaintext_3a_at, plaintext_3a_len);
        return status;
    }
    husk_edhoc_enter_keyed(session, &prk, th_4, HUSK_EDHOC_INITIATOR_WAIT_4);
    *out_len = plaintext_3a_at + plaintext_3a_len;
    return HUSK_OK;
}

/* kid_PSK at the beginning of PLAINTEXT_3A, of which `front` may be only a part. */
static husk_status read_kid(husk_bytes front, bool is_part, husk_bytes *kid)
{
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, front.data, front.len);
    int major = husk_cbor_peek(&r);
    if (major == HUSK_CBOR_MAP) {
        return HUSK_ERR_UNSUPPORTED;
    }
    husk_status status = husk_edhoc_identifier_read(&r, kid);
    if (status == HUSK_OK) {
        return kid->len <= HUSK_KID_MAX_BYTES ? HUSK_OK : HUSK_ERR_UNSUPPORTED;
    }
    return is_part && major == HUSK_CBOR_BYTES ? HUSK_ERR_UNSUPPORTED : status;
}

husk_status husk_edhoc_message_3_identify(const husk_edhoc *session, const uint8_t *message, size_t len, uint8_t *kid,
                                          size_t kid_cap, size_t *kid_len)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_PSK, HUSK_EDHOC_RESPONDER_WAIT_3)) {
        return HUSK_ERR_STATE;
    }
    husk_bytes content;
    husk_status status = husk_edhoc_message_content(message, len, &content);
    if (status != HUSK_OK) {
        return status;
    }

    /* Only the beginning is decrypted: as much as the longest identifier takes. */
    uint8_t front[ID_CRED_MAX_BYTES];
    size_t front_len = content.len < sizeof front ? content.len : sizeof front;
    if (front_len > 0) {
        memcpy(front, content.data, front_len);
    }
    husk_hmac_key prk_3e2m;
    prepare_prk_3e2m(session, &prk_3e2m);
    status = husk_edhoc_kdf_xor(&prk_3e2m, HUSK_EDHOC_LABEL_KEYSTREAM_3A, th_3_of(session), front, front_len,
                                content.len);
    husk_wipe(&prk_3e2m, sizeof prk_3e2m);
    if (status != HUSK_OK) {
        return HUSK_ERR_FORMAT; /* longer than any keystream */
    }
    husk_bytes found;
    status = read_kid((husk_bytes){front, front_len}, front_len < content.len, &found);
    if (status == HUSK_OK && found.len > kid_cap) {
        status = HUSK_ERR_BUFFER;
    }
    if (status == HUSK_OK) {
        *kid_len = found.len;
        if (found.len > 0) {
            memcpy(kid, found.data, found.len);
        }
    }
    husk_wipe(front, sizeof front);
    return status;
}

/* Finds the parts of PLAINTEXT_3A. */
static husk_status read_plaintext_3a(const husk_psk *psk, uint8_t *plaintext_3a, size_t len, husk_bytes *id_cred_psk,
                                     uint8_t **ciphertext_3b, size_t *ciphertext_3b_len)
{
    husk_cbor_reader r;
    husk_bytes kid;
    husk_bytes ciphertext;
    husk_cbor_reader_init(&r, plaintext_3a, len);
    if (husk_edhoc_identifier_read(&r, &kid) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    *id_cred_psk = (husk_bytes){plaintext_3a, len - r.left};
    if (husk_cbor_read_bytes(&r, &ciphertext) != HUSK_OK || r.left != 0) {
        return HUSK_ERR_FORMAT;
    }
    if (kid.len != psk->kid.len || memcmp(kid.data, psk->kid.data, kid.len) != 0) {
        return HUSK_ERR_CREDENTIAL;
    }
    *ciphertext_3b = plaintext_3a + (len - ciphertext.len);
    *ciphertext_3b_len = ciphertext.len;
    return HUSK_OK;
}

/* Opens CIPHERTEXT_3B and moves on. */
static husk_status verify_3b(husk_edhoc *session, const husk_psk *psk, husk_bytes id_cred_psk, uint8_t *ciphertext_3b,
                             size_t len, husk_bytes *ead_3)
{
    const husk_suite *suite = session->config->suites[session->suite_index];
    if (len < suite->edhoc_aead->tag_bytes) {
        return HUSK_ERR_FORMAT;
    }
    husk_bytes th_3 = th_3_of(session);
    husk_bytes plaintext_3b = {ciphertext_3b, len - suite->edhoc_aead->tag_bytes};
    husk_hmac_key prk;
    prepare_prk_3e2m(session, &prk);
    husk_edhoc_next_prk(&prk, HUSK_EDHOC_LABEL_SALT_4E3M, th_3, psk->key, NULL);
    husk_status status = husk_edhoc_ciphertext_3b(suite->edhoc_aead, &prk, th_3, id_cred_psk, psk, false,
                                                  ciphertext_3b, plaintext_3b.len);
    if (status == HUSK_OK) {
        status = husk_edhoc_ead_accept(session->config, plaintext_3b);
    }
    if (status != HUSK_OK) {
        husk_wipe(&prk, sizeof prk);
        return status;
    }
    uint8_t th_4[HUSK_HASH_MAX_BYTES];
    husk_edhoc_th_4(suite->hash, th_3, id_cred_psk, plaintext_3b, psk, th_4);
    husk_edhoc_enter_keyed(session, &prk, th_4, HUSK_EDHOC_RESPONDER_SEND_4);
    if (ead_3 != NULL) {
        *ead_3 = plaintext_3b;
    }
    return HUSK_OK;
}

husk_status husk_edhoc_message_3_process(husk_edhoc *session, const husk_psk *psk, uint8_t *message, size_t len,
                                         husk_bytes *ead_3)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_PSK, HUSK_EDHOC_RESPONDER_WAIT_3)) {
        return HUSK_ERR_STATE;
    }
    husk_bytes ciphertext_3a;
    husk_status status = husk_psk_check(psk);
    if (status == HUSK_OK) {
        status = husk_edhoc_message_content(message, len, &ciphertext_3a);
    }
    if (status != HUSK_OK) {
        return status;
    }
    size_t content_len = ciphertext_3a.len;
    uint8_t *content = message + (len - content_len);
    status = xor_keystream_3a(session, content, content_len);
    if (status != HUSK_OK) {
        return HUSK_ERR_FORMAT; /* longer than any keystream */
    }

    husk_bytes id_cred_psk;
    uint8_t *ciphertext_3b;
    size_t ciphertext_3b_len;
    status = read_plaintext_3a(psk, content, content_len, &id_cred_psk, &ciphertext_3b, &ciphertext_3b_len);
    if (status == HUSK_OK) {
        status = verify_3b(session, psk, id_cred_psk, ciphertext_3b, ciphertext_3b_len, ead_3);
    }
    if (status != HUSK_OK) {
        husk_wipe(content, content_len);
    }
    return status;
}
