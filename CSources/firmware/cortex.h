/* The few parts of a Cortex-M core that both board families use. Interrupts stay masked for good: one that is enabled and
 * pending wakes the core from WFI all the same, so that nothing needs a handler. */
#ifndef FIRMWARE_CORTEX_H
#define FIRMWARE_CORTEX_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define NVIC_ENABLE REGISTER(0xe000e100)
#define NVIC_CLEAR_PENDING REGISTER(0xe000e280)

#define WAIT_MAX_MS 60000u

static inline void cortex_enable_wakeup(uint32_t interrupts)
{
    __asm__ volatile("cpsid i");
    NVIC_ENABLE = interrupts;
}

static inline void cortex_sleep(void)
{
    __asm__ volatile("dsb\n\twfi" ::: "memory");
}

#endif
