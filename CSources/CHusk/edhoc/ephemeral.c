/* Ephemeral key pairs, from the caller's random hook. */
#include "edhoc/ephemeral.h"

/* Random bytes are out of range for P-256 with a probability below 2^-32: more than a few times in a row means that the
 * hook does not give random bytes. */
#define DRAWS_MAX 4

husk_status husk_edhoc_ephemeral(const husk_edhoc_config *config, const husk_suite *suite, uint8_t *private_key,
                                 uint8_t *public_key)
{
    for (int draw = 0; draw < DRAWS_MAX; draw++) {
        if (config->random.fill(config->random.context, private_key, HUSK_ECDH_BYTES) != HUSK_OK) {
            break;
        }
        if (suite->ecdh->public_key(private_key, public_key) == HUSK_OK) {
            return HUSK_OK;
        }
    }
    husk_wipe(private_key, HUSK_ECDH_BYTES);
    husk_wipe(public_key, HUSK_ECDH_BYTES);
    return HUSK_ERR_RANDOM;
}
