/* CoAP codec: the messages of RFC 7252 appendix A, every edge of option deltas and lengths, hostile datagrams. */
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEMPERATURE "74656d7065726174757265"

/* RFC 7252 appendix A, figures 16 to 23: type, code, message ID, token, Uri-Path, payload and the datagram. */
static const struct {
    uint8_t type;
    uint8_t code;
    uint16_t message_id;
    uint8_t token_len;
    uint8_t token;
    const char *path;
    const char *payload;
    const char *hex;
} messages[] = {
    {HUSK_COAP_CON, HUSK_COAP_GET, 0x7d34, 0, 0, "temperature", "", "40017d34 bb" TEMPERATURE},
    {HUSK_COAP_ACK, HUSK_COAP_CONTENT, 0x7d34, 0, 0, "", "22.3 C", "60457d34 ff32322e332043"},
    {HUSK_COAP_CON, HUSK_COAP_GET, 0x7d35, 1, 0x20, "temperature", "", "41017d35 20 bb" TEMPERATURE},
    {HUSK_COAP_ACK, HUSK_COAP_CONTENT, 0x7d35, 1, 0x20, "", "22.3 C", "61457d35 20 ff32322e332043"},
    {HUSK_COAP_CON, HUSK_COAP_GET, 0x7d36, 1, 0x31, "temperature", "", "41017d36 31 bb" TEMPERATURE},
    {HUSK_COAP_ACK, HUSK_COAP_CONTENT, 0x7d37, 1, 0x42, "", "22.3 C", "61457d37 42 ff32322e332043"},
    {HUSK_COAP_ACK, HUSK_COAP_EMPTY, 0x7d38, 0, 0, "", "", "60007d38"},
    {HUSK_COAP_CON, HUSK_COAP_CONTENT, 0xad7b, 1, 0x53, "", "22.3 C", "4145ad7b 53 ff32322e332043"},
    {HUSK_COAP_RST, HUSK_COAP_EMPTY, 0xad7c, 0, 0, "", "", "7000ad7c"},
    {HUSK_COAP_NON, HUSK_COAP_GET, 0x7d40, 1, 0x75, "temperature", "", "51017d40 75 bb" TEMPERATURE},
    {HUSK_COAP_NON, HUSK_COAP_CONTENT, 0xad7d, 1, 0x75, "", "22.3 C", "5145ad7d 75 ff32322e332043"},
    {HUSK_COAP_NON, HUSK_COAP_NOT_FOUND, 0x952a, 1, 0x86, "", "", "5184952a 86"},
};

static void rfc_7252_both_ways(void)
{
    for (size_t i = 0; i < COUNT(messages); i++) {
        uint8_t data[32], out[32];
        size_t len = unhex(messages[i].hex, data, sizeof data), out_len;
        const char *path = messages[i].path, *payload = messages[i].payload;

        husk_coap_writer w;
        husk_coap_writer_init(&w, out, sizeof out, messages[i].type, messages[i].code, messages[i].message_id,
                              bytes(&messages[i].token, messages[i].token_len));
        husk_coap_write_path(&w, path, strlen(path));
        husk_coap_write_payload(&w, (const uint8_t *)payload, strlen(payload));
        CHECK_OK(husk_coap_writer_finish(&w, &out_len));
        CHECK_INT(out_len, len);
        CHECK_MEM(out, data, len);

        husk_coap_message message;
        CHECK_OK(husk_coap_decode(data, len, &message));
        CHECK_INT(message.type, messages[i].type);
        CHECK_INT(message.code, messages[i].code);
        CHECK_INT(message.message_id, messages[i].message_id);
        CHECK_INT(message.token.len, messages[i].token_len);
        CHECK(message.token.len == 0 || message.token.data[0] == messages[i].token);
        CHECK_INT(message.payload.len, strlen(payload));
        CHECK(message.payload.len == 0 || memcmp(message.payload.data, payload, message.payload.len) == 0);
        husk_bytes value;
        CHECK_INT(husk_coap_option_find(message.options, HUSK_COAP_URI_PATH, &value), path[0] != 0);
        if (path[0] != 0) {
            CHECK_INT(value.len, strlen(path));
            CHECK_MEM(value.data, path, value.len);
        }
        CHECK(!husk_coap_option_find(message.options, HUSK_COAP_URI_QUERY, &value));
    }
}

