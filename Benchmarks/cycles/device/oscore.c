/* OSCORE in steady state: requests and responses of several sizes, the device as client and as server. The request has
 * the options of the sensor's readings, the response a content format. */
#include "scenarios.h"

#include "reading.h"

#include <string.h>

#define DATAGRAM_CAP (PAYLOAD_MAX_BYTES + 96)

static husk_oscore_context client, server;
static husk_oscore_exchange asked, served;
static uint8_t datagram[DATAGRAM_CAP];
static size_t datagram_len;

static void make_contexts(const husk_aead *aead)
{
    static const uint8_t secret[16] = {7};
    static const uint8_t salt[8] = {8};
    husk_oscore_parameters parameters = {
        .aead = aead,
        .hash = &husk_hash_sha256,
        .master_secret = {secret, sizeof secret},
        .master_salt = {salt, sizeof salt},
        .sender_id = {1, {0x01}},
        .recipient_id = {1, {0x02}},
    };
    bench_ok(husk_oscore_context_init(&client, &parameters), "client");
    parameters.sender_id.bytes[0] = 0x02;
    parameters.recipient_id.bytes[0] = 0x01;
    bench_ok(husk_oscore_context_init(&server, &parameters), "server");
}

static void check(const husk_coap_message *inner, husk_bytes payload)
{
    bench_check(inner->payload.len == payload.len && memcmp(inner->payload.data, payload.data, payload.len) == 0,
                "the payload arrives as it was sent");
}

/* Bytes of the same message without protection. */
static size_t plain_bytes(const husk_coap_message *message)
{
    static uint8_t plain[DATAGRAM_CAP];
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init(&w, plain, sizeof plain, message->type, message->code, message->message_id, message->token);
    husk_coap_write_payload(&w, message->payload.data, message->payload.len);
    bench_ok(husk_coap_writer_finish(&w, &len), "without protection");
    return len + message->options.len;
}

static void print_message(bool up, const char *name, const husk_coap_message *message)
{
    bench_print_message(&(bench_message){.up = up, .name = name, .security = datagram_len - plain_bytes(message),
                                         .payload = message->payload.len, .whole = datagram_len});
}

static void exchange(const char *aead, husk_bytes payload)
{
    static const uint8_t token[] = {0x4a, 0x03};
    uint8_t options[32];
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_path(&w, READING_PATH, sizeof READING_PATH - 1);
    husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, READING_CONTENT_FORMAT);
    const husk_coap_message request = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .message_id = 3,
                                       .token = {token, sizeof token}, .options = {options, w.len},
                                       .payload = payload};
    husk_coap_message inner;
    bench_name("oscore", aead, "request/protect", bench_number(payload.len));
    BENCH_OPEN();
    husk_status status = husk_oscore_request_protect(&client, &asked, &request, datagram, sizeof datagram,
                                                     &datagram_len);
    BENCH_CLOSE();
    bench_ok(status, "request: protect");
    print_message(true, "request", &request);

    bench_name("oscore", aead, "request/unprotect", bench_number(payload.len));
    BENCH_OPEN();
    status = husk_oscore_request_unprotect(&server, &served, datagram, datagram_len, &inner);
    BENCH_CLOSE();
    bench_ok(status, "request: unprotect");
    print_message(false, "request", &request);
    check(&inner, payload);

    static const uint8_t format[] = {0xc1, READING_CONTENT_FORMAT};
    const husk_coap_message response = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CONTENT, .message_id = 3,
                                        .token = {token, sizeof token}, .options = {format, sizeof format},
                                        .payload = payload};
    bench_name("oscore", aead, "response/protect", bench_number(payload.len));
    BENCH_OPEN();
    status = husk_oscore_response_protect(&server, &served, false, &response, datagram, sizeof datagram,
                                          &datagram_len);
    BENCH_CLOSE();
    bench_ok(status, "response: protect");
    print_message(true, "response", &response);

    bench_name("oscore", aead, "response/unprotect", bench_number(payload.len));
    BENCH_OPEN();
    status = husk_oscore_response_unprotect(&client, &asked, datagram, datagram_len, &inner);
    BENCH_CLOSE();
    bench_ok(status, "response: unprotect");
    print_message(false, "response", &response);
    check(&inner, payload);
}

void oscore(void)
{
    steady(make_contexts, exchange);
}
