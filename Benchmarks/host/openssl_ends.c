/* OpenSSL's contexts and connections in memory, and what both ends know of each other. */
#include "openssl_ends.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <string.h>

#include "chains.h"
#include "gateway.h"

#define KEY_BYTES_MAX 256
#define SECURITY_LEVEL 0 /* the default refuses tags of 8 bytes */

static void ok(int holds, const char *what)
{
    if (holds != 1) {
        ERR_print_errors_fp(stderr);
        require(false, what);
    }
}

/* MARK: certificates */

void openssl_identities_make(void)
{
    static const char seed[] = "identities"; /* as Benchmarks/tls/server */
    mbedtls_hmac_drbg_context random;
    mbedtls_hmac_drbg_init(&random);
    require(mbedtls_hmac_drbg_seed_buf(&random, mbedtls_md_info_from_type(MBEDTLS_MD_SHA256),
                                       (const unsigned char *)seed, strlen(seed)) == 0, "random bytes of the chains");
    chains_make(&random);
    mbedtls_hmac_drbg_free(&random);
}

static X509 *read_certificate(const mbedtls_x509_crt *certificate)
{
    const unsigned char *der = certificate->raw.p;
    X509 *read = d2i_X509(NULL, &der, (long)certificate->raw.len);
    require(read != NULL, "certificate");
    return read;
}

static EVP_PKEY *read_key(mbedtls_pk_context *key)
{
    unsigned char bytes[KEY_BYTES_MAX];
    int len = mbedtls_pk_write_key_der(key, bytes, sizeof bytes);
    require(len > 0, "key as DER");
    const unsigned char *der = bytes + sizeof bytes - len; /* it is written to the end of the buffer */
    EVP_PKEY *read = d2i_AutoPrivateKey(NULL, &der, len);
    require(read != NULL, "key");
    return read;
}

static void use_chain(SSL_CTX *context, peer_identity *identity)
{
    EVP_PKEY *key = read_key(&identity->key);
    X509 *own = read_certificate(&identity->certificate), *root = read_certificate(&chains.root.certificate);
    ok(SSL_CTX_use_certificate(context, own), "own certificate");
    ok(SSL_CTX_use_PrivateKey(context, key), "own key");
    for (const mbedtls_x509_crt *at = identity->certificate.next; at != NULL; at = at->next) {
        ok(SSL_CTX_add0_chain_cert(context, read_certificate(at)) == 1, "chain");
    }
    ok(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), root), "root");
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    EVP_PKEY_free(key);
    X509_free(own);
    X509_free(root);
}

/* MARK: pre-shared keys */

static SSL_SESSION *psk_session(SSL *ssl)
{
    SSL_SESSION *session = SSL_SESSION_new();
    const SSL_CIPHER *cipher = sk_SSL_CIPHER_value(SSL_get_ciphers(ssl), 0); /* the suite offered; 1.2's come behind */
    ok(session != NULL && cipher != NULL && SSL_SESSION_set1_master_key(session, tls_psk, sizeof tls_psk) &&
           SSL_SESSION_set_cipher(session, cipher) && SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION),
       "session of a pre-shared key");
    return session;
}

static int offer_psk13(SSL *ssl, const EVP_MD *digest, const unsigned char **id, size_t *len, SSL_SESSION **session)
{
    (void)digest;
    *id = tls_psk_identity;
    *len = sizeof tls_psk_identity;
    *session = psk_session(ssl);
    return 1;
}

static int find_psk13(SSL *ssl, const unsigned char *id, size_t len, SSL_SESSION **session)
{
    *session = len == sizeof tls_psk_identity && id[0] == tls_psk_identity[0] ? psk_session(ssl) : NULL;
    return 1;
}

static unsigned offer_psk12(SSL *ssl, const char *hint, char *id, unsigned id_cap, unsigned char *key, unsigned key_cap)
{
    (void)ssl;
    (void)hint;
    require(id_cap >= 2 && key_cap >= sizeof tls_psk, "room for a pre-shared key");
    id[0] = (char)tls_psk_identity[0];
    id[1] = 0;
    memcpy(key, tls_psk, sizeof tls_psk);
    return sizeof tls_psk;
}

static unsigned find_psk12(SSL *ssl, const char *id, unsigned char *key, unsigned key_cap)
{
    (void)ssl;
    if ((uint8_t)id[0] != tls_psk_identity[0] || id[1] != 0 || key_cap < sizeof tls_psk) {
        return 0;
    }
    memcpy(key, tls_psk, sizeof tls_psk);
    return sizeof tls_psk;
}

/* MARK: contexts */

static SSL_CTX *make_context(const SSL_METHOD *method, const openssl_offer *offer, const char *group)
{
    SSL_CTX *context = SSL_CTX_new(method);
    require(context != NULL, "SSL_CTX");
    bool is_tls13 = offer->version == TLS1_3_VERSION;
    SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    ok(SSL_CTX_set_min_proto_version(context, offer->version) == 1 &&
           SSL_CTX_set_max_proto_version(context, offer->version) == 1, "version");
    ok(is_tls13 ? SSL_CTX_set_ciphersuites(context, offer->suite) : SSL_CTX_set_cipher_list(context, offer->suite),
       "cipher suite");
    ok(SSL_CTX_set1_groups_list(context, group) == 1, "group");
    ok(SSL_CTX_set1_sigalgs_list(context, "ECDSA+SHA256") == 1, "signature algorithm");
    ok(SSL_CTX_set_num_tickets(context, 0), "no tickets");
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN); /* which would send the root with a chain of one */
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_ENCRYPT_THEN_MAC);
    SSL_CTX_clear_options(context, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    return context;
}

