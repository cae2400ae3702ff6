/* OSCORE requests as a server receives them (RFC 8613 section 8.2). The first byte chooses the context of appendix
 * C.1, C.2 or C.3 (modulo 3), the second what follows: 0 a datagram; 1 the plaintext of one, which is trusted (see
 * fuzz.h), after its Partial IV; 2 a plain message, which the client protects; 3 patches for the client's request; 4
 * sequence numbers of requests that all verify, against a replay window that remembers everything; 5 the same for a
 * server that lost its window, where each number is followed by whether its request has the right Echo option (0), a
 * wrong one (1), none (2), or is not one of CoAP (3), and with bit 7 by observing (RFC 8613 appendix B.1.2).
 *
 * seed: 00 00 {rfc8613.c4.request}
 * seed: 01 00 {rfc8613.c5.request}
 * seed: 02 00 {rfc8613.c6.request}
 * seed: 00 00 {rfc8613.c5.request}
 * seed: 00 01 14 01b3747631
 * seed: 00 01 14 02ff00
 * seed: 00 01 14 45
 * seed: 00 01 14 01b3
 * seed: 00 02 44015d1f00003974396c6f63616c686f737483747631
 * seed: 02 02 410200010539616263643b746573741142ff0102030405060708
 * seed: 00 02 44015d1f0000397460
 * seed: 00 02 4401000000000000d51650524f5859
 * seed: 00 03
 * seed: 01 03 1401
 * seed: 00 04 01020305040001204060308002
 * seed: 00 04 ff00
 * seed: 00 05 0502 0501 0601 0903 0880 0600 0700 0800 0a02
 * seed: 00 05 4080 2000 2100 4000 */
#include "support/oscore.h"

FUZZ_GOALS(ACCEPTED, NOT_VERIFIED, NOT_A_REQUEST, OTHER_CONTEXT, REPLAYED, ROUND_TRIP, NOT_PROTECTED, FRESH, STALE,
           CHALLENGED, PROVED, OBSERVED);

#define TEXT_MAX 2048
#define PLAIN_GET "\x01\xb3tv1"

static husk_oscore_context clients[3];
static husk_oscore_context servers[3];

void fuzz_setup(void)
{
    for (unsigned i = 0; i < 3; i++) {
        fuzz_oscore_derive(&clients[i], i, false);
        fuzz_oscore_derive(&servers[i], i, true);
        clients[i].sender_sequence = 20;
    }
}

/* What the server answers is of the length it has to be, and the same whoever composes it. */
static void answer(const husk_oscore_context *server, const husk_oscore_exchange *exchange)
{
    uint8_t first[128];
    uint8_t second[128];
    size_t len;
    size_t again_len;
    const husk_coap_message plain = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CONTENT, .payload = {first, 0}};
    husk_oscore_context a = *server;
    husk_oscore_context b = *server;
    husk_oscore_exchange exchange_a = *exchange;
    husk_oscore_exchange exchange_b = *exchange;
    FUZZ_OK(husk_oscore_response_protect(&a, &exchange_a, false, &plain, first, sizeof first, &len));
    FUZZ_CHECK(husk_oscore_response_protect(&b, &exchange_b, false, &plain, second, len - 1, &again_len) ==
               HUSK_ERR_BUFFER);
    FUZZ_OK(husk_oscore_response_protect(&b, &exchange_b, false, &plain, second, len, &again_len));
    FUZZ_CHECK(len == again_len && memcmp(first, second, len) == 0);
    FUZZ_CHECK(a.sender_sequence == server->sender_sequence);
}

static husk_status receive(husk_oscore_context *server, fuzz_datagram datagram, husk_coap_message *inner)
{
    const husk_oscore_context before = *server;
    const husk_oscore_exchange no_exchange = {0};
    husk_oscore_exchange exchange = no_exchange;
    unsigned opened = fuzz_aead_opened();
    uint8_t *copy = fuzz_exact(datagram.data, datagram.len);
    husk_status status = husk_oscore_request_unprotect(server, &exchange, datagram.data, datagram.len, inner);
    if (status != HUSK_OK) {
        fuzz_oscore_check_unchanged(server, &before, status);
        FUZZ_CHECK(memcmp(&exchange, &no_exchange, sizeof exchange) == 0);
        if (fuzz_aead_opened() > opened) {
            FUZZ_CHECK(status == HUSK_ERR_FORMAT);
            fuzz_check_no_plaintext();
            fuzz_reached(NOT_A_REQUEST);
        }
        if (status == HUSK_ERR_AUTHENTICATION) {
            fuzz_check_no_plaintext();
            fuzz_reached(NOT_VERIFIED);
        }
        if (status == HUSK_ERR_CONTEXT) {
            fuzz_reached(OTHER_CONTEXT);
        }
        return status;
    }
    FUZZ_CHECK(fuzz_aead_opened() == opened + 1);
    FUZZ_CHECK(inner->code > 0 && inner->code < HUSK_COAP_CODE(1, 0));
    fuzz_check_inside(inner->token, datagram.data, datagram.len);
    fuzz_check_inside(inner->options, datagram.data, datagram.len);
    fuzz_check_inside(inner->payload, datagram.data, datagram.len);
    const husk_oscore_context after = *server;
    husk_coap_message ignored;
    FUZZ_CHECK(husk_oscore_request_unprotect(server, &exchange, copy, datagram.len, &ignored) == HUSK_ERR_REPLAY);
    FUZZ_CHECK(memcmp(server, &after, sizeof after) == 0);
    answer(server, &exchange);
    fuzz_reached(ACCEPTED);
    return HUSK_OK;
}

