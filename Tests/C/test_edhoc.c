/* Properties of EDHOC-PSK: agreement, negotiation, EAD, and what every kind of bad message does to a session: nothing. */
#include "edhoc/key_schedule.h"
#include "test.h"
#include "toy_suite.h"

#define MESSAGE_CAP 128

static const husk_suite *const real_suites[] = {&husk_suite_0, &husk_suite_1};
static const husk_suite *const toy_suites[] = {&toy_suite_0, &toy_suite_1, &toy_suite_private};

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t other_key[] = "0123456789abcdeg";
static const uint8_t kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const husk_id c_i = {1, {0x00}};
static const husk_id c_r = {1, {0x01}};

static husk_psk test_psk(void)
{
    return (husk_psk){
        .key = {key, 16},
        .kid = {kid, sizeof kid},
        .cred_i = {cred_i, sizeof cred_i},
        .cred_r = {cred_r, sizeof cred_r},
    };
}

typedef struct message {
    uint8_t data[MESSAGE_CAP];
    size_t len;
} message;

/* Both ends and the last run's messages. */
typedef struct pair {
    test_rng rng;
    husk_psk psk;
    husk_edhoc_config config_i;
    husk_edhoc_config config_r;
    husk_edhoc i;
    husk_edhoc r;
    message m[5]; /* m[1] to m[4] */
} pair;

static pair p;

static void begin_with(const husk_suite *const *suites, size_t count, size_t suite_index)
{
    memset(&p, 0, sizeof p);
    p.rng.state = 7;
    p.psk = test_psk();
    p.config_i = (husk_edhoc_config){.suites = suites, .suite_count = count, .random = {test_random_fill, &p.rng}};
    p.config_r = p.config_i;
    CHECK_OK(husk_edhoc_initiator_init(&p.i, &p.config_i, suite_index, &c_i));
    CHECK_OK(husk_edhoc_responder_init(&p.r, &p.config_r));
}

static void begin(void)
{
    begin_with(toy_suites, 1, 0);
}

static husk_status compose(int number)
{
    message *m = &p.m[number];
    switch (number) {
    case 1:
        return husk_edhoc_message_1_compose(&p.i, NO_BYTES, m->data, MESSAGE_CAP, &m->len);
    case 2:
        return husk_edhoc_message_2_compose(&p.r, &c_r, NO_BYTES, m->data, MESSAGE_CAP, &m->len);
    case 3:
        return husk_edhoc_message_3_compose(&p.i, &p.psk, NO_BYTES, m->data, MESSAGE_CAP, &m->len);
    default:
        return husk_edhoc_message_4_compose(&p.r, NO_BYTES, m->data, MESSAGE_CAP, &m->len);
    }
}

/* Works on a copy, as processing is in place. */
static husk_status process_bytes(int number, const uint8_t *data, size_t len)
{
    uint8_t copy[MESSAGE_CAP];
    if (len > 0) {
        memcpy(copy, data, len);
    }
    switch (number) {
    case 1:
        return husk_edhoc_message_1_process(&p.r, copy, len, NULL);
    case 2:
        return husk_edhoc_message_2_process(&p.i, copy, len, NULL);
    case 3:
        return husk_edhoc_message_3_process(&p.r, &p.psk, copy, len, NULL);
    default:
        return husk_edhoc_message_4_process(&p.i, copy, len, NULL);
    }
}

static husk_status process(int number)
{
    return process_bytes(number, p.m[number].data, p.m[number].len);
}

/* Runs messages 1 to `last`. */
static void run_to(int last)
{
    for (int number = 1; number <= last; number++) {
        CHECK_OK(compose(number));
        CHECK_OK(process(number));
    }
}

static void check_agreement(void)
{
    uint8_t a[40];
    uint8_t b[40];
    husk_oscore_context from_i;
    husk_oscore_context from_r;
    CHECK_INT(p.i.phase, HUSK_EDHOC_DONE);
    CHECK_INT(p.r.phase, HUSK_EDHOC_DONE);
    CHECK_OK(husk_edhoc_export(&p.i, 77, bytes(kid, 1), a, sizeof a));
    CHECK_OK(husk_edhoc_export(&p.r, 77, bytes(kid, 1), b, sizeof b));
    CHECK_MEM(a, b, sizeof a);
    CHECK_OK(husk_edhoc_oscore_context(&p.i, &from_i));
    CHECK_OK(husk_edhoc_oscore_context(&p.r, &from_r));
    CHECK_MEM(from_i.sender_key, from_r.recipient_key, 16);
    CHECK_MEM(from_i.recipient_key, from_r.sender_key, 16);
    CHECK_MEM(from_i.common_iv, from_r.common_iv, 13);
    CHECK(husk_id_equal(&from_i.sender_id, &c_r));
    CHECK(husk_id_equal(&from_r.sender_id, &c_i));
}

static void both_real_suites_agree(void)
{
    for (size_t suite = 0; suite < 2; suite++) {
        begin_with(real_suites, 2, suite);
        p.config_r.suites = real_suites + suite; /* a responder that has only the selected one */
        p.config_r.suite_count = 1;
        run_to(4);
        check_agreement();
    }
}

/* 37 + 35 + 11 + 9 bytes with one-byte identifiers and an 8-byte tag. */
static void messages_are_as_short_as_they_can_be(void)
{
    begin();
    run_to(4);
    CHECK_INT(p.m[1].len, 37);
    CHECK_INT(p.m[2].len, 35);
    CHECK_INT(p.m[3].len, 11);
    CHECK_INT(p.m[4].len, 9);
    check_agreement();
}

static void fits(size_t len, size_t max)
{
    CHECK(len <= max);
}

