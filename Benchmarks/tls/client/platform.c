/* What mbedTLS asks of the device: heap, clock, random bytes. */
#include "platform.h"

#include "bench.h"
#include "scenarios.h"

#include <malloc.h>
#include <mbedtls/build_info.h>
#include <mbedtls/platform_time.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>
#ifdef MBEDTLS_PSA_CRYPTO_C
#include <psa/crypto.h>
#endif

#define HEAP_BYTES 0x20000
#define CHUNK_HEADER_BYTES 4 /* of newlib-nano's allocator */

void *_sbrk(ptrdiff_t bytes);

/* ---- Heap: newlib-nano's, and how much of it is in use ---- */

static size_t used, peak;

void *_sbrk(ptrdiff_t bytes)
{
    static uint8_t heap[HEAP_BYTES] __attribute__((aligned(8)));
    static size_t end;
    bench_check((size_t)bytes <= HEAP_BYTES - end, "the heap is large enough");
    end += (size_t)bytes;
    return heap + end - bytes;
}

void *device_calloc(size_t count, size_t size)
{
    void *pointer = calloc(count, size);
    if (pointer != NULL) {
        used += malloc_usable_size(pointer) + CHUNK_HEADER_BYTES;
        peak = used > peak ? used : peak;
    }
    return pointer;
}

void device_free(void *pointer)
{
    if (pointer != NULL) {
        used -= malloc_usable_size(pointer) + CHUNK_HEADER_BYTES;
        free(pointer);
    }
}

size_t platform_heap_used(void)
{
    return used;
}

size_t platform_heap_peak(void)
{
    return peak;
}

void platform_heap_begin(void)
{
    peak = used;
}

/* ---- Clock: stands still, and is taken apart already ---- */

#ifdef MBEDTLS_HAVE_TIME
int64_t device_time(int64_t *out)
{
    if (out != NULL) {
        *out = TLS_TIME;
    }
    return TLS_TIME;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return (mbedtls_ms_time_t)TLS_TIME * 1000;
}
#endif

#ifdef MBEDTLS_HAVE_TIME_DATE
struct tm *mbedtls_platform_gmtime_r(const mbedtls_time_t *time, struct tm *out)
{
    (void)time;
    *out = (struct tm){.tm_year = 126, .tm_mon = 0, .tm_mday = 1};
    return out;
}
#endif

/* ---- Random bytes ---- */

int platform_random(void *context, unsigned char *out, size_t len)
{
    (void)context;
    return bench_random.fill(bench_random.context, out, len);
}

#ifdef MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *out, size_t cap,
                                             size_t *len)
{
    (void)context;
    *len = cap;
    return platform_random(NULL, out, cap);
}
#endif
