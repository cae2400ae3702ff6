/* edhoc: the authenticated key exchange EDHOC (RFC 9528), both roles, with pre-shared keys (method 4,
 * draft-ietf-lake-edhoc-psk-08) and, as an option, with static Diffie-Hellman keys (method 3; see the end).
 *
 *     Initiator                                         Responder
 *     husk_edhoc_message_1_compose   --message_1-->     husk_edhoc_message_1_process
 *     husk_edhoc_message_2_process   <--message_2--     husk_edhoc_message_2_compose
 *     husk_edhoc_message_3_compose   --message_3-->     husk_edhoc_message_3_identify, husk_edhoc_message_3_process
 *     husk_edhoc_message_4_process   <--message_4--     husk_edhoc_message_4_compose
 *
 * A function called out of this order returns HUSK_ERR_STATE. A message that is refused leaves the session as it was;
 * RFC 9528 section 6 then wants an error message sent (husk_edhoc_error_compose) and the session ended
 * (husk_edhoc_wipe), which is the caller's to do. Messages are bare, without the identifier that CoAP prepends. */
#ifndef HUSK_EDHOC_H
#define HUSK_EDHOC_H

#include "husk/base.h"
#include "husk/cbor.h"
#include "husk/crypto.h"
#include "husk/oscore.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_EDHOC_METHOD_STATIC 3 /* both peers authenticate with static Diffie-Hellman keys */
#define HUSK_EDHOC_METHOD_PSK 4

#define HUSK_PSK_MIN_BYTES 16 /* 128 bits (draft-ietf-lake-edhoc-psk-08 section 9.5) */
#define HUSK_KID_MAX_BYTES 24

/* Sizes without EAD and with the longest identifiers. With an EAD add its length and HUSK_EDHOC_EAD_OVERHEAD_BYTES,
 * which is what the heads of the byte strings around it can grow by. */
#define HUSK_EDHOC_EAD_OVERHEAD_BYTES 4
#define HUSK_EDHOC_MESSAGE_1_MAX_BYTES(suite_count) (44 + 2 * (suite_count))
#define HUSK_EDHOC_MESSAGE_2_MAX_BYTES 42
#define HUSK_EDHOC_MESSAGE_3_MAX_BYTES 46
#define HUSK_EDHOC_MESSAGE_4_MAX_BYTES 17

/* EDHOC_Exporter labels (RFC 9528 section 10.1, and the draft's suggested values). */
#define HUSK_EDHOC_EXPORT_OSCORE_SECRET 0
#define HUSK_EDHOC_EXPORT_OSCORE_SALT 1
#define HUSK_EDHOC_EXPORT_RPSK 2
#define HUSK_EDHOC_EXPORT_RKID 3

/* A pre-shared key and the two credentials that go with it, borrowed. The credentials are CBOR (husk_cred_compose makes
 * them), carry the identities of Initiator and Responder, and MUST differ: equal ones would let a message be reflected
 * to its sender (Selfie attack; draft section 9.3). */
typedef struct husk_psk {
    husk_bytes key;    /* at least 16 bytes of full entropy */
    husk_bytes kid;    /* 1 to 24 bytes; ID_CRED_PSK = { 4 : kid } */
    husk_bytes cred_i; /* CRED_I */
    husk_bytes cred_r; /* CRED_R */
} husk_psk;

/* HUSK_OK, HUSK_ERR_ARGUMENT for lengths out of range, HUSK_ERR_CREDENTIAL if cred_i equals cred_r. */
husk_status husk_psk_check(const husk_psk *psk);

/* What stays the same from session to session; outlives them. */
typedef struct husk_edhoc_config {
    const husk_suite *const *suites; /* in order of preference */
    size_t suite_count;              /* 1 to 8 */
    const uint16_t *ead_labels;      /* |ead_label| of the EAD items the application understands */
    size_t ead_label_count;
    husk_random random;
    uint8_t methods; /* what a Responder accepts: sum of (1 << HUSK_EDHOC_METHOD_*); 0 stands for PSK alone */
} husk_edhoc_config;

/* Phases. Initiator: START, WAIT_2, SEND_3, WAIT_4, DONE. Responder: START, SEND_2, WAIT_3, SEND_4, DONE. */
#define HUSK_EDHOC_WIPED 0
#define HUSK_EDHOC_INITIATOR_START 1
#define HUSK_EDHOC_INITIATOR_WAIT_2 2
#define HUSK_EDHOC_INITIATOR_SEND_3 3
#define HUSK_EDHOC_INITIATOR_WAIT_4 4
#define HUSK_EDHOC_RESPONDER_START 5
#define HUSK_EDHOC_RESPONDER_SEND_2 6
#define HUSK_EDHOC_RESPONDER_WAIT_3 7
#define HUSK_EDHOC_RESPONDER_SEND_4 8
#define HUSK_EDHOC_DONE 9

