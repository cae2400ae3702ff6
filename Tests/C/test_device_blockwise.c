/* Block-wise transfer at the device endpoint: requests and responses of any length through a small buffer, over a
 * network that loses messages, through new sessions in the middle, and past an attacker who holds blocks back. */
#include "loopback_gateway.h"
#include "nonce_watch.h"
#include "test.h"
#include "toy_suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef TEST_SLOW
#define ROUNDS(slow, quick) (slow)
#else
#define ROUNDS(slow, quick) (quick)
#endif

#define BODY_MAX 700

static const uint8_t psk_key[] = "0123456789abcdef", kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'}, cred_r[] = {0xa1, 0x02, 0x61, 'r'};

/* Everything that goes over the network is sealed under watch. */
static const husk_suite watched_suite = {
    .id = 0,
    .edhoc_aead = &nonce_watch_aead,
    .app_aead = &nonce_watch_aead,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};
static const husk_suite *const suites[] = {&watched_suite};

static const husk_psk psk = {
    .key = {psk_key, 16},
    .kid = {kid, sizeof kid},
    .cred_i = {cred_i, sizeof cred_i},
    .cred_r = {cred_r, sizeof cred_r},
};

/* The world of a test. */
static test_rng rng;
static husk_device_config config;
static husk_device_blocks blocks;
static husk_device_request request;
static husk_device device;
static loopback_gateway gateway;
static husk_block1_server assembly;
static uint32_t now;
static uint8_t payload[BODY_MAX], response[BODY_MAX], taken[BODY_MAX], collected[BODY_MAX], key[48];

static void begin(size_t payload_len, size_t response_len)
{
    rng.state = 42 + payload_len * 1000 + response_len;
    now = 0;
    nonce_watch_reset();
    test_rng_fill(&rng, payload, sizeof payload);
    test_rng_fill(&rng, response, sizeof response);
    blocks = (husk_device_blocks){
        .functions = &husk_blockwise, .body = collected, .body_cap = sizeof collected, .szx = 2};
    config = (husk_device_config){
        .profile = &husk_profile_edhoc,
        .edhoc = {.suites = suites, .suite_count = 1, .random = {test_random_fill, &rng}},
        .psk = psk,
        .blocks = &blocks,
    };
    request = (husk_device_request){HUSK_COAP_POST, "firmware/slot", 13, 60, bytes(payload, payload_len)};
    loopback_gateway_init(&gateway, &config.edhoc, &psk);
    CHECK_OK(husk_block1_server_init(&assembly, taken, sizeof taken, key, sizeof key, 6));
    gateway.assembly = &assembly;
    gateway.response = bytes(response, response_len);
    gateway.szx = 2;
    gateway.etag = 1;
    CHECK_OK(husk_device_init(&device, &config));
}

/* What the device sends now, copied to out; 0 if nothing. */
static size_t sent(uint8_t *out, husk_event *event)
{
    const uint8_t *datagram;
    size_t len;
    CHECK_OK(husk_device_transmit(&device, now, &datagram, &len, event));
    CHECK(len <= HUSK_DEVICE_BUFFER_BYTES);
    if (len > 0) {
        memcpy(out, datagram, len);
    }
    return len;
}

static husk_status deliver(const loopback_reply *reply, husk_event *event)
{
    uint8_t copy[LOOPBACK_REPLY_MAX_BYTES];
    memcpy(copy, reply->data, reply->len);
    husk_status status = husk_device_receive(&device, now, copy, reply->len, event);
    if (event->kind == HUSK_EVENT_RESPONSE && event->payload.len > 0 && event->payload.data != collected) {
        memcpy(collected, event->payload.data, event->payload.len); /* it came in one message: copy is gone soon */
    }
    if (event->kind == HUSK_EVENT_RESPONSE && event->code == HUSK_COAP_CHANGED) {
        husk_bytes etag;
        CHECK(husk_coap_option_find(event->options, HUSK_COAP_ETAG, &etag));
        CHECK_INT(etag.data[0], gateway.etag);
    }
    return status;
}

