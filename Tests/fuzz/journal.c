/* Whatever lies in flash when a journal is mounted (journal.h). Bits 0 to 2 of the first byte choose the part; bit 3
 * what follows: 0 the content of the flash, the rest of it erased; 1 a journal that was used: for each store its
 * record and length, up to a length of 255, then patches.
 *
 * seed: 00
 * seed: 01 484a
 * seed: 01 [64]
 * seed: 08 0105 0203 0100 0302 00ff
 * seed: 09 0105 0203 0100 0302 0108 0109 0210 0320 0105 00ff 3001
 * seed: 0a 0105 0203 00ff 00ff
 * seed: 0b 1f20 1f21 1f22 00ff 1402 1501
 * seed: 0c 0105 00ff 0000 0280
 * seed: 08 01fe 00ff
 * seed: 0e 0105 0205 0303 00ff 0508 */
#include "support/fuzz.h"

#include "husk/journal.h"

FUZZ_GOALS(EMPTY, CORRUPT, MOUNTED, HELD, DAMAGED, STORED, FULL, FORMATTED);

#define FLASH_MAX 2048
#define PAGES 2
#define STORES_MAX 64

static const struct {
    uint8_t unit;
    uint16_t page_bytes;
} parts[8] = {{1, 128}, {2, 128}, {4, 128}, {8, 192}, {16, 320}, {32, 512}, {4, 1024}, {1, 256}};

static uint8_t *cells; /* of exactly the size of the flash */
static uint32_t size;
static husk_journal_flash flash;
static husk_journal journal;

static husk_status read_cells(void *context, uint32_t offset, uint8_t *out, size_t len)
{
    (void)context;
    FUZZ_CHECK(offset <= size && len <= size - offset);
    memcpy(out, cells + offset, len);
    return HUSK_OK;
}

static husk_status program(void *context, uint32_t offset, const uint8_t *data, size_t len)
{
    (void)context;
    FUZZ_CHECK(len > 0 && len <= HUSK_JOURNAL_PROGRAM_MAX_BYTES && offset < size && len <= size - offset);
    FUZZ_CHECK(offset % flash.unit_bytes == 0 && len % flash.unit_bytes == 0 && offset / 32 == (offset + len - 1) / 32);
    for (size_t i = 0; i < len; i++) {
        cells[offset + i] &= data[i];
    }
    return HUSK_OK;
}

static husk_status erase(void *context, uint32_t offset)
{
    (void)context;
    FUZZ_CHECK(offset < size && offset % flash.page_bytes == 0);
    memset(cells + offset, 0xff, flash.page_bytes);
    return HUSK_OK;
}

/* What was stored, by number of the store. */
static struct {
    uint8_t record;
    uint8_t len;
} history[STORES_MAX];
static size_t stores;

static void fill(uint8_t *out, size_t store, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(store * 37 + i * 11 + 5);
    }
}

/* One of those that were stored, or none. */
static bool was_stored(uint8_t record, const uint8_t *data, size_t len)
{
    bool found = len == 0;
    for (size_t i = 0; !found && i < stores; i++) {
        uint8_t expected[255];
        fill(expected, i, len);
        found = history[i].record == record && history[i].len == len && memcmp(data, expected, len) == 0;
    }
    return found;
}

static void use(fuzz_input *in)
{
    FUZZ_OK(husk_journal_mount(&journal, &flash));
    while (in->len > 0 && stores < STORES_MAX) {
        uint8_t data[255];
        uint8_t record = fuzz_byte(in) % HUSK_JOURNAL_RECORDS;
        uint8_t len = fuzz_byte(in);
        if (len == 255) {
            break;
        }
        history[stores].record = record;
        history[stores].len = len;
        fill(data, stores, len);
        husk_status status = husk_journal_store(&journal, record, data, len);
        FUZZ_CHECK(status == HUSK_OK || status == HUSK_ERR_FULL);
        fuzz_reached(status == HUSK_OK ? STORED : FULL);
        stores += status == HUSK_OK;
    }
}

/* A record as it reads, the same each time. */
static husk_status load(uint8_t record, uint8_t *out, size_t *len)
{
    uint8_t *exact = fuzz_exact(out, 255);
    husk_status status = husk_journal_load(&journal, record, exact, 255, len);
    FUZZ_CHECK(status == HUSK_OK || status == HUSK_ERR_CORRUPT);
    if (status == HUSK_OK) {
        FUZZ_CHECK(*len <= 255);
        memcpy(out, exact, *len);
    }
    return status;
}

/* What reads well goes on reading so, also after another start. */
static void check_mounted(bool used)
{
    for (uint8_t record = 0; record < HUSK_JOURNAL_RECORDS; record++) {
        uint8_t first[255] = {0};
        uint8_t second[255] = {0};
        size_t len = 0;
        size_t again_len = 0;
        husk_status status = load(record, first, &len);
        FUZZ_CHECK(status != HUSK_OK || !used || was_stored(record, first, len));
        if (record % 8 == 1) {
            husk_journal once_more;
            FUZZ_OK(husk_journal_mount(&once_more, &flash));
            journal = once_more;
        }
        FUZZ_CHECK(load(record, second, &again_len) == status);
        FUZZ_CHECK(status != HUSK_OK || fuzz_same((husk_bytes){first, len}, (husk_bytes){second, again_len}));
        fuzz_reached(status != HUSK_OK ? DAMAGED : len > 0 ? HELD : EMPTY);
    }
}

void fuzz_setup(void)
{
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    uint8_t blank[FLASH_MAX];
    bool used = (choice & 8) != 0;
    flash = (husk_journal_flash){read_cells, program, erase, NULL, parts[choice % 8].page_bytes, PAGES,
                                 parts[choice % 8].unit, false};
    size = flash.page_bytes * flash.page_count;
    memset(blank, 0xff, sizeof blank);
    cells = fuzz_exact(blank, size);
    stores = 0;
    if (used) {
        use(&in);
        while (in.len > 1) {
            size_t at = fuzz_byte(&in) * 8u + (in.data[0] & 7u);
            cells[at % size] ^= fuzz_byte(&in);
        }
    } else {
        husk_bytes content = fuzz_take(&in, size);
        if (content.len > 0) {
            memcpy(cells, content.data, content.len);
        }
    }
    const uint8_t *before = fuzz_exact(cells, size);
    husk_status status = husk_journal_mount(&journal, &flash);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_CORRUPT || status == HUSK_ERR_STORAGE);
        FUZZ_CHECK(status != HUSK_ERR_CORRUPT || memcmp(before, cells, size) == 0);
        fuzz_reached(CORRUPT);
        FUZZ_OK(husk_journal_format(&journal, &flash));
        fuzz_reached(FORMATTED);
        used = true;
        stores = 0;
    }
    fuzz_reached(MOUNTED);
    check_mounted(used);
}
