/* The device endpoint against a gateway in the same process, over a network that loses, duplicates and reorders. */
#include "loopback_gateway.h"
#include "nonce_watch.h"
#include "test.h"
#include "toy_suite.h"

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t other_key[] = "0123456789abcdeg";
static const uint8_t kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const uint8_t reading[32] = "thirty-two bytes of temperature";

/* Everything that goes over the network is sealed under watch. */
static const husk_suite watched_suite = {
    .id = 0,
    .edhoc_aead = &nonce_watch_aead,
    .app_aead = &nonce_watch_aead,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};
static const husk_suite *const watched_suites[] = {&watched_suite};

static const husk_suite *const both_suites[] = {&toy_suite_0, &toy_suite_1};

static const husk_psk psk = {
    .key = {key, 16},
    .kid = {kid, sizeof kid},
    .cred_i = {cred_i, sizeof cred_i},
    .cred_r = {cred_r, sizeof cred_r},
};

static const husk_device_request request = {
    .code = HUSK_COAP_POST,
    .path = "sensors/temperature",
    .path_len = 19,
    .content_format = 60,
    .payload = {reading, sizeof reading},
};

/* Storage of the two records, in memory. */
typedef struct memory {
    uint8_t data; /* the suite */
    bool present;
    bool failing;
    bool forgets; /* says it stored, but keeps the old record: a power cut before it was durable */
    unsigned stores;
    uint8_t resumption[HUSK_DEVICE_RECORD_MAX_BYTES];
    size_t resumption_len;
} memory;

static husk_status memory_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    const memory *m = context;
    *len = 0;
    if (m->failing) {
        return HUSK_ERR_STORAGE;
    }
    if (record == HUSK_DEVICE_RECORD_SUITE && m->present) {
        out[0] = m->data;
        *len = 1;
    }
    if (record == HUSK_DEVICE_RECORD_RESUMPTION) {
        CHECK(m->resumption_len <= cap);
        memcpy(out, m->resumption, m->resumption_len);
        *len = m->resumption_len;
    }
    return HUSK_OK;
}

static husk_status memory_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    memory *m = context;
    if (m->failing) {
        return HUSK_ERR_STORAGE;
    }
    if (m->forgets) {
        return HUSK_OK;
    }
    if (record == HUSK_DEVICE_RECORD_RESUMPTION) {
        CHECK(len <= sizeof m->resumption);
        memcpy(m->resumption, data, len);
        m->resumption_len = len;
        return HUSK_OK;
    }
    CHECK_INT(record, HUSK_DEVICE_RECORD_SUITE);
    CHECK_INT(len, 1);
    m->data = data[0];
    m->present = true;
    m->stores++;
    return HUSK_OK;
}

/* The world of a test. */
static test_rng rng;
static memory flash;
static husk_device_config config;
static husk_device device;
static loopback_gateway gateway;
static uint32_t now;

