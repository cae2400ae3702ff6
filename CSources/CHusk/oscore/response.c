/* Responses: protected by the server, unprotected by the client (RFC 8613 sections 8.3 and 8.4), notifications of an
 * observed resource among them (sections 4.1.3.5.2 and 7.4.1). */
#include "coap/message.h"
#include "oscore/message.h"
#include "oscore/nonce.h"

/* The number of a notification without Partial IV, which is older than any with one; those follow in the order of
 * their Partial IVs. */
#define OLDEST 1

bool husk_oscore_exchange_observes(const husk_oscore_exchange *exchange)
{
    return exchange->observes;
}

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
    const bool notification = husk_oscore_observe(message) != HUSK_OSCORE_NO_OBSERVE;
    if (notification && !exchange->observes) {
        return HUSK_ERR_STATE;
    }
    own_partial_iv = own_partial_iv || exchange->phase == HUSK_OSCORE_SERVER_ANSWERED;
    husk_oscore_draft draft = {
        .message = message,
        .option = {.has_partial_iv = own_partial_iv},
        .binding = {.request_kid = &context->recipient_id,
                    .request_sequence = exchange->request_sequence,
                    .nonce_id = own_partial_iv ? &context->sender_id : &context->recipient_id,
                    .nonce_sequence = exchange->request_sequence},
        .outer_code = notification ? HUSK_COAP_CONTENT : HUSK_COAP_CHANGED,
    };
    if (own_partial_iv) {
        husk_status status = husk_oscore_sequence_next(context, &draft.binding.nonce_sequence);
        if (status != HUSK_OK) {
            return status;
        }
    }
    husk_status status = husk_oscore_draft_seal(context, &draft, out, out_cap, out_len);
    if (draft.spent && !own_partial_iv) {
        exchange->phase = HUSK_OSCORE_SERVER_ANSWERED;
    }
    if (status == HUSK_OK) {
        exchange->observes = notification;
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
    husk_oscore_binding binding = {&context->sender_id, request_sequence, &context->sender_id, request_sequence,
                                   {NULL, 0}};
    uint64_t number = OLDEST;
    if (option.has_partial_iv) {
        binding.nonce_id = &context->recipient_id;
        binding.nonce_sequence = husk_oscore_partial_iv_read(option.partial_iv);
        number = OLDEST + 1 + binding.nonce_sequence;
    }
    if (number <= exchange->notification) {
        return HUSK_ERR_REPLAY;
    }
    status = husk_oscore_message_open(context, &binding, &text);
    if (status != HUSK_OK) {
        return status;
    }
    status = husk_oscore_message_reveal(&text, &message);
    bool notification = status == HUSK_OK && husk_oscore_observe(&message) != HUSK_OSCORE_NO_OBSERVE;
    /* A notification that was not asked for is not to be processed (RFC 8613 section 4.1.3.5.2). */
    if (status != HUSK_OK || !husk_coap_code_is_response(message.code) || (notification && !exchange->observes)) {
        husk_wipe(text.data, text.len);
        return HUSK_ERR_FORMAT;
    }
    exchange->notification = number;
    if (!notification) {
        exchange->phase = HUSK_OSCORE_IDLE;
        exchange->observes = false;
    }
    *inner = message;
    return HUSK_OK;
}
