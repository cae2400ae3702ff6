/* KUDOS, the initiator's work after a reboot: both messages, and in FS mode the record that is to be stored. */
#include "scenarios.h"

#include <string.h>

#define DATAGRAM_CAP 96
#define SPARE_BYTES 48

static const uint8_t secret[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
static const char path[] = HUSK_KUDOS_PATH;

typedef struct side {
    husk_kudos_config config;
    husk_kudos kudos;
    husk_oscore_context context;
    husk_oscore_exchange exchange;
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t record_len;
} side;

static side device, gateway;
static uint8_t datagram[DATAGRAM_CAP];
static size_t datagram_len;

static void make(side *s, uint8_t own, uint8_t peer, bool fs)
{
    memset(s, 0, sizeof *s);
    s->config = (husk_kudos_config){.aead = &husk_aead_aes_ccm_16_64_128,
                                    .hash = &husk_hash_sha256,
                                    .random = bench_random,
                                    .bootstrap_secret = {secret, sizeof secret},
                                    .sender_id = {1, {own}},
                                    .recipient_id = {1, {peer}},
                                    .capable = fs,
                                    .peer = fs ? HUSK_KUDOS_CAPABLE : HUSK_KUDOS_NON_CAPABLE};
}

static husk_status boot(side *s)
{
    husk_status status = husk_kudos_init(&s->kudos, &s->config, s->config.bootstrap_secret);
    if (status == HUSK_OK && s->record_len > 0) {
        status = husk_kudos_restore(&s->kudos, (husk_bytes){s->record, s->record_len});
    }
    return status;
}

static void store(side *s)
{
    if (husk_kudos_must_store(&s->kudos)) {
        s->record_len = husk_kudos_record_write(&s->kudos, s->record);
        husk_kudos_stored(&s->kudos);
    }
}

static husk_status start(void)
{
    static const uint8_t token[] = {0x4a, 0x02};
    uint8_t options[sizeof path + 2];
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    husk_coap_write_path(&w, path, sizeof path - 1);
    const husk_coap_message plain = {.type = HUSK_COAP_CON, .code = HUSK_COAP_POST, .message_id = 2,
                                     .token = {token, sizeof token}, .options = {options, w.len}};
    husk_status status = boot(&device);
    status = status == HUSK_OK ? husk_kudos_start(&device.kudos) : status;
    store(&device);
    return status == HUSK_OK ? husk_kudos_request_protect(&device.kudos, &device.context, &device.exchange, &plain,
                                                          datagram, sizeof datagram, &datagram_len)
                             : status;
}

static void answer(void)
{
    uint8_t spare[SPARE_BYTES];
    husk_coap_message inner;
    uint8_t event;
    bench_ok(husk_kudos_request_unprotect(&gateway.kudos, &gateway.context, &gateway.exchange, datagram, datagram_len,
                                          spare, sizeof spare, &inner, &event), "gateway: divergent message");
    bench_check(event == HUSK_KUDOS_DIVERGENT, "the device begins");
    store(&gateway);
    const husk_coap_message changed = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED, .message_id = 2,
                                       .token = inner.token};
    uint8_t out[DATAGRAM_CAP];
    bench_ok(husk_kudos_response_protect(&gateway.kudos, &gateway.context, &gateway.exchange, &changed, out,
                                         sizeof out, &datagram_len), "gateway: convergent message");
    memcpy(datagram, out, datagram_len);
}

static husk_status finish(uint8_t *event)
{
    uint8_t spare[SPARE_BYTES];
    husk_coap_message inner;
    husk_status status = husk_kudos_response_unprotect(&device.kudos, &device.context, &device.exchange, datagram,
                                                       datagram_len, spare, sizeof spare, &inner, event);
    store(&device);
    return status;
}

static void execution(const char *mode)
{
    uint8_t event = HUSK_KUDOS_PLAIN;
    bench_name("kudos", mode, NULL, NULL);
    BENCH_OPEN();
    husk_status status = start();
    BENCH_PAUSE();
    bench_ok(status, "device: divergent message");
    answer();
    BENCH_RESUME();
    status = finish(&event);
    BENCH_CLOSE();
    bench_ok(status, "device: convergent message");
    bench_check(event == HUSK_KUDOS_ESTABLISHED, "the device has new keys");
}

void kudos(void)
{
    make(&device, 0, 1, true);
    make(&gateway, 1, 0, true);
    bench_ok(boot(&gateway), "gateway");
    execution("fs");
    make(&device, 0, 1, false);
    make(&gateway, 1, 0, false);
    bench_ok(boot(&gateway), "gateway");
    execution("no_fs");
}
