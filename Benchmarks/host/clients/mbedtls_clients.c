/* Mbed TLS's client, by CTLSPeer: what of TLS this version of it speaks. CTLSPeer is linked so that functions here
 * stand in for Mbed TLS's, and see which side works. */
#include "clients.h"

#include <mbedtls/ssl.h>

#include "ctlspeer.h"

#define PAYLOAD_BYTES 32

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#define ENDPOINT(ssl) mbedtls_ssl_conf_get_endpoint(mbedtls_ssl_context_get_config(ssl))
#else
#define ENDPOINT(ssl) (ssl)->conf->endpoint
#endif

int __real_mbedtls_ssl_handshake(mbedtls_ssl_context *ssl);
int __wrap_mbedtls_ssl_handshake(mbedtls_ssl_context *ssl);
int __real_mbedtls_ssl_session_reset(mbedtls_ssl_context *ssl);
int __wrap_mbedtls_ssl_session_reset(mbedtls_ssl_context *ssl);

int __wrap_mbedtls_ssl_handshake(mbedtls_ssl_context *ssl)
{
    bool is_client = ENDPOINT(ssl) == MBEDTLS_SSL_IS_CLIENT;
    if (is_client) {
        counting_start();
    }
    int error = __real_mbedtls_ssl_handshake(ssl);
    if (is_client) {
        counting_stop();
    }
    return error;
}

/* CTLSPeer begins again, for signatures of the most common length. */
int __wrap_mbedtls_ssl_session_reset(mbedtls_ssl_context *ssl)
{
    counting_reset();
    return __real_mbedtls_ssl_session_reset(ssl);
}

/* CTLSPeer's random bytes are the same each time; what is signed has the time in it. */
static int32_t run(int32_t number, ctlspeer_result *result)
{
    next_second();
    counting_reset();
    return ctlspeer_run(number, CTLSPEER_FAULT_NONE, PAYLOAD_BYTES, PAYLOAD_BYTES, result);
}

void mbedtls_clients(void)
{
    static const char *const names[CTLSPEER_SCENARIOS] = {
        [CTLSPEER_TLS12_CERTIFICATES] = "tls12/certificates/leaf_intermediate",
        [CTLSPEER_TLS12_PSK] = "tls12/psk",
        [CTLSPEER_TLS13_CERTIFICATES] = "tls13/certificates/leaf_intermediate",
        [CTLSPEER_TLS13_PSK_ECDHE] = "tls13/psk_ecdhe",
        [CTLSPEER_TLS13_PSK] = "tls13/psk",
    };
    for (int32_t number = 0; number < CTLSPEER_SCENARIOS; number++) {
        ctlspeer_result result;
        /* The first run does what is done once. */
        if (run(number, &result) == CTLSPEER_ERR_UNSUPPORTED) {
            continue;
        }
        for (int handshakes = 0; handshakes < HANDSHAKES; handshakes++) {
            require(run(number, &result) == CTLSPEER_OK, "Mbed TLS handshake");
            counted(&(handshake){names[number], "mbedtls", result.ciphersuite, result.handshake_client_bytes,
                                 result.handshake_server_bytes, result.flights});
        }
    }
}
