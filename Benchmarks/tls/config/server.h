/* The gateway's side, on the host: mbedTLS's default configuration with the clock and the random generator of server.c,
 * so that every run is the same. How far records are padded is a variable, to match the client's configuration. */
#include "mbedtls/mbedtls_config.h"

#undef MBEDTLS_NET_C
#undef MBEDTLS_TIMING_C
#undef MBEDTLS_PSA_CRYPTO_STORAGE_C
#undef MBEDTLS_PSA_ITS_FILE_C
#undef MBEDTLS_ENTROPY_C
#undef MBEDTLS_CTR_DRBG_C
#define MBEDTLS_PSA_CRYPTO_EXTERNAL_RNG

#define MBEDTLS_PLATFORM_MS_TIME_ALT
#define MBEDTLS_PLATFORM_TIME_MACRO server_time
#include <time.h>
time_t server_time(time_t *out);

extern unsigned server_padding;
#define MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY server_padding