static void longest_identifiers_stay_within_the_stated_sizes(void)
{
    const husk_id long_i = {7, {0x80, 1, 2, 3, 4, 5, 6}};
    const husk_id long_r = {7, {0x81, 1, 2, 3, 4, 5, 6}};
    uint8_t long_kid[HUSK_KID_MAX_BYTES];
    memset(long_kid, 0x80, sizeof long_kid);
    begin_with(toy_suites, 3, 2);
    p.config_r.suites = toy_suites + 2;
    p.config_r.suite_count = 1;
    p.psk.kid = bytes(long_kid, sizeof long_kid);
    p.i.c_i = long_i;
    CHECK_OK(compose(1));
    CHECK_OK(process(1));
    CHECK_OK(husk_edhoc_message_2_compose(&p.r, &long_r, NO_BYTES, p.m[2].data, MESSAGE_CAP, &p.m[2].len));
    CHECK_OK(process(2));
    CHECK_OK(compose(3));
    CHECK_OK(process(3));
    CHECK_OK(compose(4));
    CHECK_OK(process(4));
    fits(p.m[1].len, HUSK_EDHOC_MESSAGE_1_MAX_BYTES(3));
    fits(p.m[2].len, HUSK_EDHOC_MESSAGE_2_MAX_BYTES);
    fits(p.m[3].len, HUSK_EDHOC_MESSAGE_3_MAX_BYTES);
    fits(p.m[4].len, HUSK_EDHOC_MESSAGE_4_MAX_BYTES);
}

/* With the longest identifiers, the 16-byte tag of suite 1 and EAD items of every length up to two-byte heads. */
static void sizes_with_ead(void)
{
    static uint8_t ead[300];
    static uint8_t out[400];
    const husk_id long_i = {7, {0x80, 1, 2, 3, 4, 5, 6}};
    const husk_id long_r = {7, {0x81, 1, 2, 3, 4, 5, 6}};
    uint8_t long_kid[HUSK_KID_MAX_BYTES];
    memset(long_kid, 0x80, sizeof long_kid);
    for (size_t items = 0; items <= sizeof ead; items += items < 30 ? 1 : 27) {
        const size_t added = items + HUSK_EDHOC_EAD_OVERHEAD_BYTES; /* each item is one byte: padding */
        size_t len;
        begin_with(toy_suites, 2, 1);
        p.config_r.suites = toy_suites + 1;
        p.config_r.suite_count = 1;
        p.psk.kid = bytes(long_kid, sizeof long_kid);
        p.i.c_i = long_i;
        CHECK_OK(husk_edhoc_message_1_compose(&p.i, bytes(ead, items), out, HUSK_EDHOC_MESSAGE_1_MAX_BYTES(2) + added,
                                              &len));
        CHECK_OK(husk_edhoc_message_1_process(&p.r, out, len, NULL));
        CHECK_OK(husk_edhoc_message_2_compose(&p.r, &long_r, bytes(ead, items), out,
                                              HUSK_EDHOC_MESSAGE_2_MAX_BYTES + added, &len));
        CHECK_OK(husk_edhoc_message_2_process(&p.i, out, len, NULL));
        CHECK_OK(husk_edhoc_message_3_compose(&p.i, &p.psk, bytes(ead, items), out,
                                              HUSK_EDHOC_MESSAGE_3_MAX_BYTES + added, &len));
        CHECK_OK(husk_edhoc_message_3_process(&p.r, &p.psk, out, len, NULL));
        CHECK_OK(husk_edhoc_message_4_compose(&p.r, bytes(ead, items), out, HUSK_EDHOC_MESSAGE_4_MAX_BYTES + added,
                                              &len));
        CHECK_OK(husk_edhoc_message_4_process(&p.i, out, len, NULL));
    }
}

/* Every output buffer that is too small by any amount is refused, and the step can be repeated. */
static void short_buffers_are_refused(void)
{
    begin();
    for (int number = 1; number <= 4; number++) {
        pair before = p;
        CHECK_OK(compose(number));
        size_t needed = p.m[number].len;
        p = before;
        for (size_t cap = 0; cap < needed; cap++) {
            uint8_t out[MESSAGE_CAP];
            size_t len;
            husk_status status = HUSK_OK;
            switch (number) {
            case 1:
                status = husk_edhoc_message_1_compose(&p.i, NO_BYTES, cap > 0 ? out : NULL, cap, &len);
                break;
            case 2:
                status = husk_edhoc_message_2_compose(&p.r, &c_r, NO_BYTES, cap > 0 ? out : NULL, cap, &len);
                break;
            case 3:
                status = husk_edhoc_message_3_compose(&p.i, &p.psk, NO_BYTES, cap > 0 ? out : NULL, cap, &len);
                break;
            default:
                status = husk_edhoc_message_4_compose(&p.r, NO_BYTES, cap > 0 ? out : NULL, cap, &len);
                break;
            }
            CHECK_INT(status, HUSK_ERR_BUFFER);
        }
        CHECK_OK(compose(number));
        CHECK_OK(process(number));
    }
    check_agreement();
}

/* A session whose peer's message was refused is bit for bit what it was. */
static void check_unchanged(const husk_edhoc *before, const husk_edhoc *after)
{
    CHECK_MEM(before, after, sizeof *before);
}

/* Messages 3 and 4 carry a tag: any flipped bit is noticed at once, nothing changes, and the genuine message is still
 * accepted afterwards. */
