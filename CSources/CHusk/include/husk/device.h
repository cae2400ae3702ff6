/* device: the endpoint a firmware engineer uses. It authenticates to a gateway, sends OSCORE-protected requests, and
 * retransmits what needs an answer (RFC 7252 section 4.2). How it gets its keys is its profile: EDHOC-PSK over CoAP
 * (RFC 9528 appendix A.2), message 3 riding with the first request (RFC 9668), or KUDOS from a provisioned secret. A
 * program contains the profile it names and nothing of the other.
 *
 * Sans-I/O: datagrams in, datagrams out, time as a number. The whole main loop:
 *
 *     husk_device_init(&device, &config);
 *     husk_device_start(&device, &request);
 *     for (;;) {
 *         if (husk_device_transmit(&device, now, &datagram, &len, &event) == HUSK_OK && len > 0)
 *             radio_send(datagram, len);
 *         received = radio_wait(husk_device_next_timeout(&device, now), buffer);
 *         if (received > 0)
 *             husk_device_receive(&device, now, buffer, received, &event);
 *         act on event.kind;
 *     }
 *
 * Time is in milliseconds, from any origin, and may wrap around. */
#ifndef HUSK_DEVICE_H
#define HUSK_DEVICE_H

#include "husk/base.h"
#include "husk/block.h"
#include "husk/coap.h"
#include "husk/config.h"
#include "husk/edhoc.h"
#include "husk/kudos.h"
#include "husk/oscore.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Storage records of the endpoint. */
#define HUSK_DEVICE_RECORD_SUITE 1      /* index of the suite the gateway accepted last, so that it is tried first */
#define HUSK_DEVICE_RECORD_RESUMPTION 2 /* rKID and rPSK of the last session: secret */
#define HUSK_DEVICE_RECORD_KUDOS 3      /* the secrets of KUDOS in FS mode: secret */
#define HUSK_DEVICE_RECORD_SESSION 4    /* the security context, with husk_keeper_storage: secret */
#define HUSK_DEVICE_RECORD_RESERVED 5   /* and its sequence numbers that may be used: what is stored most often */

/* Longest record of resumption, of a session, and of all. */
#define HUSK_DEVICE_RESUMPTION_BYTES (2 + HUSK_HASH_MAX_BYTES)
#define HUSK_DEVICE_SESSION_BYTES \
    (12 + 2 * (1 + HUSK_OSCORE_ID_MAX_BYTES) + 1 + HUSK_OSCORE_ID_CONTEXT_MAX_BYTES + 2 * HUSK_AEAD_KEY_MAX_BYTES + \
     HUSK_AEAD_NONCE_MAX_BYTES)
#define HUSK_DEVICE_RECORD_MAX_BYTES \
    (HUSK_DEVICE_SESSION_BYTES > HUSK_KUDOS_RECORD_MAX_BYTES ? HUSK_DEVICE_SESSION_BYTES : HUSK_KUDOS_RECORD_MAX_BYTES)

/* All of them together fit the pages of a journal (journal.h) from 512 bytes on, with program units of 16 bytes from
 * 1,024 on. */

/* Sequence numbers reserved at a time, if the configuration does not say. */
#define HUSK_DEVICE_RESERVE 256

/* next_timeout when nothing is pending. */
#define HUSK_DEVICE_NO_TIMEOUT UINT32_MAX

typedef struct husk_device husk_device;

typedef struct husk_device_request husk_device_request;

typedef struct husk_event husk_event;

typedef struct husk_device_observation husk_device_observation;

/* What the endpoint does about an observation; it names no function of it before husk_device_observe did. */
typedef struct husk_observer {
    /* A message with its token: false if it is for others. *status and *event as husk_device_receive. */
    bool (*take)(husk_device *device, const husk_coap_message *message, uint8_t *datagram, size_t len,
                 husk_event *event, husk_status *status);

    /* The verified response to the registration or cancellation in flight: completes *event. */
    void (*answered)(husk_device *device, husk_event *event);

    /* Sets the token of the next request right, which was drawn. */
    void (*choose_token)(husk_device *device);

    /* Registers again. */
    husk_status (*resume)(husk_device *device);
} husk_observer;

