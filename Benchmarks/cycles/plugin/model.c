/* Timing of what depends on neighbours: taken branches, pipelined loads, addresses that wait, skipped instructions,
 * unaligned accesses, wait states. Regions: what lies between the markers OPEN and CLOSE, without what lies between
 * PAUSE and RESUME. */
#include "model.h"

#include "calls.h"

#include <stdlib.h>

#define REGIONS_MAX 1024
#define RAM_START 0x20000000u
#define NO_LINE UINT32_MAX

static struct model_options options;
static int regions[REGIONS_MAX]; /* their trees */
static int region_count;
static bool open, counting;

static const struct insn *last;   /* executed, not yet charged */
static const struct insn *before; /* the one before it, if it went straight on from there */
static bool accessed;             /* by `last` */
static unsigned unaligned;        /* accesses that `last` made more than if aligned */
static unsigned data_waits;       /* words of flash that `last` read */
static uint32_t line = NO_LINE;   /* of flash, fetched last */

static _Noreturn void fail(const char *why)
{
    fprintf(stderr, "cycles: %s\n", why);
    _Exit(70);
}

void model_init(const struct model_options *given)
{
    options = *given;
}

static bool is_single(const struct insn *insn)
{
    return insn->kind == INSN_LOAD || insn->kind == INSN_STORE || insn->kind == INSN_STORE_OFFSET;
}

/* DDI 0337I and DDI 0439D, section 3.3.2: a single load or store right after a single load takes a cycle less, unless
 * its address waits for what was loaded. An address also waits a cycle for the result of a computation. */
static void overlap(struct counts *add)
{
    if (!options.core->pipelined || before == NULL || !is_single(last)) {
        return;
    }
    bool waits = (before->writes & last->addresses) != 0;
    if (before->kind == INSN_LOAD && !waits && last->kind != INSN_STORE) {
        add->cycles--;
        add->low--;
    }
    if (before->kind == INSN_COMPUTE && waits) {
        add->cycles++;
    }
}

/* Fetching `last` from flash: no prefetch, no cache but the line read last, and that only until a branch is taken. */
static unsigned fetch_waits(bool moves_on)
{
    unsigned lines = 0;
    for (uint32_t address = last->address; address < last->address + last->size; address += 2) {
        uint32_t now = address / options.line_bytes;
        lines += now != line;
        line = now;
    }
    line = moves_on ? NO_LINE : line;
    return last->address < RAM_START ? lines * options.wait : 0;
}

static void charge(const struct insn *next)
{
    struct counts add = {last->cycles, last->cycles - (uint64_t)last->spread, 1};
    bool skipped = last->conditional && last->accesses && !accessed;
    if (skipped) {
        add.cycles = 1;
        add.low = 1;
    } else {
        overlap(&add);
        add.cycles += unaligned;
        add.low += last->kind == INSN_LOAD ? unaligned : 0; /* the write buffer may hide it */
    }
    bool moved = next->address != last->address + last->size;
    if (moved || (last->always && !last->conditional)) {
        add.cycles += last->taken;
        add.low += last->taken - (uint64_t)last->taken_spread;
    }
    if (options.wait > 0) {
        unsigned waits = fetch_waits(moved) + data_waits * options.wait;
        add.cycles += waits;
        add.low += waits;
    }
    struct counts *here = calls_here();
    here->cycles += add.cycles;
    here->low += add.low;
    here->instructions += 1;
}

static void apply(const struct insn *mark)
{
    switch (mark->mark) {
    case MARK_OPEN:
        if (open || region_count == REGIONS_MAX) {
            fail("a region opens within another, or there are too many");
        }
        regions[region_count++] = calls_begin(mark);
        open = counting = true;
        return;
    case MARK_PAUSE:
    case MARK_RESUME:
        if (!open || counting != (mark->mark == MARK_PAUSE)) {
            fail("PAUSE and RESUME out of order");
        }
        counting = !counting;
        return;
    default:
        if (!counting) {
            fail("CLOSE without a region that counts");
        }
        open = counting = false;
        return;
    }
}

void model_execute(const struct insn *insn)
{
    if (last != NULL) {
        if (counting && last->kind != INSN_MARK) {
            if (last->kind == INSN_UNKNOWN) {
                fprintf(stderr, "cycles: at %08x: %08x\n", last->address, last->code);
                fail("no timing for this instruction");
            }
            charge(insn);
        }
        if (open && !calls_follow(last, insn, counting)) {
            fail("more calls than there is room for");
        }
    }
    bool straight = last != NULL && last->kind != INSN_MARK && insn->address == last->address + last->size;
    before = straight ? last : NULL;
    last = insn;
    accessed = false;
    unaligned = 0;
    data_waits = 0;
    if (insn->kind == INSN_MARK) {
        apply(insn);
    }
}

void model_access(uint64_t address, unsigned size_shift)
{
    accessed = true;
    data_waits += address < RAM_START;
    if (last == NULL || !is_single(last) || options.aligned) {
        return;
    }
    if (size_shift == 1) {
        unaligned += address & 1;
    }
    if (size_shift == 2 && (address & 3) != 0) {
        unaligned += (address & 1) != 0 ? 2 : 1;
    }
}

void model_print(FILE *file)
{
    if (open) {
        fail("a region was not closed");
    }
    for (int i = 0; i < region_count; i++) {
        fprintf(file, "region %d\n", i);
        calls_print(file, regions[i]);
    }
}
