/* The numbers of the Technical Reference Manuals: Cortex-M0 DDI 0432C table 3-1, M0+ DDI 0484C table 3-1, M3 DDI 0337I
 * table 3-1 and section 3.3.2, M4 DDI 0439D table 3-1 and section 3.3.2. */
#include "core.h"

#include <stddef.h>
#include <string.h>

static const struct core cores[] = {
    {
        .name = "m0",
        .refill = 2, .refill_low = 2, .call = 2, .pop_pc = 2,
        .multiply = 1, .special = 4, .barrier = 4,
    },
    {
        .name = "m0plus",
        .refill = 1, .refill_low = 1, .call = 2, .pop_pc = 2,
        .multiply = 1, .special = 3, .barrier = 3,
    },
    {
        .name = "m3",
        .pipelined = true,
        .refill = 3, .refill_low = 1, .call = 1, .pop_pc = 1,
        .multiply = 1, .multiply_add = 2,
        .multiply_long = 5, .multiply_long_spread = 2, .multiply_long_add = 7, .multiply_long_add_spread = 3,
        .divide = 12, .divide_spread = 10, .special = 2, .special_spread = 1, .barrier = 1,
    },
    {
        .name = "m4",
        .pipelined = true,
        .refill = 3, .refill_low = 1, .call = 1, .pop_pc = 1,
        .multiply = 1, .multiply_add = 1, .multiply_long = 1, .multiply_long_add = 1,
        .divide = 12, .divide_spread = 10, .special = 2, .special_spread = 1, .barrier = 1,
    },
};

const struct core *core_find(const char *name)
{
    for (size_t i = 0; i < sizeof cores / sizeof cores[0]; i++) {
        if (strcmp(cores[i].name, name) == 0) {
            return &cores[i];
        }
    }
    return NULL;
}