/* How an endpoint gets its keys, and what protects with them: pass one of those below. The functions are the endpoint's
 * own to call. */
typedef struct husk_profile {
    /* Checks the config and loads what was stored, for husk_device_init. */
    husk_status (*open)(husk_device *device);

    /* Begins a handshake. */
    husk_status (*authenticate)(husk_device *device);

    /* The answer to a message of the handshake. HUSK_ERR_* if it was dropped; otherwise *event says what came of it. */
    husk_status (*take)(husk_device *device, const husk_coap_message *answer, uint8_t *datagram, size_t len,
                        husk_event *event);

    /* A request under the security context, into device->buffer; and the response of an exchange, in place. */
    husk_status (*protect)(husk_device *device, const husk_coap_message *plain, size_t *len);
    husk_status (*unprotect)(husk_device *device, husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                             husk_coap_message *inner);
} husk_profile;

extern const husk_profile husk_profile_edhoc; /* EDHOC-PSK: forward secrecy, the gateway needs a list of keys only */
extern const husk_profile husk_profile_kudos; /* KUDOS: no public-key operation at all; see kudos.h */

/* How an endpoint cuts and collects bodies that are too long for a message. The functions are the endpoint's own to
 * call. */
typedef struct husk_blockwise_functions {
    /* A request is to begin: husk_device_start's checks of it. HUSK_ERR_BUFFER if not even a block of it fits. */
    husk_status (*begin)(husk_device *device, const husk_device_request *request);

    /* What the next message of the request carries: its payload; and its options, written after those of the
     * request, an Echo among them unless it is NULL. */
    husk_status (*next)(husk_device *device, husk_bytes *payload);
    void (*write_options)(const husk_device *device, husk_coap_writer *w, const husk_bytes *echo);

    /* A verified response. True: the next message is in flight, or the request has failed, as *event says. False: the
     * request is over with this response, whose payload is now all of it. */
    bool (*take)(husk_device *device, husk_coap_message *response, husk_event *event);
} husk_blockwise_functions;

extern const husk_blockwise_functions husk_blockwise; /* RFC 7959, with Request-Tag (RFC 9175) where it is needed */

/* Block-wise transfer of an endpoint, in memory of the caller that lives as long as the endpoint. Zero-initialised but
 * for the first five fields. A request whose payload does not fit HUSK_DEVICE_BUFFER_BYTES goes out in blocks straight
 * from the caller's payload; a response in blocks is collected in `body`, and the event's payload points there. Not so
 * what comes of an observation: of a notification in blocks the first one is the payload, and husk_device_start with a
 * GET brings the whole (RFC 7959 section 2.6).
 *
 * Implementation notes
 *     context_mark    the first bytes of the Common IV of the context in use: a request that finds itself under another
 *                     one, after a new handshake or an update, begins anew, so that an operation stays within one
 *     clean           every earlier operation under this context is known to have been concluded
 *     uploading       the request's payload goes out in blocks, and has not been answered as a whole
 *     slice           what the message in flight carries of it */
typedef struct husk_device_blocks {
    const husk_blockwise_functions *functions; /* &husk_blockwise */
    uint8_t *body;                             /* NULL if body_cap is 0: no response may come in blocks */
    size_t body_cap;
    uint8_t szx;                               /* of responses: blocks no larger than HUSK_BLOCK_BYTES(szx), */
    bool propose;                              /* said at once in every request, or else when a larger one came */
    bool clean;
    bool uploading;
    uint8_t context_mark[8];
    husk_request_tag tag;
    husk_block_slice slice;
    husk_block1_client upload;
    husk_block2_client download;
} husk_device_blocks;

/* How a session outlives a reboot: the context is stored when the gateway has proved to have it, before the first
 * request goes out under it; and the sequence numbers of requests before they are used, in blocks (RFC 8613 appendix
 * B.1.1). The session before it stays in storage until then. After a reboot the endpoint goes on with the first number
 * that was not reserved: a power cut loses numbers and never repeats one. The functions are the endpoint's own to call.
 */
