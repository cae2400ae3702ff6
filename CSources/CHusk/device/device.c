/* The endpoint's life: init, start, a session, failure, wipe. */
#include "husk/device.h"

#include <string.h>

#include "device/steps.h"

husk_status husk_device_init(husk_device *device, const husk_device_config *config)
{
    memset(device, 0, sizeof *device);
    if (config->profile == NULL || config->edhoc.random.fill == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    /* A message ID that differs from those before a reboot, which the gateway may remember (RFC 7252 section 4.4). */
    uint8_t message_id[2];
    if (config->edhoc.random.fill(config->edhoc.random.context, message_id, sizeof message_id) != HUSK_OK) {
        return HUSK_ERR_RANDOM;
    }
    device->message_id = (uint16_t)(message_id[0] << 8 | message_id[1]);
    device->config = config;
    husk_status status = config->profile->open(device);
    if (status == HUSK_OK && config->keep != NULL) {
        status = config->keep->open(device);
    }
    if (status != HUSK_OK) {
        husk_device_wipe(device);
    }
    return status;
}

husk_status husk_device_reserve(husk_device *device)
{
    const husk_keeper *keep = device->config->keep;
    return keep != NULL && device->has_context ? keep->reserve(device) : HUSK_OK;
}

void husk_device_replace_session(husk_device *device)
{
    device->session_way = HUSK_WAY_SESSION;
    if (device->session_state == HUSK_DEVICE_SESSION_CURRENT) {
        device->session_state = HUSK_DEVICE_SESSION_STALE;
    }
}

/* The way of a request that goes on with the session there is, or cannot. */
static void begin_way(husk_device *device, bool goes_on)
{
    uint8_t why = device->way.why;
    if (goes_on) {
        why = HUSK_WHY_CHEAPEST;
    } else if (device->has_context) {
        why = device->request == NULL ? HUSK_WHY_ASKED : HUSK_WHY_EXHAUSTED;
    }
    device->way = (husk_way){.kind = goes_on ? device->session_way : HUSK_WAY_NONE, .why = why};
}

husk_status husk_device_start(husk_device *device, const husk_device_request *request)
{
    return husk_device_begin(device, request, false);
}

husk_status husk_device_begin(husk_device *device, const husk_device_request *request, bool about_observation)
{
    if (device->config == NULL || device->phase != HUSK_DEVICE_IDLE) {
        return HUSK_ERR_STATE;
    }
    const husk_device_config *config = device->config;
    husk_status status = HUSK_OK;
    device->about_observation = about_observation;
    if (request != NULL) {
        const husk_device_blocks *blocks = config->blocks;
        status = blocks == NULL ? husk_device_check_request(device, request, 0)
                                : blocks->functions->begin(device, request);
        if (status != HUSK_OK) {
            return status;
        }
    }
    device->request = request;
    device->renegotiated = false;
    device->reauthenticated = false;
    device->challenged = false;
    device->sequential = config->sequential;
    bool goes_on = request != NULL && device->has_context && !husk_oscore_is_exhausted(&device->oscore);
    begin_way(device, goes_on);
    if (goes_on) {
        status = husk_device_send_request(device, NULL, HUSK_DEVICE_WAIT_RESPONSE);
    } else {
        status = config->profile->authenticate(device);
    }
    if (status != HUSK_OK) {
        husk_device_abandon(device);
    }
    return status;
}

void husk_device_abandon(husk_device *device)
{
    husk_device_exchange_end(device);
    husk_wipe(&device->edhoc, sizeof device->edhoc);
    if (!device->has_context) {
        husk_wipe(&device->oscore, sizeof device->oscore);
    }
    device->request = NULL;
}

void husk_device_fail(husk_device *device, husk_status status, uint8_t code, husk_event *event)
{
    husk_device_abandon(device);
    event->kind = HUSK_EVENT_FAILED;
    event->code = code;
    event->observation = device->about_observation;
    event->status = status;
    if (device->about_observation) {
        device->observation = NULL;
    }
}

void husk_device_end_observation(husk_device *device)
{
    husk_device_observation *observation = device->observation;
    if (observation != NULL && observation->active) {
        observation->active = false;
        device->observation_due = true;
    }
}

void husk_device_begin_session(husk_device *device, husk_event *event)
{
    device->has_context = true;
    husk_device_exchange_end(device);
    (void)husk_device_reserve(device); /* a store that fails is one for the next request to fail with */
    if (device->request != NULL) {
        husk_status status = husk_device_send_request(device, NULL, HUSK_DEVICE_WAIT_RESPONSE);
        if (status != HUSK_OK) {
            husk_device_fail(device, status, 0, event);
            return;
        }
    }
    event->kind = HUSK_EVENT_AUTHENTICATED;
    event->new_session = true;
}

void husk_device_wipe(husk_device *device)
{
    husk_wipe(device, sizeof *device);
}
