/* message_1 = ( METHOD, SUITES_I, G_X, C_I, ? EAD_1 ) (RFC 9528 section 5.2): compose and process. */
#include <string.h>

#include "edhoc/ead.h"
#include "edhoc/ephemeral.h"
#include "edhoc/message.h"

/* SUITES_I: the suites up to the selected one, which comes last; a single one stands without an array. */
static void write_suites_i(husk_cbor_writer *w, const husk_edhoc *session)
{
    size_t count = (size_t)session->suite_index + 1;
    if (count > 1) {
        husk_cbor_write_head(w, HUSK_CBOR_ARRAY, count);
    }
    for (size_t i = 0; i < count; i++) {
        husk_cbor_write_int(w, session->config->suites[i]->id);
    }
}

husk_status husk_edhoc_message_1_compose(husk_edhoc *session, husk_bytes ead_1, uint8_t *out, size_t out_cap,
                                         size_t *out_len)
{
    if (session->phase != HUSK_EDHOC_INITIATOR_START) {
        return HUSK_ERR_STATE;
    }
    husk_status status = husk_edhoc_ead_check(ead_1);
    if (status != HUSK_OK) {
        return status;
    }
    const husk_suite *suite = session->config->suites[session->suite_index];
    uint8_t g_x[HUSK_ECDH_BYTES];
    status = husk_edhoc_ephemeral(session->config, suite, session->state.wait_2.private_key, g_x);
    if (status != HUSK_OK) {
        return status;
    }

    husk_cbor_writer w;
    husk_cbor_writer_init(&w, out, out_cap);
    husk_cbor_write_int(&w, session->method);
    write_suites_i(&w, session);
    husk_cbor_write_bytes(&w, g_x, sizeof g_x);
    husk_edhoc_identifier_write(&w, (husk_bytes){session->c_i.bytes, session->c_i.len});
    husk_cbor_write_raw(&w, ead_1.data, ead_1.len);
    status = husk_cbor_writer_finish(&w, out_len);
    if (status != HUSK_OK) {
        husk_wipe(&session->state, sizeof session->state);
        return status;
    }
    husk_hash_state hash;
    suite->hash->init(&hash);
    suite->hash->update(&hash, out, *out_len);
    suite->hash->final(&hash, session->state.wait_2.h_message_1);
    session->phase = HUSK_EDHOC_INITIATOR_WAIT_2;
    return HUSK_OK;
}

/* Place of the suite `id` in config->suites, or suite_count. */
static size_t find_suite(const husk_edhoc_config *config, int64_t id)
{
    size_t i = 0;
    while (i < config->suite_count && config->suites[i]->id != id) {
        i++;
    }
    return i;
}

/* Reads SUITES_I. The selected suite is the last one: `selected` receives its place in config->suites if it is
 * supported here and no suite before it is, else suite_count. */
static husk_status read_suites_i(const husk_edhoc_config *config, husk_cbor_reader *r, size_t *selected)
{
    size_t count = 1;
    if (husk_cbor_peek(r) == HUSK_CBOR_ARRAY) {
        husk_status status = husk_cbor_read_array(r, &count);
        if (status != HUSK_OK || count < 2) {
            return HUSK_ERR_FORMAT;
        }
    }
    bool passed_over = false;
    for (size_t i = 0; i < count; i++) {
        int64_t id;
        husk_status status = husk_cbor_read_int(r, &id);
        if (status != HUSK_OK) {
            return status;
        }
        *selected = passed_over ? config->suite_count : find_suite(config, id);
        passed_over = passed_over || *selected < config->suite_count;
    }
    return HUSK_OK;
}

static bool accepts_method(const husk_edhoc_config *config, int64_t method)
{
    unsigned accepted = config->methods != 0 ? config->methods : 1u << HUSK_EDHOC_METHOD_PSK;
    return method >= 0 && method < 8 && (accepted >> method & 1) != 0;
}

husk_status husk_edhoc_message_1_process(husk_edhoc *session, const uint8_t *message, size_t len, husk_bytes *ead_1)
{
    if (session->phase != HUSK_EDHOC_RESPONDER_START) {
        return HUSK_ERR_STATE;
    }
    husk_cbor_reader r;
    int64_t method;
    size_t suite_index = 0;
    husk_bytes g_x;
    husk_bytes c_i;
    husk_cbor_reader_init(&r, message, len);
    if (husk_cbor_read_int(&r, &method) != HUSK_OK ||
        read_suites_i(session->config, &r, &suite_index) != HUSK_OK ||
        husk_cbor_read_bytes(&r, &g_x) != HUSK_OK || husk_edhoc_identifier_read(&r, &c_i) != HUSK_OK) {
        return HUSK_ERR_FORMAT;
    }
    husk_bytes ead = husk_edhoc_rest(&r);
    husk_status ead_verdict = husk_edhoc_ead_accept(session->config, ead);
    if (ead_verdict == HUSK_ERR_FORMAT) {
        return HUSK_ERR_FORMAT;
    }
    if (!accepts_method(session->config, method)) {
        return HUSK_ERR_METHOD;
    }
    if (suite_index == session->config->suite_count) {
        return HUSK_ERR_SUITE;
    }
    if (g_x.len != HUSK_ECDH_BYTES) {
        return HUSK_ERR_FORMAT;
    }
    if (ead_verdict != HUSK_OK) {
        return ead_verdict;
    }
    if (!husk_edhoc_id_fits(session->config->suites[suite_index], c_i.len) ||
        husk_id_set(&session->c_i, c_i.data, c_i.len) != HUSK_OK) {
        return HUSK_ERR_UNSUPPORTED;
    }

    session->method = (uint8_t)method;
    session->suite_index = (uint8_t)suite_index;
    memcpy(session->state.send_2.g_x, g_x.data, HUSK_ECDH_BYTES);
    const husk_hash *hash = session->config->suites[suite_index]->hash;
    husk_hash_state state;
    hash->init(&state);
    hash->update(&state, message, len);
    hash->final(&state, session->state.send_2.h_message_1);
    session->phase = HUSK_EDHOC_RESPONDER_SEND_2;
    if (ead_1 != NULL) {
        *ead_1 = ead;
    }
    return HUSK_OK;
}
