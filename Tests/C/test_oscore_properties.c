/* OSCORE: what must hold for every message. Round trips, tampering, truncation, the replay window against a reference
 * model, overlap and buffer sizes, and that no nonce is ever used twice with a key. */
#include "test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef TEST_SLOW
#define ROUNDS(slow, quick) (slow)
#else
#define ROUNDS(slow, quick) (quick)
#endif

static struct {
    husk_oscore_context client, server;
    husk_oscore_exchange asked, heard;
} pair;

static uint8_t plain[200], datagram[256], other[256];

/* Contexts with random keys; identifiers of different lengths. */
static void pair_up(test_rng *rng, const husk_aead *aead, size_t client_len, size_t server_len, bool id_context)
{
    uint8_t secret[16], salt[8], name[15];
    test_rng_fill(rng, secret, sizeof secret);
    test_rng_fill(rng, salt, sizeof salt);
    test_rng_fill(rng, name, sizeof name);
    name[0] = 'c';
    name[7] = 's';
    husk_oscore_parameters parameters = {.aead = aead, .hash = &husk_hash_sha256, .master_secret = bytes(secret, 16),
                                         .master_salt = bytes(salt, 8), .has_id_context = id_context};
    if (id_context) {
        parameters.id_context = bytes(salt, 8);
    }
    CHECK_OK(husk_id_set(&parameters.sender_id, name, client_len));
    CHECK_OK(husk_id_set(&parameters.recipient_id, name + 7, server_len));
    CHECK_OK(husk_oscore_context_init(&pair.client, &parameters));
    CHECK_OK(husk_id_set(&parameters.recipient_id, name, client_len));
    CHECK_OK(husk_id_set(&parameters.sender_id, name + 7, server_len));
    CHECK_OK(husk_oscore_context_init(&pair.server, &parameters));
    pair.client.limit_q = pair.server.limit_q = UINT64_MAX; /* numbers of any size */
    memset(&pair.asked, 0, sizeof pair.asked);
    memset(&pair.heard, 0, sizeof pair.heard);
}

static bool same_bytes(husk_bytes a, husk_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool is_outer(uint32_t number)
{
    return number == HUSK_COAP_URI_HOST || number == HUSK_COAP_URI_PORT || number == HUSK_COAP_HOP_LIMIT ||
           number == HUSK_COAP_EDHOC || number == HUSK_COAP_PROXY_SCHEME;
}

/* A message of random options, some of them of class U, and payload, composed in `plain`. Inner options alone are
 * composed too, so that what is decrypted can be compared. */
static husk_coap_message random_message(test_rng *rng, uint8_t code, size_t payload_len, uint8_t *inner_options,
                                        size_t inner_cap, size_t *inner_len)
{
    static const uint32_t numbers[] = {1,  3,  4,  7,  8,  11, 11,  12,  14,   15,
                                       16, 17, 20, 21, 28, 39, 60, 258, 292, 2049, 65000};
    uint8_t value[20], token[8];
    test_rng_fill(rng, token, sizeof token);
    husk_coap_writer w, inner;
    size_t token_len = test_rng_next(rng) % 9;
    husk_coap_writer_init(&w, plain, sizeof plain, (uint8_t)(test_rng_next(rng) % 4), code,
                          (uint16_t)test_rng_next(rng), bytes(token, token_len));
    husk_coap_writer_init_options(&inner, inner_options, inner_cap);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (test_rng_next(rng) % 4 != 0) {
            continue;
        }
        size_t len = test_rng_next(rng) % (test_rng_next(rng) % 8 == 0 ? 20 : 4);
        test_rng_fill(rng, value, len);
        husk_coap_write_option(&w, numbers[i], value, len);
        bool outer = is_outer(numbers[i]);
        if (!outer) {
            husk_coap_write_option(&inner, numbers[i], value, len);
        }
    }
    uint8_t payload[40];
    test_rng_fill(rng, payload, payload_len);
    husk_coap_write_payload(&w, payload, payload_len);
    size_t len;
    CHECK_OK(husk_coap_writer_finish(&inner, inner_len));
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    husk_coap_message message;
    CHECK_OK(husk_coap_decode(plain, len, &message));
    return message;
}