static void begin(void)
{
    rng.state = 42;
    now = 0;
    memset(&flash, 0, sizeof flash);
    config = (husk_device_config){
        .profile = &husk_profile_edhoc,
        .edhoc = {.suites = both_suites, .suite_count = 1, .random = {test_random_fill, &rng}},
        .psk = psk,
        .storage = {memory_load, memory_store, &flash},
    };
    loopback_gateway_init(&gateway, &config.edhoc, &psk);
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
    return husk_device_receive(&device, now, copy, reply->len, event);
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

static void authenticate(void)
{
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
}

static void check_response(husk_event event)
{
    CHECK_INT(event.kind, HUSK_EVENT_RESPONSE);
    CHECK_INT(event.code, HUSK_COAP_CHANGED);
    CHECK_INT(gateway.last_code, HUSK_COAP_POST);
    CHECK_INT(gateway.last_payload_len, sizeof reading);
    CHECK_MEM(gateway.last_payload, reading, sizeof reading);
}

static husk_event begin_combined(void)
{
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    return step();
}

/* message_3 rides with the request, and the response to that authenticates the gateway. */
static void authenticates_with_the_first_request(void)
{
    begin();
    husk_event event = begin_combined();
    check_response(event);
    CHECK(event.new_session);
    CHECK_INT(gateway.handshakes, 1);
    CHECK_OK(husk_device_start(&device, &request));
    event = step();
    check_response(event);
    CHECK(!event.new_session);
    CHECK_INT(gateway.handshakes, 1);
}

/* A request too long to be combined goes after message_4; one that just fits does not. */
static void long_requests_are_not_combined(void)
{
    static const uint8_t long_payload[HUSK_DEVICE_BUFFER_BYTES];
    husk_device_request long_request = request;
    unsigned combined = 0;
    unsigned in_sequence = 0;
    for (size_t len = 0;; len++) {
        begin();
        long_request.payload = bytes(long_payload, len);
        if (husk_device_start(&device, &long_request) == HUSK_ERR_BUFFER) {
            break;
        }
        CHECK_INT(step().kind, HUSK_EVENT_NONE);
        husk_event event = step();
        if (event.kind == HUSK_EVENT_AUTHENTICATED) {
            in_sequence++;
            event = step();
        } else {
            combined++;
            CHECK_INT(in_sequence, 0);
        }
        CHECK_INT(event.kind, HUSK_EVENT_RESPONSE);
    }
    CHECK(combined > 32);
    CHECK(in_sequence > 10);
}

/* A gateway without RFC 9668 refuses the EDHOC option; the device then goes in sequence. */
static void gateway_without_the_combined_request(void)
{
    begin();
    gateway.no_combined = true;
    CHECK_INT(begin_combined().kind, HUSK_EVENT_NONE); /* 4.02 */
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    check_response(step());
    CHECK_INT(gateway.handshakes, 1);
}

/* A combined request that comes to nothing leaves no context that was never confirmed. */
static void unconfirmed_context_is_dropped(void)
{
    begin();
    CHECK_OK(husk_device_start(&device, &request));
    step();
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event = {0};
    while (event.kind == HUSK_EVENT_NONE) {
        sent(out, &event);
        now += husk_device_next_timeout(&device, now) == HUSK_DEVICE_NO_TIMEOUT
                   ? 0
                   : husk_device_next_timeout(&device, now);
    }
    CHECK_INT(event.status, HUSK_ERR_TIMEOUT);
    CHECK(!device.has_context);
    static const uint8_t zero[sizeof device.oscore];
    CHECK_MEM(&device.oscore, zero, sizeof zero);
    check_response(begin_combined());
}

static void resumes_with_the_last_session(void)
{
    begin();
    config.resume = true;
    check_response(begin_combined());
    CHECK(!gateway.resumed);
    CHECK_INT(flash.resumption_len, 34);
    for (int reboot = 0; reboot < 5; reboot++) {
        uint8_t used[34];
        memcpy(used, flash.resumption, sizeof used);
        CHECK_OK(husk_device_init(&device, &config));
        if (reboot % 2 == 0) {
            check_response(begin_combined());
        } else {
            authenticate();
        }
        CHECK(gateway.resumed);
        CHECK(memcmp(used, flash.resumption, sizeof used) != 0);
    }

    /* Power was cut before the new key was durable: the gateway still knows the old one. */
    flash.forgets = true;
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
    flash.forgets = false;
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
    CHECK(gateway.resumed);

    /* The gateway forgot: the external PSK is the way back, and the ratchet starts anew. */
    loopback_gateway_forget(&gateway);
    CHECK_OK(husk_device_init(&device, &config));
    CHECK_INT(begin_combined().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    check_response(step());
    CHECK(!gateway.resumed);
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
    CHECK(gateway.resumed);

    /* A record that is no key is as good as none. */
    flash.resumption_len = 5;
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
    CHECK(!gateway.resumed);
}

/* Both lengths of rPSK that the draft has: of the hash (its text), and 16 bytes (its vector). */
static void resumption_key_of_either_length(void)
{
    begin();
    config.resume = true;
    config.rpsk_bytes = 16;
    gateway.rpsk_bytes = 16;
    for (int life = 0; life < 3; life++) {
        CHECK_OK(husk_device_init(&device, &config));
        check_response(begin_combined());
        CHECK_INT(gateway.resumed, life > 0);
        CHECK_INT(flash.resumption_len, 18);
    }
    config.rpsk_bytes = 15;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
    config.rpsk_bytes = 33;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
}

static void authenticates_and_sends(void)
{
    begin();
    config.sequential = true;
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    check_response(step());
    CHECK_INT(gateway.handshakes, 1);
    for (unsigned i = 2; i <= 50; i++) {
        CHECK_OK(husk_device_start(&device, &request));
        check_response(step());
        CHECK_INT(gateway.requests, i);
    }
    CHECK_INT(gateway.handshakes, 1);
}

/* What OSCORE adds to a request and a response with one-byte identifiers: 14 and 11 bytes. */
static void overhead_of_protection(void)
{
    begin();
    authenticate();
    uint8_t plain[HUSK_DEVICE_BUFFER_BYTES];
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    husk_coap_writer w;
    husk_event event;
    husk_coap_writer_init(&w, plain, sizeof plain, HUSK_COAP_CON, HUSK_COAP_POST, 0, bytes(kid, 0));
    husk_coap_write_path(&w, request.path, request.path_len);
    husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, request.content_format);
    husk_coap_write_payload(&w, reading, sizeof reading);
    CHECK_OK(husk_device_start(&device, &request));
    size_t len = sent(datagram, &event);
    CHECK_INT(len, w.len + sizeof device.token + 14);
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    CHECK_INT(reply->len, HUSK_COAP_HEADER_BYTES + sizeof device.token + 1 + sizeof reading + 11);
}

/* RFC 7252 section 4.2: the first wait between 2 and 3 seconds, then doubling, five transmissions in all. */
static void silence_ends_in_a_timeout(void)
{
    begin();
    for (int round = 0; round < 20; round++) {
        uint8_t first[HUSK_DEVICE_BUFFER_BYTES];
        uint8_t again[HUSK_DEVICE_BUFFER_BYTES];
        husk_event event;
        now = round % 2 == 0 ? UINT32_MAX - 5000 : 0; /* across the wrap of the clock, too */
        CHECK_OK(husk_device_start(&device, &request));
        CHECK_INT(husk_device_start(&device, &request), HUSK_ERR_STATE);
        CHECK_INT(husk_device_next_timeout(&device, now), 0);
        size_t len = sent(first, &event);
        uint32_t wait = husk_device_next_timeout(&device, now);
        CHECK(wait >= 2000 && wait <= 3000);
        for (int i = 0; i < 4; i++) {
            now += wait - 1;
            CHECK_INT(sent(again, &event), 0);
            now += 1;
            CHECK_INT(husk_device_next_timeout(&device, now), 0);
            CHECK_INT(sent(again, &event), len);
            CHECK_MEM(again, first, len);
            CHECK_INT(husk_device_next_timeout(&device, now), 2 * wait);
            wait *= 2;
        }
        now += wait;
        CHECK_INT(sent(again, &event), 0);
        CHECK_INT(event.kind, HUSK_EVENT_FAILED);
        CHECK_INT(event.status, HUSK_ERR_TIMEOUT);
        CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    }
    authenticate();
}

/* An Empty acknowledgement, then the response in a confirmable message of its own (RFC 7252 section 5.2.2). */
static void separate_response(void)
{
    begin();
    authenticate();
    CHECK_OK(husk_device_start(&device, &request));
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    size_t len = sent(datagram, &event);
    uint8_t ack[4] = {0x60, 0x00, datagram[2], datagram[3]};
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    uint8_t response[LOOPBACK_REPLY_MAX_BYTES];
    memcpy(response, reply->data, reply->len);
    response[0] = (uint8_t)((response[0] & 0xcf) | HUSK_COAP_CON << 4);
    response[2] = 0x77;
    response[3] = 0x99;

    CHECK_OK(husk_device_receive(&device, now, ack, sizeof ack, &event));
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_RESPONSE_TIMEOUT_MS);
    now += 20000;
    CHECK_INT(sent(out, &event), 0);
    uint8_t copy[LOOPBACK_REPLY_MAX_BYTES];
    memcpy(copy, response, reply->len);
    CHECK_OK(husk_device_receive(&device, now, copy, reply->len, &event));
    check_response(event);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(husk_device_next_timeout(&device, now), 0);
        CHECK_INT(sent(out, &event), 4);
        CHECK_HEX(out, 4, "60007799");
        CHECK_INT(sent(out, &event), 0);
        /* Our acknowledgement was lost: the same message again is acknowledged again, and is no second response. */
        memcpy(copy, response, reply->len);
        CHECK_INT(husk_device_receive(&device, now, copy, reply->len, &event), HUSK_ERR_CONTEXT);
        CHECK_INT(event.kind, HUSK_EVENT_NONE);
    }

    /* Acknowledged, but the response never comes. */
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(sent(out, &event), 4);
    sent(datagram, &event);
    ack[2] = datagram[2];
    ack[3] = datagram[3];
    CHECK_OK(husk_device_receive(&device, now, ack, sizeof ack, &event));
    now += HUSK_RESPONSE_TIMEOUT_MS;
    CHECK_INT(sent(out, &event), 0);
    CHECK_INT(event.status, HUSK_ERR_TIMEOUT);
}

