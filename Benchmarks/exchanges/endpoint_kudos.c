/* KUDOS of the device endpoint over CoAP: the two messages that bring new keys. */
#include "endpoint.h"

#include <string.h>

#define DATAGRAM_CAP 160
#define SPARE_BYTES 64

static const uint8_t secret[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const char path[] = HUSK_KUDOS_PATH;

static memory flash;
static husk_kudos device_kudos, gateway_kudos;
static husk_kudos_config device_kudos_config, gateway_kudos_config;
static husk_device_config config;
static husk_device device;
static husk_oscore_context context;
static husk_oscore_exchange served;

/* Without protection a request for the resource of KUDOS would be this long, and its response. */
static size_t plain_bytes(bool up, husk_bytes token)
{
    uint8_t plain[DATAGRAM_CAP];
    husk_coap_writer w;
    size_t len;
    husk_coap_writer_init(&w, plain, sizeof plain, up ? HUSK_COAP_CON : HUSK_COAP_ACK,
                          up ? HUSK_COAP_POST : HUSK_COAP_CHANGED, 1, token);
    if (up) {
        husk_coap_write_path(&w, path, sizeof path - 1);
    }
    bench_ok(husk_coap_writer_finish(&w, &len), "without protection");
    return len;
}

static void print(bool up, const char *name, const uint8_t *datagram, size_t len)
{
    husk_coap_message message;
    bench_ok(husk_coap_decode(datagram, len, &message), "a datagram");
    bench_print_message(
        &(bench_message){.up = up, .name = name, .security = len - plain_bytes(up, message.token), .whole = len});
}

/* The gateway's side; nothing of it is stored, because it does not reboot. */
static size_t answer(uint8_t *datagram, size_t len, uint8_t *out)
{
    uint8_t spare[SPARE_BYTES];
    husk_coap_message inner;
    uint8_t event;
    size_t out_len;
    bench_ok(husk_kudos_request_unprotect(&gateway_kudos, &context, &served, datagram, len, spare, sizeof spare, &inner,
                                          &event),
             "gateway: divergent message");
    bench_check(event == HUSK_KUDOS_DIVERGENT, "the device begins");
    if (husk_kudos_must_store(&gateway_kudos)) {
        husk_kudos_stored(&gateway_kudos);
    }
    const husk_coap_message changed = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED,
                                       .message_id = inner.message_id, .token = inner.token};
    bench_ok(husk_kudos_response_protect(&gateway_kudos, &context, &served, &changed, out, DATAGRAM_CAP, &out_len),
             "gateway: convergent message");
    return out_len;
}

static void execution(const char *mode, bool fs)
{
    uint8_t up[DATAGRAM_CAP], down[DATAGRAM_CAP];
    const uint8_t *out;
    size_t len;
    husk_event event;
    memset(&flash, 0, sizeof flash);
    device_kudos_config = (husk_kudos_config){.aead = &husk_aead_aes_ccm_16_64_128,
                                              .hash = &husk_hash_sha256,
                                              .random = bench_random,
                                              .bootstrap_secret = {secret, sizeof secret},
                                              .sender_id = {1, {0}},
                                              .recipient_id = {1, {1}},
                                              .capable = fs};
    gateway_kudos_config = device_kudos_config;
    gateway_kudos_config.sender_id = device_kudos_config.recipient_id;
    gateway_kudos_config.recipient_id = device_kudos_config.sender_id;
    gateway_kudos_config.capable = true;
    memset(&context, 0, sizeof context);
    served = (husk_oscore_exchange){0};
    bench_ok(husk_kudos_init(&gateway_kudos, &gateway_kudos_config, gateway_kudos_config.bootstrap_secret), "gateway");
    config = (husk_device_config){.profile = &husk_profile_kudos, .edhoc = {.random = bench_random},
                                  .kudos = &device_kudos, .kudos_config = &device_kudos_config,
                                  .storage = memory_storage(&flash)};
    bench_ok(husk_device_init(&device, &config), "boot");
    bench_name("kudos", mode, NULL, NULL);
    BENCH_OPEN();
    husk_status status = husk_device_start(&device, NULL);
    husk_status transmitted = husk_device_transmit(&device, 0, &out, &len, &event);
    BENCH_PAUSE();
    bench_ok(status, "start");
    bench_ok(transmitted, "transmit");
    bench_check(len > 0 && len <= sizeof up, "the device sends");
    memcpy(up, out, len);
    print(true, "divergent", up, len);
    len = answer(up, len, down);
    print(false, "convergent", down, len);
    BENCH_RESUME();
    status = husk_device_receive(&device, 0, down, len, &event);
    BENCH_CLOSE();
    bench_ok(status, "receive");
    bench_check(event.kind == HUSK_EVENT_AUTHENTICATED, "the device has new keys");
    bench_ok(husk_device_transmit(&device, 0, &out, &len, &event), "transmit");
    bench_check(len == 0, "two messages are enough");
}

void endpoint_kudos(void)
{
    execution("fs", true);
    execution("no_fs", false);
}
