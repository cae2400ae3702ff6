/* envelope: content sealed for an application that is reached through boxes which must not read it (RFC 9052).
 *
 * An envelope is a COSE_Encrypt0, or for several recipients a COSE_Encrypt, under a key that only the two ends have. It
 * travels as the payload of anything: an OSCORE message, a frame, a message queue, a file. Its metadata (source,
 * destination, content format, time, deadline, priority, tags) is in clear for whoever carries it, and authenticated
 * with the content.
 *
 *     device                          gateway, router, log                   application
 *     husk_envelope_seal   ------->   husk_envelope_inspect   ------->   husk_envelope_open
 *     husk_envelope_open   <-------   husk_envelope_inspect   <-------   husk_envelope_seal     (commands)
 *
 * On the wire, in diagnostic notation; only alg and Partial IV (or IV) are always there:
 *
 *     16([ << { 1: alg, 2: [15], 3: content format, 4: kid,
 *               15: { 1: source, 3: destination, 4: deadline, 6: time },   CWT Claims (RFC 9597): iss, aud, exp, iat
 *               -65537: priority, -65538: [ tag, ... ] } >>,               private use
 *          { 6: Partial IV },
 *          ciphertext | tag ])
 *
 * Keys
 *     Each direction between two ends has a key and a Base IV of its own, both derived from one root key with HKDF
 *     (RFC 5869, no salt) and the COSE_KDF_Context of RFC 9053 section 5.2:
 *         [ AlgorithmID, [sender, null, null], [recipient, null, null], [bits, h''] ]
 *     where AlgorithmID is the AEAD's for the key, 34 (IV-GENERATION) for the Base IV and -3 (A128KW) for a key that
 *     wraps. So nonces of the two directions cannot collide. husk_envelope_key_export gives a COSE_Key for any other
 *     COSE library. Nonce = Base IV xor sequence number (RFC 9052 section 3.1, Partial IV).
 *
 * Storage
 *     No nonce is used twice and nothing is accepted twice, whenever the power fails: a sender stores the end of a
 *     block of sequence numbers before it uses the first of them, and an opener stores its replay window before it
 *     hands out what it opened. Both through a husk_storage, which therefore cannot be left out.
 *
 * Several recipients
 *     The content is encrypted under a fresh random key, wrapped for each recipient (A128KW, RFC 9053 section 6.2.1).
 *     That is COSE's own construction, and has its limit: whoever is a recipient of an envelope knows its content key,
 *     and could put other content under it for the other recipients. Recipients must trust each other that far; a
 *     command that another application must not be able to forge goes to its recipient alone. */
#ifndef HUSK_ENVELOPE_H
#define HUSK_ENVELOPE_H

#include "husk/base.h"
#include "husk/config.h"
#include "husk/crypto.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_ENVELOPE_KID_MAX_BYTES 16
#define HUSK_ENVELOPE_NAME_MAX_BYTES 255
#define HUSK_ENVELOPE_SEQUENCE_MAX ((uint64_t)0xffffffffff) /* Partial IV of 40 bits, as in OSCORE */
#define HUSK_ENVELOPE_WINDOW 64                             /* entries of the replay window */
#define HUSK_ENVELOPE_LABELS_MAX 16                         /* header parameters (and claims) that are accepted */

/* Labels from the range for private use (RFC 9052 section 11.1); there are none registered for these. */
#define HUSK_ENVELOPE_LABEL_PRIORITY (-65537)
#define HUSK_ENVELOPE_LABEL_TAGS (-65538)

/* Records in storage: what a sender keeps, and what an opener keeps. */
#define HUSK_ENVELOPE_SENDER_RECORD_BYTES 5
#define HUSK_ENVELOPE_OPENER_RECORD_BYTES 13

/* Longest exported key: COSE_Key with kid, alg, Base IV and k. */
#define HUSK_ENVELOPE_COSE_KEY_MAX_BYTES 80

/* `now` of a device that does not know the time. */
#define HUSK_ENVELOPE_TIME_UNKNOWN 0

/* A key for one direction. Secret: wipe after use. Fields are private.
 *     aead      of the content
 *     wraps     the key does not encrypt content but wraps the key that does (A128KW) */
typedef struct husk_envelope_key {
    const husk_aead *aead;
    bool wraps;
    uint8_t kid_len;
    uint8_t kid[HUSK_ENVELOPE_KID_MAX_BYTES];
    uint8_t base_iv[HUSK_AEAD_NONCE_MAX_BYTES];
    uint8_t key[HUSK_AEAD_KEY_MAX_BYTES];
} husk_envelope_key;

