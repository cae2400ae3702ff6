/* kudos: new keys for an OSCORE context in one round trip, from a shared secret alone (KUDOS,
 * draft-ietf-core-oscore-key-update-14). No Diffie-Hellman: a program that links this and oscore.h is the
 * symmetric-only profile.
 *
 *     initiator                                                  responder
 *     husk_kudos_start: draws N1
 *        | divergent: x, N1     under CTX_TEMP = f(CTX_IN, N1)      |
 *        |--------------------------------------------------------->|  draws N2, stores CTX_NEW beside CTX_OLD
 *        | convergent: x, N2    under CTX_NEW = f(CTX_IN, N1, N2)   |
 *        |<---------------------------------------------------------|
 *     ESTABLISHED: context replaced, stored;                        |
 *     the secret of CTX_OLD is kept                                 |
 *        | any message          under CTX_NEW                       |
 *        |--------------------------------------------------------->|  CONFIRMED: context replaced, CTX_OLD forgotten
 *        | any message that is not a KUDOS message                  |
 *        |<---------------------------------------------------------|
 *     CTX_OLD forgotten
 *
 * Each message may be a CoAP request or a response, so either peer can begin: with a request, or with its response to
 * an ordinary request. A request without a purpose of its own goes to HUSK_KUDOS_PATH. Both may begin at the same
 * time.
 *
 * CTX_IN is the context in use (FS mode: forward secrecy, needs storage), or the one of the bootstrap secret that
 * never changes (no-FS mode, bit p). Bootstrap secret and stored secrets are only ever the input of a derivation: no
 * message is protected with a context made from them directly, so there is no sequence number to lose in a reboot.
 *
 * Why no pair of key and AEAD nonce repeats, whatever is lost and whoever reboots: a key that protects is derived from
 * 8 random bytes of its own side (section 7), drawn anew for each execution and held in RAM only, together with a
 * number that counts all messages protected under any key made from them. A reboot forgets both at once; it never
 * finds one without the other.
 *
 * What is the draft's, and what was chosen where it leaves a choice or does not hold:
 *   - Nonces of 8 random bytes are sent, of 1 to 16 accepted; no counters (4.4.1). Bit b is always 0: observations
 *     end with the context they were registered under, and no KUDOS message is a notification.
 *   - Bit z of the own pair (X, nonce) is part of the derivation (4.3.1). When both begin at once each has offered
 *     its pair with z = 0, goes on with that pair, and so both derive the same CTX_NEW, as the figure in A.6 has it.
 *     The receiver of a convergent message tries the x byte of the message, then the one with z = 0.
 *   - A divergent message is authenticated but not fresh: who recorded it can send it again as long as its CTX_IN
 *     lives. So it replaces nothing. Until the peer has used CTX_NEW, requests under the context in use are still
 *     taken and answered under it (4.3.5 forbids the answer; but then one recorded no-FS message would end a session
 *     for good). For the same reason its payload MUST NOT be acted upon, unless acting twice does no harm.
 *   - The initiator keeps the secret of CTX_OLD until the responder has used CTX_NEW in a message that is not a KUDOS
 *     message, and neither peer deletes an unconfirmed secret at startup (4.3.3.2 would): a delayed message, or a
 *     reboot after the convergent message was lost, must not leave the peers with different secrets only.
 *   - A peer that gets no answer goes another way (husk_kudos_start again): divergent from each secret it holds, or
 *     convergent again. Nothing happens on a timer.
 *   - A repeated divergent message is recognised by its pair, which is kept (4.3.4 takes it from the Master Salt).
 *   - The Master Salt is not stored: updateCtx does not use it, and no context is derived again after a reboot.
 *   - When both begin at once in different modes, each may end with the other's CTX_NEW: the next message is refused,
 *     and one more execution, in the mode that both know by then, mends it.
 *   - The mode is never changed because a message failed: no forged error leads to no-FS mode. So of a peer that can
 *     lose its context in a reboot, and runs no-FS mode only, a CAPABLE side must know that (config.peer, or learned).
 *     A peer known to be CAPABLE is refused no-FS mode (4.4.2). */
#ifndef HUSK_KUDOS_H
#define HUSK_KUDOS_H

#include "husk/base.h"
#include "husk/coap.h"
#include "husk/config.h"
#include "husk/crypto.h"
#include "husk/oscore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_KUDOS_PATH ".well-known/kudos" /* section 4.7.3 */

#define HUSK_KUDOS_NONCE_BYTES 8      /* of the nonces sent */
#define HUSK_KUDOS_NONCE_MAX_BYTES 16 /* of the nonces accepted */

