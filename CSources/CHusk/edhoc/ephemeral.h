/* Ephemeral key pairs. */
#ifndef HUSK_EDHOC_EPHEMERAL_H
#define HUSK_EDHOC_EPHEMERAL_H

#include "husk/edhoc.h"

/* Draws a key pair on the suite's curve. HUSK_ERR_RANDOM, with both outputs wiped, if the random hook fails or keeps
 * giving bytes that are no private key. */
husk_status husk_edhoc_ephemeral(const husk_edhoc_config *config, const husk_suite *suite, uint8_t *private_key,
                                 uint8_t *public_key);

#endif
