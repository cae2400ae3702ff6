/* A simulated NOR flash: see nor_flash.h. */
#include "nor_flash.h"

#include <setjmp.h>

static jmp_buf power;

static uint8_t noise(nor_flash *nor)
{
    return (uint8_t)(test_rng_next(&nor->rng) >> 24);
}

static void check_range(const nor_flash *nor, uint32_t offset, size_t len)
{
    uint32_t size = nor->hooks.page_bytes * nor->hooks.page_count;
    CHECK(offset <= size && len <= size - offset);
}

/* Bits that flicker read as erased, as programmed, or as either. */
static husk_status nor_read(void *context, uint32_t offset, uint8_t *out, size_t len)
{
    nor_flash *nor = context;
    check_range(nor, offset, len);
    nor->read_bytes += (uint32_t)len;
    unsigned mood = test_rng_next(&nor->rng) % 3;
    for (size_t i = 0; i < len; i++) {
        const uint8_t moods[3] = {0x00, 0xff, noise(nor)};
        out[i] = nor->bytes[offset + i] ^ (nor->flicker[offset + i] & moods[mood]);
    }
    return HUSK_OK;
}

static _Noreturn void power_off(nor_flash *nor)
{
    nor->cut_step = NOR_NEVER;
    longjmp(power, 1);
}

/* What a cut leaves of the bytes that were not programmed any more. */
static void leave_torn(nor_flash *nor, uint32_t offset, const uint8_t *data, size_t len, size_t done)
{
    uint8_t unit = nor->hooks.unit_bytes;
    uint8_t seen = 0;
    for (size_t i = done; i < len; i++) {
        uint8_t bits = (uint8_t)~data[i] & nor->bytes[offset + i];
        if (nor->tear == NOR_FLICKER) {
            nor->flicker[offset + i] |= bits;
            continue;
        }
        if (nor->tear == NOR_ANY || (nor->tear == NOR_BITS && i == done)) {
            bits &= noise(nor);
            nor->bytes[offset + i] &= (uint8_t)~bits;
            seen |= bits;
            if (bits != 0) {
                nor->programmed[(offset + i) / unit] = 2;
            }
        }
    }
    if (nor->tear == NOR_ANY && seen != 0) { /* one that had any effect went to all of its units */
        for (size_t i = 0; i < len; i++) {
            nor->programmed[(offset + i) / unit] = 2;
        }
    }
}

static husk_status nor_program(void *context, uint32_t offset, const uint8_t *data, size_t len)
{
    nor_flash *nor = context;
    uint8_t unit = nor->hooks.unit_bytes;
    uint32_t page = offset / nor->hooks.page_bytes;
    check_range(nor, offset, len);
    CHECK(len > 0 && len % unit == 0 && offset % unit == 0);
    CHECK_INT(offset / HUSK_JOURNAL_PROGRAM_MAX_BYTES, (offset + len - 1) / HUSK_JOURNAL_PROGRAM_MAX_BYTES);
    CHECK(!nor->unsure[page]);
    bool zeros = true;
    for (size_t i = 0; i < len; i++) {
        zeros = zeros && data[i] == 0;
    }
    uint8_t most = zeros && nor->hooks.zeroing ? 1 : 0;
    for (size_t i = 0; i < len; i += unit) {
        CHECK(nor->programmed[(offset + i) / unit] <= most);
    }
    nor->programs++;
    nor->programmed_bytes += (uint32_t)len;
    for (size_t i = 0; i < len; i++) {
        if (nor->steps == nor->cut_step) {
            leave_torn(nor, offset, data, len, i);
            power_off(nor);
        }
        nor->steps++;
        if (nor->failing[page] && i >= len / 2) {
            return HUSK_ERR_STORAGE;
        }
        if (i % unit == 0) {
            nor->programmed[(offset + i) / unit]++;
        }
        nor->flicker[offset + i] = 0;
        nor->bytes[offset + i] &= data[i];
    }
    return HUSK_OK;
}

/* What a cut leaves of a page that was being erased. */
static void leave_half_erased(nor_flash *nor, uint32_t offset, unsigned step)
{
    uint32_t size = nor->hooks.page_bytes;
    for (uint32_t i = 0; i < size; i++) {
        uint8_t *byte = &nor->bytes[offset + i];
        if (step == NOR_NOISE || (step == NOR_HALF && i >= size / 2)) {
            *byte = noise(nor);
        }
        if (step == NOR_MIXED) {
            *byte |= noise(nor);
        }
        if (step == NOR_LOOKS_ERASED) {
            *byte = 0xff;
        }
    }
}

static husk_status nor_erase(void *context, uint32_t offset)
{
    nor_flash *nor = context;
    uint32_t size = nor->hooks.page_bytes;
    uint32_t page = offset / size;
    check_range(nor, offset, size);
    CHECK_INT(offset % size, 0);
    nor->erases[page]++;
    for (unsigned step = 0; step < NOR_ERASE_STEPS; step++) {
        if (nor->steps == nor->cut_step) {
            nor->unsure[page] = true;
            leave_half_erased(nor, offset, step);
            power_off(nor);
        }
        nor->steps++;
    }
    if (nor->failing[page]) {
        return HUSK_ERR_STORAGE;
    }
    nor->unsure[page] = false;
    memset(nor->bytes + offset, 0xff, size);
    memset(nor->flicker + offset, 0, size);
    memset(nor->programmed + offset / nor->hooks.unit_bytes, 0, size / nor->hooks.unit_bytes);
    return HUSK_OK;
}

void nor_init(nor_flash *nor, uint8_t unit_bytes, uint32_t page_bytes, uint8_t page_count)
{
    CHECK(page_bytes * page_count <= NOR_BYTES && page_count <= NOR_PAGES);
    memset(nor, 0, sizeof *nor);
    nor->hooks = (husk_journal_flash){.read = nor_read,
                                      .program = nor_program,
                                      .erase = nor_erase,
                                      .context = nor,
                                      .page_bytes = page_bytes,
                                      .page_count = page_count,
                                      .unit_bytes = unit_bytes};
    nor->cut_step = NOR_NEVER;
    memset(nor->bytes, 0xff, sizeof nor->bytes);
}

bool nor_run(nor_flash *nor, uint32_t cut_step, uint32_t tear, void (*action)(void))
{
    nor->steps = 0;
    nor->cut_step = cut_step;
    nor->tear = (uint8_t)(tear % NOR_TEARS);
    nor->rng.state = tear * 0x9e3779b97f4a7c15u + cut_step + 1;
    if (setjmp(power) != 0) {
        return false;
    }
    action();
    nor->cut_step = NOR_NEVER;
    return true;
}

uint32_t nor_erases(const nor_flash *nor)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < NOR_PAGES; i++) {
        sum += nor->erases[i];
    }
    return sum;
}
