/* Runs the cryptography on secrets that valgrind takes for uninitialised memory, so that it reports every branch and
 * every address that depends on one: build with -DHUSK_CHECK_VALGRIND, run under `valgrind --error-exitcode=1`.
 * With --leak one secret decides a branch on purpose, and valgrind must fail. */
#include <stdio.h>
#include <string.h>
#include <valgrind/valgrind.h>

#include "base/secret.h"
#include "husk/crypto.h"
#include "husk/journal.h"
#include "husk/envelope.h"
#include "husk/fragment.h"

#ifndef HUSK_CHECK_VALGRIND
#error "without -DHUSK_CHECK_VALGRIND nothing is marked and nothing is checked"
#endif

static unsigned passed, failed;

static void check(const char *name, bool good)
{
    passed += good;
    failed += !good;
    if (!good) {
        printf("FAILED %s\n", name);
    }
}

static void secret(uint8_t *out, size_t len, uint8_t seed)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(seed + 31 * i);
    }
    HUSK_SECRET(out, len);
}

static void aead(const char *name, const husk_aead *table)
{
    uint8_t key[HUSK_AEAD_KEY_MAX_BYTES], nonce[HUSK_AEAD_NONCE_MAX_BYTES], aad_bytes[30], text[80 + 16], plain[80];
    /* Nonces and AAD need not be secret, but nothing should depend on them either. */
    secret(key, sizeof key, 1);
    secret(nonce, sizeof nonce, 2);
    secret(aad_bytes, sizeof aad_bytes, 3);
    husk_bytes aad = {aad_bytes, sizeof aad_bytes};
    bool good = true;
    for (size_t len = 0; len <= 80; len += 7) {
        secret(text, len, 4);
        memcpy(plain, text, len);
        good = table->seal(table, key, nonce, &aad, 1, text, len) == HUSK_OK && good;
        good = table->open(table, key, nonce, &aad, 1, text, len) == HUSK_OK && good;
        bool same = husk_equal(text, plain, len);
        HUSK_PUBLIC(&same, sizeof same);
        good = good && same;
        memcpy(text, plain, len);
        good = table->seal(table, key, nonce, &aad, 1, text, len) == HUSK_OK && good;
        text[0] ^= 1;
        good = table->open(table, key, nonce, &aad, 1, text, len) == HUSK_ERR_AUTHENTICATION && good;
    }
    check(name, good);
}

static void hashing(void)
{
    uint8_t key_bytes[100], data[150], mac[32], again[32], out[70] = {0};
    husk_hmac_key key;
    husk_bytes parts[2] = {{data, 70}, {data + 70, 80}};
    secret(key_bytes, sizeof key_bytes, 5);
    secret(data, sizeof data, 6);
    husk_hmac_key_init(&key, &husk_hash_sha256, key_bytes, sizeof key_bytes);
    husk_hmac(&key, parts, 2, mac);
    husk_hmac_key_init(&key, &husk_hash_sha256, key_bytes, sizeof key_bytes);
    husk_hmac(&key, parts, 2, again);
    bool same = husk_equal(mac, again, 32);
    HUSK_PUBLIC(&same, sizeof same);
    check("hmac", same);
    mac[31] ^= 1;
    same = husk_equal(mac, again, 32);
    HUSK_PUBLIC(&same, sizeof same);
    check("equal", !same);

    husk_hkdf_extract(&husk_hash_sha256, parts[0], parts[1], mac);
    husk_hmac_key_init(&key, &husk_hash_sha256, mac, 32);
    check("hkdf", husk_hkdf_expand_xor(&key, parts, 2, out, sizeof out) == HUSK_OK);
}

static void agree(const char *name, const husk_ecdh *ecdh)
{
    uint8_t mine[32], other[32], my_public[32], other_public[32], a[32], b[32];
    secret(mine, 32, 7);
    secret(other, 32, 8);
    bool good = ecdh->public_key(mine, my_public) == HUSK_OK;
    good = ecdh->public_key(other, other_public) == HUSK_OK && good;
    /* The peer's key comes encrypted in some protocols: treat it as a secret too. */
    HUSK_SECRET(my_public, 32);
    HUSK_SECRET(other_public, 32);
    good = ecdh->shared_secret(mine, other_public, a) == HUSK_OK && good;
    good = ecdh->shared_secret(other, my_public, b) == HUSK_OK && good;
    bool same = husk_equal(a, b, 32);
    HUSK_PUBLIC(&same, sizeof same);
    check(name, good && same);
}

static void x25519(void)
{
    uint8_t mine[32], other_public[32] = {0}, a[32];
    agree("x25519", &husk_ecdh_x25519);
    secret(mine, 32, 7);
    HUSK_SECRET(other_public, 32);
    check("x25519 low order", husk_ecdh_x25519.shared_secret(mine, other_public, a) == HUSK_ERR_PUBLIC_KEY);
}

