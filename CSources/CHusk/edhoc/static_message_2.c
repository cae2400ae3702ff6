/* message_2 with static Diffie-Hellman keys: PLAINTEXT_2 = ( C_R, ID_CRED_R, MAC_2, ? EAD_2 ) (RFC 9528 section 5.3):
 * compose and process. */
#include <string.h>

#include "edhoc/ead.h"
#include "edhoc/ephemeral.h"
#include "edhoc/message.h"
#include "edhoc/static_dh.h"

/* PRK_3e2m = EDHOC_Extract( SALT_3e2m, G_RX ), and MAC_2 with it. `prk` is PRK_2e on entry and PRK_3e2m on return.
 * `c_r` is C_R as it is encoded in PLAINTEXT_2. */
static void derive_mac_2(const husk_suite *suite, const uint8_t *th_2, const uint8_t *g_rx, husk_bytes c_r,
                         const husk_static_credential *credential, husk_bytes ead_2, uint8_t *prk, uint8_t *mac_2)
{
    husk_bytes th = {th_2, suite->hash->digest_bytes};
    husk_hmac_key key;
    husk_hmac_key_init(&key, suite->hash, prk, suite->hash->digest_bytes);
    husk_edhoc_next_prk(&key, HUSK_EDHOC_LABEL_SALT_3E2M, th, (husk_bytes){g_rx, HUSK_ECDH_BYTES}, prk);
    husk_edhoc_static_mac(&key, HUSK_EDHOC_LABEL_MAC_2, c_r, credential, th, ead_2, mac_2, suite->mac_bytes);
    husk_wipe(&key, sizeof key);
}

/* Composes with the ephemeral key `y`, which stays in the session for message 3. */
static husk_status compose_with(husk_edhoc *session, const husk_static_credential *own, const husk_id *c_r,
                                husk_bytes ead_2, const uint8_t *y, const uint8_t *g_y, uint8_t *out, size_t out_cap,
                                size_t *out_len)
{
    const husk_suite *suite = session->config->suites[session->suite_index];
    uint8_t g_xy[HUSK_ECDH_BYTES]; /* then PRK_2e */
    uint8_t g_rx[HUSK_ECDH_BYTES]; /* then PRK_3e2m */
    uint8_t th_2[HUSK_HASH_MAX_BYTES];
    uint8_t mac_2[HUSK_EDHOC_MAC_MAX_BYTES];
    husk_status status = suite->ecdh->shared_secret(y, session->state.send_2.g_x, g_xy);
    if (status == HUSK_OK) {
        status = suite->ecdh->shared_secret(own->private_key, session->state.send_2.g_x, g_rx);
    }
    if (status != HUSK_OK) {
        husk_wipe(g_xy, sizeof g_xy);
        return status;
    }
    uint8_t encoded[HUSK_OSCORE_ID_MAX_BYTES + 1];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, encoded, sizeof encoded);
    husk_edhoc_identifier_write(&w, (husk_bytes){c_r->bytes, c_r->len});
    const husk_bytes c_r_encoded = {encoded, w.len};
    husk_edhoc_prk_2e(suite->hash, g_y, session->state.send_2.h_message_1, g_xy, th_2);
    uint8_t prk[HUSK_HASH_MAX_BYTES];
    memcpy(prk, g_xy, suite->hash->digest_bytes);
    derive_mac_2(suite, th_2, g_rx, c_r_encoded, own, ead_2, prk, mac_2);

    husk_cbor_writer_init(&w, NULL, 0);
    husk_edhoc_identifier_write(&w, own->kid);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, suite->mac_bytes);
    size_t text_len = c_r_encoded.len + w.len + suite->mac_bytes + ead_2.len;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, HUSK_ECDH_BYTES + text_len);
    husk_cbor_write_raw(&w, g_y, HUSK_ECDH_BYTES);
    husk_cbor_write_raw(&w, c_r_encoded.data, c_r_encoded.len);
    husk_edhoc_identifier_write(&w, own->kid);
    husk_cbor_write_bytes(&w, mac_2, suite->mac_bytes);
    husk_cbor_write_raw(&w, ead_2.data, ead_2.len);
    status = husk_cbor_writer_finish(&w, out_len);
    if (status == HUSK_OK) {
        uint8_t *text = out + (*out_len - text_len);
        uint8_t th_3[HUSK_HASH_MAX_BYTES];
        husk_edhoc_th_3(suite->hash, th_2, (husk_bytes){text, text_len}, own->cred, th_3);
        status = husk_edhoc_keystream_2(suite->hash, g_xy, th_2, text, text_len);
        if (status == HUSK_OK) {
            session->c_r = *c_r;
            husk_edhoc_enter_exchanged(session, prk, th_3, HUSK_EDHOC_RESPONDER_WAIT_3);
            memcpy(session->state.exchanged.dh, y, HUSK_ECDH_BYTES);
        }
    }
    husk_wipe(g_xy, sizeof g_xy);
    husk_wipe(g_rx, sizeof g_rx);
    husk_wipe(prk, sizeof prk);
    husk_wipe(mac_2, sizeof mac_2);
    if (status != HUSK_OK) {
        husk_wipe(out, out_cap);
    }
    return status;
}

