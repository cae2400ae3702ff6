/* X25519, Pornin's for Cortex-M0 or Lenngren's for Cortex-M4: one shared secret, which is ours too. */
#include "../support/bench.h"

#include <string.h>

#if defined(__ARM_ARCH_6M__)
void x25519(void *secret, const void *theirs, const void *own);
#else
void curve25519_scalarmult(uint8_t secret[32], const uint8_t own[32], const uint8_t theirs[32]);
#define x25519(secret, theirs, own) curve25519_scalarmult(secret, own, theirs)
#endif

int main(void)
{
    static const uint8_t a[32] = {0x77, 0x07, 0x6d, 0x0a}, b[32] = {0x5d, 0xab, 0x08, 0x7e};
    static uint8_t public_key[32], secret[32], expected[32];
    bench_ok(husk_ecdh_x25519.public_key(b, public_key), "public key");
    bench_ok(husk_ecdh_x25519.shared_secret(a, public_key, expected), "shared secret");
    bench_name("x25519", NULL, NULL, NULL);
    BENCH_OPEN();
    x25519(secret, public_key, a);
    BENCH_CLOSE();
    bench_check(memcmp(secret, expected, sizeof secret) == 0, "the same secret");
    return 0;
}
