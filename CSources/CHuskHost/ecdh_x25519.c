/* X25519 of libsodium as an ECDH table. It refuses what gives the zero secret, as the core does. What it leaves on the
 * stack of the private key is wiped. */
#include "husk_host.h"

#include <sodium.h>

/* More than any of its implementations uses. */
#define STACK_BYTES 4096

static husk_status public_key(const uint8_t *private_key, uint8_t *out)
{
    crypto_scalarmult_curve25519_base(out, private_key);
    sodium_stackzero(STACK_BYTES);
    return HUSK_OK;
}

static husk_status shared_secret(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    int refused = crypto_scalarmult_curve25519(secret, private_key, peer_public_key);
    sodium_stackzero(STACK_BYTES);
    if (refused != 0) {
        sodium_memzero(secret, HUSK_ECDH_BYTES);
        return HUSK_ERR_PUBLIC_KEY;
    }
    return HUSK_OK;
}

const husk_ecdh husk_host_ecdh_x25519 = {
    .cose_curve = 4,
    .public_key = public_key,
    .shared_secret = shared_secret,
};
