/* slip: the framing of RFC 1055 on the firmware's UART: round trips, exact bytes, and noise. */
#include "slip.h"
#include "test.h"

static uint8_t line[600];
static size_t line_len;

static void write_line(uint8_t byte)
{
    CHECK(line_len < sizeof line);
    line[line_len++] = byte;
}

static void encode(const uint8_t *packet, size_t len)
{
    line_len = 0;
    slip_encode(write_line, packet, len);
}

/* Feeds bytes that must complete no packet but perhaps with the last of them; returns what that one gave. */
static size_t feed(slip_decoder *decoder, const uint8_t *data, size_t len)
{
    size_t got = 0;
    for (size_t i = 0; i < len; i++) {
        CHECK_INT(got, 0);
        got = slip_decode(decoder, data[i]);
    }
    return got;
}

static void bytes_on_the_line(void)
{
    static const uint8_t packet[] = {0x40, SLIP_END, 0x01, SLIP_ESC, SLIP_ESC_END};
    encode(packet, sizeof packet);
    CHECK_HEX(line, line_len, "c0 40 dbdc 01 dbdd dc c0");
    encode(NULL, 0);
    CHECK_HEX(line, line_len, "c0 c0");
    line_len = 0;
    slip_encode_diagnostic(write_line, "ok");
    CHECK_HEX(line, line_len, "c0 0a 6f6b c0");
}

static void round_trips(void)
{
    test_rng rng = {.state = 1055};
    uint8_t packet[256];
    uint8_t buffer[256];
    slip_decoder decoder;
    slip_decoder_init(&decoder, buffer, sizeof buffer);
    for (size_t len = 1; len <= sizeof packet; len++) {
        test_rng_fill(&rng, packet, len);
        for (size_t i = 0; i < len; i += 3) {
            packet[i] = (uint8_t[]){SLIP_END, SLIP_ESC, SLIP_ESC_END, SLIP_ESC_ESC}[packet[i] & 3];
        }
        encode(packet, len);
        CHECK_INT(feed(&decoder, line, line_len), len);
        CHECK_MEM(buffer, packet, len);
    }
    CHECK_INT(decoder.dropped, 0);
}

static void a_packet_that_is_too_long_is_dropped_whole(void)
{
    uint8_t buffer[8 + 1] = {[8] = 0x77};
    slip_decoder decoder;
    slip_decoder_init(&decoder, buffer, 8);
    static const uint8_t nine[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    encode(nine, 9);
    CHECK_INT(feed(&decoder, line, line_len), 0);
    CHECK_INT(decoder.dropped, 1);
    CHECK_INT(buffer[8], 0x77);
    encode(nine, 8);
    CHECK_INT(feed(&decoder, line, line_len), 8);
    CHECK_MEM(buffer, nine, 8);
    CHECK_INT(decoder.dropped, 1);
}

static void a_broken_escape_drops_the_packet(void)
{
    static const uint8_t after[] = {0x41, 0x42};
    static const char *const broken[] = {"c0 40 db 41 42 c0", "c0 40 db db dc c0", "c0 40 db c0", "c0 db c0"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t buffer[16];
        slip_decoder decoder;
        slip_decoder_init(&decoder, buffer, sizeof buffer);
        HEX(noise, "00000000000000000000");
        noise_len = unhex(broken[i], noise, sizeof noise);
        CHECK_INT(feed(&decoder, noise, noise_len), 0);
        CHECK_INT(decoder.dropped, 1);
        encode(after, sizeof after);
        CHECK_INT(feed(&decoder, line, line_len), sizeof after);
        CHECK_MEM(buffer, after, sizeof after);
    }
}

static void noise_never_writes_outside_the_buffer(void)
{
    test_rng rng = {.state = 7};
    for (size_t cap = 0; cap < 24; cap++) {
        uint8_t buffer[32];
        memset(buffer, 0x5a, sizeof buffer);
        slip_decoder decoder;
        slip_decoder_init(&decoder, buffer, cap);
        for (size_t i = 0; i < 2000; i++) {
            uint8_t byte = (uint8_t)test_rng_next(&rng);
            byte = (byte & 0x30) == 0 ? SLIP_END : (byte & 0x30) == 0x10 ? SLIP_ESC : byte;
            CHECK(slip_decode(&decoder, byte) <= cap);
        }
        for (size_t i = cap; i < sizeof buffer; i++) {
            CHECK_INT(buffer[i], 0x5a);
        }
    }
}

void suite_slip(void);

void suite_slip(void)
{
    RUN(bytes_on_the_line);
    RUN(round_trips);
    RUN(a_packet_that_is_too_long_is_dropped_whole);
    RUN(a_broken_escape_drops_the_packet);
    RUN(noise_never_writes_outside_the_buffer);
}