/* One message from the device to the gateway and the answer back, nothing lost. */
static husk_event step(void)
{
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    size_t len = sent(datagram, &event);
    CHECK(len > 0);
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    CHECK(reply != NULL);
    CHECK_OK(deliver(reply, &event));
    return event;
}

static husk_event run(void)
{
    for (unsigned i = 0; i < 200; i++) {
        husk_event event = step();
        if (event.kind == HUSK_EVENT_RESPONSE || event.kind == HUSK_EVENT_FAILED) {
            return event;
        }
    }
    test_fail(__FILE__, __LINE__, "the request ends");
}

static void check_bodies(const husk_event *event)
{
    CHECK_INT(event->kind, HUSK_EVENT_RESPONSE);
    CHECK_INT(event->code, HUSK_COAP_CHANGED);
    CHECK_INT(event->payload.len, gateway.response.len);
    CHECK_MEM(collected, response, gateway.response.len);
    CHECK_INT(gateway.last_body.len, request.payload.len);
    if (request.payload.len > HUSK_DEVICE_BUFFER_BYTES) {
        CHECK_MEM(gateway.last_body.data, payload, request.payload.len);
    }
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    CHECK_INT(nonce_watch_repeats(), 0);
}

/* With the handshake before it, and again in the session. */
static void bodies_of_any_length(void)
{
    for (size_t len = 0; len <= BODY_MAX; len += ROUNDS(7, 41)) {
        for (unsigned propose = 0; propose < 2; propose++) {
            begin(len, (len * 3) % (BODY_MAX + 1));
            blocks.propose = propose != 0;
            CHECK_OK(husk_device_start(&device, &request));
            husk_event event = run();
            check_bodies(&event);
            CHECK_INT(gateway.handshakes, 1);
            CHECK_OK(husk_device_start(&device, &request));
            event = run();
            check_bodies(&event);
            CHECK_INT(gateway.handshakes, 1);
            CHECK_INT(gateway.bodies, 2);
            CHECK(blocks.clean && !blocks.tag.present);
        }
    }
}

/* The first response proves the gateway's keys, and what it brings is one block. */
static void first_response_in_blocks(void)
{
    begin(20, 100);
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    husk_event event = step(); /* message 3 and the request */
    CHECK(event.kind == HUSK_EVENT_AUTHENTICATED && event.new_session);
    event = step();
    CHECK(!event.new_session);
    check_bodies(&event);
}

/* The gateway's wish for smaller blocks is heeded; the device's own are as large as its buffer allows. */
static void block_sizes(void)
{
    begin(300, 300);
    assembly.szx = 0;
    gateway.szx = 1;
    CHECK_OK(husk_device_start(&device, &request));
    husk_event event = run();
    check_bodies(&event);
    CHECK(blocks.upload.szx == 0 && blocks.download.szx == 1);
    begin(300, 300);
    blocks.szx = 0;
    CHECK_OK(husk_device_start(&device, &request));
    event = run();
    check_bodies(&event);
    CHECK(blocks.upload.szx == 2 && blocks.download.szx == 0);
    CHECK(HUSK_DEVICE_BUFFER_BYTES == 160); /* the figure above is for this */
}

/* Each datagram is lost with one chance in four, or comes twice. */
static void lossy_network(void)
{
    for (unsigned round = 0; round < ROUNDS(300, 6); round++) {
        begin(BODY_MAX - round, 100 + round);
        rng.state += round;
        unsigned failed = 0;
        bool completed = false;
        CHECK_OK(husk_device_start(&device, &request));
        while (!completed) {
            uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
            husk_event event;
            size_t len = sent(datagram, &event);
            if (event.kind == HUSK_EVENT_FAILED) {
                CHECK_INT(event.status, HUSK_ERR_TIMEOUT);
                CHECK(++failed < 50);
                CHECK_OK(husk_device_start(&device, &request));
                continue;
            }
            const loopback_reply *reply = NULL;
            if (len > 0 && test_rng_next(&rng) % 4 != 0) {
                reply = loopback_gateway_receive(&gateway, datagram, len);
            }
            for (unsigned copies = test_rng_next(&rng) % 4; reply != NULL && copies > 0; copies /= 2) {
                (void)deliver(reply, &event);
                if (event.kind == HUSK_EVENT_RESPONSE) {
                    check_bodies(&event);
                    completed = true;
                    break;
                }
                CHECK(event.kind != HUSK_EVENT_FAILED);
            }
            uint32_t wait = husk_device_next_timeout(&device, now);
            now += wait == HUSK_DEVICE_NO_TIMEOUT ? 0 : wait;
        }
        CHECK_INT(nonce_watch_repeats(), 0);
    }
}

