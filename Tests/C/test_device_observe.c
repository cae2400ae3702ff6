/* The device endpoint observing a resource of the gateway, and answering challenges: notifications beside requests, CON and
 * NON, losses and copies, sessions that end, cancellation, reboots. */
#include "device/steps.h"
#include "loopback_gateway.h"
#include "nonce_watch.h"
#include "test.h"
#include "toy_suite.h"

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};

static const husk_suite watched_suite = {
    .id = 0,
    .edhoc_aead = &nonce_watch_aead,
    .app_aead = &nonce_watch_aead,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};
static const husk_suite *const suites[] = {&watched_suite};

static const husk_psk psk = {{key, 16}, {kid, 1}, {cred_i, sizeof cred_i}, {cred_r, sizeof cred_r}};
static const husk_device_request commands = {
    .code = HUSK_COAP_GET, .path = "commands", .path_len = 8, .content_format = HUSK_DEVICE_NO_FORMAT};
static const husk_device_request report = {
    .code = HUSK_COAP_POST, .path = "a", .path_len = 1, .content_format = 60, .payload = {key, 9}};

static test_rng rng;
static husk_device_config config;
static husk_device device;
static husk_device_observation observation;
static loopback_gateway gateway;
static uint32_t now;

static void begin(void)
{
    rng.state = 77;
    now = 0;
    nonce_watch_reset();
    config = (husk_device_config){
        .profile = &husk_profile_edhoc,
        .edhoc = {.suites = suites, .suite_count = 1, .random = {test_random_fill, &rng}},
        .psk = psk,
    };
    loopback_gateway_init(&gateway, &config.edhoc, &psk);
    gateway.next_message_id = 0x5000;
    CHECK_OK(husk_device_init(&device, &config));
}

/* What the device sends now; 0 if nothing. */
static size_t sent(uint8_t *out, husk_event *event)
{
    const uint8_t *datagram;
    size_t len;
    CHECK_OK(husk_device_transmit(&device, now, &datagram, &len, event));
    if (len > 0) {
        memcpy(out, datagram, len);
    }
    return len;
}

/* One message from the device to the gateway and the answer back. */
static husk_event step(void)
{
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    CHECK_INT(husk_device_next_timeout(&device, now), 0);
    size_t len = sent(datagram, &event);
    CHECK(len > 0);
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    CHECK(reply != NULL);
    static uint8_t copy[LOOPBACK_REPLY_MAX_BYTES]; /* what events point into */
    memcpy(copy, reply->data, reply->len);
    CHECK_OK(husk_device_receive(&device, now, copy, reply->len, &event));
    return event;
}

static husk_status deliver(const loopback_reply *message, husk_event *event)
{
    static uint8_t copy[LOOPBACK_REPLY_MAX_BYTES]; /* what events point into */
    memcpy(copy, message->data, message->len);
    return husk_device_receive(&device, now, copy, message->len, event);
}

/* The empty reply the device sends now: its type, or -1 if there is none. */
static int empty_reply(uint16_t message_id)
{
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    husk_coap_message message;
    if (sent(out, &event) == 0) {
        return -1;
    }
    CHECK_OK(husk_coap_decode(out, 4, &message));
    CHECK_INT(message.code, HUSK_COAP_EMPTY);
    CHECK_INT(message.message_id, message_id);
    return message.type;
}

static void observe(void)
{
    begin();
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    CHECK_OK(husk_device_observe(&device, &observation, &commands));
    husk_event event = step();
    CHECK_INT(event.kind, HUSK_EVENT_NOTIFICATION);
    CHECK_INT(event.code, HUSK_COAP_CONTENT);
    CHECK_INT(gateway.registrations, 1);
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
}

