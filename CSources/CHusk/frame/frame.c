/* Protection of frames: the AEAD of OSCORE with nonce and AAD of a request (RFC 8613 sections 5.2 and 5.4), whose
 * "options" are the flag byte. */
#include <string.h>

#include "frame/header.h"
#include "husk/cbor.h"
#include "husk/edhoc.h"
#include "oscore/message.h"
#include "oscore/nonce.h"
#include "oscore/replay.h"

#define HEADER_MAX_BYTES (HUSK_FRAME_HEADER_MAX_BYTES + 1 + 1 + HUSK_KUDOS_NONCE_MAX_BYTES)

/* Returns the length of the header. */
static size_t write_header(const husk_oscore_context *context, bool with_kid, uint64_t number, husk_bytes pair,
                           uint8_t out[HEADER_MAX_BYTES])
{
    static const uint8_t flags_2 = 1;
    husk_cbor_writer w;
    uint8_t partial_iv[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
    size_t partial_iv_len = husk_oscore_partial_iv_write(number, partial_iv);
    uint8_t flags = (uint8_t)partial_iv_len;
    flags |= with_kid ? HUSK_FRAME_FLAG_KID : 0;
    flags |= pair.len > 0 ? HUSK_FRAME_FLAG_KUDOS : 0;
    husk_cbor_writer_init(&w, out, HEADER_MAX_BYTES);
    husk_cbor_write_raw(&w, &flags, 1);
    husk_cbor_write_raw(&w, &flags_2, pair.len > 0 ? 1 : 0);
    husk_cbor_write_raw(&w, partial_iv, partial_iv_len);
    husk_cbor_write_raw(&w, pair.data, pair.len);
    if (with_kid) {
        husk_edhoc_identifier_write(&w, (husk_bytes){context->sender_id.bytes, context->sender_id.len});
    }
    return w.len;
}

husk_status husk_frame_protect(husk_oscore_context *context, bool with_kid, husk_bytes pair, husk_bytes payload,
                               uint8_t *out, size_t out_cap, size_t *out_len)
{
    uint64_t number;
    husk_status status = husk_oscore_sequence_next(context, &number);
    if (status != HUSK_OK) {
        return status;
    }
    if (number >= context->limit_q) {
        return HUSK_ERR_EXHAUSTED;
    }
    if (payload.len > context->limit_l - context->aead->tag_bytes) {
        return HUSK_ERR_ARGUMENT;
    }
    uint8_t header[HEADER_MAX_BYTES];
    size_t header_len = write_header(context, with_kid, number, pair, header);
    size_t overhead = header_len + context->aead->tag_bytes;
    if (out_cap < overhead || payload.len > out_cap - overhead) {
        return HUSK_ERR_BUFFER;
    }
    const husk_oscore_text text = {out + header_len, payload.len};
    if (payload.len > 0) {
        memmove(text.data, payload.data, payload.len);
    }
    memcpy(out, header, header_len);
    const husk_oscore_binding binding = {&context->sender_id, number, &context->sender_id, number, {out, 1}};
    status = husk_oscore_message_seal(context, &binding, &text);
    if (status == HUSK_ERR_ARGUMENT) {
        return status;
    }
    context->sender_sequence = number + 1;
    *out_len = overhead + payload.len;
    return status;
}

husk_status husk_frame_unprotect(husk_oscore_context *context, const husk_frame_header *header, uint8_t *frame,
                                 size_t len, husk_frame_message *message)
{
    const husk_id *id = &context->recipient_id;
    if (header->has_kid && (header->kid.len != id->len || memcmp(header->kid.data, id->bytes, id->len) != 0)) {
        return HUSK_ERR_CONTEXT;
    }
    size_t tag_len = context->aead->tag_bytes;
    if (header->body.len < tag_len || header->body.len > context->limit_l) {
        return HUSK_ERR_FORMAT;
    }
    uint64_t number = husk_oscore_partial_iv_read(header->partial_iv);
    if (!husk_oscore_replay_is_fresh(context, number)) {
        return HUSK_ERR_REPLAY;
    }
    const husk_oscore_text text = {frame + (len - header->body.len), header->body.len - tag_len};
    const husk_oscore_binding binding = {id, number, id, number, {frame, 1}};
    husk_status status = husk_oscore_message_open(context, &binding, &text);
    if (status != HUSK_OK) {
        return status;
    }
    husk_oscore_replay_accept(context, number);
    *message = (husk_frame_message){{text.data, text.len}, number};
    return HUSK_OK;
}

husk_status husk_frame_seal(husk_frame_context *context, bool with_kid, husk_bytes payload, uint8_t *out,
                            size_t out_cap, size_t *out_len)
{
    return husk_frame_protect(&context->oscore, with_kid, (husk_bytes){NULL, 0}, payload, out, out_cap, out_len);
}

husk_status husk_frame_open(husk_frame_context *context, uint8_t *frame, size_t len, husk_frame_message *message)
{
    husk_frame_header header;
    husk_status status = husk_frame_header_read(frame, len, &header);
    if (status != HUSK_OK) {
        return status;
    }
    if (header.kind != HUSK_FRAME_DATA) {
        return HUSK_ERR_FORMAT;
    }
    return husk_frame_unprotect(&context->oscore, &header, frame, len, message);
}
