/* OSCORE: the test vectors of RFC 8613 (section 6.3, appendices C.1 to C.8), client and server side, then every way
 * a message, an option or a call can be wrong. */
#include "test.h"

#include "oscore/nonce.h"
#include "oscore/option.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define SECRET "0102030405060708090a0b0c0d0e0f10"
#define SALT "9e7ca92223786340"
#define ID_CONTEXT "37cbf3210017a2d3"

/* An AEAD that notes what it is given, and can be told to put other plaintext in its place or to fail. */
static struct {
    uint8_t key[16], nonce[13], aad[40], text[32];
    size_t aad_len, text_len;
    const char *instead; /* plaintext in hex, of the length of the real one */
    husk_status fail;
} spy;

static void spy_note(const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad, size_t aad_count)
{
    memcpy(spy.key, key, 16);
    memcpy(spy.nonce, nonce, 13);
    spy.aad_len = 0;
    for (size_t i = 0; i < aad_count; i++) {
        CHECK(spy.aad_len + aad[i].len <= sizeof spy.aad);
        memcpy(spy.aad + spy.aad_len, aad[i].data, aad[i].len);
        spy.aad_len += aad[i].len;
    }
}

static void spy_note_text(const uint8_t *text, size_t len)
{
    spy.text_len = len;
    memcpy(spy.text, text, len < sizeof spy.text ? len : sizeof spy.text);
}

static husk_status spy_seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                            size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    spy_note(key, nonce, aad, aad_count);
    if (spy.instead != NULL) {
        CHECK_INT(unhex(spy.instead, text, len), len);
    }
    spy_note_text(text, len);
    if (spy.fail != HUSK_OK) {
        return spy.fail;
    }
    return husk_aead_aes_ccm_16_64_128.seal(&husk_aead_aes_ccm_16_64_128, key, nonce, aad, aad_count, text, len);
}

static husk_status spy_open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                            size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    spy_note(key, nonce, aad, aad_count);
    husk_status status =
        husk_aead_aes_ccm_16_64_128.open(&husk_aead_aes_ccm_16_64_128, key, nonce, aad, aad_count, text, len);
    spy_note_text(text, len);
    return status;
}

static const husk_aead spy_aead = {10, 16, 13, 8, spy_seal, spy_open};

/* The contexts of C.1 to C.3, as the client sees them. */
static const struct {
    const char *salt, *id_context, *client_id, *server_id, *client_key, *server_key, *common_iv, *client_nonce,
        *server_nonce;
} contexts[] = {
    {SALT, NULL, "", "01", "f0910ed7295e6ad4b54fc793154302ff", "ffb14e093c94c9cac9471648b4f98710",
     "4622d4dd6d944168eefb54987c", "4622d4dd6d944168eefb54987c", "4722d4dd6d944169eefb54987c"},
    {"", NULL, "00", "01", "321b26943253c7ffb6003b0b64d74041", "e57b5635815177cd679ab4bcec9d7dda",
     "be35ae297d2dace910c52e99f9", "bf35ae297d2dace910c52e99f9", "bf35ae297d2dace810c52e99f9"},
    {SALT, ID_CONTEXT, "", "01", "af2a1300a5e95788b356336eeecd2b92", "e39a0c7c77b43f03b4b39ab9a268699f",
     "2ca58fb85ff1b81c0b7181b85e", "2ca58fb85ff1b81c0b7181b85e", "2da58fb85ff1b81d0b7181b85e"},
};

static void derive(husk_oscore_context *context, unsigned vector, bool server)
{
    HEX(secret, SECRET);
    uint8_t salt[8], id_context[8], client[1], server_id[1];
    size_t salt_len = unhex(contexts[vector].salt, salt, sizeof salt);
    size_t client_len = unhex(contexts[vector].client_id, client, sizeof client);
    size_t server_len = unhex(contexts[vector].server_id, server_id, sizeof server_id);
    husk_oscore_parameters parameters = {
        .aead = &spy_aead,
        .hash = &husk_hash_sha256,
        .master_secret = bytes(secret, secret_len),
        .master_salt = salt_len > 0 ? bytes(salt, salt_len) : NO_BYTES,
        .has_id_context = contexts[vector].id_context != NULL,
    };
    if (parameters.has_id_context) {
        parameters.id_context = bytes(id_context, unhex(contexts[vector].id_context, id_context, sizeof id_context));
    }
    CHECK_OK(husk_id_set(server ? &parameters.recipient_id : &parameters.sender_id, client, client_len));
    CHECK_OK(husk_id_set(server ? &parameters.sender_id : &parameters.recipient_id, server_id, server_len));
    memset(context, 0xee, sizeof *context);
    CHECK_OK(husk_oscore_context_init(context, &parameters));
    spy.instead = NULL;
    spy.fail = HUSK_OK;
}

