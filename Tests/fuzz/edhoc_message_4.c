/* EDHOC message_4 (RFC 9528 section 5.5), of a handshake with pre-shared or static keys. Of the first byte, bit 2
 * chooses the handshake, the rest: 0 the message as it is; 1 the rest is PLAINTEXT_4, which is trusted (see fuzz.h); 2
 * the rest is EAD_4, composed by the Responder.
 *
 * seed: 00 {edhoc_psk.message_4}
 * seed: 04 {rfc9529.message_4}
 * seed: 00 {rfc9529.message_4}
 * seed: 00 0202
 * seed: 00 47 [7]
 * seed: 01 01 20 4401020304
 * seed: 01 22
 * seed: 01 39ffff
 * seed: 02 01 20 4401020304
 * seed: 06 22 */
#include "support/edhoc.h"

FUZZ_GOALS(PSK, STATIC, COMPOSED, NOT_VERIFIED, ERROR_MESSAGE, EAD, MALFORMED);

#define TEXT_MAX 2048

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
}

static void check_refusal(husk_status status)
{
    switch (status) {
    case HUSK_ERR_PEER:
        fuzz_reached(ERROR_MESSAGE);
        return;
    case HUSK_ERR_AUTHENTICATION:
        fuzz_check_no_plaintext();
        fuzz_reached(NOT_VERIFIED);
        return;
    case HUSK_ERR_EAD:
        fuzz_reached(EAD);
        return;
    default:
        FUZZ_CHECK(status == HUSK_ERR_FORMAT);
        fuzz_reached(MALFORMED);
    }
}

static husk_status process(const fuzz_trace *trace, uint8_t *message, size_t len, husk_bytes *ead_4)
{
    husk_edhoc session = trace->sent_3;
    husk_status status = husk_edhoc_message_4_process(&session, message, len, ead_4);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&session, &trace->sent_3, sizeof session) == 0);
        check_refusal(status);
        return status;
    }
    FUZZ_CHECK(session.phase == HUSK_EDHOC_DONE && fuzz_aead_opened() > 0);
    fuzz_check_inside(*ead_4, message, len);
    uint8_t left[sizeof session.state.keyed.k_4] = {0};
    FUZZ_CHECK(memcmp(session.state.keyed.k_4, left, sizeof left) == 0);
    fuzz_reached(trace == &fuzz_psk_trace ? PSK : STATIC);
    return HUSK_OK;
}

static void compose_and_process(const fuzz_trace *trace, husk_bytes ead)
{
    static uint8_t out[HUSK_EDHOC_MESSAGE_4_MAX_BYTES + HUSK_EDHOC_EAD_OVERHEAD_BYTES + TEXT_MAX];
    husk_edhoc responder = trace->got_3;
    size_t len;
    size_t cap = HUSK_EDHOC_MESSAGE_4_MAX_BYTES + HUSK_EDHOC_EAD_OVERHEAD_BYTES + ead.len;
    husk_status status = husk_edhoc_message_4_compose(&responder, ead, out, cap, &len);
    husk_status verdict = fuzz_ead_verdict(ead);
    FUZZ_CHECK(status == (verdict == HUSK_ERR_FORMAT ? HUSK_ERR_ARGUMENT : HUSK_OK));
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&responder, &trace->got_3, sizeof responder) == 0);
        return;
    }
    husk_bytes received = {NULL, 0};
    FUZZ_CHECK(process(trace, fuzz_exact(out, len), len, &received) == verdict);
    FUZZ_CHECK(verdict != HUSK_OK || fuzz_same(received, ead));
    fuzz_reached(COMPOSED);
}

static void vouch_and_process(const fuzz_trace *trace, husk_bytes plaintext_4)
{
    uint8_t content[TEXT_MAX + HUSK_AEAD_TAG_MAX_BYTES] = {0};
    husk_bytes received = {NULL, 0};
    size_t len;
    if (plaintext_4.len > 0) {
        memcpy(content, plaintext_4.data, plaintext_4.len);
    }
    fuzz_conceal(content, plaintext_4.len);
    uint8_t *message = fuzz_wrap(content, plaintext_4.len + fuzz_aead_8.tag_bytes, &len);
    FUZZ_CHECK(process(trace, message, len, &received) == fuzz_ead_verdict(plaintext_4));
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    const fuzz_trace *trace = (choice & 4) != 0 ? &fuzz_static_trace : &fuzz_psk_trace;
    husk_bytes rest = fuzz_take(&in, TEXT_MAX);
    husk_bytes ead_4;
    fuzz_aead_begin((choice & 3) == 1);
    switch (choice & 3) {
    case 1:
        vouch_and_process(trace, rest);
        return;
    case 2:
        compose_and_process(trace, rest);
        return;
    default:
        (void)process(trace, fuzz_exact(rest.data, rest.len), rest.len, &ead_4);
    }
}
