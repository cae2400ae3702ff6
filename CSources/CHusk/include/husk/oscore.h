/* oscore: a security context and the protection of CoAP messages with it (RFC 8613).
 *
 * A protected message is made from a view of the plain one (husk_coap_message) straight into the buffer that goes on
 * the wire, and is encrypted there in place; a received one is decrypted in its own datagram and handed out as a
 * view. */
#ifndef HUSK_OSCORE_H
#define HUSK_OSCORE_H

#include "husk/base.h"
#include "husk/coap.h"
#include "husk/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_OSCORE_ID_MAX_BYTES 7         /* nonce length of AES-CCM-16 minus 6 (RFC 8613 section 3.3) */
#define HUSK_OSCORE_ID_CONTEXT_MAX_BYTES 8
#define HUSK_OSCORE_PARTIAL_IV_MAX_BYTES 5
#define HUSK_OSCORE_SEQUENCE_MAX ((uint64_t)0xffffffffff) /* Partial IV of 40 bits */
#define HUSK_OSCORE_WINDOW 32                             /* entries of the replay window */
#define HUSK_OSCORE_ECHO_BYTES 8                          /* of a challenge to a client whose window was lost */
#define HUSK_OSCORE_ECHO_MAX_BYTES 40                     /* of any Echo option (RFC 9175 section 2.2.1) */

/* What protection adds at most to a message: OSCORE option (24), payload marker, code, tag (16), what the heads of
 * other options may grow because outer and inner ones are numbered apart (4), and the second Observe option (2). */
#define HUSK_OSCORE_OVERHEAD_MAX_BYTES 48

/* An identifier of up to 7 bytes: Sender ID, Recipient ID, EDHOC connection identifier. len = 0 is a valid one. */
typedef struct husk_id {
    uint8_t len;
    uint8_t bytes[HUSK_OSCORE_ID_MAX_BYTES];
} husk_id;

/* HUSK_ERR_ARGUMENT if longer than 7 bytes. */
husk_status husk_id_set(husk_id *id, const uint8_t *bytes, size_t len);
bool husk_id_equal(const husk_id *a, const husk_id *b);

/* A security context (RFC 8613 section 3.1), 168 bytes. Secret: wipe after use. NOT to be copied and used twice: two
 * copies would spend the same sequence number on different messages.
 *
 * Key usage limits (draft-ietf-core-oscore-key-limits). Both keys may be used so often, until it gets likely enough
 * that something is forged (section 2.1):
 *                                      limit_q    limit_v    limit_l
 *     AES-CCM with 8-byte tags         2^20       2^14       4,096 bytes
 *     AES-CCM with 16-byte tags        2^20       2^20       16,384 bytes
 *     ChaCha20/Poly1305                2^20       2^20       65,536 bytes
 * These three fields are the caller's to set, after init.
 *     q    messages protected. Nothing counts them: what was protected used a number of this side's, or the nonce of a
 *          request of the peer's, whose numbers the replay window knows (appendix B). See husk_oscore_count_q.
 *     v    received messages that did not verify. Replays do not count. The one thing that a forged message changes.
 *     l    plaintext and tag of one message. Block-wise transfers stay below it.
 *
 * To go on with a context after a reboot takes these of its fields; all others can be stored once or derived again.
 *     sender_sequence   from a number that was reserved in storage before any below it was used (RFC 8613 appendix
 *                       B.1.1). A number used twice gives the key away.
 *     window_top, window_bits   as they were after the last request that was acted upon; or nothing, with
 *                       husk_oscore_window_lost, which costs a round trip. An older window lets requests be replayed.
 *     count_v           as it was, or too high; 0 gives a forger who can make the device reboot limit_v attempts more.
 *     limits            what differs from the above.
 *
 * Implementation notes
 *     What is shorter than a word comes first: a Cortex-M0 reaches such a field with one instruction up to offset 31.
 *     sender_sequence   next Partial IV to use. Only grows, and moves on before the message that uses it is returned.
 *     sender_limit      first Partial IV that may not be used: what the caller has reserved in storage
 *                       (RFC 8613 appendix B.1.1).
 *     window_top        greatest Partial IV verified so far; means nothing while window_bits is 0.
 *     window_bits       bit i is set if window_top - i was verified; bit 0 is set from the first message on.
 *     window_lost       what was verified before is not known: only what answers `echo` is acted upon. */
