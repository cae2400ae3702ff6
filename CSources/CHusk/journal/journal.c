/* The storage hook: load and store of records. */
#include "journal/layout.h"

husk_status husk_journal_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    const husk_journal *journal = context;
    husk_journal_entry entry;
    *len = 0;
    if (journal->flash == NULL) {
        return HUSK_ERR_STATE;
    }
    if (record >= HUSK_JOURNAL_RECORDS) {
        return HUSK_ERR_ARGUMENT;
    }
    if (!husk_journal_find_live(journal, record, &entry) || entry.len == 0) {
        return HUSK_OK;
    }
    if (entry.len > cap) {
        return HUSK_ERR_BUFFER;
    }
    if (!husk_journal_entry_load(journal->flash, &entry, out)) {
        husk_wipe(out, entry.len);
        return HUSK_ERR_CORRUPT;
    }
    *len = entry.len;
    return HUSK_OK;
}

/* Appends to the log. After HUSK_ERR_STORAGE something may lie there, so that the page takes no more. */
static husk_status append(husk_journal *journal, const husk_journal_change *change)
{
    uint32_t end = journal->end;
    husk_status status = husk_journal_append(journal->flash, end, change->record, change->data, &end);
    if (status == HUSK_OK) {
        journal->end = end;
    }
    journal->closed = status != HUSK_OK;
    return status;
}

husk_status husk_journal_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    husk_journal *journal = context;
    if (journal->flash == NULL) {
        return HUSK_ERR_STATE;
    }
    if (record >= HUSK_JOURNAL_RECORDS || len > HUSK_JOURNAL_RECORD_MAX_BYTES) {
        return HUSK_ERR_ARGUMENT;
    }
    const husk_journal_change change = {record, {data, len}};
    husk_journal_entry old;
    bool replaces = husk_journal_find_live(journal, record, &old);
    if (len == 0 && !replaces) {
        return HUSK_OK;
    }
    bool has_room = !journal->closed && HUSK_JOURNAL_RECORD_FLASH_BYTES(journal->flash->unit_bytes, len) <=
                                            husk_journal_log_limit(journal) - journal->end;
    if (has_room && append(journal, &change) == HUSK_OK) {
        if (replaces && journal->flash->zeroing) { /* if it fails, erasing comes later */
            (void)husk_journal_write_zeros(journal->flash, old.data, old.seal - old.data);
        }
        return HUSK_OK;
    }
    if (!husk_journal_fits(journal, &change)) {
        return HUSK_ERR_FULL;
    }
    return husk_journal_change_page(journal, &change, HUSK_JOURNAL_NOWHERE);
}

husk_status husk_journal_purge(husk_journal *journal)
{
    if (journal->flash == NULL) {
        return HUSK_ERR_STATE;
    }
    husk_status status = husk_journal_change_page(journal, NULL, HUSK_JOURNAL_NOWHERE);
    return status == HUSK_OK && !journal->clean ? HUSK_ERR_STORAGE : status;
}
