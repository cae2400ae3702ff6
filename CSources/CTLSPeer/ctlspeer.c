/* ctlspeer: two TLS peers in one process, the queues between them, and what is counted on the way. */
#define _POSIX_C_SOURCE 200809L
#include "ctlspeer.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <mbedtls/error.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_ciphersuites.h>
#include <mbedtls/version.h>

#include "identity.h"

#if MBEDTLS_VERSION_NUMBER >= 0x03000000
#include <psa/crypto.h>
#endif

#if MBEDTLS_VERSION_NUMBER >= 0x03050000 && defined(MBEDTLS_SSL_PROTO_TLS1_3)
#define HAVE_TLS13 1
#else
#define HAVE_TLS13 0
#endif

#define QUEUE_BYTES 16384
#define PSK_BYTES 16
#define MAX_ATTEMPTS 64
#define EXPECTED_SIGNATURE_BYTES 71

#define RECORD_HEADER_BYTES 5
#define RECORD_HANDSHAKE 22
#define RECORD_APPLICATION 23
#define HANDSHAKE_SERVER_KEY_EXCHANGE 12
#define HANDSHAKE_CERTIFICATE_VERIFY 15

/* What one side has sent and the other has yet to read: everything ever sent stays, so that it can be looked at. */
typedef struct queue {
    unsigned char bytes[QUEUE_BYTES];
    size_t written;
    size_t read;
} queue;

typedef struct link_end {
    queue *outgoing;
    queue *incoming;
} link_end;

/* One side of the connection. */
typedef struct peer {
    mbedtls_ssl_config config;
    mbedtls_ssl_context ssl;
    mbedtls_hmac_drbg_context random;
    link_end end;
    queue sent;
} peer;

/* The certificates of a run: a root that both sides trust, and below it a chain for each. The stranger is a root of
 * the same name that nobody trusts. */
typedef struct authority {
    peer_identity root;
    peer_identity stranger;
    peer_identity client_issuer;
    peer_identity server_issuer;
    peer_identity client;
    peer_identity server;
} authority;

typedef struct scenario {
    const char *name;
    bool is_tls13;
    bool has_certificates;
    bool has_psk;
    bool has_ecdhe;
} scenario;

static const scenario scenarios[CTLSPEER_SCENARIOS] = {
    [CTLSPEER_TLS12_CERTIFICATES] = {"TLS 1.2 certificates", false, true, false, true},
    [CTLSPEER_TLS12_PSK] = {"TLS 1.2 PSK", false, false, true, false},
    [CTLSPEER_TLS13_CERTIFICATES] = {"TLS 1.3 certificates", true, true, false, true},
    [CTLSPEER_TLS13_PSK_ECDHE] = {"TLS 1.3 PSK + ECDHE", true, false, true, true},
    [CTLSPEER_TLS13_PSK] = {"TLS 1.3 PSK", true, false, true, false},
};

static const unsigned char psk_identity[1] = {0x10};

/* MARK: the link */

