/* A TLS client as a device would have it, in every scenario of its image: what it takes of cycles, heap and stack. The
 * server is another program, on the host. */
#include "bench.h"
#include "board.h"
#include "identities.h"
#include "image.h"
#include "link.h"
#include "platform.h"
#include "text.h"

#include <mbedtls/aes.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <string.h>
#ifdef MBEDTLS_PSA_CRYPTO_C
#include <psa/crypto.h>
#endif

/* The scenarios of this image: those of this name, or of names that go on with a slash. Not defined: all. */
#ifndef TLS_ONLY
#define TLS_RESUMES
#define TLS_ONLY ""
#endif

/* What a device keeps in static memory. TLS_RESUMES is defined if the image has scenarios that resume a connection. */
static struct {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
#ifdef MBEDTLS_X509_CRT_PARSE_C
    mbedtls_x509_crt chain;
    mbedtls_x509_crt root;
    mbedtls_pk_context key;
#endif
#ifdef TLS_RESUMES
    mbedtls_ssl_session session;
#endif
} client;

/* What is measured besides cycles, all in bytes. */
static struct {
    size_t heap_before; /* in use before the connection: keys and certificates, and a session to be resumed */
    size_t heap_after;  /* in use on the connection, after the handshake */
    size_t heap_peak;
    size_t stack_peak;
} memory;

static void check(int error, const char *what)
{
    if (error != 0) {
        text t = {0};
        text_add(&t, what);
        text_add_field(&t, "error", (size_t)-error);
        bench_check(false, t.line);
    }
}

/* ---- Configuration ---- */

static const int *cipher_suites(const tls_scenario *wanted)
{
    static const int tls13[] = {MBEDTLS_TLS1_3_AES_128_CCM_8_SHA256, 0};
    static const int certificates[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};
    static const int psk[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8, 0};
    return wanted->is_tls13 ? tls13 : wanted->chain > 0 ? certificates : psk;
}

static void configure_version(const tls_scenario *wanted)
{
    mbedtls_ssl_protocol_version version = wanted->is_tls13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2;
    mbedtls_ssl_conf_min_tls_version(&client.config, version);
    mbedtls_ssl_conf_max_tls_version(&client.config, version);
#ifdef MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_SOME_EPHEMERAL_ENABLED
    static const uint16_t p256[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, 0};
    static const uint16_t x25519[] = {MBEDTLS_SSL_IANA_TLS_GROUP_X25519, 0};
    mbedtls_ssl_conf_groups(&client.config, wanted->has_x25519 ? x25519 : p256);
#elif defined(MBEDTLS_KEY_EXCHANGE_ECDHE_ECDSA_ENABLED)
    static const uint16_t p256[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, 0};
    mbedtls_ssl_conf_groups(&client.config, p256);
#endif
#ifdef MBEDTLS_X509_CRT_PARSE_C
    static const uint16_t algorithms[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_NONE};
    mbedtls_ssl_conf_sig_algs(&client.config, algorithms);
#endif
}

/* How keys are exchanged in TLS 1.3: by certificates, or with a key or ticket. */
static void configure_exchange(const tls_scenario *wanted, bool resumes)
{
#ifdef MBEDTLS_SSL_PROTO_TLS1_3
    unsigned with_key = wanted->has_ecdhe ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL
                                          : MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK;
    unsigned modes = wanted->chain > 0 && !resumes ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL : with_key;
    if (wanted->has_tickets) { /* the first connection names how the second may be resumed */
        modes |= with_key;
    }
    mbedtls_ssl_conf_tls13_key_exchange_modes(&client.config, (int)modes);
#else
    (void)wanted;
    (void)resumes;
#endif
}

/* Switches off what is of no use here and would cost bytes. */
static void configure_lean(const tls_scenario *wanted)
{
    (void)wanted;
#ifdef MBEDTLS_SSL_SESSION_TICKETS
    mbedtls_ssl_conf_session_tickets(&client.config, wanted->has_tickets);
#ifdef MBEDTLS_SSL_PROTO_TLS1_3
    mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&client.config, wanted->has_tickets);
#endif
#endif
#ifdef MBEDTLS_SSL_ENCRYPT_THEN_MAC
    mbedtls_ssl_conf_encrypt_then_mac(&client.config, MBEDTLS_SSL_ETM_DISABLED); /* for CBC suites only */
#endif
}

