/* base: status codes, byte slices, the two hooks, wiping and comparing secrets. */
#ifndef HUSK_BASE_H
#define HUSK_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* HUSK_OK or one of HUSK_ERR_*. An int32_t, not an enum: the size of an enum differs between compilers. */
typedef int32_t husk_status;

#define HUSK_OK 0

/* The program is wrong: mend the call. */
#define HUSK_ERR_ARGUMENT (-1) /* a length, identifier or value is outside the range the function states */
#define HUSK_ERR_BUFFER (-2)   /* the output buffer is smaller than what has to be written */
#define HUSK_ERR_STATE (-3)    /* this step is not the next one: nothing was done */

/* The message is bad: drop it and carry on. */
#define HUSK_ERR_FORMAT (-16)         /* not the CBOR, CoAP, OSCORE or EDHOC that the specification describes */
#define HUSK_ERR_UNSUPPORTED (-17)    /* well-formed, but asks for something this build does not speak */
#define HUSK_ERR_AUTHENTICATION (-18) /* the tag does not verify: other key, other context, or tampered with */
#define HUSK_ERR_REPLAY (-19)         /* seen before, or older than the replay window */
#define HUSK_ERR_CONTEXT (-20)        /* names a security context other than this one */
#define HUSK_ERR_FRESHNESS (-21)      /* verified, but it may be an old one: answer with husk_oscore_challenge_protect */
#define HUSK_ERR_DESTINATION (-22)    /* for another destination */
#define HUSK_ERR_EXPIRED (-23)        /* its deadline is over */

/* The block is bad: answer with husk_block_error_code, or ask for the right one again, or give the transfer up. */
#define HUSK_ERR_ORDER (-24)   /* not the next block: one is missing before it, or it was there already */
#define HUSK_ERR_CHANGED (-25) /* a block of another body than those before it */

/* The peers do not fit together: answer with husk_edhoc_error_compose and end the handshake. */
#define HUSK_ERR_METHOD (-32)     /* EDHOC method not supported */
#define HUSK_ERR_SUITE (-33)      /* cipher suite not supported, or not the first one both support */
#define HUSK_ERR_CREDENTIAL (-34) /* no such credential, or one that must not be used here */
#define HUSK_ERR_EAD (-35)        /* a critical EAD item that is not understood */
#define HUSK_ERR_IDENTIFIER (-36) /* both peers chose the same connection identifier */
#define HUSK_ERR_PUBLIC_KEY (-37) /* the peer's ephemeral public key is not acceptable */
#define HUSK_ERR_PEER (-38)       /* the peer sent an error message */

/* The surroundings failed: try again later. */
#define HUSK_ERR_RANDOM (-48)  /* the random hook failed, or gave values that cannot be used */
#define HUSK_ERR_STORAGE (-49) /* the storage hook failed: nothing that depends on it was sent */
#define HUSK_ERR_TIMEOUT (-50) /* the peer did not answer within the retransmission limits */
#define HUSK_ERR_CLOCK (-51)   /* the message has a deadline, and the time is not known */
#define HUSK_ERR_FULL (-52)    /* the storage has no room for this record next to the others */
#define HUSK_ERR_CORRUPT (-53) /* what was stored does not read as it was written: it is lost */

/* The keys are used up: authenticate again. */
#define HUSK_ERR_EXHAUSTED (-64) /* no sequence number left, or a usage limit of the key is reached */

/* `len` bytes at `data`, borrowed. `data` may be NULL if `len` is 0. */
typedef struct husk_bytes {
    const uint8_t *data;
    size_t len;
} husk_bytes;

/* Source of random bytes: fills out[0..len) with cryptographically secure random bytes and returns HUSK_OK, or
 * returns HUSK_ERR_RANDOM, in which case the caller of the core gets that error and nothing was sent. */
typedef struct husk_random {
    husk_status (*fill)(void *context, uint8_t *out, size_t len);
    void *context;
} husk_random;

/* Non-volatile storage of small named records.
 *     load   copies record `record` into out[0..cap) and sets *len; *len = 0 if there is no such record.
 *            HUSK_ERR_BUFFER if it is longer than cap, HUSK_ERR_CORRUPT if it is damaged, HUSK_ERR_STORAGE if it cannot
 *            be read.
 *     store  replaces the record. It MUST be durable before store returns HUSK_OK; after a power cut during store the
 *            record is either the old or the new one, never a mixture. */
typedef struct husk_storage {
    husk_status (*load)(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len);
    husk_status (*store)(void *context, uint8_t record, const uint8_t *data, size_t len);
    void *context;
} husk_storage;

/* Overwrites `len` bytes at `p` with zeros in a way the optimiser cannot remove. */
void husk_wipe(void *p, size_t len);

/* True if a[0..len) equals b[0..len), in time that depends on len only. */
bool husk_equal(const uint8_t *a, const uint8_t *b, size_t len);

#ifdef __cplusplus
}
#endif
#endif
