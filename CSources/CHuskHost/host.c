/* Starts the libraries, finds suites by number, and says which libraries they are. */
#include "husk_host.h"

#include <mbedtls/version.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>

#include "ecdh_p256.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static husk_status started = HUSK_ERR_STATE;

static void start(void)
{
    if (sodium_init() >= 0 && husk_host_p256_init()) {
        started = HUSK_OK;
    }
}

husk_status husk_host_init(void)
{
    return pthread_once(&once, start) == 0 ? started : HUSK_ERR_STATE;
}

const husk_suite *husk_host_suite(int32_t id)
{
    static const husk_suite *const suites[] = {
        &husk_host_suite_0, &husk_host_suite_1, &husk_host_suite_2,
        &husk_host_suite_3, &husk_host_suite_4, &husk_host_suite_5,
    };
    if (id < 0 || (size_t)id >= sizeof suites / sizeof suites[0] || husk_host_init() != HUSK_OK) {
        return NULL;
    }
    return suites[id];
}

void husk_host_libraries(char *out, size_t cap)
{
    char mbedtls[32];
    mbedtls_version_get_string_full(mbedtls);
    (void)snprintf(out, cap, "libsodium %s, %s, %s", sodium_version_string(), mbedtls,
                   OpenSSL_version(OPENSSL_VERSION));
}
