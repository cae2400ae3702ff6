/* simulated_flash: two pages of NOR flash in RAM, since QEMU's machines have none that can be programmed: what is stored
 * survives a restart of the endpoint, but not the end of the simulation. */
#ifndef FIRMWARE_SIMULATED_FLASH_H
#define FIRMWARE_SIMULATED_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIMULATED_FLASH_PAGE_BYTES 512
#define SIMULATED_FLASH_PAGES 2
#define SIMULATED_FLASH_UNIT_BYTES 4

/* The hooks of husk_journal_flash, without its context; false for what lies outside. */
bool simulated_flash_read(uint32_t offset, uint8_t *out, size_t len);
bool simulated_flash_program(uint32_t offset, const uint8_t *data, size_t len);
bool simulated_flash_erase(uint32_t offset);

#endif
