/* The tables of CHuskHost against those of the core: on random and on bad inputs both give the same bytes and the same
 * errors, a hash goes on from the other's midstate, and a device on one side talks to a gateway on the other.
 * Usage: tables [seed [count]]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "husk/husk.h"
#include "husk_host.h"

#define MAX_BYTES 70000
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static uint64_t state;

/* splitmix64 */
static uint64_t next(void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static size_t below(size_t n)
{
    return (size_t)(next() % n);
}

static void fill(uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)next();
    }
}

static husk_status random_fill(void *context, uint8_t *out, size_t len)
{
    (void)context;
    fill(out, len);
    return HUSK_OK;
}

static void flip(uint8_t *data, size_t len)
{
    data[below(len)] ^= (uint8_t)(1u << below(8));
}

static bool is_zero(const uint8_t *data, size_t len)
{
    uint8_t all = 0;
    for (size_t i = 0; i < len; i++) {
        all |= data[i];
    }
    return all == 0;
}

/* Mostly of a few blocks; now and then the longest, or too long. */
static size_t length(size_t max)
{
    switch (below(32)) {
    case 0:
        return max - below(3);
    case 1:
        return max + 1;
    case 2:
        return 0;
    default:
        return below(200);
    }
}

static uint8_t ours[MAX_BYTES], theirs[MAX_BYTES], aad[MAX_BYTES];

/* A list of one to four slices that together are data[0..len). */
static size_t cut(const uint8_t *data, size_t len, husk_bytes parts[4])
{
    size_t count = 1 + below(4), at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t part = i + 1 == count ? len - at : below(len - at + 1);
        parts[i] = (husk_bytes){part > 0 ? data + at : NULL, part};
        at += part;
    }
    return count;
}

/* MARK: AEADs */

static bool same_limits(const husk_aead *core, const husk_aead *host)
{
    return core->cose_alg == host->cose_alg && core->key_bytes == host->key_bytes &&
           core->nonce_bytes == host->nonce_bytes && core->tag_bytes == host->tag_bytes;
}

/* Both seal, and each opens what the other sealed, whole or damaged, in any of its parts. */
static bool aead_agrees(const husk_aead *core, const husk_aead *host)
{
    uint8_t key[HUSK_AEAD_KEY_MAX_BYTES], nonce[HUSK_AEAD_NONCE_MAX_BYTES];
    bool is_ccm = core->nonce_bytes == 13;
    size_t len = length(is_ccm ? 0xffff : 5000), aad_len = length(is_ccm ? 0xfeff : 5000);
    size_t sealed = len + core->tag_bytes;
    husk_bytes parts[4];
    fill(key, sizeof key);
    fill(nonce, sizeof nonce);
    fill(ours, sealed);
    fill(aad, aad_len);
    memcpy(theirs, ours, sealed);
    size_t count = cut(aad, aad_len, parts);
    husk_status expected = core->seal(core, key, nonce, parts, count, ours, len);
    if (host->seal(host, key, nonce, parts, count, theirs, len) != expected || memcmp(ours, theirs, sealed) != 0) {
        return false;
    }
    if (expected == HUSK_OK && below(2) == 0) {
        switch (below(3)) {
        case 0:
            flip(theirs, sealed);
            break;
        case 1:
            flip(nonce, core->nonce_bytes);
            break;
        default:
            flip(key, core->key_bytes);
            break;
        }
        memcpy(ours, theirs, sealed);
    }
    expected = core->open(core, key, nonce, parts, count, ours, len);
    return host->open(host, key, nonce, parts, count, theirs, len) == expected && memcmp(ours, theirs, sealed) == 0 &&
           (expected != HUSK_ERR_AUTHENTICATION || is_zero(theirs, len));
}

static bool ccm_64(void)
{
    return same_limits(&husk_aead_aes_ccm_16_64_128, &husk_host_aead_aes_ccm_16_64_128) &&
           aead_agrees(&husk_aead_aes_ccm_16_64_128, &husk_host_aead_aes_ccm_16_64_128);
}

