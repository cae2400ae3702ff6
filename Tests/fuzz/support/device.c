/* A device endpoint and its gateway, driven by the fuzzer's input: see device.h. */
#include "device.h"

#include "device/exchange.h"

enum { FUZZ_DEVICE_GOALS };

#define STEPS_MAX 64
#define RECORDS 4
#define RECORD_MAX 128
#define RECOVERY_STEPS 400

static struct {
    uint8_t data[RECORD_MAX];
    size_t len;
} records[RECORDS];
static uint8_t failing;
#define STORE_FAILS 1
#define LOAD_FAILS 2
#define RANDOM_FAILS 4

husk_status fuzz_device_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context;
    FUZZ_CHECK(record < RECORDS && records[record].len <= cap);
    if ((failing & LOAD_FAILS) != 0) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(out, records[record].data, records[record].len);
    *len = records[record].len;
    return HUSK_OK;
}

husk_status fuzz_device_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context;
    FUZZ_CHECK(record < RECORDS && len <= RECORD_MAX);
    if ((failing & STORE_FAILS) != 0) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(records[record].data, data, len);
    records[record].len = len;
    return HUSK_OK;
}

husk_status fuzz_device_random(void *context, uint8_t *out, size_t len)
{
    return (failing & RANDOM_FAILS) != 0 ? HUSK_ERR_RANDOM : fuzz_random(context, out, len);
}

/* Another one for every request, so that a nonce used twice is seen. */
static uint8_t reading[4];
static const husk_device_request request = {.code = HUSK_COAP_POST,
                                            .path = "t",
                                            .path_len = 1,
                                            .content_format = HUSK_DEVICE_NO_FORMAT,
                                            .payload = {reading, sizeof reading}};

static uint32_t now;
static bool trusted; /* in this run */
static struct {
    uint8_t data[FUZZ_REPLY_MAX];
    size_t len;
} reply;

/* Without what dropped messages may change: what acknowledging and rejecting leaves behind, how many did not
 * verify, and what the exchange cost. */
static husk_device lasting(const husk_device *device)
{
    husk_device copy = *device;
    memset(copy.reply, 0, sizeof copy.reply);
    copy.reply_pending = false;
    copy.peer_message_id = 0;
    copy.acked_peer = false;
    copy.oscore.count_v = 0;
    copy.way.bytes = 0;
    copy.way.round_trips = 0;
    return copy;
}

static void check_invariants(const husk_device *device)
{
    FUZZ_CHECK(device->buffer_len <= sizeof device->buffer);
    FUZZ_CHECK(device->phase != HUSK_DEVICE_IDLE || (device->buffer_len == 0 && !device->send_now));
    FUZZ_CHECK(device->phase == HUSK_DEVICE_IDLE || device->buffer_len > 0);
    FUZZ_CHECK(device->attempts <= HUSK_MAX_RETRANSMIT + 1);
}

static void check_event(const fuzz_world *world, const husk_event *event, husk_bytes datagram)
{
    switch (event->kind) {
    case HUSK_EVENT_AUTHENTICATED:
        FUZZ_CHECK(event->new_session && world->device.has_context);
        fuzz_reached(AUTHENTICATED);
        return;
    case HUSK_EVENT_RESPONSE:
        fuzz_check_inside(event->payload, datagram.data, datagram.len);
        FUZZ_CHECK(trusted || (world->gateway_requests() > 0 && event->code == HUSK_COAP_CHANGED &&
                               fuzz_same(event->payload, (husk_bytes){reading, sizeof reading})));
        FUZZ_CHECK(world->device.has_context && world->device.phase == HUSK_DEVICE_IDLE);
        fuzz_reached(RESPONSE);
        return;
    case HUSK_EVENT_FAILED:
        FUZZ_CHECK(event->status != HUSK_OK && world->device.phase == HUSK_DEVICE_IDLE);
        fuzz_reached(event->status == HUSK_ERR_TIMEOUT ? TIMED_OUT : FAILED);
        return;
    default:
        FUZZ_CHECK(event->kind == HUSK_EVENT_NONE);
    }
}