static int link_send(void *context, const unsigned char *bytes, size_t len)
{
    queue *outgoing = ((link_end *)context)->outgoing;
    if (len > QUEUE_BYTES - outgoing->written) {
        return MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    memcpy(outgoing->bytes + outgoing->written, bytes, len);
    outgoing->written += len;
    return (int)len;
}

static int link_receive(void *context, unsigned char *out, size_t cap)
{
    queue *incoming = ((link_end *)context)->incoming;
    size_t len = incoming->written - incoming->read;
    if (len == 0) {
        return MBEDTLS_ERR_SSL_WANT_READ;
    }
    len = len < cap ? len : cap;
    memcpy(out, incoming->bytes + incoming->read, len);
    incoming->read += len;
    return (int)len;
}

/* Length of the signature in what a side sent, 0 if there is none: of ServerKeyExchange or CertificateVerify in
 * TLS 1.2; of CertificateVerify, the encrypted record before Finished, in TLS 1.3. The library sends one handshake
 * message per record. */
static size_t signature_bytes(const queue *sent, bool is_tls13)
{
    size_t last = 0;
    size_t before_last = 0;
    for (size_t at = 0; at + RECORD_HEADER_BYTES < sent->written;) {
        const unsigned char *record = sent->bytes + at;
        size_t len = ((size_t)record[3] << 8) | record[4];
        unsigned char message = record[RECORD_HEADER_BYTES];
        if (!is_tls13 && record[0] == RECORD_HANDSHAKE && message == HANDSHAKE_SERVER_KEY_EXCHANGE) {
            return len - 77; /* head 4, curve and point 69, algorithm 2, length 2 */
        }
        if (!is_tls13 && record[0] == RECORD_HANDSHAKE && message == HANDSHAKE_CERTIFICATE_VERIFY) {
            return len - 8; /* head 4, algorithm 2, length 2 */
        }
        if (is_tls13 && record[0] == RECORD_APPLICATION) {
            before_last = last;
            last = len;
        }
        at += RECORD_HEADER_BYTES + len;
    }
    return before_last == 0 ? 0 : before_last - 17; /* head 4, algorithm 2, length 2, content type 1, tag 8 */
}

/* MARK: who the peers are */

static int make_random(mbedtls_hmac_drbg_context *random, const char *seed)
{
    return mbedtls_hmac_drbg_seed_buf(random, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                                      (const unsigned char *)seed, strlen(seed));
}

static void authority_init(authority *all)
{
    peer_identity_init(&all->root);
    peer_identity_init(&all->stranger);
    peer_identity_init(&all->client_issuer);
    peer_identity_init(&all->server_issuer);
    peer_identity_init(&all->client);
    peer_identity_init(&all->server);
}

static void authority_free(authority *all)
{
    peer_identity_free(&all->root);
    peer_identity_free(&all->stranger);
    peer_identity_free(&all->client_issuer);
    peer_identity_free(&all->server_issuer);
    peer_identity_free(&all->client);
    peer_identity_free(&all->server);
}

/* The device is named by its EUI-64 (from the block for documentation, RFC 9542), the gateway by its DNS name. */
static int authority_make(authority *all, int32_t fault, mbedtls_hmac_drbg_context *random)
{
    static const char past[] = "20201231235959";
    static const char future[] = "20491231235959";
    const peer_subject root = {"O=Example,CN=Root", future, NULL, true, false, 1, 1};
    const peer_subject client_issuer = {"O=Example,CN=Device CA 1", future, NULL, true, false, 0, 2};
    const peer_subject server_issuer = {"O=Example,CN=Gateway CA 1", future, NULL, true, false, 0, 3};
    const peer_subject client = {
        "CN=00005EEF10000001", fault == CTLSPEER_FAULT_CLIENT_EXPIRED ? past : future, NULL, false, false, 0, 4};
    const peer_subject server = {"CN=gateway.example", fault == CTLSPEER_FAULT_SERVER_EXPIRED ? past : future,
                                 "gateway.example",    false, true, 0, 5};

    peer_identity *above_client = fault == CTLSPEER_FAULT_CLIENT_ROOT ? &all->stranger : &all->root;
    peer_identity *above_server = fault == CTLSPEER_FAULT_SERVER_ROOT ? &all->stranger : &all->root;

    int error = peer_identity_make(&all->root, &root, NULL, NULL, random);
    if (error == 0) {
        error = peer_identity_make(&all->stranger, &root, NULL, NULL, random);
    }
    if (error == 0) {
        error = peer_identity_make(&all->client_issuer, &client_issuer, above_client, root.name, random);
    }
    if (error == 0) {
        error = peer_identity_make(&all->server_issuer, &server_issuer, above_server, root.name, random);
    }
    if (error == 0) {
        error = peer_identity_make(&all->client, &client, &all->client_issuer, client_issuer.name, random);
    }
    if (error == 0) {
        error = peer_identity_make(&all->server, &server, &all->server_issuer, server_issuer.name, random);
    }
    if (error == 0) {
        error = peer_identity_append(&all->client, &all->client_issuer);
    }
    if (error == 0) {
        error = peer_identity_append(&all->server, &all->server_issuer);
    }
    return error;
}

/* MARK: how they are configured */

#if MBEDTLS_VERSION_NUMBER >= 0x03000000

static const int *cipher_suites(const scenario *wanted)
{
    static const int tls12_certificates[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};
    static const int tls12_psk[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8, 0};
    static const int tls13[] = {MBEDTLS_TLS1_3_AES_128_CCM_8_SHA256, 0};
    if (wanted->is_tls13) {
        return tls13;
    }
    return wanted->has_certificates ? tls12_certificates : tls12_psk;
}

static void configure_version(mbedtls_ssl_config *config, const scenario *wanted)
{
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    static const uint16_t algorithms[] = {MBEDTLS_TLS1_3_SIG_ECDSA_SECP256R1_SHA256, MBEDTLS_TLS1_3_SIG_NONE};
    mbedtls_ssl_protocol_version version = wanted->is_tls13 ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2;
    mbedtls_ssl_conf_min_tls_version(config, version);
    mbedtls_ssl_conf_max_tls_version(config, version);
    mbedtls_ssl_conf_groups(config, groups);
    mbedtls_ssl_conf_sig_algs(config, algorithms);
#if HAVE_TLS13
    if (wanted->is_tls13) {
        int mode = MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_EPHEMERAL;
        if (wanted->has_psk) {
            mode = wanted->has_ecdhe ? MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK_EPHEMERAL
                                     : MBEDTLS_SSL_TLS1_3_KEY_EXCHANGE_MODE_PSK;
        }
        mbedtls_ssl_conf_tls13_key_exchange_modes(config, mode);
    }
#endif
}

#else

static const int *cipher_suites(const scenario *wanted)
{
    static const int certificates[] = {MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8, 0};
    static const int psk[] = {MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8, 0};
    return wanted->has_certificates ? certificates : psk;
}

static void configure_version(mbedtls_ssl_config *config, const scenario *wanted)
{
    static const mbedtls_ecp_group_id curves[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_NONE};
    static const int hashes[] = {MBEDTLS_MD_SHA256, MBEDTLS_MD_NONE};
    (void)wanted;
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_max_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
    mbedtls_ssl_conf_curves(config, curves);
    mbedtls_ssl_conf_sig_hashes(config, hashes);
}

#endif

/* Switches off what this exchange has no use for and would cost bytes. */
static void configure_lean(mbedtls_ssl_config *config, bool is_server)
{
    if (is_server) {
        mbedtls_ssl_conf_cert_req_ca_list(config, MBEDTLS_SSL_CERT_REQ_CA_LIST_DISABLED);
#if HAVE_TLS13 && defined(MBEDTLS_SSL_SESSION_TICKETS)
        mbedtls_ssl_conf_new_session_tickets(config, 0);
#endif
        return;
    }
#if defined(MBEDTLS_SSL_SESSION_TICKETS)
    mbedtls_ssl_conf_session_tickets(config, MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
#endif
#if defined(MBEDTLS_SSL_ENCRYPT_THEN_MAC)
    mbedtls_ssl_conf_encrypt_then_mac(config, MBEDTLS_SSL_ETM_DISABLED); /* for CBC suites only */
#endif
}

static int peer_setup(peer *self, peer *other, bool is_server, const scenario *wanted, authority *all,
                      const unsigned char psk[PSK_BYTES])
{
    mbedtls_ssl_config *config = &self->config;
    int error = make_random(&self->random, is_server ? "husk ctlspeer server" : "husk ctlspeer client");
    if (error == 0) {
        error = mbedtls_ssl_config_defaults(config, is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                            MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    }
    if (error != 0) {
        return error;
    }
    mbedtls_ssl_conf_rng(config, mbedtls_hmac_drbg_random, &self->random);
    mbedtls_ssl_conf_ciphersuites(config, cipher_suites(wanted));
    configure_version(config, wanted);
    configure_lean(config, is_server);

    if (wanted->has_certificates) {
        peer_identity *own = is_server ? &all->server : &all->client;
        mbedtls_ssl_conf_authmode(config, MBEDTLS_SSL_VERIFY_REQUIRED);
        mbedtls_ssl_conf_ca_chain(config, &all->root.certificate, NULL);
        error = mbedtls_ssl_conf_own_cert(config, &own->certificate, &own->key);
    }
    if (error == 0 && wanted->has_psk) {
        error = mbedtls_ssl_conf_psk(config, psk, PSK_BYTES, psk_identity, sizeof psk_identity);
    }
    if (error == 0) {
        error = mbedtls_ssl_setup(&self->ssl, config);
    }
    if (error == 0 && !is_server) {
        /* No server name is sent; any name below the root is accepted. */
        error = mbedtls_ssl_set_hostname(&self->ssl, NULL);
    }
    self->end = (link_end){&self->sent, &other->sent};
    mbedtls_ssl_set_bio(&self->ssl, &self->end, link_send, link_receive, NULL);
    return error;
}

static void peer_init(peer *self)
{
    memset(self, 0, sizeof *self);
    mbedtls_ssl_config_init(&self->config);
    mbedtls_ssl_init(&self->ssl);
    mbedtls_hmac_drbg_init(&self->random);
}

static void peer_free(peer *self)
{
    mbedtls_ssl_free(&self->ssl);
    mbedtls_ssl_config_free(&self->config);
    mbedtls_hmac_drbg_free(&self->random);
}

static int peer_reset(peer *self)
{
    self->sent.written = 0;
    self->sent.read = 0;
    return mbedtls_ssl_session_reset(&self->ssl);
}

/* MARK: the exchange */

static bool is_waiting(int error)
{
    return error == MBEDTLS_ERR_SSL_WANT_READ || error == MBEDTLS_ERR_SSL_WANT_WRITE;
}

static int32_t refused(ctlspeer_result *result, int32_t side, peer *who, int error)
{
    uint32_t flags = mbedtls_ssl_get_verify_result(&who->ssl);
    result->failed_side = side;
    result->library_error = error;
    result->verify_flags = flags == UINT32_MAX ? 0 : flags; /* all ones mean: nothing was verified yet */
    return CTLSPEER_ERR_HANDSHAKE;
}

/* Of this thread. */
static double processor_seconds(void)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int32_t shake_hands(peer *client, peer *server, ctlspeer_result *result)
{
    int client_error = MBEDTLS_ERR_SSL_WANT_READ;
    int server_error = MBEDTLS_ERR_SSL_WANT_READ;
    result->flights = 0;
    result->server_seconds = 0;
    while (client_error != 0 || server_error != 0) {
        size_t client_before = client->sent.written;
        size_t server_before = server->sent.written;
        if (client_error != 0) {
            client_error = mbedtls_ssl_handshake(&client->ssl);
        }
        result->flights += client->sent.written > client_before;
        if (client_error != 0 && !is_waiting(client_error)) {
            return refused(result, CTLSPEER_SIDE_CLIENT, client, client_error);
        }
        if (server_error != 0) {
            double begin = processor_seconds();
            server_error = mbedtls_ssl_handshake(&server->ssl);
            result->server_seconds += processor_seconds() - begin;
        }
        result->flights += server->sent.written > server_before;
        if (server_error != 0 && !is_waiting(server_error)) {
            return refused(result, CTLSPEER_SIDE_SERVER, server, server_error);
        }
        bool moved = client->sent.written > client_before || server->sent.written > server_before;
        if (!moved && (client_error != 0 || server_error != 0)) {
            return refused(result, CTLSPEER_SIDE_NONE, client, client_error);
        }
    }
    result->handshake_client_bytes = (uint32_t)client->sent.written;
    result->handshake_server_bytes = (uint32_t)server->sent.written;
    return CTLSPEER_OK;
}

/* Sends `len` bytes from one side to the other and compares what arrives; *wire is the size of the record. */
static int send_message(peer *from, peer *to, size_t len, uint32_t *wire)
{
    unsigned char sent[CTLSPEER_MESSAGE_MAX_BYTES];
    unsigned char received[CTLSPEER_MESSAGE_MAX_BYTES];
    for (size_t i = 0; i < len; i++) {
        sent[i] = (unsigned char)(i + 1);
    }
    size_t before = from->sent.written;
    int written = mbedtls_ssl_write(&from->ssl, sent, len);
    if (written < 0 || (size_t)written != len) {
        return written < 0 ? written : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    *wire = (uint32_t)(from->sent.written - before);
    if (len == 0) {
        return 0;
    }
    int read = mbedtls_ssl_read(&to->ssl, received, sizeof received);
    if (read < 0 || (size_t)read != len || memcmp(sent, received, len) != 0) {
        return read < 0 ? read : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
    }
    return 0;
}

/* Handshakes until the signatures have their most common length, then the two messages. */
static int32_t converse(peer *client, peer *server, const scenario *wanted, size_t request_len, size_t reply_len,
                        ctlspeer_result *result)
{
    for (;;) {
        int32_t status = shake_hands(client, server, result);
        if (status != CTLSPEER_OK) {
            return status;
        }
        result->attempts++;
        bool even = signature_bytes(&client->sent, wanted->is_tls13) == EXPECTED_SIGNATURE_BYTES &&
                    signature_bytes(&server->sent, wanted->is_tls13) == EXPECTED_SIGNATURE_BYTES;
        if (even || !wanted->has_certificates) {
            break;
        }
        if (result->attempts == MAX_ATTEMPTS) {
            return CTLSPEER_ERR_LIBRARY;
        }
        result->library_error = peer_reset(client);
        if (result->library_error == 0) {
            result->library_error = peer_reset(server);
        }
        if (result->library_error != 0) {
            return CTLSPEER_ERR_LIBRARY;
        }
    }

    result->version = mbedtls_ssl_get_version(&client->ssl);
    result->ciphersuite = mbedtls_ssl_get_ciphersuite(&client->ssl);
    result->library_error = send_message(client, server, request_len, &result->request_bytes);
    if (result->library_error == 0) {
        result->library_error = send_message(server, client, reply_len, &result->reply_bytes);
    }
    return result->library_error == 0 ? CTLSPEER_OK : CTLSPEER_ERR_LIBRARY;
}

static bool is_supported(const scenario *wanted)
{
    if (wanted->is_tls13 && !HAVE_TLS13) {
        return false;
    }
    for (const int *suite = cipher_suites(wanted); *suite != 0; suite++) {
        if (mbedtls_ssl_ciphersuite_from_id(*suite) == NULL) {
            return false;
        }
    }
    return true;
}

int32_t ctlspeer_run(int32_t number, int32_t fault, size_t request_len, size_t reply_len, ctlspeer_result *result)
{
    memset(result, 0, sizeof *result);
    result->version = "";
    result->ciphersuite = "";
    if (number < 0 || number >= CTLSPEER_SCENARIOS || fault < 0 || fault >= CTLSPEER_FAULTS ||
        request_len > CTLSPEER_MESSAGE_MAX_BYTES || reply_len > CTLSPEER_MESSAGE_MAX_BYTES) {
        result->status = CTLSPEER_ERR_ARGUMENT;
        return result->status;
    }
    const scenario *wanted = &scenarios[number];
    if (!is_supported(wanted)) {
        result->status = CTLSPEER_ERR_UNSUPPORTED;
        return result->status;
    }

    unsigned char client_psk[PSK_BYTES];
    unsigned char server_psk[PSK_BYTES];
    mbedtls_hmac_drbg_context random;
    authority all;
    peer client;
    peer server;
    mbedtls_hmac_drbg_init(&random);
    authority_init(&all);
    peer_init(&client);
    peer_init(&server);

    int error = 0;
#if MBEDTLS_VERSION_NUMBER >= 0x03000000
    error = psa_crypto_init() == PSA_SUCCESS ? 0 : MBEDTLS_ERR_SSL_INTERNAL_ERROR;
#endif
    if (error == 0) {
        error = make_random(&random, "husk ctlspeer identities");
    }
    if (error == 0) {
        error = mbedtls_hmac_drbg_random(&random, client_psk, sizeof client_psk);
    }
    memcpy(server_psk, client_psk, sizeof server_psk);
    server_psk[0] ^= fault == CTLSPEER_FAULT_PSK;
    if (error == 0 && wanted->has_certificates) {
        error = authority_make(&all, fault, &random);
    }
    if (error == 0) {
        error = peer_setup(&client, &server, false, wanted, &all, client_psk);
    }
    if (error == 0) {
        error = peer_setup(&server, &client, true, wanted, &all, server_psk);
    }

    result->library_error = error;
    result->status = error == 0 ? converse(&client, &server, wanted, request_len, reply_len, result)
                                : CTLSPEER_ERR_LIBRARY;
    result->client_leaf_bytes = (uint32_t)all.client.bytes;
    result->client_intermediate_bytes = (uint32_t)all.client_issuer.bytes;
    result->server_leaf_bytes = (uint32_t)all.server.bytes;
    result->server_intermediate_bytes = (uint32_t)all.server_issuer.bytes;

    peer_free(&client);
    peer_free(&server);
    authority_free(&all);
    mbedtls_hmac_drbg_free(&random);
    return result->status;
}

/* MARK: names */

const char *ctlspeer_scenario_name(int32_t number)
{
    return number < 0 || number >= CTLSPEER_SCENARIOS ? "unknown" : scenarios[number].name;
}

void ctlspeer_library_name(char *out, size_t cap)
{
    unsigned version = mbedtls_version_get_number();
    snprintf(out, cap, "Mbed TLS %u.%u.%u", version >> 24, version >> 16 & 0xff, version >> 8 & 0xff);
}

void ctlspeer_error_text(int32_t library_error, char *out, size_t cap)
{
#if defined(MBEDTLS_ERROR_C)
    mbedtls_strerror(library_error, out, cap);
#else
    snprintf(out, cap, "error %d", (int)library_error);
#endif
}