static void check_inner(const husk_coap_message *inner, const husk_coap_message *message, husk_bytes options)
{
    CHECK(inner->type == message->type && inner->code == message->code && inner->message_id == message->message_id);
    CHECK(same_bytes(inner->token, message->token));
    CHECK(same_bytes(inner->options, options));
    CHECK(same_bytes(inner->payload, message->payload));
}

/* The outer message has the class U options of the plain one, OSCORE, and nothing else. */
static void check_outer(const uint8_t *data, size_t len, const husk_coap_message *message, uint8_t code)
{
    husk_coap_message outer;
    CHECK_OK(husk_coap_decode(data, len, &outer));
    CHECK(outer.type == message->type && outer.code == code && outer.message_id == message->message_id);
    CHECK(same_bytes(outer.token, message->token));
    husk_coap_options walk;
    uint32_t number, seen = 0;
    husk_bytes value, expected;
    husk_coap_options_init(&walk, outer.options);
    while (husk_coap_option_next(&walk, &number, &value)) {
        seen++;
        if (number == HUSK_COAP_OSCORE) {
            continue;
        }
        CHECK(is_outer(number));
        CHECK(husk_coap_option_find(message->options, number, &expected));
        CHECK(same_bytes(value, expected));
    }
    static const uint32_t outer_numbers[] = {3, 7, 16, 21, 39};
    uint32_t wanted = 1;
    for (size_t i = 0; i < COUNT(outer_numbers); i++) {
        wanted += husk_coap_option_find(message->options, outer_numbers[i], &value);
    }
    CHECK_INT(seen, wanted);
}

static void round_trips(void)
{
    test_rng rng = {1};
    for (unsigned round = 0; round < ROUNDS(3000, 60); round++) {
        const husk_aead *aead = round % 2 != 0 ? &husk_aead_aes_ccm_16_128_128 : &husk_aead_aes_ccm_16_64_128;
        pair_up(&rng, aead, round % 8, round / 8 % 7 + 1, round % 3 == 0);
        pair.client.sender_sequence = round % 5 == 0 ? 0 : ((uint64_t)test_rng_next(&rng) << 8) >> (round % 40);
        pair.server.sender_sequence = test_rng_next(&rng) >> (round % 32);
        uint8_t options[120];
        size_t options_len, len;
        husk_coap_message inner, message;
        message = random_message(&rng, HUSK_COAP_PUT, round % 41, options, sizeof options, &options_len);
        size_t plain_len = 4 + message.token.len + message.options.len + message.payload.len;
        plain_len += message.payload.len > 0 ? 1 : 0;
        CHECK_OK(husk_oscore_request_protect(&pair.client, &pair.asked, &message, datagram, sizeof datagram, &len));
        CHECK(len <= plain_len + HUSK_OSCORE_OVERHEAD_MAX_BYTES);
        check_outer(datagram, len, &message, HUSK_COAP_POST);
        CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner));
        check_inner(&inner, &message, bytes(options, options_len));

        message = random_message(&rng, HUSK_COAP_NOT_FOUND, round % 37, options, sizeof options, &options_len);
        CHECK_OK(husk_oscore_response_protect(&pair.server, &pair.heard, round % 4 == 0, &message, datagram,
                                              sizeof datagram, &len));
        check_outer(datagram, len, &message, HUSK_COAP_CHANGED);
        CHECK_OK(husk_oscore_response_unprotect(&pair.client, &pair.asked, datagram, len, &inner));
        check_inner(&inner, &message, bytes(options, options_len));
    }
}