static husk_bytes option_of(const husk_oscore_context *server, const uint8_t *partial_iv, size_t len, uint8_t out[24])
{
    size_t at = 0;
    out[at++] = (uint8_t)(0x08 | len);
    memcpy(out + at, partial_iv, len);
    at += len;
    memcpy(out + at, server->recipient_id.bytes, server->recipient_id.len);
    return (husk_bytes){out, at + server->recipient_id.len};
}

static void trusted(husk_oscore_context *server, fuzz_input *in)
{
    uint8_t option[24];
    uint8_t partial_iv = fuzz_byte(in);
    husk_coap_message inner;
    husk_bytes plaintext = fuzz_take(in, TEXT_MAX);
    fuzz_aead_trust(true);
    fuzz_datagram datagram =
        fuzz_oscore_vouch(HUSK_COAP_POST, option_of(server, &partial_iv, 1, option), plaintext);
    if (receive(server, datagram, &inner) == HUSK_OK) {
        FUZZ_CHECK(inner.code == plaintext.data[0]);
    }
}

static void round_trip(husk_oscore_context *client, husk_oscore_context *server, husk_bytes data)
{
    static uint8_t out[FUZZ_DATAGRAM_MAX];
    husk_coap_message plain;
    const uint8_t *exact = fuzz_exact(data.data, data.len);
    if (husk_coap_decode(exact, data.len, &plain) != HUSK_OK) {
        return;
    }
    const husk_oscore_context before = *client;
    husk_oscore_exchange exchange = {0};
    size_t len;
    husk_status status = husk_oscore_request_protect(client, &exchange, &plain, out,
                                                     data.len + HUSK_OSCORE_OVERHEAD_MAX_BYTES, &len);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_ARGUMENT || status == HUSK_ERR_UNSUPPORTED);
        FUZZ_CHECK(memcmp(client, &before, sizeof before) == 0 && exchange.phase == 0);
        fuzz_reached(NOT_PROTECTED);
        return;
    }
    FUZZ_CHECK(client->sender_sequence == before.sender_sequence + 1);
    husk_coap_message inner;
    FUZZ_OK(receive(server, (fuzz_datagram){fuzz_exact(out, len), len}, &inner));
    fuzz_oscore_check_same(&plain, &inner);
    fuzz_reached(ROUND_TRIP);
}

/* What is not protected may change: type, message ID, token. */
static void patched(husk_oscore_context *client, husk_oscore_context *server, fuzz_input *in)
{
    uint8_t out[128];
    size_t len;
    husk_oscore_exchange exchange = {0};
    husk_coap_message inner;
    const husk_coap_message plain = {.code = HUSK_COAP_GET, .options = {(const uint8_t *)"\xb3tv1", 4},
                                     .payload = {(const uint8_t *)"payload", 7}};
    FUZZ_OK(husk_oscore_request_protect(client, &exchange, &plain, out, sizeof out, &len));
    fuzz_datagram datagram = {fuzz_exact(out, len), len};
    bool changed = fuzz_patch(in, datagram.data, len);
    husk_status status = receive(server, datagram, &inner);
    FUZZ_CHECK(changed || status == HUSK_OK);
    if (status == HUSK_OK) {
        FUZZ_CHECK(inner.code == plain.code && fuzz_same(inner.options, plain.options) &&
                   fuzz_same(inner.payload, plain.payload));
    }
}

/* Requests that verify, numbered by the input: accepted once each, and only if no more than 31 behind. */
static void window(husk_oscore_context *server, fuzz_input *in)
{
    bool seen[256] = {false};
    int top = -1;
    fuzz_aead_trust(true);
    while (in->len > 0) {
        uint8_t sequence = fuzz_byte(in);
        uint8_t option[24];
        husk_oscore_exchange exchange = {0};
        husk_coap_message inner;
        fuzz_datagram datagram = fuzz_oscore_vouch(HUSK_COAP_POST, option_of(server, &sequence, 1, option),
                                                   (husk_bytes){(const uint8_t *)PLAIN_GET, 5});
        bool fresh = !seen[sequence] && (int)sequence > top - HUSK_OSCORE_WINDOW;
        husk_status status = husk_oscore_request_unprotect(server, &exchange, datagram.data, datagram.len, &inner);
        FUZZ_CHECK(status == (fresh ? HUSK_OK : HUSK_ERR_REPLAY));
        if (fresh) {
            seen[sequence] = true;
            top = (int)sequence > top ? (int)sequence : top;
        }
        fuzz_reached(fresh ? FRESH : (seen[sequence] ? REPLAYED : STALE));
    }
}