typedef struct husk_oscore_context {
    husk_id sender_id;
    husk_id recipient_id;
    uint8_t id_context_len;
    bool has_id_context;
    bool window_lost;
    uint8_t id_context[HUSK_OSCORE_ID_CONTEXT_MAX_BYTES];
    uint8_t echo[HUSK_OSCORE_ECHO_BYTES];
    const husk_aead *aead;
    uint64_t sender_sequence;
    uint64_t sender_limit;
    uint64_t window_top;
    uint64_t limit_q;
    uint32_t window_bits;
    uint32_t limit_v;
    uint32_t limit_l;
    uint32_t count_v;
    uint8_t sender_key[HUSK_AEAD_KEY_MAX_BYTES];
    uint8_t recipient_key[HUSK_AEAD_KEY_MAX_BYTES];
    uint8_t common_iv[HUSK_AEAD_NONCE_MAX_BYTES];
} husk_oscore_context;

/* What a context is derived from (RFC 8613 section 3.2). */
typedef struct husk_oscore_parameters {
    const husk_aead *aead;
    const husk_hash *hash;
    husk_bytes master_secret; /* at least 16 bytes */
    husk_bytes master_salt;   /* may be empty */
    bool has_id_context;      /* an empty ID Context differs from none */
    husk_bytes id_context;    /* at most 8 bytes */
    husk_id sender_id;
    husk_id recipient_id;     /* differs from sender_id */
} husk_oscore_parameters;

/* Derives keys and common IV (RFC 8613 section 3.2.1). Sequence number 0, sender_limit 2^40, empty replay window, usage
 * limits as above. HUSK_ERR_ARGUMENT if a length is out of range or both IDs are the same. */
husk_status husk_oscore_context_init(husk_oscore_context *context, const husk_oscore_parameters *parameters);
void husk_oscore_context_wipe(husk_oscore_context *context);

/* Sets the usage limits as above, for context->aead. */
void husk_oscore_limits_set(husk_oscore_context *context);

/* How many messages were protected with the sender key, at most. */
uint64_t husk_oscore_count_q(const husk_oscore_context *context);

/* True if new keys are due: the next request, or the next received message, would be HUSK_ERR_EXHAUSTED for good, not
 * just until numbers are reserved (sender_limit). */
bool husk_oscore_is_exhausted(const husk_oscore_context *context);

/* Server: says that the context is from before a reboot and its replay window is not (RFC 8613 appendix B.1.2). From
 * now on, a request that does not carry `echo` in an Echo option inside is HUSK_ERR_FRESHNESS; the first one that does
 * becomes the lower limit of the window, which counts from there on. `echo` is a value this context has not had before:
 * drawn from a random generator at startup, the same for all contexts if one likes; or a counter that is stored (RFC
 * 9175 appendix A, items 1 and 3). */
void husk_oscore_window_lost(husk_oscore_context *context, const uint8_t echo[HUSK_OSCORE_ECHO_BYTES]);

