/* CBOR writer: heads in shortest form; whatever does not fit is counted but not written. */
#include <string.h>

#include "husk/cbor.h"

void husk_cbor_writer_init(husk_cbor_writer *w, uint8_t *out, size_t cap)
{
    w->out = out;
    w->cap = cap;
    w->len = 0;
}

husk_status husk_cbor_writer_finish(const husk_cbor_writer *w, size_t *len)
{
    *len = w->len;
    return w->len <= w->cap ? HUSK_OK : HUSK_ERR_BUFFER;
}

void husk_cbor_write_raw(husk_cbor_writer *w, const uint8_t *data, size_t len)
{
    size_t at = w->len;
    if (len > SIZE_MAX - at) { /* absurd lengths stay too long instead of wrapping around */
        len = SIZE_MAX - at;
    }
    w->len = at + len;
    if (w->len <= w->cap && len > 0) {
        memcpy(w->out + at, data, len);
    }
}

void husk_cbor_write_head(husk_cbor_writer *w, uint8_t major, uint64_t argument)
{
    uint8_t head[HUSK_CBOR_HEAD_MAX_BYTES];
    uint32_t words[2] = {(uint32_t)(argument >> 32), (uint32_t)argument};
    for (size_t i = 0; i < 8; i++) {
        head[1 + i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)));
    }
    uint8_t info = 27;
    size_t width = 8;
    if (words[0] == 0) {
        info = 26;
        width = 4;
        if (words[1] <= UINT16_MAX) {
            info = 25;
            width = 2;
        }
        if (words[1] <= UINT8_MAX) {
            info = 24;
            width = 1;
        }
        if (words[1] < 24) {
            info = (uint8_t)words[1];
            width = 0;
        }
    }
    uint8_t *start = head + 8 - width;
    *start = (uint8_t)(major << 5 | info);
    husk_cbor_write_raw(w, start, 1 + width);
}

void husk_cbor_write_int(husk_cbor_writer *w, int64_t value)
{
    if (value < 0) {
        husk_cbor_write_head(w, HUSK_CBOR_NINT, ~(uint64_t)value);
        return;
    }
    husk_cbor_write_head(w, HUSK_CBOR_UINT, (uint64_t)value);
}

void husk_cbor_write_bytes(husk_cbor_writer *w, const uint8_t *data, size_t len)
{
    husk_cbor_write_head(w, HUSK_CBOR_BYTES, len);
    husk_cbor_write_raw(w, data, len);
}

void husk_cbor_write_text(husk_cbor_writer *w, const char *text, size_t len)
{
    husk_cbor_write_head(w, HUSK_CBOR_TEXT, len);
    husk_cbor_write_raw(w, (const uint8_t *)text, len);
}

void husk_cbor_write_bool(husk_cbor_writer *w, bool value)
{
    husk_cbor_write_head(w, HUSK_CBOR_SIMPLE, value ? 21 : 20);
}
