/* lives_gateway: see lives_gateway.h. */
#include "lives_gateway.h"

#include <string.h>

#include "loopback_gateway.h"
#include "memory_scan.h"

static const uint8_t key[LIVES_KEY_BYTES] = {0x50, 0x93, 0x0f, 0xf4, 0x62, 0xa7, 0x7a, 0x35, 0x40, 0xcf, 0x54,
                                             0x63, 0x25, 0xde, 0xa2, 0x14, 0xd1, 0x0b, 0x77, 0x3e, 0x8a, 0xc5,
                                             0x19, 0x6d, 0xf2, 0x90, 0x4b, 0xe8, 0x31, 0xbc, 0x06, 0x5f};
static const uint8_t kid[] = {0x01};
static const husk_suite *const suites[] = {&husk_suite_0};
static uint8_t cred_i[48], cred_r[48];
static loopback_gateway gateway;

const uint8_t *lives_key(void)
{
    return key;
}

void lives_gateway_begin(void)
{
    const husk_edhoc_config config = {.suites = suites, .suite_count = 1, .random = {.fill = memory_scan_random}};
    const husk_bytes device = {(const uint8_t *)LIVES_DEVICE, sizeof LIVES_DEVICE - 1};
    const husk_bytes own = {(const uint8_t *)LIVES_GATEWAY, sizeof LIVES_GATEWAY - 1};
    husk_psk psk = {.key = {key, sizeof key}, .kid = {kid, sizeof kid}, .cred_i = {cred_i, 0}, .cred_r = {cred_r, 0}};
    memory_scan_expect(husk_cred_compose(device, psk.kid, cred_i, sizeof cred_i, &psk.cred_i.len) == HUSK_OK &&
                           husk_cred_compose(own, psk.kid, cred_r, sizeof cred_r, &psk.cred_r.len) == HUSK_OK,
                       "the gateway's credentials");
    loopback_gateway_init(&gateway, &config, &psk);
}

size_t lives_gateway_answer(uint8_t *datagram, size_t len)
{
    const loopback_reply *reply = loopback_gateway_receive(&gateway, datagram, len);
    if (reply == NULL) {
        return 0;
    }
    memcpy(datagram, reply->data, reply->len);
    return reply->len;
}

void lives_gateway_end(void)
{
    husk_wipe(&gateway, sizeof gateway);
}
