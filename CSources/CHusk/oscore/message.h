/* What requests and responses have in common. */
#ifndef HUSK_OSCORE_MESSAGE_H
#define HUSK_OSCORE_MESSAGE_H

#include "husk/oscore.h"

/* Phases of an exchange. */
#define HUSK_OSCORE_IDLE 0
#define HUSK_OSCORE_CLIENT_WAITS 1    /* for the response */
#define HUSK_OSCORE_SERVER_ANSWERS 2  /* and may use the nonce of the request, once */
#define HUSK_OSCORE_SERVER_ANSWERED 3 /* with that nonce: it is spent */
#define HUSK_OSCORE_CLIENT_KUDOS 4    /* as CLIENT_WAITS, the request being a KUDOS message (kudos.h only) */
#define HUSK_OSCORE_SERVER_KUDOS 5    /* as SERVER_ANSWERED, likewise */

/* What one AEAD operation is bound to: the request (its kid and Partial IV go into the AAD), and the Partial IV with
 * the endpoint that generated it (which make the nonce). */
typedef struct husk_oscore_binding {
    const husk_id *request_kid;
    uint64_t request_sequence;
    const husk_id *nonce_id;
    uint64_t nonce_sequence;
    husk_bytes options; /* class I of the aad_array, at most one byte: none in OSCORE, the flag byte in frames */
} husk_oscore_binding;

/* Where the plaintext of a composed message, or the ciphertext of a received one, lies. */
typedef struct husk_oscore_text {
    uint8_t *data;
    size_t len; /* without the tag */
} husk_oscore_text;

/* The value of a message's Observe option: 0 and 1 mean registration and cancellation in requests. NO_OBSERVE if there
 * is none, or an unreadable one, which is to be ignored as an elective option. */
#define HUSK_OSCORE_NO_OBSERVE UINT32_MAX
#define HUSK_OSCORE_REGISTER 0
#define HUSK_OSCORE_CANCEL 1
uint32_t husk_oscore_observe(const husk_coap_message *message);

/* The next Partial IV, not yet spent; HUSK_ERR_EXHAUSTED if there is none. */
husk_status husk_oscore_sequence_next(const husk_oscore_context *context, uint64_t *sequence);

/* A message to be protected. */
typedef struct husk_oscore_draft {
    const husk_coap_message *message;
    husk_oscore_option option; /* with has_partial_iv, partial_iv becomes that of binding.nonce_sequence */
    husk_oscore_binding binding;
    uint8_t outer_code;
    bool spent; /* set when the nonce counts as used */
} husk_oscore_draft;

/* Lays the protected message out and encrypts it. Writes nothing before it is certain that everything fits. A Partial
 * IV that was spent is the context's last one. */
husk_status husk_oscore_draft_seal(husk_oscore_context *context, husk_oscore_draft *draft, uint8_t *out, size_t out_cap,
                                   size_t *out_len);

/* Encrypts the text, or wipes it if the AEAD fails. After HUSK_ERR_ARGUMENT the nonce was not used; after any other
 * status it counts as used. */
husk_status husk_oscore_message_seal(const husk_oscore_context *context, const husk_oscore_binding *binding,
                                     const husk_oscore_text *text);

/* Decodes a protected message and its OSCORE option. HUSK_ERR_CONTEXT if it names another context than this one. */
husk_status husk_oscore_message_decode(const husk_oscore_context *context, uint8_t *datagram, size_t len,
                                       husk_coap_message *message, husk_oscore_option *option,
                                       husk_oscore_text *text);

/* Verifies and decrypts in place, and counts what does not verify. HUSK_ERR_EXHAUSTED if that was too often. */
husk_status husk_oscore_message_open(husk_oscore_context *context, const husk_oscore_binding *binding,
                                     const husk_oscore_text *text);

/* Puts code, options and payload of the decrypted text into `message`. HUSK_ERR_FORMAT if they are malformed. */
husk_status husk_oscore_message_reveal(const husk_oscore_text *text, husk_coap_message *message);

#endif