static void p256(void)
{
    uint8_t mine[32], other_public[32] = {0}, a[32];
    agree("p256", &husk_ecdh_p256);
    secret(mine, 32, 7);
    other_public[31] = 1;
    HUSK_SECRET(other_public, 32);
    check("p256 not on the curve", husk_ecdh_p256.shared_secret(mine, other_public, a) == HUSK_ERR_PUBLIC_KEY);
    memset(mine, 0, 32);
    HUSK_SECRET(mine, 32);
    check("p256 not a private key", husk_ecdh_p256.public_key(mine, a) == HUSK_ERR_RANDOM);
}

static void key_wrap(void)
{
    uint8_t kek[16], key[32], plain[32], wrapped[40];
    secret(kek, sizeof kek, 10);
    secret(key, sizeof key, 11);
    memcpy(plain, key, sizeof key);
    bool good = husk_aes_kw_wrap(kek, key, sizeof key, wrapped) == HUSK_OK;
    good = husk_aes_kw_unwrap(kek, wrapped, sizeof wrapped, key) == HUSK_OK && good;
    bool same = husk_equal(key, plain, sizeof key);
    HUSK_PUBLIC(&same, sizeof same);
    wrapped[39] ^= 1;
    good = husk_aes_kw_unwrap(kek, wrapped, sizeof wrapped, key) == HUSK_ERR_AUTHENTICATION && good;
    check("aes key wrap", good && same);
}

static husk_status no_record(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context, (void)record, (void)out, (void)cap;
    *len = 0;
    return HUSK_OK;
}

static husk_status store_record(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context, (void)record, (void)data, (void)len;
    return HUSK_OK;
}

static husk_status random_key(void *context, uint8_t *out, size_t len)
{
    (void)context;
    secret(out, len, 12);
    return HUSK_OK;
}

/* From a secret root key to the opened content, which stays secret. */
static void envelope(const char *name, const husk_aead *aead, bool wraps)
{
    static const uint8_t names[] = {'a', 'b'};
    uint8_t root[16], content[50], sealed[200];
    secret(root, sizeof root, 13);
    secret(content, sizeof content, 14);
    const husk_storage storage = {no_record, store_record, NULL};
    const husk_envelope_parameters parameters = {
        .aead = aead, .hash = &husk_hash_sha256, .root_key = {root, sizeof root}, .sender = {names, 1},
        .recipient = {names + 1, 1}, .kid = {names, 2}, .wraps = wraps};
    husk_envelope_key key;
    bool good = husk_envelope_key_derive(&key, &parameters) == HUSK_OK;
    const husk_envelope_sender_config sender_config = {
        .keys = &key, .key_count = 1, .storage = storage, .random = {random_key, NULL}};
    const husk_envelope_opener_config opener_config = {.key = &key, .storage = storage};
    const husk_envelope_metadata metadata = {.has_deadline = true, .deadline = 2};
    husk_envelope_sender sender;
    husk_envelope_opener opener;
    husk_envelope_view view;
    size_t len;
    good = husk_envelope_sender_init(&sender, &sender_config) == HUSK_OK && good;
    good = husk_envelope_opener_init(&opener, &opener_config) == HUSK_OK && good;
    const husk_bytes text = {content, sizeof content};
    husk_status (*seal)(husk_envelope_sender *, const husk_envelope_metadata *, husk_bytes, uint8_t *, size_t,
                        size_t *) = wraps ? husk_envelope_seal_for_many : husk_envelope_seal;
    husk_status (*open)(husk_envelope_opener *, uint64_t, uint8_t *, size_t, husk_envelope_view *) =
        wraps ? husk_envelope_open_one_of_many : husk_envelope_open;
    good = seal(&sender, &metadata, text, sealed, sizeof sealed, &len) == HUSK_OK && good;
    good = good && open(&opener, 1, sealed, len, &view) == HUSK_OK && view.content.len == sizeof content;
    bool same = good && husk_equal(view.content.data, content, sizeof content);
    HUSK_PUBLIC(&same, sizeof same);
    good = seal(&sender, &metadata, text, sealed, sizeof sealed, &len) == HUSK_OK && good;
    sealed[len - 1] ^= 1;
    good = good && open(&opener, 1, sealed, len, &view) == HUSK_ERR_AUTHENTICATION;
    uint8_t exported[HUSK_ENVELOPE_COSE_KEY_MAX_BYTES];
    good = husk_envelope_key_export(&key, exported, sizeof exported, &len) == HUSK_OK && good;
    check(name, good && same);
}