/* What a key is derived from. */
typedef struct husk_envelope_parameters {
    const husk_aead *aead;
    const husk_hash *hash;
    husk_bytes root_key;  /* at least 16 bytes, shared by the two ends and nobody else */
    husk_bytes sender;    /* names of the two ends, 1 to 255 bytes each, different */
    husk_bytes recipient;
    husk_bytes kid;       /* at most 16 bytes; empty: envelopes do not name their key */
    bool wraps;           /* a key for envelopes to several recipients */
} husk_envelope_parameters;

/* HUSK_ERR_ARGUMENT if a length is out of range or both names are the same. */
husk_status husk_envelope_key_derive(husk_envelope_key *key, const husk_envelope_parameters *parameters);

/* A key that was agreed upon in another way: `bytes` has key_bytes of the AEAD, or 16 if the key wraps; `base_iv` has
 * nonce_bytes of the AEAD, or is empty, which means zeros. HUSK_ERR_ARGUMENT. */
husk_status husk_envelope_key_set(husk_envelope_key *key, const husk_aead *aead, bool wraps, husk_bytes kid,
                                  husk_bytes bytes, husk_bytes base_iv);

/* Writes a COSE_Key (RFC 9052 section 7): { 1 (kty): 4, 2 (kid), 3 (alg), 5 (Base IV), -1 (k) }. The output is secret.
 * HUSK_ERR_BUFFER. */
husk_status husk_envelope_key_export(const husk_envelope_key *key, uint8_t *out, size_t out_cap, size_t *out_len);

void husk_envelope_key_wipe(husk_envelope_key *key);

/* What everybody on the way may read. Zero-initialised it says nothing. Times are seconds since 1970-01-01T00:00Z. */
typedef struct husk_envelope_metadata {
    husk_bytes source;       /* UTF-8, at most 255 bytes; empty: not said */
    husk_bytes destination;  /* UTF-8, at most 255 bytes; empty: not said */
    bool has_content_format;
    bool has_time;
    bool has_deadline;
    bool has_priority;
    uint8_t priority;        /* greater is more urgent */
    uint16_t content_format; /* CoAP Content-Format */
    uint64_t time;           /* when it was sealed */
    uint64_t deadline;       /* from then on it is refused */
    size_t tag_count;        /* at most 255 */
    husk_bytes tags;         /* so many CBOR text strings, one after the other: husk_cbor_write_text, _read_text */
} husk_envelope_metadata;

/* An envelope taken apart. Everything points into the envelope. */
typedef struct husk_envelope_view {
    husk_envelope_metadata metadata;
    int32_t alg;             /* of the content */
    husk_bytes media_type;   /* content type, if it is a text; empty: not said */
    husk_bytes kid;
    husk_bytes iv;           /* one of these two is empty */
    husk_bytes partial_iv;
    husk_bytes protected_header;
    husk_bytes ciphertext;   /* with its tag */
    size_t recipient_count;  /* 0 for a COSE_Encrypt0 */
    husk_bytes recipients;   /* so many COSE_recipient, one after the other */
    uint64_t sequence;       /* once opened */
    husk_bytes content;      /* once opened */
} husk_envelope_view;

/* Reads an envelope without any key. NOTHING in the view is authenticated: it may serve to carry, sort or drop the
 * envelope, never to act on its behalf.
 * HUSK_ERR_FORMAT      not a well-formed COSE_Encrypt0 or COSE_Encrypt, or a label twice, or anything out of range
 * HUSK_ERR_UNSUPPORTED a critical header parameter that is not understood, an algorithm that is no integer, detached
 *                      content, a "not before" claim, a time that is no integer, or more than
 *                      HUSK_ENVELOPE_LABELS_MAX header parameters
 * The tags 16 and 96 may be missing. The header parameters may come in any order; all but shortest heads and definite
 * lengths are refused. Metadata counts from the protected header only, unknown parameters are skipped. */
husk_status husk_envelope_inspect(const uint8_t *data, size_t len, husk_envelope_view *view);

/* Never changes while the sender lives, and outlives it. */
typedef struct husk_envelope_sender_config {
    const husk_envelope_key *keys; /* one; or one that wraps for each recipient, all with the same AEAD */
    size_t key_count;
    husk_storage storage;
    uint8_t record;                /* its name in storage: one for each sender */
    bool full_iv;                  /* send the whole IV (COSE label 5): for libraries that know no Partial IV */
    husk_random random;            /* for several recipients only */
} husk_envelope_sender_config;

/* NOT to be copied and used twice. Fields are private.
 *     sequence  next sequence number; moves on before the envelope that uses it is returned
 *     limit     first one that is not reserved in storage */
typedef struct husk_envelope_sender {
    const husk_envelope_sender_config *config;
    uint64_t sequence;
    uint64_t limit;
} husk_envelope_sender;