/* What a KUDOS message is longer than the same message protected by oscore.h, at most. */
#define HUSK_KUDOS_OVERHEAD_BYTES 11

/* Messages protected under keys made from one own nonce; then a new one is drawn. */
#define HUSK_KUDOS_NONCE_USES 256

/* The record that is to be stored: three bytes and up to three secrets. */
#define HUSK_KUDOS_RECORD_MAX_BYTES (3 + 3 * HUSK_KUDOS_SECRET_MAX_BYTES)

/* What is known of a peer: whether it can store what changes, and so run FS mode (section 4.4.1). */
#define HUSK_KUDOS_UNKNOWN 0
#define HUSK_KUDOS_CAPABLE 1
#define HUSK_KUDOS_NON_CAPABLE 2

/* Never changes while the state lives, and outlives it. */
typedef struct husk_kudos_config {
    const husk_aead *aead;
    const husk_hash *hash;
    husk_random random;
    husk_bytes bootstrap_secret; /* Master Secret of CTX_BOOTSTRAP; empty: no-FS mode is refused */
    bool has_id_context;
    husk_bytes id_context;       /* IDs and ID Context outlast every update */
    husk_id sender_id;
    husk_id recipient_id;
    bool capable;                /* this side stores records, and runs FS mode; else no-FS mode only. Also for a device
                                  * without bootstrap secret that keeps its keys in RAM (section 4.4.3) */
    uint8_t peer;                /* HUSK_KUDOS_UNKNOWN, or what is known beforehand; learned otherwise */
    bool frame;                  /* the contexts are those of frames (frame.h): not for the functions below that take
                                  * CoAP messages */
} husk_kudos_config;

/* x byte and nonce. */
typedef struct husk_kudos_pair {
    uint8_t len; /* of both */
    uint8_t bytes[1 + HUSK_KUDOS_NONCE_MAX_BYTES];
} husk_kudos_pair;

/* State of one side towards one peer: 360 bytes on 32-bit processors, 296 if secrets have 16. Secret: wipe after use.
 * Fields are private.
 *
 * Implementation notes
 *     work            a context for one call: CTX_TEMP, or CTX_NEW while it is not in use; kept if work_is_next
 *     secrets         Master Secrets: [0] of the context in use; [1] the one before it, until the peer has shown that
 *                     it does not need it; [2] of CTX_NEW as responder, until confirmed. `present` has a bit for each
 *     own, peer       the pairs (X, nonce); own.bytes[0] is set for each use
 *     sequence        messages protected under keys made from own: their next Partial IV. 0 when own is drawn
 *     state           bits c_tx, c_rx of section 4.3.2
 *     offered         own was sent in a divergent message, with x byte offer_x; the last one was under secret
 *                     offer_base
 *     next_live       own, next_x and peer are what CTX_NEW was derived from (not so after a reboot)
 *     epoch           counts replaced contexts: a response under another context than its request's needs a Partial
 *                     IV */
typedef struct husk_kudos {
    const husk_kudos_config *config;
    uint32_t epoch;
    uint16_t sequence;
    uint8_t state;
    uint8_t present;
    uint8_t secret_len;
    uint8_t peer_capability;
    uint8_t offer_base;
    uint8_t offer_x;
    uint8_t next_x;
    uint8_t peer_base;
    bool offered;
    bool next_live;
    bool work_is_next;
    bool unsaved;
    uint8_t secrets[3][HUSK_KUDOS_SECRET_MAX_BYTES];
    husk_kudos_pair own; /* this and what follows is wiped when an execution ends */
    husk_kudos_pair peer;
    uint8_t work_secret[HUSK_KUDOS_SECRET_MAX_BYTES];
    husk_oscore_context work;
} husk_kudos;

/* What a received message brought about. */
#define HUSK_KUDOS_PLAIN 0       /* an ordinary message under the context in use */
#define HUSK_KUDOS_DIVERGENT 1   /* the peer began: answer the request, or send one, to go on. Not fresh, see above */
#define HUSK_KUDOS_ESTABLISHED 2 /* the peer answered: the context was replaced */
#define HUSK_KUDOS_CONFIRMED 3   /* an ordinary message under CTX_NEW, which has become the context in use */

/* Prepares the state. `master_secret` is that of the context in use: what EDHOC gave, or the bootstrap secret of a
 * peer that was not spoken to before. HUSK_ERR_ARGUMENT if its length is not 16 to HUSK_KUDOS_SECRET_MAX_BYTES,
 * differs from that of the bootstrap secret, IDs are not those of a context, or no-FS mode is demanded without
 * bootstrap secret. */
