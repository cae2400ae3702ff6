/* EDHOC-PSK, the Initiator's work: with message_4, with message_3 in the first OSCORE request, and resumed. */
#include "scenarios.h"

#include "reading.h"

#include <string.h>

#define MESSAGE_CAP 64
#define DATAGRAM_CAP 160
#define RKID_BYTES 2
#define RPSK_BYTES 32

typedef struct message {
    size_t len;
    uint8_t data[DATAGRAM_CAP];
} message;

static const uint8_t key[16] = {0x50, 0x93, 0x0f, 0xf4, 0x62, 0xa7, 0x7a, 0x35,
                                0x40, 0xcf, 0x54, 0x63, 0x25, 0xde, 0xa2, 0x14};
static const uint8_t kid[] = {0x01};
static const husk_id c_i = {1, {0x00}};
static const husk_id c_r = {1, {0x01}};
static const husk_bytes none = {NULL, 0};

static uint8_t cred_i[48], cred_r[48];
static husk_edhoc_config config;
static husk_psk psk;
static husk_edhoc device, gateway;
static husk_oscore_context device_context, gateway_context;
static husk_oscore_exchange device_exchange;
static uint8_t rkid[RKID_BYTES], rpsk[RPSK_BYTES];

static void prepare(const husk_suite *const *suite)
{
    static const husk_bytes sensor = {(const uint8_t *)"sensor-1", 8};
    static const husk_bytes office = {(const uint8_t *)"gateway", 7};
    config = (husk_edhoc_config){.suites = suite, .suite_count = 1, .random = bench_random};
    psk = (husk_psk){{key, sizeof key}, {kid, sizeof kid}, {cred_i, 0}, {cred_r, 0}};
    bench_ok(husk_cred_compose(sensor, psk.kid, cred_i, sizeof cred_i, &psk.cred_i.len), "CRED_I");
    bench_ok(husk_cred_compose(office, psk.kid, cred_r, sizeof cred_r, &psk.cred_r.len), "CRED_R");
}

/* The peer. */

static void gateway_takes_message_1(message *m)
{
    bench_ok(husk_edhoc_responder_init(&gateway, &config), "responder");
    bench_ok(husk_edhoc_message_1_process(&gateway, m->data, m->len, NULL), "message_1");
    bench_ok(husk_edhoc_message_2_compose(&gateway, &c_r, none, m->data, MESSAGE_CAP, &m->len), "message_2");
}

static void gateway_takes_message_3(message *m)
{
    bench_ok(husk_edhoc_message_3_process(&gateway, &psk, m->data, m->len, NULL), "message_3");
    bench_ok(husk_edhoc_oscore_context(&gateway, &gateway_context), "context of the gateway");
}

static void gateway_takes_combined(message *m)
{
    message m3;
    husk_coap_message inner;
    husk_oscore_exchange exchange = {0};
    bench_ok(husk_edhoc_combined_split(m->data, &m->len, m3.data, sizeof m3.data, &m3.len), "combined request");
    gateway_takes_message_3(&m3);
    bench_ok(husk_oscore_request_unprotect(&gateway_context, &exchange, m->data, m->len, &inner), "first request");
    bench_check(inner.payload.len == READING_BYTES, "the reading arrives");
    const husk_coap_message changed = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED, .token = inner.token};
    message response;
    bench_ok(husk_oscore_response_protect(&gateway_context, &exchange, false, &changed, response.data,
                                          sizeof response.data, &response.len), "first response");
    *m = response;
}

/* The device. */

static husk_status send_message_1(message *m)
{
    husk_status status = husk_edhoc_initiator_init(&device, &config, 0, &c_i);
    return status == HUSK_OK ? husk_edhoc_message_1_compose(&device, none, m->data, MESSAGE_CAP, &m->len) : status;
}

static husk_status answer_message_2(message *m)
{
    husk_status status = husk_edhoc_message_2_process(&device, m->data, m->len, NULL);
    return status == HUSK_OK ? husk_edhoc_message_3_compose(&device, &psk, none, m->data, MESSAGE_CAP, &m->len)
                             : status;
}

/* The first request, a reading as the sensor sends it, with message_3 in front. */
static husk_status send_combined(const message *m3, message *m)
{
    static const uint8_t token[] = {0x4a, 0x01};
    uint8_t reading[READING_BYTES];
    uint8_t options[32];
    husk_coap_writer w;
    reading_compose(reading, 21500);
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_path(&w, READING_PATH, sizeof READING_PATH - 1);
    husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, READING_CONTENT_FORMAT);
    husk_coap_write_option(&w, HUSK_COAP_EDHOC, NULL, 0);
    const husk_coap_message plain = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .message_id = 1,
                                     .token = {token, sizeof token}, .options = {options, w.len},
                                     .payload = {reading, sizeof reading}};
    husk_status status = husk_oscore_request_protect(&device_context, &device_exchange, &plain, m->data,
                                                     sizeof m->data, &m->len);
    return status == HUSK_OK ? husk_edhoc_combined_insert((husk_bytes){m3->data, m3->len}, m->data, &m->len,
                                                          sizeof m->data)
                             : status;
}

