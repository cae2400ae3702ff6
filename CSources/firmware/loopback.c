/* Device and gateway in one image, with a made-up clock and a channel that loses what it is told to: an end-to-end test
 * that needs no host, and the measurement of the stack that the device's calls take. */
#include "board.h"
#include "image.h"
#include "loopback_gateway.h"
#include "reading.h"
#include "text.h"

static const husk_suite *const suites[] = {&husk_suite_0};
static const uint8_t key[16] = {0x50, 0x93, 0x0f, 0xf4, 0x62, 0xa7, 0x7a, 0x35,
                                0x40, 0xcf, 0x54, 0x63, 0x25, 0xde, 0xa2, 0x14};
static const uint8_t other_key[16] = {1};
static const uint8_t kid[] = {0x01};

static husk_device device;
static husk_device_config config;
static loopback_gateway gateway;
static uint8_t cred_i[48], cred_r[48];
static uint32_t now;

static unsigned passed, failed;
static size_t stack_authenticate, stack_request;
static bool authenticated;

/* Bit i set: the i-th datagram from now on is lost, or arrives twice. */
static uint32_t lose, duplicate;
static unsigned sent;

static size_t payload_bytes[8];
static unsigned payload_count;

static void check(bool condition, const char *what)
{
    if (condition) {
        passed++;
        return;
    }
    failed++;
    board_print("FAILED loopback ");
    board_print(what);
    board_print("\n");
}

static husk_status fill_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    return board_random(out, len) ? HUSK_OK : HUSK_ERR_RANDOM;
}

static void note_stack(size_t before)
{
    size_t peak = stack_peak() - before;
    size_t *greatest = authenticated ? &stack_request : &stack_authenticate;
    if (peak > *greatest) {
        *greatest = peak;
    }
}

/* The device's calls, each on freshly painted stack. */
static husk_status measured_start(const husk_device_request *request)
{
    size_t before = stack_used();
    stack_paint();
    husk_status status = husk_device_start(&device, request);
    note_stack(before);
    return status;
}

static husk_status measured_receive(uint8_t *datagram, size_t len, husk_event *event)
{
    size_t before = stack_used();
    stack_paint();
    husk_status status = husk_device_receive(&device, now, datagram, len, event);
    note_stack(before);
    return status;
}

static husk_status measured_transmit(const uint8_t **datagram, size_t *len, husk_event *event)
{
    size_t before = stack_used();
    stack_paint();
    husk_status status = husk_device_transmit(&device, now, datagram, len, event);
    note_stack(before);
    return status;
}

static bool next_bit(uint32_t *bits)
{
    bool bit = (*bits & 1) != 0;
    *bits >>= 1;
    return bit;
}

static void copy(uint8_t *to, const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = from[i];
    }
}

static void deliver_to_device(const uint8_t *answer, size_t len, husk_event *event)
{
    uint8_t datagram[LOOPBACK_REPLY_MAX_BYTES];
    husk_event repeated;
    bool again = next_bit(&duplicate);
    if (next_bit(&lose)) {
        return;
    }
    copy(datagram, answer, len);
    (void)measured_receive(datagram, len, event);
    if (again) {
        copy(datagram, answer, len);
        check(measured_receive(datagram, len, &repeated) != HUSK_OK, "a repeated response is dropped");
    }
}

/* Payload lengths of the datagrams both ways, the first eight of them: of EDHOC, `true` or C_R and the message. */
static void note_payload(const uint8_t *datagram, size_t len)
{
    husk_coap_message message;
    if (payload_count < sizeof payload_bytes / sizeof payload_bytes[0] &&
        husk_coap_decode(datagram, len, &message) == HUSK_OK) {
        payload_bytes[payload_count++] = message.payload.len;
    }
}

static void deliver_to_gateway(const uint8_t *request, size_t len, husk_event *event)
{
    uint8_t datagram[LOOPBACK_REPLY_MAX_BYTES];
    bool again = next_bit(&duplicate);
    sent++;
    note_payload(request, len);
    if (next_bit(&lose)) {
        return;
    }
    copy(datagram, request, len);
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    if (again) {
        copy(datagram, request, len);
        reply = loopback_gateway_receive(&gateway, datagram, len);
    }
    if (reply != NULL) {
        note_payload(reply->data, reply->len);
        deliver_to_device(reply->data, reply->len, event);
    }
}

/* Runs until the request is over; the clock jumps to the next thing there is to do. */
static husk_event finish(void)
{
    for (;;) {
        husk_event event = {0};
        const uint8_t *datagram;
        size_t len;
        now += husk_device_next_timeout(&device, now);
        (void)measured_transmit(&datagram, &len, &event);
        if (len > 0) {
            deliver_to_gateway(datagram, len, &event);
        }
        authenticated = authenticated || event.kind == HUSK_EVENT_AUTHENTICATED;
        if (event.kind == HUSK_EVENT_RESPONSE || event.kind == HUSK_EVENT_FAILED) {
            return event;
        }
    }
}