/* Truncated anywhere, a datagram is refused, unless what is left is a complete message with less in it. */
static void truncation(void)
{
    HEX(data, "4401abcd 01020304 39 6c6f63616c686f7374 dd1005 " /* Uri-Host; delta 13 + 16, length 13 + 5 */
              "000102030405060708090a0b0c0d0e0f1011 e0f000 ff 706179");
    husk_coap_message message;
    CHECK_OK(husk_coap_decode(data, data_len, &message));
    CHECK_INT(message.payload.len, 3);
    size_t host = 8 + 10, long_one = host + 3 + 18, last = long_one + 3;
    for (size_t len = 0; len < data_len; len++) {
        bool complete = len == 8 || len == host || len == long_one || len == last || len > last + 1;
        CHECK_INT(husk_coap_decode(data, len, &message), complete ? HUSK_OK : HUSK_ERR_FORMAT);
    }
}

static void refusals(void)
{
    static const struct {
        husk_status status;
        const char *hex;
    } bad[] = {
        {HUSK_ERR_FORMAT, ""},
        {HUSK_ERR_FORMAT, "40"},
        {HUSK_ERR_FORMAT, "400100"},
        {HUSK_ERR_UNSUPPORTED, "00010000"}, /* versions */
        {HUSK_ERR_UNSUPPORTED, "80010000"},
        {HUSK_ERR_UNSUPPORTED, "c0010000"},
        {HUSK_ERR_FORMAT, "49010000 000000000000000000"}, /* token lengths 9 to 15 */
        {HUSK_ERR_FORMAT, "4f010000 000000000000000000000000000000"},
        {HUSK_ERR_FORMAT, "48010000 00000000000000"},
        {HUSK_ERR_FORMAT, "41000000 00"}, /* Empty with a token, an option, a payload */
        {HUSK_ERR_FORMAT, "40000000 00"},
        {HUSK_ERR_FORMAT, "40000000 ff00"},
        {HUSK_ERR_FORMAT, "40200000"}, /* classes 1, 3, 6, 7 */
        {HUSK_ERR_FORMAT, "40600000"},
        {HUSK_ERR_FORMAT, "40c00000"},
        {HUSK_ERR_FORMAT, "40e10000"},
        {HUSK_ERR_FORMAT, "40010000 ff"}, /* marker without payload */
        {HUSK_ERR_FORMAT, "40010000 b161 ff"},
        {HUSK_ERR_FORMAT, "40010000 f0"}, /* reserved nibbles */
        {HUSK_ERR_FORMAT, "40010000 f1000000"},
        {HUSK_ERR_FORMAT, "40010000 fe000000"},
        {HUSK_ERR_FORMAT, "40010000 0f"},
        {HUSK_ERR_FORMAT, "40010000 0f000102030405060708090a0b0c0d0e0f"},
        {HUSK_ERR_FORMAT, "40010000 01"}, /* value, extended delta, extended length missing */
        {HUSK_ERR_FORMAT, "40010000 d0"},
        {HUSK_ERR_FORMAT, "40010000 e000"},
        {HUSK_ERR_FORMAT, "40010000 0d"},
        {HUSK_ERR_FORMAT, "40010000 0e00"},
        {HUSK_ERR_FORMAT, "40010000 ee000000"},
        {HUSK_ERR_FORMAT, "40010000 0effff00"},
        {HUSK_ERR_FORMAT, "40010000 e0fef3"},         /* option 65536 */
        {HUSK_ERR_FORMAT, "40010000 e0fef2 10"},      /* the same in two steps */
        {HUSK_ERR_FORMAT, "40010000 e0ffff e0ffff"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t data[32];
        size_t len = unhex(bad[i].hex, data, sizeof data);
        husk_coap_message message;
        CHECK_INT(husk_coap_decode(data, len, &message), bad[i].status);
    }
    husk_coap_message message;
    HEX(greatest, "40010000 e0fef2"); /* option 65535 */
    CHECK_OK(husk_coap_decode(greatest, greatest_len, &message));
    HEX(every_class, "40010000");
    for (unsigned code = 0; code < 256; code++) {
        unsigned class_ = code >> 5;
        every_class[1] = (uint8_t)code;
        bool known = class_ == 0 || class_ == 2 || class_ == 4 || class_ == 5;
        CHECK_INT(husk_coap_decode(every_class, every_class_len, &message), known ? HUSK_OK : HUSK_ERR_FORMAT);
    }
}

/* Heads of every delta and length at the edges of their encodings (RFC 7252 section 3.1). */
static void option_edges(void)
{
    static const size_t sizes[] = {0, 1, 12, 13, 14, 268, 269, 270, 524, 525, 526};
    static const size_t width[] = {0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 2};
    static uint8_t value[526], out[600];
    for (size_t i = 0; i < COUNT(sizes); i++) {
        for (size_t j = 0; j < COUNT(sizes); j++) {
            uint32_t number = 7 + (uint32_t)sizes[i];
            size_t len;
            husk_coap_writer w;
            husk_coap_writer_init_options(&w, out, sizeof out);
            husk_coap_write_option(&w, 7, NULL, 0);
            memset(value, (int)(i + j), sizeof value);
            husk_coap_write_option(&w, number, value, sizes[j]);
            CHECK_OK(husk_coap_writer_finish(&w, &len));
            CHECK_INT(len, 1 + 1 + width[i] + width[j] + sizes[j]);

            husk_coap_options walk;
            husk_bytes read;
            uint32_t actual;
            husk_coap_options_init(&walk, bytes(out, len));
            CHECK(husk_coap_option_next(&walk, &actual, &read));
            CHECK(actual == 7 && read.len == 0);
            CHECK(husk_coap_option_next(&walk, &actual, &read));
            CHECK_INT(actual, number);
            CHECK_INT(read.len, sizes[j]);
            CHECK_MEM(read.data, value, sizes[j]);
            CHECK(!husk_coap_option_next(&walk, &actual, &read));
            for (size_t cut = 1; cut < len; cut += 1 + cut / 8) { /* truncated: the walk stops before it */
                husk_coap_options_init(&walk, bytes(out, cut));
                CHECK(husk_coap_option_next(&walk, &actual, &read));
                CHECK(!husk_coap_option_next(&walk, &actual, &read));
                CHECK(cut == 1 || walk.left == cut - 1);
            }
        }
    }
}

static void option_heads_in_hex(void)
{
    uint8_t out[40];
    static const uint8_t zeros[20];
    size_t len;
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_option(&w, 13, NULL, 0);
    husk_coap_write_option(&w, 282, zeros, 13);
    husk_coap_write_option(&w, 65535, NULL, 0);
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    CHECK_HEX(out, len, "d000 ed000000 00000000000000000000000000 e0fdd8");
}

static void uint_values(void)
{
    static const struct {
        uint32_t number;
        const char *hex;
    } values[] = {{0, ""},       {1, "01"},         {64, "40"},        {255, "ff"},
                  {256, "0100"}, {65536, "010000"}, {0xffffffff, "ffffffff"}};
    for (size_t i = 0; i < COUNT(values); i++) {
        uint8_t out[8];
        size_t len;
        uint32_t number;
        husk_bytes value;
        husk_coap_writer w;
        husk_coap_writer_init_options(&w, out, sizeof out);
        husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, values[i].number);
        CHECK_OK(husk_coap_writer_finish(&w, &len));
        CHECK(husk_coap_option_find(bytes(out, len), HUSK_COAP_CONTENT_FORMAT, &value));
        CHECK_HEX(value.data, value.len, values[i].hex);
        CHECK_OK(husk_coap_option_uint(value, &number));
        CHECK(number == values[i].number);
    }
    static const uint8_t five[5] = {0, 0, 0, 0, 1};
    uint32_t number;
    CHECK_INT(husk_coap_option_uint(bytes(five, 5), &number), HUSK_ERR_FORMAT);
    CHECK_OK(husk_coap_option_uint(bytes(five + 1, 4), &number)); /* leading zeros are allowed to a recipient */
    CHECK_INT(number, 1);
}

