/* Responses: protected by the server, unprotected by the client (RFC 8613 sections 8.3 and 8.4). */
#include "coap/message.h"
#include "oscore/message.h"
#include "oscore/nonce.h"

husk_status husk_oscore_response_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                         bool own_partial_iv, const husk_coap_message *message, uint8_t *out,
                                         size_t out_cap, size_t *out_len)
{
    if (exchange->phase != HUSK_OSCORE_SERVER_ANSWERS && exchange->phase != HUSK_OSCORE_SERVER_ANSWERED) {
        return HUSK_ERR_STATE;
    }
    if (!husk_coap_code_is_response(message->code)) {
        return HUSK_ERR_ARGUMENT;
    }
    uint64_t request_sequence = exchange->request_sequence;
    husk_oscore_binding binding = {&context->recipient_id, request_sequence, &context->recipient_id, request_sequence};
    uint8_t partial_iv[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
    husk_oscore_option option = {.has_partial_iv = own_partial_iv || exchange->phase == HUSK_OSCORE_SERVER_ANSWERED};
    husk_status status;
    if (option.has_partial_iv) {
        status = husk_oscore_sequence_next(context, &binding.nonce_sequence);
        if (status != HUSK_OK) {
            return status;
        }
        binding.nonce_id = &context->sender_id;
        option.partial_iv.data = partial_iv;
        option.partial_iv.len = husk_oscore_partial_iv_write(binding.nonce_sequence, partial_iv);
    }
    husk_oscore_text text;
    status = husk_oscore_message_compose(context, &option, HUSK_COAP_CHANGED, message, out, out_cap, out_len, &text);
    if (status != HUSK_OK) {
        return status;
    }
    status = husk_oscore_message_seal(context, &binding, &text);
    if (status == HUSK_ERR_ARGUMENT) {
        return status;
    }
    if (option.has_partial_iv) {
        context->sender_sequence = binding.nonce_sequence + 1;
    } else {
        exchange->phase = HUSK_OSCORE_SERVER_ANSWERED;
    }
    return status;
}

husk_status husk_oscore_response_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                           uint8_t *datagram, size_t len, husk_coap_message *inner)
{
    if (exchange->phase != HUSK_OSCORE_CLIENT_WAITS) {
        return HUSK_ERR_STATE;
    }
    husk_coap_message message;
    husk_oscore_option option;
    husk_oscore_text text;
    husk_status status = husk_oscore_message_decode(context, datagram, len, &message, &option, &text);
    if (status != HUSK_OK) {
        return status;
    }
    if (!husk_coap_code_is_response(message.code)) {
        return HUSK_ERR_FORMAT;
    }
    uint64_t request_sequence = exchange->request_sequence;
    husk_oscore_binding binding = {&context->sender_id, request_sequence, &context->sender_id, request_sequence};
    if (option.has_partial_iv) {
        binding.nonce_id = &context->recipient_id;
        binding.nonce_sequence = husk_oscore_partial_iv_read(option.partial_iv);
    }
    status = husk_oscore_message_open(context, &binding, &text);
    if (status != HUSK_OK) {
        return status;
    }
    status = husk_oscore_message_reveal(&text, &message);
    husk_bytes observe;
    /* A notification that was not asked for is not to be processed (RFC 8613 section 4.1.3.5.2). */
    if (status != HUSK_OK || !husk_coap_code_is_response(message.code) ||
        husk_coap_option_find(message.options, HUSK_COAP_OBSERVE, &observe)) {
        husk_wipe(text.data, text.len);
        return HUSK_ERR_FORMAT;
    }
    exchange->phase = HUSK_OSCORE_IDLE;
    *inner = message;
    return HUSK_OK;
}