husk_status husk_edhoc_static_message_2_compose(husk_edhoc *session, const husk_static_credential *own,
                                                const husk_id *c_r, husk_bytes ead_2, uint8_t *out, size_t out_cap,
                                                size_t *out_len)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_STATIC, HUSK_EDHOC_RESPONDER_SEND_2)) {
        return HUSK_ERR_STATE;
    }
    if (!husk_edhoc_id_fits(session->config->suites[session->suite_index], c_r->len)) {
        return HUSK_ERR_ARGUMENT;
    }
    if (husk_id_equal(c_r, &session->c_i)) {
        return HUSK_ERR_IDENTIFIER;
    }
    husk_status status = husk_edhoc_static_check(own, true);
    if (status == HUSK_OK) {
        status = husk_edhoc_ead_check(ead_2);
    }
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t y[HUSK_ECDH_BYTES];
    uint8_t g_y[HUSK_ECDH_BYTES];
    status = husk_edhoc_ephemeral(session->config, session->config->suites[session->suite_index], y, g_y);
    if (status == HUSK_OK) {
        status = compose_with(session, own, c_r, ead_2, y, g_y, out, out_cap, out_len);
    }
    husk_wipe(y, sizeof y);
    return status;
}

/* PLAINTEXT_2 taken apart. */
typedef struct plaintext_2 {
    husk_bytes c_r_encoded;
    husk_id c_r;
    husk_bytes kid;
    husk_bytes mac_2;
    husk_bytes ead_2;
} plaintext_2;