/* What OSCORE costs on the wire, least and most. */
static void overhead(void)
{
    test_rng rng = {2};
    static const uint8_t path[] = {0xb1, 'a'}, payload[] = {1};
    husk_coap_message message = {0, HUSK_COAP_POST, 0, NO_BYTES, {path, 2}, {payload, 1}}, inner;
    size_t plain_len = 4 + 2 + 2, len;
    for (size_t id_len = 0; id_len < 2; id_len++) {
        pair_up(&rng, &husk_aead_aes_ccm_16_64_128, id_len, 1, false);
        CHECK_OK(husk_oscore_request_protect(&pair.client, &pair.asked, &message, datagram, sizeof datagram, &len));
        CHECK_INT(len, plain_len + 13 + id_len);
        CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner));
        message.code = HUSK_COAP_CHANGED;
        CHECK_OK(husk_oscore_response_protect(&pair.server, &pair.heard, false, &message, datagram, sizeof datagram,
                                              &len));
        CHECK_INT(len, plain_len + 11);
        message.code = HUSK_COAP_POST;
    }
    /* Longest identifiers and numbers; outer options between inner ones whose heads grow without them. */
    pair_up(&rng, &husk_aead_aes_ccm_16_128_128, 7, 7, true);
    pair.client.sender_sequence = HUSK_OSCORE_SEQUENCE_MAX;
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, plain, sizeof plain);
    static const uint32_t numbers[] = {HUSK_COAP_ETAG,  HUSK_COAP_OBSERVE, HUSK_COAP_HOP_LIMIT, 20, HUSK_COAP_EDHOC,
                                       33,              HUSK_COAP_PROXY_SCHEME, 302};
    static const uint8_t cancel[] = {1};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        husk_coap_write_option(&w, numbers[i], cancel, numbers[i] == HUSK_COAP_OBSERVE);
    }
    CHECK_OK(husk_coap_writer_finish(&w, &plain_len));
    message.options = bytes(plain, plain_len);
    message.payload = NO_BYTES;
    CHECK_OK(husk_oscore_request_protect(&pair.client, &pair.asked, &message, datagram, sizeof datagram, &len));
    CHECK_INT(len, 4 + plain_len + HUSK_OSCORE_OVERHEAD_MAX_BYTES);
}

static size_t sample_request(test_rng *rng)
{
    static const uint8_t options[] = {0x31, 'h', 0x81, 'a', 0x10};
    static const uint8_t token[] = {1, 2}, payload[] = "payload";
    husk_coap_message message = {HUSK_COAP_CON, HUSK_COAP_PUT, 0x1234, {token, 2}, {options, 5}, {payload, 7}};
    size_t len;
    pair_up(rng, &husk_aead_aes_ccm_16_64_128, 1, 2, true);
    pair.client.sender_sequence = 77;
    CHECK_OK(husk_oscore_request_protect(&pair.client, &pair.asked, &message, datagram, sizeof datagram, &len));
    return len;
}

/* Compares field by field: padding in a struct may differ. */
static bool same_state(const husk_oscore_context *a, const husk_oscore_context *b)
{
    return a->limit_q == b->limit_q && a->limit_v == b->limit_v && a->limit_l == b->limit_l &&
           a->window_lost == b->window_lost && a->sender_sequence == b->sender_sequence && a->sender_limit == b->sender_limit &&
           a->window_top == b->window_top && a->window_bits == b->window_bits &&
           memcmp(a->sender_key, b->sender_key, sizeof a->sender_key) == 0 &&
           memcmp(a->recipient_key, b->recipient_key, sizeof a->recipient_key) == 0 &&
           memcmp(a->common_iv, b->common_iv, sizeof a->common_iv) == 0;
}

/* Feeds other[0..len) to one side. It may only be accepted if what was protected comes out unchanged. */
static husk_status try_altered(bool response, size_t len)
{
    husk_oscore_context context = response ? pair.client : pair.server, before = context;
    husk_oscore_exchange exchange = response ? pair.asked : pair.heard, was = exchange;
    husk_coap_message inner;
    husk_status status = response ? husk_oscore_response_unprotect(&context, &exchange, other, len, &inner)
                                  : husk_oscore_request_unprotect(&context, &exchange, other, len, &inner);
    if (status == HUSK_OK) {
        static const uint8_t options[] = {0xb1, 'a', 0x10};
        CHECK_INT(inner.code, response ? HUSK_COAP_CONTENT : HUSK_COAP_PUT);
        CHECK(same_bytes(inner.options, response ? NO_BYTES : bytes(options, 3)));
        CHECK(same_bytes(inner.payload, bytes((const uint8_t *)"payload", 7)));
        return status;
    }
    CHECK(same_state(&context, &before));
    CHECK_INT(context.count_v - before.count_v, status == HUSK_ERR_AUTHENTICATION); /* all that a forgery changes */
    CHECK(exchange.phase == was.phase && exchange.request_sequence == was.request_sequence);
    return status;
}

