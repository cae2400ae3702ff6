/* Overwriting secrets. */
#include "husk/base.h"

void husk_wipe(void *p, size_t len)
{
    /* Each volatile store is an effect of the program in itself, so none may be left out although nobody reads the
     * memory again; memset would be taken for a dead store as soon as the linker sees both sides of the call. */
    volatile uint8_t *bytes = p;
    while (len > 0) {
        len--;
        bytes[len] = 0;
    }
}
