/* link: one end of a link without CoAP: a UART, a BLE connection, a LoRa channel, an MQTT topic. It gets keys, by EDHOC
 * or KUDOS over frames, retransmitting what needs an answer; then it carries messages both ways in frames (frame.h), in
 * pieces where the link's own frames are small (fragment.h).
 *
 * Sans-I/O: frames in, frames out, time as a number. The link delivers whole frames or none: that is the business of
 * SLIP, COBS, GATT or the radio. The whole main loop of both ends:
 *
 *     husk_link_init(&link, &config);
 *     husk_link_start(&link);                                  the end that begins
 *     for (;;) {
 *         while (husk_link_transmit(&link, now, out, sizeof out, &len, &event) == HUSK_OK && len > 0)
 *             radio_send(out, len);
 *         act on event.kind;
 *         received = radio_wait(husk_link_next_timeout(&link, now), in);
 *         if (received > 0)
 *             husk_link_receive(&link, in, received, &event);
 *         act on event.kind; husk_link_send(&link, message) when there is one
 *     }
 *
 * Messages are delivered once or not at all: a lost frame is not sent again, and a peer that lost its keys in a
 * reboot says nothing about it. An application that needs more has its messages answered, and starts the link anew when
 * no answer comes.
 *
 * Handshake frames are unprotected, as EDHOC is everywhere: who can inject can make an attempt fail. An established
 * session is replaced only by a handshake that was authenticated. Time is in milliseconds, from any
 * origin, and may wrap around. */
#ifndef HUSK_LINK_H
#define HUSK_LINK_H

#include "husk/base.h"
#include "husk/config.h"
#include "husk/edhoc.h"
#include "husk/fragment.h"
#include "husk/frame.h"
#include "husk/kudos.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_LINK_RECORD_KUDOS 3 /* storage record: the secrets of KUDOS in FS mode. Secret */

/* The longest handshake frame: header, message 1 with 8 suites. */
#define HUSK_LINK_BUFFER_BYTES (9 + HUSK_EDHOC_MESSAGE_1_MAX_BYTES(8))

/* next_timeout when nothing is pending. */
#define HUSK_LINK_NO_TIMEOUT UINT32_MAX

typedef struct husk_link husk_link;

/* What a call to receive or transmit brought about. */
#define HUSK_LINK_NONE 0
#define HUSK_LINK_AUTHENTICATED 1 /* the peer has proved to hold the key: messages may be sent */
#define HUSK_LINK_MESSAGE 2       /* a message arrived, whole and verified */
#define HUSK_LINK_FAILED 3        /* handshake or message came to nothing: see status; start or send again at will */

typedef struct husk_link_event {
    uint8_t kind;
    bool new_session;   /* AUTHENTICATED, and a MESSAGE that proved it: a new session began */
    husk_status status; /* FAILED: why */
    husk_bytes payload; /* MESSAGE: points into the received frame, or into the reassembly buffer */
    uint64_t number;    /* MESSAGE: of the frame, or of its first fragment */
} husk_link_event;

/* How an end gets its keys: pass one of those below; the linker drops the others. The functions are the link's own to
 * call. */
typedef struct husk_link_profile {
    /* Checks the config and loads what was stored. */
    husk_status (*open)(husk_link *link);

    /* Begins a handshake; NULL if that is the other end's to do. */
    husk_status (*start)(husk_link *link);

    /* Composes the message in flight once more, before it is sent again; NULL if it is the same. */
    husk_status (*again)(husk_link *link);

    /* An EDHOC message, processed in place; NULL if none is expected. HUSK_ERR_* if it was dropped. */
    husk_status (*take)(husk_link *link, uint8_t kind, uint8_t *message, size_t len, husk_link_event *event);

    /* A protected frame. */
    husk_status (*unprotect)(husk_link *link, const husk_frame_header *header, uint8_t *frame, size_t len,
                             husk_frame_message *message, husk_link_event *event);
} husk_link_profile;

extern const husk_link_profile husk_link_edhoc_initiator; /* EDHOC-PSK, as Initiator: the end that starts */
extern const husk_link_profile husk_link_edhoc_responder; /* EDHOC-PSK, as Responder: the end that waits */
extern const husk_link_profile husk_link_kudos;           /* KUDOS: either end may start, and both at once */

/* Fragmentation of a link: the caller's, one per link. husk_link_fragments_init makes it; a program that does not call
 * that does not contain it. Fields are private. */
typedef struct husk_link_fragments {
    const struct husk_link_cutting *functions;
    size_t frame_bytes;
    husk_fragmenter out;              /* the message on its way out */
    husk_fragmenter handshake_out;    /* the handshake message */
    husk_reassembly in;
    husk_reassembly handshake_in;
    uint8_t handshake_kind;           /* of the handshake message on its way in */
    uint8_t handshake[HUSK_LINK_BUFFER_BYTES];
} husk_link_fragments;