static void reset_ends_a_request(void)
{
    begin();
    CHECK_OK(husk_device_start(&device, &request));
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    sent(datagram, &event);
    uint8_t rst[4] = {0x70, 0x00, datagram[2], (uint8_t)(datagram[3] + 1)};
    CHECK_INT(husk_device_receive(&device, now, rst, sizeof rst, &event), HUSK_ERR_CONTEXT);
    rst[3] = datagram[3];
    rst[1] = HUSK_COAP_CHANGED; /* a Reset has to be Empty */
    CHECK_INT(husk_device_receive(&device, now, rst, sizeof rst, &event), HUSK_ERR_CONTEXT);
    CHECK_INT(event.kind, HUSK_EVENT_NONE);
    rst[1] = HUSK_COAP_EMPTY;
    CHECK_OK(husk_device_receive(&device, now, rst, sizeof rst, &event));
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_PEER);
    authenticate();
}

/* Damaged answers to message_3 and to a request are dropped, and the genuine one is taken after each of them. */
static void damaged_answers_are_dropped(void)
{
    begin();
    config.sequential = true;
    CHECK_OK(husk_device_start(&device, &request));
    step();
    for (int leg = 0; leg < 2; leg++) {
        uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
        uint8_t ignored[HUSK_DEVICE_BUFFER_BYTES];
        husk_event event;
        size_t len = sent(datagram, &event);
        const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
        husk_coap_message message;
        CHECK_OK(husk_coap_decode(reply->data, reply->len, &message));
        size_t payload_at = (size_t)(message.payload.data - reply->data);
        for (size_t bit = 8 * payload_at; bit < 8 * (size_t)reply->len; bit++) {
            uint8_t bad[LOOPBACK_REPLY_MAX_BYTES];
            memcpy(bad, reply->data, reply->len);
            bad[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            CHECK(husk_device_receive(&device, now, bad, reply->len, &event) != HUSK_OK);
            CHECK_INT(event.kind, HUSK_EVENT_NONE);
        }
        for (size_t cut = 0; cut < reply->len; cut++) {
            uint8_t bad[LOOPBACK_REPLY_MAX_BYTES];
            memcpy(bad, reply->data, reply->len);
            /* The bare four-byte header of an answer is refused too, as are all other lengths. */
            CHECK(husk_device_receive(&device, now, bad, cut, &event) != HUSK_OK);
        }
        CHECK_INT(sent(ignored, &event), 0);
        CHECK_OK(deliver(reply, &event));
        CHECK_INT(event.kind, leg == 0 ? HUSK_EVENT_AUTHENTICATED : HUSK_EVENT_RESPONSE);
    }
}

static void hostile_datagrams(void)
{
    begin();
    authenticate();
    CHECK_OK(husk_device_start(&device, &request));
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    size_t len = sent(datagram, &event);
    for (int i = 0; i < 2000; i++) {
        uint8_t junk[64];
        size_t junk_len = test_rng_next(&rng) % sizeof junk;
        test_rng_fill(&rng, junk, junk_len);
        CHECK(husk_device_receive(&device, now, junk_len > 0 ? junk : NULL, junk_len, &event) != HUSK_OK);
        CHECK_INT(event.kind, HUSK_EVENT_NONE);
        size_t reply_len = sent(out, &event);
        CHECK(reply_len == 0 || reply_len == HUSK_COAP_HEADER_BYTES);
    }
    /* A ping and a request are rejected, not acted upon. */
    HEX(ping, "40001234");
    CHECK_INT(husk_device_receive(&device, now, ping, ping_len, &event), HUSK_ERR_CONTEXT);
    CHECK_INT(sent(out, &event), 4);
    CHECK_HEX(out, 4, "70001234");
    HEX(get, "40015678b474656d70");
    CHECK_INT(husk_device_receive(&device, now, get, get_len, &event), HUSK_ERR_CONTEXT);
    CHECK_INT(sent(out, &event), 4);
    CHECK_HEX(out, 4, "70005678");
    /* Success without protection is nobody's word. */
    uint8_t unprotected[6] = {0x62, HUSK_COAP_CHANGED, datagram[2], datagram[3], datagram[4], datagram[5]};
    CHECK_INT(husk_device_receive(&device, now, unprotected, sizeof unprotected, &event), HUSK_ERR_FORMAT);

    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    CHECK_OK(deliver(reply, &event));
    check_response(event);
}

static void gateway_that_lost_the_session(void)
{
    begin();
    authenticate();
    loopback_gateway_forget(&gateway);
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_NONE); /* 4.01 */
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    check_response(step());
    CHECK_INT(gateway.handshakes, 2);

    /* A gateway that always forgets gets no endless loop out of the device. */
    config.sequential = true;
    loopback_gateway_forget(&gateway);
    CHECK_OK(husk_device_start(&device, &request));
    step();
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    loopback_gateway_forget(&gateway);
    husk_event event = step();
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_CONTEXT);
    CHECK_INT(event.code, HUSK_COAP_UNAUTHORIZED);
}

