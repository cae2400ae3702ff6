/* mbedTLS as it is configured when one does nothing, as a client: its default configuration without the server, and
 * without what serves debugging and tests only. */
#include "mbedtls/mbedtls_config.h"

#undef MBEDTLS_SSL_SRV_C
#undef MBEDTLS_SSL_CACHE_C
#undef MBEDTLS_SSL_COOKIE_C
#undef MBEDTLS_SSL_TICKET_C
#undef MBEDTLS_DEBUG_C
#undef MBEDTLS_SELF_TEST
#undef MBEDTLS_AESNI_C
#undef MBEDTLS_AESCE_C
#undef MBEDTLS_PADLOCK_C

#include "device.h"
