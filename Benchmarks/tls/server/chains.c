/* The certificates of both sides: a root, and below it chains of one, two and three certificates. */
#include "chains.h"

#include <stdio.h>
#include <stdlib.h>

#define FUTURE "20491231235959"
#define KEY_BYTES_MAX 256

tls_chains chains;
static const char root_name[] = "O=Example,CN=Root";
static uint8_t serial;

static void make(peer_identity *identity, peer_subject subject, peer_identity *issuer, const char *issuer_name,
                 mbedtls_hmac_drbg_context *random)
{
    subject.not_after = FUTURE;
    subject.serial = ++serial;
    peer_identity_init(identity);
    if (peer_identity_make(identity, &subject, issuer, issuer_name, random) != 0) {
        fprintf(stderr, "tls server: no certificate for %s\n", subject.name);
        exit(1);
    }
}

/* The three chains of a side: the leaf below the root, below the lower of two authorities that are named, and below
 * both. */
static void make_side(peer_identity *leaves, const peer_subject *leaf, const char *lower_name, const char *upper_name,
                      mbedtls_hmac_drbg_context *random)
{
    for (int above = 0; above < TLS_CHAIN_MAX; above++) {
        peer_identity upper, lower;
        peer_identity *issuer = &chains.root;
        const char *issuer_name = root_name;
        peer_identity_init(&upper);
        peer_identity_init(&lower);
        if (above == 2) {
            make(&upper, (peer_subject){.name = upper_name, .is_authority = true, .path_len = 1}, issuer, issuer_name,
                 random);
            issuer = &upper;
            issuer_name = upper_name;
        }
        if (above >= 1) {
            make(&lower, (peer_subject){.name = lower_name, .is_authority = true, .path_len = 0}, issuer, issuer_name,
                 random);
            issuer = &lower;
            issuer_name = lower_name;
        }
        make(&leaves[above], *leaf, issuer, issuer_name, random);
        if ((above >= 1 && peer_identity_append(&leaves[above], &lower) != 0) ||
            (above == 2 && peer_identity_append(&leaves[above], &upper) != 0)) {
            exit(1);
        }
        peer_identity_free(&upper);
        peer_identity_free(&lower);
    }
}

void chains_make(mbedtls_hmac_drbg_context *random)
{
    /* The device is named by its EUI-64 (from the block for documentation, RFC 9542), the gateway by its DNS name. */
    const peer_subject client = {.name = "CN=00005EEF10000001"};
    const peer_subject server = {.name = "CN=gateway.example", .dns_name = "gateway.example", .is_server = true};
    const peer_subject root = {.name = root_name, .is_authority = true, .path_len = 2};
    make(&chains.root, root, NULL, NULL, random);
    make_side(chains.client, &client, "O=Example,CN=Device CA 1", "O=Example,CN=Device CA", random);
    make_side(chains.server, &server, "O=Example,CN=Gateway CA 1", "O=Example,CN=Gateway CA", random);
}

static void print_bytes(const char *type, const char *name, const uint8_t *bytes, size_t len)
{
    printf("static const uint8_t %s_%s[] = {", name, type);
    for (size_t i = 0; i < len; i++) {
        printf("%s0x%02x,", i % 16 == 0 ? "\n    " : " ", bytes[i]);
    }
    printf("\n};\n");
}

static size_t print_chain(int number, peer_identity *identity)
{
    char name[32];
    uint8_t key[KEY_BYTES_MAX];
    int key_len = mbedtls_pk_write_key_der(&identity->key, key, sizeof key);
    if (key_len <= 0) {
        exit(1);
    }
    snprintf(name, sizeof name, "chain_%d", number);
    print_bytes("key", name, key + sizeof key - key_len, (size_t)key_len);
    size_t count = 0;
    for (const mbedtls_x509_crt *at = &identity->certificate; at != NULL; at = at->next, count++) {
        snprintf(name, sizeof name, "chain_%d_%zu", number, count);
        print_bytes("certificate", name, at->raw.p, at->raw.len);
    }
    return count;
}

void chains_print(void)
{
    size_t counts[TLS_CHAIN_MAX];
    printf("/* Keys and certificates of the client, and the root of both sides. Made by the server program. */\n"
           "#include <stddef.h>\n#include <stdint.h>\n\n"
           "typedef struct tls_certificate {\n    const uint8_t *der;\n    size_t len;\n} tls_certificate;\n\n"
           "typedef struct tls_identity {\n    const uint8_t *key;\n    size_t key_len;\n"
           "    tls_certificate certificates[%d];\n} tls_identity;\n\n", TLS_CHAIN_MAX);
    print_bytes("der", "root", chains.root.certificate.raw.p, chains.root.certificate.raw.len);
    for (int i = 0; i < TLS_CHAIN_MAX; i++) {
        counts[i] = print_chain(i + 1, &chains.client[i]);
    }
    printf("\nstatic const tls_certificate root_certificate = {root_der, sizeof root_der};\n"
           "static const tls_identity client_identities[] = {\n");
    for (int i = 0; i < TLS_CHAIN_MAX; i++) {
        printf("    {chain_%d_key, sizeof chain_%d_key, {", i + 1, i + 1);
        for (size_t j = 0; j < counts[i]; j++) {
            printf("{chain_%d_%zu_certificate, sizeof chain_%d_%zu_certificate}, ", i + 1, j, i + 1, j);
        }
        printf("}},\n");
    }
    printf("};\n");
}

static void print_sizes(const char *side, const peer_identity *leaves)
{
    for (int i = 0; i < TLS_CHAIN_MAX; i++) {
        printf("%s", side);
        for (const mbedtls_x509_crt *at = &leaves[i].certificate; at != NULL; at = at->next) {
            printf(" %zu", at->raw.len);
        }
        printf("\n");
    }
}

void chains_print_sizes(void)
{
    print_sizes("client", chains.client);
    print_sizes("server", chains.server);
}