/* A challenge is for who holds the keys, under a number of the server's own; nothing else can be said to a request that
 * may be an old one. */
static void challenge(husk_oscore_context *server, husk_oscore_exchange *exchange)
{
    uint8_t out[128];
    size_t len;
    uint64_t sequence = server->sender_sequence;
    const husk_coap_message plain = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CONTENT,
                                     .options = {(const uint8_t *)"\x60", 1}};
    FUZZ_CHECK(!husk_oscore_exchange_observes(exchange));
    FUZZ_CHECK(husk_oscore_response_protect(server, exchange, false, &plain, out, sizeof out, &len) ==
               HUSK_ERR_STATE);
    FUZZ_OK(husk_oscore_challenge_protect(server, exchange, &plain, (husk_bytes){NULL, 0}, out, sizeof out, &len));
    FUZZ_CHECK(server->sender_sequence == sequence + 1);
    fuzz_reached(CHALLENGED);
}

/* Until a request has the right Echo option nothing is acted upon; from then on everything is that is newer. */
static void window_lost(husk_oscore_context *server, fuzz_input *in)
{
    static const uint8_t echo[HUSK_OSCORE_ECHO_BYTES] = {0xe0, 1, 2};
    bool seen[256] = {false};
    int top = -1;
    bool lost = true;
    husk_oscore_window_lost(server, echo);
    fuzz_aead_trust(true);
    while (in->len > 0) {
        uint8_t sequence = fuzz_byte(in);
        uint8_t what = fuzz_byte(in);
        uint8_t option[24];
        uint8_t plaintext[64] = {HUSK_COAP_GET};
        husk_coap_writer w;
        husk_coap_writer_init_options(&w, plaintext + 1, sizeof plaintext - 1);
        if ((what & 0x80) != 0) {
            husk_coap_write_option(&w, HUSK_COAP_OBSERVE, NULL, 0);
        }
        if ((what & 3) < 2) {
            husk_coap_write_option(&w, HUSK_COAP_ECHO, echo + (what & 1), sizeof echo - (what & 1));
        }
        size_t len = 1 + w.len;
        plaintext[0] = (what & 3) == 3 ? HUSK_COAP_CONTENT : HUSK_COAP_GET;
        fuzz_datagram datagram = fuzz_oscore_vouch(HUSK_COAP_POST, option_of(server, &sequence, 1, option),
                                                   (husk_bytes){plaintext, len});
        husk_oscore_exchange exchange = {0};
        husk_coap_message inner;
        bool fresh = !seen[sequence] && (int)sequence > top - HUSK_OSCORE_WINDOW;
        bool proves = (what & 3) == 0;
        husk_status expected = !fresh              ? HUSK_ERR_REPLAY
                               : (what & 3) == 3   ? HUSK_ERR_FORMAT
                               : lost && !proves   ? HUSK_ERR_FRESHNESS
                                                   : HUSK_OK;
        husk_status status = husk_oscore_request_unprotect(server, &exchange, datagram.data, datagram.len, &inner);
        FUZZ_CHECK(status == expected);
        FUZZ_CHECK(server->window_lost == (lost && status != HUSK_OK));
        if (fresh) { /* it verified, whatever it says */
            seen[sequence] = true;
            top = (int)sequence > top ? (int)sequence : top;
        }
        if (status == HUSK_ERR_FORMAT || status == HUSK_ERR_FRESHNESS) {
            fuzz_check_no_plaintext();
        }
        if (status == HUSK_ERR_FRESHNESS) {
            challenge(server, &exchange);
        }
        if (status != HUSK_OK) {
            continue;
        }
        if (lost) {
            memset(seen, true, sequence); /* it is the lower limit */
            lost = false;
            fuzz_reached(PROVED);
        }
        FUZZ_CHECK(husk_oscore_exchange_observes(&exchange) == ((what & 0x80) != 0));
        if (husk_oscore_exchange_observes(&exchange)) {
            fuzz_reached(OBSERVED);
        }
        answer(server, &exchange);
    }
}

void fuzz_one(fuzz_input in)
{
    unsigned which = fuzz_byte(&in) % 3;
    uint8_t mode = fuzz_byte(&in) % 6;
    husk_oscore_context client = clients[which];
    husk_oscore_context server = servers[which];
    husk_coap_message inner;
    husk_bytes rest;
    fuzz_aead_begin(false);
    switch (mode) {
    case 0:
        rest = fuzz_rest(&in);
        (void)receive(&server, (fuzz_datagram){fuzz_exact(rest.data, rest.len), rest.len}, &inner);
        return;
    case 1:
        trusted(&server, &in);
        return;
    case 2:
        round_trip(&client, &server, fuzz_take(&in, TEXT_MAX));
        return;
    case 3:
        patched(&client, &server, &in);
        return;
    case 4:
        window(&server, &in);
        return;
    default:
        window_lost(&server, &in);
    }
}