static void flipped_bits_in_messages_3_and_4(void)
{
    begin();
    run_to(2);
    for (int number = 3; number <= 4; number++) {
        CHECK_OK(compose(number));
        husk_edhoc *receiver = number == 3 ? &p.r : &p.i;
        const husk_edhoc before = *receiver;
        for (size_t bit = 0; bit < 8 * p.m[number].len; bit++) {
            uint8_t bad[MESSAGE_CAP];
            memcpy(bad, p.m[number].data, p.m[number].len);
            bad[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            husk_status status = process_bytes(number, bad, p.m[number].len);
            CHECK(status == HUSK_ERR_AUTHENTICATION || status == HUSK_ERR_FORMAT || status == HUSK_ERR_CREDENTIAL);
            check_unchanged(&before, receiver);
        }
        CHECK_OK(process(number));
    }
    check_agreement();
}

/* Messages 1 and 2 carry no tag: a flipped bit is noticed at once or, at the latest, when message 3 does not verify. */
static void flipped_bits_in_messages_1_and_2(void)
{
    for (int number = 1; number <= 2; number++) {
        begin();
        run_to(number - 1);
        CHECK_OK(compose(number));
        const pair fresh = p;
        for (size_t bit = 0; bit < 8 * fresh.m[number].len; bit++) {
            p = fresh;
            husk_edhoc *receiver = number == 1 ? &p.r : &p.i;
            uint8_t bad[MESSAGE_CAP];
            memcpy(bad, p.m[number].data, p.m[number].len);
            bad[bit / 8] ^= (uint8_t)(1 << (bit % 8));
            husk_status status = process_bytes(number, bad, p.m[number].len);
            if (status != HUSK_OK) {
                check_unchanged(number == 1 ? &fresh.r : &fresh.i, receiver);
                CHECK_OK(process(number));
                continue;
            }
            if (number == 1) {
                if (compose(2) != HUSK_OK) {
                    continue; /* C_I turned into C_R */
                }
                status = process(2);
            }
            if (status == HUSK_OK) {
                CHECK_OK(compose(3));
                const husk_edhoc before = p.r;
                status = process(3);
                CHECK(status == HUSK_ERR_AUTHENTICATION || status == HUSK_ERR_FORMAT ||
                      status == HUSK_ERR_CREDENTIAL);
                check_unchanged(&before, &p.r);
            }
        }
    }
}

static void truncation_at_every_length(void)
{
    begin();
    for (int number = 1; number <= 4; number++) {
        CHECK_OK(compose(number));
        husk_edhoc *receiver = number % 2 == 1 ? &p.r : &p.i;
        const husk_edhoc before = *receiver;
        for (size_t len = 0; len < p.m[number].len; len++) {
            CHECK_INT(process_bytes(number, p.m[number].data, len), HUSK_ERR_FORMAT);
            check_unchanged(&before, receiver);
        }
        p.m[number].data[p.m[number].len] = 0x40; /* one item too many */
        CHECK_INT(process_bytes(number, p.m[number].data, p.m[number].len + 1), HUSK_ERR_FORMAT);
        CHECK_OK(process(number));
    }
    check_agreement();
}

static void random_bytes_are_refused(void)
{
    begin();
    for (int number = 1; number <= 4; number++) {
        CHECK_OK(compose(number));
        husk_edhoc *receiver = number % 2 == 1 ? &p.r : &p.i;
        const husk_edhoc before = *receiver;
        for (int round = 0; round < 200; round++) {
            uint8_t junk[48];
            size_t len = test_rng_next(&p.rng) % sizeof junk;
            test_rng_fill(&p.rng, junk, len);
            if (number == 2 && len > 0 && junk[0] >> 5 == HUSK_CBOR_BYTES) {
                junk[0] = 0xff; /* a byte string may pass as message 2, which has no tag */
            }
            CHECK(process_bytes(number, junk, len) != HUSK_OK);
            check_unchanged(&before, receiver);
        }
        CHECK_OK(process(number));
    }
    check_agreement();
}

static void every_step_only_in_its_turn(void)
{
    begin();
    run_to(4);
    const pair finished = p;
    begin();
    for (int step = 1; step <= 4; step++) {
        for (int number = 1; number <= 4; number++) {
            bool composer_ready = number == step;
            if (!composer_ready) {
                const pair before = p;
                CHECK_INT(compose(number), HUSK_ERR_STATE);
                CHECK_INT(process_bytes(number, finished.m[number].data, finished.m[number].len), HUSK_ERR_STATE);
                check_unchanged(&before.i, &p.i);
                check_unchanged(&before.r, &p.r);
            }
        }
        uint8_t out[16];
        CHECK_INT(husk_edhoc_export(step < 4 ? &p.r : &p.i, 0, NO_BYTES, out, 16), step < 4 ? HUSK_ERR_STATE : HUSK_OK);
        CHECK_OK(compose(step));
        CHECK_INT(compose(step), HUSK_ERR_STATE);
        CHECK_OK(process(step));
        CHECK_INT(process(step), HUSK_ERR_STATE);
    }
    husk_edhoc_wipe(&p.i);
    CHECK_INT(compose(1), HUSK_ERR_STATE);
}

static void wrong_key_or_credential(void)
{
    begin();
    run_to(2);
    CHECK_OK(compose(3));
    const husk_edhoc before = p.r;
    const husk_psk right = p.psk;

    p.psk.key = bytes(other_key, 16);
    CHECK_INT(process(3), HUSK_ERR_AUTHENTICATION);
    p.psk = right;
    p.psk.cred_i = bytes(cred_i, sizeof cred_i - 1);
    CHECK_INT(process(3), HUSK_ERR_AUTHENTICATION);
    p.psk = right;
    p.psk.cred_r = bytes(cred_r, sizeof cred_r - 1);
    CHECK_INT(process(3), HUSK_ERR_AUTHENTICATION);
    p.psk = right;
    p.psk.kid = bytes(cred_i, 2);
    CHECK_INT(process(3), HUSK_ERR_CREDENTIAL);
    p.psk.kid = bytes(cred_i, 1);
    CHECK_INT(process(3), HUSK_ERR_CREDENTIAL);
    check_unchanged(&before, &p.r);
    p.psk = right;
    CHECK_OK(process(3));
}

/* Nobody can authenticate who does not know the key: an impostor's message 4 is refused. */
static void impostor_responder(void)
{
    begin();
    run_to(3);
    husk_psk wrong = p.psk;
    wrong.key = bytes(other_key, 16);
    pair genuine = p;
    CHECK_OK(compose(4));

    /* The impostor saw the same messages 1 to 3, but has another key. */
    begin();
    run_to(2);
    p.psk = wrong;
    CHECK_OK(compose(3));
    CHECK_OK(process(3));
    CHECK_OK(compose(4));
    message forged = p.m[4];
    p = genuine;
    const husk_edhoc before = p.i;
    CHECK_INT(process_bytes(4, forged.data, forged.len), HUSK_ERR_AUTHENTICATION);
    check_unchanged(&before, &p.i);
    CHECK_OK(compose(4));
    CHECK_OK(process(4));
    check_agreement();
}

static void unusable_credentials(void)
{
    husk_psk psk = test_psk();
    CHECK_OK(husk_psk_check(&psk));
    psk.cred_r = psk.cred_i;
    CHECK_INT(husk_psk_check(&psk), HUSK_ERR_CREDENTIAL);
    psk = test_psk();
    psk.key.len = 15;
    CHECK_INT(husk_psk_check(&psk), HUSK_ERR_ARGUMENT);
    psk = test_psk();
    psk.kid.len = 0;
    CHECK_INT(husk_psk_check(&psk), HUSK_ERR_ARGUMENT);
    psk.kid.len = HUSK_KID_MAX_BYTES + 1;
    CHECK_INT(husk_psk_check(&psk), HUSK_ERR_ARGUMENT);

    begin();
    run_to(2);
    p.psk.cred_r = p.psk.cred_i;
    CHECK_INT(compose(3), HUSK_ERR_CREDENTIAL);
    p.psk = test_psk();
    CHECK_OK(compose(3));
    p.psk.cred_r = p.psk.cred_i;
    CHECK_INT(process(3), HUSK_ERR_CREDENTIAL);
}

/* Selfie: a node that is Initiator and Responder with the same key must not authenticate to itself. */
static void reflection_is_refused(void)
{
    begin();
    husk_psk mine = p.psk; /* as Initiator: cred_i is mine */
    husk_psk reversed = mine;
    reversed.cred_i = mine.cred_r; /* as Responder I expect the other's credential from the Initiator */
    reversed.cred_r = mine.cred_i;
    run_to(2);
    CHECK_OK(compose(3));
    p.psk = reversed;
    CHECK_INT(process(3), HUSK_ERR_AUTHENTICATION);

    /* message_1 reflected as message_2, message_3 as message_4. */
    begin();
    CHECK_OK(compose(1));
    CHECK_INT(process_bytes(2, p.m[1].data, p.m[1].len), HUSK_ERR_FORMAT);
    begin();
    run_to(3);
    CHECK_INT(process_bytes(4, p.m[3].data, p.m[3].len), HUSK_ERR_AUTHENTICATION);

    /* An identifier that both chose, and the zero secret that reflecting G_X gives with this Diffie-Hellman. */
    begin();
    CHECK_OK(compose(1));
    CHECK_OK(process(1));
    CHECK_INT(husk_edhoc_message_2_compose(&p.r, &c_i, NO_BYTES, p.m[2].data, MESSAGE_CAP, &p.m[2].len),
              HUSK_ERR_IDENTIFIER);
    uint8_t reflected[2 + 33] = {0x58, 33};
    memcpy(reflected + 2, p.m[1].data + 4, 32);
    CHECK_INT(process_bytes(2, reflected, sizeof reflected), HUSK_ERR_PUBLIC_KEY);
}

/* A responder that chooses our own identifier is refused; what it does about its own check is its affair. */
static void initiator_refuses_its_own_identifier(void)
{
    begin();
    CHECK_OK(compose(1));
    CHECK_OK(process(1));
    p.r.c_i = c_r;
    CHECK_OK(husk_edhoc_message_2_compose(&p.r, &c_i, NO_BYTES, p.m[2].data, MESSAGE_CAP, &p.m[2].len));
    const husk_edhoc before = p.i;
    CHECK_INT(process(2), HUSK_ERR_IDENTIFIER);
    check_unchanged(&before, &p.i);
}

/* Well-formed messages 3 and 4 whose ciphertext is shorter than a tag. */
static void ciphertext_shorter_than_its_tag(void)
{
    begin();
    run_to(2);
    for (size_t len = 0; len < 8; len++) {
        uint8_t short_3[16] = {(uint8_t)(0x40 + 2 + len), 0x0a, (uint8_t)(0x40 + len)};
        husk_hmac_key prk;
        husk_bytes th_3 = bytes(p.r.state.exchanged.th_3, 32);
        husk_hmac_key_init(&prk, &husk_hash_sha256, p.r.state.exchanged.prk_3e2m, 32);
        CHECK_OK(husk_edhoc_kdf_xor(&prk, HUSK_EDHOC_LABEL_KEYSTREAM_3A, th_3, short_3 + 1, 2 + len, 2 + len));
        CHECK_INT(process_bytes(3, short_3, 3 + len), HUSK_ERR_FORMAT);
    }
    CHECK_OK(compose(3));
    CHECK_OK(process(3));
    for (size_t len = 0; len < 8; len++) {
        uint8_t short_4[9] = {(uint8_t)(0x40 + len)};
        CHECK_INT(process_bytes(4, short_4, 1 + len), HUSK_ERR_FORMAT);
    }
    CHECK_OK(compose(4));
    CHECK_OK(process(4));
}

#ifdef TEST_SLOW
static uint8_t oversized[5 + 65536 + 8]; /* one byte more than AES-CCM-16-64-128 takes, its tag, and a CBOR head */

/* Writes the head of a byte string of `content_len` bytes and returns the length of the whole. */
static size_t make_oversized(size_t content_len)
{
    husk_cbor_writer w;
    husk_cbor_writer_init(&w, oversized, sizeof oversized);
    husk_cbor_write_head(&w, HUSK_CBOR_BYTES, content_len);
    CHECK(w.len + content_len <= sizeof oversized);
    return w.len + content_len;
}
#endif

/* A message longer than its algorithms allow is the peer's fault, not the caller's, and is refused as such. */
static void longer_than_its_algorithms_allow(void)
{
#ifdef TEST_SLOW
    begin();
    run_to(1);
    CHECK_OK(compose(2));
    size_t len = make_oversized(HUSK_ECDH_BYTES + 255 * 32 + 1);
    memcpy(oversized + 3, p.m[2].data + p.m[2].len - HUSK_ECDH_BYTES - 1, HUSK_ECDH_BYTES);
    husk_edhoc before = p.i;
    CHECK_INT(husk_edhoc_message_2_process(&p.i, oversized, len, NULL), HUSK_ERR_FORMAT);
    check_unchanged(&before, &p.i);
    CHECK_OK(process(2));
    CHECK_OK(compose(3));
    len = make_oversized(255 * 32 + 1);
    before = p.r;
    CHECK_INT(husk_edhoc_message_3_process(&p.r, &p.psk, oversized, len, NULL), HUSK_ERR_FORMAT);
    check_unchanged(&before, &p.r);
    CHECK_OK(process(3));
    CHECK_OK(compose(4));
    len = make_oversized(65536 + 8);
    before = p.i;
    CHECK_INT(husk_edhoc_message_4_process(&p.i, oversized, len, NULL), HUSK_ERR_FORMAT);
    check_unchanged(&before, &p.i);
    CHECK_OK(process(4));
#endif
}

/* An EAD_2 longer than the keystream is refused, and does not stay in the buffer in clear. */
static void ead_longer_than_any_keystream(void)
{
#ifdef TEST_SLOW
    static const uint8_t ead[255 * 32]; /* padding; C_R before it makes it one byte too long */
    begin();
    run_to(1);
    memset(oversized, 0xff, sizeof oversized);
    husk_edhoc before = p.r;
    size_t len;
    CHECK_INT(husk_edhoc_message_2_compose(&p.r, &c_r, bytes(ead, sizeof ead), oversized, sizeof oversized, &len),
              HUSK_ERR_ARGUMENT);
    check_unchanged(&before, &p.r);
    size_t left = 0;
    for (size_t i = 0; i < sizeof oversized; i++) {
        left += oversized[i] != 0;
    }
    CHECK(left == 0);
    CHECK_OK(compose(2));
    CHECK_OK(process(2));
#endif
}

static void low_order_points_are_refused(void)
{
    begin_with(real_suites, 1, 0);
    CHECK_OK(compose(1));
    memset(p.m[1].data + 4, 0, 32);
    CHECK_OK(process(1));
    CHECK_INT(compose(2), HUSK_ERR_PUBLIC_KEY);
    uint8_t zero[2 + 33] = {0x58, 33};
    const husk_edhoc before = p.i;
    CHECK_INT(process_bytes(2, zero, sizeof zero), HUSK_ERR_PUBLIC_KEY);
    check_unchanged(&before, &p.i);
}

static husk_status failing_random(void *context, uint8_t *out, size_t len)
{
    (void)context;
    (void)out;
    (void)len;
    return HUSK_ERR_RANDOM;
}

static void no_random_no_message(void)
{
    begin();
    p.config_i.random.fill = failing_random;
    p.config_r.random.fill = failing_random;
    CHECK_INT(compose(1), HUSK_ERR_RANDOM);
    p.config_i.random.fill = test_random_fill;
    CHECK_OK(compose(1));
    CHECK_OK(process(1));
    CHECK_INT(compose(2), HUSK_ERR_RANDOM);
    p.config_r.random.fill = test_random_fill;
    CHECK_OK(compose(2));
    CHECK_OK(process(2));
    CHECK_OK(compose(3));
    CHECK_OK(process(3));
}

static husk_status process_message_1(const char *hex)
{
    uint8_t data[MESSAGE_CAP];
    size_t len = unhex(hex, data, sizeof data);
    return process_bytes(1, data, len);
}

#define POINT "58208f40c5adb68f25624ae5b214ea767a6ec94d829d3d7b5e1ad1ba6f3e2138285f"

static void malformed_message_1(void)
{
    begin();
    CHECK_INT(process_message_1("0300" POINT "00"), HUSK_ERR_METHOD);
    CHECK_INT(process_message_1("2000" POINT "00"), HUSK_ERR_METHOD);
    CHECK_INT(process_message_1("180400" POINT "00"), HUSK_ERR_FORMAT);           /* METHOD not in shortest form */
    CHECK_INT(process_message_1("048100" POINT "00"), HUSK_ERR_FORMAT);           /* a list of one suite */
    CHECK_INT(process_message_1("0480" POINT "00"), HUSK_ERR_FORMAT);             /* a list of none */
    CHECK_INT(process_message_1("04821a0000000000" POINT "00"), HUSK_ERR_FORMAT); /* suite not in shortest form */
    CHECK_INT(process_message_1("049bffffffffffffffff" POINT "00"), HUSK_ERR_FORMAT);
    CHECK_INT(process_message_1("0400" POINT "4100"), HUSK_ERR_FORMAT);           /* C_I 0x00 as byte string */
    CHECK_INT(process_message_1("0400" POINT "1818"), HUSK_ERR_FORMAT);           /* C_I an integer of two bytes */
    CHECK_INT(process_message_1("0400" POINT "6100"), HUSK_ERR_FORMAT);           /* C_I a text string */
    CHECK_INT(process_message_1("0400" POINT "480102030405060708"), HUSK_ERR_UNSUPPORTED); /* longer than OSCORE's */
    CHECK_INT(process_message_1("0400582000"), HUSK_ERR_FORMAT);
    CHECK_INT(process_message_1("04005820" "5bffffffffffffffff"), HUSK_ERR_FORMAT);
    CHECK_INT(process_message_1("0400" "41ff" "00"), HUSK_ERR_FORMAT);            /* G_X of one byte */
    CHECK_INT(process_message_1("0400" POINT "00" "f5"), HUSK_ERR_FORMAT);        /* not an EAD item */
    CHECK_OK(process_message_1("0400" POINT "40"));                               /* an empty C_I is one */
    CHECK_INT(p.r.c_i.len, 0);
}

/* RFC 9528 section 6.3: the selected suite is the first of the Initiator's that both support. */
static void suites_are_negotiated(void)
{
    const char *const cases[][2] = {
        /* SUITES_I, accepted by a responder with suites 0 and 1? */
        {"00", "y"}, {"01", "y"},     {"02", "n"},     {"820200", "y"},     {"820001", "n"},
        {"820100", "n"}, {"820203", "n"}, {"83020300", "y"}, {"83020001", "n"}, {"820000", "n"},
        {"823700", "y"}, {"82001bffffffffffffffff", "f"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin_with(toy_suites, 2, 0);
        uint8_t data[MESSAGE_CAP] = {4};
        size_t len = 1 + unhex(cases[i][0], data + 1, 16);
        len += unhex(POINT "00", data + len, 64);
        husk_status expected = cases[i][1][0] == 'y' ? HUSK_OK : cases[i][1][0] == 'n' ? HUSK_ERR_SUITE : HUSK_ERR_FORMAT;
        CHECK_INT(process_bytes(1, data, len), expected);
    }

    /* The whole dance: the responder has only the second suite of the initiator. */
    begin_with(toy_suites, 3, 0);
    p.config_r.suites = toy_suites + 1;
    p.config_r.suite_count = 1;
    CHECK_OK(compose(1));
    CHECK_INT(process(1), HUSK_ERR_SUITE);
    uint8_t out[HUSK_EDHOC_ERROR_MAX_BYTES];
    size_t len;
    husk_edhoc_error error;
    size_t index;
    CHECK_OK(husk_edhoc_error_compose(&p.config_r, HUSK_ERR_SUITE, out, sizeof out, &len));
    CHECK_HEX(out, len, "0201");
    CHECK_INT(process_bytes(2, out, len), HUSK_ERR_PEER);
    CHECK_OK(husk_edhoc_error_read(out, len, &error));
    CHECK_INT(error.code, HUSK_EDHOC_ERROR_WRONG_SUITE);
    CHECK_OK(husk_edhoc_suite_select(&p.config_i, error.suites, &index));
    CHECK_INT(index, 1);
    CHECK_OK(husk_edhoc_initiator_init(&p.i, &p.config_i, index, &c_i));
    run_to(4);
    CHECK_INT(p.m[1].data[1], 0x82); /* SUITES_I = [0, 1] */
    check_agreement();
}

static void suite_choice_after_an_error(void)
{
    begin_with(toy_suites, 3, 0); /* 0, 1, -24 */
    size_t index = 99;
    HEX(both, "820100");
    HEX(last, "8237381b"); /* -24 and an integer of two bytes */
    HEX(none, "8202183f");
    HEX(single, "8101");
    HEX(not_int, "820160");
    CHECK_OK(husk_edhoc_suite_select(&p.config_i, bytes(both, both_len), &index));
    CHECK_INT(index, 0);
    CHECK_OK(husk_edhoc_suite_select(&p.config_i, bytes(last, last_len), &index));
    CHECK_INT(index, 2);
    CHECK_INT(husk_edhoc_suite_select(&p.config_i, bytes(none, none_len), &index), HUSK_ERR_SUITE);
    CHECK_INT(husk_edhoc_suite_select(&p.config_i, bytes(single, single_len), &index), HUSK_ERR_FORMAT);
    CHECK_INT(husk_edhoc_suite_select(&p.config_i, bytes(not_int, not_int_len), &index), HUSK_ERR_FORMAT);
    CHECK_INT(husk_edhoc_suite_select(&p.config_i, NO_BYTES, &index), HUSK_ERR_FORMAT);
    CHECK_INT(index, 2);
}

static void error_messages(void)
{
    begin_with(toy_suites, 3, 0);
    uint8_t out[HUSK_EDHOC_ERROR_MAX_BYTES];
    size_t len;
    husk_edhoc_error error;
    CHECK_OK(husk_edhoc_error_compose(&p.config_r, HUSK_ERR_SUITE, out, sizeof out, &len));
    CHECK_HEX(out, len, "0283000137");
    CHECK_OK(husk_edhoc_error_compose(&p.config_r, HUSK_ERR_CREDENTIAL, out, sizeof out, &len));
    CHECK_HEX(out, len, "03f5");
    CHECK_OK(husk_edhoc_error_read(out, len, &error));
    CHECK_INT(error.code, HUSK_EDHOC_ERROR_UNKNOWN_CREDENTIAL);

    const husk_status reasons[] = {HUSK_ERR_METHOD,      HUSK_ERR_EAD,            HUSK_ERR_IDENTIFIER, HUSK_ERR_FORMAT,
                                   HUSK_ERR_UNSUPPORTED, HUSK_ERR_AUTHENTICATION, HUSK_ERR_PUBLIC_KEY};
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        CHECK_OK(husk_edhoc_error_compose(&p.config_r, reasons[i], out, sizeof out, &len));
        CHECK_OK(husk_edhoc_error_read(out, len, &error));
        CHECK_INT(error.code, HUSK_EDHOC_ERROR_UNSPECIFIED);
        CHECK(error.text.len > 8);
    }
    CHECK_INT(husk_edhoc_error_compose(&p.config_r, HUSK_ERR_CREDENTIAL, out, 1, &len), HUSK_ERR_BUFFER);

    const char *const malformed[] = {"", "01", "0101", "02", "0260", "028100", "03f5f5", "6161", "01ff", "0161"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        uint8_t data[8];
        len = unhex(malformed[i], data, sizeof data);
        CHECK_INT(husk_edhoc_error_read(data, len, &error), HUSK_ERR_FORMAT);
    }
    HEX(unknown, "1903e8a0"); /* a code nobody registered, with a map */
    CHECK_OK(husk_edhoc_error_read(unknown, unknown_len, &error));
    CHECK_INT(error.code, 1000);
}

static void error_message_in_place_of_each_message(void)
{
    HEX(error, "016161");
    begin();
    for (int number = 1; number <= 4; number++) {
        CHECK_OK(compose(number));
        CHECK_INT(process_bytes(number, error, error_len), number == 1 ? HUSK_ERR_FORMAT : HUSK_ERR_PEER);
        if (number == 3) {
            uint8_t found[8];
            size_t len;
            CHECK_INT(husk_edhoc_message_3_identify(&p.r, error, error_len, found, sizeof found, &len), HUSK_ERR_PEER);
        }
        CHECK_OK(process(number));
    }
    check_agreement();
}

/* EAD items travel in all four messages; unknown critical ones stop it, known ones do not. */
static void ead_in_every_message(void)
{
    static const uint16_t known[] = {5};
    for (int understood = 0; understood <= 1; understood++) {
        begin();
        p.config_i.ead_labels = known;
        p.config_r.ead_labels = known;
        p.config_i.ead_label_count = (size_t)understood;
        p.config_r.ead_label_count = (size_t)understood;
        for (int number = 1; number <= 4; number++) {
            uint8_t encoded[32];
            husk_cbor_writer w;
            husk_cbor_writer_init(&w, encoded, sizeof encoded);
            husk_edhoc_ead_write(&w, 0, false, bytes(kid, 1), true); /* padding */
            husk_edhoc_ead_write(&w, 300, false, NO_BYTES, false);
            size_t harmless_len = w.len;
            husk_edhoc_ead_write(&w, 5, true, bytes(key, 4), true);
            const pair before = p;
            for (int critical = 1; critical >= 0; critical--) {
                p = before;
                p.config_i.random.context = &p.rng;
                husk_bytes ead = bytes(encoded, critical ? w.len : harmless_len);
                message *m = &p.m[number];
                uint8_t in[MESSAGE_CAP];
                husk_bytes got = NO_BYTES;
                husk_status status;
                switch (number) {
                case 1:
                    CHECK_OK(husk_edhoc_message_1_compose(&p.i, ead, m->data, MESSAGE_CAP, &m->len));
                    memcpy(in, m->data, m->len);
                    status = husk_edhoc_message_1_process(&p.r, in, m->len, &got);
                    break;
                case 2:
                    CHECK_OK(husk_edhoc_message_2_compose(&p.r, &c_r, ead, m->data, MESSAGE_CAP, &m->len));
                    memcpy(in, m->data, m->len);
                    status = husk_edhoc_message_2_process(&p.i, in, m->len, &got);
                    break;
                case 3:
                    CHECK_OK(husk_edhoc_message_3_compose(&p.i, &p.psk, ead, m->data, MESSAGE_CAP, &m->len));
                    memcpy(in, m->data, m->len);
                    status = husk_edhoc_message_3_process(&p.r, &p.psk, in, m->len, &got);
                    break;
                default:
                    CHECK_OK(husk_edhoc_message_4_compose(&p.r, ead, m->data, MESSAGE_CAP, &m->len));
                    memcpy(in, m->data, m->len);
                    status = husk_edhoc_message_4_process(&p.i, in, m->len, &got);
                    break;
                }
                if (critical && !understood) {
                    CHECK_INT(status, HUSK_ERR_EAD);
                    continue;
                }
                CHECK_OK(status);
                CHECK_INT(got.len, ead.len);
                CHECK_MEM(got.data, ead.data, ead.len);
                if (critical) {
                    break;
                }
            }
        }
        check_agreement();
    }
}

static void ead_items_one_by_one(void)
{
    HEX(sequence, "00" "0041e9" "2042abcd" "19012c" "39012b40");
    husk_cbor_reader r;
    uint16_t label;
    bool critical;
    husk_bytes value;
    husk_cbor_reader_init(&r, sequence, sequence_len);
    const struct {
        uint16_t label;
        bool critical;
        size_t len;
    } expected[] = {{0, false, 0}, {0, false, 1}, {1, true, 2}, {300, false, 0}, {300, true, 0}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        CHECK_OK(husk_edhoc_ead_read(&r, &label, &critical, &value));
        CHECK_INT(label, expected[i].label);
        CHECK_INT(critical, expected[i].critical);
        CHECK_INT(value.len, expected[i].len);
    }
    CHECK_INT(r.left, 0);
    const char *const malformed[] = {"40", "f5", "1a00010000", "3a00010000", "0058"};
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
        uint8_t data[8];
        size_t len = unhex(malformed[i], data, sizeof data);
        husk_cbor_reader_init(&r, data, len);
        CHECK_INT(husk_edhoc_ead_read(&r, &label, &critical, &value), HUSK_ERR_FORMAT);
        CHECK_INT(r.left, len);
        begin();
        CHECK_INT(husk_edhoc_message_1_compose(&p.i, bytes(data, len), p.m[1].data, MESSAGE_CAP, &p.m[1].len),
                  HUSK_ERR_ARGUMENT);
    }
}

