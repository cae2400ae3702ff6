/* Overwriting secrets. */
#include "husk/base.h"

#include <string.h>

void husk_wipe(void *p, size_t len)
{
    if (len == 0) {
        return;
    }
#if defined(__GNUC__) || defined(__clang__)
    /* The empty assembly statement claims to read all memory that p leads to, so memset is not taken for a dead store
     * although nobody reads the memory again, not even when the linker sees both sides of the call. */
    memset(p, 0, len);
    __asm__ volatile("" : : "r"(p) : "memory");
#else
    /* Each volatile store is an effect of the program in itself. */
    volatile uint8_t *bytes = p;
    while (len > 0) {
        len--;
        bytes[len] = 0;
    }
#endif
}
