/* journal: the storage hook (husk_storage in base.h) over raw NOR flash pages. Records are appended to a log in one
 * page; when it is full, the live ones are copied to the next page, which takes its place. All pages wear alike.
 *
 *     static const husk_journal_flash flash = {read, program, erase, NULL, .page_bytes = 4096, .page_count = 2,
 *                                              .unit_bytes = 4};
 *     static husk_journal journal;
 *     husk_status status = husk_journal_mount(&journal, &flash);
 *     if (status == HUSK_ERR_CORRUPT)
 *         status = husk_journal_format(&journal, &flash);
 *     config.storage = (husk_storage){husk_journal_load, husk_journal_store, &journal};
 *
 * What it stands
 *     The power may fail in any program and erase. A record is the old or the new one afterwards, never a mixture, and
 *     the new one if husk_journal_store had returned; mount takes back what a cut left behind. Nothing that a cut may
 *     have left half programmed or half erased is kept: mount copies the live records to a page that was erased
 *     completely, so it does not matter whether such units read differently later.
 *     Assumed is: a program that was begun after another had ended finds that one complete and lasting; a program of up
 *     to 32 bytes that was cut leaves any bits of these changed and none elsewhere; a cut erase leaves any bits of its
 *     page changed; a unit that reads as erased, in a page whose erase had ended, can be programmed (also if a program
 *     of it was cut before it had a visible effect).
 *     Bits that fall over later are noticed: HUSK_ERR_CORRUPT, never an older record in place of the newest.
 *
 * Secrets
 *     Flash keeps what was written until its page is erased, so a key that was replaced stays readable to whoever opens
 *     the device: up to the next change of pages, at which the old page is erased. To do better: where the part can
 *     program zeros over what was programmed (`zeroing`), store overwrites the replaced record at once; a power cut
 *     before that leaves it until its page is erased. Where it cannot, husk_journal_purge changes pages now. Records
 *     are not encrypted: use the part's readout protection.
 *
 * Wear
 *     A record takes HUSK_JOURNAL_RECORD_FLASH_BYTES of a page; each change of pages costs one erase, in turn; a power
 *     cut during a store costs a change of pages with page_count erases. */
#ifndef HUSK_JOURNAL_H
#define HUSK_JOURNAL_H

#include "husk/base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HUSK_JOURNAL_RECORDS 32          /* records are named 0 to 31 */
#define HUSK_JOURNAL_RECORD_MAX_BYTES 255
#define HUSK_JOURNAL_PAGES_MAX 64
#define HUSK_JOURNAL_UNIT_MAX_BYTES 32
#define HUSK_JOURNAL_PROGRAM_MAX_BYTES 32 /* of one call of the program hook */

/* `len` in whole program units. */
#define HUSK_JOURNAL_UNITS(unit_bytes, len) \
    (((uint32_t)(len) + (uint32_t)(unit_bytes)-1) / (uint32_t)(unit_bytes) * (uint32_t)(unit_bytes))

/* What a page needs for itself, and what a record of `len` bytes takes of it. */
#define HUSK_JOURNAL_PAGE_HEAD_BYTES(unit_bytes) (HUSK_JOURNAL_UNITS(unit_bytes, 12) + 5 * (uint32_t)(unit_bytes))
#define HUSK_JOURNAL_RECORD_FLASH_BYTES(unit_bytes, len) \
    (HUSK_JOURNAL_UNITS(unit_bytes, 8) + HUSK_JOURNAL_UNITS(unit_bytes, (len) > 0 ? (len) : 1) + (uint32_t)(unit_bytes))

/* The flash of a journal: pages that belong to it alone. Offsets count from its first byte. Outlives the journal. Each
 * hook returns HUSK_OK, or HUSK_ERR_STORAGE if the part reports an error.
 *     read     copies flash[offset..offset + len) to out, at any alignment. An error says that some of it cannot be
 *              read, such as a unit whose error correction fails after a power cut; it is then as good as damaged.
 *     program  programs flash[offset..offset + len), all of it erased: whole units, aligned, at most 32 bytes that do
 *              not cross a multiple of 32. Returns when it is done. With `zeroing` also: zeros over whole units that
 *              were programmed.
 *     erase    erases the page that begins at offset, to bytes of 0xff. Returns when it is done. */
typedef struct husk_journal_flash {
    husk_status (*read)(void *context, uint32_t offset, uint8_t *out, size_t len);
    husk_status (*program)(void *context, uint32_t offset, const uint8_t *data, size_t len);
    husk_status (*erase)(void *context, uint32_t offset);
    void *context;
    uint32_t page_bytes; /* what one erase erases: a multiple of 32, at least 128 */
    uint8_t page_count;  /* 2 to 64 */
    uint8_t unit_bytes;  /* what can be programmed once, between two erases: 1, 2, 4, 8, 16 or 32 */
    bool zeroing;        /* a programmed unit may be programmed once more, with zeros */
} husk_journal_flash;

/* A mounted journal. Holds no secrets. Fields are private.
 *
 * Implementation notes
 *     page, sequence  the page of the log, and its number: each page that is taken into use has one more than the last
 *     end             offset where the next record goes
 *     clean           the other pages were erased completely and not touched since. Also stands in flash, see layout.h
 *     closed          a program failed at `end`: nothing can be appended to this page */
typedef struct husk_journal {
    const husk_journal_flash *flash;
    uint32_t sequence;
    uint32_t end;
    uint8_t page;
    bool clean;
    bool closed;
} husk_journal;

/* Finds the records, after each start of the device; settles what a power cut left. Flash that is all erased becomes an
 * empty journal. Takes a time that is bounded by the size of the flash: it reads a page, and erases and writes some
 * only the first time and after a cut during a store.
 * HUSK_ERR_ARGUMENT: a size is out of its range. HUSK_ERR_CORRUPT: there is no journal of these sizes, or it is damaged
 * in a way that no power cut explains; nothing was changed. What can be done is husk_journal_format.
 * HUSK_ERR_STORAGE: the part fails. */
husk_status husk_journal_mount(husk_journal *journal, const husk_journal_flash *flash);

/* Erases everything and begins an empty journal. HUSK_ERR_ARGUMENT, HUSK_ERR_STORAGE. After a power cut a journal that
 * was there has all its records or none, and where there was none mount may say HUSK_ERR_CORRUPT. */
husk_status husk_journal_format(husk_journal *journal, const husk_journal_flash *flash);

/* The hooks of husk_storage; `journal` is a husk_journal.
 *     load   HUSK_ERR_CORRUPT if the record does not read as it was stored; HUSK_ERR_ARGUMENT for a record over 31.
 *     store  of length 0 removes the record. HUSK_ERR_ARGUMENT: record over 31, or data too long: over 255 bytes.
 *            HUSK_ERR_FULL: the records would not fit one page together. HUSK_ERR_STORAGE: the part failed to program
 *            or erase, on every page. After an error the record reads as before until the next mount. */
husk_status husk_journal_load(void *journal, uint8_t record, uint8_t *out, size_t cap, size_t *len);
husk_status husk_journal_store(void *journal, uint8_t record, const uint8_t *data, size_t len);

/* Changes pages now, so that no record that was replaced or removed is left in flash. Costs an erase. HUSK_ERR_STORAGE:
 * some may be left. */
husk_status husk_journal_purge(husk_journal *journal);

#ifdef __cplusplus
}
#endif
#endif
