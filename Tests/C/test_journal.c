/* The journal over a simulated NOR flash whose power fails at every step of everything it does. */
#include "nor_flash.h"

#define RECORDS 3

/* Sizes of pages that hold a few records only, so that pages change often. */
static const struct {
    uint8_t unit;
    uint16_t page_bytes;
} parts[] = {{1, 128}, {4, 128}, {8, 192}, {16, 320}, {2, 128}, {32, 512}};

#define USUAL_PARTS 4

/* A journal, and what was stored in it. */
typedef struct world {
    nor_flash nor;
    husk_journal journal;
    uint8_t versions[RECORDS];
} world;

static world w, before, after_cut;
static unsigned cuts, survived;

/* What version `version` of a record holds; some are empty, and 0 is the one that was never stored. */
static size_t value(uint8_t record, uint8_t version, uint8_t out[20])
{
    static const uint8_t longest[RECORDS] = {20, 12, 8};
    size_t len = version % 7 == 0 ? 0 : (size_t)1 + version * 5u % longest[record];
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(version * 29 + record * 101 + (int)i * 17);
    }
    return len;
}

static husk_status store(uint8_t record, uint8_t version)
{
    uint8_t data[20];
    size_t len = value(record, version, data);
    return husk_journal_store(&w.journal, record, data, len);
}

static bool holds(uint8_t record, uint8_t version)
{
    uint8_t data[20];
    uint8_t expected[20];
    size_t len;
    size_t expected_len = value(record, version, expected);
    CHECK_OK(husk_journal_load(&w.journal, record, data, sizeof data, &len));
    return len == expected_len && memcmp(data, expected, len) == 0;
}

static void check_records(void)
{
    for (uint8_t record = 0; record < RECORDS; record++) {
        CHECK(holds(record, w.versions[record]));
    }
}

static void mount(void)
{
    CHECK_OK(husk_journal_mount(&w.journal, &w.nor.hooks));
}

static void begin(size_t part, uint8_t pages)
{
    nor_init(&w.nor, parts[part].unit, parts[part].page_bytes, pages);
    memset(w.versions, 0, sizeof w.versions);
    mount();
}

static void update(uint8_t record, uint8_t version)
{
    CHECK_OK(store(record, version));
    w.versions[record] = version;
}

/* The store that is cut. */
static uint8_t cut_record, cut_version;

static void store_it(void)
{
    CHECK_OK(store(cut_record, cut_version));
}

/* After a cut: the record that was being stored is the old or the new one, all others are as they were; and so they
 * stay. */
static void come_back(void)
{
    mount();
    if (holds(cut_record, cut_version)) {
        w.versions[cut_record] = cut_version;
    }
    check_records();
    mount();
    check_records();
    for (uint8_t i = 0; i < 3; i++) {
        update((uint8_t)((cut_record + i) % RECORDS), (uint8_t)(cut_version + 100 + i));
    }
    check_records();
    mount();
    check_records();
    survived++;
}

/* Cuts the mount that follows a cut at every step of its own. */
static void cut_again(uint32_t tear)
{
    after_cut = w;
    for (uint32_t step = 0; !nor_run(&w.nor, step, tear + step, mount); step++) {
        cuts++;
        come_back();
        w = after_cut;
    }
    w = after_cut;
    come_back();
}

/* A life of some stores, each of which is cut at every step. */
static void life(size_t part, uint8_t pages, bool zeroing, unsigned stores, bool twice, uint32_t tears)
{
    test_rng rng = {77 + part * 16 + pages};
    begin(part, pages);
    w.nor.hooks.zeroing = zeroing;
    for (uint8_t version = 201; twice && nor_erases(&w.nor) == pages; version++) { /* up to the first change of pages */
        before = w;
        update(version % RECORDS, version);
    }
    w = twice ? before : w;
    for (cut_version = 1; cut_version <= stores; cut_version++) {
        cut_record = (uint8_t)(test_rng_next(&rng) % RECORDS);
        before = w;
        for (uint32_t tear = 0; tear < tears; tear++) {
            w = before;
            for (uint32_t step = 0; !nor_run(&w.nor, step, tears < NOR_TEARS ? step : tear, store_it); step++) {
                cuts++;
                if (twice) {
                    cut_again(tear);
                } else {
                    come_back();
                }
                w = before;
            }
        }
        w.versions[cut_record] = cut_version;
        check_records();
    }
#ifdef TEST_SLOW
    CHECK(nor_erases(&w.nor) > pages);
#endif
}

