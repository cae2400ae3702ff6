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

/* What protection adds at most to a message: OSCORE option (24), payload marker, code, tag (16), and what the heads of
 * other options may grow because outer and inner ones are numbered apart (4). */
#define HUSK_OSCORE_OVERHEAD_MAX_BYTES 46

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

/* What binds a response to its request. One per request, kept from request to response by both sides.
 * Zero-initialised it is an exchange that has not begun. */
typedef struct husk_oscore_exchange {
    uint64_t request_sequence; /* Partial IV of the request */
    uint32_t epoch;            /* of the context, where kudos.h replaces it */
    uint8_t phase;
} husk_oscore_exchange;

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
 * Uri-Host, Uri-Port, Hop-Limit, EDHOC and Proxy-Scheme stay outside unprotected (class U); everything else is
 * encrypted. The option carries the Sender ID as kid, and the ID Context, if there is one, as kid context.
 * Spends one sequence number on success, and none on HUSK_ERR_BUFFER, HUSK_ERR_ARGUMENT (not a request code, malformed
 * options, too long for the AEAD), HUSK_ERR_EXHAUSTED (none is left) or HUSK_ERR_UNSUPPORTED: for Proxy-Uri, which has
 * to be split first, for Observe, and for OSCORE in OSCORE. If a table's AEAD fails in any other way, the number counts
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
 * HUSK_ERR_STATE if no request was unprotected; otherwise as for requests. */
husk_status husk_oscore_response_protect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                         bool own_partial_iv, const husk_coap_message *message, uint8_t *out,
                                         size_t out_cap, size_t *out_len);

/* Client: verifies and decrypts a response in place; on success the exchange is over.
 * HUSK_ERR_STATE if no request is outstanding; otherwise as for requests, except that the replay window plays no part:
 * what protects against replay is that an exchange takes one response. After an error it still waits for it. A kid or
 * kid context is not needed, but must not name another context. An Observe option inside is HUSK_ERR_FORMAT. */
husk_status husk_oscore_response_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                           uint8_t *datagram, size_t len, husk_coap_message *inner);

#ifdef __cplusplus
}
#endif
#endif