static void identifiers_on_the_wire(void)
{
    for (int byte = 0; byte < 256; byte++) {
        uint8_t id = (uint8_t)byte;
        uint8_t out[4];
        husk_cbor_writer w;
        husk_cbor_reader r;
        husk_bytes read;
        bool integer = byte <= 0x17 || (byte >= 0x20 && byte <= 0x37);
        husk_cbor_writer_init(&w, out, sizeof out);
        husk_edhoc_identifier_write(&w, bytes(&id, 1));
        CHECK_INT(w.len, integer ? 1 : 2);
        husk_cbor_reader_init(&r, out, w.len);
        CHECK_OK(husk_edhoc_identifier_read(&r, &read));
        CHECK_INT(read.len, 1);
        CHECK_INT(read.data[0], byte);
        uint8_t longer[2] = {0x41, id};
        husk_cbor_reader_init(&r, longer, sizeof longer);
        CHECK_INT(husk_edhoc_identifier_read(&r, &read), integer ? HUSK_ERR_FORMAT : HUSK_OK);
    }
}

/* identify: every form of ID_CRED_PSK, decrypted without touching session or message. */
static void message_3_names_its_key(void)
{
    uint8_t long_kid[HUSK_KID_MAX_BYTES + 1];
    memset(long_kid, 0xee, sizeof long_kid);
    for (size_t kid_len = 1; kid_len <= HUSK_KID_MAX_BYTES; kid_len++) {
        begin();
        p.psk.kid = bytes(long_kid, kid_len);
        run_to(2);
        CHECK_OK(compose(3));
        const husk_edhoc before = p.r;
        uint8_t found[HUSK_KID_MAX_BYTES];
        size_t len;
        CHECK_INT(husk_edhoc_message_3_identify(&p.r, p.m[3].data, p.m[3].len, found, kid_len - 1, &len),
                  HUSK_ERR_BUFFER);
        CHECK_OK(husk_edhoc_message_3_identify(&p.r, p.m[3].data, p.m[3].len, found, sizeof found, &len));
        CHECK_INT(len, kid_len);
        CHECK_MEM(found, long_kid, kid_len);
        check_unchanged(&before, &p.r);
        CHECK_OK(process(3));
    }
}

