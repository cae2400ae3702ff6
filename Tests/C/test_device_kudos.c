/* The device endpoint with the KUDOS profile, against the responder of a gateway in the same process, over a network
 * that loses, duplicates and reorders, with power cuts on both sides. */
#include "nonce_watch.h"
#include "test.h"

static const uint8_t secret[] = "0123456789abcdef";
static const uint8_t reading[32] = "thirty-two bytes of temperature";

static const husk_device_request request = {
    .code = HUSK_COAP_POST,
    .path = "sensors/temperature",
    .path_len = 19,
    .content_format = HUSK_DEVICE_NO_FORMAT,
    .payload = {reading, sizeof reading},
};

/* Storage of one record: the device's and the gateway's. */
typedef struct memory {
    uint8_t data[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t len;
    bool failing;
    unsigned stores;
} memory;

static husk_status memory_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    const memory *m = context;
    CHECK_INT(record, HUSK_DEVICE_RECORD_KUDOS);
    CHECK(m->len <= cap);
    memcpy(out, m->data, m->len);
    *len = m->len;
    return m->failing ? HUSK_ERR_STORAGE : HUSK_OK;
}

static husk_status memory_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    memory *m = context;
    CHECK_INT(record, HUSK_DEVICE_RECORD_KUDOS);
    CHECK(len <= sizeof m->data);
    if (m->failing) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(m->data, data, len);
    m->len = len;
    m->stores++;
    return HUSK_OK;
}

/* ---- The gateway ---- */

#define REPLY_CAP 160
#define REMEMBERED 6

static struct {
    husk_kudos_config config;
    husk_kudos kudos;
    husk_oscore_context context;
    memory flash;
    unsigned updates;  /* contexts replaced */
    unsigned requests; /* acted upon */
    unsigned registrations;
    uint8_t payload[64];
    size_t payload_len;
    struct {
        uint16_t message_id;
        size_t len;
        uint8_t data[REPLY_CAP];
    } replies[REMEMBERED];
    unsigned reply_count;
} gateway;

static test_rng rng;

static void gateway_boot(void)
{
    CHECK_OK(husk_kudos_init(&gateway.kudos, &gateway.config, gateway.config.bootstrap_secret));
    if (gateway.flash.len > 0) {
        CHECK_OK(husk_kudos_restore(&gateway.kudos, bytes(gateway.flash.data, gateway.flash.len)));
    }
    memset(&gateway.context, 0, sizeof gateway.context);
    gateway.reply_count = 0;
}

static void gateway_store(void)
{
    if (husk_kudos_must_store(&gateway.kudos)) {
        gateway.flash.len = husk_kudos_record_write(&gateway.kudos, gateway.flash.data);
        husk_kudos_stored(&gateway.kudos);
    }
}

static size_t unprotected(const husk_coap_message *message, uint8_t code, uint8_t *out)
{
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init(&w, out, REPLY_CAP, HUSK_COAP_ACK, code, message->message_id, message->token);
    CHECK_OK(husk_coap_writer_finish(&w, &len));
    return len;
}

static size_t gateway_answer(uint8_t *datagram, size_t len, const husk_coap_message *outer, uint8_t *out)
{
    husk_oscore_exchange exchange = {0};
    husk_coap_message inner;
    uint8_t spare[64];
    uint8_t what;
    if (husk_kudos_request_unprotect(&gateway.kudos, &gateway.context, &exchange, datagram, len, spare, sizeof spare,
                                     &inner, &what) != HUSK_OK) {
        return unprotected(outer, HUSK_COAP_UNAUTHORIZED, out);
    }
    gateway.updates += what == HUSK_KUDOS_ESTABLISHED || what == HUSK_KUDOS_CONFIRMED;
    if (what != HUSK_KUDOS_DIVERGENT && inner.payload.len > 0) {
        gateway.requests++;
        gateway.payload_len = inner.payload.len;
        memcpy(gateway.payload, inner.payload.data, inner.payload.len);
    }
    gateway_store();
    static const uint8_t observe[] = {0x60};
    bool observes = husk_oscore_exchange_observes(&exchange);
    gateway.registrations += observes;
    const husk_coap_message response = {
        .type = HUSK_COAP_ACK,
        .code = observes ? HUSK_COAP_CONTENT : HUSK_COAP_CHANGED,
        .message_id = outer->message_id,
        .token = {datagram + 4, outer->token.len},
        .options = {observe, observes},
    };
    size_t out_len;
    CHECK_OK(husk_kudos_response_protect(&gateway.kudos, &gateway.context, &exchange, &response, out, REPLY_CAP,
                                         &out_len));
    return out_len;
}

