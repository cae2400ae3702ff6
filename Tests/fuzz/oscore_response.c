/* OSCORE responses as a client receives them (RFC 8613 section 8.4), to the request of appendix C.4, C.5 or C.6. The
 * first byte chooses which (modulo 3), the second what follows: 0 a datagram; 1 the plaintext of one, which is trusted
 * (see fuzz.h); 2 a plain message, which the server protects; 3 patches for the server's response; 4 and 5 as 2 and 3,
 * with a Partial IV of the server's own; 6 notifications, to a request that observes: each byte lets one arrive that
 * the server made, in any order and more than once (bits 0 to 5; bit 6: with a bit of its ciphertext wrong; bit 7: it
 * is an ordinary response, which ends the observation).
 *
 * seed: 00 00 {rfc8613.c7.response}
 * seed: 00 00 {rfc8613.c8.response}
 * seed: 01 00 {rfc8613.c7.response}
 * seed: 00 00 64445d1f00003974920802ff [10]
 * seed: 00 01 45ff48656c6c6f20576f726c6421
 * seed: 00 01 01
 * seed: 00 01 4560
 * seed: 00 01 45ff
 * seed: 00 02 64455d1f00003974ff48656c6c6f20576f726c6421
 * seed: 02 04 64455d1f00003974ff48656c6c6f20576f726c6421
 * seed: 00 02 64455d1f0000397460
 * seed: 00 03
 * seed: 00 05
 * seed: 00 05 1001
 * seed: 00 06 00 00 02 42 01 03 05 87 03
 * seed: 01 06 85 06
 * seed: 02 06 03 02 80 c4 04 */
#include "support/oscore.h"

FUZZ_GOALS(ACCEPTED, NOT_VERIFIED, NOT_A_RESPONSE, OTHER_CONTEXT, ROUND_TRIP, NOT_PROTECTED, NOTIFIED,
           OUT_OF_ORDER, ENDED);

#define TEXT_MAX 2048

static husk_oscore_context clients[3];
static husk_oscore_context servers[3];
static husk_oscore_exchange asked[3];
static husk_oscore_exchange heard[3];

#define NOTIFICATIONS 64

/* To a request that observes: notifications, and as many responses that end the observation. */
static struct {
    husk_oscore_exchange observing;
    uint8_t sent[2][NOTIFICATIONS][64];
    size_t len[2][NOTIFICATIONS];
} observed[3];

static void observe(unsigned which)
{
    husk_oscore_context client = clients[which];
    husk_oscore_context server = servers[which];
    husk_oscore_exchange exchange = {0};
    uint8_t out[128];
    size_t len;
    husk_coap_message inner;
    const husk_coap_message request = {.code = HUSK_COAP_GET, .options = {(const uint8_t *)"\x60\x51t", 3}};
    FUZZ_OK(husk_oscore_request_protect(&client, &observed[which].observing, &request, out, sizeof out, &len));
    FUZZ_OK(husk_oscore_request_unprotect(&server, &exchange, out, len, &inner));
    const husk_oscore_exchange registered = exchange;
    for (unsigned i = 0; i < 2 * NOTIFICATIONS; i++) {
        bool ends = i >= NOTIFICATIONS;
        uint8_t number = (uint8_t)(i % NOTIFICATIONS);
        husk_coap_message plain = {.type = HUSK_COAP_NON, .code = HUSK_COAP_CONTENT, .payload = {&number, 1}};
        if (ends) {
            exchange = registered;
        } else {
            plain.options = (husk_bytes){(const uint8_t *)"\x61\x07", 2};
        }
        FUZZ_OK(husk_oscore_response_protect(&server, &exchange, ends, &plain, observed[which].sent[ends][number], 64,
                                             &observed[which].len[ends][number]));
        FUZZ_CHECK(husk_oscore_exchange_observes(&exchange) == !ends);
    }
}

void fuzz_setup(void)
{
    const husk_coap_message request = {.code = HUSK_COAP_GET, .options = {(const uint8_t *)"\xb3tv1", 4}};
    for (unsigned i = 0; i < 3; i++) {
        uint8_t out[128];
        size_t len;
        husk_coap_message inner;
        fuzz_oscore_derive(&clients[i], i, false);
        fuzz_oscore_derive(&servers[i], i, true);
        clients[i].sender_sequence = 20;
        FUZZ_OK(husk_oscore_request_protect(&clients[i], &asked[i], &request, out, sizeof out, &len));
        FUZZ_OK(husk_oscore_request_unprotect(&servers[i], &heard[i], out, len, &inner));
        observe(i);
    }
}

