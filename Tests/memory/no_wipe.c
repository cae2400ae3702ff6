/* Linked with --wrap=husk_wipe: wiping that does not wipe, so that scan.py has something to find. */
#include "husk/base.h"

void __wrap_husk_wipe(void *p, size_t len);

void __wrap_husk_wipe(void *p, size_t len)
{
    (void)p;
    (void)len;
}
