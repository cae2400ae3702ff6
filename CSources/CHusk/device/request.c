/* Requests of the application and their responses, under the OSCORE security context. */
#include <string.h>

#include "device/steps.h"

/* What a request in `phase` has of options; `echo` may be NULL. */
static void write_options(husk_coap_writer *w, const husk_device *device, const husk_device_request *request,
                          uint8_t phase, const husk_bytes *echo)
{
    if (device->about_observation) {
        husk_coap_write_option_uint(w, HUSK_COAP_OBSERVE, device->observation->cancelling);
    }
    husk_coap_write_path(w, request->path, request->path_len);
    if (request->content_format != HUSK_DEVICE_NO_FORMAT) {
        husk_coap_write_option_uint(w, HUSK_COAP_CONTENT_FORMAT, request->content_format);
    }
    if (phase == HUSK_DEVICE_WAIT_COMBINED) {
        husk_coap_write_option(w, HUSK_COAP_EDHOC, NULL, 0);
    }
    if (device->config->blocks != NULL) {
        device->config->blocks->functions->write_options(device, w, echo);
    } else if (echo != NULL) {
        husk_coap_write_option(w, HUSK_COAP_ECHO, echo->data, echo->len);
    }
}

/* Encodes the options of a request into out[0..cap), and checks that it fits with a payload of that length. With cap 0
 * they are only measured. */
static husk_status encode_options(const husk_device *device, const husk_device_request *request, size_t payload_len,
                                  uint8_t phase, const husk_bytes *echo, uint8_t *out, size_t cap,
                                  size_t *options_len)
{
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, out, cap);
    write_options(&w, device, request, phase, echo);
    *options_len = w.len;
    if (w.status != HUSK_OK || request->code == HUSK_COAP_EMPTY || request->code >= HUSK_COAP_CODE(1, 0) ||
        (request->content_format > UINT16_MAX && request->content_format != HUSK_DEVICE_NO_FORMAT)) {
        return HUSK_ERR_ARGUMENT;
    }
    const size_t fixed = HUSK_COAP_HEADER_BYTES + sizeof((husk_device *)0)->token + HUSK_OSCORE_OVERHEAD_MAX_BYTES + 1;
    if (w.len > HUSK_DEVICE_BUFFER_BYTES - fixed || payload_len > HUSK_DEVICE_BUFFER_BYTES - fixed - w.len) {
        return HUSK_ERR_BUFFER;
    }
    return HUSK_OK;
}

husk_status husk_device_check_request(const husk_device *device, const husk_device_request *request, size_t extra)
{
    size_t options_len;
    size_t len = request->payload.len < HUSK_DEVICE_BUFFER_BYTES ? request->payload.len : HUSK_DEVICE_BUFFER_BYTES;
    return encode_options(device, request, len + extra, HUSK_DEVICE_WAIT_RESPONSE, NULL, NULL, 0, &options_len);
}

husk_status husk_device_send_request(husk_device *device, const husk_bytes *echo, uint8_t phase)
{
    const husk_device_blocks *blocks = device->config->blocks;
    const husk_device_request *request = device->request;
    husk_coap_message plain = {.type = HUSK_COAP_CON, .code = request->code, .payload = request->payload};
    husk_status status = blocks == NULL ? HUSK_OK : blocks->functions->next(device, &plain.payload);
    if (status == HUSK_OK) {
        status = encode_options(device, request, plain.payload.len, phase, echo, device->buffer,
                                sizeof device->buffer, &plain.options.len);
    }
    if (status == HUSK_OK) {
        status = husk_device_exchange_prepare(device);
    }
    if (status != HUSK_OK) {
        return status;
    }
    /* The options go to the upper end of the buffer; from there OSCORE takes them while it writes the protected message
     * from the lower end. */
    uint8_t *options = device->buffer + (sizeof device->buffer - plain.options.len);
    memmove(options, device->buffer, plain.options.len);
    plain.options.data = options;
    plain.message_id = device->message_id;
    plain.token = (husk_bytes){device->token, sizeof device->token};
    size_t len;
    device->exchange = (husk_oscore_exchange){0};
    status = device->config->profile->protect(device, &plain, &len);
    if (status == HUSK_OK) {
        husk_device_exchange_begin(device, phase, len);
    }
    return status;
}

/* 4.01 and 4.00 are how a gateway says that it lost our context or cannot verify with it (RFC 8613 section 8.2):
 * authenticate again and repeat the request, once. */
void husk_device_take_unprotected(husk_device *device, const husk_coap_message *answer, husk_event *event)
{
    bool unknown = answer->code == HUSK_COAP_UNAUTHORIZED || answer->code == HUSK_COAP_BAD_REQUEST;
    husk_status status = unknown ? HUSK_ERR_CONTEXT : HUSK_ERR_PEER;
    if (unknown && !device->reauthenticated) {
        device->reauthenticated = true;
        device->way.why = HUSK_WHY_REFUSED;
        status = device->config->profile->authenticate(device);
        if (status == HUSK_OK) {
            return;
        }
    }
    husk_device_fail(device, status, answer->code, event);
}

husk_status husk_device_take_response(husk_device *device, const husk_coap_message *answer, uint8_t *datagram,
                                      size_t len, husk_event *event)
{
    husk_bytes option;
    if (!husk_coap_option_find(answer->options, HUSK_COAP_OSCORE, &option)) {
        if (answer->code < HUSK_COAP_BAD_REQUEST) {
            return HUSK_ERR_FORMAT; /* success is never said without protection */
        }
        husk_device_take_unprotected(device, answer, event);
        return HUSK_OK;
    }
    husk_coap_message inner;
    husk_status status = device->config->profile->unprotect(device, &device->exchange, datagram, len, &inner);
    if (status != HUSK_OK) {
        return status;
    }
    device->has_context = true; /* the gateway has proved to hold its keys too */
    if (inner.code == HUSK_COAP_UNAUTHORIZED && !device->challenged &&
        husk_coap_option_find(inner.options, HUSK_COAP_ECHO, &option)) {
        /* The same request with the gateway's Echo (RFC 9175 section 2.3), under a number of its own. */
        device->challenged = true;
        status = husk_device_send_request(device, &option, HUSK_DEVICE_WAIT_RESPONSE);
        if (status != HUSK_OK) {
            husk_device_fail(device, status, HUSK_COAP_UNAUTHORIZED, event);
        }
        return HUSK_OK;
    }
    const husk_device_blocks *blocks = device->config->blocks;
    if (blocks != NULL && !device->about_observation && blocks->functions->take(device, &inner, event)) {
        return HUSK_OK;
    }
    event->kind = HUSK_EVENT_RESPONSE;
    event->code = inner.code;
    event->options = inner.options;
    event->payload = inner.payload;
    if (device->about_observation) {
        device->observation->observer->answered(device, event);
    }
    husk_device_exchange_end(device);
    device->request = NULL;
    return HUSK_OK;
}
