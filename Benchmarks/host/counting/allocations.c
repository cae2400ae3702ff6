/* Counts allocations: malloc and its like under their own names, in front of those of the GNU C library, for this
 * program and every library in it. */
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "counting/counting.h"

void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *old, size_t len);
void *__libc_memalign(size_t alignment, size_t len);

void *malloc(size_t len);
void *calloc(size_t count, size_t len);
void *realloc(void *old, size_t len);
void *aligned_alloc(size_t alignment, size_t len);
int posix_memalign(void **out, size_t alignment, size_t len);

static _Atomic uint64_t allocations;

static void count(void)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

uint64_t allocations_count(void)
{
    return atomic_load_explicit(&allocations, memory_order_relaxed);
}

void *malloc(size_t len)
{
    count();
    return __libc_malloc(len);
}

void *calloc(size_t number, size_t len)
{
    count();
    return __libc_calloc(number, len);
}

void *realloc(void *old, size_t len)
{
    count();
    return __libc_realloc(old, len);
}

void *aligned_alloc(size_t alignment, size_t len)
{
    count();
    return __libc_memalign(alignment, len);
}

int posix_memalign(void **out, size_t alignment, size_t len)
{
    count();
    *out = __libc_memalign(alignment, len);
    return *out == NULL ? ENOMEM : 0;
}