/* The reply; 0 if there is none. */
static size_t gateway_receive(const uint8_t *data, size_t len, uint8_t *out)
{
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    husk_coap_message outer;
    memcpy(datagram, data, len);
    CHECK_OK(husk_coap_decode(datagram, len, &outer));
    if (outer.type != HUSK_COAP_CON || outer.code == HUSK_COAP_EMPTY) {
        return 0;
    }
    for (unsigned i = 0; i < REMEMBERED && i < gateway.reply_count; i++) {
        if (gateway.replies[i].message_id == outer.message_id) {
            memcpy(out, gateway.replies[i].data, gateway.replies[i].len);
            return gateway.replies[i].len;
        }
    }
    size_t reply_len = gateway_answer(datagram, len, &outer, out);
    unsigned slot = gateway.reply_count++ % REMEMBERED;
    gateway.replies[slot].message_id = (uint16_t)(data[2] << 8 | data[3]);
    gateway.replies[slot].len = reply_len;
    memcpy(gateway.replies[slot].data, out, reply_len);
    return reply_len;
}

/* ---- The device ---- */

static memory flash;
static husk_kudos kudos;
static husk_kudos_config kudos_config;
static husk_device_config config;
static husk_device device;
static uint32_t now;

static void begin(bool fs)
{
    rng.state = 11;
    now = 0;
    memset(&flash, 0, sizeof flash);
    memset(&gateway, 0, sizeof gateway);
    nonce_watch_reset();
    kudos_config = (husk_kudos_config){
        .aead = &nonce_watch_aead,
        .hash = &husk_hash_sha256,
        .random = {test_random_fill, &rng},
        .bootstrap_secret = {secret, 16},
        .sender_id = {1, {0x01}},
        .recipient_id = {1, {0x02}},
        .capable = fs,
    };
    gateway.config = kudos_config;
    gateway.config.capable = true;
    gateway.config.sender_id = kudos_config.recipient_id;
    gateway.config.recipient_id = kudos_config.sender_id;
    gateway_boot();
    config = (husk_device_config){
        .profile = &husk_profile_kudos,
        .edhoc = {.random = {test_random_fill, &rng}},
        .kudos = &kudos,
        .kudos_config = &kudos_config,
        .storage = {memory_load, memory_store, &flash},
    };
    CHECK_OK(husk_device_init(&device, &config));
}

static husk_event step(void)
{
    const uint8_t *datagram;
    size_t len;
    uint8_t reply[REPLY_CAP];
    husk_event event;
    CHECK_OK(husk_device_transmit(&device, now, &datagram, &len, &event));
    CHECK(len > 0);
    len = gateway_receive(datagram, len, reply);
    CHECK(len > 0);
    CHECK_OK(husk_device_receive(&device, now, reply, len, &event));
    return event;
}

static void check_response(husk_event event)
{
    CHECK_INT(event.kind, HUSK_EVENT_RESPONSE);
    CHECK_INT(event.code, HUSK_COAP_CHANGED);
    CHECK_INT(gateway.payload_len, sizeof reading);
    CHECK_MEM(gateway.payload, reading, sizeof reading);
}

/* Two messages bring the keys, the third is the request. */
static void two_messages_then_requests(void)
{
    for (int fs = 0; fs <= 1; fs++) {
        begin(fs != 0);
        CHECK_OK(husk_device_start(&device, &request));
        husk_event event = step();
        CHECK_INT(event.kind, HUSK_EVENT_AUTHENTICATED);
        CHECK(event.new_session);
        CHECK_INT(gateway.requests, 0);
        check_response(step());
        for (unsigned i = 2; i <= 10; i++) {
            CHECK_OK(husk_device_start(&device, &request));
            check_response(step());
            CHECK_INT(gateway.requests, i);
        }
        CHECK_INT(gateway.updates, 1);
        CHECK_INT(flash.len > 0, fs);
        CHECK_INT(nonce_watch_repeats(), 0);
    }
}

/* Both messages as CoAP datagrams; 18 bytes of the first are the path of the KUDOS resource, encrypted. */
static void bytes_of_an_update(void)
{
    begin(false);
    const uint8_t *datagram;
    size_t len;
    uint8_t reply[REPLY_CAP];
    husk_event event;
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_OK(husk_device_transmit(&device, now, &datagram, &len, &event));
    size_t reply_len = gateway_receive(datagram, len, reply);
    CHECK_INT(len, 49);
    CHECK_INT(reply_len, 29);
}

