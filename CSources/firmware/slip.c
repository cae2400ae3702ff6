/* slip: see slip.h. The decoder trusts nothing: every byte of noise ends at the next END at the latest. */
#include "slip.h"

static void encode_byte(void (*write)(uint8_t byte), uint8_t byte)
{
    if (byte == SLIP_END || byte == SLIP_ESC) {
        write(SLIP_ESC);
        byte = byte == SLIP_END ? SLIP_ESC_END : SLIP_ESC_ESC;
    }
    write(byte);
}

void slip_encode(void (*write)(uint8_t byte), const uint8_t *packet, size_t len)
{
    write(SLIP_END);
    for (size_t i = 0; i < len; i++) {
        encode_byte(write, packet[i]);
    }
    write(SLIP_END);
}

void slip_encode_diagnostic(void (*write)(uint8_t byte), const char *text)
{
    write(SLIP_END);
    write(SLIP_DIAGNOSTIC);
    while (*text != 0) {
        encode_byte(write, (uint8_t)*text++);
    }
    write(SLIP_END);
}

void slip_decoder_init(slip_decoder *decoder, uint8_t *packet, size_t cap)
{
    *decoder = (slip_decoder){.packet = packet, .cap = cap};
}

/* The packet that ends here: its length, or 0 if it is empty or broken. */
static size_t finish(slip_decoder *decoder)
{
    size_t len = decoder->len;
    if (decoder->dropping || decoder->escaped) {
        decoder->dropped++;
        len = 0;
    }
    decoder->len = 0;
    decoder->escaped = false;
    decoder->dropping = false;
    return len;
}

static void append(slip_decoder *decoder, uint8_t byte)
{
    if (decoder->len == decoder->cap) {
        decoder->dropping = true;
        return;
    }
    decoder->packet[decoder->len++] = byte;
}

size_t slip_decode(slip_decoder *decoder, uint8_t byte)
{
    if (byte == SLIP_END) {
        return finish(decoder);
    }
    if (decoder->dropping) {
        return 0;
    }
    if (byte == SLIP_ESC && !decoder->escaped) {
        decoder->escaped = true;
        return 0;
    }
    if (!decoder->escaped) {
        append(decoder, byte);
        return 0;
    }
    decoder->escaped = false;
    if (byte != SLIP_ESC_END && byte != SLIP_ESC_ESC) {
        decoder->dropping = true;
        return 0;
    }
    append(decoder, byte == SLIP_ESC_END ? SLIP_END : SLIP_ESC);
    return 0;
}
