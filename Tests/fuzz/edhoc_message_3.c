/* EDHOC message_3 with pre-shared keys (draft-ietf-lake-edhoc-psk-08 section 5.3). The first byte chooses: 0 the
 * message as it is; 1 the rest is PLAINTEXT_3A, encrypted, with a CIPHERTEXT_3B that is trusted (see fuzz.h); 2 the
 * rest is EAD_3, which is trusted likewise; 3 the rest is EAD_3, composed by the Initiator.
 *
 * seed: 00 {edhoc_psk.message_3}
 * seed: 00 0202
 * seed: 00 40
 * seed: 00 4c13fc9a0321ebdab962bff034
 * seed: 01 420010 48 [8]
 * seed: 01 420011 48 [8]
 * seed: 01 420010 47 [7]
 * seed: 01 420010 48 [7] ff
 * seed: 01 05 48 [8]
 * seed: 01 a1044110
 * seed: 01 5819 [25]
 * seed: 02
 * seed: 02 01 20 4401020304
 * seed: 02 22
 * seed: 03 01 20 4401020304
 * seed: 03 22 */
#include "edhoc/key_schedule.h"
#include "support/edhoc.h"

FUZZ_GOALS(ACCEPTED, COMPOSED, OTHER_KEY, NOT_VERIFIED, ERROR_MESSAGE, EAD, NO_KID, MALFORMED);

#define TEXT_MAX 2048

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
}

/* PLAINTEXT_3A under its key stream. */
static uint8_t *encrypt(const uint8_t *plaintext_3a, size_t len, size_t *message_len)
{
    uint8_t text[TEXT_MAX + 32];
    const husk_edhoc *r = &fuzz_psk_trace.sent_2;
    husk_hmac_key prk;
    if (len > 0) {
        memcpy(text, plaintext_3a, len);
    }
    husk_hmac_key_init(&prk, &husk_hash_sha256, r->state.exchanged.prk_3e2m, HUSK_HASH_MAX_BYTES);
    FUZZ_OK(husk_edhoc_kdf_xor(&prk, HUSK_EDHOC_LABEL_KEYSTREAM_3A,
                               (husk_bytes){r->state.exchanged.th_3, HUSK_HASH_MAX_BYTES}, text, len, len));
    return fuzz_wrap(text, len, message_len);
}

/* ID_CRED_PSK of the trace, and a CIPHERTEXT_3B that is trusted to hold `ead`. */
static uint8_t *vouch(husk_bytes ead, size_t *message_len)
{
    uint8_t text[TEXT_MAX + 32];
    uint8_t concealed[TEXT_MAX + 8] = {0};
    husk_cbor_writer w;
    if (ead.len > 0) {
        memcpy(concealed, ead.data, ead.len);
    }
    fuzz_conceal(concealed, ead.len);
    husk_cbor_writer_init(&w, text, sizeof text);
    husk_cbor_write_bytes(&w, fuzz_psk.kid.data, fuzz_psk.kid.len);
    husk_cbor_write_bytes(&w, concealed, ead.len + fuzz_aead_8.tag_bytes);
    return encrypt(text, w.len, message_len);
}

static void check_refusal(husk_status status)
{
    switch (status) {
    case HUSK_ERR_PEER:
        fuzz_reached(ERROR_MESSAGE);
        return;
    case HUSK_ERR_CREDENTIAL:
        fuzz_reached(OTHER_KEY);
        return;
    case HUSK_ERR_AUTHENTICATION:
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

static husk_status process(uint8_t *message, size_t len, husk_bytes *ead_3)
{
    husk_edhoc session = fuzz_psk_trace.sent_2;
    uint8_t kid[HUSK_KID_MAX_BYTES];
    size_t kid_len = 0;
    const uint8_t *before = fuzz_exact(message, len);
    husk_status identified = husk_edhoc_message_3_identify(&session, message, len, kid, sizeof kid, &kid_len);
    FUZZ_CHECK(memcmp(before, message, len) == 0);
    FUZZ_CHECK(memcmp(&session, &fuzz_psk_trace.sent_2, sizeof session) == 0);
    bool ours = identified == HUSK_OK && fuzz_same((husk_bytes){kid, kid_len}, fuzz_psk.kid);
    if (identified == HUSK_ERR_UNSUPPORTED) {
        fuzz_reached(NO_KID);
    }
    uint8_t shorter[1];
    size_t shorter_len;
    husk_status cut = husk_edhoc_message_3_identify(&session, message, len, shorter, sizeof shorter, &shorter_len);
    FUZZ_CHECK(cut == (identified == HUSK_OK && kid_len > 1 ? HUSK_ERR_BUFFER : identified));

    husk_status status = husk_edhoc_message_3_process(&session, &fuzz_psk, message, len, ead_3);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&session, &fuzz_psk_trace.sent_2, sizeof session) == 0);
        if (fuzz_aead_opened() == 0) {
            fuzz_check_no_plaintext();
        }
        FUZZ_CHECK(!ours || status != HUSK_ERR_CREDENTIAL);
        check_refusal(status);
        return status;
    }
    FUZZ_CHECK(ours && session.phase == HUSK_EDHOC_RESPONDER_SEND_4 && fuzz_aead_opened() > 0);
    fuzz_check_inside(*ead_3, message, len);
    fuzz_reached(ACCEPTED);
    return HUSK_OK;
}

static void compose_and_process(husk_bytes ead)
{
    static uint8_t out[HUSK_EDHOC_MESSAGE_3_MAX_BYTES + HUSK_EDHOC_EAD_OVERHEAD_BYTES + TEXT_MAX];
    husk_edhoc initiator = fuzz_psk_trace.got_2;
    size_t len;
    size_t cap = HUSK_EDHOC_MESSAGE_3_MAX_BYTES + HUSK_EDHOC_EAD_OVERHEAD_BYTES + ead.len;
    husk_status status = husk_edhoc_message_3_compose(&initiator, &fuzz_psk, ead, out, cap, &len);
    husk_status verdict = fuzz_ead_verdict(ead);
    FUZZ_CHECK(status == (verdict == HUSK_ERR_FORMAT ? HUSK_ERR_ARGUMENT : HUSK_OK));
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&initiator, &fuzz_psk_trace.got_2, sizeof initiator) == 0);
        return;
    }
    husk_bytes received = {NULL, 0};
    FUZZ_CHECK(process(fuzz_exact(out, len), len, &received) == verdict);
    FUZZ_CHECK(verdict != HUSK_OK || fuzz_same(received, ead));
    fuzz_reached(COMPOSED);
}

void fuzz_one(fuzz_input in)
{
    uint8_t mode = fuzz_byte(&in) % 4;
    husk_bytes rest = fuzz_take(&in, TEXT_MAX);
    husk_bytes ead_3 = {NULL, 0};
    size_t len = rest.len;
    uint8_t *message;
    fuzz_aead_begin(mode == 1 || mode == 2);
    switch (mode) {
    case 0:
        (void)process(fuzz_exact(rest.data, rest.len), len, &ead_3);
        return;
    case 1:
        message = encrypt(rest.data, rest.len, &len);
        (void)process(message, len, &ead_3);
        return;
    case 2:
        message = vouch(rest, &len);
        FUZZ_CHECK(process(message, len, &ead_3) == fuzz_ead_verdict(rest));
        return;
    default:
        compose_and_process(rest);
    }
}