/* From a Master Secret to a message put together from fragments, which stays secret. */
static void frames(const char *name, const husk_aead *aead)
{
    uint8_t master[16], content[50], fragment[20], frame[40], whole[50];
    secret(master, sizeof master, 15);
    secret(content, sizeof content, 16);
    husk_oscore_parameters parameters = {.aead = aead, .hash = &husk_hash_sha256, .master_secret = {master, 16},
                                         .sender_id = {1, {1}}, .recipient_id = {1, {2}}};
    husk_frame_context sender, receiver;
    bool good = husk_frame_context_init(&sender, &parameters) == HUSK_OK;
    parameters.sender_id.bytes[0] = 2;
    parameters.recipient_id.bytes[0] = 1;
    good = husk_frame_context_init(&receiver, &parameters) == HUSK_OK && good;
    husk_fragmenter fragmenter;
    husk_reassembly reassembly;
    husk_reassembly_init(&reassembly, whole, sizeof whole);
    good = husk_fragmenter_init(&fragmenter, (husk_bytes){content, sizeof content}, sizeof fragment) == HUSK_OK && good;
    husk_bytes message = {NULL, 0};
    while (good && !fragmenter.done) {
        const husk_bytes piece = {fragment, husk_fragmenter_next(&fragmenter, fragment)};
        husk_frame_message opened;
        size_t len;
        good = husk_frame_seal(&sender, true, piece, frame, sizeof frame, &len) == HUSK_OK &&
               husk_frame_open(&receiver, frame, len, &opened) == HUSK_OK &&
               husk_reassembly_take(&reassembly, opened.number, opened.payload, &message) == HUSK_OK;
    }
    bool same = good && message.len == sizeof content && husk_equal(message.data, content, sizeof content);
    HUSK_PUBLIC(&same, sizeof same);
    check(name, same);
}

/* What must not happen anywhere else. */
static void leak(void)
{
    static volatile unsigned branches;
    uint8_t byte;
    secret(&byte, 1, 9);
    if (byte & 1) {
        branches++;
    }
}

/* Two pages of flash in memory. */
static uint8_t flash_bytes[2 * 512];

static husk_status flash_read(void *context, uint32_t offset, uint8_t *out, size_t len)
{
    (void)context;
    memcpy(out, flash_bytes + offset, len);
    return HUSK_OK;
}

static husk_status flash_program(void *context, uint32_t offset, const uint8_t *data, size_t len)
{
    (void)context;
    memcpy(flash_bytes + offset, data, len);
    return HUSK_OK;
}

static husk_status flash_erase(void *context, uint32_t offset)
{
    (void)context;
    memset(flash_bytes + offset, 0xff, 512);
    return HUSK_OK;
}

static void journal(void)
{
    const husk_journal_flash flash = {.read = flash_read,
                                      .program = flash_program,
                                      .erase = flash_erase,
                                      .page_bytes = 512,
                                      .page_count = 2,
                                      .unit_bytes = 8};
    husk_journal store;
    uint8_t record[60], again[60];
    size_t len = 0;
    memset(flash_bytes, 0xff, sizeof flash_bytes);
    bool good = husk_journal_mount(&store, &flash) == HUSK_OK;
    for (uint8_t i = 0; i < 20; i++) {
        secret(record, sizeof record, i);
        good = good && husk_journal_store(&store, i % 3, record, sizeof record) == HUSK_OK &&
               husk_journal_mount(&store, &flash) == HUSK_OK &&
               husk_journal_load(&store, i % 3, again, sizeof again, &len) == HUSK_OK && len == sizeof again;
        bool same = husk_equal(record, again, sizeof again);
        HUSK_PUBLIC(&same, sizeof same);
        good = good && same;
    }
    check("journal", good);
}

int main(int argc, char **argv)
{
    if (!RUNNING_ON_VALGRIND) {
        fputs("run this under valgrind --error-exitcode=1: on its own it checks nothing\n", stderr);
        return 2;
    }
    if (argc > 1 && strcmp(argv[1], "--leak") == 0) {
        leak();
    }
    aead("aes-ccm-16-64-128", &husk_aead_aes_ccm_16_64_128);
    aead("aes-ccm-16-128-128", &husk_aead_aes_ccm_16_128_128);
    aead("chacha20-poly1305", &husk_aead_chacha20_poly1305);
    hashing();
    x25519();
    p256();
    key_wrap();
    envelope("envelope, aes-ccm", &husk_aead_aes_ccm_16_64_128, false);
    envelope("envelope, chacha20-poly1305", &husk_aead_chacha20_poly1305, false);
    envelope("envelope, wrapped key", &husk_aead_aes_ccm_16_128_128, true);
    frames("frames, aes-ccm", &husk_aead_aes_ccm_16_64_128);
    frames("frames, chacha20-poly1305", &husk_aead_chacha20_poly1305);
    journal();
    printf("%u passed, %u failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
