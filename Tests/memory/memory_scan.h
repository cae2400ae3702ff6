/* memory_scan: how an image of lives tells scan.py what to look for in RAM, and when. It prints nothing and keeps
 * nothing: it says where a secret lies, and waits while the host reads it, or all of RAM, through QEMU's monitor. */
#ifndef MEMORY_SCAN_H
#define MEMORY_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the host is to do; it finds this by its symbol. */
typedef struct memory_scan_request {
    const char *name;
    const void *at;
    size_t len;
} memory_scan_request;

/* There is a secret of this name at[0..len): to be looked for from now on. */
void memory_scan_secret(const char *name, const void *at, size_t len);

/* The life of this name is over: RAM must hold none of the secrets named since the last one. */
void memory_scan_end_of(const char *name);

/* Bytes that are not random but the same in every run, as the random hook of the lives: with them what is found is
 * found in every run. */
int32_t memory_scan_random(void *context, uint8_t *out, size_t len);

/* The same as a RandomSource of Swift. */
bool memory_scan_fill(uint8_t *out, size_t len);

/* Static memory for the values of Swift. */
void *memory_scan_room(void);
#define MEMORY_SCAN_ROOM_BYTES 2048

/* Ends with a word if a step of a life did not succeed. */
void memory_scan_expect(bool good, const char *what);

#endif
