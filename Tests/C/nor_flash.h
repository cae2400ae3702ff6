/* A simulated NOR flash behind the hooks of a journal. It enforces the rules of real parts: a program that is not of
 * whole aligned units, or is over a unit that was programmed or is not certainly erased, fails the test. Its power
 * fails where the test says: in the middle of a program or of an erase, with everything that may leave in the cells. */
#ifndef HUSK_NOR_FLASH_H
#define HUSK_NOR_FLASH_H

#include "husk/journal.h"
#include "test.h"

#ifdef TEST_SLOW
#define NOR_BYTES 4096
#else
#define NOR_BYTES 1280
#endif
#define NOR_PAGES 8
#define NOR_NEVER UINT32_MAX

/* What a program leaves that was cut after some of its bytes. */
enum {
    NOR_PREFIX,  /* those */
    NOR_BITS,    /* and some bits of the next */
    NOR_ANY,     /* any bits of it */
    NOR_FLICKER, /* those, and bits of the rest that read differently each time */
    NOR_TEARS
};

/* What an erase leaves that was cut: as many steps of it. */
enum {
    NOR_UNTOUCHED,    /* everything */
    NOR_HALF,         /* the beginning of the page, and noise */
    NOR_MIXED,        /* some of the bits that were programmed */
    NOR_NOISE,        /* any bits */
    NOR_LOOKS_ERASED, /* nothing to be seen */
    NOR_ERASE_STEPS
};

typedef struct nor_flash {
    husk_journal_flash hooks;
    uint32_t steps;    /* bytes programmed and steps of erases since the last nor_run */
    uint32_t cut_step; /* the one that is not done any more; NOR_NEVER: there is power */
    uint8_t tear;      /* NOR_PREFIX and so on */
    bool failing[NOR_PAGES]; /* programs and erases of the page report an error and do half of their work */
    uint32_t programs;       /* calls, and bytes of them */
    uint32_t programmed_bytes;
    uint32_t read_bytes;
    uint32_t erases[NOR_PAGES];
    test_rng rng;
    uint8_t bytes[NOR_BYTES];
    uint8_t flicker[NOR_BYTES];   /* bits that read as they like */
    uint8_t programmed[NOR_BYTES]; /* of each unit: how often since it was erased */
    bool unsure[NOR_PAGES];       /* an erase was cut */
} nor_flash;

/* All erased, never to be cut. */
void nor_init(nor_flash *nor, uint8_t unit_bytes, uint32_t page_bytes, uint8_t page_count);

/* Does something, until the power fails at step `cut_step`; false if it did. Everything but the flash is lost then.
 * Afterwards there is power. `tear` modulo NOR_TEARS is what a cut program leaves; the rest of it says which bits where
 * that is up to chance. */
bool nor_run(nor_flash *nor, uint32_t cut_step, uint32_t tear, void (*action)(void));

/* Sum over all pages. */
uint32_t nor_erases(const nor_flash *nor);

#endif