/* After each end of a session nothing but the exporter's key is left, and nothing at all after wipe. */
static void secrets_are_wiped(void)
{
    static const uint8_t zero[sizeof(husk_edhoc)];
    begin();
    run_to(4);
    const size_t kept = sizeof p.i.state.keyed.prk_exporter;
    CHECK_MEM((const uint8_t *)&p.i.state + kept, zero, sizeof p.i.state - kept);
    CHECK_MEM((const uint8_t *)&p.r.state + kept, zero, sizeof p.r.state - kept);
    husk_edhoc_wipe(&p.i);
    CHECK_MEM(&p.i, zero, sizeof p.i);
}

static void session_ends_without_message_4(void)
{
    begin();
    CHECK_INT(husk_edhoc_confirm(&p.i), HUSK_ERR_STATE);
    run_to(3);
    CHECK_OK(husk_edhoc_confirm(&p.r));
    CHECK_OK(husk_edhoc_confirm(&p.i));
    CHECK_INT(husk_edhoc_confirm(&p.i), HUSK_ERR_STATE);
    check_agreement();
}

static void exporter_bounds(void)
{
    static uint8_t out[2];
    begin();
    run_to(4);
    CHECK_INT(husk_edhoc_export(&p.i, 65536, NO_BYTES, out, 2), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_edhoc_export(&p.i, 0, NO_BYTES, out, 8161), HUSK_ERR_ARGUMENT);
    CHECK_OK(husk_edhoc_export(&p.i, 65535, NO_BYTES, NULL, 0));
    husk_edhoc session;
    CHECK_INT(husk_edhoc_initiator_init(&session, &p.config_i, 1, &c_i), HUSK_ERR_ARGUMENT);
    p.config_i.suite_count = 9;
    CHECK_INT(husk_edhoc_responder_init(&session, &p.config_i), HUSK_ERR_ARGUMENT);
    p.config_i.suite_count = 0;
    CHECK_INT(husk_edhoc_responder_init(&session, &p.config_i), HUSK_ERR_ARGUMENT);
}

