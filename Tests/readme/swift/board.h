/* What the README's device in Swift needs of a board: its radio, clock, random generator, and the key in its flash. */
#ifndef README_BOARD_H
#define README_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const uint8_t *board_key(void);
uint32_t board_millis(void);
bool board_random(uint8_t *out, size_t len);
void radio_send(const void *datagram, size_t len);
size_t radio_wait(void *datagram, size_t cap, uint32_t wait_ms);

#endif
