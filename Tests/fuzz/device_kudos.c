/* Everything that may arrive at a device endpoint with the KUDOS profile: see support/device.h for the steps. Bit 0 of
 * the first byte: a device that runs FS mode; bit 1: if not, a gateway that loses its record too when it reboots. (In
 * FS mode that locks the device out: there is no way back to a secret that forward secrecy has replaced.)
 *
 * seed: 01 0700 01 0300
 * seed: 01 0700 01 0300 01 0300
 * seed: 00 0700 01 0300 01 0300 0700 01 0300
 * seed: 01 0701 01 0300 0800 0700 01 0300 01 0300
 * seed: 01 0700 02 00ff 02 00ff 02 00ff 02 00ff 02 00ff 02
 * seed: 01 0701 01 0300 0700 01 0801 0300 01 0300
 * seed: 01 0700 01 050081
 * seed: 01 0700 01 0300 06024401
 * seed: 01 0700 01 0301 1001 0901 01 0300
 * seed: 00 0700 01 06024400
 * seed: 01 0700 01 0300 02 050044
 * seed: 01 0700 01 050044
 * seed: 00 0700 02 04047000 [2]
 * seed: 02 0700 01 0300 01 0300 0801 0700 01 0300 */
#include "support/device.h"

static const uint8_t secret[16] = {9, 8, 7};

FUZZ_GOALS(FUZZ_DEVICE_GOALS);

static fuzz_world world;
static husk_kudos kudos;
static husk_kudos_config kudos_config;

static struct {
    husk_kudos_config config;
    husk_kudos kudos;
    husk_oscore_context context;
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t record_len;
    bool forgets;
    unsigned requests;
} gateway;

static void gateway_reboot(void)
{
    memset(&gateway.context, 0, sizeof gateway.context);
    FUZZ_OK(husk_kudos_init(&gateway.kudos, &gateway.config, (husk_bytes){secret, sizeof secret}));
    if (gateway.forgets) {
        gateway.record_len = 0;
    }
    if (gateway.record_len > 0) {
        FUZZ_OK(husk_kudos_restore(&gateway.kudos, (husk_bytes){gateway.record, gateway.record_len}));
    }
}

static size_t gateway_receive(uint8_t *datagram, size_t len, uint8_t *out)
{
    husk_coap_message outer;
    husk_coap_message inner;
    husk_oscore_exchange exchange = {0};
    uint8_t spare[64];
    uint8_t event;
    size_t out_len = 0;
    FUZZ_OK(husk_coap_decode(datagram, len, &outer));
    if (outer.type != HUSK_COAP_CON || outer.code == HUSK_COAP_EMPTY) {
        return 0;
    }
    const uint8_t *token = fuzz_exact(outer.token.data, outer.token.len);
    husk_coap_message response = {.type = HUSK_COAP_ACK,
                                  .code = HUSK_COAP_CHANGED,
                                  .message_id = outer.message_id,
                                  .token = {token, outer.token.len}};
    husk_status status = husk_kudos_request_unprotect(&gateway.kudos, &gateway.context, &exchange, datagram, len,
                                                      spare, sizeof spare, &inner, &event);
    if (status == HUSK_OK) {
        if (event != HUSK_KUDOS_DIVERGENT) { /* whose payload is not to be acted upon */
            gateway.requests++;
            response.payload.data = fuzz_exact(inner.payload.data, inner.payload.len);
            response.payload.len = inner.payload.len;
        }
        if (husk_kudos_must_store(&gateway.kudos)) {
            gateway.record_len = husk_kudos_record_write(&gateway.kudos, gateway.record);
            husk_kudos_stored(&gateway.kudos);
        }
        status = husk_kudos_response_protect(&gateway.kudos, &gateway.context, &exchange, &response, out,
                                             FUZZ_REPLY_MAX, &out_len);
    }
    if (status == HUSK_OK) {
        return out_len;
    }
    husk_coap_writer w;
    husk_coap_writer_init(&w, out, FUZZ_REPLY_MAX, HUSK_COAP_ACK, HUSK_COAP_UNAUTHORIZED, response.message_id,
                          response.token);
    FUZZ_OK(husk_coap_writer_finish(&w, &out_len));
    return out_len;
}

static unsigned gateway_requests(void)
{
    return gateway.requests;
}

void fuzz_setup(void)
{
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    kudos_config = (husk_kudos_config){
        .aead = &fuzz_aead_8,
        .hash = &husk_hash_sha256,
        .random = {fuzz_device_random, NULL},
        .bootstrap_secret = {secret, sizeof secret},
        .sender_id = {1, {0x01}},
        .recipient_id = {1, {0x02}},
        .capable = (choice & 1) != 0,
    };
    memset(&gateway, 0, sizeof gateway);
    gateway.config = kudos_config;
    gateway.config.random.fill = fuzz_random;
    gateway.config.capable = true;
    gateway.config.sender_id = kudos_config.recipient_id;
    gateway.config.recipient_id = kudos_config.sender_id;
    gateway.forgets = (choice & 3) == 2;
    gateway_reboot();
    world = (fuzz_world){
        .config = {.profile = &husk_profile_kudos,
                   .edhoc = {.random = {fuzz_device_random, NULL}},
                   .kudos = &kudos,
                   .kudos_config = &kudos_config,
                   .storage = {fuzz_device_load, fuzz_device_store, NULL}},
        .gateway_receive = gateway_receive,
        .gateway_reboot = gateway_reboot,
        .gateway_requests = gateway_requests,
    };
    fuzz_world_run(&world, &in);
}
