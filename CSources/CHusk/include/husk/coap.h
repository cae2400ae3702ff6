/* coap: CoAP messages (RFC 7252 section 3) as views into a datagram, and a writer. No exchanges, no timers: those
 * belong to the endpoint (device.h) or the gateway. */
#ifndef HUSK_COAP_H
#define HUSK_COAP_H

#include "husk/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_COAP_HEADER_BYTES 4
#define HUSK_COAP_TOKEN_MAX_BYTES 8
#define HUSK_COAP_SEGMENT_MAX_BYTES 255 /* of a path (RFC 7252 section 5.10) */

/* Types (RFC 7252 section 3). */
#define HUSK_COAP_CON 0
#define HUSK_COAP_NON 1
#define HUSK_COAP_ACK 2
#define HUSK_COAP_RST 3

/* Codes: class in the upper three bits, detail in the lower five. */
#define HUSK_COAP_CODE(class_, detail) ((uint8_t)(((class_) << 5) | (detail)))
#define HUSK_COAP_EMPTY 0x00
#define HUSK_COAP_GET 0x01
#define HUSK_COAP_POST 0x02
#define HUSK_COAP_PUT 0x03
#define HUSK_COAP_DELETE 0x04
#define HUSK_COAP_FETCH 0x05 /* RFC 8132 */
#define HUSK_COAP_CREATED 0x41
#define HUSK_COAP_DELETED 0x42
#define HUSK_COAP_VALID 0x43
#define HUSK_COAP_CHANGED 0x44
#define HUSK_COAP_CONTENT 0x45
#define HUSK_COAP_CONTINUE 0x5f /* RFC 7959 section 2.9.1 */
#define HUSK_COAP_BAD_REQUEST 0x80
#define HUSK_COAP_UNAUTHORIZED 0x81
#define HUSK_COAP_BAD_OPTION 0x82
#define HUSK_COAP_FORBIDDEN 0x83
#define HUSK_COAP_NOT_FOUND 0x84
#define HUSK_COAP_METHOD_NOT_ALLOWED 0x85
#define HUSK_COAP_NOT_ACCEPTABLE 0x86
#define HUSK_COAP_REQUEST_ENTITY_INCOMPLETE 0x88 /* RFC 7959 section 2.9.2 */
#define HUSK_COAP_REQUEST_ENTITY_TOO_LARGE 0x8d
#define HUSK_COAP_UNSUPPORTED_CONTENT_FORMAT 0x8f
#define HUSK_COAP_INTERNAL_SERVER_ERROR 0xa0
#define HUSK_COAP_SERVICE_UNAVAILABLE 0xa3

/* Option numbers. Odd numbers are critical (RFC 7252 section 5.4.1). */
#define HUSK_COAP_IF_MATCH 1
#define HUSK_COAP_URI_HOST 3
#define HUSK_COAP_ETAG 4
#define HUSK_COAP_IF_NONE_MATCH 5
#define HUSK_COAP_OBSERVE 6
#define HUSK_COAP_URI_PORT 7
#define HUSK_COAP_OSCORE 9
#define HUSK_COAP_URI_PATH 11
#define HUSK_COAP_CONTENT_FORMAT 12
#define HUSK_COAP_MAX_AGE 14
#define HUSK_COAP_URI_QUERY 15
#define HUSK_COAP_HOP_LIMIT 16
#define HUSK_COAP_ACCEPT 17
#define HUSK_COAP_EDHOC 21 /* RFC 9668 */
#define HUSK_COAP_BLOCK2 23 /* RFC 7959 */
#define HUSK_COAP_BLOCK1 27
#define HUSK_COAP_SIZE2 28
#define HUSK_COAP_PROXY_URI 35
#define HUSK_COAP_PROXY_SCHEME 39
#define HUSK_COAP_SIZE1 60
#define HUSK_COAP_ECHO 252 /* RFC 9175 */
#define HUSK_COAP_REQUEST_TAG 292