husk_status husk_kudos_init(husk_kudos *kudos, const husk_kudos_config *config, husk_bytes master_secret);

/* After init: takes over a stored record, after a reboot. HUSK_ERR_FORMAT, and nothing is changed, if it is not one
 * that husk_kudos_record_write made for a state like this. There is no context in use then. */
husk_status husk_kudos_restore(husk_kudos *kudos, husk_bytes record);

void husk_kudos_wipe(husk_kudos *kudos);

/* True if there is something to be stored: in FS mode whenever secrets changed. The functions that protect refuse with
 * HUSK_ERR_STATE until husk_kudos_stored was called, because what they would send is lost on the peer if this side can
 * forget the secrets it depends on. */
bool husk_kudos_must_store(const husk_kudos *kudos);

/* Writes the record; returns its length. It replaces the last one as a whole; the old one MUST become unreadable
 * for forward secrecy to hold. */
size_t husk_kudos_record_write(const husk_kudos *kudos, uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES]);

/* The record written last is durable. No other call on `kudos` may lie in between. */
void husk_kudos_stored(husk_kudos *kudos);

/* True while new keys are being agreed upon: requests protected now are KUDOS messages. */
bool husk_kudos_is_running(const husk_kudos *kudos);

/* Begins an execution: the next request, or response to an ordinary request, becomes a divergent message. Before it,
 * every exchange with the peer MUST have ended (section 4.3.7). Called again it goes another way: for when the
 * message sent last got no answer in time, or an unprotected error. HUSK_ERR_RANDOM. */
husk_status husk_kudos_start(husk_kudos *kudos);

/* The four functions of oscore.h with the same parameters and contract; `context` is the context in use, all zero
 * if there is none, and is replaced when the peer has shown to have the new one: sequence number and replay window
 * start again, limits of the caller's are to be set again.
 *
 * Requests: in an execution a KUDOS message, else an ordinary one. HUSK_ERR_STATE: no context and no execution begun,
 * or something is to be stored first. HUSK_ERR_EXHAUSTED in an execution: call husk_kudos_start. */
husk_status husk_kudos_request_protect(husk_kudos *kudos, husk_oscore_context *context,
                                       husk_oscore_exchange *exchange, const husk_coap_message *message,
                                       uint8_t *out, size_t out_cap, size_t *out_len);

/* Responses: to a divergent request, convergent; to an ordinary request divergent if this side began, else ordinary.
 * HUSK_ERR_STATE: also for a notification of an observation registered under an earlier context, or in an execution. */
husk_status husk_kudos_response_protect(husk_kudos *kudos, husk_oscore_context *context,
                                        husk_oscore_exchange *exchange, const husk_coap_message *message,
                                        uint8_t *out, size_t out_cap, size_t *out_len);

/* Received messages, KUDOS messages or not, in place; *event says what came about. When more than one key may be the
 * right one, the ciphertext is copied to spare[0..spare_cap) and tried with each; if it is too long for that, with the
 * likeliest only. 48 bytes do for messages without payload; less than that may make an execution fail that began on
 * both sides at once or after reboots. The copy is ciphertext.
 * HUSK_ERR_CONTEXT: there is no context this message could be for: answer a request with 4.01 unprotected, so that the
 * client begins an execution. HUSK_ERR_UNSUPPORTED: also for a mode that must not be used with this peer.
 * HUSK_ERR_RANDOM. After an error nothing but the datagram is changed. */
husk_status husk_kudos_request_unprotect(husk_kudos *kudos, husk_oscore_context *context,
                                         husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                                         uint8_t *spare, size_t spare_cap, husk_coap_message *inner,
                                         uint8_t *event);
husk_status husk_kudos_response_unprotect(husk_kudos *kudos, husk_oscore_context *context,
                                          husk_oscore_exchange *exchange, uint8_t *datagram, size_t len,
                                          uint8_t *spare, size_t spare_cap, husk_coap_message *inner,
                                          uint8_t *event);

/* The OSCORE option with or without the extension of section 4.1, to find the peer a message is from. */
typedef struct husk_kudos_option {
    husk_oscore_option oscore;
    husk_bytes value; /* all of it */
    husk_bytes pair;  /* x byte and nonce; len is 0 without the extension */
} husk_kudos_option;

/* As husk_oscore_option_read. HUSK_ERR_UNSUPPORTED for flag bits that are reserved here too. */
husk_status husk_kudos_option_read(const husk_coap_message *message, husk_kudos_option *option);

#ifdef __cplusplus
}
#endif
#endif
