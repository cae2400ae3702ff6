/* The change to another page: live records are copied, then the page is put into use, then the last one is erased. */
#include "journal/layout.h"

/* The names of the records that move. */
static uint32_t moving(const husk_journal *journal, const husk_journal_change *change)
{
    uint32_t names = husk_journal_names(journal->flash, husk_journal_log_begin(journal), journal->end);
    return change == NULL ? names : names & ~((uint32_t)1 << change->record);
}

bool husk_journal_fits(const husk_journal *journal, const husk_journal_change *change)
{
    uint8_t unit = journal->flash->unit_bytes;
    size_t need = husk_journal_log_begin(journal) - husk_journal_page_offset(journal->flash, journal->page) +
                  HUSK_JOURNAL_RECORD_FLASH_BYTES(unit, change->data.len);
    uint32_t names = moving(journal, change);
    for (uint8_t record = 0; record < HUSK_JOURNAL_RECORDS; record++) {
        husk_journal_entry entry;
        if ((names >> record & 1) != 0 && husk_journal_find_live(journal, record, &entry) && entry.len > 0) {
            need += HUSK_JOURNAL_RECORD_FLASH_BYTES(unit, entry.len);
        }
    }
    return need <= journal->flash->page_bytes;
}

/* Writes the log of a new page. HUSK_ERR_CORRUPT if what lies at `doubtful`, which a power cut may have left half
 * programmed, changed while it was copied. */
static husk_status write_log(const husk_journal *journal, const husk_journal_change *change, uint32_t doubtful,
                             uint32_t *end)
{
    const husk_journal_flash *flash = journal->flash;
    uint32_t names = moving(journal, change);
    for (uint8_t record = 0; record < HUSK_JOURNAL_RECORDS; record++) {
        husk_journal_entry entry;
        if ((names >> record & 1) == 0 || !husk_journal_find_live(journal, record, &entry) || entry.len == 0) {
            continue;
        }
        uint32_t begin = *end;
        husk_status status = husk_journal_copy(flash, begin, &entry, end);
        if (status != HUSK_OK) {
            return status;
        }
        bool is_doubtful = entry.data == doubtful;
        if (is_doubtful && (!husk_journal_entry_read(flash, begin, *end, &entry) ||
                            !husk_journal_entry_load(flash, &entry, NULL))) {
            return HUSK_ERR_CORRUPT;
        }
    }
    if (change == NULL || change->data.len == 0) {
        return HUSK_OK;
    }
    return husk_journal_append(flash, *end, change->record, change->data, end);
}

/* Should the mark fail, the change goes on all the same: another page may work. */
void husk_journal_leave(husk_journal *journal)
{
    unsigned marks = husk_journal_marks(journal->flash, journal->page);
    bool again = (marks & 1u << HUSK_JOURNAL_LEAVING) != 0;
    journal->clean = false;
    if ((marks & 1u << HUSK_JOURNAL_AGAIN) == 0) {
        (void)husk_journal_mark_set(journal->flash, journal->page, again ? HUSK_JOURNAL_AGAIN : HUSK_JOURNAL_LEAVING);
    }
}

husk_status husk_journal_enter(husk_journal *journal, uint8_t page, uint32_t sequence, uint32_t end)
{
    husk_status status = husk_journal_head_write(journal->flash, page, sequence);
    if (status == HUSK_OK) {
        status = husk_journal_mark_set(journal->flash, page, HUSK_JOURNAL_SEALED);
    }
    if (status == HUSK_OK) {
        journal->page = page;
        journal->sequence = sequence;
        journal->end = end;
        journal->closed = false;
    }
    return status;
}

/* Erases the last page, or all but this one if it is not certain what they are. What is left undone here is done at the
 * next mount or change of pages. */
static void retire(husk_journal *journal, bool was_clean)
{
    const husk_journal_flash *flash = journal->flash;
    bool clean = true;
    for (uint8_t steps = was_clean ? flash->page_count - 1 : 1; steps < flash->page_count; steps++) {
        clean = husk_journal_erase(flash, husk_journal_page_after(journal, steps)) == HUSK_OK && clean;
    }
    journal->clean =
        clean && husk_journal_mark_set(flash, journal->page, HUSK_JOURNAL_CLEAN) == HUSK_OK;
}

husk_status husk_journal_change_page(husk_journal *journal, const husk_journal_change *change, uint32_t doubtful)
{
    bool was_clean = journal->clean;
    husk_status status = HUSK_ERR_STORAGE;
    husk_journal_leave(journal);
    for (uint8_t steps = 1; steps < journal->flash->page_count && status == HUSK_ERR_STORAGE; steps++) {
        uint8_t page = husk_journal_page_after(journal, steps);
        uint32_t end = husk_journal_log_offset(journal->flash, page);
        was_clean = was_clean && steps == 1;
        status = was_clean ? HUSK_OK : husk_journal_erase(journal->flash, page);
        if (status == HUSK_OK) {
            status = write_log(journal, change, doubtful, &end);
        }
        if (status == HUSK_OK) {
            status = husk_journal_enter(journal, page, journal->sequence + 1, end);
        }
    }
    if (status == HUSK_OK) {
        retire(journal, was_clean);
    }
    return status;
}
