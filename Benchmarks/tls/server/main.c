/* The server that the measured client talks to, and the maker of what both know of each other.
 *     server identities               prints identities.h: the client's keys and chains, and the root
 *     server sizes                    prints the sizes of all certificates
 *     server run stock|lean [SEEDS]   serves through the pipes `to_server` and `from_server` of the working directory,
 *                                     and prints what crosses them
 * A stock server pads the records of TLS 1.3 and of DTLS with connection ID to multiples of 16 bytes, and sends TLS
 * 1.3's ChangeCipherSpec; a lean one does neither.
 *
 * A DER-encoded ECDSA signature has 70 to 72 bytes, at random; the handshakes that are measured have two of 71, the
 * mean and most common length. Without SEEDS the client is asked to run each scenario with other random bytes until
 * they do, and the seed is printed; SEEDS has lines "SCENARIO SEED", and then it is an error if they do not. */
#include "chains.h"
#include "link.h"
#include "signatures.h"

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <psa/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SIGNATURE_BYTES 71
#define SEEDS_MAX 1000
#define TICKET_SECONDS 86400

unsigned server_padding = 16;
static bool is_lean;
static mbedtls_hmac_drbg_context random_bytes;

static struct {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_ssl_cache_context cache;
    mbedtls_ssl_cookie_ctx cookies;
    mbedtls_ssl_ticket_context tickets;
} server;

static void check(int error, const char *what)
{
    if (error != 0) {
        fprintf(stderr, "tls server: %s: -0x%04x\n", what, (unsigned)-error);
        exit(1);
    }
}

/* ---- What mbedTLS asks of the platform ---- */

time_t server_time(time_t *out)
{
    if (out != NULL) {
        *out = TLS_TIME;
    }
    return TLS_TIME;
}

mbedtls_ms_time_t mbedtls_ms_time(void)
{
    return (mbedtls_ms_time_t)TLS_TIME * 1000;
}

psa_status_t mbedtls_psa_external_get_random(mbedtls_psa_external_random_context_t *context, uint8_t *out, size_t cap,
                                             size_t *len)
{
    (void)context;
    *len = cap;
    return mbedtls_hmac_drbg_random(&random_bytes, out, cap) == 0 ? PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_ENTROPY;
}

static void seed_random(const char *seed)
{
    mbedtls_hmac_drbg_free(&random_bytes);
    mbedtls_hmac_drbg_init(&random_bytes);
    check(mbedtls_hmac_drbg_seed_buf(&random_bytes, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                                     (const unsigned char *)seed, strlen(seed)), "the random generator");
}

/* ---- Configuration ---- */

static const int *cipher_suites(const tls_scenario *wanted)
{
    static const int tls13[] = {MBEDTLS_TLS1_3_AES_128_CCM_8_SHA256, 0};
    static const int certificates[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};
    static const int psk[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8, 0};
    return wanted->is_tls13 ? tls13 : wanted->chain > 0 ? certificates : psk;
}

/* TLS 1.2 puts the whole session into the ticket, with the client's certificate. A gateway can remember who the client
 * was in fewer bytes: the certificate is left out. */
static int write_ticket(void *context, const mbedtls_ssl_session *session, unsigned char *out, const unsigned char *end,
                        size_t *len, uint32_t *lifetime)
{
    mbedtls_ssl_session without = *session;
    without.MBEDTLS_PRIVATE(peer_cert) = NULL;
    return mbedtls_ssl_ticket_write(context, &without, out, end, len, lifetime);
}