/* The gateway loses the session after each number of messages: the request begins anew in another one, once. */
static void new_session_in_the_middle(void)
{
    for (unsigned after = 0; after < 14; after++) {
        begin(400, 300);
        CHECK_OK(husk_device_start(&device, NULL));
        CHECK_INT(step().kind, HUSK_EVENT_NONE);
        CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
        CHECK_OK(husk_device_start(&device, &request));
        husk_event event = {0};
        for (unsigned i = 0; i < after && event.kind == HUSK_EVENT_NONE; i++) {
            event = step();
        }
        if (event.kind == HUSK_EVENT_NONE) {
            loopback_gateway_forget(&gateway);
            husk_block1_server_drop(&assembly);
            event = run();
            CHECK_INT(gateway.handshakes, 2);
        }
        check_bodies(&event);
        if (after == 3) { /* and not for ever */
            CHECK_OK(husk_device_start(&device, &request));
            for (unsigned i = 0; i < 6; i++) {
                event = step();
                if (i == 0 || i == 4) {
                    loopback_gateway_forget(&gateway);
                }
            }
            CHECK_INT(event.kind, HUSK_EVENT_FAILED);
            CHECK_INT(event.status, HUSK_ERR_CONTEXT);
        }
    }
}

/* A key that is used up in the middle is replaced, and the request begins anew. */
static void used_up_in_the_middle(void)
{
    for (unsigned left = 1; left < 10; left++) {
        begin(400, 300);
        CHECK_OK(husk_device_start(&device, NULL));
        CHECK_INT(step().kind, HUSK_EVENT_NONE);
        CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
        device.oscore.limit_q = device.oscore.sender_sequence + left;
        CHECK_OK(husk_device_start(&device, &request));
        husk_event event = run();
        check_bodies(&event);
        CHECK_INT(gateway.handshakes, 2);
    }
}

static husk_status take_and_limit(husk_device *own, const husk_coap_message *answer, uint8_t *datagram, size_t len,
                                  husk_event *event)
{
    husk_status status = husk_profile_edhoc.take(own, answer, datagram, len, event);
    own->oscore.limit_q = own->has_context ? 3 : own->oscore.limit_q;
    return status;
}

/* A body that no key is enough for ends with an error, and so does one for which no numbers are reserved. */
static void used_up_for_ever(void)
{
    begin(400, 300);
    husk_profile profile = husk_profile_edhoc;
    profile.take = take_and_limit;
    config.profile = &profile;
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_OK(husk_device_start(&device, &request));
    husk_event event = run();
    CHECK(event.kind == HUSK_EVENT_FAILED && event.status == HUSK_ERR_EXHAUSTED);
    CHECK_INT(gateway.handshakes, 2);

    begin(400, 300);
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    device.oscore.sender_limit = device.oscore.sender_sequence + 2;
    CHECK_OK(husk_device_start(&device, &request));
    event = run();
    CHECK(event.kind == HUSK_EVENT_FAILED && event.status == HUSK_ERR_EXHAUSTED);
    CHECK_INT(gateway.handshakes, 1);
    device.oscore.sender_limit += 100;
    CHECK_OK(husk_device_start(&device, &request));
    event = run();
    check_bodies(&event);
}

/* A gateway that challenges every request gets its Echo with the next; each block has room for it. */
static void challenged_blocks(void)
{
    begin(400, 300);
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    gateway.challenge = true;
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(gateway.challenges, 1);
    gateway.challenge = false;
    husk_event event = run();
    check_bodies(&event);
}

