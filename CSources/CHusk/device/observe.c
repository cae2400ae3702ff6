/* Observing a resource of the gateway (RFC 7641, protected as RFC 8613 section 4.1.3.5 says): registration,
 * notifications beside other requests, cancellation. Nothing names this file but the programs that observe. */
#include <string.h>

#include "device/steps.h"

/* Notifications are acknowledged once they are known to be genuine. What is not, or is not protected, does not end the
 * observation (RFC 8613 section 8.4.2). */
static bool take(husk_device *device, const husk_coap_message *message, uint8_t *datagram, size_t len,
                 husk_event *event, husk_status *status)
{
    husk_device_observation *observation = device->observation;
    if (!observation->active || message->code < HUSK_COAP_CODE(2, 0) || message->type > HUSK_COAP_NON ||
        message->token.len != sizeof observation->token ||
        memcmp(message->token.data, observation->token, sizeof observation->token) != 0) {
        return false;
    }
    husk_coap_message inner;
    *status = device->config->profile->unprotect(device, &observation->exchange, datagram, len, &inner);
    if (message->type == HUSK_COAP_CON && (*status == HUSK_OK || *status == HUSK_ERR_REPLAY)) {
        husk_device_reply_empty(device, HUSK_COAP_ACK, message->message_id);
    }
    if (*status != HUSK_OK) {
        return true;
    }
    bool goes_on = husk_oscore_exchange_observes(&observation->exchange);
    *event = (husk_event){.kind = goes_on ? HUSK_EVENT_NOTIFICATION : HUSK_EVENT_RESPONSE,
                          .code = inner.code,
                          .observation = !goes_on,
                          .options = inner.options,
                          .payload = inner.payload};
    if (!goes_on) {
        device->observation = NULL;
    }
    return true;
}

static void answered(husk_device *device, husk_event *event)
{
    husk_device_observation *observation = device->observation;
    if (!husk_oscore_exchange_observes(&device->exchange)) {
        event->observation = true;
        device->observation = NULL;
        return;
    }
    event->kind = HUSK_EVENT_NOTIFICATION;
    observation->exchange = device->exchange;
    memcpy(observation->token, device->token, sizeof observation->token);
    observation->registered = true;
    observation->active = true;
}

/* One token for all requests about the observation, so that the gateway finds the old registration (RFC 7641 sections
 * 3.6 and 4.1), and none of the others has it. */
static void choose_token(husk_device *device)
{
    const husk_device_observation *observation = device->observation;
    if (device->about_observation && observation->registered && device->request == observation->request) {
        memcpy(device->token, observation->token, sizeof device->token);
    } else if (memcmp(device->token, observation->token, sizeof device->token) == 0) {
        device->token[0] ^= 1;
    }
}

static husk_status resume(husk_device *device)
{
    device->observation_due = false;
    return husk_device_begin(device, device->observation->request, true);
}

static const husk_observer observer = {
    .take = take,
    .answered = answered,
    .choose_token = choose_token,
    .resume = resume,
};

husk_status husk_device_observe(husk_device *device, husk_device_observation *observation,
                                const husk_device_request *request)
{
    husk_device_observation *before = device->observation;
    if (device->phase != HUSK_DEVICE_IDLE || request == NULL || (before != NULL && before != observation)) {
        return HUSK_ERR_STATE;
    }
    const husk_device_observation saved = before != NULL ? *before : (husk_device_observation){.observer = &observer};
    *observation = saved;
    observation->request = request;
    observation->active = false;
    device->observation = observation;
    husk_status status = husk_device_begin(device, request, true);
    if (status != HUSK_OK) {
        *observation = saved;
        device->observation = before;
        return status;
    }
    device->observation_due = false;
    return HUSK_OK;
}

husk_status husk_device_cancel(husk_device *device)
{
    husk_device_observation *observation = device->observation;
    if (device->phase != HUSK_DEVICE_IDLE || observation == NULL) {
        return HUSK_ERR_STATE;
    }
    if (!observation->active) {
        device->observation = NULL;
        device->observation_due = false;
        return HUSK_OK;
    }
    observation->active = false;
    observation->cancelling = true;
    husk_status status = husk_device_begin(device, observation->request, true);
    observation->active = status != HUSK_OK;
    observation->cancelling = status == HUSK_OK;
    return status;
}
