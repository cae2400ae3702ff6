/* OSCORE in steady state: requests and responses of several sizes, the device as client and as server. The request has
 * the options of the sensor's readings, the response a content format. */
#include "scenarios.h"

#include "reading.h"

#include <string.h>

#define PAYLOAD_MAX_BYTES 1024
#define DATAGRAM_CAP (PAYLOAD_MAX_BYTES + 96)

static husk_oscore_context client, server;
static husk_oscore_exchange asked, served;
static uint8_t payload[PAYLOAD_MAX_BYTES], datagram[DATAGRAM_CAP];
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

static void check(const husk_coap_message *inner, size_t size)
{
    bench_check(inner->payload.len == size && memcmp(inner->payload.data, payload, size) == 0,
                "the payload arrives as it was sent");
}

static void exchange(const char *aead, size_t size)
{
    static const uint8_t token[] = {0x4a, 0x03};
    uint8_t options[32];
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_path(&w, READING_PATH, sizeof READING_PATH - 1);
    husk_coap_write_option_uint(&w, HUSK_COAP_CONTENT_FORMAT, READING_CONTENT_FORMAT);
    const husk_coap_message request = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .message_id = 3,
                                       .token = {token, sizeof token}, .options = {options, w.len},
                                       .payload = {payload, size}};
    husk_coap_message inner;
    bench_name(aead, "request/protect", bench_number(size), NULL);
    BENCH_OPEN();
    husk_status status = husk_oscore_request_protect(&client, &asked, &request, datagram, sizeof datagram,
                                                     &datagram_len);
    BENCH_CLOSE();
    bench_ok(status, "request: protect");

    bench_name(aead, "request/unprotect", bench_number(size), NULL);
    BENCH_OPEN();
    status = husk_oscore_request_unprotect(&server, &served, datagram, datagram_len, &inner);
    BENCH_CLOSE();
    bench_ok(status, "request: unprotect");
    check(&inner, size);

    static const uint8_t format[] = {0xc1, READING_CONTENT_FORMAT};
    const husk_coap_message response = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CONTENT, .message_id = 3,
                                        .token = {token, sizeof token}, .options = {format, sizeof format},
                                        .payload = {payload, size}};
    bench_name(aead, "response/protect", bench_number(size), NULL);
    BENCH_OPEN();
    status = husk_oscore_response_protect(&server, &served, false, &response, datagram, sizeof datagram,
                                          &datagram_len);
    BENCH_CLOSE();
    bench_ok(status, "response: protect");

    bench_name(aead, "response/unprotect", bench_number(size), NULL);
    BENCH_OPEN();
    status = husk_oscore_response_unprotect(&client, &asked, datagram, datagram_len, &inner);
    BENCH_CLOSE();
    bench_ok(status, "response: unprotect");
    check(&inner, size);
}

void oscore(void)
{
    static const struct {
        const char *name;
        const husk_aead *aead;
    } aeads[] = {{"oscore/aes_ccm", &husk_aead_aes_ccm_16_64_128}, {"oscore/chacha20", &husk_aead_chacha20_poly1305}};
    static const size_t sizes[] = {1, 16, 32, 64, 256, 1024};
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < sizeof aeads / sizeof aeads[0]; i++) {
        make_contexts(aeads[i].aead);
        for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
            exchange(aeads[i].name, sizes[n]);
        }
    }
}