void suite_edhoc(void)
{
    RUN(both_real_suites_agree);
    RUN(messages_are_as_short_as_they_can_be);
    RUN(longest_identifiers_stay_within_the_stated_sizes);
    RUN(sizes_with_ead);
    RUN(short_buffers_are_refused);
    RUN(flipped_bits_in_messages_3_and_4);
    RUN(flipped_bits_in_messages_1_and_2);
    RUN(truncation_at_every_length);
    RUN(random_bytes_are_refused);
    RUN(every_step_only_in_its_turn);
    RUN(wrong_key_or_credential);
    RUN(impostor_responder);
    RUN(unusable_credentials);
    RUN(reflection_is_refused);
    RUN(initiator_refuses_its_own_identifier);
    RUN(ciphertext_shorter_than_its_tag);
    RUN(longer_than_its_algorithms_allow);
    RUN(ead_longer_than_any_keystream);
    RUN(low_order_points_are_refused);
    RUN(no_random_no_message);
    RUN(malformed_message_1);
    RUN(suites_are_negotiated);
    RUN(suite_choice_after_an_error);
    RUN(error_messages);
    RUN(error_message_in_place_of_each_message);
    RUN(ead_in_every_message);
    RUN(ead_items_one_by_one);
    RUN(identifiers_on_the_wire);
    RUN(message_3_names_its_key);
    RUN(secrets_are_wiped);
    RUN(session_ends_without_message_4);
    RUN(exporter_bounds);
}
