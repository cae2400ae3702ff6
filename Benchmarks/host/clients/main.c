/* Prints the libraries, then a line for each handshake, whose client's instructions are a dump of callgrind. */
#include "clients.h"

#include <mbedtls/hmac_drbg.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <valgrind/callgrind.h>

#include "ctlspeer.h"
#include "scenarios.h"

#define NAME_BYTES 40

static bool counts;

void counting_reset(void)
{
    CALLGRIND_ZERO_STATS;
}

void counting_start(void)
{
    counts = true;
    CALLGRIND_TOGGLE_COLLECT;
}

void counting_stop(void)
{
    CALLGRIND_TOGGLE_COLLECT;
    counts = false;
}

void counted(const handshake *shown)
{
    printf("%s\t%s\t%s\t%zu\t%zu\t%zu\n", shown->scenario, shown->implementation, shown->suite, shown->bytes_up,
           shown->bytes_down, shown->flights);
    CALLGRIND_DUMP_STATS;
}

void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "clients: %s\n", what);
        exit(1);
    }
}

/* Mbed TLS's generator is linked as what this wraps: CTLSPeer draws from it. */
int __real_mbedtls_hmac_drbg_random(void *context, unsigned char *out, size_t len);
int __wrap_mbedtls_hmac_drbg_random(void *context, unsigned char *out, size_t len);

int __wrap_mbedtls_hmac_drbg_random(void *context, unsigned char *out, size_t len)
{
    bool pauses = counts;
    if (pauses) {
        counting_stop();
    }
    int error = __real_mbedtls_hmac_drbg_random(context, out, len);
    if (pauses) {
        counting_start();
    }
    return error;
}

/* Stands in for the C library's, in the libraries too: what is signed has the time in it, and dates are compared. */
static time_t now = TLS_TIME;

time_t time(time_t *out)
{
    if (out != NULL) {
        *out = now;
    }
    return now;
}

void next_second(void)
{
    now++;
}

static mbedtls_hmac_drbg_context generator;

int repeatable_random(unsigned char *out, size_t len)
{
    return mbedtls_hmac_drbg_random(&generator, out, len);
}

int main(void)
{
    static const char seed[] = "husk TLS clients on the host";
    char name[NAME_BYTES];
    mbedtls_hmac_drbg_init(&generator);
    require(mbedtls_hmac_drbg_seed_buf(&generator, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                                       (const unsigned char *)seed, strlen(seed)) == 0, "random generator");
    ctlspeer_library_name(name, sizeof name);
    printf("libraries\tOpenSSL %s, %s\n", OpenSSL_version(OPENSSL_VERSION_STRING), name);
    openssl_clients();
    mbedtls_clients();
    return 0;
}