/* Neither an empty message nor one with the token of what is in flight. */
static bool is_for_others(const husk_device *device, const uint8_t *datagram, size_t len)
{
    husk_coap_message message;
    const husk_bytes token = {device->token, sizeof device->token};
    return husk_coap_decode(datagram, len, &message) == HUSK_OK && message.code != HUSK_COAP_EMPTY &&
           !fuzz_same(message.token, token);
}

/* Returns the event. */
static uint8_t receive(fuzz_world *world, const uint8_t *data, size_t len)
{
    const husk_device before = lasting(&world->device);
    uint8_t *datagram = fuzz_exact(data, len);
    bool for_others = is_for_others(&before, datagram, len);
    husk_event event;
    husk_status status = husk_device_receive(&world->device, now, datagram, len, &event);
    if (status != HUSK_OK) {
        husk_device after = lasting(&world->device);
        FUZZ_CHECK(memcmp(&after, &before, sizeof after) == 0 && event.kind == HUSK_EVENT_NONE);
        if (status == HUSK_ERR_AUTHENTICATION) {
            fuzz_check_no_plaintext();
        }
        fuzz_reached(DROPPED);
    }
    FUZZ_CHECK(status != HUSK_OK || !for_others);
    check_event(world, &event, (husk_bytes){datagram, len});
    check_invariants(&world->device);
    return event.kind;
}

static uint8_t transmit(fuzz_world *world, bool arrives)
{
    const uint8_t *out;
    size_t len;
    husk_event event;
    FUZZ_OK(husk_device_transmit(&world->device, now, &out, &len, &event));
    check_event(world, &event, (husk_bytes){NULL, 0});
    check_invariants(&world->device);
    if (len == 0) {
        FUZZ_CHECK(husk_device_next_timeout(&world->device, now) > 0);
        return event.kind;
    }
    husk_coap_message sent;
    FUZZ_OK(husk_coap_decode(out, len, &sent));
    if (arrives) {
        reply.len = world->gateway_receive(fuzz_exact(out, len), len, reply.data);
        FUZZ_CHECK(reply.len <= sizeof reply.data);
    }
    return event.kind;
}

static void patched_reply(fuzz_world *world, fuzz_input *in)
{
    husk_bytes patches = fuzz_take(in, 2 * (size_t)(fuzz_byte(in) % 8));
    fuzz_input walk = {patches.data, patches.len};
    uint8_t *copy = fuzz_exact(reply.data, reply.len);
    (void)fuzz_patch(&walk, copy, reply.len);
    (void)receive(world, copy, reply.len);
}

/* What follows message ID and token is the fuzzer's. */
static void forged_answer(fuzz_world *world, fuzz_input *in)
{
    uint8_t datagram[16 + 256];
    husk_coap_writer w;
    size_t len;
    uint8_t body_len = fuzz_byte(in);
    uint8_t code = fuzz_byte(in);
    husk_bytes body = fuzz_take(in, body_len);
    husk_coap_writer_init(&w, datagram, sizeof datagram, HUSK_COAP_ACK, code, world->device.message_id,
                          (husk_bytes){world->device.token, sizeof world->device.token});
    FUZZ_OK(husk_coap_writer_finish(&w, &len));
    if (body.len > 0) {
        memcpy(datagram + len, body.data, body.len);
    }
    (void)receive(world, datagram, len + body.len);
}