/* Every bit of the datagram flipped, every truncation, and one byte too many. */
static void alter_everywhere(bool response, size_t len, size_t option_at)
{
    for (size_t bit = 0; bit < 8 * len; bit++) {
        memcpy(other, datagram, len);
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        husk_status status = try_altered(response, len);
        if (bit / 8 >= option_at) {
            CHECK(status != HUSK_OK);
        }
        if (bit / 8 >= len - 8 - 8) { /* in the ciphertext's payload or the tag */
            CHECK_INT(status, HUSK_ERR_AUTHENTICATION);
            for (size_t i = len - 8 - 8; i + 7 < len - 8; i++) {
                CHECK(memcmp(other + i, "payload", 7) != 0);
            }
        }
    }
    for (size_t cut = 0; cut <= len + 1; cut++) {
        if (cut == len) {
            continue;
        }
        memcpy(other, datagram, len);
        other[len] = 0;
        CHECK(try_altered(response, cut) != HUSK_OK);
    }
    memcpy(other, datagram, len);
    CHECK_OK(try_altered(response, len));
}

static void altered_requests(void)
{
    test_rng rng = {4};
    size_t len = sample_request(&rng);
    alter_everywhere(false, len, 4 + 2 + 2);
}

static void altered_responses(void)
{
    for (unsigned own = 0; own < 2; own++) {
        test_rng rng = {5};
        size_t len = sample_request(&rng);
        husk_coap_message inner;
        CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner));
        husk_coap_message message = {HUSK_COAP_ACK, HUSK_COAP_CONTENT, 0x1234, NO_BYTES, NO_BYTES,
                                     {(const uint8_t *)"payload", 7}};
        CHECK_OK(husk_oscore_response_protect(&pair.server, &pair.heard, own != 0, &message, datagram,
                                              sizeof datagram, &len));
        alter_everywhere(true, len, 4);
    }
}

static void wrong_keys(void)
{
    test_rng rng = {6};
    size_t len = sample_request(&rng);
    husk_coap_message inner;
    for (size_t i = 0; i < 3; i++) {
        husk_oscore_context wrong = pair.server;
        uint8_t *where = i == 0 ? wrong.recipient_key : wrong.common_iv;
        where[i == 2 ? 12 : 0] ^= 1;
        memcpy(other, datagram, len);
        CHECK_INT(husk_oscore_request_unprotect(&wrong, &pair.heard, other, len, &inner), HUSK_ERR_AUTHENTICATION);
        CHECK(wrong.window_bits == 0 && pair.heard.phase == 0);
    }
    husk_aead renamed = husk_aead_aes_ccm_16_64_128; /* the algorithm is part of what is authenticated */
    renamed.cose_alg = 30;
    husk_oscore_context wrong = pair.server;
    wrong.aead = &renamed;
    memcpy(other, datagram, len);
    CHECK_INT(husk_oscore_request_unprotect(&wrong, &pair.heard, other, len, &inner), HUSK_ERR_AUTHENTICATION);
    CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner));
}

