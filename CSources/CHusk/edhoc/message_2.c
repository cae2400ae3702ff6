/* message_2 = ( G_Y_CIPHERTEXT_2A ), CIPHERTEXT_2A = PLAINTEXT_2A XOR KEYSTREAM_2A, PLAINTEXT_2A = ( C_R, ? EAD_2 )
 * (draft-ietf-lake-edhoc-psk-08 section 5.2): compose and process. */
#include "edhoc/ead.h"
#include "edhoc/ephemeral.h"
#include "edhoc/key_schedule.h"
#include "edhoc/message.h"

husk_status husk_edhoc_message_2_compose(husk_edhoc *session, const husk_id *c_r, husk_bytes ead_2, uint8_t *out,
                                         size_t out_cap, size_t *out_len)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_PSK, HUSK_EDHOC_RESPONDER_SEND_2)) {
        return HUSK_ERR_STATE;
    }
    if (!husk_edhoc_id_fits(session->config->suites[session->suite_index], c_r->len)) {
        return HUSK_ERR_ARGUMENT;
    }
    if (husk_id_equal(c_r, &session->c_i)) {
        return HUSK_ERR_IDENTIFIER;
    }
    husk_status status = husk_edhoc_ead_check(ead_2);
    if (status != HUSK_OK) {
        return status;
    }

    const husk_suite *suite = session->config->suites[session->suite_index];
    uint8_t secret[HUSK_ECDH_BYTES]; /* Y, then G_XY, then PRK_2e */
    uint8_t g_y[HUSK_ECDH_BYTES];
    uint8_t th_2[HUSK_HASH_MAX_BYTES];
    status = husk_edhoc_ephemeral(session->config, suite, secret, g_y);
    if (status != HUSK_OK) {
        return status;
    }
    status = suite->ecdh->shared_secret(secret, session->state.send_2.g_x, secret);
    if (status != HUSK_OK) {
        husk_wipe(secret, sizeof secret);
        return status;
    }
    husk_edhoc_prk_2e(suite->hash, g_y, session->state.send_2.h_message_1, secret, th_2);

    husk_bytes identifier = {c_r->bytes, c_r->len};
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, NULL, 0);
    husk_edhoc_identifier_write(&w, identifier);
    size_t text_len = w.len + ead_2.len;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, sizeof g_y + text_len);
    husk_cbor_write_raw(&w, g_y, sizeof g_y);
    husk_edhoc_identifier_write(&w, identifier);
    husk_cbor_write_raw(&w, ead_2.data, ead_2.len);
    status = husk_cbor_writer_finish(&w, out_len);
    if (status == HUSK_OK) {
        uint8_t *text = out + (*out_len - text_len);
        uint8_t th_3[HUSK_HASH_MAX_BYTES];
        husk_edhoc_th_3(suite->hash, th_2, (husk_bytes){text, text_len}, (husk_bytes){NULL, 0}, th_3);
        status = husk_edhoc_keystream_2(suite->hash, secret, th_2, text, text_len);
        if (status == HUSK_OK) {
            session->c_r = *c_r;
            husk_edhoc_enter_exchanged(session, secret, th_3, HUSK_EDHOC_RESPONDER_WAIT_3);
        }
    }
    husk_wipe(secret, sizeof secret);
    if (status != HUSK_OK) {
        husk_wipe(out, out_cap);
    }
    return status;
}

/* PLAINTEXT_2A = ( C_R, ? EAD_2 ). */
static husk_status read_plaintext_2a(const husk_edhoc *session, husk_bytes plaintext_2a, husk_id *c_r, husk_bytes *ead)
{
    husk_cbor_reader r;
    husk_bytes identifier;
    husk_cbor_reader_init(&r, plaintext_2a.data, plaintext_2a.len);
    if (husk_edhoc_identifier_read(&r, &identifier) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    *ead = husk_edhoc_rest(&r);
    husk_status status = husk_edhoc_ead_accept(session->config, *ead);
    if (status != HUSK_OK) {
        return status;
    }
    if (!husk_edhoc_id_fits(session->config->suites[session->suite_index], identifier.len) ||
        husk_id_set(c_r, identifier.data, identifier.len) != HUSK_OK) {
        return HUSK_ERR_UNSUPPORTED;
    }
    return husk_id_equal(c_r, &session->c_i) ? HUSK_ERR_IDENTIFIER : HUSK_OK;
}

husk_status husk_edhoc_message_2_process(husk_edhoc *session, uint8_t *message, size_t len, husk_bytes *ead_2)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_PSK, HUSK_EDHOC_INITIATOR_WAIT_2)) {
        return HUSK_ERR_STATE;
    }
    husk_bytes slice;
    husk_status status = husk_edhoc_message_content(message, len, &slice);
    if (status != HUSK_OK) {
        return status;
    }
    size_t content_len = slice.len;
    uint8_t *content = message + (len - content_len);
    if (content_len <= HUSK_ECDH_BYTES) {
        return HUSK_ERR_FORMAT;
    }

    const husk_suite *suite = session->config->suites[session->suite_index];
    uint8_t *text = content + HUSK_ECDH_BYTES;
    size_t text_len = content_len - HUSK_ECDH_BYTES;
    uint8_t secret[HUSK_ECDH_BYTES]; /* G_XY, then PRK_2e */
    uint8_t th_2[HUSK_HASH_MAX_BYTES];
    status = suite->ecdh->shared_secret(session->state.wait_2.private_key, content, secret);
    if (status != HUSK_OK) {
        return status;
    }
    husk_edhoc_prk_2e(suite->hash, content, session->state.wait_2.h_message_1, secret, th_2);
    status = husk_edhoc_keystream_2(suite->hash, secret, th_2, text, text_len);
    if (status != HUSK_OK) {
        status = HUSK_ERR_FORMAT; /* longer than any keystream */
    } else {
        husk_bytes plaintext_2a = {text, text_len};
        husk_id c_r;
        husk_bytes ead;
        status = read_plaintext_2a(session, plaintext_2a, &c_r, &ead);
        if (status == HUSK_OK) {
            uint8_t th_3[HUSK_HASH_MAX_BYTES];
            husk_edhoc_th_3(suite->hash, th_2, plaintext_2a, (husk_bytes){NULL, 0}, th_3);
            session->c_r = c_r;
            husk_edhoc_enter_exchanged(session, secret, th_3, HUSK_EDHOC_INITIATOR_SEND_3);
            if (ead_2 != NULL) {
                *ead_2 = ead;
            }
        }
    }
    husk_wipe(secret, sizeof secret);
    if (status != HUSK_OK) {
        husk_wipe(text, text_len);
    }
    return status;
}