static bool replace_context;

/* The response is the last message under its context, as when the gateway completes a KUDOS update with it. */
static husk_status unprotect_and_replace(husk_device *own, husk_oscore_exchange *exchange, uint8_t *datagram,
                                         size_t len, husk_coap_message *inner)
{
    husk_status status = husk_profile_edhoc.unprotect(own, exchange, datagram, len, inner);
    if (status == HUSK_OK && replace_context) {
        static const uint8_t secret[16] = {7};
        husk_oscore_parameters parameters = {.aead = &nonce_watch_aead, .hash = &husk_hash_sha256,
                                             .master_secret = bytes(secret, 16), .sender_id = {1, {1}},
                                             .recipient_id = {1, {2}}};
        CHECK_OK(husk_oscore_context_init(&gateway.context, &parameters));
        parameters.sender_id = (husk_id){1, {2}};
        parameters.recipient_id = (husk_id){1, {1}};
        CHECK_OK(husk_oscore_context_init(&own->oscore, &parameters));
        replace_context = false;
    }
    return status;
}

/* KUDOS may replace the context while a request is in progress: the request begins anew under the next one. */
static void replaced_context_in_the_middle(void)
{
    for (unsigned after = 1; after < 13; after++) {
        begin(400, 300);
        husk_profile profile = husk_profile_edhoc;
        profile.unprotect = unprotect_and_replace;
        config.profile = &profile;
        CHECK_OK(husk_device_start(&device, NULL));
        CHECK_INT(step().kind, HUSK_EVENT_NONE);
        CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
        CHECK_OK(husk_device_start(&device, &request));
        for (unsigned i = 1; i < after && i < 11; i++) {
            CHECK_INT(step().kind, HUSK_EVENT_NONE);
        }
        replace_context = true;
        husk_event event = run();
        check_bodies(&event);
        CHECK_INT(gateway.bodies, after < 7 ? 1 : after < 11 ? 2 : 1);
        CHECK(blocks.clean);
    }
}

/* What does not fit: the response into the body, or into none; a request of which not even a block fits. */
static void too_long(void)
{
    for (size_t cap = 0; cap < 140; cap += 20) {
        begin(10, 140);
        blocks.body = cap > 0 ? collected : NULL;
        blocks.body_cap = cap;
        CHECK_OK(husk_device_start(&device, &request));
        husk_event event = run();
        CHECK(event.kind == HUSK_EVENT_FAILED && event.status == HUSK_ERR_BUFFER);
        CHECK_INT(gateway.handshakes, 1);
        gateway.response.len = 40; /* in one message: needs no body */
        CHECK_OK(husk_device_start(&device, &request));
        event = run();
        check_bodies(&event);
        CHECK_INT(gateway.handshakes, 1);
    }
    begin(400, 10);
    assembly.body_cap = 399;
    CHECK_OK(husk_device_start(&device, &request));
    husk_event event = run();
    CHECK(event.kind == HUSK_EVENT_RESPONSE && event.code == HUSK_COAP_REQUEST_ENTITY_TOO_LARGE);
    static const char path[] = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901";
    begin(200, 10);
    request.path = path;
    for (request.path_len = 0; husk_device_start(&device, &request) == HUSK_OK; request.path_len++) {
        husk_device_wipe(&device);
        CHECK_OK(husk_device_init(&device, &config));
        CHECK(request.path_len < sizeof path);
    }
    CHECK_INT(husk_device_start(&device, &request), HUSK_ERR_BUFFER);
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    request.path_len--; /* the longest that is accepted really fits, with the longest numbers */
    CHECK_OK(husk_device_start(&device, NULL));
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    device.oscore.limit_q = gateway.context.limit_q = UINT64_MAX;
    device.oscore.sender_sequence = HUSK_OSCORE_SEQUENCE_MAX - 50;
    static uint8_t longer_key[100];
    CHECK_OK(husk_block1_server_init(&assembly, taken, sizeof taken, longer_key, sizeof longer_key, 6));
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(blocks.upload.szx, 0);
    event = run();
    check_bodies(&event);
    CHECK_INT(blocks.tag.len, 5);
    begin(10, 10);
    blocks.szx = 7;
    CHECK_INT(husk_device_start(&device, &request), HUSK_ERR_ARGUMENT);
}