typedef struct husk_keeper {
    /* Takes up the session in storage, if there is one. */
    husk_status (*open)(husk_device *device);

    /* Before a request is protected: its number is reserved, and the session stored. HUSK_ERR_STORAGE. */
    husk_status (*reserve)(husk_device *device);

    /* Removes a session that was replaced. HUSK_ERR_STORAGE. */
    husk_status (*drop)(husk_device *device);
} husk_keeper;

extern const husk_keeper husk_keeper_storage; /* a program that does not name it does not contain it */

/* Never changes while the endpoint lives, and outlives it; fits in flash. */
typedef struct husk_device_config {
    const husk_profile *profile;
    husk_edhoc_config edhoc; /* suites in order of preference; and for both profiles the random hook */
    husk_psk psk;            /* EDHOC: key, kid and credentials; the device is the Initiator */
    husk_kudos *kudos;       /* KUDOS: its state, the caller's; not NULL. Secret: wipe after use */
    const husk_kudos_config *kudos_config; /* KUDOS: provisioned secret and identifiers; FS mode needs storage */
    husk_storage storage;    /* load and store may be NULL: then nothing is remembered across reboots */
    bool resume;             /* keep a resumption PSK in storage and authenticate with it first; the external PSK stays
                              * the way back in (draft-ietf-lake-edhoc-psk-08 section 6) */
    uint8_t rpsk_bytes;      /* length of the resumption PSK, 16 to that of the hash; 0: as the hash, which is what the
                              * draft's text says (its test vector has 16). The same on both sides */
    bool sequential;         /* never combine message 3 with a request: wait for message 4 first */
    husk_device_blocks *blocks; /* bodies longer than a message; NULL for none, and none of its code is linked */
    uint16_t reserve;        /* sequence numbers to reserve at a time: each time is a record in storage, each reboot
                              * loses so many at most; 0 for HUSK_DEVICE_RESERVE */
    const husk_keeper *keep; /* keep the session in `storage`; NULL: it ends with a reboot */
} husk_device_config;

/* A request to the gateway. Must stay valid until the event that ends it. */
struct husk_device_request {
    uint8_t code;            /* HUSK_COAP_GET, _POST, _PUT, ... */
    const char *path;        /* such as "sensors/temperature"; NULL if path_len is 0 */
    size_t path_len;
    uint32_t content_format; /* of the payload; HUSK_DEVICE_NO_FORMAT for none */
    husk_bytes payload;
};

#define HUSK_DEVICE_NO_FORMAT UINT32_MAX

/* What a call to receive or transmit brought about. */
#define HUSK_EVENT_NONE 0
#define HUSK_EVENT_AUTHENTICATED 1 /* the gateway has proved to hold the key; a request still waits for its answer */
#define HUSK_EVENT_RESPONSE 2      /* the request was answered: code and payload, verified */
#define HUSK_EVENT_FAILED 3        /* request or authentication came to nothing: see status; start again at will */
#define HUSK_EVENT_NOTIFICATION 4  /* the observed resource now: code and payload, verified, newer than before */

struct husk_event {
    uint8_t kind;
    uint8_t code;        /* RESPONSE, NOTIFICATION: CoAP response code; FAILED: that of the refusal, or 0 */
    bool new_session;    /* AUTHENTICATED, and a RESPONSE or NOTIFICATION that proved it: a new session began */
    bool observation;    /* RESPONSE and FAILED: about the observation, which is over */
    husk_status status;  /* FAILED: why */
    husk_bytes options;  /* RESPONSE, NOTIFICATION: those under protection, for husk_coap_option_find: ETag, for one;
                          * in the received datagram */
    husk_bytes payload;  /* RESPONSE, NOTIFICATION: points into the received datagram; RESPONSE: or to
                          * the body that it was collected in */
};

/* How the endpoint got to its session: the cheapest way that was safe. */
#define HUSK_WAY_NONE 0      /* not yet */
#define HUSK_WAY_SESSION 1   /* it was there, in RAM */
#define HUSK_WAY_CONTINUED 2 /* from storage, with the numbers after those that were reserved: no round trip */
#define HUSK_WAY_KUDOS 3     /* new keys from a secret: no public-key operation */
#define HUSK_WAY_RESUMED 4   /* EDHOC with the resumption PSK: the gateway looks nothing up */
#define HUSK_WAY_FULL 5      /* EDHOC with the external PSK: works whatever was lost */

