/* Finding the journal in flash after a start, and settling what a power cut left; beginning an empty one. */
#include <string.h>

#include "journal/layout.h"

static bool sizes_are_valid(const husk_journal_flash *flash)
{
    uint8_t unit = flash->unit_bytes;
    return unit != 0 && unit <= HUSK_JOURNAL_UNIT_MAX_BYTES && (unit & (unit - 1)) == 0 && flash->page_bytes >= 128 &&
           flash->page_bytes <= UINT32_MAX / HUSK_JOURNAL_PAGES_MAX &&
           flash->page_bytes % HUSK_JOURNAL_PROGRAM_MAX_BYTES == 0 && flash->page_count >= 2 &&
           flash->page_count <= HUSK_JOURNAL_PAGES_MAX;
}

/* What the marks of a page say of it. */
enum { REJECTED, UNSEALED, SEALED };

/* A later mark says that SEALED was programmed, even if a cut left that one in a state where it may read as erased. */
static unsigned judge(const husk_journal_flash *flash, uint8_t page)
{
    unsigned marks = husk_journal_marks(flash, page);
    if ((marks & (1u << HUSK_JOURNAL_LEAVING | 1u << HUSK_JOURNAL_AGAIN)) != 0) {
        return SEALED;
    }
    if ((marks & 1u << HUSK_JOURNAL_REJECTED) != 0) {
        return REJECTED;
    }
    return marks != 0 ? SEALED : UNSEALED;
}

/* Finds the page in use: the newest one that was sealed, or the newest if none is. */
static bool find_page(husk_journal *journal)
{
    const husk_journal_flash *flash = journal->flash;
    unsigned best = REJECTED;
    for (uint8_t page = 0; page < flash->page_count; page++) {
        uint32_t sequence;
        unsigned judgement = husk_journal_head_read(flash, page, &sequence) ? judge(flash, page) : REJECTED;
        if (judgement > best || (judgement == best && best != REJECTED && sequence > journal->sequence)) {
            best = judgement;
            journal->page = page;
            journal->sequence = sequence;
        }
    }
    return best != REJECTED;
}

/* Pages that were not chosen though they are newer must not be at the next start, when they may be half erased. AGAIN
 * in the page that was chosen says that this start is that one. */
static void reject_others(const husk_journal *journal)
{
    const husk_journal_flash *flash = journal->flash;
    if ((husk_journal_marks(flash, journal->page) & 1u << HUSK_JOURNAL_AGAIN) != 0) {
        return;
    }
    for (uint8_t steps = 1; steps < flash->page_count; steps++) {
        uint8_t page = husk_journal_page_after(journal, steps);
        uint32_t sequence;
        if (husk_journal_head_read(flash, page, &sequence) && sequence > journal->sequence &&
            (husk_journal_marks(flash, page) & 1u << HUSK_JOURNAL_REJECTED) == 0) {
            (void)husk_journal_mark_set(flash, page, HUSK_JOURNAL_REJECTED);
        }
    }
}

/* Finds the end of the log. *settled becomes false if a power cut left something there: *doubtful is where the data of
 * a record lie that reads well but was not sealed, else HUSK_JOURNAL_NOWHERE. HUSK_ERR_CORRUPT if it was not a power
 * cut. */
static husk_status find_end(husk_journal *journal, bool *settled, uint32_t *doubtful)
{
    const husk_journal_flash *flash = journal->flash;
    uint32_t limit = husk_journal_log_limit(journal);
    uint32_t at = husk_journal_log_begin(journal);
    husk_journal_entry entry;
    *doubtful = HUSK_JOURNAL_NOWHERE;
    /* One that is followed by something was sealed, even if a cut left a seal that does not read so any more. */
    for (; husk_journal_entry_read(flash, at, limit, &entry); at = entry.seal + flash->unit_bytes) {
        if (husk_journal_is_blank(flash, entry.seal, limit)) {
            bool is_whole = husk_journal_entry_load(flash, &entry, NULL);
            *settled = false;
            *doubtful = is_whole ? entry.data : HUSK_JOURNAL_NOWHERE;
            journal->end = is_whole ? entry.seal + flash->unit_bytes : at;
            return HUSK_OK;
        }
    }
    journal->end = at;
    *settled = *settled && husk_journal_is_blank(flash, at, limit);
    /* The head is programmed alone: where a cut left half of one, nothing comes after it. */
    uint32_t untouched = at + husk_journal_units(flash, HUSK_JOURNAL_RECORD_HEAD_BYTES);
    return husk_journal_is_blank(flash, untouched, limit) ? HUSK_OK : HUSK_ERR_CORRUPT;
}

/* Mount, but that the journal may be left half initialised by an error. */
static husk_status open(husk_journal *journal)
{
    const husk_journal_flash *flash = journal->flash;
    if (!find_page(journal)) {
        bool is_new = husk_journal_is_blank(flash, 0, flash->page_bytes * flash->page_count);
        return is_new ? husk_journal_format(journal, flash) : HUSK_ERR_CORRUPT;
    }
    unsigned marks = husk_journal_marks(flash, journal->page) & ~(1u << HUSK_JOURNAL_SEALED);
    bool settled = marks == 1u << HUSK_JOURNAL_CLEAN;
    uint32_t doubtful;
    husk_status status = find_end(journal, &settled, &doubtful);
    if (status != HUSK_OK || settled) {
        journal->clean = true;
        return status;
    }
    reject_others(journal);
    status = husk_journal_change_page(journal, NULL, doubtful);
    if (status == HUSK_ERR_CORRUPT) { /* it does not read well any more: it was never stored */
        husk_journal_entry entry;
        uint32_t at = husk_journal_log_begin(journal);
        while (husk_journal_entry_read(flash, at, journal->end, &entry) && entry.data != doubtful) {
            at = entry.seal + flash->unit_bytes;
        }
        journal->end = at;
        status = husk_journal_change_page(journal, NULL, HUSK_JOURNAL_NOWHERE);
    }
    return status;
}

husk_status husk_journal_mount(husk_journal *journal, const husk_journal_flash *flash)
{
    memset(journal, 0, sizeof *journal);
    if (!sizes_are_valid(flash)) {
        return HUSK_ERR_ARGUMENT;
    }
    journal->flash = flash;
    husk_status status = open(journal);
    if (status != HUSK_OK) {
        journal->flash = NULL;
    }
    return status;
}

static husk_status begin_empty(husk_journal *journal)
{
    const husk_journal_flash *flash = journal->flash;
    for (uint8_t page = 0; page < flash->page_count; page++) {
        if (husk_journal_erase(flash, page) != HUSK_OK) {
            return HUSK_ERR_STORAGE;
        }
    }
    journal->clean = true;
    husk_status status = husk_journal_enter(journal, 0, 1, husk_journal_log_offset(flash, 0));
    return status == HUSK_OK ? husk_journal_mark_set(flash, 0, HUSK_JOURNAL_CLEAN) : status;
}

/* Where there is a journal, that is a change to a page without records. */
husk_status husk_journal_format(husk_journal *journal, const husk_journal_flash *flash)
{
    memset(journal, 0, sizeof *journal);
    if (!sizes_are_valid(flash)) {
        return HUSK_ERR_ARGUMENT;
    }
    journal->flash = flash;
    husk_status status;
    if (find_page(journal)) {
        reject_others(journal);
        journal->end = husk_journal_log_begin(journal);
        status = husk_journal_change_page(journal, NULL, HUSK_JOURNAL_NOWHERE);
    } else {
        status = begin_empty(journal);
    }
    journal->flash = status == HUSK_OK ? flash : NULL;
    return status;
}