static void check_path(const char *path, const char *hex)
{
    uint8_t out[40];
    size_t len;
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_path(&w, path, strlen(path));
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    CHECK_HEX(out, len, hex);
}

static void paths(void)
{
    check_path("", "");
    check_path("/", "");
    check_path("a", "b1 61");
    check_path("/a", "b1 61");
    check_path(".well-known/edhoc", "bb 2e77656c6c2d6b6e6f776e 05 6564686f63"); /* RFC 9528 appendix A.2 */
    check_path("a/b/c", "b161 0162 0163");
    check_path("/a//b/", "b161 00 0162 00");
    static char text[256];
    uint8_t out[260];
    size_t len;
    memset(text, 'x', sizeof text);
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_path(&w, text, 255);
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    CHECK_INT(len, 257);
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_path(&w, text, 256);
    CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_ARGUMENT);
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_path(&w, NULL, 0);
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    CHECK_INT(len, 0);
}

static void writer_arguments(void)
{
    uint8_t out[64];
    size_t len;
    husk_coap_writer w;
    static const uint8_t token[9];
    husk_coap_writer_init(&w, out, sizeof out, HUSK_COAP_CON, HUSK_COAP_GET, 0, bytes(token, 8));
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    CHECK_INT(len, 12);
    husk_coap_writer_init(&w, out, sizeof out, HUSK_COAP_CON, HUSK_COAP_GET, 0, bytes(token, 9));
    CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_ARGUMENT);
    husk_coap_writer_init(&w, out, sizeof out, 4, HUSK_COAP_GET, 0, NO_BYTES);
    CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_ARGUMENT);

    static const struct {
        uint32_t first, second;
        bool payload_between;
    } orders[] = {{11, 9, false}, {11, 65536, false}, {65536, 65536, false}, {11, 11, true}, {11, 60, true}};
    for (size_t i = 0; i < COUNT(orders); i++) {
        husk_coap_writer_init_options(&w, out, sizeof out);
        husk_coap_write_option(&w, orders[i].first, NULL, 0);
        if (orders[i].payload_between) {
            husk_coap_write_payload(&w, token, 1);
        }
        husk_coap_write_option(&w, orders[i].second, NULL, 0);
        husk_coap_write_payload(&w, token, 1); /* does not mend it */
        CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_ARGUMENT);
    }
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_payload(&w, token, 1);
    husk_coap_write_payload(&w, token, 1);
    CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_ARGUMENT);

    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_option(&w, 1, out, SIZE_MAX); /* absurd lengths neither wrap nor write */
    CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_ARGUMENT);
    husk_coap_writer_init_options(&w, out, sizeof out);
    husk_coap_write_payload(&w, out, SIZE_MAX);
    CHECK_INT(husk_coap_writer_finish(&w, &len), HUSK_ERR_BUFFER);
    CHECK(len == SIZE_MAX);
}