/* Content formats of EDHOC messages (RFC 9528 section 10.9). */
#define HUSK_COAP_FORMAT_EDHOC 64     /* application/edhoc+cbor-seq: the server's messages */
#define HUSK_COAP_FORMAT_CID_EDHOC 65 /* application/cid-edhoc+cbor-seq: the client's, with an identifier in front */

/* A decoded message. All slices point into the datagram. `options` is the encoded option sequence without the payload
 * marker, checked to be well-formed; read it with husk_coap_option_next. */
typedef struct husk_coap_message {
    uint8_t type;
    uint8_t code;
    uint16_t message_id;
    husk_bytes token;
    husk_bytes options;
    husk_bytes payload;
} husk_coap_message;

/* Decodes a datagram and checks all of its framing. HUSK_ERR_UNSUPPORTED for another version than 1, which is to be
 * ignored silently (RFC 7252 section 3); HUSK_ERR_FORMAT for anything else that is malformed: token lengths 9 to 15, an
 * Empty message with more than a header, a code of a reserved class (1, 3, 6, 7), a payload marker without payload,
 * reserved option nibbles, option numbers beyond 65535, truncation. */
husk_status husk_coap_decode(const uint8_t *datagram, size_t len, husk_coap_message *message);

/* Walks the options of a message in order. */
typedef struct husk_coap_options {
    const uint8_t *next;
    size_t left;
    uint32_t number; /* of the last option read */
} husk_coap_options;

void husk_coap_options_init(husk_coap_options *walk, husk_bytes options);

/* Next option, or false at the end (or where the sequence is malformed, which husk_coap_decode has excluded). */
bool husk_coap_option_next(husk_coap_options *walk, uint32_t *number, husk_bytes *value);

/* First option with that number; false if there is none. */
bool husk_coap_option_find(husk_bytes options, uint32_t number, husk_bytes *value);

/* Value of an option of format uint (RFC 7252 section 3.2): HUSK_ERR_FORMAT if longer than 4 bytes. */
husk_status husk_coap_option_uint(husk_bytes value, uint32_t *number);

/* Write everything, check once; like the CBOR writer, `len` counts past `cap`. */
typedef struct husk_coap_writer {
    uint8_t *out;
    size_t cap;
    size_t len;
    uint32_t number;    /* of the last option written */
    husk_status status; /* HUSK_ERR_ARGUMENT once options came out of order or a value was out of range */
} husk_coap_writer;

/* Starts a message: header and token (at most 8 bytes). */
void husk_coap_writer_init(husk_coap_writer *w, uint8_t *out, size_t cap, uint8_t type, uint8_t code,
                           uint16_t message_id, husk_bytes token);

/* Starts in the middle: options only, at out[0]. What OSCORE encrypts begins that way. */
void husk_coap_writer_init_options(husk_coap_writer *w, uint8_t *out, size_t cap);

/* Adds an option; numbers must not decrease, number and length must fit 16 bits. `value` may lie in the same buffer,
 * at or above the place it is written to (as for memmove). */
void husk_coap_write_option(husk_coap_writer *w, uint32_t number, const uint8_t *value, size_t len);
void husk_coap_write_option_uint(husk_coap_writer *w, uint32_t number, uint32_t value);

/* Adds one Uri-Path option per segment of a path such as "sensors/temperature"; a leading slash is ignored, nothing is
 * percent-decoded. HUSK_ERR_ARGUMENT (at finish) for a segment of more than 255 bytes. */
void husk_coap_write_path(husk_coap_writer *w, const char *path, size_t len);

/* Adds the payload marker and the payload; nothing if len is 0. Comes last. Overlap as for options. */
void husk_coap_write_payload(husk_coap_writer *w, const uint8_t *payload, size_t len);

/* HUSK_OK and *len, or HUSK_ERR_BUFFER (with *len = bytes needed), or HUSK_ERR_ARGUMENT. */
husk_status husk_coap_writer_finish(const husk_coap_writer *w, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
