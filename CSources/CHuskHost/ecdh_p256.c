/* P-256 of libcrypto as an ECDH table.
 *
 * Implementation notes
 *
 * Keys travel as x-coordinates, so there are two points for each, (x, y) and (x, -y); both give the same x of the
 * product, and either is taken. Finding y is the proof that there is such a point: the curve has cofactor 1, so every
 * point but the neutral element, which has no x, is of prime order, and no product with a valid private key is neutral.
 *
 * Constant time: one multiplication by one secret number is what libcrypto does for its own ECDH and key generation,
 * with the same function; on x86-64, ARMv8 and POWER that is code for this curve whose table is read whole at each
 * step. The comparisons here are of public data, but for the range of a private key, which leaks whether random bytes
 * are valid. Numbers made of secrets are cleared before they are given back. */
#include "ecdh_p256.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <sodium.h>
#include <string.h>

/* Made once, before it is used; read by any thread after that. */
static EC_GROUP *group;

bool husk_host_p256_init(void)
{
    group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    return group != NULL;
}

/* What a multiplication needs: all NULL at first, given back together. */
typedef struct work {
    BN_CTX *context;
    BIGNUM *scalar;
    BIGNUM *x;
    EC_POINT *point;
    EC_POINT *product;
} work;

static bool work_init(work *w)
{
    memset(w, 0, sizeof *w);
    w->context = BN_CTX_secure_new();
    w->scalar = BN_new();
    w->x = BN_new();
    w->point = EC_POINT_new(group);
    w->product = EC_POINT_new(group);
    return w->context != NULL && w->scalar != NULL && w->x != NULL && w->point != NULL && w->product != NULL;
}

static void work_free(work *w)
{
    EC_POINT_clear_free(w->product);
    EC_POINT_free(w->point);
    BN_clear_free(w->x);
    BN_clear_free(w->scalar);
    BN_CTX_free(w->context);
}

/* The number of a private key, from 1 to the order less 1. */
static bool read_scalar(work *w, const uint8_t *private_key)
{
    if (BN_bin2bn(private_key, HUSK_P256_BYTES, w->scalar) == NULL) {
        return false;
    }
    BN_set_flags(w->scalar, BN_FLG_CONSTTIME);
    return !BN_is_zero(w->scalar) && BN_cmp(w->scalar, EC_GROUP_get0_order(group)) < 0;
}

/* Writes the x-coordinate of the product. */
static bool write_x(work *w, uint8_t *out)
{
    return EC_POINT_get_affine_coordinates(group, w->product, w->x, NULL, w->context) == 1 &&
           BN_bn2binpad(w->x, out, HUSK_P256_BYTES) == HUSK_P256_BYTES;
}

/* A point with that x-coordinate. One that is not below p is refused: libcrypto would reduce it. */
static bool read_point(work *w, const uint8_t *x)
{
    return BN_bin2bn(x, HUSK_P256_BYTES, w->x) != NULL && BN_cmp(w->x, EC_GROUP_get0_field(group)) < 0 &&
           EC_POINT_set_compressed_coordinates(group, w->point, w->x, 0, w->context) == 1;
}

static husk_status public_key(const uint8_t *private_key, uint8_t *out)
{
    work w;
    bool good = work_init(&w) && read_scalar(&w, private_key) &&
                EC_POINT_mul(group, w.product, w.scalar, NULL, NULL, w.context) == 1 && write_x(&w, out);
    work_free(&w);
    if (!good) {
        sodium_memzero(out, HUSK_P256_BYTES);
        return HUSK_ERR_RANDOM;
    }
    return HUSK_OK;
}

static husk_status multiply(work *w, const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    if (!work_init(w) || !read_scalar(w, private_key)) {
        return HUSK_ERR_RANDOM;
    }
    if (!read_point(w, peer_public_key)) {
        return HUSK_ERR_PUBLIC_KEY;
    }
    if (EC_POINT_mul(group, w->product, NULL, w->point, w->scalar, w->context) != 1 || !write_x(w, secret)) {
        return HUSK_ERR_RANDOM;
    }
    return HUSK_OK;
}

static husk_status shared_secret(const uint8_t *private_key, const uint8_t *peer_public_key, uint8_t *secret)
{
    work w;
    husk_status status = multiply(&w, private_key, peer_public_key, secret);
    work_free(&w);
    if (status != HUSK_OK) {
        sodium_memzero(secret, HUSK_P256_BYTES);
    }
    return status;
}

const husk_ecdh husk_host_ecdh_p256 = {
    .cose_curve = 1,
    .public_key = public_key,
    .shared_secret = shared_secret,
};
