/* Mbed TLS's server, by CTLSPeer: what of TLS this version of it speaks. */
#include "gateway.h"

#include "ctlspeer.h"

static size_t handshake(void *context, stopwatch *watch)
{
    ctlspeer_result result;
    const int32_t *scenario = context;
    require(ctlspeer_run(*scenario, CTLSPEER_FAULT_NONE, PAYLOAD_BYTES, PAYLOAD_BYTES, &result) == CTLSPEER_OK,
            "Mbed TLS handshake");
    watch->seconds += result.server_seconds;
    return 1;
}

void mbedtls_server(void)
{
    static const char *const names[CTLSPEER_SCENARIOS] = {
        [CTLSPEER_TLS12_CERTIFICATES] = "tls12/certificates/leaf_intermediate/p256",
        [CTLSPEER_TLS12_PSK] = "tls12/psk",
        [CTLSPEER_TLS13_CERTIFICATES] = "tls13/certificates/leaf_intermediate/p256",
        [CTLSPEER_TLS13_PSK_ECDHE] = "tls13/psk_ecdhe/p256",
        [CTLSPEER_TLS13_PSK] = "tls13/psk",
    };
    for (int32_t scenario = 0; scenario < CTLSPEER_SCENARIOS; scenario++) {
        ctlspeer_result result;
        if (ctlspeer_run(scenario, CTLSPEER_FAULT_NONE, PAYLOAD_BYTES, PAYLOAD_BYTES, &result) !=
            CTLSPEER_ERR_UNSUPPORTED) {
            measure(names[scenario], "mbedtls", handshake, &scenario);
        }
    }
}