static void check_notified(uint8_t type, uint8_t payload)
{
    loopback_reply message = loopback_gateway_notify(&gateway, type, HUSK_COAP_CONTENT, payload);
    husk_event event;
    CHECK_OK(deliver(&message, &event));
    CHECK_INT(event.kind, HUSK_EVENT_NOTIFICATION);
    CHECK_INT(event.code, HUSK_COAP_CONTENT);
    CHECK_INT(event.payload.len, 1);
    CHECK_INT(event.payload.data[0], payload);
    husk_bytes observe;
    CHECK(husk_coap_option_find(event.options, HUSK_COAP_OBSERVE, &observe));
    CHECK_INT(observe.len, 0); /* the one under protection; the other has a number */
    if (type == HUSK_COAP_CON) {
        CHECK_INT(empty_reply(message.message_id), HUSK_COAP_ACK);
    }
}

/* Confirmable ones are acknowledged, copies of them too; nothing else is sent. */
static void notifications(void)
{
    observe();
    for (uint8_t i = 0; i < 40; i++) {
        check_notified(i % 2 == 0 ? HUSK_COAP_CON : HUSK_COAP_NON, i);
        CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    }
    husk_event event;
    for (unsigned con = 0; con < 2; con++) {
        uint8_t type = con ? HUSK_COAP_CON : HUSK_COAP_NON;
        loopback_reply old = loopback_gateway_notify(&gateway, type, HUSK_COAP_CONTENT, 1);
        loopback_reply new = loopback_gateway_notify(&gateway, HUSK_COAP_NON, HUSK_COAP_CONTENT, 2);
        loopback_reply forged = new;
        forged.data[forged.len - 1] ^= 1;
        forged.data[0] = (uint8_t)(forged.data[0] & 0xcf); /* Confirmable */
        CHECK_INT(deliver(&forged, &event), HUSK_ERR_AUTHENTICATION);
        CHECK_INT(empty_reply(0), -1);
        CHECK_OK(deliver(&new, &event));
        CHECK_INT(deliver(&new, &event), HUSK_ERR_REPLAY);
        CHECK_INT(deliver(&old, &event), HUSK_ERR_REPLAY); /* overtaken */
        CHECK_INT(event.kind, HUSK_EVENT_NONE);
        CHECK_INT(empty_reply(old.message_id), con ? HUSK_COAP_ACK : -1);
    }
    check_notified(HUSK_COAP_CON, 3);
}

/* A request goes on while notifications arrive, in whatever order, and the other way round. */
static void beside_requests(void)
{
    observe();
    for (uint8_t i = 0; i < 8; i++) {
        CHECK_OK(husk_device_start(&device, &report));
        uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
        husk_event event;
        if (i % 2 == 0) {
            check_notified(HUSK_COAP_NON, i);
        }
        size_t len = sent(out, &event);
        check_notified(HUSK_COAP_CON, (uint8_t)(100 + i));
        const loopback_reply *reply = loopback_gateway_receive(&gateway, out, len);
        CHECK(reply != NULL);
        loopback_reply response = *reply;
        check_notified(HUSK_COAP_CON, (uint8_t)(200 + i));
        CHECK_OK(deliver(&response, &event));
        CHECK(event.kind == HUSK_EVENT_RESPONSE && !event.observation);
        CHECK_INT(event.payload.len, 9);
    }
    CHECK(memcmp(device.token, observation.token, 2) != 0);
    CHECK_INT(gateway.registrations, 1);
    husk_device_observation second;
    CHECK_INT(husk_device_observe(&device, &second, &commands), HUSK_ERR_STATE);
    CHECK_OK(husk_device_start(&device, &report));
    CHECK_INT(husk_device_observe(&device, &observation, &commands), HUSK_ERR_STATE);
    CHECK_INT(husk_device_cancel(&device), HUSK_ERR_STATE);
    CHECK_INT(step().kind, HUSK_EVENT_RESPONSE);
    check_notified(HUSK_COAP_CON, 1);
}

/* One request struct for both: asking for the resource is not registering for it. */
static void asking_is_not_registering(void)
{
    observe();
    CHECK_OK(husk_device_start(&device, &commands));
    husk_event event = step();
    CHECK(event.kind == HUSK_EVENT_RESPONSE && !event.observation);
    CHECK_INT(gateway.registrations, 1);
    check_notified(HUSK_COAP_NON, 1);
}

