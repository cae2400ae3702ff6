/* CBOR: the examples of RFC 8949 (appendices A and F.1), both directions, truncation, absurd lengths. */
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* RFC 8949 appendix A: integers that fit 64 bits. */
static const struct {
    uint8_t major;
    uint64_t argument;
    const char *hex;
} integers[] = {
    {HUSK_CBOR_UINT, 0, "00"},
    {HUSK_CBOR_UINT, 1, "01"},
    {HUSK_CBOR_UINT, 10, "0a"},
    {HUSK_CBOR_UINT, 23, "17"},
    {HUSK_CBOR_UINT, 24, "1818"},
    {HUSK_CBOR_UINT, 25, "1819"},
    {HUSK_CBOR_UINT, 100, "1864"},
    {HUSK_CBOR_UINT, 1000, "1903e8"},
    {HUSK_CBOR_UINT, 1000000, "1a000f4240"},
    {HUSK_CBOR_UINT, 1000000000000, "1b000000e8d4a51000"},
    {HUSK_CBOR_UINT, UINT64_MAX, "1bffffffffffffffff"},
    {HUSK_CBOR_NINT, UINT64_MAX, "3bffffffffffffffff"},
    {HUSK_CBOR_NINT, 0, "20"},
    {HUSK_CBOR_NINT, 9, "29"},
    {HUSK_CBOR_NINT, 99, "3863"},
    {HUSK_CBOR_NINT, 999, "3903e7"},
    /* Not in the RFC: every edge between two widths. */
    {HUSK_CBOR_UINT, 0xff, "18ff"},
    {HUSK_CBOR_UINT, 0x100, "190100"},
    {HUSK_CBOR_UINT, 0xffff, "19ffff"},
    {HUSK_CBOR_UINT, 0x10000, "1a00010000"},
    {HUSK_CBOR_UINT, 0xffffffff, "1affffffff"},
    {HUSK_CBOR_UINT, 0x100000000, "1b0000000100000000"},
    {HUSK_CBOR_UINT, INT64_MAX, "1b7fffffffffffffff"},
    {HUSK_CBOR_UINT, (uint64_t)INT64_MAX + 1, "1b8000000000000000"},
    {HUSK_CBOR_NINT, INT64_MAX, "3b7fffffffffffffff"},
    {HUSK_CBOR_NINT, (uint64_t)INT64_MAX + 1, "3b8000000000000000"},
};

/* RFC 8949 appendix A: everything else of definite length. The reader has no function for bignums, floats and tags, but
 * steps over them. */
static const char *const definite[] = {
    "c249010000000000000000", "c349010000000000000000",
    "f90000", "f98000", "f93c00", "fb3ff199999999999a", "f93e00", "f97bff", "fa47c35000", "fa7f7fffff",
    "fb7e37e43c8800759c", "f90001", "f90400", "f9c400", "fbc010666666666666", "f97c00", "f97e00", "f9fc00",
    "fa7f800000", "fa7fc00000", "faff800000", "fb7ff0000000000000", "fb7ff8000000000000", "fbfff0000000000000",
    "f4", "f5", "f6", "f7", "f0", "f8ff",
    "c074323031332d30332d32315432303a30343a30305a", "c11a514b67b0", "c1fb41d452d9ec200000", "d74401020304",
    "d818456449455446", "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "40", "4401020304", "60", "6161", "6449455446", "62225c", "62c3bc", "63e6b0b4", "64f0908591",
    "80", "83010203", "8301820203820405", "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    "a0", "a201020304", "a26161016162820203", "826161a161626163",
    "a56161614161626142616361436164614461656145",
};

/* RFC 8949 appendix A: indefinite lengths, which deterministic encoding forbids (section 4.2.1). */
static const char *const indefinite[] = {
    "5f42010243030405ff", "7f657374726561646d696e67ff", "9fff", "9f018202039f0405ffff", "9f01820203820405ff",
    "83018202039f0405ff", "83019f0203ff820405",
    "9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff", "bf61610161629f0203ffff", "826161bf61626163ff",
    "bf6346756ef563416d7421ff",
};