static void appendix_c1_to_c3(void)
{
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned server = 0; server < 2; server++) {
            husk_oscore_context context;
            derive(&context, i, server != 0);
            const char *sender_key = server ? contexts[i].server_key : contexts[i].client_key;
            const char *recipient_key = server ? contexts[i].client_key : contexts[i].server_key;
            CHECK_HEX(context.sender_key, 16, sender_key);
            CHECK_HEX(context.recipient_key, 16, recipient_key);
            CHECK_HEX(context.common_iv, 13, contexts[i].common_iv);
            uint8_t nonce[13];
            husk_oscore_nonce(&context, &context.sender_id, 0, nonce);
            CHECK_HEX(nonce, 13, server ? contexts[i].server_nonce : contexts[i].client_nonce);
            husk_oscore_nonce(&context, &context.recipient_id, 0, nonce);
            CHECK_HEX(nonce, 13, server ? contexts[i].client_nonce : contexts[i].server_nonce);
            CHECK(context.sender_sequence == 0 && context.window_bits == 0);
            CHECK(context.sender_limit == (uint64_t)1 << 40);
            husk_oscore_context_wipe(&context);
            for (size_t j = 0; j < sizeof context; j++) {
                CHECK_INT(((const uint8_t *)&context)[j], 0);
            }
        }
    }
}

/* C.4 to C.6: the plain request, its protected form, what the server decrypts, and all between. */
static const struct {
    const char *plain, *aad, *plaintext, *nonce, *option, *message;
} requests[] = {
    {"44015d1f00003974396c6f63616c686f737483747631", "8368456e63727970743040488501810a40411440", "01b3747631",
     "4622d4dd6d944168eefb549868", "0914",
     "44025d1f00003974396c6f63616c686f7374620914ff612f1092f1776f1c1668b3825e"},
    {"440171c30000b932396c6f63616c686f737483747631", "8368456e63727970743040498501810a4100411440", "01b3747631",
     "bf35ae297d2dace910c52e99ed", "091400",
     "440271c30000b932396c6f63616c686f737463091400ff4ed339a5a379b0b8bc731fffb0"},
    {"44012f8eef9bbf7a396c6f63616c686f737483747631", "8368456e63727970743040488501810a40411440", "01b3747631",
     "2ca58fb85ff1b81c0b7181b84a", "19140837cbf3210017a2d3",
     "44022f8eef9bbf7a396c6f63616c686f73746b19140837cbf3210017a2d3ff72cd7273fd331ac45cffbe55c3"},
};

static void check_spy(const char *key, const char *nonce, const char *aad, const char *text)
{
    CHECK_HEX(spy.key, 16, key);
    CHECK_HEX(spy.nonce, 13, nonce);
    CHECK_HEX(spy.aad, spy.aad_len, aad);
    CHECK_HEX(spy.text, spy.text_len, text);
}

static void appendix_c4_to_c6(void)
{
    for (unsigned i = 0; i < 3; i++) {
        husk_oscore_context client, server;
        derive(&client, i, false);
        derive(&server, i, true);
        client.sender_sequence = 20;
        husk_oscore_exchange asked = {0}, heard = {0};

        uint8_t plain[32], out[48];
        size_t plain_len = unhex(requests[i].plain, plain, sizeof plain), out_len;
        husk_coap_message message, inner;
        CHECK_OK(husk_coap_decode(plain, plain_len, &message));
        CHECK_OK(husk_oscore_request_protect(&client, &asked, &message, out, sizeof out, &out_len));
        CHECK_HEX(out, out_len, requests[i].message);
        check_spy(contexts[i].client_key, requests[i].nonce, requests[i].aad, requests[i].plaintext);
        CHECK_INT(client.sender_sequence, 21);

        husk_oscore_option option;
        CHECK_OK(husk_coap_decode(out, out_len, &message));
        CHECK_OK(husk_oscore_option_read(&message, &option));
        CHECK(option.has_kid && option.has_partial_iv && option.has_kid_context == (i == 2));
        uint8_t value[HUSK_OSCORE_OPTION_MAX_BYTES];
        CHECK_HEX(value, husk_oscore_option_encode(&option, value), requests[i].option);

        CHECK_OK(husk_oscore_request_unprotect(&server, &heard, out, out_len, &inner));
        check_spy(contexts[i].client_key, requests[i].nonce, requests[i].aad, requests[i].plaintext);
        CHECK_INT(inner.type, HUSK_COAP_CON);
        CHECK_INT(inner.code, HUSK_COAP_GET);
        CHECK_INT(inner.message_id, plain[2] << 8 | plain[3]);
        CHECK_INT(inner.token.len, 4);
        CHECK_MEM(inner.token.data, plain + 4, 4);
        CHECK_HEX(inner.options.data, inner.options.len, "b3747631");
        CHECK_INT(inner.payload.len, 0);
        CHECK(server.window_top == 20 && server.window_bits == 1 && heard.request_sequence == 20);
    }
}

