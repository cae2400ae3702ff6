/* The record of KUDOS as it comes back from storage. The first byte chooses the length of secrets: even 16, odd 32.
 * What is taken, written again, is the same, and an execution can begin from it; what is refused changes nothing.
 *
 * seed: 00 010110 [16]
 * seed: 00 011310 [32]
 * seed: 00 011510 [32]
 * seed: 00 012710 [48]
 * seed: 01 010720 [96]
 * seed: 00 010110 [15]
 * seed: 00 020110 [16]
 * seed: 00 013110 [16]
 * seed: 00 010010
 * seed: 00 0101 */
#include "support/fuzz.h"

FUZZ_GOALS(RESTORED, BEGUN, REFUSED);

static const uint8_t secret[32] = {1};
static husk_kudos fresh[2];
static husk_kudos_config configs[2];

void fuzz_setup(void)
{
    for (size_t i = 0; i < 2; i++) {
        husk_bytes master_secret = {secret, i == 0 ? 16 : 32};
        configs[i] = (husk_kudos_config){.aead = &fuzz_aead_8,
                                         .hash = &husk_hash_sha256,
                                         .random = {fuzz_random, NULL},
                                         .bootstrap_secret = master_secret,
                                         .recipient_id = {1, {1}},
                                         .capable = true};
        FUZZ_OK(husk_kudos_init(&fresh[i], &configs[i], master_secret));
    }
}

static void begin(husk_kudos *kudos)
{
    uint8_t out[128];
    size_t len;
    husk_oscore_context context = {0};
    husk_oscore_exchange exchange = {0};
    const husk_coap_message plain = {.code = HUSK_COAP_POST};
    FUZZ_CHECK(husk_kudos_request_protect(kudos, &context, &exchange, &plain, out, sizeof out, &len) == HUSK_ERR_STATE);
    for (unsigned i = 0; i < 5; i++) {
        FUZZ_OK(husk_kudos_start(kudos));
        FUZZ_CHECK(!husk_kudos_must_store(kudos));
        FUZZ_OK(husk_kudos_request_protect(kudos, &context, &exchange, &plain, out, sizeof out, &len));
    }
    fuzz_reached(BEGUN);
}

void fuzz_one(fuzz_input in)
{
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    unsigned which = fuzz_byte(&in) & 1;
    husk_bytes record = fuzz_rest(&in);
    husk_kudos kudos = fresh[which];
    if (husk_kudos_restore(&kudos, (husk_bytes){fuzz_exact(record.data, record.len), record.len}) != HUSK_OK) {
        FUZZ_CHECK(memcmp(&kudos, &fresh[which], sizeof kudos) == 0);
        fuzz_reached(REFUSED);
        return;
    }
    uint8_t again[HUSK_KUDOS_RECORD_MAX_BYTES];
    FUZZ_CHECK(fuzz_same(record, (husk_bytes){again, husk_kudos_record_write(&kudos, again)}));
    fuzz_reached(RESTORED);
    begin(&kudos);
}
