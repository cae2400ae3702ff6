/* The log of a page: records one after another, the last one of a name being the one that counts. */
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "journal/layout.h"

#define CHECKED_BYTES 4 /* record, length and the CRC of these */
#define PIECE_BYTES 16

static void head_compose(uint8_t record, uint8_t len, uint8_t head[HUSK_JOURNAL_RECORD_HEAD_BYTES])
{
    head[0] = record;
    head[1] = len;
    husk_store_be16(head + 2, (uint16_t)husk_journal_crc(UINT32_MAX, head, 2));
}

bool husk_journal_entry_read(const husk_journal_flash *flash, uint32_t offset, uint32_t limit,
                             husk_journal_entry *entry)
{
    uint8_t head[HUSK_JOURNAL_RECORD_HEAD_BYTES];
    uint8_t expected[HUSK_JOURNAL_RECORD_HEAD_BYTES];
    if (limit - offset < sizeof head || flash->read(flash->context, offset, head, sizeof head) != HUSK_OK) {
        return false;
    }
    head_compose(head[0], head[1], expected);
    if (head[0] >= HUSK_JOURNAL_RECORDS || memcmp(head, expected, CHECKED_BYTES) != 0) {
        return false;
    }
    entry->record = head[0];
    entry->len = head[1];
    entry->data = offset + husk_journal_units(flash, HUSK_JOURNAL_RECORD_HEAD_BYTES);
    entry->seal = entry->data + husk_journal_units(flash, entry->len > 0 ? entry->len : 1);
    entry->crc = husk_load_be32(head + CHECKED_BYTES);
    return entry->seal + flash->unit_bytes <= limit;
}

static uint32_t entry_crc(uint8_t record, uint8_t len)
{
    uint8_t head[HUSK_JOURNAL_RECORD_HEAD_BYTES];
    head_compose(record, len, head);
    return husk_journal_crc(UINT32_MAX, head, CHECKED_BYTES);
}

bool husk_journal_entry_load(const husk_journal_flash *flash, const husk_journal_entry *entry, uint8_t *out)
{
    uint8_t piece[PIECE_BYTES];
    uint32_t crc = entry_crc(entry->record, entry->len);
    bool readable = entry->len > 0 || !husk_journal_is_blank(flash, entry->data, entry->seal);
    for (uint32_t at = 0; at < entry->len && readable; at += PIECE_BYTES) {
        size_t len = entry->len - at < PIECE_BYTES ? entry->len - at : PIECE_BYTES;
        uint8_t *to = out != NULL ? out + at : piece;
        readable = flash->read(flash->context, entry->data + at, to, len) == HUSK_OK;
        crc = husk_journal_crc(crc, to, len);
    }
    husk_wipe(piece, sizeof piece);
    HUSK_PUBLIC(&crc, sizeof crc);
    return readable && crc == entry->crc;
}

bool husk_journal_find(const husk_journal_flash *flash, uint32_t from, uint32_t to, uint8_t record,
                       husk_journal_entry *entry)
{
    husk_journal_entry next;
    bool found = false;
    for (uint32_t at = from; husk_journal_entry_read(flash, at, to, &next); at = next.seal + flash->unit_bytes) {
        if (next.record == record) {
            *entry = next;
            found = true;
        }
    }
    return found;
}

uint32_t husk_journal_names(const husk_journal_flash *flash, uint32_t from, uint32_t to)
{
    husk_journal_entry next;
    uint32_t names = 0;
    for (uint32_t at = from; husk_journal_entry_read(flash, at, to, &next); at = next.seal + flash->unit_bytes) {
        names |= (uint32_t)1 << next.record;
    }
    return names;
}

/* Begins a record with its head, which is programmed alone; ends it. */
static void begin(husk_journal_writer *w, const husk_journal_flash *flash, uint32_t offset, uint8_t record, uint8_t len,
                  uint32_t crc)
{
    uint8_t head[HUSK_JOURNAL_RECORD_HEAD_BYTES];
    head_compose(record, len, head);
    husk_store_be32(head + CHECKED_BYTES, crc);
    husk_journal_writer_init(w, flash, offset);
    husk_journal_write(w, head, sizeof head);
    (void)husk_journal_writer_finish(w); /* an error sticks */
}

static husk_status finish(husk_journal_writer *w, uint32_t *end)
{
    husk_status status = husk_journal_writer_finish(w);
    *end = w->offset + w->flash->unit_bytes;
    return status == HUSK_OK ? husk_journal_write_zeros(w->flash, w->offset, w->flash->unit_bytes) : status;
}

husk_status husk_journal_append(const husk_journal_flash *flash, uint32_t offset, uint8_t record, husk_bytes data,
                                uint32_t *end)
{
    husk_journal_writer w;
    uint32_t crc = husk_journal_crc(entry_crc(record, (uint8_t)data.len), data.data, data.len);
    HUSK_PUBLIC(&crc, sizeof crc);
    begin(&w, flash, offset, record, (uint8_t)data.len, crc);
    static const uint8_t none = 0;
    husk_journal_write(&w, data.len > 0 ? data.data : &none, data.len > 0 ? data.len : 1);
    return finish(&w, end);
}

/* With the checksum it had: a record that was damaged stays a damaged one. */
husk_status husk_journal_copy(const husk_journal_flash *flash, uint32_t offset, const husk_journal_entry *entry,
                              uint32_t *end)
{
    uint8_t piece[PIECE_BYTES];
    husk_journal_writer w;
    begin(&w, flash, offset, entry->record, entry->len, entry->crc);
    for (uint32_t at = 0; at < entry->len; at += (uint32_t)sizeof piece) {
        size_t len = entry->len - at < sizeof piece ? entry->len - at : sizeof piece;
        if (flash->read(flash->context, entry->data + at, piece, len) != HUSK_OK) {
            memset(piece, 0, sizeof piece);
        }
        husk_journal_write(&w, piece, len);
    }
    husk_wipe(piece, sizeof piece);
    return finish(&w, end);
}