static husk_status receive(unsigned which, fuzz_datagram datagram, husk_coap_message *inner)
{
    husk_oscore_context client = clients[which];
    husk_oscore_exchange exchange = asked[which];
    unsigned opened = fuzz_aead_opened();
    uint8_t *copy = fuzz_exact(datagram.data, datagram.len);
    husk_status status = husk_oscore_response_unprotect(&client, &exchange, datagram.data, datagram.len, inner);
    if (status != HUSK_OK) {
        fuzz_oscore_check_unchanged(&client, &clients[which], status);
        FUZZ_CHECK(memcmp(&exchange, &asked[which], sizeof exchange) == 0);
        if (fuzz_aead_opened() > opened) {
            FUZZ_CHECK(status == HUSK_ERR_FORMAT);
            fuzz_check_no_plaintext();
            fuzz_reached(NOT_A_RESPONSE);
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
    FUZZ_CHECK(memcmp(&client, &clients[which], sizeof client) == 0);
    FUZZ_CHECK(fuzz_aead_opened() == opened + 1 && inner->code >= HUSK_COAP_CODE(2, 0));
    fuzz_check_inside(inner->token, datagram.data, datagram.len);
    fuzz_check_inside(inner->options, datagram.data, datagram.len);
    fuzz_check_inside(inner->payload, datagram.data, datagram.len);
    husk_coap_message ignored;
    FUZZ_CHECK(husk_oscore_response_unprotect(&client, &exchange, copy, datagram.len, &ignored) == HUSK_ERR_STATE);
    fuzz_reached(ACCEPTED);
    return HUSK_OK;
}

static void round_trip(unsigned which, bool own_partial_iv, husk_bytes data)
{
    static uint8_t out[FUZZ_DATAGRAM_MAX];
    husk_coap_message plain;
    const uint8_t *exact = fuzz_exact(data.data, data.len);
    if (husk_coap_decode(exact, data.len, &plain) != HUSK_OK) {
        return;
    }
    husk_oscore_context server = servers[which];
    husk_oscore_exchange exchange = heard[which];
    size_t len;
    husk_status status = husk_oscore_response_protect(&server, &exchange, own_partial_iv, &plain, out,
                                                      data.len + HUSK_OSCORE_OVERHEAD_MAX_BYTES, &len);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_ARGUMENT || status == HUSK_ERR_UNSUPPORTED || status == HUSK_ERR_STATE);
        FUZZ_CHECK(memcmp(&server, &servers[which], sizeof server) == 0);
        FUZZ_CHECK(memcmp(&exchange, &heard[which], sizeof exchange) == 0);
        fuzz_reached(NOT_PROTECTED);
        return;
    }
    FUZZ_CHECK(server.sender_sequence == servers[which].sender_sequence + (own_partial_iv ? 1 : 0));
    husk_coap_message inner;
    FUZZ_OK(receive(which, (fuzz_datagram){fuzz_exact(out, len), len}, &inner));
    fuzz_oscore_check_same(&plain, &inner);
    fuzz_reached(ROUND_TRIP);
}

/* What is not protected may change: type, message ID, token. */
static void patched(unsigned which, bool own_partial_iv, fuzz_input *in)
{
    uint8_t out[128];
    size_t len;
    husk_coap_message inner;
    const husk_coap_message plain = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CONTENT,
                                     .payload = {(const uint8_t *)"payload", 7}};
    husk_oscore_context server = servers[which];
    husk_oscore_exchange exchange = heard[which];
    FUZZ_OK(husk_oscore_response_protect(&server, &exchange, own_partial_iv, &plain, out, sizeof out, &len));
    fuzz_datagram datagram = {fuzz_exact(out, len), len};
    bool changed = fuzz_patch(in, datagram.data, len);
    husk_status status = receive(which, datagram, &inner);
    FUZZ_CHECK(changed || status == HUSK_OK);
    if (status == HUSK_OK) {
        FUZZ_CHECK(inner.code == plain.code && inner.options.len == 0 && fuzz_same(inner.payload, plain.payload));
    }
}

/* Notifications come out in the order in which they were made, each once, until a response that is none. */
static void notifications(unsigned which, fuzz_input *in)
{
    husk_oscore_context client = clients[which];
    husk_oscore_exchange observing = observed[which].observing;
    husk_coap_message inner;
    unsigned newest = 0; /* one more than the number of the newest one */
    bool over = false;
    while (in->len > 0) {
        uint8_t choice = fuzz_byte(in);
        uint8_t number = choice % NOTIFICATIONS;
        bool damaged = (choice & 0x40) != 0;
        bool ends = (choice & 0x80) != 0;
        size_t len = observed[which].len[ends][number];
        uint8_t *datagram = fuzz_exact(observed[which].sent[ends][number], len);
        datagram[len - 1] ^= damaged;
        unsigned order = number + 1u + (ends ? NOTIFICATIONS : 0);
        const husk_oscore_exchange before = observing;
        const husk_oscore_context context_before = client;
        husk_status status = husk_oscore_response_unprotect(&client, &observing, datagram, len, &inner);
        FUZZ_CHECK(status == (over              ? HUSK_ERR_STATE
                              : order <= newest ? HUSK_ERR_REPLAY
                              : damaged         ? HUSK_ERR_AUTHENTICATION
                                                : HUSK_OK));
        if (status != HUSK_OK) {
            FUZZ_CHECK(memcmp(&observing, &before, sizeof before) == 0);
            fuzz_oscore_check_unchanged(&client, &context_before, status);
            fuzz_reached(over ? ENDED : OUT_OF_ORDER);
            continue;
        }
        newest = order;
        over = ends;
        FUZZ_CHECK(husk_oscore_exchange_observes(&observing) == !ends);
        FUZZ_CHECK(inner.payload.len == 1 && inner.payload.data[0] == number);
        fuzz_reached(NOTIFIED);
    }
}

void fuzz_one(fuzz_input in)
{
    unsigned which = fuzz_byte(&in) % 3;
    uint8_t mode = fuzz_byte(&in) % 7;
    husk_coap_message inner;
    fuzz_aead_begin(mode == 1);
    if (mode == 3 || mode == 5) {
        patched(which, mode == 5, &in);
        return;
    }
    if (mode == 6) {
        notifications(which, &in);
        return;
    }
    husk_bytes rest = fuzz_take(&in, TEXT_MAX);
    fuzz_datagram datagram = {fuzz_exact(rest.data, rest.len), rest.len};
    if (mode == 2 || mode == 4) {
        round_trip(which, mode == 4, rest);
        return;
    }
    if (mode == 1) {
        datagram = fuzz_oscore_vouch(HUSK_COAP_CHANGED, (husk_bytes){NULL, 0}, rest);
    }
    (void)receive(which, datagram, &inner);
}