static void print_cuts(const char *what)
{
    test_print(what);
    test_print_uint(cuts);
    test_print(" cut points, ");
    test_print_uint(survived);
    test_print(" survived\n");
}

static void every_step_of_every_store(void)
{
    cuts = survived = 0;
#ifdef TEST_SLOW
    for (size_t part = 0; part < USUAL_PARTS; part++) {
        for (uint8_t pages = 2; pages <= 5; pages++) {
            life(part, pages, false, 14, false, 2 * NOR_TEARS);
            life(part, pages, true, 14, false, 1);
        }
    }
    life(4, 2, false, 10, false, 1);
    life(5, 2, false, 10, false, 1);
#else
    life(1, 2, false, 4, false, 1);
    life(3, 3, true, 3, false, 1);
#endif
    print_cuts("  journal: ");
}

static void every_step_of_the_mount_after(void)
{
#ifdef TEST_SLOW
    cuts = survived = 0;
    for (uint8_t part = 0; part < USUAL_PARTS; part++) {
        life(part, 2 + part % 2, part % 2 == 0, 2, true, 1);
    }
    life(1, 2, false, 1, true, 8 * NOR_TEARS); /* many times the one store that changes pages */
    print_cuts("  journal, mount after a cut: ");
#endif
}

/* The first mount and format: empty, or to be formatted. */
static void first_mount_is_cut(void)
{
    nor_init(&w.nor, 4, 128, 3);
    for (uint32_t step = 0; !nor_run(&w.nor, step, step, mount); step++) {
        husk_status status = husk_journal_mount(&w.journal, &w.nor.hooks);
        if (status != HUSK_OK) {
            CHECK_INT(status, HUSK_ERR_CORRUPT);
            CHECK_INT(store(0, 1), HUSK_ERR_STATE);
            CHECK_OK(husk_journal_format(&w.journal, &w.nor.hooks));
        }
        memset(w.versions, 0, sizeof w.versions);
        update(0, 1);
        check_records();
        nor_init(&w.nor, 4, 128, 3);
    }
}

static void format(void)
{
    CHECK_OK(husk_journal_format(&w.journal, &w.nor.hooks));
}

static void purge(void)
{
    CHECK_OK(husk_journal_purge(&w.journal));
}

static void some_records(size_t part, uint8_t pages)
{
    begin(part, pages);
    for (uint8_t i = 1; i < 10; i++) {
        update(i % RECORDS, i);
    }
    before = w;
}

static void purge_is_cut(void)
{
    some_records(1, 3);
    for (uint32_t step = 0; !nor_run(&w.nor, step, step, purge); step++) {
        mount();
        check_records();
        w = before;
    }
}

/* All records are as they were, or all are gone. */
static void format_is_cut(void)
{
    some_records(1, 3);
    for (uint32_t step = 0; !nor_run(&w.nor, step, step, format); step++) {
        mount();
        if (holds(0, 0)) {
            memset(w.versions, 0, sizeof w.versions);
        }
        check_records();
        w = before;
    }
}

/* No bit of flash can fall over so that another value is read than the last one. */
static void every_bit_of_flash(void)
{
#ifdef TEST_SLOW
    const size_t last_part = USUAL_PARTS;
#else
    const size_t last_part = 1;
#endif
    for (size_t part = 0; part < last_part; part++) {
        some_records(part, 2);
        uint32_t unread = 0;
        for (uint32_t bit = 0; bit < 16u * parts[part].page_bytes; bit++) {
            w = before;
            w.nor.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
            husk_status status = husk_journal_mount(&w.journal, &w.nor.hooks);
            if (status != HUSK_OK) {
                CHECK_INT(status, HUSK_ERR_CORRUPT);
                unread++;
                continue;
            }
            for (uint8_t record = 0; record < RECORDS; record++) {
                uint8_t data[20];
                uint8_t expected[20];
                size_t len;
                size_t expected_len = value(record, w.versions[record], expected);
                status = husk_journal_load(&w.journal, record, data, sizeof data, &len);
                if (status != HUSK_OK) {
                    CHECK_INT(status, HUSK_ERR_CORRUPT);
                    unread++;
                    continue;
                }
                CHECK_INT(len, expected_len);
                CHECK_MEM(data, expected, len);
            }
        }
        CHECK(unread > 100);
    }
}

