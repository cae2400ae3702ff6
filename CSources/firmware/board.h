/* What the firmware needs of a board: a UART, a clock, random bytes, and a way to print and to end. One file per board
 * family implements it: nrf51.c and mps2.c, with semihosting.c for what QEMU's host provides. */
#ifndef FIRMWARE_BOARD_H
#define FIRMWARE_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Name of the machine as QEMU calls it. */
extern const char board_name[];

/* Starts clock, UART and random generator. Called by the reset handler before main. */
void board_init(void);

/* Milliseconds since board_init; wraps around after 2^32 of them. */
uint32_t board_millis(void);

/* Seconds since 1970-01-01T00:00Z, from a clock that runs on while the board is off; 0 if it does not know. */
uint32_t board_time(void);

/* Sleeps until a byte has been received, at most `ms` milliseconds (and at most a minute); may return early. */
void board_wait(uint32_t ms);

/* Takes one received byte if there is one; never waits. */
bool board_uart_read(uint8_t *byte);

/* Sends one byte and waits until it is on its way. */
void board_uart_write(uint8_t byte);

/* Fills out[0..len) with random bytes; false if there are none to be had. */
bool board_random(uint8_t *out, size_t len);

/* Prints on QEMU's standard error, through semihosting. */
void board_print(const char *text);

/* Ends the simulation with this exit code. */
_Noreturn void board_exit(int32_t code);

#endif