static void refused_credentials(void)
{
    begin();
    gateway.psk.kid = bytes(other_key, 1);
    CHECK_OK(husk_device_start(&device, &request));
    step();
    husk_event event = step();
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_CREDENTIAL);
    CHECK_INT(event.code, HUSK_COAP_BAD_REQUEST);

    begin();
    gateway.psk.key = bytes(other_key, 16);
    CHECK_OK(husk_device_start(&device, &request));
    step();
    event = step();
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_PEER);
}

static void suite_is_negotiated_once_and_remembered(void)
{
    static const husk_suite *const only_second[] = {&toy_suite_1};
    static const husk_suite *const neither[] = {&toy_suite_private};
    begin();
    config.edhoc.suite_count = 2;
    gateway.config.suites = only_second;
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_NONE); /* refused: SUITES_R = 1 */
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    check_response(step());
    CHECK_INT(flash.stores, 1);
    CHECK_INT(flash.data, 1);

    /* After a reboot the second suite comes first, and nothing is written again. */
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
    CHECK_INT(flash.stores, 1);

    /* The gateway changed its mind: renegotiated, remembered. */
    loopback_gateway_init(&gateway, &config.edhoc, &psk);
    gateway.config.suite_count = 1;
    CHECK_OK(husk_device_init(&device, &config));
    CHECK_OK(husk_device_start(&device, NULL));
    step();
    step();
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_INT(flash.data, 0);

    /* No suite in common. */
    gateway.config.suites = neither;
    CHECK_OK(husk_device_start(&device, NULL));
    husk_event event = step();
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_SUITE);

    /* A forger who refuses every suite is not humoured twice. */
    CHECK_OK(husk_device_start(&device, NULL));
    for (int i = 0; i < 2; i++) {
        uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
        sent(datagram, &event);
        uint8_t forged[] = {0x62, 0x80, datagram[2], datagram[3], datagram[4], datagram[5], 0xff, 2, i == 0 ? 1 : 0};
        CHECK_OK(husk_device_receive(&device, now, forged, sizeof forged, &event));
    }
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_SUITE);
}

