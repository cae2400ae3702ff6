/* slip: packets over a serial line (RFC 1055). A packet here is one CoAP datagram, whose first byte is 0x40 to 0x7f, or a
 * line of diagnostic text, marked by a first byte 0x0a as in Slipmux (draft-bormann-t2trg-slipmux). */
#ifndef FIRMWARE_SLIP_H
#define FIRMWARE_SLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SLIP_END 0xc0
#define SLIP_ESC 0xdb
#define SLIP_ESC_END 0xdc
#define SLIP_ESC_ESC 0xdd

#define SLIP_DIAGNOSTIC 0x0a

/* Sends packet[0..len) through `write`, with an END on both sides so that noise before it is cut off. */
void slip_encode(void (*write)(uint8_t byte), const uint8_t *packet, size_t len);

/* Sends a line of diagnostic text. */
void slip_encode_diagnostic(void (*write)(uint8_t byte), const char *text);

/* Receives packets of up to `cap` bytes into a buffer of the caller's. Longer ones, and those with an escape that RFC 1055
 * does not know, are dropped whole and counted. */
typedef struct slip_decoder {
    uint8_t *packet;
    size_t cap;
    size_t len;
    uint32_t dropped;
    bool escaped;
    bool dropping;
} slip_decoder;

void slip_decoder_init(slip_decoder *decoder, uint8_t *packet, size_t cap);

/* Takes one byte. Returns the length of the packet that it completes, which stays in the buffer until the next call; 0
 * while there is none. */
size_t slip_decode(slip_decoder *decoder, uint8_t byte);

#endif