/* What binds a response to its request, 24 bytes. One per request, kept by both sides from request to response, and as
 * long as notifications may come if the request began an observation. Zero-initialised it is an exchange that has not
 * begun; ending one early is to set it to zero, which nothing can fail at. It is not secret.
 *
 * Observe (RFC 7641 as RFC 8613 section 4.1.3.5 protects it)
 *     A request with Observe 0 registers. Each response to it with an Observe option is a notification, after which
 *     the exchange goes on; one without ends it. A request with Observe 1 cancels: it is an exchange of its own, has
 *     an ordinary response, and the observation it ends is the caller's to forget.
 *     Observe travels twice. The inner one counts. The outer one is there for proxies, who may take it away or add one:
 *     it is never looked at.
 *     What an observation binds is the Partial IV of its registration: a registration made anew is another exchange, to
 *     which no older notification fits. It ends with its security context, whoever replaces that (kudos.h); and with a
 *     reboot, after which the client registers anew (RFC 8613 appendix B.1.3).
 *     Proxies are not told how long they may cache a notification (Max-Age 0 outside, which section 4.1.3.1 allows):
 *     to those that observe for others it would be a reason to register again at once, with the same request, which
 *     is a replay. */
typedef struct husk_oscore_exchange {
    uint64_t request_sequence; /* Partial IV of the request */
    uint64_t notification;     /* client: 0 before the first response; of the newest one, 1 without Partial IV, else
                                * Partial IV + 2 */
    uint32_t epoch;            /* of the context, where kudos.h replaces it */
    uint8_t phase;
    bool observes;             /* further responses may follow */
} husk_oscore_exchange;

/* True from a verified or protected registration on, until the first response that is not a notification. */
bool husk_oscore_exchange_observes(const husk_oscore_exchange *exchange);

/* The OSCORE option (RFC 8613 section 6.1) of a received message, to find the context it names. */
typedef struct husk_oscore_option {
    bool has_kid;
    bool has_kid_context;
    bool has_partial_iv;
    husk_bytes kid;
    husk_bytes kid_context;
    husk_bytes partial_iv; /* 1 to 5 bytes, without leading zeros unless it is one zero byte */
} husk_oscore_option;

/* Finds and decodes it. HUSK_ERR_FORMAT if there is none or it is malformed; HUSK_ERR_UNSUPPORTED if it sets a reserved
 * flag bit, or the message is a fragment of one (see below). */
husk_status husk_oscore_option_read(const husk_coap_message *message, husk_oscore_option *option);

/* Proxies see and change what is outside: tokens, message IDs, the code, options of class U, and any they add. Nothing
 * of that makes another message of what is inside, and nothing outside is in `inner`: an application that serves several
 * Uri-Hosts reads that one from the outer message, knowing that anybody may have written it.
 * A proxy that cuts a protected message up (outer Block1 or Block2 options, RFC 8613 section 4.1.3.4.2) makes fragments
 * that mean nothing each for itself: HUSK_ERR_UNSUPPORTED, until whoever reassembles them has put them together
 * and the option is gone. */

/* Client: protects a request.
 *     message   the plain request: type, message_id, token, code, options, payload
 *     out       receives the protected datagram; needs at most the plain size + HUSK_OSCORE_OVERHEAD_MAX_BYTES.
 *               The payload of `message` (not its token or options) may lie in the same buffer if it begins at least
 *               as far from `out` as it comes to lie. Nothing is written before it is certain that all fits.
 * Uri-Host, Uri-Port, Hop-Limit, EDHOC and Proxy-Scheme stay outside unprotected (class U); Observe is there twice;
 * everything else is encrypted. The code outside is FETCH with Observe, else POST (section 4.2). The option carries the
 * Sender ID as kid, and the ID Context, if there is one, as kid context.
 * Spends one sequence number on success, and none on HUSK_ERR_BUFFER, HUSK_ERR_ARGUMENT (not a request code, malformed
 * options, an Observe value other than 0 and 1, more than one Observe, longer than limit_l or the AEAD allows),
 * HUSK_ERR_EXHAUSTED (none is left below sender_limit, or limit_q is reached) or HUSK_ERR_UNSUPPORTED: for Proxy-Uri,
 * which the caller has to split into Proxy-Scheme and Uri-* first (section 4.1.3.3; to proxies that is the same), and
 * for OSCORE in OSCORE. If a table's AEAD fails in any other way, the number counts as spent. */
husk_status husk_oscore_request_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                        const husk_coap_message *message, uint8_t *out, size_t out_cap,
                                        size_t *out_len);