/* A session in progress. Secret: wipe after use. The union holds what the next step needs and nothing else. */
typedef struct husk_edhoc {
    const husk_edhoc_config *config;
    uint8_t phase;       /* HUSK_EDHOC_*: may be read */
    uint8_t suite_index; /* of the selected suite in config->suites: may be read */
    uint8_t method;      /* HUSK_EDHOC_METHOD_*: may be read */
    bool initiator;      /* the role: may be read */
    husk_id c_i;         /* connection identifiers: may be read once known */
    husk_id c_r;
    union {
        struct { /* INITIATOR_WAIT_2 */
            uint8_t private_key[HUSK_ECDH_BYTES];
            uint8_t h_message_1[HUSK_HASH_MAX_BYTES];
        } wait_2;
        struct { /* RESPONDER_SEND_2 */
            uint8_t g_x[HUSK_ECDH_BYTES];
            uint8_t h_message_1[HUSK_HASH_MAX_BYTES];
        } send_2;
        struct { /* INITIATOR_SEND_3, RESPONDER_WAIT_3 */
            uint8_t prk_3e2m[HUSK_HASH_MAX_BYTES];
            uint8_t th_3[HUSK_HASH_MAX_BYTES];
            uint8_t dh[HUSK_ECDH_BYTES]; /* static keys only: G_Y at the Initiator, Y at the Responder */
        } exchanged;
        struct { /* INITIATOR_WAIT_4, RESPONDER_SEND_4, DONE (prk_exporter only) */
            uint8_t prk_exporter[HUSK_HASH_MAX_BYTES];
            uint8_t th_4[HUSK_HASH_MAX_BYTES];
            uint8_t k_4[HUSK_AEAD_KEY_MAX_BYTES];
            uint8_t iv_4[HUSK_AEAD_NONCE_MAX_BYTES];
        } keyed;
    } state;
} husk_edhoc;

/* Starts as Initiator with the suite config->suites[suite_index] and the connection identifier c_i.
 * HUSK_ERR_ARGUMENT if the index or the number of suites is out of range, or c_i too long for the suite: a connection
 * identifier becomes an OSCORE ID, so it has at most 7 bytes with AES-CCM and 6 with ChaCha20/Poly1305. */
husk_status husk_edhoc_initiator_init(husk_edhoc *session, const husk_edhoc_config *config, size_t suite_index,
                                      const husk_id *c_i);

/* Starts as Responder. After message 1, session->method says which functions come next. */
husk_status husk_edhoc_responder_init(husk_edhoc *session, const husk_edhoc_config *config);

void husk_edhoc_wipe(husk_edhoc *session);

/* Message 1 (RFC 9528 section 5.2). `ead_1` is an encoded sequence of EAD items or empty, as are ead_2 to ead_4.
 * Composing: HUSK_ERR_RANDOM, HUSK_ERR_BUFFER, and HUSK_ERR_ARGUMENT for a malformed EAD; the same holds below. */
husk_status husk_edhoc_message_1_compose(husk_edhoc *session, husk_bytes ead_1, uint8_t *out, size_t out_cap,
                                         size_t *out_len);

/* `ead_1` receives the EAD items (unauthenticated), pointing into `message`; may be NULL. HUSK_ERR_METHOD,
 * HUSK_ERR_SUITE, HUSK_ERR_EAD, HUSK_ERR_FORMAT; HUSK_ERR_UNSUPPORTED for a C_I too long for the suite. */
husk_status husk_edhoc_message_1_process(husk_edhoc *session, const uint8_t *message, size_t len, husk_bytes *ead_1);

/* Message 2 (draft section 5.2) with the Responder's identifier c_r, which must differ from C_I (HUSK_ERR_IDENTIFIER)
 * and from those of all other contexts the Responder holds. HUSK_ERR_ARGUMENT if it is too long for the suite,
 * HUSK_ERR_PUBLIC_KEY if G_X is unacceptable. */
husk_status husk_edhoc_message_2_compose(husk_edhoc *session, const husk_id *c_r, husk_bytes ead_2, uint8_t *out,
                                         size_t out_cap, size_t *out_len);

/* Decrypts in place: `ead_2` (unauthenticated) points into `message`. HUSK_ERR_FORMAT, HUSK_ERR_PUBLIC_KEY,
 * HUSK_ERR_IDENTIFIER, HUSK_ERR_EAD; HUSK_ERR_UNSUPPORTED for a C_R too long for the suite; HUSK_ERR_PEER if it is an
 * error message (see husk_edhoc_error_read), also for messages 3 and 4. Message 2 carries no tag: a wrong one is
 * noticed when message 4 does not verify. */
husk_status husk_edhoc_message_2_process(husk_edhoc *session, uint8_t *message, size_t len, husk_bytes *ead_2);

