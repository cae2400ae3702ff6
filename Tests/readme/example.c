/* A device that sends readings: everything but the radio, the clock and the random generator of the board. */
#include "husk/husk.h"
#include "psk.h" /* from: husk psk new --device kitchen --format c-header --output psk.h */

extern husk_status board_random(void *context, uint8_t *out, size_t len);
extern size_t radio_exchange(const uint8_t *out, size_t len, uint8_t *in, size_t in_cap, uint32_t wait_ms);
extern uint32_t board_millis(void);

static const husk_suite *const suites[] = {&husk_suite_0}; /* AES-CCM, SHA-256, X25519; the linker drops the rest */
static const husk_device_config config = {
    .profile = &husk_profile_edhoc,
    .edhoc = {.suites = suites, .suite_count = 1, .random = {board_random, NULL}},
    .psk = {{psk_key, sizeof psk_key}, {psk_kid, sizeof psk_kid},
            {psk_cred_i, sizeof psk_cred_i}, {psk_cred_r, sizeof psk_cred_r}},
};

/* Authenticates if there is no session yet, sends the reading, waits for the protected answer. */
husk_status send_reading(husk_device *device, const uint8_t *reading, size_t len)
{
    const husk_device_request request = {HUSK_COAP_POST, "sensors/temperature", 19, 60, {reading, len}};
    husk_event event = {0};
    husk_status status = device->config == NULL ? husk_device_init(device, &config) : HUSK_OK;
    status = status == HUSK_OK ? husk_device_start(device, &request) : status;
    while (status == HUSK_OK && event.kind != HUSK_EVENT_RESPONSE && event.kind != HUSK_EVENT_FAILED) {
        const uint8_t *out;
        uint8_t in[160];
        size_t out_len;
        status = husk_device_transmit(device, board_millis(), &out, &out_len, &event);
        size_t in_len = radio_exchange(out, out_len, in, sizeof in, husk_device_next_timeout(device, board_millis()));
        if (in_len > 0) {
            (void)husk_device_receive(device, board_millis(), in, in_len, &event); /* says why it dropped one */
        }
    }
    return status != HUSK_OK ? status : event.status;
}