/* Sends sequence numbers in random order, with small and huge steps, and compares with a list of what was accepted. */
static void replay_window(void)
{
    static const uint64_t starts[] = {0, 1, 31, 32, 1000, 0xfffffff0, ((uint64_t)1 << 40) - 200};
    static uint64_t accepted[48];
    static const uint8_t payload[] = {1};
    husk_coap_message message = {0, HUSK_COAP_GET, 0, NO_BYTES, NO_BYTES, {payload, 1}}, inner;
    test_rng rng = {8};
    for (size_t start = 0; start < COUNT(starts); start++) {
        pair_up(&rng, &husk_aead_aes_ccm_16_64_128, 0, 1, false);
        size_t count = 0;
        uint64_t top = 0, base = starts[start];
        unsigned refused = 0;
        for (unsigned round = 0; round < ROUNDS(400, 40); round++) {
            uint64_t sequence = base + test_rng_next(&rng) % 40;
            if (count > 0 && test_rng_next(&rng) % 16 == 0) { /* old, at a distance whose low 32 bits look recent */
                sequence = top - (((uint64_t)1 << 32) * (test_rng_next(&rng) % 3) + test_rng_next(&rng) % 36);
            }
            if (test_rng_next(&rng) % 24 == 0) {
                uint64_t steps[] = {1, 31, 32, 33, 64, (uint64_t)1 << 32, ((uint64_t)1 << 32) + 5};
                base += steps[test_rng_next(&rng) % COUNT(steps)];
            }
            if (sequence > HUSK_OSCORE_SEQUENCE_MAX) {
                continue;
            }
            bool fresh = count == 0 || sequence + HUSK_OSCORE_WINDOW > top;
            for (size_t i = 0; i < count; i++) {
                fresh = fresh && accepted[i] != sequence;
            }
            size_t len;
            pair.client.sender_sequence = sequence;
            CHECK_OK(husk_oscore_request_protect(&pair.client, &pair.asked, &message, datagram, sizeof datagram, &len));
            memcpy(other, datagram, len);
            other[len - 1] ^= 1; /* a forgery first: it must not move the window */
            CHECK_INT(husk_oscore_request_unprotect(&pair.server, &pair.heard, other, len, &inner),
                      fresh ? HUSK_ERR_AUTHENTICATION : HUSK_ERR_REPLAY);
            CHECK_INT(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner),
                      fresh ? HUSK_OK : HUSK_ERR_REPLAY);
            refused += !fresh;
            if (!fresh) {
                continue;
            }
            top = count == 0 || sequence > top ? sequence : top;
            accepted[count++] = sequence;
            if (count == COUNT(accepted)) { /* forget what is too old to matter */
                size_t kept = 0;
                for (size_t i = 0; i < count; i++) {
                    if (accepted[i] + HUSK_OSCORE_WINDOW > top) {
                        accepted[kept++] = accepted[i];
                    }
                }
                count = kept;
            }
        }
        CHECK(refused > 0);
    }
}

/* An empty window says nothing about any number, whatever its top was before. */
static void empty_window(void)
{
    test_rng rng = {12};
    size_t len = sample_request(&rng);
    husk_coap_message inner;
    pair.server.window_top = 1000;
    CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner));
    CHECK(pair.server.window_top == 77 && pair.server.window_bits == 1);
}

/* A ciphertext longer than AES-CCM-16-64-128 takes is the peer's fault, not the caller's. */
static void longer_than_the_aead_allows(void)
{
#ifdef TEST_SLOW
    static uint8_t oversized[sizeof datagram + 65536];
    test_rng rng = {13};
    size_t len = sample_request(&rng);
    husk_coap_message inner;
    memcpy(oversized, datagram, len);
    CHECK_INT(husk_oscore_request_unprotect(&pair.server, &pair.heard, oversized, len + 65536, &inner),
              HUSK_ERR_FORMAT);
    CHECK(pair.server.window_bits == 0 && pair.heard.phase == 0);
    CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, len, &inner));
#endif
}

