/* EDHOC message_3 with static Diffie-Hellman keys (RFC 9528 section 5.4). The first byte chooses: 0 the message as it
 * is; 1 the rest is PLAINTEXT_3, which is trusted (see fuzz.h); 2 the rest is EAD_3, composed by the Initiator; 3 the
 * rest patches the message of the trace.
 *
 * seed: 00 {rfc9529.message_3}
 * seed: 00 0202
 * seed: 00 47 [7]
 * seed: 01 {rfc9529.plaintext_3}
 * seed: 01 {rfc9529.plaintext_3} 01
 * seed: 01 {rfc9529.plaintext_3} 22
 * seed: 01 2a 48 [8]
 * seed: 01 2b 47 [7]
 * seed: 02 01 20 4401020304
 * seed: 02 22
 * seed: 03
 * seed: 03 0501 */
#include "support/edhoc.h"

FUZZ_GOALS(OPENED, ACCEPTED, COMPOSED, NOT_DECRYPTED, WRONG_MAC, NOBODY, ERROR_MESSAGE, EAD, MALFORMED);

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
        fuzz_reached(NOT_DECRYPTED);
        return;
    case HUSK_ERR_EAD:
        fuzz_reached(EAD);
        return;
    default:
        FUZZ_CHECK(status == HUSK_ERR_FORMAT);
        fuzz_reached(MALFORMED);
    }
}

static husk_status process(uint8_t *message, size_t len, husk_bytes *ead_3)
{
    const husk_edhoc *before = &fuzz_static_trace.sent_2;
    husk_edhoc session = *before;
    husk_bytes plaintext_3;
    husk_bytes kid;
    unsigned opened = fuzz_aead_opened();
    husk_status status = husk_edhoc_static_message_3_open(&session, message, len, &plaintext_3, &kid);
    FUZZ_CHECK(memcmp(&session, before, sizeof session) == 0);
    if (status != HUSK_OK) {
        if (fuzz_aead_opened() > opened || status == HUSK_ERR_AUTHENTICATION) {
            fuzz_check_no_plaintext();
        }
        check_refusal(status);
        return status;
    }
    fuzz_check_inside(plaintext_3, message, len);
    fuzz_check_inside(kid, plaintext_3.data, plaintext_3.len);
    fuzz_reached(OPENED);
    status = husk_edhoc_static_message_3_process(&session, &fuzz_seen_i, plaintext_3, ead_3);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&session, before, sizeof session) == 0);
        FUZZ_CHECK(status == (fuzz_same(kid, fuzz_seen_i.kid) ? HUSK_ERR_AUTHENTICATION : HUSK_ERR_CREDENTIAL));
        fuzz_reached(status == HUSK_ERR_CREDENTIAL ? NOBODY : WRONG_MAC);
        return status;
    }
    FUZZ_CHECK(session.phase == HUSK_EDHOC_RESPONDER_SEND_4);
    fuzz_check_inside(*ead_3, message, len);
    fuzz_reached(ACCEPTED);
    return HUSK_OK;
}

static void compose_and_process(husk_bytes ead)
{
    static uint8_t out[64 + TEXT_MAX];
    husk_edhoc initiator = fuzz_static_trace.got_2;
    size_t len;
    husk_status status = husk_edhoc_static_message_3_compose(&initiator, &fuzz_own_i, ead, out, sizeof out, &len);
    husk_status verdict = fuzz_ead_verdict(ead);
    FUZZ_CHECK(status == (verdict == HUSK_ERR_FORMAT ? HUSK_ERR_ARGUMENT : HUSK_OK));
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&initiator, &fuzz_static_trace.got_2, sizeof initiator) == 0);
        return;
    }
    husk_bytes received = {NULL, 0};
    FUZZ_CHECK(process(fuzz_exact(out, len), len, &received) == verdict);
    FUZZ_CHECK(verdict != HUSK_OK || fuzz_same(received, ead));
    fuzz_reached(COMPOSED);
}

static uint8_t *vouch(husk_bytes plaintext_3, size_t *len)
{
    uint8_t content[TEXT_MAX + HUSK_AEAD_TAG_MAX_BYTES] = {0};
    if (plaintext_3.len > 0) {
        memcpy(content, plaintext_3.data, plaintext_3.len);
    }
    fuzz_conceal(content, plaintext_3.len);
    return fuzz_wrap(content, plaintext_3.len + fuzz_aead_8.tag_bytes, len);
}

void fuzz_one(fuzz_input in)
{
    uint8_t mode = fuzz_byte(&in) % 4;
    husk_bytes ead_3 = {NULL, 0};
    size_t len;
    uint8_t *message;
    fuzz_aead_begin(mode == 1);
    if (mode == 3) {
        len = fuzz_static_trace.message_len[3];
        message = fuzz_exact(fuzz_static_trace.message[3], len);
        bool changed = fuzz_patch(&in, message, len);
        FUZZ_CHECK((process(message, len, &ead_3) == HUSK_OK) == !changed);
        return;
    }
    husk_bytes rest = fuzz_take(&in, TEXT_MAX);
    switch (mode) {
    case 1:
        message = vouch(rest, &len);
        (void)process(message, len, &ead_3);
        return;
    case 2:
        compose_and_process(rest);
        return;
    default:
        (void)process(fuzz_exact(rest.data, rest.len), rest.len, &ead_3);
    }
}