static void write_sample(husk_coap_writer *w, uint8_t *out, size_t cap)
{
    static const uint8_t token[] = {1, 2};
    husk_coap_writer_init(w, out, cap, HUSK_COAP_NON, HUSK_COAP_POST, 0xbeef, bytes(token, 2));
    husk_coap_write_path(w, "sensors/temperature", 19);
    husk_coap_write_option_uint(w, HUSK_COAP_CONTENT_FORMAT, HUSK_COAP_FORMAT_EDHOC);
    husk_coap_write_payload(w, token, 2);
}

static void writer_is_bounded(void)
{
    husk_coap_writer w;
    size_t needed;
    write_sample(&w, NULL, 0);
    CHECK_INT(husk_coap_writer_finish(&w, &needed), HUSK_ERR_BUFFER);
    uint8_t out[48];
    for (size_t cap = 0; cap <= needed; cap++) {
        memset(out, 0xee, sizeof out);
        write_sample(&w, out, cap);
        size_t len;
        CHECK_INT(husk_coap_writer_finish(&w, &len), cap < needed ? HUSK_ERR_BUFFER : HUSK_OK);
        CHECK_INT(len, needed);
        for (size_t i = cap; i < sizeof out; i++) {
            CHECK_INT(out[i], 0xee);
        }
    }
    CHECK_HEX(out, needed, "5202beef 0102 b7 73656e736f7273 0b " TEMPERATURE " 11 40 ff 0102");
}

