/* The stock configuration with every option that mbedTLS's documentation says is for speed. (Tables of fixed points and
 * the fast reduction of NIST's primes are on by default.) Records are not padded, which also saves bytes. */
#include "stock.h"

#define MBEDTLS_AES_ROM_TABLES
#define MBEDTLS_ECP_WINDOW_SIZE 7
#define MBEDTLS_ECP_FIXED_POINT_OPTIM 1
#undef MBEDTLS_SSL_TLS1_3_COMPATIBILITY_MODE
#define MBEDTLS_SSL_CID_TLS1_3_PADDING_GRANULARITY 1
