/* OpenSSL's TLS 1.3 server over buffers in memory: mutual certificates (P-256, leaf and intermediate on both sides, as
 * CTLSPeer has them), a pre-shared key with and without Diffie-Hellman, and records. AES-128-GCM, which is its fastest.
 * No tickets are sent. The client is OpenSSL too and is not measured. */
#include "gateway.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#define CIPHER_SUITE "TLS_AES_128_GCM_SHA256"
static const unsigned char cipher_suite_number[2] = {0x13, 0x01};
static const unsigned char psk_identity[1] = {0x10};
static const unsigned char psk_key[16] = "0123456789abcde";

static void ok(int holds, const char *what)
{
    if (holds != 1) {
        ERR_print_errors_fp(stderr);
        require(false, what);
    }
}

/* MARK: certificates */

typedef struct identity {
    EVP_PKEY *key;
    X509 *certificate;
} identity;

static void add_extension(X509 *certificate, X509 *issuer, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    ok(extension != NULL && X509_add_ext(certificate, extension, -1), "certificate extension");
    X509_EXTENSION_free(extension);
}

/* Signed by `issuer`, or by itself if that is NULL. */
static identity make_identity(const char *name, const identity *issuer, bool is_authority, long serial)
{
    identity made = {EVP_EC_gen("P-256"), X509_new()};
    require(made.key != NULL && made.certificate != NULL, "identity");
    const identity *above = issuer != NULL ? issuer : &made;
    X509_NAME *subject = X509_get_subject_name(made.certificate);
    ok(X509_set_version(made.certificate, X509_VERSION_3), "version");
    ok(ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), serial), "serial number");
    ok(X509_gmtime_adj(X509_getm_notBefore(made.certificate), -3600) != NULL, "not before");
    ok(X509_gmtime_adj(X509_getm_notAfter(made.certificate), 3600L * 24) != NULL, "not after");
    ok(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0), "name");
    ok(X509_set_issuer_name(made.certificate, X509_get_subject_name(above->certificate)), "issuer");
    ok(X509_set_pubkey(made.certificate, made.key), "public key");
    add_extension(made.certificate, above->certificate, NID_basic_constraints,
                  is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(made.certificate, above->certificate, NID_key_usage,
                  is_authority ? "critical,keyCertSign" : "critical,digitalSignature");
    require(X509_sign(made.certificate, above->key, EVP_sha256()) > 0, "signature");
    return made;
}

static void free_identity(identity *one)
{
    EVP_PKEY_free(one->key);
    X509_free(one->certificate);
}

/* MARK: contexts */

static const SSL_METHOD *method(bool is_server)
{
    return is_server ? TLS_server_method() : TLS_client_method();
}

static SSL_CTX *make_context(bool is_server, const char *group)
{
    SSL_CTX *context = SSL_CTX_new(method(is_server));
    require(context != NULL, "SSL_CTX");
    ok(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1, "version");
    ok(SSL_CTX_set_ciphersuites(context, CIPHER_SUITE), "cipher suite");
    ok(SSL_CTX_set1_groups_list(context, group) == 1, "group");
    ok(SSL_CTX_set_num_tickets(context, 0), "no tickets");
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return context;
}

static void use_chain(SSL_CTX *context, const identity *own, const identity *issuer, const identity *root)
{
    ok(SSL_CTX_use_certificate(context, own->certificate), "own certificate");
    ok(SSL_CTX_use_PrivateKey(context, own->key), "own key");
    ok(SSL_CTX_add1_chain_cert(context, issuer->certificate) == 1, "chain");
    ok(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root->certificate), "root");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static SSL_SESSION *psk_session(SSL *ssl)
{
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *cipher = SSL_CIPHER_find(ssl, cipher_suite_number);
    ok(session != NULL && cipher != NULL && SSL_SESSION_set1_master_key(session, psk_key, sizeof psk_key) &&
           SSL_SESSION_set_cipher(session, cipher) && SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION),
       "session of a pre-shared key");
    return session;
}

static int offer_psk(SSL *ssl, const EVP_MD *digest, const unsigned char **id, size_t *len, SSL_SESSION **session)
{
    (void)digest;
    *id = psk_identity;
    *len = sizeof psk_identity;
    *session = psk_session(ssl);
    return 1;
}

static int find_psk(SSL *ssl, const unsigned char *id, size_t len, SSL_SESSION **session)
{
    *session = len == sizeof psk_identity && id[0] == psk_identity[0] ? psk_session(ssl) : NULL;
    return 1;
}

/* MARK: connections */

typedef struct connection {
    SSL_CTX *client_context, *server_context;
    SSL *client, *server;
    bool has_psk, has_ecdhe;
} connection;

/* A fresh connection whose ends write where the other reads. */
static void connect_ends(connection *c)
{
    BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
    c->client = SSL_new(c->client_context);
    require(up != NULL && down != NULL && c->client != NULL && BIO_up_ref(up) == 1 && BIO_up_ref(down) == 1, "BIO");
    SSL_set_bio(c->client, down, up);
    SSL_set_connect_state(c->client);
    c->server = SSL_new(c->server_context);
    require(c->server != NULL, "SSL");
    SSL_set_bio(c->server, up, down);
    SSL_set_accept_state(c->server);
}