/* Certificates stay where they are, in flash. */
static void configure_credentials(const tls_scenario *wanted)
{
#ifdef MBEDTLS_X509_CRT_PARSE_C
    mbedtls_x509_crt_init(&client.chain);
    mbedtls_x509_crt_init(&client.root);
    mbedtls_pk_init(&client.key);
    if (wanted->chain > 0) {
        const tls_identity *identity = &client_identities[wanted->chain - 1];
        check(mbedtls_pk_parse_key(&client.key, identity->key, identity->key_len, NULL, 0, platform_random, NULL),
              "the key is read");
        for (size_t i = 0; i < wanted->chain; i++) {
            check(mbedtls_x509_crt_parse_der_nocopy(&client.chain, identity->certificates[i].der,
                                                    identity->certificates[i].len), "a certificate is read");
        }
        check(mbedtls_x509_crt_parse_der_nocopy(&client.root, root_certificate.der, root_certificate.len),
              "the root is read");
        mbedtls_ssl_conf_authmode(&client.config, MBEDTLS_SSL_VERIFY_REQUIRED);
        mbedtls_ssl_conf_ca_chain(&client.config, &client.root, NULL);
        check(mbedtls_ssl_conf_own_cert(&client.config, &client.chain, &client.key), "the chain is taken");
        return;
    }
#endif
#ifdef MBEDTLS_SSL_HANDSHAKE_WITH_PSK_ENABLED
    check(mbedtls_ssl_conf_psk(&client.config, tls_psk, sizeof tls_psk, tls_psk_identity, sizeof tls_psk_identity),
          "the key is taken");
#endif
    (void)wanted;
}

static void configure(const tls_scenario *wanted)
{
    mbedtls_ssl_config_init(&client.config);
    check(mbedtls_ssl_config_defaults(&client.config, MBEDTLS_SSL_IS_CLIENT,
                                      wanted->is_dtls ? MBEDTLS_SSL_TRANSPORT_DATAGRAM : MBEDTLS_SSL_TRANSPORT_STREAM,
                                      MBEDTLS_SSL_PRESET_DEFAULT), "the defaults are there");
    mbedtls_ssl_conf_rng(&client.config, platform_random, NULL);
    mbedtls_ssl_conf_ciphersuites(&client.config, cipher_suites(wanted));
    configure_version(wanted);
    configure_lean(wanted);
    configure_credentials(wanted);
#ifdef MBEDTLS_SSL_DTLS_CONNECTION_ID
    if (wanted->is_dtls) {
        check(mbedtls_ssl_conf_cid(&client.config, 0, MBEDTLS_SSL_UNEXPECTED_CID_IGNORE), "the CID has no bytes");
    }
#endif
}

static void forget(void)
{
    mbedtls_ssl_config_free(&client.config);
#ifdef MBEDTLS_X509_CRT_PARSE_C
    mbedtls_x509_crt_free(&client.chain);
    mbedtls_x509_crt_free(&client.root);
    mbedtls_pk_free(&client.key);
#endif
}

/* ---- A connection ---- */

#ifdef MBEDTLS_SSL_PROTO_DTLS
/* Nothing is lost, so no timer ever runs out. */
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
#endif

static int set_up(const tls_scenario *wanted)
{
    mbedtls_ssl_context *ssl = &client.ssl;
    mbedtls_ssl_init(ssl);
    int error = mbedtls_ssl_setup(ssl, &client.config);
    mbedtls_ssl_set_bio(ssl, NULL, link_send, link_receive, NULL);
#ifdef MBEDTLS_X509_CRT_PARSE_C
    /* No server name is sent; any name below the root is accepted. */
    error = error == 0 ? mbedtls_ssl_set_hostname(ssl, NULL) : error;
#endif
#ifdef MBEDTLS_SSL_PROTO_DTLS
    if (error == 0 && wanted->is_dtls) {
        mbedtls_ssl_set_timer_cb(ssl, NULL, timer_set, timer_get);
        mbedtls_ssl_set_mtu(ssl, TLS_DATAGRAM_MAX);
        error = mbedtls_ssl_set_cid(ssl, MBEDTLS_SSL_CID_ENABLED, NULL, 0);
    }
#endif
    (void)wanted;
    return error;
}

/* The connection that is to be resumed: not measured. */
static void connect_before(const tls_scenario *wanted)
{
#ifdef TLS_RESUMES
    link_connect(false);
    configure_exchange(wanted, false);
    check(set_up(wanted), "a connection is set up");
    check(mbedtls_ssl_handshake(&client.ssl), "the first handshake");
    if (wanted->is_tls13) { /* it comes after the handshake */
        uint8_t none;
        int status;
        do {
            status = mbedtls_ssl_read(&client.ssl, &none, sizeof none);
        } while (status == MBEDTLS_ERR_SSL_WANT_READ);
        check(status == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET ? 0 : status, "a ticket arrives");
    }
    check(mbedtls_ssl_get_session(&client.ssl, &client.session), "the session is kept");
    mbedtls_ssl_free(&client.ssl);
#endif
    (void)wanted;
}

