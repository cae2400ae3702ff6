/* P-256 as an ECDH table. */
#include "husk/crypto.h"

#include "base/secret.h"

static husk_status public_key(const uint8_t *private_key, uint8_t *out)
{
    static const uint8_t base_point[HUSK_P256_BYTES] = {
        0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
        0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
    };
    husk_status status = husk_p256(out, private_key, base_point);
    HUSK_PUBLIC(out, HUSK_P256_BYTES);
    return status;
}

static husk_status shared_secret(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    return husk_p256(secret, private_key, peer_public_key);
}

const husk_ecdh husk_ecdh_p256 = {
    .cose_curve = 1,
    .public_key = public_key,
    .shared_secret = shared_secret,
};
