/* The endpoint's life: init, start, receive, wipe. What it waits for decides who takes an answer. */
#include "husk/device.h"

#include <string.h>

#include "device/steps.h"

static husk_status load_suite(husk_device *device)
{
    const husk_storage *storage = &device->config->storage;
    uint8_t index = 0;
    size_t len = 0;
    if (storage->load == NULL) {
        return HUSK_OK;
    }
    if (storage->load(storage->context, HUSK_DEVICE_RECORD_SUITE, &index, sizeof index, &len) != HUSK_OK) {
        return HUSK_ERR_STORAGE;
    }
    /* A record of firmware that had other suites is as good as none. */
    if (len == sizeof index && index < device->config->edhoc.suite_count) {
        device->suite_index = index;
    }
    device->stored_suite_index = device->suite_index;
    return HUSK_OK;
}

husk_status husk_device_init(husk_device *device, const husk_device_config *config)
{
    memset(device, 0, sizeof *device);
    if (config->edhoc.suite_count == 0 || config->edhoc.random.fill == NULL) {
        return HUSK_ERR_ARGUMENT;
    }
    husk_status status = husk_psk_check(&config->psk);
    if (status != HUSK_OK) {
        return status;
    }
    device->config = config;
    /* A message ID that differs from those before a reboot, which the gateway may remember (RFC 7252 section 4.4). */
    uint8_t message_id[2];
    if (config->edhoc.random.fill(config->edhoc.random.context, message_id, sizeof message_id) != HUSK_OK) {
        return HUSK_ERR_RANDOM;
    }
    device->message_id = (uint16_t)(message_id[0] << 8 | message_id[1]);
    return load_suite(device);
}

husk_status husk_device_start(husk_device *device, const husk_device_request *request)
{
    if (device->config == NULL || device->phase != HUSK_DEVICE_IDLE) {
        return HUSK_ERR_STATE;
    }
    husk_status status = HUSK_OK;
    if (request != NULL) {
        status = husk_device_check_request(request, 0);
        if (status != HUSK_OK) {
            return status;
        }
    }
    device->request = request;
    device->renegotiated = false;
    device->reauthenticated = false;
    device->sequential = device->config->sequential;
    bool used_up = device->has_context && device->oscore.sender_sequence >= device->oscore.sender_limit;
    if (request != NULL && device->has_context && !used_up) {
        status = husk_device_send_request(device, (husk_bytes){NULL, 0});
    } else {
        status = husk_device_authenticate(device);
    }
    if (status != HUSK_OK) {
        husk_device_abandon(device);
    }
    return status;
}

void husk_device_abandon(husk_device *device)
{
    husk_device_exchange_end(device);
    husk_edhoc_wipe(&device->edhoc);
    if (!device->has_context) {
        husk_oscore_context_wipe(&device->oscore);
    }
    device->request = NULL;
}

void husk_device_fail(husk_device *device, husk_status status, uint8_t code, husk_event *event)
{
    husk_device_abandon(device);
    *event = (husk_event){.kind = HUSK_EVENT_FAILED, .status = status, .code = code};
}

husk_status husk_device_receive(husk_device *device, uint32_t now_ms, uint8_t *datagram, size_t len, husk_event *event)
{
    *event = (husk_event){.kind = HUSK_EVENT_NONE};
    husk_coap_message message;
    husk_status status = husk_coap_decode(datagram, len, &message);
    if (status != HUSK_OK) {
        return status;
    }
    bool answer;
    status = husk_device_exchange_match(device, now_ms, &message, &answer);
    if (status == HUSK_ERR_PEER) {
        husk_device_fail(device, status, 0, event);
        return HUSK_OK;
    }
    if (status != HUSK_OK || !answer) {
        return status;
    }
    uint8_t *payload = datagram + (len - message.payload.len);
    switch (device->phase) {
    case HUSK_DEVICE_WAIT_MESSAGE_2:
        return husk_device_take_message_2(device, &message, payload, event);
    case HUSK_DEVICE_WAIT_MESSAGE_4:
        return husk_device_take_message_4(device, &message, payload, event);
    default:
        return husk_device_take_response(device, &message, datagram, len, event);
    }
}

void husk_device_wipe(husk_device *device)
{
    husk_wipe(device, sizeof *device);
}
