/* Lenngren's P-256 for Cortex-M4: the four operations of ECDH and ECDSA. The shared secret is ours too. */
#include "../support/bench.h"

#include "p256-cortex-m4.h"

#include <string.h>

static const uint32_t own[8] = {0x6d070777, 0x7d5a1873, 0x1234, 5, 6, 7, 8, 0x09abcdef};
static const uint32_t theirs[8] = {0x7e08ab5d, 0x8a624b62, 0x4321, 8, 7, 6, 5, 0x0bcdef01};
static const uint32_t nonce[8] = {0x0badcafe, 11, 12, 13, 14, 15, 16, 0x1fedcba9};
static const uint8_t digest[32] = {0x9f, 0x86, 0xd0, 0x81};

int main(void)
{
    static uint32_t x[8], y[8], their_x[8], their_y[8], r[8], s[8];
    static uint8_t secret[32], expected[32], private_key[32], public_key[32];
    bench_name("key_generation", NULL, NULL, NULL);
    BENCH_OPEN();
    bool fine = p256_keygen(x, y, own);
    BENCH_CLOSE();
    bench_check(fine && p256_keygen(their_x, their_y, theirs), "key generation");

    bench_name("ecdh", NULL, NULL, NULL);
    BENCH_OPEN();
    fine = p256_ecdh_calc_shared_secret(secret, own, their_x, their_y);
    BENCH_CLOSE();
    bench_check(fine, "ECDH");
    p256_convert_endianness(private_key, own, sizeof private_key);
    p256_convert_endianness(public_key, their_x, sizeof public_key);
    bench_ok(husk_ecdh_p256.shared_secret(private_key, public_key, expected), "shared secret");
    bench_check(memcmp(secret, expected, sizeof secret) == 0, "the same secret");

    bench_name("ecdsa_sign", NULL, NULL, NULL);
    BENCH_OPEN();
    fine = p256_sign(r, s, digest, sizeof digest, own, nonce);
    BENCH_CLOSE();
    bench_check(fine, "signature");

    bench_name("ecdsa_verify", NULL, NULL, NULL);
    BENCH_OPEN();
    fine = p256_verify(x, y, digest, sizeof digest, r, s);
    BENCH_CLOSE();
    bench_check(fine, "verification");
    r[0] ^= 1;
    bench_check(!p256_verify(x, y, digest, sizeof digest, r, s), "another signature is refused");
    return 0;
}
