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

/* Finds the page in use: the newest one that was sealed, or the newest if none is. */
static bool find_page(husk_journal *journal)
{
    const husk_journal_flash *flash = journal->flash;
    bool found = false;
    bool found_sealed = false;
    for (uint8_t page = 0; page < flash->page_count; page++) {
        uint32_t sequence;
        if (!husk_journal_head_read(flash, page, &sequence)) {
            continue;
        }
        bool sealed = husk_journal_has_marks(flash, page);
        if (!found || (sealed && !found_sealed) || (sealed == found_sealed && sequence > journal->sequence)) {
            found = true;
            found_sealed = sealed;
            journal->page = page;
            journal->sequence = sequence;
        }
    }
    return found;
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
            bool is_whole = husk_journal_entry_is_whole(flash, &entry);
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
    bool settled = husk_journal_mark_is_set(flash, journal->page, HUSK_JOURNAL_CLEAN) &&
                   !husk_journal_mark_is_set(flash, journal->page, HUSK_JOURNAL_LEAVING);
    uint32_t doubtful;
    husk_status status = find_end(journal, &settled, &doubtful);
    if (status != HUSK_OK || settled) {
        journal->clean = true;
        return status;
    }
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

/* The page in use is erased last, and says before that others are. */
husk_status husk_journal_format(husk_journal *journal, const husk_journal_flash *flash)
{
    memset(journal, 0, sizeof *journal);
    if (!sizes_are_valid(flash)) {
        return HUSK_ERR_ARGUMENT;
    }
    journal->flash = flash;
    if (find_page(journal)) {
        husk_journal_leave(journal);
    }
    husk_status status = HUSK_OK;
    for (uint8_t steps = 1; steps <= flash->page_count && status == HUSK_OK; steps++) {
        status = husk_journal_erase(flash, husk_journal_page_after(journal, steps));
    }
    if (status == HUSK_OK) {
        status = husk_journal_enter(journal, 0, 1, husk_journal_log_offset(flash, 0));
    }
    if (status == HUSK_OK) {
        status = husk_journal_mark_set(flash, 0, HUSK_JOURNAL_CLEAN);
    }
    journal->clean = status == HUSK_OK;
    journal->flash = status == HUSK_OK ? flash : NULL;
    return status;
}