static void cancellation(void)
{
    observe();
    uint8_t token[2];
    memcpy(token, observation.token, 2);
    CHECK_OK(husk_device_cancel(&device));
    husk_oscore_exchange observed = gateway.observed;
    loopback_reply late = loopback_gateway_notify(&gateway, HUSK_COAP_NON, HUSK_COAP_CONTENT, 1);
    husk_event event = step();
    CHECK(event.kind == HUSK_EVENT_RESPONSE && event.observation);
    CHECK_INT(gateway.cancellations, 1);
    CHECK_MEM(device.token, token, 2);
    CHECK(deliver(&late, &event) != HUSK_OK); /* NON and CON for nobody: Reset tells the gateway */
    CHECK_INT(empty_reply(late.message_id), HUSK_COAP_RST);
    gateway.observed = observed;
    late = loopback_gateway_notify(&gateway, HUSK_COAP_CON, HUSK_COAP_CONTENT, 1);
    CHECK(deliver(&late, &event) != HUSK_OK);
    CHECK_INT(empty_reply(late.message_id), HUSK_COAP_RST);
    CHECK_INT(husk_device_cancel(&device), HUSK_ERR_STATE);
    CHECK_OK(husk_device_observe(&device, &observation, &commands)); /* and again */
    CHECK_INT(step().kind, HUSK_EVENT_NOTIFICATION);
    check_notified(HUSK_COAP_CON, 5);
}

/* The gateway does not accept it, ends it, or rejects it. */
static void ended_by_the_gateway(void)
{
    observe();
    husk_event event;
    loopback_reply last = loopback_gateway_notify(&gateway, HUSK_COAP_CON, HUSK_COAP_NOT_FOUND, 9);
    CHECK_OK(deliver(&last, &event));
    CHECK(event.kind == HUSK_EVENT_RESPONSE && event.observation && event.code == HUSK_COAP_NOT_FOUND);
    CHECK_INT(empty_reply(last.message_id), HUSK_COAP_ACK);
    gateway.unobservable = true;
    CHECK_OK(husk_device_observe(&device, &observation, &commands));
    event = step();
    CHECK(event.kind == HUSK_EVENT_RESPONSE && event.observation && event.code == HUSK_COAP_CHANGED);
    CHECK(device.observation == NULL);

    CHECK_OK(husk_device_observe(&device, &observation, &commands)); /* nobody answers */
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    event.kind = HUSK_EVENT_NONE;
    while (event.kind == HUSK_EVENT_NONE) {
        sent(out, &event);
        uint32_t wait = husk_device_next_timeout(&device, now);
        now += wait == HUSK_DEVICE_NO_TIMEOUT ? 0 : wait;
    }
    CHECK(event.kind == HUSK_EVENT_FAILED && event.observation && event.status == HUSK_ERR_TIMEOUT);
    CHECK(device.observation == NULL);

    CHECK_OK(husk_device_observe(&device, &observation, &commands));
    sent(out, &event);
    loopback_reply reset = {.len = 4, .data = {0x70, 0, out[2], out[3]}};
    CHECK_OK(deliver(&reset, &event));
    CHECK(event.kind == HUSK_EVENT_FAILED && event.observation && event.status == HUSK_ERR_PEER);
}

/* An error without protection, or one that is not from the gateway, ends nothing. */
static void errors_without_protection(void)
{
    observe();
    husk_event event;
    loopback_reply bare = {.len = 6, .data = {0x52, HUSK_COAP_NOT_FOUND, 0x12, 0x34}};
    memcpy(bare.data + 4, gateway.observed_token, 2);
    CHECK_INT(deliver(&bare, &event), HUSK_ERR_FORMAT);
    check_notified(HUSK_COAP_CON, 1);
}