/* Loads the record; without one it begins at 0. HUSK_ERR_STORAGE, and no envelope can be sealed, if the record cannot
 * be read or is not one. HUSK_ERR_ARGUMENT: no keys, keys of different kinds, or no storage hooks. */
husk_status husk_envelope_sender_init(husk_envelope_sender *sender, const husk_envelope_sender_config *config);

/* Stores that the reserved numbers that were not used are free again: before a restart that is foreseen, so that no gap
 * pushes envelopes that are still on their way out of the opener's window. The next seal reserves anew.
 * HUSK_ERR_STATE; HUSK_ERR_STORAGE: they may be lost. */
husk_status husk_envelope_sender_release(husk_envelope_sender *sender);

/* Seals content. At most HUSK_ENVELOPE_RESERVE sequence numbers are lost with each restart.
 *     content   may lie anywhere in `out`; nothing is written before it is certain that all fits
 *     out       receives the envelope
 * HUSK_ERR_ARGUMENT (keys that wrap, a name, a tag or a length out of range), HUSK_ERR_BUFFER, HUSK_ERR_EXHAUSTED,
 * HUSK_ERR_STORAGE: no sequence number was spent. If a table's AEAD fails in any other way, it counts as spent. */
husk_status husk_envelope_seal(husk_envelope_sender *sender, const husk_envelope_metadata *metadata,
                               husk_bytes content, uint8_t *out, size_t out_cap, size_t *out_len);

/* The same for several recipients, under keys that wrap. The whole IV is sent. No kid is in the header: each recipient
 * has its own. HUSK_ERR_RANDOM also: no sequence number was spent. */
husk_status husk_envelope_seal_for_many(husk_envelope_sender *sender, const husk_envelope_metadata *metadata,
                                        husk_bytes content, uint8_t *out, size_t out_cap, size_t *out_len);

/* Never changes while the opener lives, and outlives it. */
typedef struct husk_envelope_opener_config {
    const husk_envelope_key *key;
    husk_storage storage;
    uint8_t record;          /* its name in storage: one for each opener */
    bool deadline_required;  /* for commands: one without deadline is refused */
    const husk_bytes *names; /* the destinations that this end answers to */
    size_t name_count;       /* 0: any */
} husk_envelope_opener_config;

/* What one sender has sent so far. Fields are private.
 *     top       greatest sequence number accepted; means nothing while bits is 0
 *     bits      bit i is set if top - i was accepted */
typedef struct husk_envelope_opener {
    const husk_envelope_opener_config *config;
    uint64_t top;
    uint64_t bits;
} husk_envelope_opener;

/* Loads the record; without one nothing was accepted yet. HUSK_ERR_STORAGE, and nothing can be opened, if the record
 * cannot be read or is not one. HUSK_ERR_ARGUMENT: no key or no storage hooks. */
husk_status husk_envelope_opener_init(husk_envelope_opener *opener, const husk_envelope_opener_config *config);

/* Verifies and decrypts a COSE_Encrypt0 in place. The steps, each of which refuses the envelope:
 *     1 it is well-formed                  HUSK_ERR_FORMAT, HUSK_ERR_UNSUPPORTED, as husk_envelope_inspect
 *     2 it is for this key                 HUSK_ERR_UNSUPPORTED (other alg), HUSK_ERR_CONTEXT (other kid)
 *     3 it has a destination of ours, if it has one at all and config.names are given      HUSK_ERR_DESTINATION
 *     4 its deadline is not over           HUSK_ERR_EXPIRED; HUSK_ERR_CLOCK if it has one and `now` is unknown;
 *                                          HUSK_ERR_FORMAT if it has none and must have one
 *     5 its sequence number is fresh       HUSK_ERR_REPLAY
 *     6 it verifies                        HUSK_ERR_AUTHENTICATION
 *     7 the window with it is stored       HUSK_ERR_STORAGE
 * Then, and not before, the window moves on and view->content is handed out. `data` is untouched by a refusal in steps
 * 1 to 5, which go by what the envelope claims: one that was refused for lack of a clock can be tried again. In steps 6
 * and 7 what was decrypted is wiped. */
husk_status husk_envelope_open(husk_envelope_opener *opener, uint64_t now, uint8_t *data, size_t len,
                               husk_envelope_view *view);

/* The same for an envelope to several recipients, with a key that wraps. HUSK_ERR_CONTEXT if none of them has its kid,
 * HUSK_ERR_AUTHENTICATION also if the content key does not unwrap. */
husk_status husk_envelope_open_one_of_many(husk_envelope_opener *opener, uint64_t now, uint8_t *data, size_t len,
                                           husk_envelope_view *view);

#ifdef __cplusplus
}
#endif
#endif