/* And why it was not a cheaper one. */
#define HUSK_WHY_NONE_KEPT 0          /* nothing was in storage: the first start, or storage was lost */
#define HUSK_WHY_CHEAPEST 1           /* there is no cheaper one */
#define HUSK_WHY_STORAGE 2            /* what was in storage cannot be read */
#define HUSK_WHY_EXHAUSTED 3          /* the session's key is used up */
#define HUSK_WHY_REFUSED 4            /* the gateway does not know the session */
#define HUSK_WHY_RESUMPTION_REFUSED 5 /* nor the resumption PSK */
#define HUSK_WHY_ASKED 6              /* husk_device_start was called without a request */

/* The way of the request that was started last, so far. */
typedef struct husk_way {
    uint8_t kind;
    uint8_t why;
    uint16_t round_trips; /* answers, the one of the request itself included */
    uint32_t bytes;       /* of all datagrams sent and received */
} husk_way;

/* An endpoint. Secret: wipe after use. Fields are private; `phase` is what it waits for.
 *
 * Implementation notes
 *     What is shorter than a word comes first: a Cortex-M0 reaches such a field with one instruction up to offset 31.
 *     oscore            the context in use if has_context; with KUDOS it may also be there before it counts
 *     buffer            the message in flight, kept until it is answered, so that a retransmission is the same bytes;
 *                       also where messages are composed and encrypted
 *     attempts          transmissions of the message in flight so far; `timeout` is the wait after the last of them,
 *                       doubling each time, `deadline` the moment it ends
 *     renegotiated      a suite was refused in this run already: a second refusal ends it, so that a forger cannot keep
 *                       the device busy
 *     reauthenticated   the gateway said it does not know our context, for this request: once per request only
 *     about_observation the request in progress registers or cancels the observation
 *     observation_due   the session of the observation was replaced: to be registered anew when nothing is in progress
 *     challenged        the gateway asked for an Echo, for this request: once per request only
 *     resuming          message 3 was made with the resumption PSK
 *     resume_refused    and the gateway did not accept that: the external PSK is used, until it gave a new one
 *     update_tries      KUDOS messages of this run so far
 *     sequential        the gateway does not know the combined request, or the configuration forbids it
 *     session_way       HUSK_WAY_SESSION, or HUSK_WAY_CONTINUED if the context is from before the reboot
 *     session_state     what is in storage: no session, one that was replaced, or that of `oscore`
 *     session_number    its number, by which its record of reserved numbers is known from that of another */
struct husk_device {
    uint8_t phase;
    uint8_t attempts;
    uint8_t suite_index;
    uint8_t stored_suite_index;
    uint8_t update_tries;
    bool send_now;
    bool acknowledged;
    bool acked_peer;
    bool reply_pending;
    bool renegotiated;
    bool reauthenticated;
    bool challenged;
    bool about_observation;
    bool observation_due;
    bool resuming;
    bool resume_refused;
    bool sequential;
    bool has_context;
    uint8_t token[2];
    uint8_t reply[HUSK_COAP_HEADER_BYTES];
    uint8_t session_state;
    uint8_t session_way;
    uint16_t session_number;
    uint16_t message_id;      /* of the message in flight */
    uint16_t peer_message_id; /* of the last separate response we acknowledged */
    uint16_t buffer_len;
    husk_way way; /* public: to be read */
    const husk_device_config *config;
    const husk_device_request *request; /* in progress, or NULL */
    husk_device_observation *observation; /* the caller's, or NULL */
    uint32_t deadline;
    uint32_t timeout;
    husk_oscore_exchange exchange;
    husk_oscore_context oscore;
    husk_edhoc edhoc;
    uint8_t buffer[HUSK_DEVICE_BUFFER_BYTES];
};

/* Prepares an endpoint: with the session in storage if config.keep says so and there is one, else without. Reads from
 * storage what the profile remembered. HUSK_ERR_ARGUMENT and
 * HUSK_ERR_CREDENTIAL for a config that cannot work, HUSK_ERR_STORAGE, HUSK_ERR_RANDOM. */
husk_status husk_device_init(husk_device *device, const husk_device_config *config);