static void trusted_answer(fuzz_world *world, fuzz_input *in)
{
    uint8_t datagram[32 + 256];
    uint8_t payload[256 + HUSK_AEAD_TAG_MAX_BYTES] = {0};
    husk_coap_writer w;
    size_t len;
    husk_bytes plaintext = fuzz_take(in, fuzz_byte(in));
    if (plaintext.len > 0) {
        memcpy(payload, plaintext.data, plaintext.len);
    }
    fuzz_conceal(payload, plaintext.len);
    husk_coap_writer_init(&w, datagram, sizeof datagram, HUSK_COAP_CON, HUSK_COAP_CHANGED, 7,
                          (husk_bytes){world->device.token, sizeof world->device.token});
    husk_coap_write_option(&w, HUSK_COAP_OSCORE, NULL, 0);
    husk_coap_write_payload(&w, payload, plaintext.len + fuzz_aead_8.tag_bytes);
    FUZZ_OK(husk_coap_writer_finish(&w, &len));
    fuzz_aead_trust(true);
    trusted = true;
    (void)receive(world, datagram, len);
    fuzz_aead_trust(false);
    fuzz_reached(TRUSTED);
}

static void next_reading(const husk_device *device)
{
    if (device->phase == HUSK_DEVICE_IDLE) {
        reading[0]++;
        reading[1] += reading[0] == 0;
    }
}

static void start(fuzz_world *world, bool alone)
{
    const husk_device before = world->device;
    next_reading(&before);
    husk_status status = husk_device_start(&world->device, alone ? NULL : &request);
    if (status == HUSK_ERR_STATE) {
        FUZZ_CHECK(memcmp(&world->device, &before, sizeof before) == 0 || before.config == NULL ||
                   before.phase == HUSK_DEVICE_IDLE);
    }
    bool may_fail = failing != 0 || before.phase != HUSK_DEVICE_IDLE || before.config == NULL || trusted;
    FUZZ_CHECK(status == HUSK_OK || may_fail);
    check_invariants(&world->device);
}

static void reboot(fuzz_world *world, bool gateway)
{
    if (gateway) {
        world->gateway_reboot();
        return;
    }
    husk_status status = husk_device_init(&world->device, &world->config);
    FUZZ_CHECK(status == HUSK_OK || failing != 0);
}

static void step(fuzz_world *world, fuzz_input *in)
{
    husk_bytes datagram;
    switch (fuzz_byte(in) % 10) {
    case 0:
        now += 1000u * fuzz_byte(in);
        return;
    case 1:
        (void)transmit(world, true);
        return;
    case 2:
        (void)transmit(world, false);
        return;
    case 3:
        patched_reply(world, in);
        return;
    case 4:
        datagram = fuzz_take(in, fuzz_byte(in));
        (void)receive(world, datagram.data, datagram.len);
        return;
    case 5:
        forged_answer(world, in);
        return;
    case 6:
        trusted_answer(world, in);
        return;
    case 7:
        start(world, (fuzz_byte(in) & 1) != 0);
        return;
    case 8:
        reboot(world, (fuzz_byte(in) & 1) != 0);
        return;
    default:
        failing = fuzz_byte(in);
    }
}

/* Nothing fails any more: whatever happened, the device gets its request through. */
static void recover(fuzz_world *world)
{
    failing = 0;
    if (world->device.config == NULL) {
        FUZZ_OK(husk_device_init(&world->device, &world->config));
    }
    bool own = false; /* what is in progress is ours, not something from before */
    for (unsigned i = 0; i < RECOVERY_STEPS; i++) {
        if (world->device.phase == HUSK_DEVICE_IDLE) {
            next_reading(&world->device);
            own = husk_device_start(&world->device, &request) == HUSK_OK;
        }
        now += husk_device_next_timeout(&world->device, now);
        reply.len = 0;
        (void)transmit(world, true);
        if (reply.len > 0 && receive(world, reply.data, reply.len) == HUSK_EVENT_RESPONSE && own) {
            fuzz_reached(RECOVERED);
            return;
        }
    }
    FUZZ_CHECK(false);
}

void fuzz_world_run(fuzz_world *world, fuzz_input *in)
{
    memset(records, 0, sizeof records);
    failing = 0;
    now = 0xfffff000; /* about to wrap around */
    trusted = false;
    reply.len = 0;
    memset(reading, 0, sizeof reading);
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    FUZZ_OK(husk_device_init(&world->device, &world->config));
    for (unsigned i = 0; i < STEPS_MAX && in->len > 0; i++) {
        step(world, in);
    }
    recover(world);
}
