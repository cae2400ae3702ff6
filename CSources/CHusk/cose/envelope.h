/* What the files of the envelope have in common. */
#ifndef HUSK_COSE_ENVELOPE_H
#define HUSK_COSE_ENVELOPE_H

#include "husk/cbor.h"
#include "husk/envelope.h"

/* COSE header parameters, COSE_Key parameters, CWT claims and algorithms (IANA "COSE", "CWT"). */
#define HUSK_HEADER_ALG 1
#define HUSK_HEADER_CRIT 2
#define HUSK_HEADER_CONTENT_TYPE 3
#define HUSK_HEADER_KID 4
#define HUSK_HEADER_IV 5
#define HUSK_HEADER_PARTIAL_IV 6
#define HUSK_HEADER_CWT_CLAIMS 15
#define HUSK_CLAIM_ISS 1
#define HUSK_CLAIM_AUD 3
#define HUSK_CLAIM_EXP 4
#define HUSK_CLAIM_NBF 5
#define HUSK_CLAIM_IAT 6
#define HUSK_ALG_A128KW (-3)
#define HUSK_ALG_IV_GENERATION 34
#define HUSK_TAG_ENCRYPT0 16
#define HUSK_TAG_ENCRYPT 96

/* What stands in place of a label that is a text, or is not an int32_t: no label of ours. */
#define HUSK_LABEL_OTHER INT32_MIN

/* Labels of one COSE layer met so far, encoded. The reader takes shortest heads only, so that labels are equal exactly
 * if their encodings are. */
typedef struct husk_envelope_labels {
    size_t count;
    husk_bytes items[HUSK_ENVELOPE_LABELS_MAX];
} husk_envelope_labels;

/* Reads the next label and notes it. HUSK_ERR_FORMAT if it is no label or was there before. */
husk_status husk_envelope_label_next(husk_envelope_labels *labels, husk_cbor_reader *r, int32_t *label);

/* Fills nonce[0..nonce_bytes) for a sequence number. */
void husk_envelope_nonce(const husk_envelope_key *key, uint64_t sequence, uint8_t nonce[HUSK_AEAD_NONCE_MAX_BYTES]);

/* Sequence numbers as five bytes, big-endian. */
void husk_envelope_sequence_write(uint64_t sequence, uint8_t out[5]);
uint64_t husk_envelope_sequence_read(const uint8_t in[5]);

/* Enc_structure = [ context, protected, h'' ] (RFC 9052 section 5.3) as three slices of AAD, the first of them in
 * `head`. The context is "Encrypt0", or "Encrypt" for many recipients. */
#define HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES (1 + 9 + HUSK_CBOR_HEAD_MAX_BYTES)
void husk_envelope_aad(bool many, husk_bytes protected_header, uint8_t head[HUSK_ENVELOPE_AAD_HEAD_MAX_BYTES],
                       husk_bytes aad[3]);

/* The part of an envelope before the content: everything of it, or where `protected_header` lies in what was written.
 * `iv` and `partial_iv` are slices of which one is empty. */
void husk_envelope_write_head(husk_cbor_writer *w, const husk_aead *aead, husk_bytes kid, bool many,
                              const husk_envelope_metadata *metadata, husk_bytes iv, husk_bytes partial_iv,
                              size_t ciphertext_len, husk_bytes *protected_header);

/* HUSK_ERR_ARGUMENT if names or tags are out of range. */
husk_status husk_envelope_metadata_check(const husk_envelope_metadata *metadata);

/* The next sequence number, reserved in storage but not yet spent. HUSK_ERR_EXHAUSTED, HUSK_ERR_STORAGE. */
husk_status husk_envelope_sequence_next(husk_envelope_sender *sender, uint64_t *sequence);

/* Steps 2 to 5 of husk_envelope_open but for the kid; fills view->sequence. */
husk_status husk_envelope_admit(const husk_envelope_opener *opener, uint64_t now, husk_envelope_view *view);

/* Steps 6 and 7 with the content key `key`, in place. */
husk_status husk_envelope_release(husk_envelope_opener *opener, const uint8_t *key, uint8_t *data,
                                  husk_envelope_view *view);

#endif
