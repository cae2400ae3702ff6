/* What the files of KUDOS share: the x byte, the option's rewriting, updateCtx. */
#ifndef HUSK_OSCORE_KUDOS_H
#define HUSK_OSCORE_KUDOS_H

#include "husk/kudos.h"

/* Bits of the x byte (section 4.1). Bit b, 0x20, is carried but means nothing here. */
#define HUSK_KUDOS_X_RESERVED 0x80
#define HUSK_KUDOS_X_CONVERGENT 0x40 /* z */
#define HUSK_KUDOS_X_NO_FS 0x10      /* p */
#define HUSK_KUDOS_X_LENGTH 0x0f     /* m: length of the nonce minus 1 */

#define HUSK_KUDOS_PAIR_MAX_BYTES (1 + HUSK_KUDOS_NONCE_MAX_BYTES)

/* What a received message carries beyond an ordinary one. */
typedef struct husk_kudos_fields {
    uint8_t pair_len; /* 0: an ordinary message */
    uint8_t pair[HUSK_KUDOS_PAIR_MAX_BYTES];
    size_t text_len;  /* ciphertext and tag: the end of the datagram */
} husk_kudos_fields;

/* Takes the extension out of a received message, which is then one of RFC 8613. */
husk_status husk_kudos_option_strip(uint8_t *datagram, size_t *len, husk_kudos_fields *fields);

/* Puts a pair into a protected message; there is room for HUSK_KUDOS_OVERHEAD_BYTES more. Returns the new length. */
size_t husk_kudos_option_insert(uint8_t *datagram, size_t len, husk_bytes pair);

/* updateCtx (section 4.2) in two steps: the new Master Secret from the old one (`out` may be `secret.data`), and the
 * context from the new one. Inputs are x byte and nonce, or empty. */
void husk_kudos_update_secret(const husk_kudos_config *config, husk_bytes secret, husk_bytes input1, husk_bytes input2,
                              uint8_t *out);
husk_status husk_kudos_update_context(const husk_kudos_config *config, husk_bytes new_secret, husk_bytes input1,
                                      husk_bytes input2, husk_oscore_context *context);

#endif