/* RFC 8949 appendix F.1: not well-formed. */
static const char *const malformed[] = {
    /* end of input in a head */
    "18", "19", "1a", "1b", "1901", "1a0102", "1b01020304050607", "38", "58", "78", "98", "9a01ff00", "b8", "d8", "f8",
    "f900", "fa0000", "fb000000",
    /* strings with short data */
    "41", "61", "5affffffff00", "5bffffffffffffffff010203", "7affffffff00", "7b7fffffffffffffff010203",
    /* maps and arrays with too few items */
    "81", "818181818181818181", "8200", "a1", "a20102", "a100", "a2000000",
    /* tag without content */
    "c0",
    /* indefinite lengths without break */
    "5f4100", "7f6100", "9f", "9f0102", "bf", "bf01020102", "819f", "9f8000", "9f9f9f9f9fffffffff",
    "9f819f819f9fffffff",
    /* reserved additional information */
    "1c", "1d", "1e", "3c", "3d", "3e", "5c", "5d", "5e", "7c", "7d", "7e", "9c", "9d", "9e", "bc", "bd", "be", "dc",
    "dd",
    "de", "fc", "fd", "fe",
    /* reserved two-byte encodings of simple values */
    "f800", "f801", "f818", "f81f",
    /* chunks of the wrong type, or not of definite length */
    "5f00ff", "5f21ff", "5f6100ff", "5f80ff", "5fa0ff", "5fc000ff", "5fe0ff", "7f4100ff", "5f5f4100ffff",
    "7f7f6100ffff",
    /* break where none may be */
    "ff", "81ff", "8200ff", "a1ff", "a1ff00", "a100ff", "a20000ff", "9f81ff", "9f829f819f9fffffffff", "bf00ff",
    "bf000000ff",
    /* additional information 31 for types that have no length */
    "1f", "3f", "df",
    /* Not in the RFC's list: longer heads than needed, in every width and for every type that has an argument. */
    "1800", "1817", "190018", "1900ff", "1a00000000", "1a0000ffff", "1b0000000000000000", "1b00000000ffffffff", "3817",
    "580100", "590001ff", "7801ff", "5a0000000100", "5b000000000000000100", "9800", "990000", "b800", "d80000",
    "d9000100",
    /* 2^32 and 2^64 - 1 items or bytes */
    "5b000000010000000000", "9bffffffffffffffff", "9b0000000100000000", "bbffffffffffffffff", "bb8000000000000000",
    "9affffffff00", "baffffffff00", "ba8000000000", "82818382", "829bffffffffffffffff", "829affffffff",
};

static void check_refused(const uint8_t *data, size_t len)
{
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, data, len);
    husk_bytes slice;
    CHECK_INT(husk_cbor_skip(&r, &slice), HUSK_ERR_FORMAT);
    CHECK(r.next == data && r.left == len);
}

static husk_cbor_reader reader_of(const uint8_t *data, size_t len)
{
    husk_cbor_reader r;
    husk_cbor_reader_init(&r, data, len);
    return r;
}

static void integers_both_ways(void)
{
    for (size_t i = 0; i < COUNT(integers); i++) {
        uint8_t data[16], out[16];
        size_t len = unhex(integers[i].hex, data, sizeof data), out_len;
        uint64_t argument = integers[i].argument;
        husk_cbor_writer w;
        husk_cbor_writer_init(&w, out, sizeof out);
        husk_cbor_write_head(&w, integers[i].major, argument);
        CHECK_OK(husk_cbor_writer_finish(&w, &out_len));
        CHECK_HEX(out, out_len, integers[i].hex);

        uint64_t value = 0;
        husk_cbor_reader r = reader_of(data, len);
        CHECK_INT(husk_cbor_peek(&r), integers[i].major);
        if (integers[i].major == HUSK_CBOR_UINT) {
            CHECK_OK(husk_cbor_read_uint(&r, &value));
            CHECK(value == argument);
            CHECK_INT(r.left, 0);
            CHECK_INT(husk_cbor_peek(&r), -1);
        } else {
            CHECK_INT(husk_cbor_read_uint(&r, &value), HUSK_ERR_FORMAT);
            CHECK_INT(r.left, len);
        }

        int64_t number;
        r = reader_of(data, len);
        if (argument > INT64_MAX) {
            CHECK_INT(husk_cbor_read_int(&r, &number), HUSK_ERR_FORMAT);
            CHECK_INT(r.left, len);
            continue;
        }
        CHECK_OK(husk_cbor_read_int(&r, &number));
        CHECK_INT(number, integers[i].major == HUSK_CBOR_UINT ? (int64_t)argument : -1 - (int64_t)argument);
        CHECK_INT(r.left, 0);
        husk_cbor_writer_init(&w, out, sizeof out);
        husk_cbor_write_int(&w, number);
        CHECK_OK(husk_cbor_writer_finish(&w, &out_len));
        CHECK_HEX(out, out_len, integers[i].hex);
    }
}

static void skip_accepts_definite_lengths(void)
{
    for (size_t i = 0; i < COUNT(definite); i++) {
        uint8_t data[64];
        size_t len = unhex(definite[i], data, sizeof data - 1);
        data[len] = 0x00; /* the next item of the sequence stays */
        husk_cbor_reader r = reader_of(data, len + 1);
        husk_bytes item;
        CHECK_OK(husk_cbor_skip(&r, &item));
        CHECK(item.data == data && item.len == len);
        CHECK_INT(r.left, 1);
        CHECK_OK(husk_cbor_skip(&r, NULL));
        CHECK_INT(r.left, 0);
        CHECK_INT(husk_cbor_skip(&r, NULL), HUSK_ERR_FORMAT);
    }
}

