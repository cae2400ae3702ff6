/* endpoint: a device endpoint on a board: its datagrams on the UART, its records in simulated flash, its reasons to end.
 * What sensor and door have in common. */
#ifndef FIRMWARE_ENDPOINT_H
#define FIRMWARE_ENDPOINT_H

#include "husk/husk.h"
#include "provisioning.h"
#include "text.h"

/* Exit codes. */
#define EXIT_NOT_PROVISIONED 1
#define EXIT_FAILED 2
#define EXIT_STACK 4

/* Records beside those of the device endpoint. */
#define ENDPOINT_RECORD_SENDER (HUSK_DEVICE_RECORD_RESERVED + 1)
#define ENDPOINT_RECORD_OPENER (HUSK_DEVICE_RECORD_RESERVED + 2)

extern husk_device endpoint_device;
extern uint32_t endpoint_retransmissions;
extern const husk_storage endpoint_storage;

/* Checks what is provisioned and prepares all but the endpoint itself; `blocks` may be NULL. Ends the firmware if it
 * cannot be used. */
void endpoint_configure(const provisioning *p, husk_device_blocks *blocks);

/* An endpoint without a session: keeps what it stored, as after a reboot. */
void endpoint_start(void);

/* Sends what is due, sleeps until there is something to do, at most `ms`, and takes what has come. */
husk_event endpoint_step(uint32_t ms);

/* The same until something happened. */
husk_event endpoint_next_event(void);

/* A line on the UART. */
void endpoint_say(const text *t);

/* How long it took to authenticate, since the moment `since`. */
void endpoint_say_authenticated(uint32_t since);

/* What all of it took of stack and memory. */
void endpoint_report(void);

/* Wipes everything, and ends the firmware if the stack did not suffice. */
void endpoint_end(void);

/* Ends with a reason, on the UART and on QEMU's standard error. */
_Noreturn void endpoint_give_up(const char *why, husk_status status, int32_t code);

#endif
