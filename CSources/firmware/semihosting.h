/* Services of the host that runs the simulation, by Arm semihosting (BKPT 0xAB). Under QEMU only: on a chip without a
 * debugger the instruction is a fault. */
#ifndef FIRMWARE_SEMIHOSTING_H
#define FIRMWARE_SEMIHOSTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FOR SIMULATION ONLY: random bytes of the host's /dev/urandom, for machines that QEMU gives no random generator. A
 * product must take them from its own hardware generator instead. */
bool semihosting_random(uint8_t *out, size_t len);

#endif