/* The response changes between two of its blocks. */
static void changed_response(void)
{
    begin(10, 300);
    CHECK_OK(husk_device_start(&device, &request));
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    step();
    gateway.etag = 2;
    husk_event event = step();
    CHECK(event.kind == HUSK_EVENT_FAILED && event.status == HUSK_ERR_CHANGED);
    CHECK_OK(husk_device_start(&device, &request));
    event = run();
    check_bodies(&event);
}

static void time_out(void)
{
    husk_event event = {0};
    while (event.kind != HUSK_EVENT_FAILED) {
        uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
        uint32_t wait = husk_device_next_timeout(&device, now);
        CHECK(wait != HUSK_DEVICE_NO_TIMEOUT);
        now += wait;
        (void)sent(datagram, &event);
    }
    CHECK_INT(event.status, HUSK_ERR_TIMEOUT);
}

/* A block held back by an attacker, of an operation that was given up, reaches the gateway in the middle of the next
 * operation: Request-Tags keep them apart (RFC 9175 section 3.5.1). After a new session none is needed. */
static void held_back_block(void)
{
    begin(200, 10);
    CHECK_OK(husk_device_start(&device, NULL));
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_OK(husk_device_start(&device, &request));
    CHECK(!blocks.tag.present);
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    uint8_t held[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    size_t held_len = sent(held, &event);
    time_out();

    test_rng_fill(&rng, payload, sizeof payload);
    CHECK_OK(husk_device_start(&device, &request));
    CHECK(blocks.tag.present);
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    unsigned requests = gateway.requests;
    CHECK(loopback_gateway_receive(&gateway, held, held_len) != NULL);
    CHECK_INT(gateway.requests, requests + 1); /* OSCORE has no objection to it */
    event = run();
    check_bodies(&event);
    CHECK_INT(gateway.bodies, 1);
    CHECK_OK(husk_device_start(&device, &request)); /* the operation before that is still open */
    CHECK(blocks.tag.present);
    event = run();
    check_bodies(&event);

    request.payload.len = 10; /* what is no upload needs none */
    CHECK_OK(husk_device_start(&device, &request));
    CHECK(!blocks.tag.present);
    event = run();
    CHECK_INT(event.kind, HUSK_EVENT_RESPONSE);
    request.payload.len = 200;

    CHECK_OK(husk_device_start(&device, NULL));
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_OK(husk_device_start(&device, &request));
    CHECK(!blocks.tag.present);
    event = run();
    check_bodies(&event);
}

/* Under a context that did not begin in this life, nothing is known of what went out before. */
static void context_of_an_earlier_life(void)
{
    begin(200, 10);
    CHECK_OK(husk_device_start(&device, NULL));
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_OK(husk_device_start(&device, &request));
    husk_event event = run();
    check_bodies(&event);
    husk_oscore_context context = device.oscore;
    blocks = (husk_device_blocks){
        .functions = &husk_blockwise, .body = collected, .body_cap = sizeof collected, .szx = 2};
    CHECK_OK(husk_device_init(&device, &config));
    device.oscore = context;
    device.has_context = true;
    CHECK_OK(husk_device_start(&device, &request));
    CHECK(blocks.tag.present);
    event = run();
    check_bodies(&event);
}

void suite_device_blockwise(void)
{
    RUN(bodies_of_any_length);
    RUN(first_response_in_blocks);
    RUN(block_sizes);
    RUN(lossy_network);
    RUN(new_session_in_the_middle);
    RUN(used_up_in_the_middle);
    RUN(used_up_for_ever);
    RUN(challenged_blocks);
    RUN(replaced_context_in_the_middle);
    RUN(too_long);
    RUN(changed_response);
    RUN(held_back_block);
    RUN(context_of_an_earlier_life);
}
