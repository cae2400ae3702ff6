/* frame: the protection of OSCORE for links without CoAP: UART, BLE, LoRa, MQTT.
 *
 *     flags | Partial IV | identifier | ciphertext | tag          11 bytes more than the payload; 10 without identifier
 *       1       1..5         0..8         payload     8 or 16     (Partial IV and identifier of one byte, 8-byte tag)
 *
 * The flag byte and the Partial IV are those of RFC 8613 section 6.1, the identifier is encoded as in EDHOC (RFC 9528
 * section 3.3.2), nonce and AAD are made as in RFC 8613 sections 5.2 and 5.4. Frames.md of the documentation specifies
 * every byte. Keys come from the same secrets as those of OSCORE but are others (see husk_frame_context_init), and have
 * a type of their own: a frame is never an OSCORE message, nor the reverse.
 *
 * The peers are equal: there are no requests and responses. A frame that opens comes from the peer, is new, and is as
 * it was sealed. Unlike a response of OSCORE it is not bound to what it answers: an attacker who can delay frames can
 * make the answer to an earlier question look like the one to a later question. An application that cares puts the
 * number of the question (husk_frame_message) into the answer. Frames may get lost, and arrive out of order within the
 * replay window.
 *
 * Two flag bytes that no data has tell what a handshake needs: EDHOC messages, and the messages of KUDOS. */
#ifndef HUSK_FRAME_H
#define HUSK_FRAME_H

#include "husk/base.h"
#include "husk/edhoc.h"
#include "husk/kudos.h"
#include "husk/oscore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a frame is at most longer than its payload: flags, Partial IV, identifier, tag. */
#define HUSK_FRAME_HEADER_MAX_BYTES (1 + HUSK_OSCORE_PARTIAL_IV_MAX_BYTES + 1 + HUSK_OSCORE_ID_MAX_BYTES)
#define HUSK_FRAME_OVERHEAD_MAX_BYTES (HUSK_FRAME_HEADER_MAX_BYTES + HUSK_AEAD_TAG_MAX_BYTES)

/* A security context for frames: that of RFC 8613 section 3.1 in every respect but its keys; usage limits and what a
 * reboot has to keep are those of husk_oscore_context, except that q is the number of frames sealed. Secret: wipe after
 * use. NOT to be copied and used twice. */
typedef struct husk_frame_context {
    husk_oscore_context oscore;
} husk_frame_context;

/* Derives keys and common IV as RFC 8613 section 3.2.1, with "Frame Key" and "Frame IV" in the place of "Key" and "IV"
 * in the info of HKDF: no info of OSCORE equals one of frames, whatever the IDs. Otherwise as husk_oscore_context_init.
 * The number of the first frame is 0; a caller that uses keys across reboots reserves numbers in storage
 * (RFC 8613 appendix B.1.1). */
husk_status husk_frame_context_init(husk_frame_context *context, const husk_oscore_parameters *parameters);
void husk_frame_context_wipe(husk_frame_context *context);

/* True if new keys are due: the next frame, in the one direction or the other, would be HUSK_ERR_EXHAUSTED for good. */
bool husk_frame_is_exhausted(const husk_frame_context *context);

/* What a frame is. 1 to 4 are EDHOC messages of that number. */
#define HUSK_FRAME_DATA 0
#define HUSK_FRAME_EDHOC_MESSAGE_1 1
#define HUSK_FRAME_EDHOC_MESSAGE_2 2
#define HUSK_FRAME_EDHOC_MESSAGE_3 3
#define HUSK_FRAME_EDHOC_MESSAGE_4 4
#define HUSK_FRAME_EDHOC_ERROR 5
#define HUSK_FRAME_KUDOS 6

/* The header of a frame, unverified: to tell what it is and for whom before a context is chosen. */
typedef struct husk_frame_header {
    uint8_t kind;          /* HUSK_FRAME_* */
    bool fragment;         /* EDHOC: the body is a fragment (fragment.h) */
    bool has_kid;          /* not so on a point-to-point link */
    husk_bytes kid;        /* the identifier that the receiver chose: its Recipient ID, C_I or C_R */
    husk_bytes partial_iv; /* DATA, KUDOS: 1 to 5 bytes */
    husk_bytes pair;       /* KUDOS: x byte and nonce */
    husk_bytes body;       /* DATA, KUDOS: ciphertext and tag; EDHOC: the message or a fragment of it */
} husk_frame_header;

