/* The CoAP message layer of the endpoint (RFC 7252 section 4): transmission, retransmission, matching, empty replies.
 * What it waits for decides who takes an answer. */
#include <string.h>

#include "device/steps.h"

/* Whether the moment `deadline` has come; right across the wrap of the millisecond counter. */
static bool is_due(uint32_t now_ms, uint32_t deadline)
{
    return (int32_t)(now_ms - deadline) >= 0;
}

husk_status husk_device_exchange_prepare(husk_device *device)
{
    const husk_random *random = &device->config->edhoc.random;
    uint8_t draw[sizeof device->token + 1];
    if (random->fill(random->context, draw, sizeof draw) != HUSK_OK) {
        return HUSK_ERR_RANDOM;
    }
    memcpy(device->token, draw, sizeof device->token);
    if (device->observation != NULL) {
        device->observation->observer->choose_token(device);
    }
    device->message_id++;
    /* Between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR, which is 1.5. */
    device->timeout = HUSK_ACK_TIMEOUT_MS + HUSK_ACK_TIMEOUT_MS / 2 * (uint32_t)draw[sizeof draw - 1] / 256;
    return HUSK_OK;
}

void husk_device_exchange_begin(husk_device *device, uint8_t phase, size_t len)
{
    device->phase = phase;
    device->buffer_len = (uint16_t)len;
    device->attempts = 0;
    device->acknowledged = false;
    device->send_now = true;
}

void husk_device_exchange_end(husk_device *device)
{
    device->phase = HUSK_DEVICE_IDLE;
    device->send_now = false;
    device->buffer_len = 0;
    husk_wipe(device->buffer, sizeof device->buffer);
}

void husk_device_reply_empty(husk_device *device, uint8_t type, uint16_t message_id)
{
    husk_coap_writer w;
    husk_coap_writer_init(&w, device->reply, sizeof device->reply, type, HUSK_COAP_EMPTY, message_id,
                          (husk_bytes){NULL, 0});
    device->reply_pending = true;
}

static bool is_response(uint8_t code)
{
    return code >= HUSK_COAP_CODE(2, 0);
}

/* Sorts a received message. HUSK_OK and *answer true: it answers the request in flight. HUSK_OK and *answer false: it
 * was for this layer alone. HUSK_ERR_PEER: the peer rejected the request (Reset). HUSK_ERR_CONTEXT: it belongs to
 * nothing here. */
static husk_status match(husk_device *device, uint32_t now_ms, const husk_coap_message *message, bool *answer)
{
    *answer = false;
    bool in_flight = device->phase != HUSK_DEVICE_IDLE && device->attempts > 0;
    bool same_id = in_flight && message->message_id == device->message_id;
    bool same_token = in_flight && is_response(message->code) && message->token.len == sizeof device->token &&
                      memcmp(message->token.data, device->token, sizeof device->token) == 0;

    if (message->type == HUSK_COAP_RST) { /* one that is not Empty is to be ignored (RFC 7252 section 4.2) */
        return same_id && message->code == HUSK_COAP_EMPTY ? HUSK_ERR_PEER : HUSK_ERR_CONTEXT;
    }
    if (message->type == HUSK_COAP_ACK) {
        if (!same_id) {
            return HUSK_ERR_CONTEXT;
        }
        if (message->code == HUSK_COAP_EMPTY) {
            /* The response comes separately (RFC 7252 section 5.2.2). */
            device->acknowledged = true;
            device->send_now = false;
            device->deadline = now_ms + HUSK_RESPONSE_TIMEOUT_MS;
            return HUSK_OK;
        }
        *answer = same_token;
        return same_token ? HUSK_OK : HUSK_ERR_CONTEXT;
    }
    if (same_token) {
        if (message->type == HUSK_COAP_CON) {
            device->peer_message_id = message->message_id;
            device->acked_peer = true;
            husk_device_reply_empty(device, HUSK_COAP_ACK, message->message_id);
        }
        *answer = true;
        return HUSK_OK;
    }
    bool response = is_response(message->code);
    if (message->type == HUSK_COAP_CON || response) {
        /* Our acknowledgement of a separate response was lost; or it is for nobody here, such as notifications that
         * were registered for before a reboot, which Reset ends (RFC 7641 section 3.6). */
        bool again = device->acked_peer && message->message_id == device->peer_message_id && response &&
                     message->type == HUSK_COAP_CON;
        husk_device_reply_empty(device, again ? HUSK_COAP_ACK : HUSK_COAP_RST, message->message_id);
    }
    return HUSK_ERR_CONTEXT;
}

husk_status husk_device_receive(husk_device *device, uint32_t now_ms, uint8_t *datagram, size_t len, husk_event *event)
{
    *event = (husk_event){.kind = HUSK_EVENT_NONE};
    device->way.bytes += (uint32_t)len;
    husk_coap_message message;
    husk_status status = husk_coap_decode(datagram, len, &message);
    if (status != HUSK_OK) {
        return status;
    }
    const husk_device_observation *observation = device->observation;
    if (observation != NULL && observation->observer->take(device, &message, datagram, len, event, &status)) {
        return status;
    }
    bool answer;
    status = match(device, now_ms, &message, &answer);
    if (status == HUSK_ERR_PEER) {
        husk_device_fail(device, status, 0, event);
        return HUSK_OK;
    }
    if (status != HUSK_OK || !answer) {
        return status;
    }
    device->way.round_trips++;
    if (device->phase == HUSK_DEVICE_WAIT_RESPONSE) {
        return husk_device_take_response(device, &message, datagram, len, event);
    }
    return device->config->profile->take(device, &message, datagram, len, event);
}

static bool observation_is_due(const husk_device *device)
{
    return device->observation_due && device->has_context;
}

husk_status husk_device_transmit(husk_device *device, uint32_t now_ms, const uint8_t **datagram, size_t *len,
                                 husk_event *event)
{
    *event = (husk_event){.kind = HUSK_EVENT_NONE};
    *datagram = NULL;
    *len = 0;
    if (device->reply_pending) {
        device->reply_pending = false;
        *datagram = device->reply;
        *len = sizeof device->reply;
        device->way.bytes += (uint32_t)*len;
        return HUSK_OK;
    }
    if (device->phase == HUSK_DEVICE_IDLE) {
        husk_status status = observation_is_due(device) ? device->observation->observer->resume(device) : HUSK_OK;
        if (status != HUSK_OK) {
            husk_device_fail(device, status, 0, event);
        }
        if (device->phase == HUSK_DEVICE_IDLE) {
            return HUSK_OK;
        }
    }
    if (!device->send_now) {
        if (!is_due(now_ms, device->deadline)) {
            return HUSK_OK;
        }
        if (device->acknowledged || device->attempts > HUSK_MAX_RETRANSMIT) {
            husk_device_fail(device, HUSK_ERR_TIMEOUT, 0, event);
            return HUSK_OK;
        }
        device->timeout *= 2;
    }
    device->send_now = false;
    device->attempts++;
    device->deadline = now_ms + device->timeout;
    *datagram = device->buffer;
    *len = device->buffer_len;
    device->way.bytes += (uint32_t)*len;
    return HUSK_OK;
}

uint32_t husk_device_next_timeout(const husk_device *device, uint32_t now_ms)
{
    if (device->reply_pending || device->send_now) {
        return 0;
    }
    if (device->phase == HUSK_DEVICE_IDLE) {
        return observation_is_due(device) ? 0 : HUSK_DEVICE_NO_TIMEOUT;
    }
    return is_due(now_ms, device->deadline) ? 0 : device->deadline - now_ms;
}
