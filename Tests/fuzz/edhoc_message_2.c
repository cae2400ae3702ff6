/* EDHOC message_2 with pre-shared keys (draft-ietf-lake-edhoc-psk-08 section 5.2). The first byte chooses: 0 the
 * message as it is; 1 the rest is PLAINTEXT_2A, encrypted under the G_Y of the trace; 2 the rest is EAD_2, composed by
 * the Responder. What is accepted is answered with message_3.
 *
 * seed: 00 {edhoc_psk.message_2}
 * seed: 00 0202
 * seed: 00 5820 [32]
 * seed: 00 5821ff [32]
 * seed: 01 05
 * seed: 01 05 01 20 4401020304
 * seed: 01 05 22
 * seed: 01 0a
 * seed: 01 4701020304050607
 * seed: 01 480102030405060708
 * seed: 01 05 39ffff
 * seed: 02 01 20 4401020304
 * seed: 02 22 */
#include "edhoc/key_schedule.h"
#include "support/edhoc.h"

FUZZ_GOALS(ACCEPTED, COMPOSED, ERROR_MESSAGE, BAD_KEY, IDENTIFIER, EAD, UNSUPPORTED, MALFORMED);

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
}

#define TEXT_MAX 2048

/* G_Y of the trace, and PLAINTEXT_2A under the key that goes with it. */
static uint8_t *encrypt(husk_bytes plaintext_2a, size_t *len)
{
    uint8_t content[HUSK_ECDH_BYTES + TEXT_MAX];
    const husk_edhoc *r = &fuzz_psk_trace.got_1;
    uint8_t *text = content + HUSK_ECDH_BYTES;
    uint8_t secret[HUSK_ECDH_BYTES];
    uint8_t th_2[HUSK_HASH_MAX_BYTES];
    memcpy(content, fuzz_psk_trace.message[2] + 2, HUSK_ECDH_BYTES);
    if (plaintext_2a.len > 0) {
        memcpy(text, plaintext_2a.data, plaintext_2a.len);
    }
    FUZZ_OK(fuzz_ecdh.shared_secret(fuzz_psk_trace.responder_config.random.context, r->state.send_2.g_x, secret));
    husk_edhoc_prk_2e(&husk_hash_sha256, content, r->state.send_2.h_message_1, secret, th_2);
    FUZZ_OK(husk_edhoc_keystream_2(&husk_hash_sha256, secret, th_2, text, plaintext_2a.len));
    return fuzz_wrap(content, HUSK_ECDH_BYTES + plaintext_2a.len, len);
}

static void check_refusal(husk_status status)
{
    switch (status) {
    case HUSK_ERR_PEER:
        fuzz_reached(ERROR_MESSAGE);
        return;
    case HUSK_ERR_PUBLIC_KEY:
        fuzz_reached(BAD_KEY);
        return;
    case HUSK_ERR_IDENTIFIER:
        fuzz_reached(IDENTIFIER);
        return;
    case HUSK_ERR_EAD:
        fuzz_reached(EAD);
        return;
    case HUSK_ERR_UNSUPPORTED:
        fuzz_reached(UNSUPPORTED);
        return;
    default:
        FUZZ_CHECK(status == HUSK_ERR_FORMAT);
        fuzz_reached(MALFORMED);
    }
}

/* Processes a message; EAD_2 if it was accepted. */
static husk_status process(uint8_t *message, size_t len, husk_bytes *ead_2)
{
    husk_edhoc session = fuzz_psk_trace.sent_1;
    uint8_t *second = fuzz_exact(message, len);
    husk_status status = husk_edhoc_message_2_process(&session, message, len, ead_2);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&session, &fuzz_psk_trace.sent_1, sizeof session) == 0);
        check_refusal(status);
        return status;
    }
    fuzz_check_inside(*ead_2, message, len);
    FUZZ_CHECK(session.phase == HUSK_EDHOC_INITIATOR_SEND_3 && session.c_r.len <= 7);
    FUZZ_CHECK(!husk_id_equal(&session.c_r, &session.c_i));
    husk_edhoc again = fuzz_psk_trace.sent_1;
    FUZZ_OK(husk_edhoc_message_2_process(&again, second, len, NULL));
    FUZZ_CHECK(memcmp(&session, &again, sizeof session) == 0);
    uint8_t message_3[HUSK_EDHOC_MESSAGE_3_MAX_BYTES];
    size_t message_3_len;
    FUZZ_OK(husk_edhoc_message_3_compose(&session, &fuzz_psk, (husk_bytes){NULL, 0}, message_3, sizeof message_3,
                                         &message_3_len));
    fuzz_reached(ACCEPTED);
    return HUSK_OK;
}

static void compose_and_process(husk_bytes ead)
{
    static uint8_t out[HUSK_EDHOC_MESSAGE_2_MAX_BYTES + HUSK_EDHOC_EAD_OVERHEAD_BYTES + TEXT_MAX];
    husk_edhoc responder = fuzz_psk_trace.got_1;
    size_t len;
    size_t cap = HUSK_EDHOC_MESSAGE_2_MAX_BYTES + HUSK_EDHOC_EAD_OVERHEAD_BYTES + ead.len;
    husk_status status =
        husk_edhoc_message_2_compose(&responder, &fuzz_psk_trace.c_r, ead, out, cap, &len);
    husk_status verdict = fuzz_ead_verdict(ead);
    FUZZ_CHECK(status == (verdict == HUSK_ERR_FORMAT ? HUSK_ERR_ARGUMENT : HUSK_OK));
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&responder, &fuzz_psk_trace.got_1, sizeof responder) == 0);
        return;
    }
    husk_bytes received = {NULL, 0};
    FUZZ_CHECK(process(fuzz_exact(out, len), len, &received) == verdict);
    FUZZ_CHECK(verdict != HUSK_OK || fuzz_same(received, ead));
    fuzz_reached(COMPOSED);
}

void fuzz_one(fuzz_input in)
{
    fuzz_aead_begin(false);
    uint8_t mode = fuzz_byte(&in) % 3;
    husk_bytes rest = fuzz_take(&in, TEXT_MAX);
    husk_bytes ead_2 = {NULL, 0};
    if (mode == 2) {
        compose_and_process(rest);
        return;
    }
    size_t len = rest.len;
    uint8_t *message = mode == 1 ? encrypt(rest, &len) : fuzz_exact(rest.data, rest.len);
    if (process(message, len, &ead_2) == HUSK_OK && mode == 1) {
        FUZZ_CHECK(fuzz_same(ead_2, (husk_bytes){rest.data + rest.len - ead_2.len, ead_2.len}));
    }
}
