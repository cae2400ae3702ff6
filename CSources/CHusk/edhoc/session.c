/* A session's beginning and end: init, wipe, confirmation, and the keys exported from it. */
#include <string.h>

#include "edhoc/context.h"
#include "edhoc/key_schedule.h"
#include "edhoc/message.h"
#include "oscore/context.h"

#define OSCORE_MASTER_SALT_BYTES 8 /* RFC 9528 appendix A.1, default */
#define SUITES_MAX 8

static husk_status init(husk_edhoc *session, const husk_edhoc_config *config, uint8_t phase)
{
    if (config->suite_count == 0 || config->suite_count > SUITES_MAX) {
        return HUSK_ERR_ARGUMENT;
    }
    memset(session, 0, sizeof *session);
    session->config = config;
    session->phase = phase;
    return HUSK_OK;
}

husk_status husk_edhoc_initiator_init(husk_edhoc *session, const husk_edhoc_config *config, size_t suite_index,
                                      const husk_id *c_i)
{
    if (suite_index >= config->suite_count || !husk_edhoc_id_fits(config->suites[suite_index], c_i->len)) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = init(session, config, HUSK_EDHOC_INITIATOR_START);
    if (status != HUSK_OK) {
        return status;
    }
    session->method = HUSK_EDHOC_METHOD_PSK;
    session->initiator = true;
    session->suite_index = (uint8_t)suite_index;
    session->c_i = *c_i;
    return HUSK_OK;
}

husk_status husk_edhoc_responder_init(husk_edhoc *session, const husk_edhoc_config *config)
{
    return init(session, config, HUSK_EDHOC_RESPONDER_START);
}

void husk_edhoc_wipe(husk_edhoc *session)
{
    husk_wipe(session, sizeof *session);
}

husk_status husk_psk_check(const husk_psk *psk)
{
    if (psk->key.len < HUSK_PSK_MIN_BYTES || psk->kid.len == 0 || psk->kid.len > HUSK_KID_MAX_BYTES ||
        psk->cred_i.len == 0 || psk->cred_r.len == 0) {
        return HUSK_ERR_ARGUMENT;
    }
    if (psk->cred_i.len == psk->cred_r.len && memcmp(psk->cred_i.data, psk->cred_r.data, psk->cred_i.len) == 0) {
        return HUSK_ERR_CREDENTIAL;
    }
    return HUSK_OK;
}

husk_status husk_edhoc_confirm(husk_edhoc *session)
{
    if (session->phase != HUSK_EDHOC_INITIATOR_WAIT_4 && session->phase != HUSK_EDHOC_RESPONDER_SEND_4) {
        return HUSK_ERR_STATE;
    }
    husk_wipe(session->state.keyed.th_4, sizeof session->state.keyed.th_4);
    husk_wipe(session->state.keyed.k_4, sizeof session->state.keyed.k_4);
    husk_wipe(session->state.keyed.iv_4, sizeof session->state.keyed.iv_4);
    session->phase = HUSK_EDHOC_DONE;
    return HUSK_OK;
}

static bool has_keys(const husk_edhoc *session)
{
    return session->phase == HUSK_EDHOC_INITIATOR_WAIT_4 || session->phase == HUSK_EDHOC_RESPONDER_SEND_4 ||
           session->phase == HUSK_EDHOC_DONE;
}

husk_status husk_edhoc_export(const husk_edhoc *session, uint32_t label, husk_bytes context, uint8_t *out, size_t len)
{
    if (!has_keys(session)) {
        return HUSK_ERR_STATE;
    }
    const husk_hash *hash = session->config->suites[session->suite_index]->hash;
    if (label > UINT16_MAX || len > (size_t)255 * hash->digest_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_hmac_key prk_exporter;
    husk_hmac_key_init(&prk_exporter, hash, session->state.keyed.prk_exporter, hash->digest_bytes);
    husk_status status = husk_edhoc_kdf(&prk_exporter, label, context, out, len);
    husk_wipe(&prk_exporter, sizeof prk_exporter);
    return status;
}

husk_status husk_edhoc_context_derive(const husk_edhoc *session, husk_oscore_context *context, bool frame)
{
    if (!has_keys(session)) {
        return HUSK_ERR_STATE;
    }
    const husk_suite *suite = session->config->suites[session->suite_index];
    const husk_bytes none = {NULL, 0};
    uint8_t secret[HUSK_AEAD_KEY_MAX_BYTES];
    uint8_t salt[OSCORE_MASTER_SALT_BYTES];
    size_t secret_len = suite->app_aead->key_bytes;

    husk_oscore_parameters parameters = {
        .aead = suite->app_aead,
        .hash = suite->hash,
        .master_secret = {secret, secret_len},
        .master_salt = {salt, sizeof salt},
        .sender_id = session->initiator ? session->c_r : session->c_i,
        .recipient_id = session->initiator ? session->c_i : session->c_r,
    };
    (void)husk_edhoc_export(session, HUSK_EDHOC_EXPORT_OSCORE_SECRET, none, secret, secret_len);
    (void)husk_edhoc_export(session, HUSK_EDHOC_EXPORT_OSCORE_SALT, none, salt, sizeof salt);
    husk_status status = husk_oscore_context_derive(context, &parameters, frame);
    husk_wipe(secret, sizeof secret);
    husk_wipe(salt, sizeof salt);
    return status;
}

husk_status husk_edhoc_oscore_context(const husk_edhoc *session, husk_oscore_context *context)
{
    return husk_edhoc_context_derive(session, context, false);
}
