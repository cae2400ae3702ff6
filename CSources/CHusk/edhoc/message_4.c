/* message_4 = ( CIPHERTEXT_4 ), CIPHERTEXT_4 = AEAD( ? EAD_4 ) under K_4, IV_4 and TH_4 (RFC 9528 section 5.5):
 * compose and process. */
#include "edhoc/ead.h"
#include "edhoc/message.h"
#include "husk/cose.h"

/* external_aad = TH_4. Both fields live in the session. */
typedef struct aad_4 {
    uint8_t enc_head[HUSK_COSE_ENC_HEAD_MAX_BYTES];
    husk_bytes parts[2];
} aad_4;

static void prepare_aad(const husk_edhoc *session, aad_4 *aad)
{
    const husk_hash *hash = session->config->suites[session->suite_index]->hash;
    size_t head_len = husk_cose_enc_head(aad->enc_head, hash->digest_bytes);
    aad->parts[0] = (husk_bytes){aad->enc_head, head_len};
    aad->parts[1] = (husk_bytes){session->state.keyed.th_4, hash->digest_bytes};
}

husk_status husk_edhoc_message_4_compose(husk_edhoc *session, husk_bytes ead_4, uint8_t *out, size_t out_cap,
                                         size_t *out_len)
{
    if (session->phase != HUSK_EDHOC_RESPONDER_SEND_4) {
        return HUSK_ERR_STATE;
    }
    husk_status status = husk_edhoc_ead_check(ead_4);
    if (status != HUSK_OK) {
        return status;
    }
    const husk_aead *aead = session->config->suites[session->suite_index]->edhoc_aead;
    size_t content_len = ead_4.len + aead->tag_bytes;
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, content_len);
    size_t text_at = w.len;
    if (text_at > out_cap || content_len > out_cap - text_at) {
        *out_len = text_at + content_len;
        return HUSK_ERR_BUFFER;
    }
    husk_cbor_write_raw(&w, ead_4.data, ead_4.len);
    aad_4 aad;
    prepare_aad(session, &aad);
    status = aead->seal(aead, session->state.keyed.k_4, session->state.keyed.iv_4, aad.parts, 2, out + text_at,
                        ead_4.len);
    if (status != HUSK_OK) {
        husk_wipe(out + text_at, ead_4.len);
        return status;
    }
    *out_len = text_at + content_len;
    return husk_edhoc_confirm(session);
}

husk_status husk_edhoc_message_4_process(husk_edhoc *session, uint8_t *message, size_t len, husk_bytes *ead_4)
{
    if (session->phase != HUSK_EDHOC_INITIATOR_WAIT_4) {
        return HUSK_ERR_STATE;
    }
    husk_bytes slice;
    husk_status status = husk_edhoc_message_content(message, len, &slice);
    if (status != HUSK_OK) {
        return status;
    }
    size_t content_len = slice.len;
    uint8_t *content = message + (len - content_len);
    const husk_aead *aead = session->config->suites[session->suite_index]->edhoc_aead;
    if (content_len < aead->tag_bytes) {
        return HUSK_ERR_FORMAT;
    }
    husk_bytes plaintext_4 = {content, content_len - aead->tag_bytes};
    aad_4 aad;
    prepare_aad(session, &aad);
    status = aead->open(aead, session->state.keyed.k_4, session->state.keyed.iv_4, aad.parts, 2, content,
                        plaintext_4.len);
    if (status == HUSK_ERR_ARGUMENT) {
        status = HUSK_ERR_FORMAT; /* longer than the AEAD allows */
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_ead_accept(session->config, plaintext_4);
    }
    if (status != HUSK_OK) {
        return status;
    }
    if (ead_4 != NULL) {
        *ead_4 = plaintext_4;
    }
    return husk_edhoc_confirm(session);
}