/* Server: verifies and decrypts a request in place. On success `inner` is a view of the plain request (message_id,
 * token and type of the outer header; code, options and payload as decrypted: class U options of the outer message
 * are not in it), the replay window has moved on, and `exchange` is ready for the response.
 * HUSK_ERR_FORMAT, HUSK_ERR_UNSUPPORTED (as husk_coap_decode, husk_oscore_option_read), HUSK_ERR_CONTEXT,
 * HUSK_ERR_REPLAY, HUSK_ERR_AUTHENTICATION (count_v is one more), HUSK_ERR_EXHAUSTED (count_v has reached limit_v:
 * nothing is decrypted any more): context and exchange are unchanged.
 * Two exceptions, where the message verifies, the replay window moves on, because a verified number must not be
 * accepted twice, and the plaintext is wiped:
 *     HUSK_ERR_FORMAT      what was encrypted is not a CoAP request
 *     HUSK_ERR_FRESHNESS   after husk_oscore_window_lost only: the exchange is ready for husk_oscore_challenge_protect
 *                          and for nothing else
 * A request without kid context is taken to mean this context, even if it has an ID Context. */
husk_status husk_oscore_request_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                          uint8_t *datagram, size_t len, husk_coap_message *inner);

/* Server: protects a challenge: 4.01 with nothing but an Echo option, to be answered by the same request with that
 * option (RFC 9175 section 2.3). It always has a Partial IV of its own, since the nonce of the request may have been
 * used before the reboot (RFC 8613 appendix B.1.2).
 *     reply   type, message_id and token of the response; the rest is not looked at
 *     echo    1 to 40 bytes, for a request that the application wants to be sure is fresh, whatever for; what comes
 *             back is to be compared with husk_oscore_echo_matches. With len 0 the value of husk_oscore_window_lost
 * HUSK_ERR_ARGUMENT if `echo` is longer, HUSK_ERR_STATE if there is none or no request was unprotected; otherwise as
 * husk_oscore_response_protect. */
husk_status husk_oscore_challenge_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                          const husk_coap_message *reply, husk_bytes echo, uint8_t *out,
                                          size_t out_cap, size_t *out_len);

/* True if the message, as it was decrypted, has an Echo option of that value. An Echo option outside, which anybody can
 * write, is none: it is not in what was decrypted. */
bool husk_oscore_echo_matches(const husk_coap_message *inner, husk_bytes echo);

/* Server: protects a response. The first response of an exchange uses the nonce of the request and spends no sequence
 * number, unless `own_partial_iv` is set (RFC 8613 section 5.2); any further one has a Partial IV of its own.
 * With Observe it is a notification: the value (at most 3 bytes, RFC 7641 section 4.4) goes outside, the inner option
 * is empty. Notifications are in order as they are protected, not as their values say.
 * HUSK_ERR_STATE if no request was unprotected, or for a notification that nobody registered for; otherwise as for
 * requests. */
husk_status husk_oscore_response_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                         bool own_partial_iv, const husk_coap_message *message, uint8_t *out,
                                         size_t out_cap, size_t *out_len);

/* Client: verifies and decrypts a response in place; on success the exchange is over, unless it is a notification: an
 * Observe option inside, whose value means nothing. Notifications come out in the order the server made them: one that
 * comes after a newer one, or again, is HUSK_ERR_REPLAY (section 7.4.1), and so is what would end the observation if it
 * is older than the last notification.
 * HUSK_ERR_STATE if no request is outstanding; otherwise as for requests, except that the replay window plays no part:
 * an exchange takes one response, or each notification once. After an error it goes on waiting. A kid or kid context
 * is not needed, but must not name another context. A notification that was not registered for is HUSK_ERR_FORMAT. */
husk_status husk_oscore_response_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                           uint8_t *datagram, size_t len, husk_coap_message *inner);

#ifdef __cplusplus
}
#endif
#endif
