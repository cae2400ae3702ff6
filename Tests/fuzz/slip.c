/* SLIP (RFC 1055) as the firmware receives it: the decoder on noise, against a second one that looks at whole packets;
 * and packets there and back. The first byte is the capacity of the receiver's buffer.
 *
 * seed: 20 c0 4401 c0 c0 4402 dbdc dbdd c0
 * seed: 04 c0 0102030405 c0 01 c0
 * seed: 10 01 db02 c0 0102 db c0 c0
 * seed: 00 01c0 */
#include "slip.h"
#include "support/fuzz.h"

FUZZ_GOALS(PACKET, ESCAPED, DROPPED);

#define LINE_MAX 8192

static uint8_t line[LINE_MAX];
static size_t line_len;

void fuzz_setup(void)
{
}

static void write_line(uint8_t byte)
{
    FUZZ_CHECK(line_len < LINE_MAX);
    line[line_len++] = byte;
}

/* The packet that data[0..len), which holds no END, stands for: false if it is to be dropped. */
static bool unescape(const uint8_t *data, size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    *out_len = 0;
    for (size_t i = 0; i < len; i++) {
        uint8_t byte = data[i];
        if (byte == SLIP_ESC) {
            if (++i == len || (data[i] != SLIP_ESC_END && data[i] != SLIP_ESC_ESC)) {
                return false;
            }
            byte = data[i] == SLIP_ESC_END ? SLIP_END : SLIP_ESC;
            fuzz_reached(ESCAPED);
        }
        if (*out_len == cap) {
            return false;
        }
        out[(*out_len)++] = byte;
    }
    return true;
}

static void receive(const uint8_t *data, size_t len, size_t cap)
{
    uint8_t *packet = fuzz_exact(line, cap);
    uint8_t *expected = fuzz_exact(line, cap);
    uint32_t dropped = 0;
    size_t begin = 0;
    slip_decoder decoder;
    slip_decoder_init(&decoder, packet, cap);
    for (size_t i = 0; i < len; i++) {
        size_t got = slip_decode(&decoder, data[i]);
        FUZZ_CHECK(decoder.len <= cap && got <= cap);
        if (data[i] != SLIP_END) {
            FUZZ_CHECK(got == 0);
            continue;
        }
        size_t expected_len;
        if (unescape(data + begin, i - begin, expected, cap, &expected_len)) {
            FUZZ_CHECK(got == expected_len && memcmp(packet, expected, got) == 0);
            if (got > 0) {
                fuzz_reached(PACKET);
            }
        } else {
            FUZZ_CHECK(got == 0);
            dropped++;
            fuzz_reached(DROPPED);
        }
        FUZZ_CHECK(decoder.dropped == dropped);
        begin = i + 1;
    }
}

void fuzz_one(fuzz_input in)
{
    size_t cap = fuzz_byte(&in);
    husk_bytes rest = fuzz_rest(&in);
    receive(rest.data, rest.len, cap);

    if (rest.len > 0 && 2 * rest.len + 2 <= LINE_MAX) {
        line_len = 0;
        slip_encode(write_line, rest.data, rest.len);
        uint8_t *packet = fuzz_exact(rest.data, rest.len);
        memset(packet, 0, rest.len);
        slip_decoder decoder;
        slip_decoder_init(&decoder, packet, rest.len);
        size_t got = 0;
        for (size_t i = 0; i < line_len; i++) {
            got = slip_decode(&decoder, line[i]);
        }
        FUZZ_CHECK(got == rest.len && memcmp(packet, rest.data, got) == 0 && decoder.dropped == 0);
    }
}
