/* Requests: protected by the client, unprotected by the server (RFC 8613 sections 8.1 and 8.2). */
#include "coap/message.h"
#include "oscore/message.h"
#include "oscore/nonce.h"
#include "oscore/replay.h"

husk_status husk_oscore_request_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                        const husk_coap_message *message, uint8_t *out, size_t out_cap,
                                        size_t *out_len)
{
    /* A proxy knows Observe with FETCH and 2.05 (Content) only (RFC 8613 sections 4.1.3.5 and 4.2). */
    const uint32_t observe = husk_oscore_observe(message);
    const bool observes = observe != HUSK_OSCORE_NO_OBSERVE;
    if (!husk_coap_code_is_request(message->code) || (observes && observe > HUSK_OSCORE_CANCEL)) {
        return HUSK_ERR_ARGUMENT;
    }
    uint64_t sequence;
    husk_status status = husk_oscore_sequence_next(context, &sequence);
    if (status != HUSK_OK) {
        return status;
    }
    husk_oscore_draft draft = {
        .message = message,
        .option = {.has_kid = true,
                   .has_kid_context = context->has_id_context,
                   .has_partial_iv = true,
                   .kid = {context->sender_id.bytes, context->sender_id.len},
                   .kid_context = {context->id_context, context->id_context_len}},
        .binding = {.request_kid = &context->sender_id,
                    .request_sequence = sequence,
                    .nonce_id = &context->sender_id,
                    .nonce_sequence = sequence},
        .outer_code = observes ? HUSK_COAP_FETCH : HUSK_COAP_POST,
    };
    status = husk_oscore_draft_seal(context, &draft, out, out_cap, out_len);
    if (status == HUSK_OK) {
        exchange->request_sequence = sequence;
        exchange->notification = 0;
        exchange->phase = HUSK_OSCORE_CLIENT_WAITS;
        exchange->observes = observe == HUSK_OSCORE_REGISTER;
    }
    return status;
}

husk_status husk_oscore_request_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                          uint8_t *datagram, size_t len, husk_coap_message *inner)
{
    husk_coap_message message;
    husk_oscore_option option;
    husk_oscore_text text;
    husk_status status = husk_oscore_message_decode(context, datagram, len, &message, &option, &text);
    if (status != HUSK_OK) {
        return status;
    }
    if (!husk_coap_code_is_request(message.code) || !option.has_kid || !option.has_partial_iv) {
        return HUSK_ERR_FORMAT;
    }
    uint64_t sequence = husk_oscore_partial_iv_read(option.partial_iv);
    if (!husk_oscore_replay_is_fresh(context, sequence)) {
        return HUSK_ERR_REPLAY;
    }
    const husk_oscore_binding binding = {&context->recipient_id, sequence, &context->recipient_id, sequence,
                                         {NULL, 0}};
    status = husk_oscore_message_open(context, &binding, &text);
    if (status != HUSK_OK) {
        return status;
    }
    husk_oscore_replay_accept(context, sequence);
    status = husk_oscore_message_reveal(&text, &message);
    if (status != HUSK_OK || !husk_coap_code_is_request(message.code)) {
        husk_wipe(text.data, text.len);
        return HUSK_ERR_FORMAT;
    }
    exchange->request_sequence = sequence;
    exchange->notification = 0;
    const husk_bytes echo = {context->echo, sizeof context->echo};
    if (context->window_lost && !husk_oscore_echo_matches(&message, echo)) {
        husk_wipe(text.data, text.len);
        exchange->phase = HUSK_OSCORE_SERVER_ANSWERED; /* the nonce of the request may have been used before */
        exchange->observes = false;
        return HUSK_ERR_FRESHNESS;
    }
    if (context->window_lost) {
        context->window_lost = false;
        husk_oscore_replay_set_lowest(context, sequence);
    }
    exchange->phase = HUSK_OSCORE_SERVER_ANSWERS;
    exchange->observes = husk_oscore_observe(&message) == HUSK_OSCORE_REGISTER;
    *inner = message;
    return HUSK_OK;
}