static void errors_have_names(void)
{
    uint8_t data[256] = {1};
    size_t len;
    begin(1, 2);
    update(0, 1);
    CHECK_INT(husk_journal_store(&w.journal, 32, data, 1), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_journal_store(&w.journal, 1, data, 256), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_journal_load(&w.journal, 32, data, sizeof data, &len), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_journal_store(&w.journal, 1, data, 255), HUSK_ERR_FULL);
    CHECK_INT(husk_journal_store(&w.journal, 1, data, 85), HUSK_ERR_FULL);
    CHECK_INT(husk_journal_load(&w.journal, 0, data, 5, &len), HUSK_ERR_BUFFER);
    check_records();
    /* What fits exactly, next to record 0 of 6 bytes: 96 - 20 - 12 */
    memset(data, 7, sizeof data);
    CHECK_INT(husk_journal_store(&w.journal, 1, data, 65), HUSK_ERR_FULL);
    CHECK_OK(husk_journal_store(&w.journal, 1, data, 64));
    CHECK_OK(husk_journal_load(&w.journal, 1, data, sizeof data, &len));
    CHECK_INT(len, 64);
    CHECK_OK(husk_journal_store(&w.journal, 1, NULL, 0));
    check_records();

    static const struct {
        uint32_t page_bytes;
        uint8_t count, unit;
    } wrong[] = {{128, 1, 4}, {128, 65, 4}, {128, 2, 3}, {128, 2, 0}, {128, 2, 64}, {96, 2, 4}, {144, 2, 4}, {0, 2, 4}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        husk_journal_flash flash = w.nor.hooks;
        flash.page_bytes = wrong[i].page_bytes;
        flash.page_count = wrong[i].count;
        flash.unit_bytes = wrong[i].unit;
        CHECK_INT(husk_journal_mount(&w.journal, &flash), HUSK_ERR_ARGUMENT);
        CHECK_INT(husk_journal_format(&w.journal, &flash), HUSK_ERR_ARGUMENT);
        CHECK_INT(husk_journal_load(&w.journal, 0, data, sizeof data, &len), HUSK_ERR_STATE);
        CHECK_INT(husk_journal_store(&w.journal, 0, data, 1), HUSK_ERR_STATE);
        CHECK_INT(husk_journal_purge(&w.journal), HUSK_ERR_STATE);
    }
}

/* Flash of other sizes, or with something else in it, is not taken for a journal. */
static void something_else_in_flash(void)
{
    begin(1, 4);
    update(0, 1);
    husk_journal_flash other = w.nor.hooks;
    other.unit_bytes = 8;
    husk_journal journal;
    CHECK_INT(husk_journal_mount(&journal, &other), HUSK_ERR_CORRUPT);
    other = w.nor.hooks;
    other.page_bytes = 256;
    other.page_count = 2;
    CHECK_INT(husk_journal_mount(&journal, &other), HUSK_ERR_CORRUPT);
    memset(w.nor.bytes, 0, 256);
    CHECK_INT(husk_journal_mount(&journal, &w.nor.hooks), HUSK_ERR_CORRUPT);
    CHECK_OK(husk_journal_format(&w.journal, &w.nor.hooks));
    memset(w.versions, 0, sizeof w.versions);
    check_records();
}

