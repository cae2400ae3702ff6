/* Responses that a side with KUDOS receives (draft-ietf-core-oscore-key-update-14 section 4.3). The first byte chooses
 * a moment of an honest execution (modulo 4), and with bit 7 that the random hook fails; the second the room for
 * keeping the ciphertext; the third what arrives, see fuzz_kudos_make in support/kudos.h. After what is accepted a
 * request goes out.
 *
 * seed: 00 40 02
 * seed: 01 40 02
 * seed: 02 40 02
 * seed: 03 40 02
 * seed: 82 40 02
 * seed: 00 40 02 2001
 * seed: 00 40 01 44
 * seed: 01 40 01 01
 * seed: 00 40 03 0b 8101004725a8991cd700ac 44
 * seed: 00 40 03 0b 8101004725a8991cd700ac01 44
 * seed: 03 40 03 0b 8101005725a8991cd700ac01 44
 * seed: 00 40 03 00 44
 * seed: 00 40 00 {rfc8613.c7.response} */
#include "support/kudos.h"

FUZZ_GOALS(PLAIN, DIVERGENT, ESTABLISHED, ASKED, REFUSED, NOT_A_RESPONSE, NO_RANDOM, NOBODY);

void fuzz_setup(void)
{
    fuzz_kudos_setup();
}

/* The next request, twice from the same state: equal. */
static void ask(const fuzz_side *side)
{
    uint8_t first[128];
    uint8_t second[128];
    size_t len;
    size_t again_len;
    fuzz_side a = *side;
    fuzz_side b = *side;
    const husk_coap_message plain = {.code = HUSK_COAP_GET};
    husk_status status = husk_kudos_request_protect(&a.kudos, &a.context, &a.asked, &plain, first, sizeof first, &len);
    FUZZ_CHECK(status == HUSK_OK || status == HUSK_ERR_EXHAUSTED);
    if (status != HUSK_OK) {
        return;
    }
    FUZZ_OK(husk_kudos_request_protect(&b.kudos, &b.context, &b.asked, &plain, second, sizeof second, &again_len));
    FUZZ_CHECK(len == again_len && memcmp(first, second, len) == 0);
    fuzz_reached(ASKED);
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    size_t spare_cap = fuzz_byte(&in);
    const fuzz_moment *moment = &fuzz_response_moments[(choice & 0x7f) % FUZZ_RESPONSE_MOMENTS];
    fuzz_side side = moment->side;
    husk_coap_message inner;
    uint8_t event;
    bool changed;
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    fuzz_datagram datagram = fuzz_kudos_make(moment, false, &in, &changed);
    fuzz_kudos_no_random = (choice & 0x80) != 0;
    husk_status status = fuzz_kudos_receive(&side, false, datagram, spare_cap, &inner, &event);
    bool no_random = fuzz_kudos_no_random;
    fuzz_kudos_no_random = false;
    FUZZ_CHECK(changed || no_random || (status == HUSK_OK && event == moment->event) || spare_cap < 16);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status != HUSK_ERR_RANDOM || no_random);
        fuzz_reached(status == HUSK_ERR_RANDOM              ? NO_RANDOM
                     : status == HUSK_ERR_CONTEXT           ? NOBODY
                     : fuzz_aead_opened() > 0               ? NOT_A_RESPONSE
                                                            : REFUSED);
        return;
    }
    fuzz_reached(event == HUSK_KUDOS_DIVERGENT ? DIVERGENT : event == HUSK_KUDOS_ESTABLISHED ? ESTABLISHED : PLAIN);
    fuzz_aead_trust(false);
    ask(&side);
}
