/* The CBOR reader (RFC 8949): every item it takes is written back the same, and stepped over as a second reader that
 * recurses says.
 *
 * seed: 0a
 * seed: 1bffffffffffffffff 3bffffffffffffffff 20
 * seed: 4401020304 6449455446 80 83010203 a201020304 f4 f5 f6
 * seed: a26161016162820203
 * seed: c1fb41d452d9e20000 f97c00 d818456449455446
 * seed: 8301820203820405 9f01ff
 * seed: 5bffffffffffffffff00 9bffffffffffffffff bb800000000000000000000000
 * seed: 818181818181818100
 * seed: 1817 1900ff f818 f820 */
#include "support/fuzz.h"

FUZZ_GOALS(INTEGER, STRING, CONTAINER, BOOL, SKIPPED, REFUSED);

#define DEPTH_MAX 64

void fuzz_setup(void)
{
}

/* Length of the item at data[0..len) in the deterministic encoding, or 0 if there is none; nests to DEPTH_MAX. */
static size_t measure(const uint8_t *data, size_t len, unsigned depth)
{
    if (len == 0 || depth > DEPTH_MAX) {
        return 0;
    }
    unsigned major = data[0] >> 5;
    unsigned info = data[0] & 31;
    if (info > 27) {
        return 0;
    }
    size_t extra = info < 24 ? 0 : (size_t)1 << (info - 24);
    if (len < 1 + extra) {
        return 0;
    }
    uint64_t argument = info;
    if (extra > 0) {
        argument = 0;
        for (size_t i = 1; i <= extra; i++) {
            argument = argument << 8 | data[i];
        }
        static const uint64_t least[] = {24, 0x100, 0x10000, 0x100000000};
        if (major != 7 && argument < least[info - 24]) {
            return 0;
        }
        if (major == 7 && info == 24 && argument < 32) {
            return 0;
        }
    }
    size_t at = 1 + extra;
    if (major == 2 || major == 3) {
        return argument <= len - at ? at + (size_t)argument : 0;
    }
    uint64_t items = major == 4 || major == 6 ? argument : major == 5 ? 2 * argument : 0;
    if (major == 5 && argument > len) {
        return 0;
    }
    if (major == 6) {
        items = 1;
    }
    for (uint64_t i = 0; i < items; i++) {
        size_t inner = measure(data + at, len - at, depth + 1);
        if (inner == 0) {
            return 0;
        }
        at += inner;
    }
    return at;
}

static unsigned deepest(const uint8_t *data, size_t len)
{
    unsigned heads = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned major = data[i] >> 5;
        heads += major >= 4 && major <= 6;
    }
    return heads;
}

/* Reads the next item with the function for its type and writes it again: the same bytes. Only the heads of arrays and
 * maps. */
static bool read_back(husk_cbor_reader *r, husk_cbor_writer *w)
{
    int64_t number;
    uint64_t positive;
    husk_bytes string;
    size_t count;
    bool truth;
    husk_cbor_reader before = *r;
    switch (husk_cbor_peek(r)) {
    case HUSK_CBOR_UINT:
        if (husk_cbor_read_uint(r, &positive) != HUSK_OK) {
            return false;
        }
        husk_cbor_write_head(w, HUSK_CBOR_UINT, positive);
        FUZZ_CHECK((husk_cbor_read_int(&before, &number) == HUSK_OK) == (positive <= INT64_MAX));
        fuzz_reached(INTEGER);
        return true;
    case HUSK_CBOR_NINT:
        if (husk_cbor_read_int(r, &number) != HUSK_OK) {
            return false;
        }
        FUZZ_CHECK(number < 0);
        husk_cbor_write_int(w, number);
        fuzz_reached(INTEGER);
        return true;
    case HUSK_CBOR_BYTES:
        if (husk_cbor_read_bytes(r, &string) != HUSK_OK) {
            return false;
        }
        husk_cbor_write_bytes(w, string.data, string.len);
        fuzz_reached(STRING);
        return true;
    case HUSK_CBOR_TEXT:
        if (husk_cbor_read_text(r, &string) != HUSK_OK) {
            return false;
        }
        husk_cbor_write_text(w, (const char *)string.data, string.len);
        fuzz_reached(STRING);
        return true;
    case HUSK_CBOR_ARRAY:
        if (husk_cbor_read_array(r, &count) != HUSK_OK) {
            return false;
        }
        FUZZ_CHECK(count <= r->left);
        husk_cbor_write_head(w, HUSK_CBOR_ARRAY, count);
        fuzz_reached(CONTAINER);
        return true;
    case HUSK_CBOR_MAP:
        if (husk_cbor_read_map(r, &count) != HUSK_OK) {
            return false;
        }
        FUZZ_CHECK(2 * count <= r->left);
        husk_cbor_write_head(w, HUSK_CBOR_MAP, count);
        fuzz_reached(CONTAINER);
        return true;
    default:
        if (husk_cbor_read_bool(r, &truth) != HUSK_OK) {
            return false;
        }
        husk_cbor_write_bool(w, truth);
        fuzz_reached(BOOL);
        return true;
    }
}

static void check_skip(husk_cbor_reader r)
{
    husk_bytes item;
    const husk_cbor_reader before = r;
    size_t expected = deepest(r.next, r.left) <= DEPTH_MAX ? measure(r.next, r.left, 0) : SIZE_MAX;
    if (husk_cbor_skip(&r, &item) == HUSK_OK) {
        FUZZ_CHECK(item.data == before.next && item.len + r.left == before.left && item.len > 0);
        FUZZ_CHECK(expected == SIZE_MAX || expected == item.len);
        fuzz_reached(SKIPPED);
        return;
    }
    FUZZ_CHECK(expected == SIZE_MAX || expected == 0);
    FUZZ_CHECK(r.next == before.next && r.left == before.left);
    fuzz_reached(REFUSED);
}

void fuzz_one(fuzz_input in)
{
    uint8_t out[256];
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, fuzz_exact(in.data, in.len), in.len);
    while (r.left > 0) {
        husk_cbor_reader before = r;
        husk_cbor_writer w;
        check_skip(r);
        husk_cbor_writer_init(&w, out, sizeof out);
        if (read_back(&r, &w)) {
            size_t taken = before.left - r.left;
            FUZZ_CHECK(w.len == taken && (taken > sizeof out || memcmp(out, before.next, taken) == 0));
            continue;
        }
        FUZZ_CHECK(r.next == before.next && r.left == before.left);
        if (husk_cbor_skip(&r, NULL) != HUSK_OK) {
            break;
        }
    }
    FUZZ_CHECK(r.left > 0 || husk_cbor_peek(&r) == -1);
}