static bool ccm_128(void)
{
    return same_limits(&husk_aead_aes_ccm_16_128_128, &husk_host_aead_aes_ccm_16_128_128) &&
           aead_agrees(&husk_aead_aes_ccm_16_128_128, &husk_host_aead_aes_ccm_16_128_128);
}

static bool chacha20_poly1305(void)
{
    return same_limits(&husk_aead_chacha20_poly1305, &husk_host_aead_chacha20_poly1305) &&
           aead_agrees(&husk_aead_chacha20_poly1305, &husk_host_aead_chacha20_poly1305);
}

/* A text so long that the counter would run over; nothing of it is touched. */
static bool too_long(void)
{
    const husk_aead *host = &husk_host_aead_chacha20_poly1305;
    size_t len = (size_t)64 * UINT32_MAX;
    uint8_t key[32] = {0}, nonce[12] = {0};
    ours[0] = 0x5a;
    return host->seal(host, key, nonce, NULL, 0, ours, len) == HUSK_ERR_ARGUMENT &&
           host->open(host, key, nonce, NULL, 0, ours, len) == HUSK_ERR_ARGUMENT && ours[0] == 0x5a;
}

/* MARK: hashing */

static void digest(const husk_hash *hash, const husk_bytes *parts, size_t count, uint8_t out[32])
{
    husk_hash_state running;
    hash->init(&running);
    for (size_t i = 0; i < count; i++) {
        hash->update(&running, parts[i].data, parts[i].len);
    }
    hash->final(&running, out);
}

static bool sha256(void)
{
    uint8_t a[32], b[32];
    size_t len = length(MAX_BYTES - 1);
    husk_bytes parts[4];
    fill(ours, len);
    digest(&husk_hash_sha256, parts, cut(ours, len, parts), a);
    digest(&husk_host_hash_sha256, parts, cut(ours, len, parts), b);
    return memcmp(a, b, 32) == 0;
}

/* Keys that the host's hash prepared, of any length. The core copies the state's first bytes and goes on with them. */
static bool hmac(void)
{
    uint8_t a[32], b[32];
    size_t key_len = below(150), len = length(5000);
    husk_bytes parts[4];
    husk_hmac_key core, host;
    fill(aad, key_len);
    fill(ours, len);
    size_t count = cut(ours, len, parts);
    husk_hmac_key_init(&core, &husk_hash_sha256, aad, key_len);
    husk_hmac_key_init(&host, &husk_host_hash_sha256, aad, key_len);
    husk_hmac(&core, parts, count, a);
    husk_hmac(&host, parts, count, b);
    return memcmp(a, b, 32) == 0;
}

static bool hkdf(void)
{
    uint8_t prk[2][32], out[2][300] = {{0}};
    size_t salt_len = below(100), ikm_len = below(100), info_len = below(200), len = below(300);
    const husk_hash *hashes[2] = {&husk_hash_sha256, &husk_host_hash_sha256};
    fill(aad, 400);
    for (size_t i = 0; i < 2; i++) {
        husk_hmac_key key;
        husk_bytes info = {aad + 200, info_len};
        husk_hkdf_extract(hashes[i], (husk_bytes){aad, salt_len}, (husk_bytes){aad + 100, ikm_len}, prk[i]);
        husk_hmac_key_init(&key, hashes[i], prk[i], 32);
        if (husk_hkdf_expand_xor(&key, &info, 1, out[i], len) != HUSK_OK) {
            return false;
        }
    }
    return memcmp(out[0], out[1], sizeof out[0]) == 0;
}

/* After its digest a state holds nothing. */
static bool final_wipes(void)
{
    husk_hash_state running;
    uint8_t out[32];
    memset(&running, 0, sizeof running);
    husk_host_hash_sha256.init(&running);
    fill(ours, 100);
    husk_host_hash_sha256.update(&running, ours, 100);
    husk_host_hash_sha256.final(&running, out);
    return is_zero((const uint8_t *)&running, sizeof running);
}

/* MARK: Diffie-Hellman */