/* The payload in the buffer of the protected message, from where it comes to lie upwards. */
static void overlap(void)
{
    static const uint8_t options[] = {0x31, 'h', 0x81, 'a', 0xe0, 0x00, 0x00}, token[] = {9};
    for (unsigned response = 0; response < 2; response++) {
        for (size_t gap = 0; gap < 40; gap += 1 + gap / 8) {
            uint8_t payload[20];
            test_rng rng = {9};
            size_t asked_len = sample_request(&rng), len, again;
            husk_coap_message inner, message = {HUSK_COAP_NON, response ? HUSK_COAP_CHANGED : HUSK_COAP_POST, 7,
                                                {token, 1}, {options, 7}, {payload, 20}};
            test_rng_fill(&rng, payload, sizeof payload);
            husk_oscore_exchange exchange = {0};
            CHECK_OK(husk_oscore_request_unprotect(&pair.server, &exchange, datagram, asked_len, &inner));
            husk_oscore_context context = pair.server;
            husk_oscore_exchange copy = exchange;
            CHECK_OK(response ? husk_oscore_response_protect(&context, &copy, true, &message, other, sizeof other, &len)
                              : husk_oscore_request_protect(&context, &copy, &message, other, sizeof other, &len));
            size_t lands = len - 8 - sizeof payload;
            memcpy(datagram + lands + gap, payload, sizeof payload);
            message.payload.data = datagram + lands + gap;
            context = pair.server;
            copy = exchange;
            if (lands + gap + sizeof payload > len - 1) { /* a buffer too small leaves the payload alone */
                CHECK_INT(response
                              ? husk_oscore_response_protect(&context, &copy, true, &message, datagram, len - 1, &again)
                              : husk_oscore_request_protect(&context, &copy, &message, datagram, len - 1, &again),
                          HUSK_ERR_BUFFER);
                CHECK_MEM(datagram + lands + gap, payload, sizeof payload);
            }
            CHECK_OK(response ? husk_oscore_response_protect(&context, &copy, true, &message, datagram, len, &again)
                              : husk_oscore_request_protect(&context, &copy, &message, datagram, len, &again));
            CHECK_INT(again, len);
            CHECK_MEM(datagram, other, len);
        }
    }
}

/* Every buffer that is too small is refused before anything is written, and costs no number. */
static void buffer_sizes(void)
{
    test_rng rng = {10};
    size_t needed = sample_request(&rng), len;
    husk_coap_message inner;
    CHECK_OK(husk_oscore_request_unprotect(&pair.server, &pair.heard, datagram, needed, &inner));
    for (unsigned kind = 0; kind < 3; kind++) {
        husk_oscore_context *sender = kind == 0 ? &pair.client : &pair.server;
        husk_coap_message message = inner;
        message.code = kind == 0 ? HUSK_COAP_PUT : HUSK_COAP_CONTENT;
        needed = SIZE_MAX;
        for (size_t cap = 0; cap <= sizeof other && needed == SIZE_MAX; cap++) {
            uint64_t sequence = sender->sender_sequence;
            husk_oscore_exchange before = kind == 0 ? pair.asked : pair.heard, exchange = before;
            memset(other, 0xee, sizeof other);
            husk_status status =
                kind == 0 ? husk_oscore_request_protect(sender, &exchange, &message, cap > 0 ? other : NULL, cap, &len)
                          : husk_oscore_response_protect(sender, &exchange, kind == 2, &message,
                                                         cap > 0 ? other : NULL, cap, &len);
            if (status == HUSK_OK) {
                CHECK_INT(len, cap);
                needed = cap;
                CHECK_INT(sender->sender_sequence - sequence, kind != 1);
            } else {
                CHECK_INT(status, HUSK_ERR_BUFFER);
                CHECK(sender->sender_sequence == sequence);
                CHECK(exchange.phase == before.phase && exchange.request_sequence == before.request_sequence);
            }
            for (size_t i = status == HUSK_OK ? cap : 0; i < sizeof other; i++) {
                CHECK_INT(other[i], 0xee);
            }
        }
        CHECK(needed != SIZE_MAX);
    }
}

/* An AEAD that keeps a fingerprint of every key and nonce it encrypts with, and fails the test at the second use. */
#define NONCES ROUNDS(1500, 64)
static uint32_t fingerprints[NONCES][2];
static size_t sealed;
static bool repeated;

