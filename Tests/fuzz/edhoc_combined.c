/* The EDHOC + OSCORE request (RFC 9668 section 3): split and joined again it is the same, and the other way round. The
 * first byte is the room for message 3 when splitting, and its length when joining.
 *
 * seed: 40 {rfc9668.combined}
 * seed: 08 {rfc9668.combined}
 * seed: 40 {rfc9668.oscore_request}
 * seed: 03 {rfc9668.oscore_request}
 * seed: 40 44025d1f00003974d008ff4161
 * seed: 40 44025d1f0000397493090001c0ff5bffffffffffffffff00 */
#include "support/fuzz.h"

FUZZ_GOALS(SPLIT, JOINED, NO_ROOM, MALFORMED);

#define MESSAGE_3_MAX 255

void fuzz_setup(void)
{
}

static void check_split(husk_bytes request, size_t cap)
{
    uint8_t *datagram = fuzz_exact(request.data, request.len);
    static const uint8_t zeros[MESSAGE_3_MAX];
    uint8_t *message_3 = fuzz_exact(zeros, cap);
    size_t len = request.len;
    size_t message_3_len = SIZE_MAX;
    husk_status status = husk_edhoc_combined_split(datagram, &len, message_3, cap, &message_3_len);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_FORMAT || status == HUSK_ERR_BUFFER);
        FUZZ_CHECK(len == request.len && memcmp(datagram, request.data, len) == 0);
        FUZZ_CHECK(memcmp(message_3, zeros, cap) == 0);
        fuzz_reached(status == HUSK_ERR_FORMAT ? MALFORMED : NO_ROOM);
        return;
    }
    FUZZ_CHECK(message_3_len <= cap && message_3_len + len == request.len);
    husk_coap_message rest;
    FUZZ_OK(husk_coap_decode(datagram, len, &rest));
    FUZZ_CHECK(rest.payload.len > 0);
    uint8_t *again = fuzz_exact(request.data, request.len);
    memcpy(again, datagram, len);
    FUZZ_OK(husk_edhoc_combined_insert((husk_bytes){message_3, message_3_len}, again, &len, request.len));
    FUZZ_CHECK(len == request.len && memcmp(again, request.data, len) == 0);
    fuzz_reached(SPLIT);
}

/* A message 3 of `content_len` bytes, as byte string, in front of whatever the request is. */
static void check_insert(husk_bytes request, size_t content_len)
{
    static const uint8_t content[MESSAGE_3_MAX];
    uint8_t message_3[MESSAGE_3_MAX + HUSK_CBOR_HEAD_MAX_BYTES];
    uint8_t taken[sizeof message_3];
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, message_3, sizeof message_3);
    husk_cbor_write_bytes(&w, content, content_len);
    size_t cap = request.len + w.len;
    static uint8_t room[8192];
    if (cap > sizeof room) {
        return;
    }
    memcpy(room, request.data, request.len);
    uint8_t *datagram = fuzz_exact(room, cap);
    size_t len = request.len;
    FUZZ_CHECK(husk_edhoc_combined_insert((husk_bytes){message_3, w.len}, datagram, &len, cap - 1) != HUSK_OK);
    FUZZ_CHECK(len == request.len && memcmp(datagram, request.data, len) == 0);
    if (husk_edhoc_combined_insert((husk_bytes){message_3, w.len}, datagram, &len, cap) != HUSK_OK) {
        FUZZ_CHECK(len == request.len && memcmp(datagram, request.data, len) == 0);
        return;
    }
    size_t taken_len;
    FUZZ_CHECK(len == cap);
    FUZZ_OK(husk_edhoc_combined_split(datagram, &len, taken, sizeof taken, &taken_len));
    FUZZ_CHECK(len == request.len && memcmp(datagram, request.data, len) == 0);
    FUZZ_CHECK(taken_len == w.len && memcmp(taken, message_3, taken_len) == 0);
    fuzz_reached(JOINED);
}

void fuzz_one(fuzz_input in)
{
    size_t cap = fuzz_byte(&in);
    husk_bytes request = fuzz_rest(&in);
    check_split(request, cap);
    if (request.len > 0) {
        check_insert(request, cap);
    }
}