static void part_that_fails(void)
{
    begin(1, 2);
    update(0, 1);
    update(1, 2);
    w.nor.failing[1] = true;
    uint8_t stored = 2;
    husk_status status;
    while ((status = store(1, (uint8_t)(stored + 1))) == HUSK_OK && stored < 20) {
        w.versions[1] = ++stored;
    }
    CHECK_INT(status, HUSK_ERR_STORAGE);
    check_records();
    CHECK_INT(husk_journal_purge(&w.journal), HUSK_ERR_STORAGE);
    check_records();
    w.nor.failing[1] = false;
    update(1, 30);
    check_records();
    CHECK_OK(husk_journal_mount(&w.journal, &w.nor.hooks));
    check_records();

    /* The page in use: the record goes to the next one. With three pages one may fail for good. */
    begin(1, 3);
    update(0, 1);
    w.nor.failing[0] = true;
    for (uint8_t version = 2; version < 40; version++) {
        update(version % RECORDS, version);
        check_records();
    }
    CHECK_OK(husk_journal_mount(&w.journal, &w.nor.hooks));
    check_records();
}

static bool is_in_flash(const char *text)
{
    for (size_t i = 0; i + 8 <= NOR_BYTES; i++) {
        if (memcmp(w.nor.bytes + i, text, 8) == 0) {
            return true;
        }
    }
    return false;
}

/* A secret that was replaced is in flash until it is purged, or not at all where zeros can be programmed over it. */
static void replaced_secrets(void)
{
    for (size_t part = 0; part < USUAL_PARTS; part++) {
        for (int zeroing = 0; zeroing <= 1; zeroing++) {
            begin(part, 2);
            w.nor.hooks.zeroing = zeroing != 0;
            CHECK_OK(husk_journal_store(&w.journal, 1, (const uint8_t *)"old key.", 8));
            CHECK(is_in_flash("old key."));
            CHECK_OK(husk_journal_store(&w.journal, 1, (const uint8_t *)"new key.", 8));
            CHECK_INT(is_in_flash("old key."), zeroing == 0);
            CHECK_OK(husk_journal_purge(&w.journal));
            CHECK(!is_in_flash("old key.") && is_in_flash("new key."));
            CHECK_OK(husk_journal_store(&w.journal, 1, NULL, 0));
            CHECK_OK(husk_journal_purge(&w.journal));
            CHECK(!is_in_flash("new key."));
            CHECK_OK(husk_journal_mount(&w.journal, &w.nor.hooks));
        }
    }
}

static void pages_wear_alike(void)
{
    uint8_t most_pages = sizeof w.nor.bytes / 128 < NOR_PAGES ? sizeof w.nor.bytes / 128 : NOR_PAGES;
    for (uint8_t pages = 2; pages <= most_pages; pages++) {
        begin(1, pages);
        for (unsigned i = 0; i < 120; i++) {
            update((uint8_t)(i % RECORDS), (uint8_t)(i + 1));
            if (i % 10 == 0) {
                CHECK_OK(husk_journal_mount(&w.journal, &w.nor.hooks)); /* a reboot costs nothing */
            }
        }
        uint32_t least = UINT32_MAX;
        uint32_t most = 0;
        for (size_t page = 0; page < pages; page++) {
            least = w.nor.erases[page] < least ? w.nor.erases[page] : least;
            most = w.nor.erases[page] > most ? w.nor.erases[page] : most;
        }
        CHECK(most - least <= 1);
    }
}

/* What a start reads: the page in use about once, and the heads of the others. */
static void mount_is_bounded(void)
{
    begin(1, 4);
    uint32_t most = 0;
    for (unsigned i = 0; i < 100; i++) {
        update((uint8_t)(i % RECORDS), (uint8_t)(i + 1));
        uint32_t programs = w.nor.programs;
        w.nor.read_bytes = 0;
        CHECK_OK(husk_journal_mount(&w.journal, &w.nor.hooks));
        CHECK_INT(w.nor.programs, programs);
        most = w.nor.read_bytes > most ? w.nor.read_bytes : most;
    }
    CHECK(most <= 128 + 4 * 32 + 32);
}

void suite_journal(void)
{
    RUN(errors_have_names);
    RUN(something_else_in_flash);
    RUN(part_that_fails);
    RUN(replaced_secrets);
    RUN(pages_wear_alike);
    RUN(mount_is_bounded);
    RUN(first_mount_is_cut);
    RUN(purge_is_cut);
    RUN(format_is_cut);
    RUN(every_bit_of_flash);
    RUN(every_step_of_every_store);
    RUN(every_step_of_the_mount_after);
}
