/* The EDHOC profile: EDHOC over CoAP as the client (RFC 9528 appendix A.2.1), POST to /.well-known/edhoc with `true`
 * or C_R before the message; message 3 with the first request (RFC 9668); resumption. */
#include <string.h>

#include "device/steps.h"
#include "edhoc/message.h"
#include "husk/cbor.h"

/* kid_length of rKID (draft-ietf-lake-edhoc-psk-08 section 6, default). */
#define RKID_BYTES 2

static const char edhoc_path[] = ".well-known/edhoc";

/* Header, token, two Uri-Path options, Content-Format and payload marker of such a request. */
#define HEADROOM_BYTES (HUSK_COAP_HEADER_BYTES + 2 + 12 + 6 + 2 + 1)

/* The EDHOC message lies at buffer + HEADROOM_BYTES + prefix_len; `prefix` goes before it, the CoAP header before
 * that, for which there is room enough. */
static husk_status post(husk_device *device, uint8_t phase, size_t payload_len)
{
    husk_coap_writer w;
    husk_coap_writer_init(&w, device->buffer, sizeof device->buffer, HUSK_COAP_CON, HUSK_COAP_POST,
                          device->message_id, (husk_bytes){device->token, sizeof device->token});
    husk_coap_write_path(&w, edhoc_path, sizeof edhoc_path - 1);
    husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, HUSK_COAP_FORMAT_CID_EDHOC);
    husk_coap_write_payload(&w, device->buffer + HEADROOM_BYTES, payload_len);
    husk_device_exchange_begin(device, phase, w.len);
    return HUSK_OK;
}

static husk_status authenticate(husk_device *device)
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

/* With the resumption PSK if there is one, else with the external PSK. */
static husk_status compose_message_3(husk_device *device, uint8_t *out, size_t cap, size_t *len)
{
    uint8_t record[HUSK_DEVICE_RESUMPTION_BYTES];
    const husk_storage *storage = &device->config->storage;
    husk_psk psk = device->config->psk;
    size_t record_len = 0;
    device->resuming = device->config->resume && !device->resume_refused && storage->load != NULL &&
                       storage->load(storage->context, HUSK_DEVICE_RECORD_RESUMPTION, record, sizeof record,
                                     &record_len) == HUSK_OK &&
                       record_len >= RKID_BYTES + HUSK_PSK_MIN_BYTES && record_len <= sizeof record;
    if (device->resuming) {
        psk.kid = (husk_bytes){record, RKID_BYTES};
        psk.key = (husk_bytes){record + RKID_BYTES, record_len - RKID_BYTES};
    }
    device->way.kind = device->resuming ? HUSK_WAY_RESUMED : HUSK_WAY_FULL;
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

/* Derives the security context from the handshake, in place of any other. */
static husk_status take_context(husk_device *device)
{
    device->has_context = false; /* until the gateway has proved to hold the keys too */
    husk_device_end_observation(device);
    husk_device_replace_session(device);
    return husk_edhoc_oscore_context(&device->edhoc, &device->oscore);
}

/* Message 3 in front of the request (RFC 9668). The new context takes the place of the old one, which is not in use
 * any more when a request comes this far; unconfirmed, it serves this one message. */
static husk_status send_combined(husk_device *device)
{
    uint8_t message_3[HUSK_EDHOC_MESSAGE_3_MAX_BYTES];
    size_t len;
    husk_status status = compose_message_3(device, message_3, sizeof message_3, &len);
    if (status == HUSK_OK) {
        status = take_context(device);
    }
    if (status == HUSK_OK) {
        status = husk_device_send_request(device, NULL, HUSK_DEVICE_WAIT_COMBINED);
    }
    if (status == HUSK_OK) {
        size_t datagram_len = device->buffer_len;
        status = husk_edhoc_combined_insert((husk_bytes){message_3, len}, device->buffer, &datagram_len,
                                            sizeof device->buffer);
        device->buffer_len = (uint16_t)datagram_len;
    }
    return status;
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
        return authenticate(device);
    }
    if (!device->resuming) {
        return why;
    }
    device->resume_refused = true;
    device->way.why = HUSK_WHY_RESUMPTION_REFUSED;
    return authenticate(device);
}

/* What an EDHOC error message, or anything else but success, says about the handshake in progress. */
static void take_refusal(husk_device *device, const husk_coap_message *answer, husk_event *event)
{
    husk_edhoc_error error = {0};
    husk_status why = HUSK_ERR_PEER;
    if (husk_edhoc_error_read(answer->payload.data, answer->payload.len, &error) == HUSK_OK) {
        why = husk_edhoc_error_meaning(error.code);
        why = try_again(device, why, error.suites);
        if (why == HUSK_OK) {
            return;
        }
    }
    husk_device_fail(device, why, answer->code, event);
}

static husk_status take_message_2(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
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
    bool combined = device->request != NULL && !device->sequential &&
                    husk_device_check_request(device, device->request, HUSK_EDHOC_MESSAGE_3_MAX_BYTES + 1) == HUSK_OK;
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
    uint8_t record[HUSK_DEVICE_RESUMPTION_BYTES];
    size_t rpsk_len = device->config->rpsk_bytes;
    if (rpsk_len == 0) {
        rpsk_len = device->config->edhoc.suites[device->suite_index]->hash->digest_bytes;
    }
    if (husk_edhoc_export(&device->edhoc, HUSK_EDHOC_EXPORT_RKID, none, record, RKID_BYTES) == HUSK_OK &&
        husk_edhoc_export(&device->edhoc, HUSK_EDHOC_EXPORT_RPSK, none, record + RKID_BYTES, rpsk_len) == HUSK_OK) {
        (void)storage->store(storage->context, HUSK_DEVICE_RECORD_RESUMPTION, record, RKID_BYTES + rpsk_len);
    }
    husk_wipe(record, sizeof record);
}

