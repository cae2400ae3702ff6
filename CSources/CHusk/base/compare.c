/* Comparing secrets. */
#include "husk/base.h"

#include "base/ct.h"

bool husk_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
    uint32_t difference = 0;
    for (size_t i = 0; i < len; i++) {
        /* Without the barrier a compiler may see that bits once set stay set, and leave the loop early. */
        difference = husk_ct_barrier(difference | (uint32_t)(a[i] ^ b[i]));
    }
    return (bool)husk_ct_is_zero(difference);
}