static void use_psk(openssl_ends *ends)
{
    SSL_CTX_set_psk_use_session_callback(ends->client_context, offer_psk13);
    SSL_CTX_set_psk_find_session_callback(ends->server_context, find_psk13);
    SSL_CTX_set_psk_client_callback(ends->client_context, offer_psk12);
    SSL_CTX_set_psk_server_callback(ends->server_context, find_psk12);
    if (ends->offer->client_group != ends->offer->server_group) {
        SSL_CTX_set_options(ends->client_context, SSL_OP_ALLOW_NO_DHE_KEX);
        SSL_CTX_set_options(ends->server_context, SSL_OP_ALLOW_NO_DHE_KEX);
    }
}

/* Sees each message that the server writes or reads. */
static void note_signature(int writes, int version, int kind, const void *bytes, size_t len, SSL *ssl, void *context)
{
    openssl_ends *ends = context;
    const unsigned char *message = bytes;
    (void)version;
    (void)ssl;
    if (kind != SSL3_RT_HANDSHAKE || len == 0) {
        return;
    }
    if (message[0] == SSL3_MT_CERTIFICATE_VERIFY) {
        *(writes ? &ends->server_signature : &ends->client_signature) = len - 8; /* head 4, algorithm 2, length 2 */
    }
    if (message[0] == SSL3_MT_SERVER_KEY_EXCHANGE && ends->offer->chain > 0) {
        ends->server_signature = len - 77; /* head 4, curve and point 69, algorithm 2, length 2 */
    }
}

void openssl_ends_init(openssl_ends *ends, const openssl_offer *offer)
{
    *ends = (openssl_ends){
        .offer = offer,
        .client_context = make_context(TLS_client_method(), offer, offer->client_group),
        .server_context = make_context(TLS_server_method(), offer, offer->server_group),
    };
    if (offer->chain == 0) {
        use_psk(ends);
        return;
    }
    use_chain(ends->client_context, &chains.client[offer->chain - 1]);
    use_chain(ends->server_context, &chains.server[offer->chain - 1]);
}

void openssl_ends_free(openssl_ends *ends)
{
    SSL_CTX_free(ends->client_context);
    SSL_CTX_free(ends->server_context);
}

/* MARK: connections */

void openssl_connect(openssl_ends *ends)
{
    ends->up = BIO_new(BIO_s_mem());
    ends->down = BIO_new(BIO_s_mem());
    ends->client = SSL_new(ends->client_context);
    ends->server = SSL_new(ends->server_context);
    require(ends->up != NULL && ends->down != NULL && ends->client != NULL && ends->server != NULL &&
            BIO_up_ref(ends->up) == 1 && BIO_up_ref(ends->down) == 1, "connection");
    SSL_set_bio(ends->client, ends->down, ends->up);
    SSL_set_connect_state(ends->client);
    SSL_set_bio(ends->server, ends->up, ends->down);
    SSL_set_accept_state(ends->server);
    SSL_set_msg_callback(ends->server, note_signature);
    SSL_set_msg_callback_arg(ends->server, ends);
    ends->client_signature = ends->server_signature = 0;
}

void openssl_disconnect(openssl_ends *ends)
{
    SSL_free(ends->client);
    SSL_free(ends->server);
}

bool openssl_shake(SSL *end)
{
    int result = SSL_do_handshake(end);
    if (result != 1 && SSL_get_error(end, result) != SSL_ERROR_WANT_READ) {
        ok(0, SSL_is_server(end) ? "server" : "client");
    }
    return result == 1;
}

void openssl_require_agreement(const openssl_ends *ends)
{
    const openssl_offer *offer = ends->offer;
    bool is_tls13 = offer->version == TLS1_3_VERSION;
    bool has_ecdhe = offer->chain > 0 || (is_tls13 && offer->client_group == offer->server_group);
    require(SSL_version(ends->server) == offer->version, "version");
    const SSL_CIPHER *cipher = SSL_get_current_cipher(ends->server);
    require(strcmp(SSL_CIPHER_get_name(cipher), offer->suite) == 0, "cipher suite that they agreed on");
    int verified = offer->chain > 0 ? offer->chain + 1 : -1; /* with the root; no chain at all */
    require(sk_X509_num(SSL_get0_verified_chain(ends->client)) == verified &&
            sk_X509_num(SSL_get0_verified_chain(ends->server)) == verified, "chains that were verified");
    require((SSL_get_negotiated_group(ends->server) != 0) == has_ecdhe, "whether they agreed on a key");
    if (is_tls13) {
        require(SSL_session_reused(ends->server) == (offer->chain == 0 ? 1 : 0), "how the peers authenticated");
    }
}