static void every_truncation_is_refused(void)
{
    for (size_t i = 0; i < COUNT(definite) + COUNT(integers); i++) {
        uint8_t data[64];
        size_t len = unhex(i < COUNT(definite) ? definite[i] : integers[i - COUNT(definite)].hex, data, sizeof data);
        for (size_t cut = 0; cut < len; cut++) {
            check_refused(data, cut);
        }
    }
}

static void malformed_and_indefinite_are_refused(void)
{
    for (size_t i = 0; i < COUNT(malformed) + COUNT(indefinite); i++) {
        uint8_t data[64];
        size_t len = unhex(i < COUNT(malformed) ? malformed[i] : indefinite[i - COUNT(malformed)], data, sizeof data);
        check_refused(data, len);
    }
}

/* Reserved additional information, with as much behind it as any reading of it could want. */
static void reserved_heads_are_refused(void)
{
    for (unsigned major = 0; major < 8; major++) {
        for (unsigned info = 28; info < 32; info++) {
            uint8_t data[140];
            memset(data, 0x01, sizeof data);
            data[0] = (uint8_t)(major << 5 | info);
            check_refused(data, sizeof data);
        }
    }
}

/* Each typed read accepts its own type only, and leaves the reader where it was otherwise. */
static void typed_reads(void)
{
    static const uint8_t items[][3] = {{0x01}, {0x20}, {0x41, 'a'}, {0x61, 'a'}, {0x81, 0x00}, {0xa1, 0x00, 0x00},
                                       {0xc1, 0x00}, {0xf4}, {0xf5}, {0xf6}, {0xf0}, {0xf8, 0xff}, {0xf9, 0x00, 0x14}};
    for (size_t i = 0; i < COUNT(items); i++) {
        unsigned major = items[i][0] >> 5;
        for (unsigned reads = 0; reads < 7; reads++) {
            husk_cbor_reader r = reader_of(items[i], sizeof items[i]);
            uint64_t value;
            int64_t number;
            husk_bytes slice = NO_BYTES;
            size_t count = 99;
            bool truth = false;
            bool expected = false;
            husk_status status = HUSK_OK;
            switch (reads) {
            case 0:
                status = husk_cbor_read_uint(&r, &value);
                expected = major == HUSK_CBOR_UINT;
                break;
            case 1:
                status = husk_cbor_read_int(&r, &number);
                expected = major == HUSK_CBOR_UINT || major == HUSK_CBOR_NINT;
                break;
            case 2:
                status = husk_cbor_read_bytes(&r, &slice);
                expected = major == HUSK_CBOR_BYTES;
                break;
            case 3:
                status = husk_cbor_read_text(&r, &slice);
                expected = major == HUSK_CBOR_TEXT;
                break;
            case 4:
                status = husk_cbor_read_array(&r, &count);
                expected = major == HUSK_CBOR_ARRAY;
                break;
            case 5:
                status = husk_cbor_read_map(&r, &count);
                expected = major == HUSK_CBOR_MAP;
                break;
            default:
                status = husk_cbor_read_bool(&r, &truth);
                expected = items[i][0] == 0xf4 || items[i][0] == 0xf5;
                CHECK(!expected || truth == (items[i][0] == 0xf5));
                break;
            }
            CHECK_INT(status, expected ? HUSK_OK : HUSK_ERR_FORMAT);
            CHECK(expected ? r.left < sizeof items[i] : r.next == items[i] && r.left == sizeof items[i]);
            if (slice.len > 0) {
                CHECK(slice.data == items[i] + 1 && slice.len == 1 && r.left == 1);
            }
            CHECK(count == 99 || (count == 1 && r.left == 2));
        }
    }
}

/* A head alone does not promise items; the typed reads of arrays and maps check that there is room for them. */
static void counts_are_bounded_by_what_is_left(void)
{
    uint8_t data[] = {0x83, 0, 0, 0, 0xa2, 0, 0, 0, 0};
    size_t count;
    husk_cbor_reader r = reader_of(data, 4);
    CHECK_OK(husk_cbor_read_array(&r, &count));
    CHECK_INT(count, 3);
    r = reader_of(data, 3);
    CHECK_INT(husk_cbor_read_array(&r, &count), HUSK_ERR_FORMAT);
    CHECK_INT(r.left, 3);
    r = reader_of(data + 4, 5);
    CHECK_OK(husk_cbor_read_map(&r, &count));
    CHECK_INT(count, 2);
    r = reader_of(data + 4, 4);
    CHECK_INT(husk_cbor_read_map(&r, &count), HUSK_ERR_FORMAT);
    CHECK_INT(r.left, 4);
    HEX(most, "bb8000000000000000 00000000");
    r = reader_of(most, most_len); /* 2 * pairs is 0 modulo 2^64 */
    CHECK_INT(husk_cbor_read_map(&r, &count), HUSK_ERR_FORMAT);
}