static void disconnect(connection *c)
{
    SSL_free(c->client);
    SSL_free(c->server);
}

/* Whether this end is done; it may wait for the other. */
static bool shake(SSL *ssl, const char *who)
{
    int result = SSL_do_handshake(ssl);
    if (result != 1 && SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ) {
        ok(0, who);
    }
    return result == 1;
}

static void complete(connection *c, stopwatch *watch)
{
    bool client_done = false, server_done = false;
    while (!client_done || !server_done) {
        client_done = client_done || shake(c->client, "client");
        stopwatch_start(watch);
        server_done = server_done || shake(c->server, "server");
        stopwatch_stop(watch);
    }
    require(SSL_session_reused(c->server) == (c->has_psk ? 1 : 0), "how the peers authenticated");
    require((SSL_get_negotiated_group(c->server) != 0) == c->has_ecdhe, "whether they agreed on a key");
}

/* The server's object for the connection is its work too; the ends in memory are not. */
static size_t handshake(void *context, stopwatch *watch)
{
    connection *c = context;
    connect_ends(c);
    complete(c, watch);
    disconnect(c);
    return 1;
}

/* Records arrive and are answered, on one connection. */
static size_t records(void *context, stopwatch *watch)
{
    connection *c = context;
    unsigned char message[PAYLOAD_BYTES] = "what a sensor has to say, at 32", received[PAYLOAD_BYTES];
    for (size_t i = 0; i < BATCH; i++) {
        require(SSL_write(c->client, message, PAYLOAD_BYTES) == PAYLOAD_BYTES, "client writes");
    }
    stopwatch_start(watch);
    for (size_t i = 0; i < BATCH; i++) {
        require(SSL_read(c->server, received, PAYLOAD_BYTES) == PAYLOAD_BYTES, "server reads");
        require(SSL_write(c->server, received, PAYLOAD_BYTES) == PAYLOAD_BYTES, "server writes");
    }
    stopwatch_stop(watch);
    for (size_t i = 0; i < BATCH; i++) {
        require(SSL_read(c->client, received, PAYLOAD_BYTES) == PAYLOAD_BYTES, "client reads");
    }
    require(memcmp(message, received, PAYLOAD_BYTES) == 0, "what comes back");
    return BATCH;
}

/* MARK: scenarios */

static connection make_connection(const char *client_group, const char *server_group)
{
    return (connection){
        .client_context = make_context(false, client_group),
        .server_context = make_context(true, server_group),
        .has_ecdhe = client_group == server_group,
    };
}

static void free_connection(connection *c)
{
    SSL_CTX_free(c->client_context);
    SSL_CTX_free(c->server_context);
}

static void certificates(void)
{
    identity root = make_identity("Root", NULL, true, 1);
    identity issuers[2] = {make_identity("Device CA 1", &root, true, 2), make_identity("Gateway CA 1", &root, true, 3)};
    identity client = make_identity("00005EEF10000001", &issuers[0], false, 4);
    identity server = make_identity("gateway.example", &issuers[1], false, 5);
    static const char *const groups[] = {"X25519", "P-256"};
    for (size_t i = 0; i < 2; i++) {
        connection c = make_connection(groups[i], groups[i]);
        use_chain(c.client_context, &client, &issuers[0], &root);
        use_chain(c.server_context, &server, &issuers[1], &root);
        measure(i == 0 ? "tls13/certificates/leaf_intermediate/x25519" : "tls13/certificates/leaf_intermediate/p256",
                "openssl", handshake, &c);
        free_connection(&c);
    }
    free_identity(&root);
    free_identity(&issuers[0]);
    free_identity(&issuers[1]);
    free_identity(&client);
    free_identity(&server);
}

static void pre_shared_keys(void)
{
    static const char x25519[] = "X25519", p256[] = "P-256";
    /* A server that may do without Diffie-Hellman does so only with no group in common. */
    static const struct {
        const char *scenario, *client_group, *server_group;
    } kinds[] = {
        {"tls13/psk_ecdhe/x25519", x25519, x25519},
        {"tls13/psk_ecdhe/p256", p256, p256},
        {"tls13/psk", x25519, p256},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        connection c = make_connection(kinds[i].client_group, kinds[i].server_group);
        c.has_psk = true;
        SSL_CTX_set_psk_use_session_callback(c.client_context, offer_psk);
        SSL_CTX_set_psk_find_session_callback(c.server_context, find_psk);
        if (!c.has_ecdhe) {
            SSL_CTX_set_options(c.client_context, SSL_OP_ALLOW_NO_DHE_KEX);
            SSL_CTX_set_options(c.server_context, SSL_OP_ALLOW_NO_DHE_KEX);
        }
        measure(kinds[i].scenario, "openssl", handshake, &c);
        if (i == 0 && is_wanted("tls13/record")) {
            stopwatch unused = {0, 0};
            connect_ends(&c);
            complete(&c, &unused);
            measure("tls13/record/answer/32", "openssl", records, &c);
            disconnect(&c);
        }
        free_connection(&c);
    }
}

void openssl_server(void)
{
    certificates();
    pre_shared_keys();
}