static void storage_that_fails(void)
{
    begin();
    flash.failing = true;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_STORAGE);
    flash.failing = false;
    flash.present = true;
    flash.data = 200; /* written by other firmware */
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
    config.storage = (husk_storage){0};
    CHECK_OK(husk_device_init(&device, &config));
    authenticate();
}

static husk_status failing_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    (void)out;
    (void)len;
    return HUSK_ERR_RANDOM;
}

static void random_that_fails(void)
{
    begin();
    config.edhoc.random.fill = failing_random;
    CHECK_INT(husk_device_start(&device, &request), HUSK_ERR_RANDOM);
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_RANDOM);
    config.edhoc.random.fill = NULL;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
}

static void unusable_requests(void)
{
    static const uint8_t big[HUSK_DEVICE_BUFFER_BYTES];
    begin();
    husk_device_request bad = request;
    bad.payload = bytes(big, sizeof big);
    CHECK_INT(husk_device_start(&device, &bad), HUSK_ERR_BUFFER);
    bad.payload.len = SIZE_MAX;
    CHECK_INT(husk_device_start(&device, &bad), HUSK_ERR_BUFFER);
    bad = request;
    bad.path = (const char *)big;
    bad.path_len = sizeof big;
    CHECK_INT(husk_device_start(&device, &bad), HUSK_ERR_BUFFER);
    bad = request;
    bad.code = HUSK_COAP_CHANGED;
    CHECK_INT(husk_device_start(&device, &bad), HUSK_ERR_ARGUMENT);
    bad.code = HUSK_COAP_EMPTY;
    CHECK_INT(husk_device_start(&device, &bad), HUSK_ERR_ARGUMENT);
    bad = request;
    bad.content_format = 65536;
    CHECK_INT(husk_device_start(&device, &bad), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);

    /* The longest payload that is accepted really fits, under a context with the longest numbers. */
    bad = request;
    bad.payload = bytes(big, 0);
    while (husk_device_start(&device, &bad) == HUSK_OK) {
        husk_device_wipe(&device);
        CHECK_OK(husk_device_init(&device, &config));
        bad.payload.len++;
    }
    bad.payload.len--;
    authenticate();
    device.oscore.limit_q = gateway.context.limit_q = UINT64_MAX;
    device.oscore.sender_sequence = HUSK_OSCORE_SEQUENCE_MAX - 2;
    CHECK_OK(husk_device_start(&device, &bad));
    CHECK_INT(step().kind, HUSK_EVENT_RESPONSE);

    husk_psk weak = psk;
    weak.key.len = 15;
    config.psk = weak;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_device_start(&device, &request), HUSK_ERR_STATE);
}

