/* Fragments: cutting messages into pieces of one length, and putting them together in any order. */
#include "husk/fragment.h"

#include <string.h>

#include "base/secret.h"
#include "frame/header.h"
#include "oscore/nonce.h"

#define LAST 0x80
#define INDEX 0x7f

size_t husk_frame_payload_max(const husk_frame_context *context, bool with_kid, size_t frame_bytes)
{
    uint8_t partial_iv[HUSK_OSCORE_PARTIAL_IV_MAX_BYTES];
    uint64_t number = husk_frame_next_number(context) + HUSK_FRAGMENTS_MAX - 1;
    size_t overhead = 1 + husk_oscore_partial_iv_write(number, partial_iv) + context->oscore.aead->tag_bytes;
    overhead += with_kid ? husk_frame_identifier_bytes(&context->oscore.sender_id) : 0;
    return frame_bytes > overhead ? frame_bytes - overhead : 0;
}

husk_status husk_fragmenter_init(husk_fragmenter *fragmenter, husk_bytes message, size_t fragment_bytes)
{
    if (fragment_bytes <= HUSK_FRAGMENT_HEADER_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }
    size_t piece_bytes = fragment_bytes - HUSK_FRAGMENT_HEADER_BYTES;
    if (message.len > 0 && (message.len - 1) / piece_bytes >= HUSK_FRAGMENTS_MAX) {
        return HUSK_ERR_ARGUMENT;
    }
    *fragmenter = (husk_fragmenter){.message = message, .piece_bytes = piece_bytes};
    return HUSK_OK;
}

size_t husk_fragmenter_next(husk_fragmenter *fragmenter, uint8_t *out)
{
    if (fragmenter->done) {
        return 0;
    }
    size_t at = fragmenter->index * fragmenter->piece_bytes;
    size_t len = fragmenter->message.len - at;
    out[0] = fragmenter->index;
    fragmenter->done = len <= fragmenter->piece_bytes;
    if (fragmenter->done) {
        out[0] |= LAST;
    } else {
        len = fragmenter->piece_bytes;
    }
    if (len > 0) {
        memcpy(out + HUSK_FRAGMENT_HEADER_BYTES, fragmenter->message.data + at, len);
    }
    fragmenter->index++;
    return HUSK_FRAGMENT_HEADER_BYTES + len;
}

void husk_reassembly_init(husk_reassembly *reassembly, uint8_t *buffer, size_t cap)
{
    *reassembly = (husk_reassembly){.buffer = buffer, .cap = cap};
}

void husk_reassembly_reset(husk_reassembly *reassembly)
{
    husk_reassembly_init(reassembly, reassembly->buffer, reassembly->cap);
}

static bool has_arrived(const husk_reassembly *r, size_t index)
{
    return (r->arrived[index / 32] >> index % 32 & 1) != 0;
}

/* True if a fragment from `index` on has arrived. */
static bool has_from(const husk_reassembly *r, size_t index)
{
    while (index < HUSK_FRAGMENTS_MAX && !has_arrived(r, index)) {
        index++;
    }
    return index < HUSK_FRAGMENTS_MAX;
}

/* Whether `count` pieces of `piece_bytes` and `rest` fit. */
static bool fits(const husk_reassembly *r, size_t count, size_t piece_bytes, size_t rest)
{
    return rest <= r->cap && (count == 0 || piece_bytes <= (r->cap - rest) / count);
}

/* The last one, of which the place is known only if another one arrived before: else it waits at the end. */
static husk_status put_last(husk_reassembly *r, size_t index, husk_bytes piece)
{
    if (r->total != 0 || has_from(r, index) || (r->piece_bytes != 0 && piece.len > r->piece_bytes)) {
        return HUSK_ERR_FORMAT;
    }
    /* A piece of the others is at least as long as the last. */
    if (!fits(r, index, r->piece_bytes != 0 ? r->piece_bytes : piece.len, piece.len)) {
        return HUSK_ERR_BUFFER;
    }
    size_t at = r->piece_bytes != 0 ? index * r->piece_bytes : r->cap - piece.len;
    memcpy(r->buffer + at, piece.data, piece.len);
    r->total = (uint8_t)(index + 1);
    r->last_bytes = piece.len;
    return HUSK_OK;
}

static husk_status put(husk_reassembly *r, size_t index, husk_bytes piece)
{
    size_t piece_bytes = r->piece_bytes != 0 ? r->piece_bytes : piece.len;
    if (piece.len != piece_bytes || (r->total != 0 && (index >= r->total || piece_bytes < r->last_bytes))) {
        return HUSK_ERR_FORMAT;
    }
    size_t others = r->total != 0 ? (size_t)r->total - 1 : index + 1;
    if (!fits(r, others, piece_bytes, r->last_bytes)) {
        return HUSK_ERR_BUFFER;
    }
    if (r->piece_bytes == 0) {
        if (r->total != 0) { /* the last one waits */
            memmove(r->buffer + others * piece_bytes, r->buffer + r->cap - r->last_bytes, r->last_bytes);
        }
        r->piece_bytes = piece_bytes;
    }
    memcpy(r->buffer + index * piece_bytes, piece.data, piece.len);
    return HUSK_OK;
}

husk_status husk_reassembly_take(husk_reassembly *reassembly, uint64_t number, husk_bytes fragment,
                                 husk_bytes *message)
{
    *message = (husk_bytes){NULL, 0};
    if (fragment.len == 0) {
        return HUSK_ERR_FORMAT;
    }
    uint8_t head = fragment.data[0];
    HUSK_PUBLIC(&head, 1); /* verified: where a piece belongs is no secret */
    size_t index = head & INDEX;
    bool last = (head & LAST) != 0;
    const husk_bytes piece = {fragment.data + HUSK_FRAGMENT_HEADER_BYTES, fragment.len - HUSK_FRAGMENT_HEADER_BYTES};
    bool whole = last && index == 0;
    if (index > number || (piece.len == 0 && !whole) || (index == INDEX && !last)) {
        return HUSK_ERR_FORMAT;
    }
    uint64_t first = number - index;
    if (reassembly->any && first < reassembly->first) {
        return HUSK_ERR_REPLAY;
    }
    husk_reassembly next = *reassembly;
    if (!reassembly->any || first != reassembly->first) {
        husk_reassembly_reset(&next);
        next.first = first;
        next.any = true;
    }
    if (has_arrived(&next, index)) {
        return HUSK_ERR_REPLAY;
    }
    if (whole) {
        if (has_from(&next, 0)) {
            return HUSK_ERR_FORMAT;
        }
        next.arrived[0] = 1;
        next.total = 1;
        *reassembly = next;
        *message = piece;
        return HUSK_OK;
    }
    husk_status status = last ? put_last(&next, index, piece) : put(&next, index, piece);
    if (status != HUSK_OK) {
        return status;
    }
    next.arrived[index / 32] |= (uint32_t)1 << index % 32;
    next.count++;
    if (next.count == next.total) {
        *message = (husk_bytes){next.buffer, ((size_t)next.total - 1) * next.piece_bytes + next.last_bytes};
        next.count = 0;
    }
    *reassembly = next;
    return HUSK_OK;
}