static husk_status watch_seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                              size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    uint32_t print[2] = {2166136261u, 40389u};
    for (size_t i = 0; i < 29; i++) {
        uint8_t byte = i < 16 ? key[i] : nonce[i - 16];
        print[0] = (print[0] ^ byte) * 16777619u;
        print[1] = (print[1] + byte) * 69069u + 1;
    }
    for (size_t i = 0; i < sealed; i++) {
        repeated |= fingerprints[i][0] == print[0] && fingerprints[i][1] == print[1];
    }
    CHECK(sealed < NONCES);
    fingerprints[sealed][0] = print[0];
    fingerprints[sealed][1] = print[1];
    sealed++;
    memset(text + len, 0, 8); /* what is encrypted does not matter here */
    (void)aad;
    (void)aad_count;
    return HUSK_OK;
}

static husk_status watch_open(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                              size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead, (void)key, (void)nonce, (void)aad, (void)aad_count, (void)text, (void)len;
    return HUSK_OK; /* everything verifies: the worst a peer can do */
}

static const husk_aead watch_aead = {10, 16, 13, 8, watch_seal, watch_open};

/* Both peers ask and answer in random order, answer late, twice or with a buffer too small, over many exchanges. */
static void nonces_never_repeat(void)
{
    static const uint8_t payload[] = {1, 2, 3};
    husk_coap_message request = {0, HUSK_COAP_GET, 0, NO_BYTES, NO_BYTES, {payload, 3}}, inner;
    husk_coap_message response = request;
    response.code = HUSK_COAP_CONTENT;
    test_rng rng = {11};
    pair_up(&rng, &watch_aead, 1, 1, false);
    sealed = 0;
    repeated = false;
    husk_oscore_exchange asked[2] = {{0}, {0}}, heard[2][3] = {{{0}}};
    pair.client.sender_limit = NONCES / 4; /* both reach their limit */
    pair.server.sender_limit = NONCES / 4;
    unsigned exhausted = 0;
    while (sealed + 1 < NONCES && exhausted < 200) {
        unsigned who = test_rng_next(&rng) % 2, slot = test_rng_next(&rng) % 3;
        husk_oscore_context *self = who ? &pair.client : &pair.server, *peer = who ? &pair.server : &pair.client;
        size_t len, cap = test_rng_next(&rng) % 4 == 0 ? 12 : sizeof datagram;
        if (test_rng_next(&rng) % 3 == 0) {
            husk_status status = husk_oscore_request_protect(self, &asked[who], &request, datagram, cap, &len);
            exhausted += status == HUSK_ERR_EXHAUSTED;
            for (unsigned copy = 0; status == HUSK_OK && copy < 2; copy++) { /* the second one is a replay */
                memcpy(other, datagram, len);
                CHECK_INT(husk_oscore_request_unprotect(peer, &heard[!who][slot], other, len, &inner),
                          copy == 0 ? HUSK_OK : HUSK_ERR_REPLAY);
            }
            continue;
        }
        bool own = test_rng_next(&rng) % 4 == 0;
        husk_status status = husk_oscore_response_protect(self, &heard[who][slot], own, &response, datagram, cap, &len);
        exhausted += status == HUSK_ERR_EXHAUSTED;
    }
    CHECK(!repeated);
    CHECK(exhausted > 0 && sealed > NONCES / 4);
    pair.client.sender_sequence--; /* the watcher does see a repeated nonce */
    pair.client.sender_limit = HUSK_OSCORE_SEQUENCE_MAX;
    size_t len;
    CHECK_OK(husk_oscore_request_protect(&pair.client, &asked[0], &request, datagram, sizeof datagram, &len));
    CHECK(repeated);
}

void suite_oscore_properties(void)
{
    RUN(round_trips);
    RUN(overhead);
    RUN(altered_requests);
    RUN(altered_responses);
    RUN(wrong_keys);
    RUN(replay_window);
    RUN(empty_window);
    RUN(longer_than_the_aead_allows);
    RUN(overlap);
    RUN(buffer_sizes);
    RUN(nonces_never_repeat);
}
