/* simulated_flash: see simulated_flash.h. Bytes are kept inverted: RAM that is zeroed at startup is erased flash. */
#include "simulated_flash.h"

#define BYTES (SIMULATED_FLASH_PAGE_BYTES * SIMULATED_FLASH_PAGES)

static uint8_t inverted[BYTES];

static bool is_inside(uint32_t offset, size_t len)
{
    return offset <= BYTES && len <= BYTES - offset;
}

bool simulated_flash_read(uint32_t offset, uint8_t *out, size_t len)
{
    if (!is_inside(offset, len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)~inverted[offset + i];
    }
    return true;
}

bool simulated_flash_program(uint32_t offset, const uint8_t *data, size_t len)
{
    if (!is_inside(offset, len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        inverted[offset + i] |= (uint8_t)~data[i]; /* bits go from 1 to 0 only */
    }
    return true;
}

bool simulated_flash_erase(uint32_t offset)
{
    if (!is_inside(offset, SIMULATED_FLASH_PAGE_BYTES)) {
        return false;
    }
    for (size_t i = 0; i < SIMULATED_FLASH_PAGE_BYTES; i++) {
        inverted[offset + i] = 0;
    }
    return true;
}
