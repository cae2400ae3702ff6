/* Everything that may arrive at a device endpoint with the EDHOC profile: see support/device.h for the steps. The bits
 * of the first byte choose the configuration: 1 resumption, 2 message 4 first, 4 no storage, 8 a gateway that does not
 * know the combined request, 16 one that speaks the device's second suite only.
 *
 * seed: 00 0700 01 0300
 * seed: 00 0700 01 0300 01 0300
 * seed: 02 0700 01 0300 01 0300 01 0300
 * seed: 01 0701 01 0300 01 0300 8000 0800 0700 01 0300 01 0300
 * seed: 18 0700 01 0300 01 0300 01 0300
 * seed: 00 0700 02 00ff 02 00ff 02 00ff 02 00ff 02 00ff 02
 * seed: 00 0701 01 0300 01 0300 0700 01 0801 0300 01 0300
 * seed: 00 0700 01 050380ff0202 050380ff0103
 * seed: 00 0701 01 0300 01 0300 0700 01 06024401
 * seed: 00 0700 01 0301 0a01 0904 01 0300
 * seed: 00 0700 01 050080
 * seed: 00 0700 01 050044
 * seed: 00 0700 01 0300 02 050044
 * seed: 00 0700 01 0300 01 0300 0700 02 050044
 * seed: 00 0700 01 0300 01 0300 0700 01 0300 0700 01 0300 0700 01 0300
 * seed: 00 0700 02 04047000 [2] */
#include "loopback_gateway.h"
#include "support/device.h"
#include "support/edhoc.h"

FUZZ_GOALS(FUZZ_DEVICE_GOALS);

static fuzz_world world;
static loopback_gateway gateway;
static husk_edhoc_config gateway_config;
static const husk_suite *const suites[] = {&fuzz_suite_3, &fuzz_suite_2};

static size_t gateway_receive(uint8_t *datagram, size_t len, uint8_t *out)
{
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    if (reply == NULL) {
        return 0;
    }
    memcpy(out, reply->data, reply->len);
    return reply->len;
}

static void gateway_reboot(void)
{
    loopback_gateway_forget(&gateway);
}

static unsigned gateway_requests(void)
{
    return gateway.requests;
}

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    bool second_only = (choice & 16) != 0;
    world = (fuzz_world){
        .config = {.profile = &husk_profile_edhoc,
                   .edhoc = {.suites = suites, .suite_count = 2, .random = {fuzz_device_random, NULL}},
                   .psk = fuzz_psk,
                   .resume = (choice & 1) != 0,
                   .sequential = (choice & 2) != 0},
        .gateway_receive = gateway_receive,
        .gateway_reboot = gateway_reboot,
        .gateway_requests = gateway_requests,
    };
    if ((choice & 4) == 0) {
        world.config.storage = (husk_storage){fuzz_device_load, fuzz_device_store, NULL};
    }
    gateway_config = (husk_edhoc_config){.suites = suites + (second_only ? 1 : 0),
                                         .suite_count = second_only ? 1 : 2,
                                         .random = {fuzz_random, NULL}};
    loopback_gateway_init(&gateway, &gateway_config, &fuzz_psk);
    gateway.no_combined = (choice & 8) != 0;
    fuzz_world_run(&world, &in);
}
