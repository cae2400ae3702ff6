/* KUDOS over frames: its messages are frames with a pair behind the Partial IV. */
#include <string.h>

#include "frame/header.h"
#include "oscore/kudos.h"

husk_status husk_frame_kudos_seal(husk_kudos *kudos, husk_frame_context *context, bool with_kid, husk_bytes payload,
                                  uint8_t *out, size_t out_cap, size_t *out_len)
{
    husk_oscore_context *current = &context->oscore;
    bool running;
    husk_status status = husk_kudos_send_prepare(kudos, &current, &running);
    if (status != HUSK_OK) {
        return status;
    }
    const husk_bytes pair = {kudos->own.bytes, running ? kudos->own.len : 0};
    status = husk_frame_protect(current, with_kid, pair, payload, out, out_cap, out_len);
    if (running) {
        husk_kudos_send_finish(kudos, status);
    }
    return status;
}

/* A candidate context: the number takes the place of what an exchange would remember. */
static husk_status unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange, uint8_t *frame, size_t len,
                             husk_coap_message *inner)
{
    husk_frame_header header;
    husk_frame_message message;
    husk_status status = husk_frame_header_read(frame, len, &header);
    if (status == HUSK_OK) {
        status = husk_frame_unprotect(context, &header, frame, len, &message);
    }
    if (status == HUSK_OK) {
        inner->payload = message.payload;
        exchange->request_sequence = message.number;
    }
    return status;
}

husk_status husk_frame_kudos_open(husk_kudos *kudos, husk_frame_context *context, uint8_t *frame, size_t len,
                                  uint8_t *spare, size_t spare_cap, husk_frame_message *message, uint8_t *event)
{
    husk_frame_header header;
    husk_status status = husk_frame_header_read(frame, len, &header);
    if (status != HUSK_OK) {
        return status;
    }
    if (header.kind != HUSK_FRAME_DATA && header.kind != HUSK_FRAME_KUDOS) {
        return HUSK_ERR_FORMAT;
    }
    husk_coap_message inner;
    husk_oscore_exchange exchange = {0};
    husk_kudos_reception r = {.datagram = frame, .len = len, .text_len = header.body.len, .spare = spare,
                              .spare_cap = spare_cap, .inner = &inner, .event = event};
    if (header.pair.len > 0) {
        r.pair.len = (uint8_t)header.pair.len;
        memcpy(r.pair.bytes, header.pair.data, header.pair.len);
    }
    /* Of a message too long for `spare` one key can be tried: rather that of the context in use than CTX_NEW, which a
     * recorded message may have brought about. */
    bool maybe_next = r.text_len <= spare_cap || context->oscore.aead == NULL;
    status = husk_kudos_receive(kudos, &context->oscore, &exchange, &r, maybe_next, unprotect);
    if (status == HUSK_OK) {
        *message = (husk_frame_message){inner.payload, exchange.request_sequence};
    }
    return status;
}
