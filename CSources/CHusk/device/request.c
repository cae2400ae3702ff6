/* Requests of the application and their responses, under the OSCORE security context. */
#include "device/steps.h"

static const husk_device_extras no_extras = {false, {NULL, 0}};

static void write_options(husk_coap_writer *w, const husk_device *device, const husk_device_request *request,
                          const husk_device_extras *extras)
{
    if (device->about_observation) {
        husk_coap_write_option_uint(w, HUSK_COAP_OBSERVE, device->observation->cancelling);
    }
    husk_coap_write_path(w, request->path, request->path_len);
    if (request->content_format != HUSK_DEVICE_NO_FORMAT) {
        husk_coap_write_option_uint(w, HUSK_COAP_CONTENT_FORMAT, request->content_format);
    }
    if (extras->combined) {
        husk_coap_write_option(w, HUSK_COAP_EDHOC, NULL, 0);
    }
    if (device->config->blocks != NULL) {
        device->config->blocks->functions->write_options(device, w, extras->echo);
    } else if (extras->echo.len > 0) {
        husk_coap_write_option(w, HUSK_COAP_ECHO, extras->echo.data, extras->echo.len);
    }
}

/* Encoded length of the options of a request that fits with a payload of that length. */
static husk_status measure(const husk_device *device, const husk_device_request *request, size_t payload_len,
                           const husk_device_extras *extras, size_t *options_len)
{
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, NULL, 0);
    write_options(&w, device, request, extras);
    husk_status status = husk_coap_writer_finish(&w, options_len);
    if (status == HUSK_ERR_ARGUMENT) {
        return status;
    }
    if (request->code == HUSK_COAP_EMPTY || request->code >= HUSK_COAP_CODE(1, 0) ||
        (request->content_format > UINT16_MAX && request->content_format != HUSK_DEVICE_NO_FORMAT)) {
        return HUSK_ERR_ARGUMENT;
    }
    const size_t fixed = HUSK_COAP_HEADER_BYTES + sizeof((husk_device *)0)->token + HUSK_OSCORE_OVERHEAD_MAX_BYTES + 1;
    if (*options_len > HUSK_DEVICE_BUFFER_BYTES - fixed ||
        payload_len > HUSK_DEVICE_BUFFER_BYTES - fixed - *options_len) {
        return HUSK_ERR_BUFFER;
    }
    return HUSK_OK;
}

husk_status husk_device_check_request(const husk_device *device, const husk_device_request *request, size_t extra)
{
    size_t options_len;
    size_t len = request->payload.len < HUSK_DEVICE_BUFFER_BYTES ? request->payload.len : HUSK_DEVICE_BUFFER_BYTES;
    return measure(device, request, len + extra, &no_extras, &options_len);
}

husk_status husk_device_send_request(husk_device *device, const husk_device_extras *extras, uint8_t phase)
{
    const husk_device_blocks *blocks = device->config->blocks;
    const husk_device_request *request = device->request;
    husk_bytes payload = request->payload;
    size_t options_len;
    if (extras == NULL) {
        extras = &no_extras;
    }
    husk_status status = blocks == NULL ? HUSK_OK : blocks->functions->next(device, &payload);
    if (status == HUSK_OK) {
        status = measure(device, request, payload.len, extras, &options_len);
    }
    if (status == HUSK_OK) {
        status = husk_device_exchange_prepare(device);
    }
    if (status != HUSK_OK) {
        return status;
    }
    /* The options are encoded at the upper end of the buffer; from there OSCORE takes them while it writes the
     * protected message from the lower end. */
    uint8_t *options = device->buffer + (sizeof device->buffer - options_len);
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, options_len);
    write_options(&w, device, request, extras);

    const husk_coap_message plain = {
        .type = HUSK_COAP_CON,
        .code = request->code,
        .message_id = device->message_id,
        .token = {device->token, sizeof device->token},
        .options = {options, options_len},
        .payload = payload,
    };
    size_t len;
    device->exchange = (husk_oscore_exchange){0};
    status = device->config->profile->protect(device, &plain, &len);
    if (status != HUSK_OK) {
        return status;
    }
    husk_device_exchange_begin(device, phase, len);
    return HUSK_OK;
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

/* The same request with the gateway's Echo (RFC 9175 section 2.3), under a number of its own. */
static husk_status answer_challenge(husk_device *device, husk_bytes echo, husk_event *event)
{
    const husk_device_extras extras = {.echo = echo};
    device->challenged = true;
    husk_device_exchange_end(device);
    husk_status status = husk_device_send_request(device, &extras, HUSK_DEVICE_WAIT_RESPONSE);
    if (status != HUSK_OK) {
        husk_device_fail(device, status, HUSK_COAP_UNAUTHORIZED, event);
    }
    return HUSK_OK;
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
        return answer_challenge(device, option, event);
    }
    const husk_device_blocks *blocks = device->config->blocks;
    if (blocks != NULL && !device->about_observation && blocks->functions->take(device, &inner, event)) {
        return HUSK_OK;
    }
    *event = (husk_event){
        .kind = HUSK_EVENT_RESPONSE, .code = inner.code, .options = inner.options, .payload = inner.payload};
    if (device->about_observation) {
        device->observation->observer->answered(device, event);
    }
    husk_device_exchange_end(device);
    device->request = NULL;
    return HUSK_OK;
}
