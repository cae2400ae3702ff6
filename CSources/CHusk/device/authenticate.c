/* EDHOC over CoAP as the client (RFC 9528 appendix A.2.1): POST to /.well-known/edhoc, `true` or C_R before the
 * message. */
#include "device/steps.h"

#include "husk/cbor.h"

static const char edhoc_path[] = ".well-known/edhoc";

/* Header, token, two Uri-Path options, Content-Format and payload marker of such a request. */
#define HEADROOM_BYTES (HUSK_COAP_HEADER_BYTES + 2 + 12 + 6 + 2 + 1)

/* The EDHOC message lies at buffer + HEADROOM_BYTES + prefix_len; `prefix` goes before it, the CoAP header before
 * that. */
static husk_status post(husk_device *device, uint8_t phase, size_t payload_len)
{
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init(&w, device->buffer, sizeof device->buffer, HUSK_COAP_CON, HUSK_COAP_POST,
                          device->message_id, (husk_bytes){device->token, sizeof device->token});
    husk_coap_write_path(&w, edhoc_path, sizeof edhoc_path - 1);
    husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, HUSK_COAP_FORMAT_CID_EDHOC);
    husk_coap_write_payload(&w, device->buffer + HEADROOM_BYTES, payload_len);
    husk_status status = husk_coap_writer_finish(&w, &len);
    if (status != HUSK_OK) {
        return status;
    }
    husk_device_exchange_begin(device, phase, len);
    return HUSK_OK;
}

husk_status husk_device_authenticate(husk_device *device)
{
    /* C_I becomes our Recipient ID: another one than that of the context still in use. */
    bool zero_taken = device->has_context && device->oscore.recipient_id.bytes[0] == 0;
    const husk_id c_i = {.len = 1, .bytes = {zero_taken ? 1 : 0}};
    husk_status status = husk_device_exchange_prepare(device);
    if (status == HUSK_OK) {
        status = husk_edhoc_initiator_init(&device->edhoc, &device->config->edhoc, device->suite_index, &c_i);
    }
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t *payload = device->buffer + HEADROOM_BYTES;
    size_t cap = sizeof device->buffer - HEADROOM_BYTES;
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, payload, cap);
    husk_cbor_write_bool(&w, true);
    size_t message_len;
    status = husk_edhoc_message_1_compose(&device->edhoc, (husk_bytes){NULL, 0}, payload + w.len, cap - w.len,
                                          &message_len);
    if (status != HUSK_OK) {
        return status;
    }
    return post(device, HUSK_DEVICE_WAIT_MESSAGE_2, w.len + message_len);
}

static husk_status send_message_3(husk_device *device)
{
    husk_status status = husk_device_exchange_prepare(device);
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t *payload = device->buffer + HEADROOM_BYTES;
    size_t cap = sizeof device->buffer - HEADROOM_BYTES;
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, payload, cap);
    husk_edhoc_identifier_write(&w, (husk_bytes){device->edhoc.c_r.bytes, device->edhoc.c_r.len});
    size_t message_len;
    status = husk_edhoc_message_3_compose(&device->edhoc, &device->config->psk, (husk_bytes){NULL, 0},
                                          payload + w.len, cap - w.len, &message_len);
    if (status != HUSK_OK) {
        return status;
    }
    return post(device, HUSK_DEVICE_WAIT_MESSAGE_4, w.len + message_len);
}

/* What an error message of the gateway means for us. */
static husk_status meaning(int64_t error_code)
{
    switch (error_code) {
    case HUSK_EDHOC_ERROR_WRONG_SUITE:
        return HUSK_ERR_SUITE;
    case HUSK_EDHOC_ERROR_UNKNOWN_CREDENTIAL:
        return HUSK_ERR_CREDENTIAL;
    default:
        return HUSK_ERR_PEER;
    }
}

/* Anything but 2.04. A refused suite is answered with another one, once per run. */
static void take_refusal(husk_device *device, const husk_coap_message *answer, husk_event *event)
{
    husk_edhoc_error error;
    husk_status why = HUSK_ERR_PEER;
    if (husk_edhoc_error_read(answer->payload.data, answer->payload.len, &error) == HUSK_OK) {
        why = meaning(error.code);
    }
    if (why == HUSK_ERR_SUITE && device->phase == HUSK_DEVICE_WAIT_MESSAGE_2 && !device->renegotiated) {
        size_t suite_index;
        if (husk_edhoc_suite_select(&device->config->edhoc, error.suites, &suite_index) == HUSK_OK) {
            device->renegotiated = true;
            device->suite_index = (uint8_t)suite_index;
            why = husk_device_authenticate(device);
            if (why == HUSK_OK) {
                return;
            }
        }
    }
    husk_device_fail(device, why, answer->code, event);
}

husk_status husk_device_take_message_2(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event)
{
    if (answer->code != HUSK_COAP_CHANGED) {
        take_refusal(device, answer, event);
        return HUSK_OK;
    }
    husk_status status = husk_edhoc_message_2_process(&device->edhoc, payload, answer->payload.len, NULL);
    if (status != HUSK_OK) {
        return status; /* forged or damaged: the genuine one may still come, after a retransmission at the latest */
    }
    status = send_message_3(device);
    if (status != HUSK_OK) {
        husk_device_fail(device, status, 0, event);
    }
    return HUSK_OK;
}

/* A suite that worked is tried first next time. Only a hint: the handshake is right without it, so a store that fails
 * is no reason to fail here. */
static void remember_suite(husk_device *device)
{
    const husk_storage *storage = &device->config->storage;
    if (device->suite_index != device->stored_suite_index && storage->store != NULL &&
        storage->store(storage->context, HUSK_DEVICE_RECORD_SUITE, &device->suite_index, 1) == HUSK_OK) {
        device->stored_suite_index = device->suite_index;
    }
}

husk_status husk_device_take_message_4(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event)
{
    if (answer->code != HUSK_COAP_CHANGED) {
        take_refusal(device, answer, event);
        return HUSK_OK;
    }
    husk_status status = husk_edhoc_message_4_process(&device->edhoc, payload, answer->payload.len, NULL);
    if (status != HUSK_OK) {
        return status;
    }
    status = husk_edhoc_oscore_context(&device->edhoc, &device->oscore);
    device->has_context = status == HUSK_OK;
    if (status != HUSK_OK) {
        husk_device_fail(device, status, 0, event);
        return HUSK_OK;
    }
    device->oscore.sender_limit = HUSK_DEVICE_KEY_USES;
    husk_edhoc_wipe(&device->edhoc);
    remember_suite(device);
    husk_device_exchange_end(device);
    if (device->request != NULL) {
        status = husk_device_send_request(device);
        if (status != HUSK_OK) {
            husk_device_fail(device, status, 0, event);
            return HUSK_OK;
        }
    }
    *event = (husk_event){.kind = HUSK_EVENT_AUTHENTICATED};
    return HUSK_OK;
}
