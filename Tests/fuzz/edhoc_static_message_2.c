/* EDHOC message_2 with static Diffie-Hellman keys (RFC 9528 section 5.3). The first byte chooses: 0 the message as it
 * is; 1 the rest is PLAINTEXT_2, encrypted under the G_Y of the trace; 2 the rest is EAD_2, composed by the Responder;
 * 3 the rest patches the message of the trace.
 *
 * seed: 00 {rfc9529.message_2}
 * seed: 00 0202
 * seed: 00 5820 [32]
 * seed: 00 582bff [42]
 * seed: 01 27 32 48 [8]
 * seed: 01 27 31 48 [8]
 * seed: 01 27 33 48 [8]
 * seed: 01 27 32 47 [7]
 * seed: 01 37 32 48 [8]
 * seed: 01 4701020304050607 32 48 [8] 22
 * seed: 01 480102030405060708 32 48 [8]
 * seed: 02 01 20 4401020304
 * seed: 02 22
 * seed: 03
 * seed: 03 2c01 */
#include "edhoc/key_schedule.h"
#include "support/edhoc.h"

FUZZ_GOALS(ACCEPTED, COMPOSED, ERROR_MESSAGE, BAD_KEY, NOT_VERIFIED, NOBODY, IDENTIFIER, EAD, UNSUPPORTED, MALFORMED);

#define TEXT_MAX 2048

static uint8_t refused_key[HUSK_ECDH_BYTES] = {0xff};
static husk_static_credential peers[3];

void fuzz_setup(void)
{
    fuzz_edhoc_setup();
    peers[0] = fuzz_seen_i;
    peers[1] = fuzz_seen_r;
    peers[2] = fuzz_seen_i; /* one whose public key is not acceptable */
    peers[2].kid = (husk_bytes){(const uint8_t *)"\x31", 1};
    peers[2].public_key = refused_key;
}

/* G_Y of the trace, and PLAINTEXT_2 under the key that goes with it. */
static uint8_t *encrypt(husk_bytes plaintext_2, size_t *len)
{
    uint8_t content[HUSK_ECDH_BYTES + TEXT_MAX];
    const husk_edhoc *r = &fuzz_static_trace.got_1;
    uint8_t *text = content + HUSK_ECDH_BYTES;
    uint8_t secret[HUSK_ECDH_BYTES];
    uint8_t th_2[HUSK_HASH_MAX_BYTES];
    memcpy(content, fuzz_static_trace.message[2] + 2, HUSK_ECDH_BYTES);
    if (plaintext_2.len > 0) {
        memcpy(text, plaintext_2.data, plaintext_2.len);
    }
    FUZZ_OK(fuzz_ecdh.shared_secret(fuzz_static_trace.responder_config.random.context, r->state.send_2.g_x, secret));
    husk_edhoc_prk_2e(&husk_hash_sha256, content, r->state.send_2.h_message_1, secret, th_2);
    FUZZ_OK(husk_edhoc_keystream_2(&husk_hash_sha256, secret, th_2, text, plaintext_2.len));
    return fuzz_wrap(content, HUSK_ECDH_BYTES + plaintext_2.len, len);
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
    case HUSK_ERR_AUTHENTICATION:
        fuzz_reached(NOT_VERIFIED);
        return;
    case HUSK_ERR_CREDENTIAL:
        fuzz_reached(NOBODY);
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

static husk_status process(uint8_t *message, size_t len, husk_bytes *ead_2)
{
    husk_edhoc session = fuzz_static_trace.sent_1;
    size_t index = SIZE_MAX;
    husk_status status = husk_edhoc_static_message_2_process(&session, peers, 3, message, len, &index, ead_2);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&session, &fuzz_static_trace.sent_1, sizeof session) == 0 && index == SIZE_MAX);
        check_refusal(status);
        return status;
    }
    FUZZ_CHECK(index == 1 && session.phase == HUSK_EDHOC_INITIATOR_SEND_3);
    fuzz_check_inside(*ead_2, message, len);
    uint8_t message_3[64];
    size_t message_3_len;
    FUZZ_OK(husk_edhoc_static_message_3_compose(&session, &fuzz_own_i, (husk_bytes){NULL, 0}, message_3,
                                                sizeof message_3, &message_3_len));
    fuzz_reached(ACCEPTED);
    return HUSK_OK;
}

static void compose_and_process(husk_bytes ead)
{
    static uint8_t out[64 + TEXT_MAX];
    husk_edhoc responder = fuzz_static_trace.got_1;
    size_t len;
    husk_status status = husk_edhoc_static_message_2_compose(&responder, &fuzz_own_r, &fuzz_static_trace.c_r, ead, out,
                                                             sizeof out, &len);
    husk_status verdict = fuzz_ead_verdict(ead);
    FUZZ_CHECK(status == (verdict == HUSK_ERR_FORMAT ? HUSK_ERR_ARGUMENT : HUSK_OK));
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(&responder, &fuzz_static_trace.got_1, sizeof responder) == 0);
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
    uint8_t mode = fuzz_byte(&in) % 4;
    husk_bytes ead_2 = {NULL, 0};
    if (mode == 3) {
        size_t len = fuzz_static_trace.message_len[2];
        uint8_t *message = fuzz_exact(fuzz_static_trace.message[2], len);
        bool changed = fuzz_patch(&in, message, len);
        FUZZ_CHECK((process(message, len, &ead_2) == HUSK_OK) == !changed);
        return;
    }
    husk_bytes rest = fuzz_take(&in, TEXT_MAX);
    if (mode == 2) {
        compose_and_process(rest);
        return;
    }
    size_t len = rest.len;
    uint8_t *message = mode == 1 ? encrypt(rest, &len) : fuzz_exact(rest.data, rest.len);
    (void)process(message, len, &ead_2);
}