/* Registering again, with the token of before: newer notifications only, and the gateway has one observer still. */
static void registering_again(void)
{
    observe();
    uint8_t token[2];
    memcpy(token, observation.token, 2);
    loopback_reply old = loopback_gateway_notify(&gateway, HUSK_COAP_NON, HUSK_COAP_CONTENT, 1);
    husk_device_request bad = commands;
    bad.code = 0x45;
    CHECK_INT(husk_device_observe(&device, &observation, &bad), HUSK_ERR_ARGUMENT);
    check_notified(HUSK_COAP_CON, 2); /* as if it had not been tried */
    CHECK_OK(husk_device_observe(&device, &observation, &commands));
    husk_event event;
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    size_t len = sent(out, &event);
    CHECK_MEM(out + 4, token, 2);
    CHECK_INT(deliver(&old, &event), HUSK_ERR_AUTHENTICATION);
    loopback_reply reply = *loopback_gateway_receive(&gateway, out, len);
    CHECK_OK(deliver(&reply, &event));
    CHECK_INT(event.kind, HUSK_EVENT_NOTIFICATION);
    CHECK_INT(gateway.registrations, 2);
    check_notified(HUSK_COAP_CON, 3);
}

/* A new session, whoever wanted it: the endpoint registers again by itself when there is nothing else to do. */
static void survives_new_sessions(void)
{
    observe();
    for (unsigned why = 0; why < 4; why++) {
        if (why == 0) { /* the gateway lost everything; noticed with the next request, which goes first */
            loopback_gateway_forget(&gateway);
            CHECK_OK(husk_device_start(&device, &report));
            CHECK_INT(step().kind, HUSK_EVENT_NONE); /* 4.01 */
            CHECK_INT(step().kind, HUSK_EVENT_NONE);
            CHECK_INT(step().kind, HUSK_EVENT_RESPONSE);
        }
        if (why == 1) {
            CHECK_OK(husk_device_start(&device, NULL));
            CHECK_INT(step().kind, HUSK_EVENT_NONE);
            check_notified(HUSK_COAP_CON, 1); /* the old session is in use until the new one is */
            CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
        }
        if (why == 2) { /* usage limit */
            device.oscore.limit_q = device.oscore.sender_sequence;
            CHECK_OK(husk_device_start(&device, &report));
            CHECK_INT(step().kind, HUSK_EVENT_NONE);
            CHECK_INT(step().kind, HUSK_EVENT_RESPONSE);
        }
        if (why == 3) { /* noticed with the registration itself */
            loopback_gateway_forget(&gateway);
            CHECK_OK(husk_device_observe(&device, &observation, &commands));
            CHECK_INT(step().kind, HUSK_EVENT_NONE);
            CHECK_INT(step().kind, HUSK_EVENT_NONE);
        }
        husk_event event = step();
        CHECK_INT(event.kind, HUSK_EVENT_NOTIFICATION);
        CHECK_INT(event.new_session, why == 3);
        CHECK_INT(gateway.registrations, why + 2);
        check_notified(HUSK_COAP_CON, (uint8_t)why);
        CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    }
    /* Once per session, not for ever. */
    CHECK_OK(husk_device_start(&device, NULL));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_AUTHENTICATED);
    gateway.unobservable = true;
    husk_event event = step();
    CHECK(event.kind == HUSK_EVENT_RESPONSE && event.observation);
    CHECK_INT(husk_device_next_timeout(&device, now), HUSK_DEVICE_NO_TIMEOUT);
    CHECK_INT(nonce_watch_repeats(), 0);
}

/* After a reboot the device knows nothing of it: its gateway is told with Reset. */
static void after_a_reboot(void)
{
    observe();
    CHECK_OK(husk_device_init(&device, &config));
    husk_event event;
    for (unsigned con = 0; con < 2; con++) {
        loopback_reply message =
            loopback_gateway_notify(&gateway, con ? HUSK_COAP_CON : HUSK_COAP_NON, HUSK_COAP_CONTENT, 1);
        CHECK_INT(deliver(&message, &event), HUSK_ERR_CONTEXT);
        CHECK_INT(empty_reply(message.message_id), HUSK_COAP_RST);
    }
    CHECK_OK(husk_device_observe(&device, &observation, &commands)); /* combined with message 3 */
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    event = step();
    CHECK(event.kind == HUSK_EVENT_NOTIFICATION && event.new_session);
    check_notified(HUSK_COAP_CON, 1);
}