/* A key is used a limited number of times, then the endpoint makes a new one by itself. */
static void used_up_key_is_replaced(void)
{
    begin();
    authenticate();
    CHECK_INT(device.oscore.limit_q, 1 << 20);
    device.oscore.limit_q = device.oscore.sender_sequence + 1;
    CHECK_OK(husk_device_start(&device, &request));
    check_response(step());
    check_response(begin_combined());
    CHECK_INT(device.oscore.sender_sequence, 1);
    device.oscore.count_v = device.oscore.limit_v - 1; /* forgeries use up the other key */
    CHECK_OK(husk_device_start(&device, &request));
    check_response(step());
    device.oscore.count_v = device.oscore.limit_v;
    check_response(begin_combined());
    CHECK(device.oscore.sender_sequence == 1 && device.oscore.count_v == 0);
}

/* A new handshake leaves the old session in use until it has succeeded. */
static void failed_handshake_keeps_the_old_session(void)
{
    begin();
    authenticate();
    gateway.psk.kid = bytes(other_key, 1);
    CHECK_OK(husk_device_start(&device, NULL));
    step();
    CHECK_INT(step().kind, HUSK_EVENT_FAILED);
    CHECK_OK(husk_device_start(&device, &request));
    check_response(step());
}

/* ---- A network that loses, duplicates and reorders ---- */

