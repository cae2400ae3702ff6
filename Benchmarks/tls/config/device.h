/* What any device has in place of an operating system: its own clock, random generator and heap, no files, no sockets.
 * Included after the choice of features. */
#undef MBEDTLS_NET_C
#undef MBEDTLS_TIMING_C
#undef MBEDTLS_FS_IO
#undef MBEDTLS_PSA_CRYPTO_STORAGE_C
#undef MBEDTLS_PSA_ITS_FILE_C

#undef MBEDTLS_ENTROPY_C
#undef MBEDTLS_CTR_DRBG_C
#ifdef MBEDTLS_PSA_CRYPTO_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG
#endif

#define MBEDTLS_PLATFORM_C
#ifdef MBEDTLS_HAVE_TIME
#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_TIME_MACRO device_time
#define MBEDTLS_PLATFORM_TIME_TYPE_MACRO int64_t
#define MBEDTLS_PLATFORM_GMTIME_R_ALT
#include <stdint.h>
int64_t device_time(int64_t *out);
#endif
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO device_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO device_free
#include <stddef.h>
void *device_calloc(size_t count, size_t size);
void device_free(void *pointer);
