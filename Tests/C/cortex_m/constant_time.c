/* CHuskCortexM with different secrets, each a region of the cycle model (Benchmarks/cycles): constant_time.py compares
 * what they took. */
#include "husk_cortex_m.h"
#include "support/bench.h"

#define SECRETS 6

static const char *const numbers[SECRETS] = {"0", "1", "2", "3", "4", "5"};

/* All zeros, all ones, and random bytes. */
static void draw(unsigned n, uint8_t *out, size_t len)
{
    bench_check(bench_random.fill(bench_random.context, out, len) == HUSK_OK, "random bytes");
    for (size_t i = 0; i < len && n < 2; i++) {
        out[i] = n == 0 ? 0 : 0xff;
    }
}

static void x25519(unsigned n)
{
    uint8_t scalar[32], out[32];
    static const uint8_t point[32] = {5};
    draw(n, scalar, sizeof scalar);
    bench_name("x25519", numbers[n], NULL, NULL);
    BENCH_OPEN();
    husk_status status = husk_cortex_m_x25519(out, scalar, point);
    BENCH_CLOSE();
    bench_ok(status, "shared secret");
    bench_name("public_key", numbers[n], NULL, NULL);
    BENCH_OPEN();
    status = husk_cortex_m_ecdh_x25519.public_key(scalar, out);
    BENCH_CLOSE();
    bench_ok(status, "public key");
}

static void sha256(unsigned n)
{
    husk_hash_state state;
    uint8_t block[64];
    draw(n, block, sizeof block);
    husk_cortex_m_hash_sha256.init(&state);
    bench_name("sha256", numbers[n], NULL, NULL);
    BENCH_OPEN();
    husk_cortex_m_hash_sha256.update(&state, block, sizeof block);
    BENCH_CLOSE();
}

static void seal(const char *name, const husk_aead *aead, unsigned n)
{
    static const uint8_t nonce[13] = {1};
    uint8_t key[32], text[32 + 16];
    draw(n, key, sizeof key);
    draw(n, text, sizeof text);
    bench_name(name, numbers[n], NULL, NULL);
    BENCH_OPEN();
    husk_status status = aead->seal(aead, key, nonce, NULL, 0, text, 32);
    BENCH_CLOSE();
    bench_ok(status, "seal");
}

/* A loop that ends when it knows: what must be found. */
static void planted(unsigned n)
{
    uint8_t secret[4];
    draw(n, secret, sizeof secret);
    volatile unsigned steps = 0;
    bench_name("planted", numbers[n], NULL, NULL);
    BENCH_OPEN();
    while (steps < sizeof secret && secret[steps] == 0) {
        steps++;
    }
    BENCH_CLOSE();
}

int main(void)
{
    for (unsigned n = 0; n < SECRETS; n++) {
        x25519(n);
        sha256(n);
        seal("aes_ccm", &husk_cortex_m_aead_aes_ccm_16_64_128, n);
        seal("chacha20_poly1305", &husk_cortex_m_aead_chacha20_poly1305, n);
        planted(n);
    }
    return 0;
}
