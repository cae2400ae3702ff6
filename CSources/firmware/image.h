/* What the linker script knows of the image, and the painted stack. */
#ifndef FIRMWARE_IMAGE_H
#define FIRMWARE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes in bytes: code with constants, initialised data (which also takes flash), zeroed data. */
size_t image_text_bytes(void);
size_t image_data_bytes(void);
size_t image_bss_bytes(void);

/* Fills the unused stack below the caller with a pattern. Also done once by the reset handler. */
void stack_paint(void);

/* The deepest the stack has been since it was painted, in bytes below its top. */
size_t stack_peak(void);

/* Bytes in use by the callers of this function. */
size_t stack_used(void);

/* True if the lowest word is no longer the pattern: the stack may have run into the data below it. */
bool stack_overflowed(void);

/* Where provisioning is looked for (provisioning.h): in the last kilobyte of flash. */
extern const uint8_t husk_provisioning[];

#endif
