/* Heads and marks of pages. */
#include <string.h>

#include "base/bytes.h"
#include "journal/layout.h"

#define LAYOUT 1

uint32_t husk_journal_page_offset(const husk_journal_flash *flash, uint8_t page)
{
    return page * flash->page_bytes;
}

static uint32_t mark_offset(const husk_journal_flash *flash, uint8_t page, unsigned mark)
{
    return husk_journal_page_offset(flash, page) + husk_journal_units(flash, HUSK_JOURNAL_HEAD_BYTES) +
           mark * flash->unit_bytes;
}

uint32_t husk_journal_log_offset(const husk_journal_flash *flash, uint8_t page)
{
    return mark_offset(flash, page, HUSK_JOURNAL_MARKS);
}

/* The sizes are part of the checksum: flash that was written with others does not read as a journal. */
static void head_compose(const husk_journal_flash *flash, uint32_t sequence, uint8_t head[HUSK_JOURNAL_HEAD_BYTES])
{
    uint8_t sizes[6] = {flash->page_count, flash->unit_bytes};
    husk_store_be32(sizes + 2, flash->page_bytes);
    husk_store_be32(head, (uint32_t)'H' << 24 | (uint32_t)'J' << 16 | LAYOUT << 8);
    husk_store_be32(head + 4, sequence);
    uint32_t crc = husk_journal_crc(husk_journal_crc(UINT32_MAX, sizes, sizeof sizes), head, 8);
    husk_store_be32(head + 8, crc);
}

bool husk_journal_head_read(const husk_journal_flash *flash, uint8_t page, uint32_t *sequence)
{
    uint8_t head[HUSK_JOURNAL_HEAD_BYTES];
    uint8_t expected[HUSK_JOURNAL_HEAD_BYTES];
    if (flash->read(flash->context, husk_journal_page_offset(flash, page), head, sizeof head) != HUSK_OK) {
        return false;
    }
    *sequence = husk_load_be32(head + 4);
    head_compose(flash, *sequence, expected);
    return memcmp(head, expected, sizeof head) == 0;
}

husk_status husk_journal_head_write(const husk_journal_flash *flash, uint8_t page, uint32_t sequence)
{
    uint8_t head[HUSK_JOURNAL_HEAD_BYTES];
    husk_journal_writer w;
    head_compose(flash, sequence, head);
    husk_journal_writer_init(&w, flash, husk_journal_page_offset(flash, page));
    husk_journal_write(&w, head, sizeof head);
    return husk_journal_writer_finish(&w);
}

unsigned husk_journal_marks(const husk_journal_flash *flash, uint8_t page)
{
    unsigned marks = 0;
    for (unsigned mark = 0; mark < HUSK_JOURNAL_MARKS; mark++) {
        uint32_t offset = mark_offset(flash, page, mark);
        marks |= (unsigned)!husk_journal_is_blank(flash, offset, offset + flash->unit_bytes) << mark;
    }
    return marks;
}

husk_status husk_journal_mark_set(const husk_journal_flash *flash, uint8_t page, unsigned mark)
{
    return husk_journal_write_zeros(flash, mark_offset(flash, page, mark), flash->unit_bytes);
}