static void both_sides_reboot(void)
{
    for (int fs = 0; fs <= 1; fs++) {
        begin(fs != 0);
        for (int life = 0; life < 6; life++) {
            CHECK_OK(husk_device_start(&device, &request));
            CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
            check_response(step());
            if (life % 3 != 1) {
                CHECK_OK(husk_device_init(&device, &config));
            }
            if (life % 3 != 0) {
                gateway_boot();
            }
            if (life % 3 == 1) {
                /* The gateway alone: it says 4.01, and the request is repeated under new keys. */
                CHECK_OK(husk_device_start(&device, &request));
                CHECK_INT(step().kind, HUSK_EVENT_NONE);
                CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
                check_response(step());
                CHECK_OK(husk_device_init(&device, &config));
            }
        }
        CHECK_INT(nonce_watch_repeats(), 0);
    }
}

/* FS mode: nothing that depends on new keys is sent before they are stored. */
static void storage_that_fails(void)
{
    begin(true);
    flash.failing = true;
    CHECK_OK(husk_device_start(&device, &request));
    husk_event event = step();
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_STORAGE);
    CHECK_INT(gateway.requests, 0);
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_STORAGE);
    flash.failing = false;
    CHECK_OK(husk_device_init(&device, &config));
    CHECK_OK(husk_device_start(&device, &request));
    while (event.kind != HUSK_EVENT_AUTHENTICATED) {
        event = step();
        CHECK(event.kind != HUSK_EVENT_FAILED);
    }
    check_response(step());
}

static void used_up_key_is_replaced(void)
{
    begin(false);
    CHECK_OK(husk_device_start(&device, &request));
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    check_response(step());
    device.oscore.limit_q = device.oscore.sender_sequence + 1;
    CHECK_OK(husk_device_start(&device, &request));
    check_response(step());
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(husk_device_start(&device, &request));
        CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
        check_response(step());
        CHECK_INT(device.oscore.sender_sequence, 1);
        device.oscore.count_v = device.oscore.limit_v; /* the second time it is forgeries that used the key up */
    }
}

/* New keys end an observation, and the endpoint registers again. */
static void observes_again_with_new_keys(void)
{
    static husk_device_observation observation;
    begin(true);
    CHECK_OK(husk_device_observe(&device, &observation, &request));
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_INT(step().kind, HUSK_EVENT_NOTIFICATION);
    CHECK(observation.active);
    for (unsigned i = 0; i < 2; i++) {
        device.oscore.limit_q = device.oscore.sender_sequence;
        CHECK_OK(husk_device_start(&device, i == 0 ? &request : NULL));
        CHECK(!observation.active);
        CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
        if (i == 0) {
            check_response(step());
        }
        CHECK_INT(husk_device_next_timeout(&device, now), 0);
        CHECK_INT(step().kind, HUSK_EVENT_NOTIFICATION);
        CHECK_INT(gateway.registrations, 2 + i);
        CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    }
    CHECK_INT(nonce_watch_repeats(), 0);
}

static void configs_that_cannot_work(void)
{
    begin(false);
    config.kudos = NULL;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
    begin(true);
    config.storage = (husk_storage){0};
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
    begin(false);
    config.profile = NULL;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
    begin(false);
    kudos_config.bootstrap_secret.len = 15;
    CHECK_INT(husk_device_init(&device, &config), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_device_start(&device, &request), HUSK_ERR_STATE);
}

static void wrong_secret_is_refused(void)
{
    static const uint8_t other[] = "0123456789abcdeg";
    begin(false);
    gateway.config.bootstrap_secret = bytes(other, 16);
    gateway_boot();
    CHECK_OK(husk_device_start(&device, &request));
    husk_event event;
    int steps = 0;
    do {
        event = step();
        steps++;
    } while (event.kind == HUSK_EVENT_NONE);
    CHECK_INT(event.kind, HUSK_EVENT_FAILED);
    CHECK_INT(event.status, HUSK_ERR_CONTEXT);
    CHECK_INT(event.code, HUSK_COAP_UNAUTHORIZED);
    CHECK_INT(steps, 4);
    CHECK_INT(gateway.requests, 0);
}

