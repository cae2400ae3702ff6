/* EDHOC message_1 (RFC 9528 section 5.2), for a Responder with suites 2, 3 and 5 that takes pre-shared and static
 * keys. What is accepted is answered with message_2, whatever the keys.
 *
 * seed: {edhoc_psk.message_1}
 * seed: {rfc9529.message_1}
 * seed: {rfc9529.message_1_first}
 * seed: 04025820 [32] 0a 01 20 4401020304
 * seed: 04025820 [32] 0a 22
 * seed: 04025820ff [31] 0a
 * seed: 0403581f [31] 0a
 * seed: 00025820 [32] 0a
 * seed: 0483060203 5820 [32] 4101
 * seed: 04025820 [32] 4701020304050607
 * seed: 04025820 [32] 480102030405060708
 * seed: 04025820 [32] 05
 * seed: 04055820 [32] 46010203040506
 * seed: 04055820 [32] 4701020304050607 */
#include "support/edhoc.h"

FUZZ_GOALS(PSK, STATIC, ANSWERED, BAD_KEY, METHOD, SUITE, EAD, FORMAT, UNSUPPORTED, IDENTIFIER);

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
}

static void check_refusal(husk_status status)
{
    switch (status) {
    case HUSK_ERR_METHOD:
        fuzz_reached(METHOD);
        return;
    case HUSK_ERR_SUITE:
        fuzz_reached(SUITE);
        return;
    case HUSK_ERR_EAD:
        fuzz_reached(EAD);
        return;
    case HUSK_ERR_UNSUPPORTED:
        fuzz_reached(UNSUPPORTED);
        return;
    default:
        FUZZ_CHECK(status == HUSK_ERR_FORMAT);
        fuzz_reached(FORMAT);
    }
}

static husk_status compose_2(husk_edhoc *session, uint8_t *out, size_t cap, size_t *len)
{
    const husk_bytes none = {NULL, 0};
    const husk_id *c_r = &fuzz_psk_trace.c_r;
    return session->method == HUSK_EDHOC_METHOD_PSK
               ? husk_edhoc_message_2_compose(session, c_r, none, out, cap, len)
               : husk_edhoc_static_message_2_compose(session, &fuzz_own_r, c_r, none, out, cap, len);
}

/* Message 2 twice from the same state: equal; with a byte less room than it needs: an error. */
static void answer(const husk_edhoc *session)
{
    uint8_t first[64];
    uint8_t second[64];
    size_t len;
    size_t again_len;
    husk_edhoc a = *session;
    husk_status status = compose_2(&a, first, sizeof first, &len);
    if (status != HUSK_OK) {
        FUZZ_CHECK(status == HUSK_ERR_PUBLIC_KEY || status == HUSK_ERR_IDENTIFIER);
        FUZZ_CHECK(memcmp(&a, session, sizeof a) == 0);
        fuzz_reached(status == HUSK_ERR_PUBLIC_KEY ? BAD_KEY : IDENTIFIER);
        return;
    }
    husk_edhoc b = *session;
    FUZZ_CHECK(compose_2(&b, second, len - 1, &again_len) == HUSK_ERR_BUFFER && b.phase == session->phase);
    b = *session;
    FUZZ_OK(compose_2(&b, second, len, &again_len));
    FUZZ_CHECK(len == again_len && memcmp(first, second, len) == 0 && memcmp(&a, &b, sizeof a) == 0);
    FUZZ_CHECK(session->method == HUSK_EDHOC_METHOD_STATIC || len <= HUSK_EDHOC_MESSAGE_2_MAX_BYTES);
    fuzz_reached(ANSWERED);
}

void fuzz_one(fuzz_input in)
{
    fuzz_aead_begin(false);
    const uint8_t *message = fuzz_exact(in.data, in.len);
    husk_edhoc session = fuzz_psk_trace.start;
    husk_edhoc again = session;
    husk_bytes ead_1 = {NULL, 0};
    husk_status status = husk_edhoc_message_1_process(&session, message, in.len, &ead_1);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&session, &fuzz_psk_trace.start, sizeof session) == 0);
        check_refusal(status);
        return;
    }
    FUZZ_OK(husk_edhoc_message_1_process(&again, message, in.len, NULL));
    FUZZ_CHECK(memcmp(&session, &again, sizeof session) == 0);
    FUZZ_CHECK(session.phase == HUSK_EDHOC_RESPONDER_SEND_2 && session.suite_index < 3);
    const husk_suite *suite = session.config->suites[session.suite_index];
    FUZZ_CHECK(session.c_i.len <= suite->app_aead->nonce_bytes - 6);
    fuzz_check_inside(ead_1, message, in.len);
    FUZZ_CHECK(fuzz_ead_verdict(ead_1) == HUSK_OK);
    fuzz_reached(session.method == HUSK_EDHOC_METHOD_PSK ? PSK : STATIC);
    FUZZ_CHECK(husk_edhoc_message_1_process(&again, message, in.len, NULL) == HUSK_ERR_STATE);
    answer(&session);
}
