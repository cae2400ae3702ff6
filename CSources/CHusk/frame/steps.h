/* What a link and its profiles offer each other. */
#ifndef HUSK_FRAME_STEPS_H
#define HUSK_FRAME_STEPS_H

#include "husk/link.h"

/* What is waited for, with retransmission. */
#define HUSK_LINK_IDLE 0
#define HUSK_LINK_WAIT_MESSAGE_2 1
#define HUSK_LINK_WAIT_MESSAGE_4 2
#define HUSK_LINK_WAIT_UPDATE 3    /* the peer's half of KUDOS */
#define HUSK_LINK_WAIT_CONFIRMED 4 /* any frame under the new keys: the session has begun */

/* The functions of fragmentation: linked if husk_link_fragments_init is. */
struct husk_link_cutting {
    /* Prepares link->message for going out. HUSK_ERR_ARGUMENT if it is too long. */
    husk_status (*start)(husk_link *link);

    /* The next frame of it, which ends link->sending with the last; the next frame of link->buffer, likewise
     * link->send_now. */
    husk_status (*next)(husk_link *link, uint8_t *out, size_t out_cap, size_t *out_len);
    husk_status (*next_handshake)(husk_link *link, uint8_t *out, size_t out_cap, size_t *out_len);

    /* A fragment that came: *whole has data NULL if it was not the last missing one. */
    husk_status (*join)(husk_link *link, uint64_t number, husk_bytes fragment, husk_bytes *whole);
    husk_status (*join_handshake)(husk_link *link, const husk_frame_header *header, uint8_t **message, size_t *len);
};

/* Whether frames carry identifiers. */
bool husk_link_with_kid(const husk_link *link);

/* Writes the header of an EDHOC message into link->buffer, for the peer or, if it is not known yet, for anybody.
 * Returns where the message goes, and *cap bytes of room. */
uint8_t *husk_link_edhoc_begin(husk_link *link, uint8_t kind, bool addressed, size_t *cap);

/* Puts `len` bytes of link->buffer behind the header in flight; an empty frame if there are none. HUSK_ERR_RANDOM. */
husk_status husk_link_flight(husk_link *link, uint8_t phase, size_t len);

/* The context is in use from now on. */
void husk_link_begin_session(husk_link *link, husk_link_event *event);

/* Ends the handshake in progress, and says why. A session stays. */
void husk_link_fail(husk_link *link, husk_status status, husk_link_event *event);

/* What the payload of a verified frame means: a message, a fragment of one, or, if it is empty, a question. */
husk_status husk_link_deliver(husk_link *link, const husk_frame_message *message, husk_link_event *event);

/* Both EDHOC roles: a protected frame is data of the session. */
husk_status husk_link_edhoc_unprotect(husk_link *link, const husk_frame_header *header, uint8_t *frame, size_t len,
                                      husk_frame_message *message, husk_link_event *event);

#endif
