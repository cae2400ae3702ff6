/* cbor: a writer with a sticky error and a strict zero-copy reader for the part of CBOR (RFC 8949) that the protocols
 * use.
 *
 * Both speak only the deterministic encoding of RFC 8949 section 4.2.1: shortest heads, definite lengths. The order of
 * map keys is left to the caller, and floats are stepped over but not interpreted. */
#ifndef HUSK_CBOR_H
#define HUSK_CBOR_H

#include "husk/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Major types (RFC 8949 section 3.1). */
#define HUSK_CBOR_UINT 0
#define HUSK_CBOR_NINT 1
#define HUSK_CBOR_BYTES 2
#define HUSK_CBOR_TEXT 3
#define HUSK_CBOR_ARRAY 4
#define HUSK_CBOR_MAP 5
#define HUSK_CBOR_TAG 6
#define HUSK_CBOR_SIMPLE 7

/* The longest head of a data item. */
#define HUSK_CBOR_HEAD_MAX_BYTES 9

/* Write everything, check once. `len` goes on counting past `cap`, so a writer with cap 0 (and out NULL) measures. */
typedef struct husk_cbor_writer {
    uint8_t *out;
    size_t cap;
    size_t len;
} husk_cbor_writer;

void husk_cbor_writer_init(husk_cbor_writer *w, uint8_t *out, size_t cap);

/* HUSK_OK and *len = bytes written, or HUSK_ERR_BUFFER (with *len = bytes needed) if they did not fit. */
husk_status husk_cbor_writer_finish(const husk_cbor_writer *w, size_t *len);

/* A head: major type 0 to 7 and its argument, in the shortest form. */
void husk_cbor_write_head(husk_cbor_writer *w, uint8_t major, uint64_t argument);
void husk_cbor_write_int(husk_cbor_writer *w, int64_t value);
void husk_cbor_write_bytes(husk_cbor_writer *w, const uint8_t *data, size_t len);
void husk_cbor_write_text(husk_cbor_writer *w, const char *text, size_t len);
void husk_cbor_write_bool(husk_cbor_writer *w, bool value);

/* Copies bytes that are CBOR already. */
void husk_cbor_write_raw(husk_cbor_writer *w, const uint8_t *data, size_t len);

/* Reads a CBOR sequence (RFC 8742) item by item. A read that fails leaves the reader where it was. */
typedef struct husk_cbor_reader {
    const uint8_t *next;
    size_t left;
} husk_cbor_reader;

void husk_cbor_reader_init(husk_cbor_reader *r, const uint8_t *data, size_t len);

/* Major type of the next item, or -1 at the end. */
int husk_cbor_peek(const husk_cbor_reader *r);

/* A head in shortest form and definite length, else HUSK_ERR_FORMAT. For the major types 2 and 3 the content follows,
 * and is known to be there. For major type 7 the argument is the simple value, or the bits of the float. */
husk_status husk_cbor_read_head(husk_cbor_reader *r, uint8_t *major, uint64_t *argument);

/* Each: HUSK_ERR_FORMAT if the next item is of another type, malformed, or out of range. */
husk_status husk_cbor_read_uint(husk_cbor_reader *r, uint64_t *value);
husk_status husk_cbor_read_int(husk_cbor_reader *r, int64_t *value);
husk_status husk_cbor_read_bytes(husk_cbor_reader *r, husk_bytes *value);
husk_status husk_cbor_read_text(husk_cbor_reader *r, husk_bytes *value); /* not checked for UTF-8 */
husk_status husk_cbor_read_array(husk_cbor_reader *r, size_t *count);    /* count <= bytes left */
husk_status husk_cbor_read_map(husk_cbor_reader *r, size_t *pairs);      /* 2 * pairs <= bytes left */
husk_status husk_cbor_read_bool(husk_cbor_reader *r, bool *value);

/* Steps over one item of any type, however deep it nests (there is no recursion, and time is linear in its length), and
 * gives its encoding. `item` may be NULL. HUSK_ERR_FORMAT if it is malformed or incomplete. */
husk_status husk_cbor_skip(husk_cbor_reader *r, husk_bytes *item);

#ifdef __cplusplus
}
#endif
#endif
