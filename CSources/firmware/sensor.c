/* The sensor with EDHOC-PSK: the cipher suites it has, and its configuration from what is provisioned. */
#include "endpoint.h"
#include "sensor.h"

/* Those that this image links. */
static const husk_suite *const suites[] = {&husk_suite_0, &husk_suite_2, &husk_suite_4};
#define SUITES_TEXT "0, 2 and 4"
#define SUITE_COUNT (sizeof suites / sizeof suites[0])

const size_t sensor_state_bytes = 0;

/* The place in `suites` of the one with this number. */
static const husk_suite *const *find_suite(uint8_t id)
{
    for (size_t i = 0; i < SUITE_COUNT; i++) {
        if (suites[i]->id == id) {
            return &suites[i];
        }
    }
    endpoint_give_up("the provisioned cipher suite is not in this firmware, which has " SUITES_TEXT, HUSK_OK,
                   EXIT_NOT_PROVISIONED);
}

husk_device_config sensor_configure(const provisioning *p)
{
    if (p->profile != PROVISIONING_PROFILE_EDHOC_PSK) {
        endpoint_give_up("the provisioning is for another profile than EDHOC-PSK", HUSK_OK, EXIT_NOT_PROVISIONED);
    }
    return (husk_device_config){
        .profile = &husk_profile_edhoc,
        .edhoc = {.suites = find_suite(p->suite), .suite_count = 1},
        .psk = {.key = {p->key, p->key_len},
                .kid = {p->kid, p->kid_len},
                .cred_i = {p->cred_i, p->cred_i_len},
                .cred_r = {p->cred_r, p->cred_r_len}},
        .resume = (p->flags & PROVISIONING_RESUME) != 0,
        .sequential = (p->flags & PROVISIONING_SEQUENTIAL) != 0,
    };
}

void sensor_wipe(void)
{
}
