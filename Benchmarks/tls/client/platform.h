/* What mbedTLS asks of the device: heap, clock, random bytes. */
#ifndef TLS_PLATFORM_H
#define TLS_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the heap in use, with the allocator's own; the most there were since platform_heap_begin. */
size_t platform_heap_used(void);
size_t platform_heap_peak(void);
void platform_heap_begin(void);

/* For mbedtls_ssl_conf_rng: bench_random, which stands for a generator in hardware. */
int platform_random(void *context, unsigned char *out, size_t len);

#endif
