/* Runs the C example of the README: a board whose radio ends at a gateway in the same process. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "loopback_gateway.h"
#include "psk.h"

husk_status send_reading(husk_device *device, const uint8_t *reading, size_t len);
husk_status board_random(void *context, uint8_t *out, size_t len);
size_t radio_exchange(const uint8_t *out, size_t len, uint8_t *in, size_t in_cap, uint32_t wait_ms);
uint32_t board_millis(void);

static loopback_gateway gateway;
static uint32_t now;

husk_status board_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    return getrandom(out, len, 0) == (ssize_t)len ? HUSK_OK : HUSK_ERR_RANDOM;
}

size_t radio_exchange(const uint8_t *out, size_t len, uint8_t *in, size_t in_cap, uint32_t wait_ms)
{
    uint8_t datagram[HUSK_DEVICE_BUFFER_BYTES];
    if (len == 0) {
        now += wait_ms;
        return 0;
    }
    memcpy(datagram, out, len);
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    if (reply == NULL || reply->len > in_cap) {
        return 0;
    }
    memcpy(in, reply->data, reply->len);
    return reply->len;
}

uint32_t board_millis(void)
{
    return now;
}

static int verdict(const char *name, bool good)
{
    if (!good) {
        printf("FAILED README example in C: %s\n", name);
    }
    return good ? 0 : 1;
}

int main(void)
{
    static const husk_suite *const suites[] = {&husk_suite_0};
    static const uint8_t reading[] = "21.5 degrees";
    const husk_edhoc_config config = {.suites = suites, .suite_count = 1, .random = {board_random, NULL}};
    const husk_psk psk = {
        .key = {psk_key, sizeof psk_key},
        .kid = {psk_kid, sizeof psk_kid},
        .cred_i = {psk_cred_i, sizeof psk_cred_i},
        .cred_r = {psk_cred_r, sizeof psk_cred_r},
    };
    husk_device device = {0};
    loopback_gateway_init(&gateway, &config, &psk);
    int failed = 0;
    for (unsigned i = 1; i <= 3; i++) {
        failed |= verdict("send_reading", send_reading(&device, reading, sizeof reading) == HUSK_OK);
        failed |= verdict("what the gateway read", gateway.requests == i && gateway.handshakes == 1 &&
                                                       gateway.last_payload_len == sizeof reading &&
                                                       memcmp(gateway.last_payload, reading, sizeof reading) == 0);
    }
    printf("%d passed, %d failed\n", 1 - failed, failed);
    return failed;
}
