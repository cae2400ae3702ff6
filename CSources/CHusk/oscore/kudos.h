/* What the files of KUDOS share: the x byte, the option's rewriting, updateCtx, and the steps of sending and receiving
 * that are the same for every kind of message. */
#ifndef HUSK_OSCORE_KUDOS_H
#define HUSK_OSCORE_KUDOS_H

#include "husk/kudos.h"

/* Bits of the x byte (section 4.1). Bit b, 0x20, is carried but means nothing here. */
#define HUSK_KUDOS_X_RESERVED 0x80
#define HUSK_KUDOS_X_CONVERGENT 0x40 /* z */
#define HUSK_KUDOS_X_NO_FS 0x10      /* p */
#define HUSK_KUDOS_X_LENGTH 0x0f     /* m: length of the nonce minus 1 */

#define HUSK_KUDOS_PAIR_MAX_BYTES (1 + HUSK_KUDOS_NONCE_MAX_BYTES)

/* Takes the extension out of a received message, which is then one of RFC 8613: its pair, of length 0 if there was
 * none; and the length of ciphertext and tag, at the end of the datagram. */
husk_status husk_kudos_option_strip(uint8_t *datagram, size_t *len, husk_kudos_pair *pair, size_t *text_len);

/* Puts a pair into a protected message whose OSCORE option ends with a kid of `kid_len` bytes; there is room for
 * HUSK_KUDOS_OVERHEAD_BYTES more. Returns the new length. */
size_t husk_kudos_option_insert(uint8_t *datagram, size_t len, size_t kid_len, const husk_kudos_pair *pair);

/* updateCtx (section 4.2) in two steps: the new Master Secret from the old one (`out` may be `secret`), and the
 * context from the new one, in kudos->work. All secrets are of length kudos->secret_len. */
void husk_kudos_update_secret(const husk_kudos *kudos, const uint8_t *secret, const husk_kudos_pair *input1,
                              const husk_kudos_pair *input2, uint8_t *out);
void husk_kudos_update_context(husk_kudos *kudos, const uint8_t *new_secret, const husk_kudos_pair *input1,
                               const husk_kudos_pair *input2);

/* Could a context be made of these? */
bool husk_kudos_config_is_valid(const husk_kudos_config *config, husk_bytes master_secret);

/* The state of `config` with what is stored as `record`, if anything is; its context in use is that of the bootstrap
 * secret at first. A record that is none leaves that one, the way back in that is never lost. HUSK_ERR_ARGUMENT: FS
 * mode needs storage. HUSK_ERR_STORAGE. */
husk_status husk_kudos_load(husk_kudos *kudos, const husk_kudos_config *config, const husk_storage *storage,
                            uint8_t record);

/* Stores what has to be stored, before anything depends on it. HUSK_ERR_STORAGE. */
husk_status husk_kudos_save(husk_kudos *kudos, const husk_storage *storage, uint8_t record);

/* Sending. In an execution *running is true, *context becomes that of the next KUDOS message, and kudos->own the pair
 * it carries; else *context, which is the one in use, stays. HUSK_ERR_STATE if nothing may be sent. After a KUDOS
 * message was protected, or failed to be, husk_kudos_send_finish takes note. */
husk_status husk_kudos_send_prepare(husk_kudos *kudos, husk_oscore_context **context, bool *running);
void husk_kudos_send_finish(husk_kudos *kudos, husk_status status);

/* A context that may be the one a message is protected with. */
typedef struct husk_kudos_candidate {
    uint8_t kind;
    uint8_t base; /* secret it is updated from */
    uint8_t x;    /* the peer's x byte in the derivation */
} husk_kudos_candidate;

#define HUSK_KUDOS_CANDIDATES_MAX 4

/* A received message, and where what becomes of it goes. */
typedef struct husk_kudos_reception {
    uint8_t *datagram;
    size_t len;
    size_t text_len; /* ciphertext and tag, at the end of the datagram */
    uint8_t *spare;
    size_t spare_cap;
    husk_coap_message *inner;
    uint8_t *event;
    husk_kudos_pair pair; /* of length 0 if it is not a KUDOS message */
    uint8_t count;
    husk_kudos_candidate list[HUSK_KUDOS_CANDIDATES_MAX];
} husk_kudos_reception;

/* Verifies and decrypts a message with one context; unchanged if it does not verify. */
typedef husk_status husk_kudos_unprotect(husk_oscore_context *context, husk_oscore_exchange *exchange,
                                         uint8_t *datagram, size_t len, husk_coap_message *inner);

/* Tries the contexts that may be the right one in turn, and does what the message means. `maybe_next`: it may be one
 * that confirms CTX_NEW. */
husk_status husk_kudos_receive(husk_kudos *kudos, husk_oscore_context *context, husk_oscore_exchange *exchange,
                               husk_kudos_reception *r, bool maybe_next, husk_kudos_unprotect *unprotect);

/* The empty input. */
extern const husk_kudos_pair husk_kudos_no_pair;

#endif