#define IN_FLIGHT 12

typedef struct flight {
    uint32_t arrives;
    uint16_t len; /* 0: free */
    bool to_gateway;
    uint8_t data[LOOPBACK_REPLY_MAX_BYTES];
} flight;

static flight network[IN_FLIGHT];

static void put(bool to_gateway, const uint8_t *data, size_t len, unsigned trouble)
{
    unsigned copies = test_rng_next(&rng) % 100 < trouble ? test_rng_next(&rng) % 3 : 1; /* lost, once, twice */
    for (size_t i = 0; i < IN_FLIGHT && copies > 0; i++) {
        if (network[i].len == 0) {
            uint32_t delay = test_rng_next(&rng) % 100 < trouble ? test_rng_next(&rng) % 6000 : 20;
            network[i].arrives = now + delay;
            network[i].len = (uint16_t)len;
            network[i].to_gateway = to_gateway;
            memcpy(network[i].data, data, len);
            copies--;
        }
    }
}

/* Time passes until something arrives or is due; returns the event it led to. */
static husk_event live(unsigned trouble)
{
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    size_t len = sent(out, &event);
    if (event.kind != HUSK_EVENT_NONE) {
        return event;
    }
    if (len > 0) {
        put(true, out, len, trouble);
        return event;
    }
    uint32_t wait = husk_device_next_timeout(&device, now);
    flight *next = NULL;
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (network[i].len > 0 && (next == NULL || network[i].arrives < next->arrives)) {
            next = &network[i];
        }
    }
    if (next == NULL || next->arrives > now + wait) {
        now += wait;
        return event;
    }
    now = next->arrives > now ? next->arrives : now;
    if (next->to_gateway) {
        const loopback_reply *reply = loopback_gateway_receive(&gateway, next->data, next->len);
        next->len = 0;
        if (reply != NULL) {
            put(false, reply->data, reply->len, trouble);
        }
        return event;
    }
    (void)husk_device_receive(&device, now, next->data, next->len, &event);
    next->len = 0;
    return event;
}

/* Power fails on either side, between any two messages. True if it was the device's. */
static bool power_fails(unsigned trouble)
{
    if (test_rng_next(&rng) % 1000 >= trouble) {
        return false;
    }
    if (test_rng_next(&rng) % 2 == 0) {
        loopback_gateway_forget(&gateway);
        return false;
    }
    CHECK_OK(husk_device_init(&device, &config));
    return true;
}

