/* X25519 over the ladders in assembly, and as an ECDH table. */
#include "husk_cortex_m.h"

#include "ladder.h"

husk_status husk_cortex_m_x25519(uint8_t out[HUSK_X25519_BYTES], const uint8_t scalar[HUSK_X25519_BYTES],
                                 const uint8_t point[HUSK_X25519_BYTES])
{
    uint32_t x[HUSK_X25519_WORDS];
    husk_x25519_decode(x, point);
    husk_cortex_m_x25519_ladder(x, scalar, x);
    return husk_x25519_encode(out, x);
}

/* Any bytes are a private key: clamped, no multiple of the base point is the neutral element. */
static husk_status public_key(const uint8_t *private_key, uint8_t *out)
{
    uint32_t x[HUSK_X25519_WORDS];
    husk_cortex_m_x25519_ladder(x, private_key, NULL);
    return husk_x25519_encode(out, x);
}

static husk_status shared_secret(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    return husk_cortex_m_x25519(secret, private_key, peer_public_key);
}

const husk_ecdh husk_cortex_m_ecdh_x25519 = {
    .cose_curve = 4,
    .public_key = public_key,
    .shared_secret = shared_secret,
};
