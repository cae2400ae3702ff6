/* How a journal lies in flash, and the steps its operations are made of.
 *
 * A page: head, five marks, log. Each mark is one unit, programmed with zeros; it is set if any bit of it is.
 *     head      "HJ", layout, 0, sequence number (4 bytes), CRC-32 over these and the sizes of the flash (4 bytes).
 *               Written when the log below it is complete: with it the page takes the place of the one before
 *     SEALED    the head was programmed completely
 *     CLEAN     then all other pages were erased completely
 *     LEAVING   then other pages were about to be touched: the live records to be copied to one
 *     AGAIN     the same, after a start that found LEAVING, which a cut may have left half programmed
 *     REJECTED  a start found the page not sealed, and goes on with the one before
 * A record: head, data, seal; each in whole units and programmed in that order, never two in one program.
 *     head      record, length, CRC-16 over these (2 bytes), CRC-32 over all of it but this (4 bytes)
 *     data      those of an empty record, which stands for one that was removed, are a unit of zeros: a record in one
 *               program could read as nothing after a cut, and as whole later
 *     seal      one unit of zeros: head and data were programmed completely
 * A page that is CLEAN and not LEAVING, whose log ends with a sealed record or none, is as an operation left it;
 * anything else is what a power cut left. Integers are big-endian. */
#ifndef HUSK_JOURNAL_LAYOUT_H
#define HUSK_JOURNAL_LAYOUT_H

#include "husk/journal.h"

enum {
    HUSK_JOURNAL_SEALED,
    HUSK_JOURNAL_CLEAN,
    HUSK_JOURNAL_LEAVING,
    HUSK_JOURNAL_AGAIN,
    HUSK_JOURNAL_REJECTED,
    HUSK_JOURNAL_MARKS
};

#define HUSK_JOURNAL_HEAD_BYTES 12
#define HUSK_JOURNAL_RECORD_HEAD_BYTES 8

/* A record of the log. */
typedef struct husk_journal_entry {
    uint32_t data; /* offset of its data */
    uint32_t seal; /* offset of its seal, which is its last unit */
    uint8_t record;
    uint8_t len;
    uint32_t crc;
} husk_journal_entry;

/* A record to be stored. */
typedef struct husk_journal_change {
    uint8_t record;
    husk_bytes data;
} husk_journal_change;

/* An offset in flash: of what is not there. */
#define HUSK_JOURNAL_NOWHERE UINT32_MAX

/* ---- flash.c ---- */

/* Programs bytes one after another, in whole units. Errors stick; a unit that does not read as it was programmed is
 * HUSK_ERR_STORAGE. */
typedef struct husk_journal_writer {
    const husk_journal_flash *flash;
    uint32_t offset; /* of chunk[0] */
    husk_status status;
    uint8_t fill;
    uint8_t chunk[HUSK_JOURNAL_PROGRAM_MAX_BYTES];
} husk_journal_writer;

void husk_journal_writer_init(husk_journal_writer *w, const husk_journal_flash *flash, uint32_t offset);
void husk_journal_write(husk_journal_writer *w, const uint8_t *data, size_t len);

/* Programs what is left, up to the end of its unit. More may be written after that. */
husk_status husk_journal_writer_finish(husk_journal_writer *w);

/* Programs zeros over whole units. */
husk_status husk_journal_write_zeros(const husk_journal_flash *flash, uint32_t offset, uint32_t len);

/* True if flash[from..to) reads as erased. */
bool husk_journal_is_blank(const husk_journal_flash *flash, uint32_t from, uint32_t to);

/* Erases a page, and sees that it is. */
husk_status husk_journal_erase(const husk_journal_flash *flash, uint8_t page);

/* CRC-32 of IEEE 802.3 without the inversions: continues from `crc`. Time depends on len only. */
uint32_t husk_journal_crc(uint32_t crc, const uint8_t *data, size_t len);

/* ---- page.c ---- */

