/* EDHOC-PSK of the device endpoint over CoAP: with message_4, combined with the first request, and both resumed. */
#include "endpoint.h"

#include "loopback_gateway.h"
#include "reading.h"

#include <string.h>

#define DATAGRAM_CAP 256

static memory flash;
static credentials secrets;
static husk_edhoc_config edhoc;
static husk_device_config config;
static husk_device device;
static loopback_gateway gateway;

/* An EDHOC message is the payload behind `true` or C_R (RFC 9528 appendix A.2), or in a response all of it. */
static size_t edhoc_bytes(const husk_coap_message *message, bool up)
{
    husk_cbor_reader r;
    bool first;
    husk_bytes c_r;
    husk_cbor_reader_init(&r, message->payload.data, message->payload.len);
    if (up && husk_cbor_read_bool(&r, &first) != HUSK_OK) {
        bench_ok(husk_edhoc_identifier_read(&r, &c_r), "C_R");
    }
    return r.left;
}

/* Bytes of the reading's request and its response without protection. */
static size_t plain_bytes(bool up, husk_bytes token, husk_bytes payload)
{
    uint8_t plain[DATAGRAM_CAP];
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init(&w, plain, sizeof plain, up ? HUSK_COAP_CON : HUSK_COAP_ACK,
                          up ? HUSK_COAP_POST : HUSK_COAP_CHANGED, 1, token);
    if (up) {
        husk_coap_write_path(&w, READING_PATH, sizeof READING_PATH - 1);
        husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, READING_CONTENT_FORMAT);
        husk_coap_write_payload(&w, payload.data, payload.len);
    }
    bench_ok(husk_coap_writer_finish(&w, &len), "without protection");
    return len;
}

static void print(bool up, unsigned number, const uint8_t *datagram, size_t len, husk_bytes reading)
{
    static const char *const names[] = {"message_1", "message_2", "message_3", "message_4"};
    husk_coap_message message;
    husk_bytes option;
    bench_message m = {.up = up, .name = names[number - 1], .whole = len};
    bench_ok(husk_coap_decode(datagram, len, &message), "a datagram");
    if (husk_coap_option_find(message.options, HUSK_COAP_OSCORE, &option)) {
        m.name = up ? "message_3_request" : "response";
        m.payload = up ? reading.len : 0;
        m.security = len - plain_bytes(up, message.token, reading);
    } else {
        m.security = edhoc_bytes(&message, up);
    }
    bench_print_message(&m);
}

/* Until the device has what it wants: two round trips. */
static void run(const husk_device_request *request)
{
    husk_event event = {0};
    BENCH_OPEN();
    husk_status status = husk_device_start(&device, request);
    for (unsigned number = 1; number <= 4; number += 2) {
        uint8_t up[DATAGRAM_CAP], down[DATAGRAM_CAP];
        const uint8_t *out;
        size_t len;
        husk_status transmitted = husk_device_transmit(&device, 0, &out, &len, &event);
        BENCH_PAUSE();
        bench_ok(status, number == 1 ? "start" : "receive");
        bench_ok(transmitted, "transmit");
        bench_check(len > 0 && len <= sizeof up, "the device sends");
        husk_bytes reading = request != NULL ? request->payload : (husk_bytes){NULL, 0};
        memcpy(up, out, len);
        print(true, number, up, len, reading);
        const loopback_reply *reply = loopback_gateway_receive(&gateway, up, len);
        bench_check(reply != NULL, "the gateway answers");
        memcpy(down, reply->data, reply->len);
        print(false, number + 1, down, reply->len, reading);
        BENCH_RESUME();
        status = husk_device_receive(&device, 0, down, reply->len, &event);
    }
    BENCH_CLOSE();
    bench_ok(status, "receive");
    bench_check(event.kind == (request != NULL ? HUSK_EVENT_RESPONSE : HUSK_EVENT_AUTHENTICATED) &&
                    gateway.has_context,
                "the device has what it wants");
}

static void boot(void)
{
    bench_ok(husk_device_init(&device, &config), "boot");
}

/* A device that was never there before, and after a reboot of it. */
static void first_and_resumed(const char *suite, const husk_device_request *request, const char *first,
                              const char *again)
{
    memset(&flash, 0, sizeof flash);
    loopback_gateway_init(&gateway, &edhoc, &secrets.psk);
    gateway.silent = true;
    boot();
    bench_name("edhoc_psk", suite, first, NULL);
    run(request);
    bench_check(!gateway.resumed, "with the external PSK");
    boot();
    bench_name("edhoc_psk", suite, again, NULL);
    run(request);
    bench_check(gateway.resumed, "with the resumption PSK");
}

void endpoint_edhoc(void)
{
    static uint8_t reading[READING_BYTES];
    static const husk_device_request request = {
        .code = HUSK_COAP_POST,
        .path = READING_PATH,
        .path_len = sizeof READING_PATH - 1,
        .content_format = READING_CONTENT_FORMAT,
        .payload = {reading, sizeof reading},
    };
    reading_compose(reading, reading_simulated(0));
    credentials_make(&secrets);
    for (size_t i = 0; i < sizeof named_suites / sizeof named_suites[0]; i++) {
        edhoc = (husk_edhoc_config){.suites = &named_suites[i].suite, .suite_count = 1, .random = bench_random};
        config = (husk_device_config){.profile = &husk_profile_edhoc, .edhoc = edhoc, .psk = secrets.psk,
                                      .storage = memory_storage(&flash), .resume = true, .sequential = true};
        first_and_resumed(named_suites[i].name, NULL, "message_4", "resumption");
        config.sequential = false;
        first_and_resumed(named_suites[i].name, &request, "combined", "resumption_combined");
    }
}
