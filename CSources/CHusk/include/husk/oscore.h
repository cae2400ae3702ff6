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

/* A security context (RFC 8613 section 3.1). Secret: wipe after use. NOT to be copied and used twice: two copies would
 * spend the same sequence number on different messages.
 *
 * Implementation notes
 *     sender_sequence   next Partial IV to use. Only grows, and moves on before the message that uses it is returned.
 *     sender_limit      first Partial IV that may not be used: what the caller has reserved in storage
 *                       (RFC 8613 appendix B.1.1), or what the key's usage limit allows.
 *     window_top        greatest Partial IV verified so far; means nothing while window_bits is 0.
 *     window_bits       bit i is set if window_top - i was verified; bit 0 is set from the first message on. */
typedef struct husk_oscore_context {
    const husk_aead *aead;
    uint64_t sender_sequence;
    uint64_t sender_limit;
    uint64_t window_top;
    uint32_t window_bits;
    husk_id sender_id;
    husk_id recipient_id;
    uint8_t id_context_len;
    bool has_id_context;
    uint8_t id_context[HUSK_OSCORE_ID_CONTEXT_MAX_BYTES];
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

/* Derives keys and common IV (RFC 8613 section 3.2.1). Sequence number 0, limit 2^40, empty replay window.
 * HUSK_ERR_ARGUMENT if a length is out of range or both IDs are the same. */
husk_status husk_oscore_context_init(husk_oscore_context *context, const husk_oscore_parameters *parameters);
void husk_oscore_context_wipe(husk_oscore_context *context);

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
 * flag bit. */
husk_status husk_oscore_option_read(const husk_coap_message *message, husk_oscore_option *option);

/* Client: protects a request.
 *     message   the plain request: type, message_id, token, code, options, payload
 *     out       receives the protected datagram; needs at most the plain size + HUSK_OSCORE_OVERHEAD_MAX_BYTES.
 *               The payload of `message` (not its token or options) may lie in the same buffer if it begins at least
 *               as far from `out` as it comes to lie. Nothing is written before it is certain that all fits.
 * Uri-Host, Uri-Port, Hop-Limit, EDHOC and Proxy-Scheme stay outside unprotected (class U); Observe is there twice;
 * everything else is encrypted. The code outside is FETCH with Observe, else POST (section 4.2). The option carries the Sender ID as kid, and the ID Context, if there is one, as kid context.
 * Spends one sequence number on success, and none on HUSK_ERR_BUFFER, HUSK_ERR_ARGUMENT (not a request code, malformed
 * options, an Observe value other than 0 and 1, too long for the AEAD), HUSK_ERR_EXHAUSTED (none is left) or HUSK_ERR_UNSUPPORTED: for Proxy-Uri, which has
 * to be split first, and for OSCORE in OSCORE. If a table's AEAD fails in any other way, the number counts
 * as spent. */
husk_status husk_oscore_request_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                        const husk_coap_message *message, uint8_t *out, size_t out_cap,
                                        size_t *out_len);

/* Server: verifies and decrypts a request in place. On success `inner` is a view of the plain request (message_id,
 * token and type of the outer header; code, options and payload as decrypted: class U options of the outer message
 * are not in it), the replay window has moved on, and `exchange` is ready for the response.
 * HUSK_ERR_FORMAT, HUSK_ERR_UNSUPPORTED (as husk_coap_decode, husk_oscore_option_read), HUSK_ERR_CONTEXT,
 * HUSK_ERR_REPLAY, HUSK_ERR_AUTHENTICATION: context and exchange are unchanged. One exception: if the message verifies
 * but what was encrypted is not a CoAP request, that is HUSK_ERR_FORMAT too, the plaintext is wiped, and the replay
 * window has moved on, because a verified number must not be accepted twice.
 * A request without kid context is taken to mean this context, even if it has an ID Context. */
husk_status husk_oscore_request_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                          uint8_t *datagram, size_t len, husk_coap_message *inner);

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