static husk_status read_plaintext_2(const husk_edhoc *session, husk_bytes text, plaintext_2 *found)
{
    husk_cbor_reader r;
    husk_bytes c_r;
    husk_cbor_reader_init(&r, text.data, text.len);
    if (husk_edhoc_identifier_read(&r, &c_r) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    found->c_r_encoded = (husk_bytes){text.data, text.len - r.left};
    if (husk_edhoc_identifier_read(&r, &found->kid) != HUSK_OK) {
        /* Another kind of ID_CRED_R than a kid is well-formed, but a kid in a map is not (RFC 9528 section 3.5.3.2). */
        return HUSK_ERR_FORMAT;
    }
    if (husk_cbor_read_bytes(&r, &found->mac_2) != HUSK_OK ||
        found->mac_2.len != session->config->suites[session->suite_index]->mac_bytes) {
        return HUSK_ERR_FORMAT;
    }
    found->ead_2 = husk_edhoc_rest(&r);
    husk_status status = husk_edhoc_ead_accept(session->config, found->ead_2);
    if (status != HUSK_OK) {
        return status;
    }
    if (!husk_edhoc_id_fits(session->config->suites[session->suite_index], c_r.len) ||
        husk_id_set(&found->c_r, c_r.data, c_r.len) != HUSK_OK) {
        return HUSK_ERR_UNSUPPORTED;
    }
    return husk_id_equal(&found->c_r, &session->c_i) ? HUSK_ERR_IDENTIFIER : HUSK_OK;
}

/* Verifies MAC_2 and moves on. `prk` is PRK_2e on entry. */
static husk_status verify_mac_2(husk_edhoc *session, const husk_static_credential *peer, const plaintext_2 *found,
                                husk_bytes text, const uint8_t *g_y, const uint8_t *th_2, uint8_t *prk)
{
    const husk_suite *suite = session->config->suites[session->suite_index];
    uint8_t g_rx[HUSK_ECDH_BYTES];
    uint8_t mac_2[HUSK_EDHOC_MAC_MAX_BYTES];
    husk_status status = suite->ecdh->shared_secret(session->state.wait_2.private_key, peer->public_key, g_rx);
    if (status != HUSK_OK) {
        return status;
    }
    derive_mac_2(suite, th_2, g_rx, found->c_r_encoded, peer, found->ead_2, prk, mac_2);
    if (husk_equal(mac_2, found->mac_2.data, suite->mac_bytes)) {
        uint8_t th_3[HUSK_HASH_MAX_BYTES];
        uint8_t kept_g_y[HUSK_ECDH_BYTES];
        memcpy(kept_g_y, g_y, sizeof kept_g_y);
        husk_edhoc_th_3(suite->hash, th_2, text, peer->cred, th_3);
        session->c_r = found->c_r;
        husk_edhoc_enter_exchanged(session, prk, th_3, HUSK_EDHOC_INITIATOR_SEND_3);
        memcpy(session->state.exchanged.dh, kept_g_y, sizeof kept_g_y);
    } else {
        status = HUSK_ERR_AUTHENTICATION;
    }
    husk_wipe(g_rx, sizeof g_rx);
    husk_wipe(mac_2, sizeof mac_2);
    return status;
}

static bool find_peer(const husk_static_credential *peers, size_t count, husk_bytes kid, size_t *index)
{
    for (size_t i = 0; i < count; i++) {
        if (peers[i].kid.len == kid.len && memcmp(peers[i].kid.data, kid.data, kid.len) == 0) {
            *index = i;
            return true;
        }
    }
    return false;
}

husk_status husk_edhoc_static_message_2_process(husk_edhoc *session, const husk_static_credential *peers,
                                                size_t peer_count, uint8_t *message, size_t len, size_t *peer_index,
                                                husk_bytes *ead_2)
{
    if (!husk_edhoc_expects(session, HUSK_EDHOC_METHOD_STATIC, HUSK_EDHOC_INITIATOR_WAIT_2)) {
        return HUSK_ERR_STATE;
    }
    husk_bytes content;
    husk_status status = husk_edhoc_message_content(message, len, &content);
    if (status != HUSK_OK) {
        return status;
    }
    if (content.len <= HUSK_ECDH_BYTES) {
        return HUSK_ERR_FORMAT;
    }
    const husk_suite *suite = session->config->suites[session->suite_index];
    const uint8_t *g_y = content.data;
    size_t text_len = content.len - HUSK_ECDH_BYTES;
    uint8_t *text = message + (len - text_len);
    uint8_t prk[HUSK_ECDH_BYTES]; /* G_XY, then PRK_2e, then PRK_3e2m */
    uint8_t th_2[HUSK_HASH_MAX_BYTES];
    status = suite->ecdh->shared_secret(session->state.wait_2.private_key, g_y, prk);
    if (status != HUSK_OK) {
        return status;
    }
    husk_edhoc_prk_2e(suite->hash, g_y, session->state.wait_2.h_message_1, prk, th_2);
    status = husk_edhoc_keystream_2(suite->hash, prk, th_2, text, text_len);
    if (status != HUSK_OK) {
        status = HUSK_ERR_FORMAT; /* longer than any keystream */
    }
    plaintext_2 found;
    size_t index = 0;
    if (status == HUSK_OK) {
        status = read_plaintext_2(session, (husk_bytes){text, text_len}, &found);
    }
    if (status == HUSK_OK && !find_peer(peers, peer_count, found.kid, &index)) {
        status = HUSK_ERR_CREDENTIAL;
    }
    if (status == HUSK_OK) {
        status = husk_edhoc_static_check(&peers[index], false);
    }
    if (status == HUSK_OK) {
        status = verify_mac_2(session, &peers[index], &found, (husk_bytes){text, text_len}, g_y, th_2, prk);
    }
    husk_wipe(prk, sizeof prk);
    if (status != HUSK_OK) {
        husk_wipe(text, text_len);
        return status;
    }
    if (peer_index != NULL) {
        *peer_index = index;
    }
    if (ead_2 != NULL) {
        *ead_2 = found.ead_2;
    }
    return HUSK_OK;
}