static void begin(const uint8_t *device_key)
{
    husk_edhoc_config edhoc = {.suites = suites, .suite_count = 1, .random = {.fill = fill_random}};
    husk_psk psk = {{key, sizeof key}, {kid, sizeof kid}, {cred_i, 0}, {cred_r, 0}};
    static const husk_bytes sensor = {(const uint8_t *)"sensor-1", 8};
    static const husk_bytes office = {(const uint8_t *)"gateway", 7};
    check(husk_cred_compose(sensor, psk.kid, cred_i, sizeof cred_i, &psk.cred_i.len) == HUSK_OK, "CRED_I");
    check(husk_cred_compose(office, psk.kid, cred_r, sizeof cred_r, &psk.cred_r.len) == HUSK_OK, "CRED_R");
    loopback_gateway_init(&gateway, &edhoc, &psk);
    psk.key.data = device_key;
    config = (husk_device_config){.profile = &husk_profile_edhoc, .edhoc = edhoc, .psk = psk, .sequential = true};
    check(husk_device_init(&device, &config) == HUSK_OK, "husk_device_init");
    lose = 0;
    duplicate = 0;
    sent = 0;
    payload_count = 0;
    authenticated = false;
}

static bool same(const uint8_t *a, const uint8_t *b, size_t len)
{
    return husk_equal(a, b, len);
}

static husk_event post(uint32_t number, uint8_t payload[READING_BYTES])
{
    static husk_device_request request;
    reading_compose(payload, reading_simulated(number));
    request = (husk_device_request){
        .code = HUSK_COAP_POST,
        .path = READING_PATH,
        .path_len = sizeof READING_PATH - 1,
        .content_format = READING_CONTENT_FORMAT,
        .payload = {payload, READING_BYTES},
    };
    if (measured_start(&request) != HUSK_OK) {
        return (husk_event){.kind = HUSK_EVENT_FAILED, .status = HUSK_ERR_STATE};
    }
    return finish();
}

static void check_delivered(uint32_t number, const char *what)
{
    uint8_t payload[READING_BYTES];
    unsigned before = gateway.requests;
    husk_event event = post(number, payload);
    check(event.kind == HUSK_EVENT_RESPONSE && event.code == HUSK_COAP_CHANGED && gateway.requests == before + 1 &&
              gateway.last_payload_len == READING_BYTES && same(gateway.last_payload, payload, READING_BYTES),
          what);
}

static void check_failed(husk_status why, const char *what)
{
    uint8_t payload[READING_BYTES];
    husk_event event = post(0, payload);
    check(event.kind == HUSK_EVENT_FAILED && event.status == why && gateway.requests == 0, what);
}

static void readings(void)
{
    begin(key);
    for (uint32_t i = 0; i < 3; i++) {
        check_delivered(i, "a reading arrives as it was sent");
    }
    check(authenticated && sent == 2 + 3, "two datagrams authenticate, and each reading takes one");
    check(payload_bytes[0] == 1 + 37 && payload_bytes[1] == 35 && payload_bytes[2] == 1 + 11 && payload_bytes[3] == 9,
          "EDHOC-PSK takes 37 + 35 + 11 + 9 bytes");
}

static void any_datagram_lost(void)
{
    for (unsigned i = 0; i < 6; i++) {
        begin(key);
        lose = 1u << i;
        check_delivered(i, "a reading arrives though one datagram was lost");
        check(sent == 3 + 1, "one retransmission made up for it");
    }
}

static void any_datagram_twice(void)
{
    for (unsigned i = 0; i < 6; i++) {
        begin(key);
        duplicate = 1u << i;
        check_delivered(i, "a reading arrives once though one datagram came twice");
    }
}

static void silence(void)
{
    begin(key);
    lose = UINT32_MAX;
    check_failed(HUSK_ERR_TIMEOUT, "silence ends in a timeout");
    check(sent == 1 + HUSK_MAX_RETRANSMIT, "after the retransmissions of RFC 7252");
    lose = 0;
    check_delivered(1, "and the device works again afterwards");
}

static void gateway_reboots(void)
{
    begin(key);
    check_delivered(0, "before the gateway reboots");
    loopback_gateway_forget(&gateway);
    authenticated = false;
    check_delivered(1, "after the gateway rebooted the device authenticates again");
}

static void wrong_key(void)
{
    begin(other_key);
    check_failed(HUSK_ERR_PEER, "another key is refused");
    check(!authenticated, "and does not authenticate");
}

static void report(void)
{
    text t = {0};
    text_add(&t, "stack");
    text_add_field(&t, "authenticate", stack_authenticate);
    text_add_field(&t, "request", stack_request);
    text_add(&t, "\n");
    board_print(t.line);
    t = (text){0};
    text_add_int(&t, (int32_t)passed);
    text_add(&t, " passed, ");
    text_add_int(&t, (int32_t)failed);
    text_add(&t, " failed\n");
    board_print(t.line);
}

int main(void)
{
    readings();
    any_datagram_lost();
    any_datagram_twice();
    silence();
    gateway_reboots();
    wrong_key();
    report();
    return failed == 0 ? 0 : 1;
}