/* HUSK_ERR_UNSUPPORTED for flag bits that are reserved, HUSK_ERR_FORMAT for everything else that is not a frame in its
 * one canonical encoding. */
husk_status husk_frame_header_read(const uint8_t *frame, size_t len, husk_frame_header *header);

/* Seals a frame.
 *     with_kid  whether it carries our Sender ID; false on a point-to-point link
 *     payload   may be empty, and may lie in `out`
 *     out       needs at most payload.len + HUSK_FRAME_OVERHEAD_MAX_BYTES
 * Spends one number on success, and none on HUSK_ERR_BUFFER (nothing was written then), HUSK_ERR_ARGUMENT (longer
 * than limit_l or the AEAD allows) and HUSK_ERR_EXHAUSTED (none is left below sender_limit, or limit_q is reached). If
 * a table's AEAD fails in any other way, the number counts as spent. */
husk_status husk_frame_seal(husk_frame_context *context, bool with_kid, husk_bytes payload, uint8_t *out,
                            size_t out_cap, size_t *out_len);

/* The number of the frame that is sealed next. */
uint64_t husk_frame_next_number(const husk_frame_context *context);

typedef struct husk_frame_message {
    husk_bytes payload; /* points into the frame */
    uint64_t number;    /* of the frame: its Partial IV */
} husk_frame_message;

/* Verifies and decrypts a data frame in place. A frame without identifier is taken to mean this context.
 * HUSK_ERR_FORMAT and HUSK_ERR_UNSUPPORTED as husk_frame_header_read, also for a frame that is not data;
 * HUSK_ERR_CONTEXT for another identifier; HUSK_ERR_REPLAY; HUSK_ERR_AUTHENTICATION (count_v is one more);
 * HUSK_ERR_EXHAUSTED (count_v has reached limit_v: nothing is decrypted any more). The context is unchanged then. */
husk_status husk_frame_open(husk_frame_context *context, uint8_t *frame, size_t len, husk_frame_message *message);

/* ---- EDHOC ----
 *
 * EDHOC messages travel as they are, behind a flag byte that gives their number. */

/* Writes the header of an EDHOC message; returns its length. `kid` is the connection identifier that the receiver
 * chose, NULL on a point-to-point link and for message 1. */
size_t husk_frame_edhoc_header(uint8_t kind, bool fragment, const husk_id *kid,
                               uint8_t out[1 + 1 + HUSK_OSCORE_ID_MAX_BYTES]);

/* Derives the frame context of an EDHOC session, as husk_edhoc_oscore_context does the OSCORE context. Both may be
 * used. */
husk_status husk_edhoc_frame_context(const husk_edhoc *session, husk_frame_context *context);

/* ---- KUDOS ----
 *
 * KUDOS over frames is kudos.h with every message in the place of a request. The state's configuration has `frame` set
 * and the state serves no OSCORE messages. What kudos.h says of storing holds unchanged. A KUDOS message may carry a
 * payload, which must not be acted upon if it was divergent. */

/* What a KUDOS message is at most longer than data. */
#define HUSK_FRAME_KUDOS_OVERHEAD_MAX_BYTES (HUSK_FRAME_OVERHEAD_MAX_BYTES + 2 + HUSK_KUDOS_NONCE_BYTES)

/* As husk_kudos_request_protect: in an execution a KUDOS message, else data. */
husk_status husk_frame_kudos_seal(husk_kudos *kudos, husk_frame_context *context, bool with_kid, husk_bytes payload,
                                  uint8_t *out, size_t out_cap, size_t *out_len);

/* As husk_kudos_request_unprotect. While there is a context in use, a frame whose ciphertext and tag are longer than
 * spare_cap does not confirm CTX_NEW, and is lost if it is under CTX_NEW: the end that began sends a short one first.
 */
husk_status husk_frame_kudos_open(husk_kudos *kudos, husk_frame_context *context, uint8_t *frame, size_t len,
                                  uint8_t *spare, size_t spare_cap, husk_frame_message *message, uint8_t *event);

#ifdef __cplusplus
}
#endif
#endif