static inline uint32_t husk_journal_units(const husk_journal_flash *flash, uint32_t len)
{
    uint32_t mask = (uint32_t)flash->unit_bytes - 1;
    return (len + mask) & ~mask;
}

/* Offset of a page, and of its log. */
uint32_t husk_journal_page_offset(const husk_journal_flash *flash, uint8_t page);
uint32_t husk_journal_log_offset(const husk_journal_flash *flash, uint8_t page);

/* Reads the head of a page; false if there is none. */
bool husk_journal_head_read(const husk_journal_flash *flash, uint8_t page, uint32_t *sequence);
husk_status husk_journal_head_write(const husk_journal_flash *flash, uint8_t page, uint32_t sequence);

/* A bit for each mark that is set. */
unsigned husk_journal_marks(const husk_journal_flash *flash, uint8_t page);
husk_status husk_journal_mark_set(const husk_journal_flash *flash, uint8_t page, unsigned mark);

/* ---- log.c ---- */

/* Reads the head of the record at `offset`, if there is one that ends before `limit`. */
bool husk_journal_entry_read(const husk_journal_flash *flash, uint32_t offset, uint32_t limit,
                             husk_journal_entry *entry);

/* Copies its data to out, which may be NULL; true if head and data read as they were stored. */
bool husk_journal_entry_load(const husk_journal_flash *flash, const husk_journal_entry *entry, uint8_t *out);

/* The last record of this name in flash[from..to); false if there is none. */
bool husk_journal_find(const husk_journal_flash *flash, uint32_t from, uint32_t to, uint8_t record,
                       husk_journal_entry *entry);

/* A bit for each record that is named in flash[from..to). */
uint32_t husk_journal_names(const husk_journal_flash *flash, uint32_t from, uint32_t to);

/* Programs a record, or another one's copy, at `offset`, and its seal; sets *end behind it. */
husk_status husk_journal_append(const husk_journal_flash *flash, uint32_t offset, uint8_t record, husk_bytes data,
                                uint32_t *end);
husk_status husk_journal_copy(const husk_journal_flash *flash, uint32_t offset, const husk_journal_entry *entry,
                              uint32_t *end);

/* ---- change.c ---- */

/* Where the log of a journal begins, and where it ends at the latest. */
static inline uint32_t husk_journal_log_begin(const husk_journal *journal)
{
    return husk_journal_log_offset(journal->flash, journal->page);
}

static inline uint32_t husk_journal_log_limit(const husk_journal *journal)
{
    return husk_journal_page_offset(journal->flash, journal->page) + journal->flash->page_bytes;
}

/* The page that is taken into use after `steps` changes. */
static inline uint8_t husk_journal_page_after(const husk_journal *journal, uint8_t steps)
{
    return (uint8_t)((journal->page + steps) % journal->flash->page_count);
}

/* The last record of this name in the log; false if there is none. */
static inline bool husk_journal_find_live(const husk_journal *journal, uint8_t record, husk_journal_entry *entry)
{
    return husk_journal_find(journal->flash, husk_journal_log_begin(journal), journal->end, record, entry);
}

/* True if the live records and the new one fit a page. */
bool husk_journal_fits(const husk_journal *journal, const husk_journal_change *change);

/* Copies the live records to the next page, or the first after it that does not fail, with the new one if there is
 * any (else NULL), and erases the old page. HUSK_ERR_STORAGE: every page failed; the old one stays in use.
 * HUSK_ERR_CORRUPT if the data at `doubtful`, which a power cut may have left half programmed, changed while they were
 * copied. */
husk_status husk_journal_change_page(husk_journal *journal, const husk_journal_change *change, uint32_t doubtful);

/* Its first step: says in the old page that others are about to be touched. */
void husk_journal_leave(husk_journal *journal);

/* And its last but one: puts a page into use, whose log was written up to `end`. */
husk_status husk_journal_enter(husk_journal *journal, uint8_t page, uint32_t sequence, uint32_t end);

#endif