/* Values that lie in the output buffer, from where they are written to upwards. */
static void writer_overlap(void)
{
    for (size_t gap = 0; gap < 40; gap++) {
        uint8_t out[80];
        size_t len, lands = 4 + 1;
        for (size_t i = 0; i < 16; i++) {
            out[lands + gap + i] = (uint8_t)i;
        }
        husk_coap_writer w;
        husk_coap_writer_init(&w, out, sizeof out, HUSK_COAP_CON, HUSK_COAP_PUT, 0, NO_BYTES);
        husk_coap_write_payload(&w, out + lands + gap, 16);
        CHECK_OK(husk_coap_writer_finish(&w, &len));
        CHECK_HEX(out, len, "40030000 ff 000102030405060708090a0b0c0d0e0f");
        for (size_t i = 0; i < 16; i++) {
            out[lands + 1 + gap + i] = (uint8_t)i;
        }
        husk_coap_writer_init(&w, out, sizeof out, HUSK_COAP_CON, HUSK_COAP_PUT, 0, NO_BYTES);
        husk_coap_write_option(&w, 15, out + lands + 2 + gap, 15);
        CHECK_OK(husk_coap_writer_finish(&w, &len));
        CHECK_HEX(out, len, "40030000 dd0202 0102030405060708090a0b0c0d0e0f");
    }
}

/* Whatever decodes lies inside the datagram and, written again, is the same. */
static void random_datagrams(void)
{
    test_rng rng = {3};
    unsigned decoded = 0;
    for (unsigned round = 0; round < 4000; round++) {
        uint8_t data[24], out[32];
        size_t len = test_rng_next(&rng) % (sizeof data + 1), out_len;
        test_rng_fill(&rng, data, len);
        data[0] = (uint8_t)(0x40 | (data[0] & 0x33));
        data[1] &= 0x5f;
        husk_coap_message message;
        if (husk_coap_decode(data, len, &message) != HUSK_OK) {
            continue;
        }
        decoded++;
        CHECK(message.token.data == data + 4 && message.options.data == data + 4 + message.token.len);
        size_t used = 4 + message.token.len + message.options.len;
        CHECK(message.payload.len == 0 ? used == len : used + 1 + message.payload.len == len);
        husk_coap_writer w;
        husk_coap_writer_init(&w, out, sizeof out, message.type, message.code, message.message_id, message.token);
        husk_coap_options walk;
        uint32_t number;
        husk_bytes value;
        husk_coap_options_init(&walk, message.options);
        while (husk_coap_option_next(&walk, &number, &value)) {
            husk_coap_write_option(&w, number, value.data, value.len);
        }
        husk_coap_write_payload(&w, message.payload.data, message.payload.len);
        CHECK_OK(husk_coap_writer_finish(&w, &out_len));
        CHECK_INT(out_len, len); /* option heads have one encoding only */
        CHECK_MEM(out, data, len);
    }
    CHECK(decoded > 200);
}

void suite_coap(void)
{
    RUN(rfc_7252_both_ways);
    RUN(truncation);
    RUN(refusals);
    RUN(option_edges);
    RUN(option_heads_in_hex);
    RUN(uint_values);
    RUN(paths);
    RUN(writer_arguments);
    RUN(writer_is_bounded);
    RUN(writer_overlap);
    RUN(random_datagrams);
}
