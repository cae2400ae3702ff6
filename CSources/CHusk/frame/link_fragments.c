/* Fragmentation of a link: messages as sealed fragments; handshake messages, which nothing protects yet, as fragments
 * that begin anew with each transmission. */
#include <string.h>

#include "frame/steps.h"

#define FRAME_MIN_BYTES 20
#define INDEX 0x7f
#define LAST 0x80
#define EDHOC_FRAGMENT 0x80

static husk_status start(husk_link *link)
{
    husk_link_fragments *f = link->config->fragments;
    return husk_fragmenter_init(&f->out, link->message,
                                husk_frame_payload_max(&link->context, husk_link_with_kid(link), f->frame_bytes));
}

static husk_status next(husk_link *link, uint8_t *out, size_t out_cap, size_t *out_len)
{
    husk_link_fragments *f = link->config->fragments;
    if (out_cap < f->frame_bytes) {
        return HUSK_ERR_BUFFER;
    }
    const husk_bytes fragment = {out, husk_fragmenter_next(&f->out, out)};
    link->sending = !f->out.done;
    return husk_frame_seal(&link->context, husk_link_with_kid(link), fragment, out, out_cap, out_len);
}

static husk_status next_handshake(husk_link *link, uint8_t *out, size_t out_cap, size_t *out_len)
{
    husk_link_fragments *f = link->config->fragments;
    husk_fragmenter *cut = &f->handshake_out;
    size_t head = link->header_len;
    if (out_cap < f->frame_bytes) {
        return HUSK_ERR_BUFFER;
    }
    if (cut->piece_bytes == 0) {
        const husk_bytes message = {link->buffer + head, link->buffer_len - head};
        (void)husk_fragmenter_init(cut, message, f->frame_bytes - head); /* cannot fail: head <= 9 */
    }
    memcpy(out, link->buffer, head);
    out[0] |= EDHOC_FRAGMENT;
    *out_len = head + husk_fragmenter_next(cut, out + head);
    if (cut->done) {
        *cut = (husk_fragmenter){0};
        link->send_now = false;
    }
    return HUSK_OK;
}

static husk_status join(husk_link *link, uint64_t number, husk_bytes fragment, husk_bytes *whole)
{
    return husk_reassembly_take(&link->config->fragments->in, number, fragment, whole);
}

static husk_status join_handshake(husk_link *link, const husk_frame_header *header, uint8_t **message, size_t *len)
{
    husk_link_fragments *f = link->config->fragments;
    uint8_t head = header->body.data[0];
    husk_bytes whole;
    if ((head & INDEX) == 0) { /* whoever sends it begins again */
        husk_reassembly_init(&f->handshake_in, f->handshake, sizeof f->handshake);
        f->handshake_kind = header->kind;
    }
    if (header->kind != f->handshake_kind) {
        return HUSK_ERR_REPLAY;
    }
    husk_status status = husk_reassembly_take(&f->handshake_in, head & INDEX, header->body, &whole);
    if (status != HUSK_OK) {
        return status;
    }
    /* All of it in one fragment lies in the frame, where *message is. */
    *message = head == LAST ? *message + HUSK_FRAGMENT_HEADER_BYTES : f->handshake;
    *message = whole.data == NULL ? NULL : *message;
    *len = whole.len;
    return HUSK_OK;
}

static const struct husk_link_cutting functions = {
    .start = start,
    .next = next,
    .next_handshake = next_handshake,
    .join = join,
    .join_handshake = join_handshake,
};

husk_status husk_link_fragments_init(husk_link_fragments *fragments, size_t frame_bytes, uint8_t *buffer, size_t cap)
{
    if (frame_bytes < FRAME_MIN_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }
    memset(fragments, 0, sizeof *fragments);
    fragments->functions = &functions;
    fragments->frame_bytes = frame_bytes;
    husk_reassembly_init(&fragments->in, buffer, cap);
    return HUSK_OK;
}
