/* The KUDOS profile: keys from a provisioned secret and two fresh nonces (draft-ietf-core-oscore-key-update-14). The
 * device begins with an empty POST to /.well-known/kudos, whose response is the other half; its requests come after
 * that. */
#include "device/steps.h"
#include "oscore/kudos.h"

static const char kudos_path[] = HUSK_KUDOS_PATH;

/* A KUDOS execution may have to go another way (see husk_kudos_start) a few times before peers that hold different
 * secrets meet. */
#define TRIES_MAX 4

/* The ciphertext of a KUDOS response: code and tag. */
#define SPARE_BYTES 32

static husk_status save(husk_device *device)
{
    /* A session of other keys than those stored now must not be taken up after a power cut: messages under it would
     * say that older secrets are not needed any more. */
    if (husk_kudos_must_store(device->config->kudos) && device->session_state == HUSK_DEVICE_SESSION_STALE &&
        device->config->keep->drop(device) != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    return husk_kudos_save(device->config->kudos, &device->config->storage, HUSK_DEVICE_RECORD_KUDOS);
}

static husk_status open(husk_device *device)
{
    const husk_device_config *config = device->config;
    if (config->kudos == NULL || config->kudos_config == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    return husk_kudos_load(config->kudos, config->kudos_config, &config->storage, HUSK_DEVICE_RECORD_KUDOS);
}

static husk_status protect(husk_device *device, const husk_coap_message *plain, size_t *len)
{
    /* In this order: a session is stored after the secret that it was made from. */
    husk_status status = save(device);
    if (status == HUSK_OK) {
        status = husk_device_reserve(device);
    }
    if (status != HUSK_OK) {
        return status;
    }
    return husk_kudos_request_protect(device->config->kudos, &device->oscore, &device->exchange, plain,
                                      device->buffer, sizeof device->buffer, len);
}

/* The next KUDOS message: divergent, or convergent if the gateway began. */
static husk_status send_update(husk_device *device)
{
    husk_status status = husk_device_exchange_prepare(device);
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t options[sizeof kudos_path + 2];
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_path(&w, kudos_path, sizeof kudos_path - 1);
    const husk_coap_message plain = {
        .type = HUSK_COAP_CON,
        .code = HUSK_COAP_POST,
        .message_id = device->message_id,
        .token = {device->token, sizeof device->token},
        .options = {options, w.len},
    };
    size_t len;
    device->exchange = (husk_oscore_exchange){0};
    status = protect(device, &plain, &len);
    if (status == HUSK_OK) {
        husk_device_exchange_begin(device, HUSK_DEVICE_WAIT_UPDATE, len);
    }
    return status;
}

/* All exchanges have ended: the endpoint has one at a time. */
static husk_status start_update(husk_device *device)
{
    husk_status status = husk_kudos_start(device->config->kudos);
    return status == HUSK_OK ? send_update(device) : status;
}

static husk_status authenticate(husk_device *device)
{
    /* From here on requests would be KUDOS messages, whose payload the gateway does not act upon: no request of the
     * application goes out before the update is complete. */
    device->has_context = false;
    husk_device_end_observation(device);
    device->update_tries = 1;
    device->way.kind = HUSK_WAY_KUDOS;
    return start_update(device);
}

/* The update goes on with another message, or the run ends with `status`. */
static void go_on(husk_device *device, bool another_way, husk_status status, uint8_t code, husk_event *event)
{
    if (device->update_tries < TRIES_MAX) {
        device->update_tries++;
        status = another_way ? start_update(device) : send_update(device);
        if (status == HUSK_OK) {
            return;
        }
    }
    husk_device_fail(device, status, code, event);
}

/* Responses of the session may carry the gateway's half of an update of its own, too: the next request then completes
 * it. */
static husk_status unprotect(husk_device *device, husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                             husk_coap_message *inner)
{
    uint8_t spare[SPARE_BYTES];
    uint8_t what;
    husk_status status = husk_kudos_response_unprotect(device->config->kudos, &device->oscore, exchange, datagram, len,
                                                       spare, sizeof spare, inner, &what);
    if (status == HUSK_OK && (what == HUSK_KUDOS_ESTABLISHED || what == HUSK_KUDOS_CONFIRMED)) {
        husk_device_end_observation(device);
        husk_device_replace_session(device);
    }
    return status;
}

static husk_status take(husk_device *device, const husk_coap_message *answer, uint8_t *datagram, size_t len,
                        husk_event *event)
{
    husk_bytes option;
    if (!husk_coap_option_find(answer->options, HUSK_COAP_OSCORE, &option)) {
        if (answer->code < HUSK_COAP_BAD_REQUEST) {
            return HUSK_ERR_FORMAT;
        }
        go_on(device, true, HUSK_ERR_CONTEXT, answer->code, event);
        return HUSK_OK;
    }
    husk_coap_message inner;
    husk_status status = unprotect(device, &device->exchange, datagram, len, &inner);
    if (status != HUSK_OK) {
        return status;
    }
    if (husk_kudos_is_running(device->config->kudos)) {
        go_on(device, false, HUSK_ERR_CONTEXT, 0, event);
        return HUSK_OK;
    }
    status = save(device);
    if (status != HUSK_OK) {
        husk_device_fail(device, status, 0, event);
        return HUSK_OK;
    }
    husk_device_begin_session(device, event);
    return HUSK_OK;
}

const husk_profile husk_profile_kudos = {
    .open = open,
    .authenticate = authenticate,
    .take = take,
    .protect = protect,
    .unprotect = unprotect,
};