/* C.7 (nonce of the request) and C.8 (own Partial IV): responses to the request of C.4. */
static void appendix_c7_and_c8(void)
{
    for (unsigned own = 0; own < 2; own++) {
        const char *protected_hex = own ? "64445d1f00003974920100ff4d4c13669384b67354b2b6175ff4b8658c666a6cf88e"
                                        : "64445d1f0000397490ffdbaad1e9a7e7b2a813d3c31524378303cdafae119106";
        const char *nonce = own ? "4722d4dd6d944169eefb54987c" : "4622d4dd6d944168eefb549868";
        husk_oscore_context client, server;
        derive(&client, 0, false);
        derive(&server, 0, true);
        client.sender_sequence = 20;
        husk_oscore_exchange asked = {0}, heard = {0};
        uint8_t plain[32], out[48];
        size_t plain_len = unhex(requests[0].plain, plain, sizeof plain), out_len;
        husk_coap_message message, inner;
        CHECK_OK(husk_coap_decode(plain, plain_len, &message));
        CHECK_OK(husk_oscore_request_protect(&client, &asked, &message, out, sizeof out, &out_len));
        CHECK_OK(husk_oscore_request_unprotect(&server, &heard, out, out_len, &inner));

        HEX(answer, "64455d1f00003974ff48656c6c6f20576f726c6421");
        CHECK_OK(husk_coap_decode(answer, answer_len, &message));
        CHECK_OK(husk_oscore_response_protect(&server, &heard, own != 0, &message, out, sizeof out, &out_len));
        CHECK_HEX(out, out_len, protected_hex);
        const char *aad = "8368456e63727970743040488501810a40411440", *text = "45ff48656c6c6f20576f726c6421";
        check_spy(contexts[0].server_key, nonce, aad, text);
        CHECK_INT(server.sender_sequence, own);

        CHECK_OK(husk_oscore_response_unprotect(&client, &asked, out, out_len, &inner));
        check_spy(contexts[0].server_key, nonce, aad, text);
        CHECK(inner.type == HUSK_COAP_ACK && inner.code == HUSK_COAP_CONTENT && inner.message_id == 0x5d1f);
        CHECK_HEX(inner.token.data, inner.token.len, "00003974");
        CHECK_INT(inner.options.len, 0);
        CHECK_HEX(inner.payload.data, inner.payload.len, "48656c6c6f20576f726c6421");
    }
}

/* RFC 8613 section 6.3, and the other shapes that an option may have. */
static void option_both_ways(void)
{
    static const struct {
        const char *hex, *partial_iv, *kid_context, *kid; /* NULL: not there */
    } options[] = {
        {"090525", "05", NULL, "25"},
        {"0900", "00", NULL, ""},
        {"19050544616c656b", "05", "44616c656b", ""},
        {"", NULL, NULL, NULL},
        {"0107", "07", NULL, NULL},
        {"08", NULL, NULL, ""},
        {"1000", NULL, "", NULL},
        {"1801aabb", NULL, "aa", "bb"},
        {"0100", "00", NULL, NULL},
        {"05ffffffffff", "ffffffffff", NULL, NULL},
        {"020100", "0100", NULL, NULL},
        {"1d 0102030405 08 1112131415161718 21222324252627", "0102030405", "1112131415161718", "21222324252627"},
    };
    for (size_t i = 0; i < COUNT(options); i++) {
        uint8_t value[HUSK_OSCORE_OPTION_MAX_BYTES], again[HUSK_OSCORE_OPTION_MAX_BYTES];
        size_t len = unhex(options[i].hex, value, sizeof value);
        husk_oscore_option option;
        CHECK_OK(husk_oscore_option_decode(bytes(value, len), &option));
        CHECK_INT(option.has_partial_iv, options[i].partial_iv != NULL);
        CHECK_INT(option.has_kid_context, options[i].kid_context != NULL);
        CHECK_INT(option.has_kid, options[i].kid != NULL);
        if (option.has_partial_iv) {
            CHECK_HEX(option.partial_iv.data, option.partial_iv.len, options[i].partial_iv);
            uint8_t minimal[5];
            size_t minimal_len = husk_oscore_partial_iv_write(husk_oscore_partial_iv_read(option.partial_iv), minimal);
            CHECK_HEX(minimal, minimal_len, options[i].partial_iv);
        }
        if (option.has_kid_context) {
            CHECK_HEX(option.kid_context.data, option.kid_context.len, options[i].kid_context);
        }
        if (option.has_kid) {
            CHECK_HEX(option.kid.data, option.kid.len, options[i].kid);
        }
        CHECK_HEX(again, husk_oscore_option_encode(&option, again), options[i].hex);
    }
}

