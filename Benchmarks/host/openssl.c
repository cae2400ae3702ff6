/* OpenSSL's TLS 1.3 server: mutual certificates (P-256, leaf and intermediate on both sides), a pre-shared key with and
 * without Diffie-Hellman, and records. AES-128-GCM, which is its fastest. The client is OpenSSL too and is not
 * measured. */
#include "gateway.h"

#include <string.h>

#include "openssl_ends.h"

#define SUITE "TLS_AES_128_GCM_SHA256"

static void complete(openssl_ends *ends, stopwatch *watch)
{
    bool client_done = false, server_done = false;
    while (!client_done || !server_done) {
        client_done = client_done || openssl_shake(ends->client);
        stopwatch_start(watch);
        server_done = server_done || openssl_shake(ends->server);
        stopwatch_stop(watch);
    }
    openssl_require_agreement(ends);
}

/* Making and freeing the connection is not measured. */
static size_t handshake(void *context, stopwatch *watch)
{
    openssl_connect(context);
    complete(context, watch);
    openssl_disconnect(context);
    return 1;
}

/* Records arrive and are answered, on one connection. */
static size_t records(void *context, stopwatch *watch)
{
    openssl_ends *ends = context;
    unsigned char message[PAYLOAD_BYTES] = "what a sensor has to say, at 32", received[PAYLOAD_BYTES];
    for (size_t i = 0; i < BATCH; i++) {
        require(SSL_write(ends->client, message, PAYLOAD_BYTES) == PAYLOAD_BYTES, "client writes");
    }
    stopwatch_start(watch);
    for (size_t i = 0; i < BATCH; i++) {
        require(SSL_read(ends->server, received, PAYLOAD_BYTES) == PAYLOAD_BYTES, "server reads");
        require(SSL_write(ends->server, received, PAYLOAD_BYTES) == PAYLOAD_BYTES, "server writes");
    }
    stopwatch_stop(watch);
    for (size_t i = 0; i < BATCH; i++) {
        require(SSL_read(ends->client, received, PAYLOAD_BYTES) == PAYLOAD_BYTES, "client reads");
    }
    require(memcmp(message, received, PAYLOAD_BYTES) == 0, "what comes back");
    return BATCH;
}

void openssl_server(void)
{
    static const char x25519[] = "X25519", p256[] = "P-256";
    static const struct {
        const char *scenario;
        openssl_offer offer;
    } kinds[] = {
        {"tls13/certificates/leaf_intermediate/x25519", {TLS1_3_VERSION, SUITE, 2, x25519, x25519}},
        {"tls13/certificates/leaf_intermediate/p256", {TLS1_3_VERSION, SUITE, 2, p256, p256}},
        {"tls13/psk_ecdhe/x25519", {TLS1_3_VERSION, SUITE, 0, x25519, x25519}},
        {"tls13/psk_ecdhe/p256", {TLS1_3_VERSION, SUITE, 0, p256, p256}},
        {"tls13/psk", {TLS1_3_VERSION, SUITE, 0, x25519, p256}},
    };
    openssl_identities_make();
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        openssl_ends ends;
        openssl_ends_init(&ends, &kinds[i].offer);
        measure(kinds[i].scenario, "openssl", handshake, &ends);
        openssl_ends_free(&ends);
    }
    if (is_wanted("tls13/record")) {
        stopwatch unused = {0, 0};
        openssl_ends ends;
        openssl_ends_init(&ends, &kinds[2].offer);
        openssl_connect(&ends);
        complete(&ends, &unused);
        measure("tls13/record/answer/32", "openssl", records, &ends);
        openssl_disconnect(&ends);
        openssl_ends_free(&ends);
    }
}
