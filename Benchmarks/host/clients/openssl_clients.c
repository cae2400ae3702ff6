/* OpenSSL's client, in the scenarios of Benchmarks/tls with certificates and with pre-shared keys. */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_set_rand_method has no successor before 3.1 */
#include "clients.h"

#include <openssl/rand.h>

#include "openssl_ends.h"
#include "scenarios.h"

#define ATTEMPTS_MAX 64

static int random_bytes(unsigned char *out, int len)
{
    return repeatable_random(out, (size_t)len) == 0 ? 1 : 0;
}

static int random_status(void)
{
    return 1;
}

static const RAND_METHOD random_method = {.bytes = random_bytes, .pseudorand = random_bytes, .status = random_status};

/* One handshake from its beginning to its end; returns the flights. */
static size_t shake_hands(openssl_ends *ends)
{
    bool client_done = false, server_done = false;
    size_t flights = 0;
    counting_reset();
    while (!client_done || !server_done) {
        uint64_t up = BIO_number_written(ends->up), down = BIO_number_written(ends->down);
        if (!client_done) {
            counting_start();
            client_done = openssl_shake(ends->client);
            counting_stop();
        }
        server_done = server_done || openssl_shake(ends->server);
        flights += BIO_number_written(ends->up) > up;
        flights += BIO_number_written(ends->down) > down;
    }
    openssl_require_agreement(ends);
    return flights;
}

/* Handshakes until one has signatures of the most common length; the first does what is done once. */
static void measure(openssl_ends *ends, const char *scenario, bool prints)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        next_second();
        openssl_connect(ends);
        size_t flights = shake_hands(ends);
        size_t wanted = ends->offer->chain > 0 ? SIGNATURE_BYTES : 0;
        bool even = ends->client_signature == wanted && ends->server_signature == wanted;
        if (even && prints) {
            counted(&(handshake){scenario, "openssl", ends->offer->suite, BIO_number_written(ends->up),
                                 BIO_number_written(ends->down), flights});
        }
        openssl_disconnect(ends);
        if (even) {
            return;
        }
    }
    require(false, "no signatures of the most common length");
}

static openssl_offer offer_of(const tls_scenario *scenario)
{
    static const char x25519[] = "X25519", p256[] = "P-256";
    openssl_offer offer = {.version = TLS1_3_VERSION, .suite = "TLS_AES_128_CCM_8_SHA256", .chain = scenario->chain};
    if (!scenario->is_tls13) {
        offer.version = TLS1_2_VERSION;
        offer.suite = scenario->chain > 0 ? "ECDHE-ECDSA-AES128-CCM8" : "PSK-AES128-CCM8";
    }
    offer.client_group = offer.server_group = scenario->has_x25519 ? x25519 : p256;
    if (scenario->chain == 0 && !scenario->has_ecdhe) {
        offer.client_group = x25519; /* offers a key even so: the cheaper one, which the server does not take */
    }
    return offer;
}

void openssl_clients(void)
{
    require(RAND_set_rand_method(&random_method) == 1, "random bytes of OpenSSL");
    openssl_identities_make();
    for (size_t i = 0; i < tls_scenario_count; i++) {
        const tls_scenario *scenario = &tls_scenarios[i];
        if (scenario->is_dtls || scenario->has_tickets || scenario->has_session_id) {
            continue;
        }
        openssl_ends ends;
        openssl_offer offer = offer_of(scenario);
        openssl_ends_init(&ends, &offer);
        measure(&ends, scenario->name, false);
        for (int number = 0; number < HANDSHAKES; number++) {
            measure(&ends, scenario->name, true);
        }
        openssl_ends_free(&ends);
    }
}