static void option_refusals(void)
{
    static const struct {
        husk_status status;
        const char *hex;
    } bad[] = {
        {HUSK_ERR_FORMAT, "00"},             /* all flags zero must be the empty value (section 2) */
        {HUSK_ERR_FORMAT, "06112233445566"}, /* reserved lengths of the Partial IV */
        {HUSK_ERR_FORMAT, "0711223344556677"},
        {HUSK_ERR_UNSUPPORTED, "20"}, /* reserved flags */
        {HUSK_ERR_UNSUPPORTED, "4905"},
        {HUSK_ERR_UNSUPPORTED, "8900"},
        {HUSK_ERR_FORMAT, "01"}, /* truncated */
        {HUSK_ERR_FORMAT, "0511223344"},
        {HUSK_ERR_FORMAT, "10"},
        {HUSK_ERR_FORMAT, "1905"},
        {HUSK_ERR_FORMAT, "1001"},
        {HUSK_ERR_FORMAT, "1803aabb"},
        {HUSK_ERR_FORMAT, "10ff00"},
        {HUSK_ERR_FORMAT, "010500"}, /* more than the flags announce */
        {HUSK_ERR_FORMAT, "1001aabb"},
        {HUSK_ERR_FORMAT, "020005"}, /* leading zeros */
        {HUSK_ERR_FORMAT, "0a0000"},
        {HUSK_ERR_FORMAT, "0500ffffffff"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t value[16];
        size_t len = unhex(bad[i].hex, value, sizeof value);
        husk_oscore_option option;
        CHECK_INT(husk_oscore_option_decode(bytes(value, len), &option), bad[i].status);
    }
    husk_oscore_option option;
    husk_coap_message message = {0};
    CHECK_INT(husk_oscore_option_read(&message, &option), HUSK_ERR_FORMAT);
    HEX(twice, "920914 020914");
    message.options = bytes(twice, twice_len);
    CHECK_INT(husk_oscore_option_read(&message, &option), HUSK_ERR_FORMAT);
    message.options = bytes(twice, 3);
    CHECK_OK(husk_oscore_option_read(&message, &option));
}

static void context_arguments(void)
{
    static const uint8_t secret[16] = {1}, long_context[9] = {2};
    husk_oscore_context context;
    husk_oscore_parameters good = {.aead = &husk_aead_aes_ccm_16_64_128, .hash = &husk_hash_sha256,
                                   .master_secret = {secret, 16}};
    CHECK_OK(husk_id_set(&good.sender_id, secret, 1));
    CHECK_OK(husk_oscore_context_init(&context, &good));

    husk_oscore_parameters bad = good;
    bad.master_secret.len = 15;
    CHECK_INT(husk_oscore_context_init(&context, &bad), HUSK_ERR_ARGUMENT);
    bad = good;
    bad.recipient_id = bad.sender_id;
    CHECK_INT(husk_oscore_context_init(&context, &bad), HUSK_ERR_ARGUMENT);
    bad = good;
    bad.has_id_context = true;
    bad.id_context = bytes(long_context, 9);
    CHECK_INT(husk_oscore_context_init(&context, &bad), HUSK_ERR_ARGUMENT);
    bad = good;
    bad.recipient_id.len = 8;
    CHECK_INT(husk_oscore_context_init(&context, &bad), HUSK_ERR_ARGUMENT);
    bad = good;
    bad.sender_id.len = 255;
    CHECK_INT(husk_oscore_context_init(&context, &bad), HUSK_ERR_ARGUMENT);

    husk_aead short_nonce = husk_aead_aes_ccm_16_64_128; /* as ChaCha20/Poly1305: identifiers of at most 6 bytes */
    short_nonce.nonce_bytes = 12;
    bad = good;
    bad.aead = &short_nonce;
    bad.recipient_id.len = 6;
    CHECK_OK(husk_oscore_context_init(&context, &bad));
    bad.recipient_id.len = 7;
    CHECK_INT(husk_oscore_context_init(&context, &bad), HUSK_ERR_ARGUMENT);

    husk_oscore_context none, empty; /* an empty ID Context differs from none */
    CHECK_OK(husk_oscore_context_init(&none, &good));
    good.has_id_context = true;
    CHECK_OK(husk_oscore_context_init(&empty, &good));
    CHECK(memcmp(none.sender_key, empty.sender_key, 16) != 0);

    husk_id a, b;
    CHECK_INT(husk_id_set(&a, long_context, 8), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_id_set(&a, long_context, 7));
    CHECK_OK(husk_id_set(&b, NULL, 0));
    CHECK(!husk_id_equal(&a, &b));
    CHECK_OK(husk_id_set(&b, long_context, 6));
    CHECK(!husk_id_equal(&a, &b)); /* a zero byte is not padding */
    CHECK_OK(husk_id_set(&b, long_context, 7));
    CHECK(husk_id_equal(&a, &b));
}

/* A client and a server that agree, and a request on its way; for the tests below. */
static struct {
    husk_oscore_context client, server;
    husk_oscore_exchange asked, heard;
    uint8_t datagram[80];
    size_t len;
    husk_coap_message inner;
} pair;

static const husk_coap_message question = {HUSK_COAP_CON, HUSK_COAP_GET, 1, {(const uint8_t *)"t", 1},
                                           {(const uint8_t *)"\xb1" "a", 2}, {(const uint8_t *)"12", 2}};
static const husk_coap_message reply = {HUSK_COAP_ACK, HUSK_COAP_CONTENT, 1, {(const uint8_t *)"t", 1},
                                        {(const uint8_t *)"\xc0\x21\x05", 3}, {(const uint8_t *)"34", 2}};

static void pair_up(unsigned vector)
{
    derive(&pair.client, vector, false);
    derive(&pair.server, vector, true);
    memset(&pair.asked, 0, sizeof pair.asked);
    memset(&pair.heard, 0, sizeof pair.heard);
}

static void ask(void)
{
    CHECK_OK(husk_oscore_request_protect(&pair.client, &pair.asked, &question, pair.datagram, sizeof pair.datagram,
                                         &pair.len));
}

static husk_status hear(void)
{
    return husk_oscore_request_unprotect(&pair.server, &pair.heard, pair.datagram, pair.len, &pair.inner);
}

static husk_status answer(bool own_partial_iv)
{
    return husk_oscore_response_protect(&pair.server, &pair.heard, own_partial_iv, &reply, pair.datagram,
                                        sizeof pair.datagram, &pair.len);
}

static husk_status receive(void)
{
    return husk_oscore_response_unprotect(&pair.client, &pair.asked, pair.datagram, pair.len, &pair.inner);
}

/* Replaces datagram[at..at + cut) by other bytes. */
static void splice(size_t at, size_t cut, const char *hex)
{
    uint8_t insert[32];
    size_t len = unhex(hex, insert, sizeof insert);
    CHECK(at + cut <= pair.len && pair.len - cut + len <= sizeof pair.datagram);
    memmove(pair.datagram + at + len, pair.datagram + at + cut, pair.len - at - cut);
    memcpy(pair.datagram + at, insert, len);
    pair.len = pair.len - cut + len;
}

#define OPTION_AT 5 /* header and one byte of token */

static void phases_of_an_exchange(void)
{
    pair_up(0);
    CHECK_INT(answer(false), HUSK_ERR_STATE);
    CHECK_INT(receive(), HUSK_ERR_STATE);
    ask();
    CHECK_OK(hear());
    CHECK_OK(answer(false));
    CHECK_INT(pair.datagram[OPTION_AT], 0x90); /* an empty OSCORE option: no Partial IV */
    CHECK_INT(pair.server.sender_sequence, 0);
    uint8_t first[80];
    size_t first_len = pair.len;
    memcpy(first, pair.datagram, first_len);

    for (unsigned i = 0; i < 2; i++) { /* any further one spends a number of the server's */
        CHECK_OK(answer(false));
        CHECK_INT(pair.datagram[OPTION_AT], 0x92);
        CHECK_INT(pair.datagram[OPTION_AT + 2], i);
        CHECK_INT(pair.server.sender_sequence, i + 1);
    }
    CHECK_OK(receive());
    CHECK_INT(pair.inner.code, HUSK_COAP_CONTENT);
    CHECK_HEX(pair.inner.options.data, pair.inner.options.len, "c02105");
    CHECK_HEX(pair.inner.payload.data, pair.inner.payload.len, "3334");
    memcpy(pair.datagram, first, first_len);
    pair.len = first_len;
    CHECK_INT(receive(), HUSK_ERR_STATE); /* one response only */

    ask(); /* the next request: the old response is none for it */
    uint8_t request[80];
    size_t request_len = pair.len;
    memcpy(request, pair.datagram, request_len);
    memcpy(pair.datagram, first, first_len);
    pair.len = first_len;
    CHECK_INT(receive(), HUSK_ERR_AUTHENTICATION);
    memcpy(pair.datagram, request, request_len);
    pair.len = request_len;
    CHECK_OK(hear());
    CHECK_OK(answer(true)); /* own Partial IV first: the nonce of the request stays unused for the one after */
    CHECK_INT(pair.datagram[OPTION_AT], 0x92);
    CHECK_OK(receive());
    CHECK_OK(answer(false));
    CHECK_INT(pair.datagram[OPTION_AT], 0x90);
}

static void roles_are_not_exchanged(void)
{
    pair_up(0);
    ask();
    CHECK_INT(receive(), HUSK_ERR_CONTEXT); /* a request reflected to the one who waits for a response */
    CHECK_OK(hear());
    CHECK_INT(receive(), HUSK_ERR_CONTEXT);
    CHECK_OK(answer(false));
    CHECK_INT(hear(), HUSK_ERR_FORMAT); /* a response reflected: no kid, no Partial IV, no request code */

    pair_up(0);
    ask();
    husk_oscore_exchange own = {0};
    CHECK_INT(husk_oscore_request_unprotect(&pair.client, &own, pair.datagram, pair.len, &pair.inner),
              HUSK_ERR_CONTEXT);
    pair.datagram[OPTION_AT] = 0x93;
    splice(OPTION_AT + 3, 0, "01"); /* forge the peer's kid */
    CHECK_INT(husk_oscore_request_unprotect(&pair.client, &own, pair.datagram, pair.len, &pair.inner),
              HUSK_ERR_AUTHENTICATION);
    CHECK(own.phase == 0 && pair.client.window_bits == 0);
    pair_up(0);
    ask();
    pair.datagram[1] = HUSK_COAP_CHANGED; /* dress the request up as a response, with and without Partial IV */
    splice(OPTION_AT, 3, "920100");
    CHECK_INT(receive(), HUSK_ERR_AUTHENTICATION);
    ask();
    pair.datagram[1] = HUSK_COAP_CHANGED;
    splice(OPTION_AT, 3, "90");
    CHECK_INT(receive(), HUSK_ERR_AUTHENTICATION);
    ask();
    pair.datagram[1] = HUSK_COAP_CHANGED;
    CHECK_INT(hear(), HUSK_ERR_FORMAT); /* a response code outside */
    pair.datagram[1] = HUSK_COAP_FETCH;
    CHECK_OK(hear()); /* another request code outside means nothing: it is not protected */
    CHECK_INT(pair.inner.code, HUSK_COAP_GET);
    CHECK_OK(answer(false));
    pair.datagram[1] = HUSK_COAP_POST;
    CHECK_INT(receive(), HUSK_ERR_FORMAT);
    pair.datagram[1] = HUSK_COAP_NOT_FOUND;
    CHECK_OK(receive());
    CHECK_INT(pair.inner.code, HUSK_COAP_CONTENT);
}

static void which_context(void)
{
    pair_up(0);
    ask();
    splice(OPTION_AT, 3, "93090001"); /* kid 01 instead of the empty one */
    CHECK_INT(hear(), HUSK_ERR_CONTEXT);
    splice(OPTION_AT, 4, "93190000"); /* an empty kid context where the context has none */
    CHECK_INT(hear(), HUSK_ERR_CONTEXT);
    splice(OPTION_AT, 4, "9108"); /* no Partial IV */
    CHECK_INT(hear(), HUSK_ERR_FORMAT);
    splice(OPTION_AT, 2, "920100"); /* no kid */
    CHECK_INT(hear(), HUSK_ERR_FORMAT);
    splice(OPTION_AT, 3, "920900");
    CHECK_OK(hear());

    pair_up(2);
    ask();
    CHECK_OK(hear());
    ask();
    splice(OPTION_AT + 4, 1, "38"); /* another ID Context */
    CHECK_INT(hear(), HUSK_ERR_CONTEXT);
    splice(OPTION_AT, 12, "9a190107 37cbf3210017a2"); /* a shorter one */
    CHECK_INT(hear(), HUSK_ERR_CONTEXT);
    splice(OPTION_AT, 11, "920901"); /* none: the server is free to guess */
    CHECK_OK(hear());

    static const struct {
        husk_status status;
        const char *option;
    } kids[] = {
        {HUSK_OK, "920801"},           {HUSK_ERR_CONTEXT, "9108"},       {HUSK_ERR_CONTEXT, "920802"},
        {HUSK_ERR_CONTEXT, "93080101"}, {HUSK_ERR_CONTEXT, "921000"}, {HUSK_ERR_FORMAT, "9100"},
        {HUSK_ERR_UNSUPPORTED, "9120"}, {HUSK_ERR_AUTHENTICATION, "920100"},
    };
    for (size_t i = 0; i < COUNT(kids); i++) { /* in responses */
        pair_up(0);
        ask();
        CHECK_OK(hear());
        CHECK_OK(answer(false));
        splice(OPTION_AT, 1, kids[i].option);
        CHECK_INT(receive(), kids[i].status);
    }
}

/* Options outside that belong inside are discarded (RFC 8613 sections 8.2 and 8.4). */
static void outer_options_are_ignored(void)
{
    pair_up(0);
    ask();
    splice(OPTION_AT, 0, "116d");    /* If-Match "m" in front of OSCORE (delta 9 becomes 8) */
    pair.datagram[OPTION_AT + 2] = 0x82;
    splice(OPTION_AT + 5, 0, "2162"); /* Uri-Path "b" behind it */
    CHECK_OK(hear());
    CHECK_HEX(pair.inner.options.data, pair.inner.options.len, "b161");
    CHECK_OK(answer(false));
    splice(OPTION_AT, 1, "60 30 5100"); /* Observe, OSCORE, Max-Age */
    CHECK_OK(receive());
    CHECK_HEX(pair.inner.options.data, pair.inner.options.len, "c02105");
}

/* A message that verifies, with something inside that is not CoAP. */
static void malformed_plaintext(void)
{
    static const char *const in_request[] = {
        "00b161ff3132", /* Empty */
        "45b161ff3132", /* a response code */
        "20b161ff3132", /* a reserved class */
        "01b161f03132", /* a reserved nibble */
        "01b1613131ff", /* a payload marker without payload */
    };
    for (size_t i = 0; i < COUNT(in_request); i++) {
        pair_up(0);
        spy.instead = in_request[i];
        ask();
        uint8_t again[80];
        size_t again_len = pair.len;
        memcpy(again, pair.datagram, again_len);
        CHECK_INT(hear(), HUSK_ERR_FORMAT);
        for (size_t j = pair.len - 8 - 6; j < pair.len - 8; j++) {
            CHECK_INT(pair.datagram[j], 0);
        }
        CHECK(pair.server.window_bits == 1 && pair.heard.phase == 0);
        CHECK_INT(answer(false), HUSK_ERR_STATE);
        memcpy(pair.datagram, again, again_len);
        pair.len = again_len;
        CHECK_INT(hear(), HUSK_ERR_REPLAY);
    }
    static const char *const in_response[] = {
        "00c02105ff3334", "01c02105ff3334", "45c02105f03334", "45c021050033ff", "45606105ff3334",
    };
    for (size_t i = 0; i < COUNT(in_response); i++) {
        pair_up(0);
        ask();
        CHECK_OK(hear());
        spy.instead = in_response[i];
        CHECK_OK(answer(true));
        CHECK_INT(receive(), HUSK_ERR_FORMAT);
        for (size_t j = pair.len - 8 - 7; j < pair.len - 8; j++) {
            CHECK_INT(pair.datagram[j], 0);
        }
        spy.instead = NULL;
        CHECK_OK(answer(false)); /* the exchange still waits */
        CHECK_OK(receive());
    }
    pair_up(0);
    ask();
    pair.len -= 6; /* a tag and nothing else: not worth a decryption */
    CHECK_INT(hear(), HUSK_ERR_FORMAT);
}

static void what_cannot_be_protected(void)
{
    static const struct {
        husk_status status;
        uint8_t code;
        const char *options;
    } bad[] = {
        {HUSK_ERR_ARGUMENT, HUSK_COAP_GET, "6400000000"}, /* an Observe value of four bytes */
        {HUSK_ERR_UNSUPPORTED, HUSK_COAP_GET, "b161 4100 d10761"}, /* Uri-Path, Uri-Query, Proxy-Uri */
        {HUSK_ERR_UNSUPPORTED, HUSK_COAP_GET, "90"},       /* OSCORE */
        {HUSK_ERR_ARGUMENT, HUSK_COAP_EMPTY, ""},
        {HUSK_ERR_ARGUMENT, HUSK_COAP_CONTENT, ""},
        {HUSK_ERR_ARGUMENT, 0xe1, ""},
        {HUSK_ERR_ARGUMENT, HUSK_COAP_GET, "b161 f0"},
        {HUSK_ERR_ARGUMENT, HUSK_COAP_GET, "b261"},
        {HUSK_ERR_ARGUMENT, HUSK_COAP_GET, "b161 ff"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        uint8_t options[16];
        size_t len = unhex(bad[i].options, options, sizeof options);
        husk_coap_message message = question;
        message.code = bad[i].code;
        message.options = bytes(options, len);
        pair_up(0);
        CHECK_INT(husk_oscore_request_protect(&pair.client, &pair.asked, &message, pair.datagram,
                                              sizeof pair.datagram, &pair.len), bad[i].status);
        CHECK(pair.client.sender_sequence == 0 && pair.asked.phase == 0);
        ask();
        CHECK_OK(hear());
        message.code = bad[i].code == HUSK_COAP_CONTENT ? HUSK_COAP_GET : HUSK_COAP_CONTENT;
        if (len > 0 || bad[i].code == HUSK_COAP_CONTENT) {
            CHECK_INT(husk_oscore_response_protect(&pair.server, &pair.heard, false, &message, pair.datagram,
                                                   sizeof pair.datagram, &pair.len), bad[i].status);
        }
        CHECK_OK(answer(false));
        CHECK_INT(pair.datagram[OPTION_AT], 0x90);
        CHECK_OK(receive());
    }
    husk_coap_message message = question;
    message.token.len = 9;
    message.token.data = (const uint8_t *)"123456789";
    CHECK_INT(husk_oscore_request_protect(&pair.client, &pair.asked, &message, pair.datagram, sizeof pair.datagram,
                                          &pair.len), HUSK_ERR_ARGUMENT);
    message = question;
    message.payload.len = SIZE_MAX; /* absurd: neither wraps nor is read */
    CHECK_INT(husk_oscore_request_protect(&pair.client, &pair.asked, &message, pair.datagram, sizeof pair.datagram,
                                          &pair.len), HUSK_ERR_BUFFER);
}

/* An AEAD that fails leaves no plaintext behind; unless it says that it did nothing, the nonce counts as used. */
static void failing_aead(void)
{
    for (unsigned i = 0; i < 2; i++) {
        husk_status why = i == 0 ? HUSK_ERR_ARGUMENT : HUSK_ERR_STATE;
        pair_up(0);
        spy.fail = why;
        CHECK_INT(husk_oscore_request_protect(&pair.client, &pair.asked, &question, pair.datagram,
                                              sizeof pair.datagram, &pair.len), why);
        CHECK(pair.client.sender_sequence == i && pair.asked.phase == 0);
        for (size_t j = OPTION_AT + 4; j < OPTION_AT + 4 + 6 + 8; j++) {
            CHECK_INT(pair.datagram[j], 0);
        }
        spy.fail = HUSK_OK;
        ask();
        CHECK_OK(hear());
        spy.fail = why;
        CHECK_INT(answer(false), why);
        spy.fail = HUSK_OK;
        CHECK_OK(answer(false));
        CHECK_INT(pair.datagram[OPTION_AT], i == 0 ? 0x90 : 0x92);
        spy.fail = why;
        CHECK_INT(answer(true), why);
        CHECK_INT(pair.server.sender_sequence, 2 * i);
    }
}

static void exhausted(void)
{
    static const uint64_t limits[] = {1, 5, (uint64_t)1 << 40, UINT64_MAX};
    for (size_t i = 0; i < COUNT(limits); i++) {
        uint64_t last = limits[i] < (uint64_t)1 << 40 ? limits[i] - 1 : HUSK_OSCORE_SEQUENCE_MAX;
        pair_up(0);
        pair.client.sender_sequence = pair.server.sender_sequence = last;
        pair.client.sender_limit = pair.server.sender_limit = limits[i];
        pair.client.limit_q = pair.server.limit_q = UINT64_MAX;
        ask();
        CHECK_OK(hear());
        CHECK(pair.server.window_top == last);
        CHECK_INT(husk_oscore_request_protect(&pair.client, &pair.asked, &question, pair.datagram,
                                              sizeof pair.datagram, &pair.len), HUSK_ERR_EXHAUSTED);
        CHECK(pair.client.sender_sequence == last + 1);
        CHECK_OK(answer(true));
        CHECK_OK(receive());
        CHECK_INT(answer(true), HUSK_ERR_EXHAUSTED);
        CHECK_OK(answer(false)); /* needs none */
        CHECK_INT(answer(false), HUSK_ERR_EXHAUSTED);
        CHECK(pair.server.sender_sequence == last + 1);
    }
}

void suite_oscore(void)
{
    RUN(appendix_c1_to_c3);
    RUN(appendix_c4_to_c6);
    RUN(appendix_c7_and_c8);
    RUN(option_both_ways);
    RUN(option_refusals);
    RUN(context_arguments);
    RUN(phases_of_an_exchange);
    RUN(roles_are_not_exchanged);
    RUN(which_context);
    RUN(outer_options_are_ignored);
    RUN(malformed_plaintext);
    RUN(what_cannot_be_protected);
    RUN(failing_aead);
    RUN(exhausted);
}
