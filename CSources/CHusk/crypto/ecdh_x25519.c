/* X25519 as an ECDH table. */
#include "husk/crypto.h"

#include "base/secret.h"

/* Any bytes are a private key: clamped, no multiple of the base point is the neutral element. */
static husk_status public_key(const uint8_t *private_key, uint8_t *out)
{
    static const uint8_t base_point[HUSK_X25519_BYTES] = {9};
    husk_status status = husk_x25519(out, private_key, base_point);
    HUSK_PUBLIC(out, HUSK_X25519_BYTES);
    return status;
}

static husk_status shared_secret(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    return husk_x25519(secret, private_key, peer_public_key);
}

const husk_ecdh husk_ecdh_x25519 = {
    .cose_curve = 4,
    .public_key = public_key,
    .shared_secret = shared_secret,
};