/* ---- A network that loses, duplicates and reorders ---- */

#define IN_FLIGHT 12

static struct {
    uint32_t arrives;
    size_t len; /* 0: free */
    bool to_gateway;
    uint8_t data[REPLY_CAP];
} network[IN_FLIGHT];

static void put(bool to_gateway, const uint8_t *data, size_t len, unsigned trouble)
{
    unsigned copies = test_rng_next(&rng) % 100 < trouble ? test_rng_next(&rng) % 3 : 1;
    for (size_t i = 0; i < IN_FLIGHT && copies > 0; i++) {
        if (network[i].len == 0) {
            network[i].arrives = now + (test_rng_next(&rng) % 100 < trouble ? test_rng_next(&rng) % 6000 : 20);
            network[i].len = len;
            network[i].to_gateway = to_gateway;
            memcpy(network[i].data, data, len);
            copies--;
        }
    }
}

static husk_event live(unsigned trouble)
{
    const uint8_t *datagram;
    size_t len;
    husk_event event;
    CHECK_OK(husk_device_transmit(&device, now, &datagram, &len, &event));
    if (event.kind != HUSK_EVENT_NONE) {
        return event;
    }
    if (len > 0) {
        put(true, datagram, len, trouble);
        return event;
    }
    size_t next = IN_FLIGHT;
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (network[i].len > 0 && (next == IN_FLIGHT || network[i].arrives < network[next].arrives)) {
            next = i;
        }
    }
    uint32_t wait = husk_device_next_timeout(&device, now);
    if (next == IN_FLIGHT || network[next].arrives > now + wait) {
        now += wait;
        return event;
    }
    now = network[next].arrives > now ? network[next].arrives : now;
    uint8_t data[REPLY_CAP];
    len = network[next].len;
    memcpy(data, network[next].data, len);
    network[next].len = 0;
    if (network[next].to_gateway) {
        uint8_t reply[REPLY_CAP];
        size_t reply_len = gateway_receive(data, len, reply);
        if (reply_len > 0) {
            put(false, reply, reply_len, trouble);
        }
        return event;
    }
    (void)husk_device_receive(&device, now, data, len, &event);
    return event;
}

static bool request_through(unsigned trouble)
{
    CHECK_OK(husk_device_start(&device, &request));
    for (;;) {
        if (test_rng_next(&rng) % 1000 < trouble) {
            if (test_rng_next(&rng) % 2 == 0) {
                CHECK_OK(husk_device_init(&device, &config));
                return false;
            }
            gateway_boot();
        }
        husk_event event = live(trouble);
        if (event.kind == HUSK_EVENT_RESPONSE) {
            check_response(event);
            return true;
        }
        if (event.kind == HUSK_EVENT_FAILED) {
            return false;
        }
    }
}

static void troubled_networks(unsigned runs)
{
    unsigned answered = 0;
    unsigned failed = 0;
    for (unsigned run = 0; run < runs; run++) {
        begin(run % 2 == 0);
        rng.state = 5000 + run;
        memset(network, 0, sizeof network);
        unsigned trouble = 10 * (run % 10);
        for (int i = 0; i < 6; i++) {
            *(request_through(trouble) ? &answered : &failed) += 1;
        }
        /* Over a network without trouble a few requests at most go wrong, while old datagrams still arrive and the
         * peers find the secret they share. */
        int tries = 0;
        while (!request_through(0)) {
            tries++;
            CHECK(tries < 4);
        }
        CHECK(request_through(0));
        CHECK_MEM(device.oscore.sender_key, gateway.context.recipient_key, 16);
        CHECK_MEM(device.oscore.recipient_key, gateway.context.sender_key, 16);
        CHECK_INT(nonce_watch_repeats(), 0);
        CHECK_INT(nonce_watch_forgotten(), 0);
    }
    CHECK(answered > failed);
    CHECK(failed > 0);
}

static void any_network_ends_in_agreement(void)
{
#ifdef TEST_SLOW
    troubled_networks(10000);
#else
    troubled_networks(60);
#endif
}

void suite_device_kudos(void)
{
    RUN(two_messages_then_requests);
    RUN(bytes_of_an_update);
    RUN(both_sides_reboot);
    RUN(storage_that_fails);
    RUN(used_up_key_is_replaced);
    RUN(observes_again_with_new_keys);
    RUN(configs_that_cannot_work);
    RUN(wrong_secret_is_refused);
    RUN(any_network_ends_in_agreement);
}