/* Begins a request; authenticates first if there is no session, or a key of it is used up (the limits q and v of
 * oscore.h). With request NULL it only
 * authenticates (anew). A gateway that lost the session says so, without protection; the endpoint then authenticates
 * again and repeats the request, once, so the gateway may see a request twice but never under the same keys. A gateway
 * that lost its replay window, or wants to be sure that the request is fresh, challenges it with an Echo option under
 * protection (RFC 9175); the endpoint answers by repeating the request with it, once, and the gateway has not acted
 * upon the first. An Echo option without protection means nothing to it.
 * HUSK_ERR_STATE while another one is in progress; HUSK_ERR_ARGUMENT for a code or option out of range; HUSK_ERR_BUFFER
 * if the request does not fit HUSK_DEVICE_BUFFER_BYTES, nor in blocks where there are any; HUSK_ERR_RANDOM. Call
 * husk_device_transmit next. */
husk_status husk_device_start(husk_device *device, const husk_device_request *request);

/* Takes a received datagram, which is decrypted in place. Returns HUSK_OK if it was awaited, and sets *event; any other
 * status says why it was dropped: what is in progress goes on as if it had not come. Call husk_device_transmit next in
 * both cases. */
husk_status husk_device_receive(husk_device *device, uint32_t now_ms, uint8_t *datagram, size_t len,
                                husk_event *event);

/* The next datagram to send now: *len = 0 if there is none. It lies in the endpoint and is valid until the next call.
 * When the peer stayed silent too long, *event is HUSK_EVENT_FAILED with HUSK_ERR_TIMEOUT. */
husk_status husk_device_transmit(husk_device *device, uint32_t now_ms, const uint8_t **datagram, size_t *len,
                                 husk_event *event);

/* Milliseconds until husk_device_transmit has something to do: 0 for now, HUSK_DEVICE_NO_TIMEOUT for never. */
uint32_t husk_device_next_timeout(const husk_device *device, uint32_t now_ms);

/* An observation of a resource of the gateway (RFC 7641): how commands come down to a device that nobody can address.
 * 40 bytes, the caller's, in use from husk_device_observe until the event that ends it or husk_device_cancel. A program
 * that does not name these two functions contains nothing of it. Fields are private.
 *
 * Implementation notes
 *     request      what is observed, the caller's
 *     token        of all messages about it, once the gateway has registered it
 *     exchange     of the registration, while `active`
 *     cancelling   the request in flight ends it */
struct husk_device_observation {
    husk_oscore_exchange exchange;
    const husk_observer *observer;
    const husk_device_request *request;
    uint8_t token[2];
    bool registered;
    bool active;
    bool cancelling;
};

/* Begins to observe what `request` (a GET or FETCH) asks for, as husk_device_start does a request; one resource at a
 * time, and other requests go on beside it. HUSK_EVENT_NOTIFICATION, at once for the present state and then whenever
 * it changes; those that are overtaken by newer ones do not come. HUSK_EVENT_RESPONSE with `observation` set if the
 * gateway has no observers for it (the code says why, or the present state is the payload) or ends the observation;
 * HUSK_EVENT_FAILED with `observation` set if registering came to nothing.
 * Sessions that are replaced end observations; the endpoint registers anew by itself, once per session, when it has
 * nothing else to do. It does not notice that a gateway fell silent: call again from time to time (RFC 8613 section
 * 7.3), which registers anew in place of the old. After a reboot, call it again; the gateway's notifications for
 * before are answered with Reset. Errors as husk_device_start, whose argument `request` is; HUSK_ERR_STATE also while
 * another observation lasts. */
husk_status husk_device_observe(husk_device *device, husk_device_observation *observation,
                                const husk_device_request *request);

/* Ends the observation. If the gateway knows of it, it is told, with a request that is answered by HUSK_EVENT_RESPONSE
 * or HUSK_EVENT_FAILED with `observation` set; otherwise there is nothing to send and no event. HUSK_ERR_STATE if
 * there is none, or a request is in progress; otherwise errors as husk_device_start. */
husk_status husk_device_cancel(husk_device *device);

/* Forgets session and keys. */
void husk_device_wipe(husk_device *device);

#ifdef __cplusplus
}
#endif
#endif
