/* A line of text put together piece by piece; what does not fit is cut off. */
#ifndef FIRMWARE_TEXT_H
#define FIRMWARE_TEXT_H

#include <stddef.h>
#include <stdint.h>

#define TEXT_MAX_BYTES 160

/* `line` is always ended with a zero byte. A line that is all zeros is empty. */
typedef struct text {
    size_t len;
    char line[TEXT_MAX_BYTES];
} text;

void text_add(text *t, const char *piece);
/* The same for bytes from elsewhere: what is not printable ASCII becomes a question mark. */
void text_add_bytes(text *t, const uint8_t *bytes, size_t len);

void text_add_int(text *t, int32_t value);

/* Adds " name=value", as the reports that programs read have it. */
void text_add_field(text *t, const char *name, size_t value);

#endif
