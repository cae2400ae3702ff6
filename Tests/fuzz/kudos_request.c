/* Requests that a side with KUDOS receives (draft-ietf-core-oscore-key-update-14 section 4.3). The first byte chooses
 * a moment of an honest execution (modulo 6), and with bit 7 that the random hook fails; the second the room for
 * keeping the ciphertext; the third what arrives, see fuzz_kudos_make in support/kudos.h. What is accepted is
 * answered.
 *
 * seed: 00 40 02
 * seed: 01 40 02
 * seed: 02 40 02
 * seed: 03 40 02
 * seed: 04 40 02
 * seed: 05 40 02
 * seed: 80 40 02
 * seed: 00 00 02 2801
 * seed: 00 40 01 01b174
 * seed: 02 40 01 4400
 * seed: 00 40 03 0c 89010007018a278f7faab55a 01b174
 * seed: 01 40 03 0c 89010047018a278f7faab55a 01b174
 * seed: 05 40 03 0c 89010017018a278f7faab55a 01b174
 * seed: 00 40 03 02 0900 01b174
 * seed: 00 40 00 {rfc8613.c4.request}
 * seed: 00 40 03 05 8901000700 01b174 */
#include "support/kudos.h"

FUZZ_GOALS(PLAIN, DIVERGENT, CONFIRMED, ANSWERED, REFUSED, NOT_A_REQUEST, NO_RANDOM, NOBODY);

void fuzz_setup(void)
{
    fuzz_kudos_setup();
}

/* The answer, twice from the same state: equal. */
static void answer(const fuzz_side *side)
{
    uint8_t first[128];
    uint8_t second[128];
    size_t len;
    size_t again_len;
    fuzz_side a = *side;
    fuzz_side b = *side;
    const husk_coap_message plain = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED};
    husk_status status =
        husk_kudos_response_protect(&a.kudos, &a.context, &a.served, &plain, first, sizeof first, &len);
    FUZZ_CHECK(status == HUSK_OK || status == HUSK_ERR_EXHAUSTED);
    if (status != HUSK_OK) {
        return;
    }
    FUZZ_OK(husk_kudos_response_protect(&b.kudos, &b.context, &b.served, &plain, second, sizeof second, &again_len));
    FUZZ_CHECK(len == again_len && memcmp(first, second, len) == 0);
    fuzz_reached(ANSWERED);
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    size_t spare_cap = fuzz_byte(&in);
    const fuzz_moment *moment = &fuzz_request_moments[(choice & 0x7f) % FUZZ_REQUEST_MOMENTS];
    fuzz_side side = moment->side;
    husk_coap_message inner;
    uint8_t event;
    bool changed;
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    fuzz_datagram datagram = fuzz_kudos_make(moment, true, &in, &changed);
    fuzz_kudos_no_random = (choice & 0x80) != 0;
    husk_status status = fuzz_kudos_receive(&side, true, datagram, spare_cap, &inner, &event);
    bool no_random = fuzz_kudos_no_random;
    fuzz_kudos_no_random = false;
    FUZZ_CHECK(changed || no_random || (status == HUSK_OK && event == moment->event) || spare_cap < 16);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status != HUSK_ERR_RANDOM || no_random);
        fuzz_reached(status == HUSK_ERR_RANDOM              ? NO_RANDOM
                     : status == HUSK_ERR_CONTEXT           ? NOBODY
                     : fuzz_aead_opened() > 0               ? NOT_A_REQUEST
                                                            : REFUSED);
        return;
    }
    FUZZ_CHECK(event != HUSK_KUDOS_ESTABLISHED || husk_kudos_is_running(&side.kudos) == false);
    fuzz_reached(event == HUSK_KUDOS_DIVERGENT ? DIVERGENT : event == HUSK_KUDOS_CONFIRMED ? CONFIRMED : PLAIN);
    fuzz_aead_trust(false);
    answer(&side);
}