/* Frames of at most `frame_bytes`, the same at both ends, at least 20: from then on every message goes as fragments, if
 * only one. Messages of up to `cap` bytes are put together in `buffer`. HUSK_ERR_ARGUMENT. */
husk_status husk_link_fragments_init(husk_link_fragments *fragments, size_t frame_bytes, uint8_t *buffer, size_t cap);

/* Never changes while the link lives, and outlives it. */
typedef struct husk_link_config {
    const husk_link_profile *profile;
    bool point_to_point;             /* nobody else uses the link: no identifiers in frames. The same at both ends */
    husk_edhoc_config edhoc;         /* suites in order of preference; and for all profiles the random hook */
    const husk_psk *psks;            /* EDHOC: the Initiator's key, or the keys that the Responder accepts */
    size_t psk_count;
    husk_id id;                      /* EDHOC: our connection identifier, by which frames to us are known */
    husk_kudos *kudos;               /* KUDOS: its state, the caller's. Secret: wipe after use */
    const husk_kudos_config *kudos_config; /* KUDOS: with `frame` set; FS mode needs storage */
    husk_storage storage;
    husk_link_fragments *fragments;  /* NULL: the link carries frames of any length that is sent */
} husk_link_config;

/* One end. Secret: wipe after use. Fields are private unless they say otherwise.
 *
 * Implementation notes
 *     buffer       the handshake frame in flight: header of header_len bytes, and what follows it
 *     attempts     transmissions of it so far; `timeout` is the wait after the last, doubling each time
 *     own, peer    identifiers that handshake frames to us and to the peer carry
 *     marks        digests of the handshake messages taken last, to know copies of them: of message 1 (or 2), and of 3
 *     answers      we answer an empty frame, which asks whether we have the keys, with another; the end that began does
 *                  not, so that there is no end of it
 *     sending      the message on its way out */
struct husk_link {
    const husk_link_config *config;
    uint32_t deadline;
    uint32_t timeout;
    uint8_t phase;
    uint8_t attempts;
    uint8_t suite_index;
    uint8_t psk_index;       /* Responder: which of the keys the peer has: may be read in a session */
    uint8_t buffer_len;
    uint8_t header_len;
    bool has_session;        /* messages may be sent, unless a handshake of ours is in progress: may be read */
    bool send_now;
    bool renegotiated;
    bool answers;
    bool sending;
    husk_bytes message;
    husk_id own;
    husk_id peer;
    uint8_t marks[2][8];
    husk_edhoc edhoc;
    husk_frame_context context;
    uint8_t buffer[HUSK_LINK_BUFFER_BYTES];
};

/* Prepares an end without a session; fragments, if there are any, before it. HUSK_ERR_ARGUMENT and HUSK_ERR_CREDENTIAL
 * for a config that cannot work, HUSK_ERR_STORAGE. */
husk_status husk_link_init(husk_link *link, const husk_link_config *config);

/* Begins a handshake, also while there is a session. HUSK_ERR_STATE at a Responder, and while one of ours is in
 * progress; HUSK_ERR_RANDOM. Call husk_link_transmit next. */
husk_status husk_link_start(husk_link *link);

/* Sends a message, which must stay valid until husk_link_transmit has returned everything (*len = 0). HUSK_ERR_STATE if
 * there is no session, the last message is still on its way, or a handshake of ours is in progress; HUSK_ERR_ARGUMENT
 * if it is empty, or longer than HUSK_FRAGMENTS_MAX fragments. Call husk_link_transmit next. */
husk_status husk_link_send(husk_link *link, husk_bytes message);

/* Takes a received frame, in place. HUSK_OK if it was awaited, and *event says what came of it; any other status says
 * why it was dropped: what is in progress goes on as if it had not come. HUSK_ERR_EXHAUSTED: too many frames did not
 * verify, new keys are due (frame.h). Call husk_link_transmit next. */
husk_status husk_link_receive(husk_link *link, uint8_t *frame, size_t len, husk_link_event *event);

/* Writes the next frame to send now to out[0..out_cap): *out_len = 0 if there is none. HUSK_ERR_BUFFER if it does not
 * fit: then it is given up. When the peer stayed silent too long, *event is HUSK_LINK_FAILED with HUSK_ERR_TIMEOUT;
 * with HUSK_ERR_EXHAUSTED when new keys are due. */
husk_status husk_link_transmit(husk_link *link, uint32_t now_ms, uint8_t *out, size_t out_cap, size_t *out_len,
                               husk_link_event *event);

/* Milliseconds until husk_link_transmit has something to do: 0 for now, HUSK_LINK_NO_TIMEOUT for never. */
uint32_t husk_link_next_timeout(const husk_link *link, uint32_t now_ms);

/* Forgets session and keys. */
void husk_link_wipe(husk_link *link);

#ifdef __cplusplus
}
#endif
#endif
