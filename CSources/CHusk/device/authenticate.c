/* EDHOC over CoAP as the client (RFC 9528 appendix A.2.1): POST to /.well-known/edhoc, `true` or C_R before the
 * message. */
#include <string.h>

#include "device/steps.h"
#include "husk/cbor.h"

/* kid_length of rKID (draft-ietf-lake-edhoc-psk-08 section 6, default). */
#define RKID_BYTES 2

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

/* The key to present: the resumption PSK if there is one, else the external PSK. `record` holds what is borrowed. */
static husk_psk choose_psk(husk_device *device, uint8_t record[HUSK_DEVICE_RECORD_MAX_BYTES])
{
    husk_psk psk = device->config->psk;
    const husk_storage *storage = &device->config->storage;
    size_t len = 0;
    device->resuming = device->config->resume && !device->resume_refused && storage->load != NULL &&
                       storage->load(storage->context, HUSK_DEVICE_RECORD_RESUMPTION, record,
                                     HUSK_DEVICE_RECORD_MAX_BYTES, &len) == HUSK_OK &&
                       len >= RKID_BYTES + HUSK_PSK_MIN_BYTES && len <= HUSK_DEVICE_RECORD_MAX_BYTES;
    if (device->resuming) {
        psk.kid = (husk_bytes){record, RKID_BYTES};
        psk.key = (husk_bytes){record + RKID_BYTES, len - RKID_BYTES};
    }
    return psk;
}

static husk_status compose_message_3(husk_device *device, uint8_t *out, size_t cap, size_t *len)
{
    uint8_t record[HUSK_DEVICE_RECORD_MAX_BYTES];
    husk_psk psk = choose_psk(device, record);
    husk_status status = husk_edhoc_message_3_compose(&device->edhoc, &psk, (husk_bytes){NULL, 0}, out, cap, len);
    husk_wipe(record, sizeof record);
    return status;
}

/* Message 3 alone. */
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
    status = compose_message_3(device, payload + w.len, cap - w.len, &message_len);
    if (status != HUSK_OK) {
        return status;
    }
    return post(device, HUSK_DEVICE_WAIT_MESSAGE_4, w.len + message_len);
}

/* Message 3 in front of the request (RFC 9668). The new context takes the place of the old one, which is not in use
 * any more when a request comes this far; unconfirmed, it serves this one message. */