static int resume(const tls_scenario *wanted)
{
#ifdef TLS_RESUMES
    if (wanted->has_tickets || wanted->has_session_id) {
        return mbedtls_ssl_set_session(&client.ssl, &client.session);
    }
#endif
    (void)wanted;
    return 0;
}

/* The handshake that is measured. */
static void connect(const tls_scenario *wanted)
{
    link_connect(true);
    configure_exchange(wanted, wanted->has_tickets);
    memory.heap_before = platform_heap_used();
    platform_heap_begin();
    size_t stack_before = stack_used();
    stack_paint();
    bench_name(wanted->name, NULL, NULL, NULL);
    link_count(true);
    BENCH_OPEN();
    int error = set_up(wanted);
    error = error == 0 ? resume(wanted) : error;
    error = error == 0 ? mbedtls_ssl_handshake(&client.ssl) : error;
    BENCH_CLOSE();
    link_count(false);
    check(error, wanted->name);
    memory.stack_peak = stack_peak() - stack_before;
    memory.heap_peak = platform_heap_peak();
    memory.heap_after = platform_heap_used();
}

/* ---- Records ---- */

static const char *version_of(const tls_scenario *wanted)
{
    return wanted->is_dtls ? "dtls12/cid/record" : wanted->is_tls13 ? "tls13/record" : "tls12/record";
}

/* Sends `len` bytes and gets them back. */
static void exchange_record(const tls_scenario *wanted, size_t len)
{
    static uint8_t sent[TLS_PAYLOAD_MAX], received[TLS_PAYLOAD_MAX];
    for (size_t i = 0; i < len; i++) {
        sent[i] = (uint8_t)(i + 1);
    }
    bench_name(version_of(wanted), "up", bench_number(len), NULL);
    link_count(true);
    BENCH_OPEN();
    int written = mbedtls_ssl_write(&client.ssl, sent, len);
    BENCH_CLOSE();
    bench_check(written == (int)len, "a record is sent");
    bench_name(version_of(wanted), "down", bench_number(len), NULL);
    BENCH_OPEN();
    int read = mbedtls_ssl_read(&client.ssl, received, sizeof received);
    BENCH_CLOSE();
    link_count(false);
    bench_check(read == (int)len && memcmp(sent, received, len) == 0, "the record comes back");
}

/* ---- The scenarios ---- */

static bool is_possible(const tls_scenario *wanted)
{
    size_t len = strlen(TLS_ONLY);
    bool is_named = len == 0 || (strncmp(wanted->name, TLS_ONLY, len) == 0 &&
                                 (wanted->name[len] == '\0' || wanted->name[len] == '/'));
    return is_named && mbedtls_ssl_ciphersuite_from_id(cipher_suites(wanted)[0]) != NULL;
}

static void report(const tls_scenario *wanted)
{
    text t = {0};
    text_add(&t, "memory ");
    text_add(&t, wanted->name);
    text_add_field(&t, "heap_peak", memory.heap_peak);
    text_add_field(&t, "stack_peak", memory.stack_peak);
    text_add_field(&t, "state", sizeof client.ssl + memory.heap_after - memory.heap_before);
    text_add_field(&t, "static", sizeof client);
    text_add(&t, "\n");
    board_print(t.line);
}

static void run(const tls_scenario *wanted)
{
    bool again;
    do {
        bench_seed(link_begin(wanted->name));
        configure(wanted);
#ifdef TLS_RESUMES
        mbedtls_ssl_session_init(&client.session);
#endif
        if (wanted->has_tickets || wanted->has_session_id) {
            connect_before(wanted);
        }
        connect(wanted);
        for (size_t i = 0; i < tls_payload_count && wanted->has_records; i++) {
            exchange_record(wanted, tls_payloads[i]);
        }
        again = link_end();
        report(wanted);
        mbedtls_ssl_free(&client.ssl);
#ifdef TLS_RESUMES
        mbedtls_ssl_session_free(&client.session);
#endif
        forget();
    } while (again);
}

/* What is done once after a reset: the PSA layer, and tables of AES that are computed when it is first used. */
static void start(void)
{
#ifdef MBEDTLS_PSA_CRYPTO_C
    bench_check(psa_crypto_init() == PSA_SUCCESS, "psa_crypto_init");
#endif
    mbedtls_aes_context aes;
    mbedtls_aes_init(&aes);
    check(mbedtls_aes_setkey_enc(&aes, tls_psk, 128), "AES is there");
    mbedtls_aes_free(&aes);
}

int main(void)
{
    link_open();
    start();
    for (size_t i = 0; i < tls_scenario_count; i++) {
        if (is_possible(&tls_scenarios[i])) {
            run(&tls_scenarios[i]);
        }
    }
    return 0;
}