/* Message 3 (draft section 5.3). HUSK_ERR_ARGUMENT and HUSK_ERR_CREDENTIAL as husk_psk_check. Afterwards keys can be
 * exported, but MUST NOT be stored or trusted for receiving until the Responder has proved to hold them too: by
 * message 4 or by another message that verifies under an exported key (draft section 9.10; husk_edhoc_confirm). */
husk_status husk_edhoc_message_3_compose(husk_edhoc *session, const husk_psk *psk, husk_bytes ead_3, uint8_t *out,
                                         size_t out_cap, size_t *out_len);

/* Reads which key the Initiator means, without changing anything: copies kid_PSK to kid[0..kid_cap) and sets *kid_len.
 * The key is then looked up and passed to husk_edhoc_message_3_process. The kid is not authenticated yet.
 * HUSK_ERR_UNSUPPORTED if ID_CRED_PSK is not a kid or longer than HUSK_KID_MAX_BYTES; HUSK_ERR_BUFFER. */
husk_status husk_edhoc_message_3_identify(const husk_edhoc *session, const uint8_t *message, size_t len, uint8_t *kid,
                                          size_t kid_cap, size_t *kid_len);

/* Verifies message 3 with `psk`, in place; `ead_3` points into `message`. HUSK_ERR_CREDENTIAL if psk->kid is not the
 * kid of the message, HUSK_ERR_AUTHENTICATION if it does not verify. On success the Initiator is authenticated. */
husk_status husk_edhoc_message_3_process(husk_edhoc *session, const husk_psk *psk, uint8_t *message, size_t len,
                                         husk_bytes *ead_3);

/* Message 4 (RFC 9528 section 5.5), which authenticates the Responder. In place, `ead_4` points into `message`. */
husk_status husk_edhoc_message_4_compose(husk_edhoc *session, husk_bytes ead_4, uint8_t *out, size_t out_cap,
                                         size_t *out_len);
husk_status husk_edhoc_message_4_process(husk_edhoc *session, uint8_t *message, size_t len, husk_bytes *ead_4);

/* Ends the session without message 4: for the Initiator after a message verified under an exported key, for the
 * Responder when no message 4 is to be sent. */
husk_status husk_edhoc_confirm(husk_edhoc *session);

/* EDHOC_Exporter (RFC 9528 section 4.2.1): `len` bytes of keying material, possible from message 3 on.
 * HUSK_ERR_ARGUMENT if len > 8160 or the label exceeds 65535. */
husk_status husk_edhoc_export(const husk_edhoc *session, uint32_t label, husk_bytes context, uint8_t *out, size_t len);

/* Derives the OSCORE context of the session (RFC 9528 appendix A.1): 16-byte (or AEAD key length) Master Secret, 8-byte
 * Master Salt, Sender and Recipient ID from C_R and C_I. */
husk_status husk_edhoc_oscore_context(const husk_edhoc *session, husk_oscore_context *context);

/* EAD items (RFC 9528 section 3.8). A negative ead_label on the wire means critical. */
void husk_edhoc_ead_write(husk_cbor_writer *w, uint16_t label, bool critical, husk_bytes value, bool has_value);

/* Steps through a sequence of EAD items: HUSK_OK for each; HUSK_ERR_FORMAT if it is malformed. Stop at r->left == 0. */
husk_status husk_edhoc_ead_read(husk_cbor_reader *r, uint16_t *label, bool *critical, husk_bytes *value);

/* Error messages (RFC 9528 section 6). */
#define HUSK_EDHOC_ERROR_UNSPECIFIED 1
#define HUSK_EDHOC_ERROR_WRONG_SUITE 2
#define HUSK_EDHOC_ERROR_UNKNOWN_CREDENTIAL 3
#define HUSK_EDHOC_ERROR_MAX_BYTES 48

typedef struct husk_edhoc_error {
    int64_t code;
    husk_bytes text;   /* code 1: the diagnostic message */
    husk_bytes suites; /* code 2: SUITES_R, encoded */
} husk_edhoc_error;

/* Writes the error message that a failure `why` (HUSK_ERR_*) calls for: code 2 with the suites of `config` for
 * HUSK_ERR_SUITE, code 3 for HUSK_ERR_CREDENTIAL, else code 1 with a short text. At most HUSK_EDHOC_ERROR_MAX_BYTES. */
husk_status husk_edhoc_error_compose(const husk_edhoc_config *config, husk_status why, uint8_t *out, size_t out_cap,
                                     size_t *out_len);

/* Reads an error message; slices point into it. HUSK_ERR_FORMAT if it is none. Error messages are not authenticated. */
husk_status husk_edhoc_error_read(const uint8_t *message, size_t len, husk_edhoc_error *error);

/* The index in config->suites of the most preferred suite that SUITES_R contains, for the next message_1
 * (RFC 9528 section 6.3.1); HUSK_ERR_SUITE if there is none. */