static husk_status finish(void)
{
    husk_status status = husk_edhoc_oscore_context(&device, &device_context);
    husk_edhoc_wipe(&device);
    return status;
}

static husk_status remember(void)
{
    husk_status status = husk_edhoc_export(&device, HUSK_EDHOC_EXPORT_RKID, none, rkid, sizeof rkid);
    return status == HUSK_OK ? husk_edhoc_export(&device, HUSK_EDHOC_EXPORT_RPSK, none, rpsk, sizeof rpsk) : status;
}

static void check_agreement(void)
{
    bench_check(memcmp(device_context.sender_key, gateway_context.recipient_key, 16) == 0 &&
                    memcmp(device_context.common_iv, gateway_context.common_iv, 12) == 0,
                "both sides have the same keys");
}

/* Four messages, then the OSCORE context. If `resumes`, the key for the next session too. */
static void with_message_4(const char *suite, const char *what, bool resumes)
{
    static message m;
    bench_name("edhoc_psk", suite, what, NULL);
    BENCH_OPEN();
    husk_status status = send_message_1(&m);
    BENCH_PAUSE();
    bench_ok(status, "device: message_1");
    gateway_takes_message_1(&m);
    BENCH_RESUME();
    status = answer_message_2(&m);
    BENCH_PAUSE();
    bench_ok(status, "device: message_3");
    gateway_takes_message_3(&m);
    bench_ok(husk_edhoc_message_4_compose(&gateway, none, m.data, MESSAGE_CAP, &m.len), "message_4");
    BENCH_RESUME();
    status = husk_edhoc_message_4_process(&device, m.data, m.len, NULL);
    status = status == HUSK_OK && resumes ? remember() : status;
    status = status == HUSK_OK ? finish() : status;
    BENCH_CLOSE();
    bench_ok(status, "device: message_4");
    check_agreement();
}

/* Message 3 in the first request, whose response stands in for message 4. If `resumes`, the key for the next session
 * too. */
static void combined(const char *suite, const char *what, bool resumes)
{
    static message m, m3;
    husk_coap_message inner;
    device_exchange = (husk_oscore_exchange){0};
    bench_name("edhoc_psk", suite, what, NULL);
    BENCH_OPEN();
    husk_status status = send_message_1(&m3);
    BENCH_PAUSE();
    bench_ok(status, "device: message_1");
    gateway_takes_message_1(&m3);
    BENCH_RESUME();
    status = answer_message_2(&m3);
    status = status == HUSK_OK ? husk_edhoc_oscore_context(&device, &device_context) : status;
    status = status == HUSK_OK ? send_combined(&m3, &m) : status;
    BENCH_PAUSE();
    bench_ok(status, "device: combined request");
    gateway_takes_combined(&m);
    BENCH_RESUME();
    status = husk_oscore_response_unprotect(&device_context, &device_exchange, m.data, m.len, &inner);
    status = status == HUSK_OK ? husk_edhoc_confirm(&device) : status;
    status = status == HUSK_OK && resumes ? remember() : status;
    husk_edhoc_wipe(&device);
    BENCH_CLOSE();
    bench_ok(status, "device: first response");
    check_agreement();
}

static void resumed(const char *suite)
{
    static uint8_t old_rkid[RKID_BYTES], old_rpsk[RPSK_BYTES];
    static message m;
    bench_ok(send_message_1(&m), "before resumption: message_1");
    gateway_takes_message_1(&m);
    bench_ok(answer_message_2(&m), "before resumption: message_3");
    gateway_takes_message_3(&m);
    bench_ok(remember(), "before resumption: rPSK");
    memcpy(old_rkid, rkid, sizeof rkid);
    memcpy(old_rpsk, rpsk, sizeof rpsk);
    psk.kid = (husk_bytes){old_rkid, sizeof old_rkid};
    psk.key = (husk_bytes){old_rpsk, sizeof old_rpsk};
    with_message_4(suite, "resumption", true);
    combined(suite, "resumption_combined", true);
}

void edhoc(void)
{
    static const struct {
        const char *name;
        const husk_suite *suite;
    } suites[] = {{"suite_0", &husk_suite_0}, {"suite_2", &husk_suite_2}, {"suite_4", &husk_suite_4}};
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        prepare(&suites[i].suite);
        with_message_4(suites[i].name, "message_4", false);
        combined(suites[i].name, "combined", false);
        resumed(suites[i].name);
    }
}
