/* fragment: messages that are longer than what a link carries, down to frames of 20 bytes.
 *
 *     last, index | piece          one byte more for each piece
 *          1        1..
 *
 * The pieces of a message are sealed one by one (frame.h), in frames of consecutive numbers: number - index is the
 * number of the first, which names the message. So a piece is verified before anything is done with it: a forged,
 * changed or repeated one is refused as the frame that it is, costs its own decryption and touches no message in
 * progress, and memory is only ever held by the authenticated peer. Frames.md argues this, and why it is worth a tag for
 * each piece. There are no timers: the memory for the message in progress is the caller's whether it is used or not,
 * and a newer message takes the place of one that stays incomplete.
 *
 * Pieces of one message may arrive in any order. All but the last have the same length. */
#ifndef HUSK_FRAGMENT_H
#define HUSK_FRAGMENT_H

#include "husk/base.h"
#include "husk/frame.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_FRAGMENT_HEADER_BYTES 1
#define HUSK_FRAGMENTS_MAX 128 /* of a message */

/* The longest payload that frames of at most `frame_bytes` carry, whatever the lengths of the numbers of the next
 * HUSK_FRAGMENTS_MAX frames; 0 if there is none. */
size_t husk_frame_payload_max(const husk_frame_context *context, bool with_kid, size_t frame_bytes);

/* A message on its way out. It borrows the message. */
typedef struct husk_fragmenter {
    husk_bytes message;
    size_t piece_bytes; /* without header */
    uint8_t index;      /* of the next fragment: may be read */
    bool done;          /* there is none: may be read */
} husk_fragmenter;

/* Prepares fragments of at most `fragment_bytes`, header included. HUSK_ERR_ARGUMENT if these would be more than
 * HUSK_FRAGMENTS_MAX, or fragment_bytes is less than 2. An empty message is one fragment. */
husk_status husk_fragmenter_init(husk_fragmenter *fragmenter, husk_bytes message, size_t fragment_bytes);

/* Writes the next fragment to out[0..fragment_bytes); returns its length, 0 if the last one was written before. Each
 * MUST be sealed with the number that follows the one before it; when that is not possible, because the context was
 * replaced, the message begins again with husk_fragmenter_init. */
size_t husk_fragmenter_next(husk_fragmenter *fragmenter, uint8_t *out);

/* A message on its way in, in a buffer of the caller's. */
typedef struct husk_reassembly {
    uint8_t *buffer;
    size_t cap;
    size_t piece_bytes; /* of all but the last; 0 until one of them arrived */
    size_t last_bytes;
    uint64_t first;     /* number of the first fragment */
    uint32_t arrived[HUSK_FRAGMENTS_MAX / 32];
    uint8_t count;      /* that arrived; 0: no message in progress */
    uint8_t total;      /* 0 until the last one arrived */
    bool any;           /* `first` means something */
} husk_reassembly;

/* Messages of up to `cap` bytes. */
void husk_reassembly_init(husk_reassembly *reassembly, uint8_t *buffer, size_t cap);

/* Forgets what arrived so far. To be called when the context was replaced: its numbers begin again. */
void husk_reassembly_reset(husk_reassembly *reassembly);

/* Takes the fragment that was the payload of frame `number`. *message is what it completed, or has data NULL; it points
 * into the buffer, or into `fragment` if that was all of it, and is valid until the next call.
 * A fragment of a newer message ends an incomplete one. HUSK_ERR_REPLAY for one of an older message;
 * HUSK_ERR_FORMAT if it contradicts what arrived before or is none; HUSK_ERR_BUFFER if the message is longer than the
 * buffer. Then nothing has changed. */
husk_status husk_reassembly_take(husk_reassembly *reassembly, uint64_t number, husk_bytes fragment,
                                 husk_bytes *message);

#ifdef __cplusplus
}
#endif
#endif
