/* text: decimal numbers and strings into a line, without a C library. */
#include "text.h"

static void add_char(text *t, char c)
{
    if (t->len + 1 < sizeof t->line) {
        t->line[t->len++] = c;
        t->line[t->len] = 0;
    }
}

void text_add(text *t, const char *piece)
{
    while (*piece != 0) {
        add_char(t, *piece++);
    }
}

void text_add_bytes(text *t, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        add_char(t, bytes[i] >= ' ' && bytes[i] < 0x7f ? (char)bytes[i] : '?');
    }
}

void text_add_int(text *t, int32_t value)
{
    char digits[11];
    size_t at = sizeof digits - 1;
    digits[at] = 0;
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) {
        add_char(t, '-');
    }
    text_add(t, digits + at);
}

void text_add_field(text *t, const char *name, size_t value)
{
    add_char(t, ' ');
    text_add(t, name);
    add_char(t, '=');
    text_add_int(t, (int32_t)value);
}