static void configure_sessions(const tls_scenario *wanted)
{
    mbedtls_ssl_config *config = &server.config;
    mbedtls_ssl_conf_new_session_tickets(config, 0);
    if (wanted->has_tickets) {
        check(mbedtls_ssl_ticket_setup(&server.tickets, mbedtls_hmac_drbg_random, &random_bytes,
                                       MBEDTLS_CIPHER_AES_128_CCM, TICKET_SECONDS), "tickets");
        mbedtls_ssl_conf_session_tickets_cb(config, write_ticket, mbedtls_ssl_ticket_parse, &server.tickets);
        mbedtls_ssl_conf_new_session_tickets(config, 1);
    }
    if (wanted->has_session_id) {
        mbedtls_ssl_conf_session_cache(config, &server.cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
    }
    if (wanted->is_dtls) {
        check(mbedtls_ssl_cookie_setup(&server.cookies, mbedtls_hmac_drbg_random, &random_bytes), "cookies");
        mbedtls_ssl_conf_dtls_cookies(config, mbedtls_ssl_cookie_write, mbedtls_ssl_cookie_check, &server.cookies);
        check(mbedtls_ssl_conf_cid(config, sizeof tls_server_cid, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE), "CID");
    }
}

static void configure(const tls_scenario *wanted)
{
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    static const uint16_t algorithms[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_NONE};
    mbedtls_ssl_config *config = &server.config;
    mbedtls_ssl_config_init(config);
    mbedtls_ssl_cache_init(&server.cache);
    mbedtls_ssl_cookie_init(&server.cookies);
    mbedtls_ssl_ticket_init(&server.tickets);
    check(mbedtls_ssl_config_defaults(config, MBEDTLS_SSL_IS_SERVER,
                                      wanted->is_dtls ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
                                      MBEDTLS_SSL_PRESET_DEFAULT), "defaults");
    mbedtls_ssl_conf_rng(config, mbedtls_hmac_drbg_random, &random_bytes);
    mbedtls_ssl_conf_ciphersuites(config, cipher_suites(wanted));
    mbedtls_ssl_protocol_version version = wanted->is_tls13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2;
    mbedtls_ssl_conf_min_tls_version(config, version);
    mbedtls_ssl_conf_max_tls_version(config, version);
    mbedtls_ssl_conf_groups(config, groups);
    mbedtls_ssl_conf_sig_algs(config, algorithms);
    mbedtls_ssl_conf_cert_req_ca_list(config, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
    if (wanted->chain > 0) {
        peer_identity *own = &chains.server[wanted->chain - 1];
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
        mbedtls_ssl_conf_ca_chain(config, &chains.root.certificate, NULL);
        check(mbedtls_ssl_conf_own_cert(config, &own->certificate, &own->key), "the chain");
    } else {
        check(mbedtls_ssl_conf_psk(config, tls_psk, sizeof tls_psk, tls_psk_identity, sizeof tls_psk_identity),
              "the key");
    }
    configure_sessions(wanted);
}

static void forget(void)
{
    mbedtls_ssl_free(&server.ssl);
    mbedtls_ssl_config_free(&server.config);
    mbedtls_ssl_cache_free(&server.cache);
    mbedtls_ssl_cookie_free(&server.cookies);
    mbedtls_ssl_ticket_free(&server.tickets);
}

/* ---- Connections ---- */

static void timer_set(void *context, uint32_t intermediate, uint32_t final)
{
    (void)context;
    (void)intermediate;
    (void)final;
}

static int timer_get(void *context)
{
    (void)context;
    return 0;
}

static void prepare_datagrams(void)
{
    mbedtls_ssl_set_timer_cb(&server.ssl, NULL, timer_set, timer_get);
    mbedtls_ssl_set_mtu(&server.ssl, TLS_DATAGRAM_MAX);
    check(mbedtls_ssl_set_cid(&server.ssl, MBEDTLS_SSL_CID_ENABLED, tls_server_cid, sizeof tls_server_cid), "CID");
    check(mbedtls_ssl_set_client_transport_id(&server.ssl, (const unsigned char *)"client", 6), "the client's address");
}

static void connect(const tls_scenario *wanted)
{
    mbedtls_ssl_free(&server.ssl);
    mbedtls_ssl_init(&server.ssl);
    check(mbedtls_ssl_setup(&server.ssl, &server.config), "setup");
    mbedtls_ssl_set_bio(&server.ssl, NULL, link_send, link_receive, NULL);
    int error;
    do {
        if (wanted->is_dtls) {
            prepare_datagrams();
        }
        error = mbedtls_ssl_handshake(&server.ssl);
        if (error == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED) {
            check(mbedtls_ssl_session_reset(&server.ssl), "reset");
        }
    } while (error == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED || error == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET);
    check(error, wanted->name);
    printf("established\n");
}

static void echo(void)
{
    static unsigned char data[TLS_PAYLOAD_MAX];
    int len = mbedtls_ssl_read(&server.ssl, data, sizeof data);
    check(len > 0 ? 0 : len, "reading");
    check(mbedtls_ssl_write(&server.ssl, data, (size_t)len) == len ? 0 : 1, "writing");
}

/* Serves until the scenario is over. */
static void serve(const tls_scenario *wanted)
{
    size_t len;
    for (;;) {
        switch (link_next()) {
        case FRAME_CONNECT: {
            bool is_measured = link_take(&len)[0] != 0;
            link_log(is_measured ? wanted : NULL);
            mbedtls_ssl_conf_new_session_tickets(&server.config, wanted->has_tickets && !is_measured);
            connect(wanted);
            break;
        }
        case FRAME_DATA:
            echo();
            break;
        case FRAME_END:
            (void)link_take(&len);
            return;
        default:
            check(1, "the client has gone");
        }
    }
}

/* ---- Scenarios ---- */

/* The seed of a scenario: line "NAME SEED" of the file. */
static uint32_t known_seed(const char *file, const char *name)
{
    char line[128];
    char found[100];
    unsigned seed = 0;
    FILE *seeds = fopen(file, "r");
    check(seeds == NULL, file);
    while (fgets(line, sizeof line, seeds) != NULL) {
        if (sscanf(line, "%99s %u", found, &seed) == 2 && strcmp(found, name) == 0) {
            fclose(seeds);
            return seed;
        }
    }
    check(1, "a scenario without a seed");
    return 0;
}

static bool is_even(const tls_scenario *wanted)
{
    bool signs = wanted->chain > 0 && !wanted->has_tickets && !wanted->has_session_id;
    return !signs || (signature_made() == SIGNATURE_BYTES && signature_verified() == SIGNATURE_BYTES);
}

static const tls_scenario *find(const uint8_t *name, size_t len)
{
    for (size_t i = 0; i < tls_scenario_count; i++) {
        if (strlen(tls_scenarios[i].name) == len && memcmp(tls_scenarios[i].name, name, len) == 0) {
            return &tls_scenarios[i];
        }
    }
    check(1, "no such scenario");
    return NULL;
}

/* Takes a FRAME_SCENARIO and all that follows; `seed` is the first to try, or the one that fits. */
static void run(const char *seeds)
{
    static uint32_t attempt = 1;
    size_t len;
    const uint8_t *name = link_take(&len);
    const tls_scenario *wanted = find(name, len);
    uint32_t seed = seeds == NULL ? attempt : known_seed(seeds, wanted->name);
    printf("scenario %s\n", wanted->name);
    seed_random(wanted->name);
    configure(wanted);
    link_drop_change_cipher_spec(is_lean && wanted->is_tls13);
    link_answer(FRAME_SCENARIO, (uint8_t[]){(uint8_t)seed, (uint8_t)(seed >> 8), 0, 0}, 4);
    serve(wanted);
    forget();
    uint8_t again = !is_even(wanted);
    check(again != 0 && (seeds != NULL || attempt == SEEDS_MAX), "signatures of another length");
    attempt = again != 0 ? attempt + 1 : 1;
    if (again == 0) {
        printf("seed %s %u\n", wanted->name, (unsigned)seed);
    }
    link_answer(FRAME_END, &again, 1);
}

int main(int argc, char **argv)
{
    check(psa_crypto_init() == PSA_SUCCESS ? 0 : 1, "psa_crypto_init");
    mbedtls_hmac_drbg_init(&random_bytes);
    seed_random("identities");
    chains_make(&random_bytes);
    if (argc == 2 && strcmp(argv[1], "identities") == 0) {
        chains_print();
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "sizes") == 0) {
        chains_print_sizes();
        return 0;
    }
    if (argc < 3 || argc > 4 || strcmp(argv[1], "run") != 0) {
        fprintf(stderr, "usage: server identities | sizes | run stock|lean [SEEDS]\n");
        return 64;
    }
    is_lean = strcmp(argv[2], "lean") == 0;
    server_padding = is_lean ? 1 : 16;
    check(!link_open(), "the pipes");
    while (link_next() == FRAME_SCENARIO) {
        run(argc == 4 ? argv[3] : NULL);
    }
    return 0;
}