/* Nesting costs nothing: as deep as the input is long, closed or not. */
static void nesting(void)
{
    uint8_t data[256];
    memset(data, 0x81, sizeof data);
    check_refused(data, sizeof data);
    data[255] = 0x80;
    husk_cbor_reader r = reader_of(data, sizeof data);
    CHECK_OK(husk_cbor_skip(&r, NULL));
    CHECK_INT(r.left, 0);
    for (size_t i = 0; i < 255; i++) {
        data[i] = 0xc1;
    }
    r = reader_of(data, sizeof data);
    CHECK_OK(husk_cbor_skip(&r, NULL));
    memset(data, 0x97, sizeof data); /* 23 items each: what is pending soon exceeds what is left */
    check_refused(data, sizeof data);
}

static void write_sample(husk_cbor_writer *w)
{
    static const uint8_t raw[] = {0x82, 0x01, 0x02};
    husk_cbor_write_head(w, HUSK_CBOR_ARRAY, 5);
    husk_cbor_write_int(w, -500);
    husk_cbor_write_bytes(w, raw, sizeof raw);
    husk_cbor_write_text(w, "IETF", 4);
    husk_cbor_write_bool(w, true);
    husk_cbor_write_raw(w, raw, sizeof raw);
    husk_cbor_write_bytes(w, NULL, 0);
    husk_cbor_write_text(w, NULL, 0);
    husk_cbor_write_raw(w, NULL, 0);
    husk_cbor_write_bool(w, false);
}

/* The writer never writes past its buffer, counts on, and says so, for every size of buffer. */
static void writer_is_bounded(void)
{
    static const char sample[] = "85 3901f3 43820102 6449455446 f5 820102 40 60 f4";
    husk_cbor_writer w;
    size_t needed;
    husk_cbor_writer_init(&w, NULL, 0);
    write_sample(&w);
    CHECK_INT(husk_cbor_writer_finish(&w, &needed), HUSK_ERR_BUFFER);
    uint8_t out[32];
    for (size_t cap = 0; cap <= needed; cap++) {
        memset(out, 0xee, sizeof out);
        husk_cbor_writer_init(&w, out, cap);
        write_sample(&w);
        size_t len;
        CHECK_INT(husk_cbor_writer_finish(&w, &len), cap < needed ? HUSK_ERR_BUFFER : HUSK_OK);
        CHECK_INT(len, needed);
        for (size_t i = cap; i < sizeof out; i++) {
            CHECK_INT(out[i], 0xee);
        }
    }
    CHECK_HEX(out, needed, sample);
}

static void writer_lengths_do_not_wrap(void)
{
    uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};
    husk_cbor_writer w;
    size_t len;
    husk_cbor_writer_init(&w, out, sizeof out);
    husk_cbor_write_bytes(&w, out, SIZE_MAX);
    husk_cbor_write_bytes(&w, out, SIZE_MAX);
    husk_cbor_write_int(&w, 1);
    CHECK_INT(husk_cbor_writer_finish(&w, &len), HUSK_ERR_BUFFER);
    CHECK(len == SIZE_MAX);
    CHECK_HEX(out, 4, "eeeeeeee");
}

/* Whatever the bytes: reads stay inside, end, and what skip accepts is exactly one item that re-reads the same. */
static void random_bytes(void)
{
    test_rng rng = {7};
    for (unsigned round = 0; round < 2000; round++) {
        uint8_t data[24];
        size_t len = test_rng_next(&rng) % (sizeof data + 1);
        test_rng_fill(&rng, data, len);
        husk_cbor_reader r = reader_of(data, len);
        husk_bytes item;
        while (husk_cbor_skip(&r, &item) == HUSK_OK) {
            CHECK(item.len > 0 && item.data + item.len == r.next && r.next + r.left == data + len);
            husk_cbor_reader again = reader_of(item.data, item.len);
            CHECK_OK(husk_cbor_skip(&again, NULL));
            CHECK_INT(again.left, 0);
        }
    }
}

void suite_cbor(void)
{
    RUN(integers_both_ways);
    RUN(skip_accepts_definite_lengths);
    RUN(every_truncation_is_refused);
    RUN(malformed_and_indefinite_are_refused);
    RUN(reserved_heads_are_refused);
    RUN(typed_reads);
    RUN(counts_are_bounded_by_what_is_left);
    RUN(nesting);
    RUN(writer_is_bounded);
    RUN(writer_lengths_do_not_wrap);
    RUN(random_bytes);
}
