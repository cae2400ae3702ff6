/* Programming, erasing and checking flash in its units. */
#include "base/ct.h"
#include "base/secret.h"
#include "journal/layout.h"

#define PIECE_BYTES 16

#define POLYNOMIAL 0xedb88320u

uint32_t husk_journal_crc(uint32_t crc, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (POLYNOMIAL & husk_ct_mask(crc & 1));
        }
    }
    return crc;
}

bool husk_journal_is_blank(const husk_journal_flash *flash, uint32_t from, uint32_t to)
{
    uint8_t piece[PIECE_BYTES];
    uint8_t all = 0xff;
    while (from < to && all == 0xff) {
        size_t len = to - from < sizeof piece ? to - from : sizeof piece;
        if (flash->read(flash->context, from, piece, len) != HUSK_OK) {
            return false;
        }
        for (size_t i = 0; i < len; i++) {
            all &= piece[i];
        }
        from += (uint32_t)len;
    }
    return all == 0xff;
}

husk_status husk_journal_erase(const husk_journal_flash *flash, uint8_t page)
{
    uint32_t offset = husk_journal_page_offset(flash, page);
    if (flash->erase(flash->context, offset) != HUSK_OK ||
        !husk_journal_is_blank(flash, offset, offset + flash->page_bytes)) {
        return HUSK_ERR_STORAGE;
    }
    return HUSK_OK;
}

void husk_journal_writer_init(husk_journal_writer *w, const husk_journal_flash *flash, uint32_t offset)
{
    w->flash = flash;
    w->offset = offset;
    w->status = HUSK_OK;
    w->fill = 0;
}

/* True if the chunk reads as it was programmed. */
static bool is_programmed(const husk_journal_writer *w)
{
    uint8_t piece[PIECE_BYTES];
    bool same = true;
    for (uint8_t at = 0; at < w->fill && same; at = (uint8_t)(at + PIECE_BYTES)) {
        size_t len = w->fill - at < PIECE_BYTES ? (size_t)(w->fill - at) : PIECE_BYTES;
        same = w->flash->read(w->flash->context, w->offset + at, piece, len) == HUSK_OK &&
               husk_equal(piece, w->chunk + at, len);
        HUSK_PUBLIC(&same, sizeof same);
    }
    husk_wipe(piece, sizeof piece);
    return same;
}

static void flush(husk_journal_writer *w)
{
    if (w->status == HUSK_OK && w->fill > 0 &&
        (w->flash->program(w->flash->context, w->offset, w->chunk, w->fill) != HUSK_OK || !is_programmed(w))) {
        w->status = HUSK_ERR_STORAGE;
    }
    w->offset += w->fill;
    w->fill = 0;
}

void husk_journal_write(husk_journal_writer *w, const uint8_t *data, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        w->chunk[w->fill++] = data[i];
        if ((w->offset + w->fill) % HUSK_JOURNAL_PROGRAM_MAX_BYTES == 0) {
            flush(w);
        }
    }
}

husk_status husk_journal_writer_finish(husk_journal_writer *w)
{
    static const uint8_t padding = 0xff;
    while ((w->offset + w->fill) % w->flash->unit_bytes != 0) {
        husk_journal_write(w, &padding, 1);
    }
    flush(w);
    husk_wipe(w->chunk, sizeof w->chunk);
    return w->status;
}

husk_status husk_journal_write_zeros(const husk_journal_flash *flash, uint32_t offset, uint32_t len)
{
    static const uint8_t zero = 0;
    husk_journal_writer w;
    husk_journal_writer_init(&w, flash, offset);
    while (len > 0) {
        husk_journal_write(&w, &zero, 1);
        len--;
    }
    return husk_journal_writer_finish(&w);
}