husk_status husk_edhoc_suite_select(const husk_edhoc_config *config, husk_bytes suites_r, size_t *suite_index);

/* ---- Message 3 together with the first OSCORE request (RFC 9668 section 3) ----
 *
 * The OSCORE response to it then stands in for message 4 (husk_edhoc_confirm). */

/* Client: puts message_3 in front of the ciphertext of an OSCORE request that was protected with an (empty) EDHOC
 * option. datagram[0..*len) grows by message_3.len, which must fit cap (HUSK_ERR_BUFFER). HUSK_ERR_FORMAT if the
 * datagram is no CoAP message with OSCORE option, EDHOC option and payload. */
husk_status husk_edhoc_combined_insert(husk_bytes message_3, uint8_t *datagram, size_t *len, size_t cap);

/* Server: takes message_3 out of such a request, which is then processed with the EDHOC session that its OSCORE kid
 * (C_R) names; what is left in datagram[0..*len) is the OSCORE request. HUSK_ERR_FORMAT as above, or if the payload
 * does not begin with a byte string; HUSK_ERR_BUFFER if it is longer than cap. */
husk_status husk_edhoc_combined_split(uint8_t *datagram, size_t *len, uint8_t *message_3, size_t cap,
                                      size_t *message_3_len);

/* ---- Static Diffie-Hellman keys (method 3) ----
 *
 * Messages 1 and 4, errors and exports are those above; messages 2 and 3 have functions of their own, and a program
 * that does not call them does not contain them. Credentials are identified by kid. */

/* A party's credential, borrowed: CRED_x as CBOR (a CCS or any other), its kid, and the public key that is in it. */
typedef struct husk_static_credential {
    husk_bytes kid;            /* 1 to 24 bytes; ID_CRED_x = { 4 : kid } */
    husk_bytes cred;           /* CRED_x */
    const uint8_t *public_key; /* HUSK_ECDH_BYTES, the x-coordinate; not needed for one's own */
    const uint8_t *private_key; /* HUSK_ECDH_BYTES; one's own only, NULL for a peer's */
} husk_static_credential;

/* Starts as Initiator with method 3. As husk_edhoc_initiator_init. */
husk_status husk_edhoc_static_initiator_init(husk_edhoc *session, const husk_edhoc_config *config, size_t suite_index,
                                             const husk_id *c_i);

/* Message 2 (RFC 9528 section 5.3). As husk_edhoc_message_2_compose, with the Responder's own credential. */
husk_status husk_edhoc_static_message_2_compose(husk_edhoc *session, const husk_static_credential *own,
                                                const husk_id *c_r, husk_bytes ead_2, uint8_t *out, size_t out_cap,
                                                size_t *out_len);

/* Verifies that message 2 comes from one of `peers`, in place; *peer_index tells which. HUSK_ERR_CREDENTIAL if its
 * kid is none of theirs, HUSK_ERR_AUTHENTICATION if MAC_2 is wrong, otherwise as husk_edhoc_message_2_process. */
husk_status husk_edhoc_static_message_2_process(husk_edhoc *session, const husk_static_credential *peers,
                                                size_t peer_count, uint8_t *message, size_t len, size_t *peer_index,
                                                husk_bytes *ead_2);

/* Message 3 (RFC 9528 section 5.4) with the Initiator's own credential. */
husk_status husk_edhoc_static_message_3_compose(husk_edhoc *session, const husk_static_credential *own,
                                                husk_bytes ead_3, uint8_t *out, size_t out_cap, size_t *out_len);

/* Decrypts message 3 in place, without changing the session: `plaintext_3` and `kid` point into it, the latter names
 * the credential to look up. It comes from whom the handshake was done with, whoever that is: not authenticated yet. */
husk_status husk_edhoc_static_message_3_open(const husk_edhoc *session, uint8_t *message, size_t len,
                                             husk_bytes *plaintext_3, husk_bytes *kid);

/* Verifies the opened message 3. HUSK_ERR_CREDENTIAL if peer->kid is not its kid, HUSK_ERR_AUTHENTICATION if MAC_3 is
 * wrong. On success the Initiator is authenticated. */
husk_status husk_edhoc_static_message_3_process(husk_edhoc *session, const husk_static_credential *peer,
                                                husk_bytes plaintext_3, husk_bytes *ead_3);

/* Byte string identifiers (RFC 9528 section 3.3.2): one byte that is itself the encoding of an integer -24..23 stands
 * for itself, everything else is a byte string. The reader refuses the longer form where the shorter exists. */
void husk_edhoc_identifier_write(husk_cbor_writer *w, husk_bytes identifier);
husk_status husk_edhoc_identifier_read(husk_cbor_reader *r, husk_bytes *identifier);

#ifdef __cplusplus
}
#endif
#endif