/* The handshake is over and the gateway authenticated: stores what the next one can start from. */
static void remember(husk_device *device)
{
    if (device->config->storage.store != NULL) {
        remember_suite(device);
        if (device->config->resume) {
            remember_resumption(device);
        }
    }
    device->resume_refused = false;
    husk_edhoc_wipe(&device->edhoc);
}

static husk_status take_message_4(husk_device *device, const husk_coap_message *answer, uint8_t *payload,
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
    status = take_context(device);
    if (status != HUSK_OK) {
        husk_device_fail(device, status, 0, event);
        return HUSK_OK;
    }
    remember(device);
    husk_device_begin_session(device, event);
    return HUSK_OK;
}

/* The response to the request that carried message 3: protected, it stands in for message 4; unprotected, an EDHOC
 * error message has the last word on the handshake, and 4.02 says that the gateway does not know the option, so that
 * the handshake is done again in sequence. */
static husk_status take_combined(husk_device *device, const husk_coap_message *answer, uint8_t *datagram, size_t len,
                                 husk_event *event)
{
    husk_bytes option;
    if (husk_coap_option_find(answer->options, HUSK_COAP_OSCORE, &option)) {
        husk_status status = husk_device_take_response(device, answer, datagram, len, event);
        if (status == HUSK_OK) {
            if (event->kind == HUSK_EVENT_NONE) { /* challenged, or one of several blocks: more is to come */
                event->kind = HUSK_EVENT_AUTHENTICATED;
            }
            event->new_session = true;
            remember(device);
            (void)husk_device_reserve(device);
        }
        return status;
    }
    if (answer->code < HUSK_COAP_BAD_REQUEST) {
        return HUSK_ERR_FORMAT;
    }
    uint32_t number;
    if (husk_coap_option_find(answer->options, HUSK_COAP_CONTENT_FORMAT, &option) &&
        husk_coap_option_uint(option, &number) == HUSK_OK && number == HUSK_COAP_FORMAT_EDHOC) {
        take_refusal(device, answer, event);
        return HUSK_OK;
    }
    if (answer->code == HUSK_COAP_BAD_OPTION && !device->sequential) {
        device->sequential = true;
        husk_status status = authenticate(device);
        if (status != HUSK_OK) {
            husk_device_fail(device, status, answer->code, event);
        }
        return HUSK_OK;
    }
    husk_device_take_unprotected(device, answer, event);
    return HUSK_OK;
}

static husk_status take(husk_device *device, const husk_coap_message *answer, uint8_t *datagram, size_t len,
                        husk_event *event)
{
    uint8_t *payload = datagram + (len - answer->payload.len);
    switch (device->phase) {
    case HUSK_DEVICE_WAIT_MESSAGE_2:
        return take_message_2(device, answer, payload, event);
    case HUSK_DEVICE_WAIT_MESSAGE_4:
        return take_message_4(device, answer, payload, event);
    default:
        return take_combined(device, answer, datagram, len, event);
    }
}

static husk_status protect(husk_device *device, const husk_coap_message *plain, size_t *len)
{
    husk_status status = husk_device_reserve(device);
    if (status != HUSK_OK) {
        return status;
    }
    return husk_oscore_request_protect(&device->oscore, &device->exchange, plain, device->buffer,
                                       sizeof device->buffer, len);
}

static husk_status unprotect(husk_device *device, husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                             husk_coap_message *inner)
{
    return husk_oscore_response_unprotect(&device->oscore, exchange, datagram, len, inner);
}

/* Checks the key and loads the suite that worked last. */
static husk_status open(husk_device *device)
{
    const husk_storage *storage = &device->config->storage;
    uint8_t index = 0;
    size_t len = 0;
    husk_status status = husk_psk_check(&device->config->psk);
    if (status != HUSK_OK) {
        return status;
    }
    uint8_t rpsk_bytes = device->config->rpsk_bytes;
    if (device->config->edhoc.suite_count == 0 || rpsk_bytes > HUSK_HASH_MAX_BYTES ||
        (rpsk_bytes != 0 && rpsk_bytes < HUSK_PSK_MIN_BYTES)) {
        return HUSK_ERR_ARGUMENT;
    }
    if (storage->load == NULL) {
        return HUSK_OK;
    }
    status = storage->load(storage->context, HUSK_DEVICE_RECORD_SUITE, &index, sizeof index, &len);
    if (status != HUSK_OK && status != HUSK_ERR_CORRUPT) {
        return HUSK_ERR_STORAGE;
    }
    /* A record that is damaged, or of firmware that had other suites, is as good as none. */
    if (len == sizeof index && index < device->config->edhoc.suite_count) {
        device->suite_index = index;
    }
    device->stored_suite_index = device->suite_index;
    return HUSK_OK;
}

const husk_profile husk_profile_edhoc = {
    .open = open,
    .authenticate = authenticate,
    .take = take,
    .protect = protect,
    .unprotect = unprotect,
};