/* Runs a request to its end; true if it was answered. */
static bool request_through(unsigned trouble)
{
    uint32_t started = now;
    CHECK_OK(husk_device_start(&device, &request));
    for (;;) {
        if (power_fails(trouble)) {
            return false;
        }
        husk_event event = live(trouble);
        if (event.kind == HUSK_EVENT_RESPONSE) {
            check_response(event);
            return true;
        }
        if (event.kind == HUSK_EVENT_FAILED) {
            return false;
        }
        /* At most: request, two legs of a handshake, request again, each MAX_TRANSMIT_WAIT long. */
        CHECK(now - started < 4 * 93000 + 1000);
    }
}

static void troubled_networks(unsigned runs)
{
    unsigned answered = 0;
    unsigned failed = 0;
    for (unsigned run = 0; run < runs; run++) {
        begin();
        rng.state = 1000 + run;
        config.edhoc.suites = watched_suites;
        loopback_gateway_init(&gateway, &config.edhoc, &psk);
        nonce_watch_reset();
        config.sequential = run % 2 == 1;
        config.resume = run % 3 != 0;
        gateway.no_combined = run % 11 == 4;
        CHECK_OK(husk_device_init(&device, &config));
        memset(network, 0, sizeof network);
        for (int i = 0; i < 6; i++) {
            unsigned trouble = 10 * (run % 10);
            if (request_through(trouble)) {
                answered++;
            } else {
                failed++;
            }
        }
        /* Whatever happened: over a network without trouble the next requests get through, under one context that both
         * have. Old datagrams still arrive during the first of them. */
        (void)request_through(0);
        CHECK(request_through(0));
        CHECK_MEM(device.oscore.sender_key, gateway.context.recipient_key, 16);
        CHECK_MEM(device.oscore.recipient_key, gateway.context.sender_key, 16);
        CHECK_MEM(device.oscore.common_iv, gateway.context.common_iv, 13);
        CHECK_INT(nonce_watch_repeats(), 0);
        CHECK_INT(nonce_watch_forgotten(), 0);
        CHECK(nonce_watch_seals() >= 4);
    }
    /* Both ends were exercised. */
    CHECK(answered > failed);
    CHECK(failed > 0);
}

static void any_network_ends_in_a_session_or_a_clean_failure(void)
{
#ifdef TEST_SLOW
    troubled_networks(10000);
#else
    troubled_networks(60);
#endif
}

/* The watch itself: a context that was copied and used twice, as careless storage would, is caught. */
static void watch_fires_on_a_repeated_nonce(void)
{
    begin();
    config.edhoc.suites = watched_suites;
    loopback_gateway_init(&gateway, &config.edhoc, &psk);
    nonce_watch_reset();
    authenticate();
    const husk_device copy = device;
    for (int i = 0; i < 2; i++) {
        device = copy;
        CHECK_INT(nonce_watch_repeats(), 0);
        CHECK_OK(husk_device_start(&device, &request));
    }
    CHECK_INT(nonce_watch_repeats(), 1);
}

void suite_device(void)
{
    RUN(authenticates_and_sends);
    RUN(authenticates_with_the_first_request);
    RUN(long_requests_are_not_combined);
    RUN(gateway_without_the_combined_request);
    RUN(unconfirmed_context_is_dropped);
    RUN(resumes_with_the_last_session);
    RUN(resumption_key_of_either_length);
    RUN(overhead_of_protection);
    RUN(silence_ends_in_a_timeout);
    RUN(separate_response);
    RUN(reset_ends_a_request);
    RUN(damaged_answers_are_dropped);
    RUN(hostile_datagrams);
    RUN(gateway_that_lost_the_session);
    RUN(refused_credentials);
    RUN(suite_is_negotiated_once_and_remembered);
    RUN(storage_that_fails);
    RUN(random_that_fails);
    RUN(unusable_requests);
    RUN(used_up_key_is_replaced);
    RUN(failed_handshake_keeps_the_old_session);
    RUN(watch_fires_on_a_repeated_nonce);
    RUN(any_network_ends_in_a_session_or_a_clean_failure);
}