static husk_status send_combined(husk_device *device)
{
    uint8_t message_3[HUSK_EDHOC_MESSAGE_3_MAX_BYTES];
    size_t len;
    husk_status status = compose_message_3(device, message_3, sizeof message_3, &len);
    if (status == HUSK_OK) {
        status = husk_device_take_context(device);
    }
    if (status == HUSK_OK) {
        status = husk_device_send_request(device, (husk_bytes){message_3, len});
    }
    return status;
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

/* Another attempt that may do better than the refused one, each kind at most once per run: with a suite the gateway
 * has, or with the external PSK in place of the resumption PSK. Returns why there is none. */
static husk_status try_again(husk_device *device, husk_status why, husk_bytes suites_r)
{
    size_t suite_index;
    if (device->phase == HUSK_DEVICE_WAIT_MESSAGE_2) {
        if (why != HUSK_ERR_SUITE || device->renegotiated ||
            husk_edhoc_suite_select(&device->config->edhoc, suites_r, &suite_index) != HUSK_OK) {
            return why;
        }
        device->renegotiated = true;
        device->suite_index = (uint8_t)suite_index;
        return husk_device_authenticate(device);
    }
    if (!device->resuming) {
        return why;
    }
    device->resume_refused = true;
    return husk_device_authenticate(device);
}

void husk_device_take_refusal(husk_device *device, const husk_coap_message *answer, husk_event *event)
{
    husk_edhoc_error error = {0};
    husk_status why = HUSK_ERR_PEER;
    if (husk_edhoc_error_read(answer->payload.data, answer->payload.len, &error) == HUSK_OK) {
        why = meaning(error.code);
        why = try_again(device, why, error.suites);
        if (why == HUSK_OK) {
            return;
        }
    }
    husk_device_fail(device, why, answer->code, event);
}

husk_status husk_device_take_message_2(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event)
{
    if (answer->code != HUSK_COAP_CHANGED) {
        husk_device_take_refusal(device, answer, event);
        return HUSK_OK;
    }
    husk_status status = husk_edhoc_message_2_process(&device->edhoc, payload, answer->payload.len, NULL);
    if (status != HUSK_OK) {
        return status; /* forged or damaged: the genuine one may still come, after a retransmission at the latest */
    }
    bool combined = device->request != NULL && !device->sequential &&
                    husk_device_check_request(device->request, HUSK_EDHOC_MESSAGE_3_MAX_BYTES + 1) == HUSK_OK;
    status = combined ? send_combined(device) : send_message_3(device);
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
    if (device->suite_index != device->stored_suite_index &&
        storage->store(storage->context, HUSK_DEVICE_RECORD_SUITE, &device->suite_index, 1) == HUSK_OK) {
        device->stored_suite_index = device->suite_index;
    }
}

/* The next resumption PSK takes the place of this one: the gateway has proved that it derived it too, and keeps the old
 * one until our next message (draft section 6). If the store fails the old record stays, and the external PSK after
 * it. */
static void remember_resumption(const husk_device *device)
{
    const husk_storage *storage = &device->config->storage;
    const husk_bytes none = {NULL, 0};
    uint8_t record[HUSK_DEVICE_RECORD_MAX_BYTES];
    size_t rpsk_len = device->config->edhoc.suites[device->suite_index]->hash->digest_bytes;
    if (husk_edhoc_export(&device->edhoc, HUSK_EDHOC_EXPORT_RKID, none, record, RKID_BYTES) == HUSK_OK &&
        husk_edhoc_export(&device->edhoc, HUSK_EDHOC_EXPORT_RPSK, none, record + RKID_BYTES, rpsk_len) == HUSK_OK) {
        (void)storage->store(storage->context, HUSK_DEVICE_RECORD_RESUMPTION, record, RKID_BYTES + rpsk_len);
    }
    husk_wipe(record, sizeof record);
}

void husk_device_authenticated(husk_device *device)
{
    if (device->config->storage.store != NULL) {
        remember_suite(device);
        if (device->config->resume) {
            remember_resumption(device);
        }
    }
    device->has_context = true;
    device->resume_refused = false;
    husk_edhoc_wipe(&device->edhoc);
}

husk_status husk_device_take_context(husk_device *device)
{
    device->has_context = false; /* until the gateway has proved to hold the keys too */
    husk_status status = husk_edhoc_oscore_context(&device->edhoc, &device->oscore);
    device->oscore.sender_limit = HUSK_DEVICE_KEY_USES;
    return status;
}

husk_status husk_device_take_message_4(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
                                       husk_event *event)
{
    if (answer->code != HUSK_COAP_CHANGED) {
        husk_device_take_refusal(device, answer, event);
        return HUSK_OK;
    }
    husk_status status = husk_edhoc_message_4_process(&device->edhoc, payload, answer->payload.len, NULL);
    if (status != HUSK_OK) {
        return status;
    }
    status = husk_device_take_context(device);
    if (status != HUSK_OK) {
        husk_device_fail(device, status, 0, event);
        return HUSK_OK;
    }
    husk_device_authenticated(device);
    husk_device_exchange_end(device);
    if (device->request != NULL) {
        status = husk_device_send_request(device, (husk_bytes){NULL, 0});
        if (status != HUSK_OK) {
            husk_device_fail(device, status, 0, event);
            return HUSK_OK;
        }
    }
    *event = (husk_event){.kind = HUSK_EVENT_AUTHENTICATED, .new_session = true};
    return HUSK_OK;
}