/* A gateway that lost its window, or that wants fresh requests: once more with Echo, and only once. */
static void challenged(void)
{
    static const uint8_t echo[HUSK_OSCORE_ECHO_BYTES] = {9};
    observe();
    gateway.context.sender_sequence += 20; /* reserved before the reboot */
    husk_oscore_window_lost(&gateway.context, echo);
    CHECK_OK(husk_device_start(&device, &report));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_RESPONSE);
    CHECK_INT(gateway.challenges, 1);
    CHECK(!gateway.context.window_lost);
    CHECK_INT(gateway.last_payload_len, 9);

    gateway.challenge = true;
    CHECK_OK(husk_device_observe(&device, &observation, &commands));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    CHECK_INT(step().kind, HUSK_EVENT_NOTIFICATION);
    CHECK_INT(gateway.challenges, 2);
    check_notified(HUSK_COAP_CON, 1);
    gateway.challenge = false;

    /* One that is never content. */
    for (unsigned i = 0; i < 2; i++) {
        CHECK_OK(husk_device_start(&device, &report));
        for (unsigned j = 0; j < 2; j++) {
            uint8_t next[HUSK_OSCORE_ECHO_BYTES] = {(uint8_t)(10 + i + j)};
            gateway.context.window_bits = 0;
            husk_oscore_window_lost(&gateway.context, next);
            husk_event event = step();
            CHECK_INT(event.kind, j == 0 ? HUSK_EVENT_NONE : HUSK_EVENT_RESPONSE);
            CHECK_INT(event.code, j == 0 ? 0 : HUSK_COAP_UNAUTHORIZED);
        }
    }
    /* A request that leaves no room for the answer. */
    static const uint8_t big[HUSK_DEVICE_BUFFER_BYTES];
    husk_device_request longest = report;
    longest.payload = bytes(big, 0);
    while (husk_device_start(&device, &longest) == HUSK_OK) {
        husk_device_abandon(&device);
        longest.payload.len++;
    }
    longest.payload.len--;
    CHECK_OK(husk_device_start(&device, &longest));
    husk_event event = step();
    CHECK(event.kind == HUSK_EVENT_FAILED && event.status == HUSK_ERR_BUFFER && event.code == HUSK_COAP_UNAUTHORIZED);

    /* The first response of a session may be a challenge too. */
    begin();
    gateway.challenge = true;
    CHECK_OK(husk_device_start(&device, &report));
    CHECK_INT(step().kind, HUSK_EVENT_NONE);
    event = step();
    CHECK(event.kind == HUSK_EVENT_AUTHENTICATED && event.new_session);
    CHECK_INT(step().kind, HUSK_EVENT_RESPONSE);
    CHECK_INT(nonce_watch_repeats(), 0);
}

/* An Echo that is not protected is not answered. */
static void echo_without_protection(void)
{
    observe();
    CHECK_OK(husk_device_start(&device, &report));
    uint8_t out[HUSK_DEVICE_BUFFER_BYTES];
    husk_event event;
    sent(out, &event);
    loopback_reply bare = {.len = 9, .data = {0x62, HUSK_COAP_UNAUTHORIZED, out[2], out[3], out[4], out[5],
                                              0xd1, 239, 0x55}};
    CHECK_OK(deliver(&bare, &event));
    CHECK_INT(event.kind, HUSK_EVENT_NONE);
    CHECK_INT(device.phase, 1); /* EDHOC message 1 goes out, as for any 4.01 */
}

void suite_device_observe(void)
{
    RUN(notifications);
    RUN(beside_requests);
    RUN(asking_is_not_registering);
    RUN(cancellation);
    RUN(ended_by_the_gateway);
    RUN(errors_without_protection);
    RUN(registering_again);
    RUN(survives_new_sessions);
    RUN(after_a_reboot);
    RUN(challenged);
    RUN(echo_without_protection);
}
