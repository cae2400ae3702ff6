/* The sensor of the symmetric-only profile: KUDOS from a provisioned OSCORE secret. There is no Diffie-Hellman in it. */
#include "board.h"
#include "endpoint.h"
#include "sensor.h"

static husk_kudos kudos;
static husk_kudos_config kudos_config;

const size_t sensor_state_bytes = sizeof kudos;

static husk_status fill_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    return board_random(out, len) ? HUSK_OK : HUSK_ERR_RANDOM;
}

husk_device_config sensor_configure(const provisioning *p)
{
    if (p->profile != PROVISIONING_PROFILE_KUDOS) {
        endpoint_give_up("the provisioning is for another profile than KUDOS", HUSK_OK, EXIT_NOT_PROVISIONED);
    }
    kudos_config = (husk_kudos_config){
        .aead = &husk_aead_aes_ccm_16_64_128,
        .hash = &husk_hash_sha256,
        .random = {.fill = fill_random},
        .bootstrap_secret = {p->key, p->key_len},
        .capable = (p->flags & PROVISIONING_KUDOS_FS) != 0,
    };
    /* Lengths were checked: both identifiers fit. */
    (void)husk_id_set(&kudos_config.sender_id, p->kid, p->kid_len);
    (void)husk_id_set(&kudos_config.recipient_id, p->cred_i, p->cred_i_len);
    return (husk_device_config){
        .profile = &husk_profile_kudos,
        .kudos = &kudos,
        .kudos_config = &kudos_config,
    };
}

void sensor_wipe(void)
{
    husk_kudos_wipe(&kudos);
}