/* Points that need care, little-endian as X25519 has them; the top bit is added at random. */
static void x25519_edge(uint8_t point[32])
{
    static const uint8_t edges[][2] = {{0, 0}, {1, 0}, {0xec, 0xff}, {0xed, 0xff}, {0xee, 0xff}, {0xff, 0xff}};
    const uint8_t *edge = edges[below(COUNT(edges))];
    memset(point, edge[1], 32);
    point[0] = edge[0];
    point[31] = (uint8_t)((edge[1] & 0x7f) | (next() & 0x80));
}

/* Both sides of the order n, then of the prime p. */
static void p256_edge(uint8_t number[32], bool of_order)
{
    static const uint8_t order[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    };
    static const uint8_t prime[32] = {
        0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    memcpy(number, of_order ? order : prime, 32);
    if (below(4) == 0) {
        memset(number, below(2) == 0 ? 0 : 0xff, 32);
    }
    number[31] = (uint8_t)(number[31] + below(9) - 4);
}

/* Half the x-coordinates there are belong to no point of P-256, so random ones try both answers. */
static bool ecdh_agrees(const husk_ecdh *core, const husk_ecdh *host)
{
    uint8_t scalar[32], point[32], a[32], b[32];
    bool is_p256 = core->cose_curve == 1;
    fill(scalar, 32);
    fill(point, 32);
    if (below(8) == 0) {
        if (is_p256) {
            p256_edge(point, false);
        } else {
            x25519_edge(point);
        }
    }
    if (below(8) == 0 && is_p256) {
        p256_edge(scalar, true);
    }
    if (below(8) == 0) {
        memset(scalar, 0, below(32));
    }
    husk_status expected = core->public_key(scalar, a);
    if (core->cose_curve != host->cose_curve || host->public_key(scalar, b) != expected ||
        (expected == HUSK_OK && memcmp(a, b, 32) != 0)) {
        return false;
    }
    expected = core->shared_secret(scalar, point, a);
    memcpy(b, scalar, 32);
    return host->shared_secret(b, point, b) == expected && memcmp(a, b, 32) == 0;
}

static bool x25519(void)
{
    return ecdh_agrees(&husk_ecdh_x25519, &husk_host_ecdh_x25519);
}

static bool p256(void)
{
    return ecdh_agrees(&husk_ecdh_p256, &husk_host_ecdh_p256);
}

/* MARK: suites, and exchanges between the two */

static const husk_suite *core_suites[] = {
    &husk_suite_0, &husk_suite_1, &husk_suite_2, &husk_suite_3, &husk_suite_4, &husk_suite_5,
};

static bool suites(void)
{
    char names[100];
    husk_host_libraries(names, sizeof names);
    bool good = strstr(names, "libsodium") != NULL && strstr(names, "OpenSSL") != NULL;
    for (int32_t id = 0; id < (int32_t)COUNT(core_suites); id++) {
        const husk_suite *core = core_suites[id], *host = husk_host_suite(id);
        good = good && host != NULL && host->id == id && host->mac_bytes == core->mac_bytes;
        good = good && same_limits(core->edhoc_aead, host->edhoc_aead) && same_limits(core->app_aead, host->app_aead);
        good = good && host->hash == &husk_host_hash_sha256 && host->hash->block_bytes == core->hash->block_bytes;
        good = good && host->ecdh->cose_curve == core->ecdh->cose_curve;
    }
    return good && husk_host_suite(-1) == NULL && husk_host_suite(6) == NULL && husk_host_init() == HUSK_OK;
}

static const uint8_t psk_key[] = "0123456789abcdef";
static const uint8_t psk_kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const husk_psk psk = {
    .key = {psk_key, 16}, .kid = {psk_kid, 1}, .cred_i = {cred_i, sizeof cred_i}, .cred_r = {cred_r, sizeof cred_r},
};

static bool carries(const husk_coap_message *message, husk_bytes payload)
{
    return message->payload.len == payload.len &&
           (payload.len == 0 || memcmp(message->payload.data, payload.data, payload.len) == 0);
}

/* A request and its response under contexts that the two sides derived. */
static bool request_and_response(husk_oscore_context *client, husk_oscore_context *server)
{
    uint8_t datagram[160];
    size_t len;
    husk_oscore_exchange asked, heard;
    fill(ours, 64);
    husk_coap_message request = {.code = HUSK_COAP_POST, .payload = {ours, below(64)}};
    husk_coap_message response = {.code = HUSK_COAP_CHANGED, .payload = {ours, below(64)}}, inner;
    memset(&asked, 0, sizeof asked);
    memset(&heard, 0, sizeof heard);
    return husk_oscore_request_protect(client, &asked, &request, datagram, sizeof datagram, &len) == HUSK_OK &&
           husk_oscore_request_unprotect(server, &heard, datagram, len, &inner) == HUSK_OK &&
           carries(&inner, request.payload) &&
           husk_oscore_response_protect(server, &heard, false, &response, datagram, sizeof datagram, &len) == HUSK_OK &&
           husk_oscore_response_unprotect(client, &asked, datagram, len, &inner) == HUSK_OK &&
           carries(&inner, response.payload);
}

/* From message_1 to a response, and the keys of the next handshake. */
static bool handshake(const husk_suite *device, const husk_suite *gateway)
{
    static husk_edhoc i, r;
    static husk_oscore_context client, server;
    const husk_id c_i = {1, {0x81}}, c_r = {1, {0x82}};
    husk_edhoc_config device_config = {.suites = &device, .suite_count = 1, .random = {random_fill, NULL}};
    husk_edhoc_config gateway_config = {.suites = &gateway, .suite_count = 1, .random = {random_fill, NULL}};
    const husk_bytes none = {NULL, 0};
    uint8_t message[96], rpsk[2][32];
    size_t len;
    husk_bytes ead;
    return husk_edhoc_initiator_init(&i, &device_config, 0, &c_i) == HUSK_OK &&
           husk_edhoc_responder_init(&r, &gateway_config) == HUSK_OK &&
           husk_edhoc_message_1_compose(&i, none, message, sizeof message, &len) == HUSK_OK &&
           husk_edhoc_message_1_process(&r, message, len, NULL) == HUSK_OK &&
           husk_edhoc_message_2_compose(&r, &c_r, none, message, sizeof message, &len) == HUSK_OK &&
           husk_edhoc_message_2_process(&i, message, len, &ead) == HUSK_OK &&
           husk_edhoc_message_3_compose(&i, &psk, none, message, sizeof message, &len) == HUSK_OK &&
           husk_edhoc_message_3_process(&r, &psk, message, len, NULL) == HUSK_OK &&
           husk_edhoc_message_4_compose(&r, none, message, sizeof message, &len) == HUSK_OK &&
           husk_edhoc_message_4_process(&i, message, len, &ead) == HUSK_OK &&
           husk_edhoc_export(&i, HUSK_EDHOC_EXPORT_RPSK, none, rpsk[0], 32) == HUSK_OK &&
           husk_edhoc_export(&r, HUSK_EDHOC_EXPORT_RPSK, none, rpsk[1], 32) == HUSK_OK &&
           memcmp(rpsk[0], rpsk[1], 32) == 0 && husk_edhoc_oscore_context(&i, &client) == HUSK_OK &&
           husk_edhoc_oscore_context(&r, &server) == HUSK_OK && client.aead == device->app_aead &&
           server.aead == gateway->app_aead && request_and_response(&client, &server) &&
           request_and_response(&client, &server);
}

static bool exchanges(void)
{
    int32_t id = (int32_t)below(COUNT(core_suites));
    const husk_suite *core = core_suites[id], *host = husk_host_suite(id);
    return handshake(core, host) && handshake(host, core) && handshake(host, host);
}

/* What a gateway on these tables says to a bad message_1 or message_3, it says on the core's. */
static bool same_refusals(void)
{
    static husk_edhoc i, r[2];
    int32_t id = (int32_t)below(COUNT(core_suites));
    const husk_suite *gateway[2] = {core_suites[id], husk_host_suite(id)};
    const husk_id c_i = {1, {0x81}}, c_r = {1, {0x82}};
    husk_edhoc_config config[2];
    const husk_bytes none = {NULL, 0};
    uint8_t message_1[96], message_2[2][96], message_3[2][96];
    size_t len, len_2 = 0, len_3;
    uint64_t seed = next();
    husk_bytes ead;
    husk_status status[2];
    for (size_t side = 0; side < 2; side++) {
        config[side] = (husk_edhoc_config){.suites = &gateway[side], .suite_count = 1, .random = {random_fill, NULL}};
    }
    if (husk_edhoc_initiator_init(&i, &config[0], 0, &c_i) != HUSK_OK ||
        husk_edhoc_message_1_compose(&i, none, message_1, sizeof message_1, &len) != HUSK_OK) {
        return false;
    }
    /* G_X, with its edges, or any bit, or nothing. */
    uint8_t *g_x = message_1 + 4;
    switch (below(4)) {
    case 0:
        if (gateway[0]->ecdh->cose_curve == 1) {
            p256_edge(g_x, false);
        } else {
            x25519_edge(g_x);
        }
        break;
    case 1:
        flip(message_1, len);
        break;
    case 2:
        len = below(len);
        break;
    default:
        break;
    }
    for (size_t side = 0; side < 2; side++) {
        state = seed;
        status[side] = husk_edhoc_responder_init(&r[side], &config[side]);
        if (status[side] == HUSK_OK) {
            status[side] = husk_edhoc_message_1_process(&r[side], message_1, len, NULL);
        }
        if (status[side] == HUSK_OK) {
            status[side] = husk_edhoc_message_2_compose(&r[side], &c_r, none, message_2[side], 96, &len_2);
        }
    }
    if (status[0] != status[1]) {
        return false;
    }
    if (status[0] != HUSK_OK) {
        return true;
    }
    if (memcmp(message_2[0], message_2[1], len_2) != 0 ||
        husk_edhoc_message_2_process(&i, message_2[0], len_2, &ead) != HUSK_OK ||
        husk_edhoc_message_3_compose(&i, &psk, none, message_3[0], 96, &len_3) != HUSK_OK) {
        return true; /* message_1 was changed in a way that only its transcript shows */
    }
    flip(message_3[0], len_3);
    memcpy(message_3[1], message_3[0], len_3);
    for (size_t side = 0; side < 2; side++) {
        status[side] = husk_edhoc_message_3_process(&r[side], &psk, message_3[side], len_3, NULL);
    }
    return status[0] == status[1] && status[0] != HUSK_OK && memcmp(message_3[0], message_3[1], len_3) == 0;
}

int main(int argc, char **argv)
{
    /* `one_of`: for what takes long, one input of so many. */
    static const struct {
        const char *name;
        bool (*one)(void);
        size_t one_of;
    } tests[] = {
        {"suites", suites, 1000},
        {"aes-ccm-16-64-128", ccm_64, 1},
        {"aes-ccm-16-128-128", ccm_128, 1},
        {"chacha20-poly1305", chacha20_poly1305, 1},
        {"too long for chacha20", too_long, 1000},
        {"sha256", sha256, 1},
        {"hmac-sha256", hmac, 1},
        {"hkdf-sha256", hkdf, 1},
        {"final wipes", final_wipes, 100},
        {"x25519", x25519, 4},
        {"p256", p256, 4},
        {"exchanges", exchanges, 20},
        {"same refusals", same_refusals, 10},
    };
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 0) : 2000;
    unsigned passed = 0, failed = 0;
    if (husk_host_init() != HUSK_OK) {
        fputs("the libraries do not start\n", stderr);
        return 1;
    }
    for (size_t t = 0; t < COUNT(tests); t++) {
        state = seed;
        size_t i = 0, end = (count + tests[t].one_of - 1) / tests[t].one_of;
        while (i < end && tests[t].one()) {
            i++;
        }
        if (i == end) {
            passed++;
            continue;
        }
        failed++;
        printf("FAILED host tables, %s: input %zu of seed %llu\n", tests[t].name, i, (unsigned long long)seed);
    }
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
