/* A server that lost its replay window (RFC 8613 appendix B.1.2) and the Echo option (RFC 9175): what is challenged,
 * what recovers the window, and that nothing old is ever acted upon, against a model. */
#include "nonce_watch.h"
#include "oscore_pair.h"

static oscore_pair pair;

static const uint8_t boot_1[HUSK_OSCORE_ECHO_BYTES] = {1, 1, 1, 1, 1, 1, 1, 1};
static const uint8_t boot_2[HUSK_OSCORE_ECHO_BYTES] = {2, 2, 2, 2, 2, 2, 2, 2};

#define PLAIN "b1 61"
#define ANSWER_1 "b1 61 d8e4 0101010101010101" /* Uri-Path "a", Echo: 252 - 11 = 228 + 13 */
#define ANSWER_2 "b1 61 d8e4 0202020202020202"
#define OUTSIDE "d8e6 0101010101010101" /* Echo behind OSCORE: 252 - 9 = 230 + 13 */

static const husk_coap_message header = {.type = HUSK_COAP_ACK, .code = 0, .message_id = 1,
                                         .token = {(const uint8_t *)"t", 1}};

static husk_status challenge(husk_bytes echo, packet *out)
{
    return husk_oscore_challenge_protect(&pair.server, &pair.heard, &header, echo, out->data, sizeof out->data,
                                         &out->len);
}

static void begin(void)
{
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
    pair.client.sender_sequence = 40; /* in use for some time before the reboot */
    pair.server.sender_sequence = 256;
    husk_oscore_window_lost(&pair.server, boot_1);
}

/* The whole of B.1.2: request, challenge, request with Echo, response; then the window as it ought to be. */
static void recovery(void)
{
    packet request, reply, late[3];
    begin();
    CHECK_OK(oscore_pair_ask(&pair, PLAIN, &request));
    for (size_t i = 0; i < 3; i++) { /* on their way for longer than the request that is answered */
        husk_oscore_exchange asked = pair.asked;
        CHECK_OK(oscore_pair_ask(&pair, PLAIN, &late[i]));
        pair.asked = asked;
    }
    CHECK_INT(oscore_pair_hear(&pair, &request), HUSK_ERR_FRESHNESS);
    for (size_t i = pair.wire.len - 8 - 3; i < pair.wire.len - 8; i++) {
        CHECK_INT(pair.wire.data[i], 0); /* not released */
    }
    CHECK_OK(challenge(NO_BYTES, &reply));
    CHECK_HEX(reply.data, 10, "61 44 0001 74 93 02 0100 ff"); /* Partial IV 256 of its own */
    CHECK_INT(reply.len, 10 + 1 + 3 - 1 + 8 + 8); /* code, option head, value, tag */
    CHECK_OK(oscore_pair_receive(&pair, &reply));
    CHECK_INT(pair.inner.code, HUSK_COAP_UNAUTHORIZED);
    CHECK_INT(pair.inner.payload.len, 0);
    CHECK_HEX(pair.inner.options.data, pair.inner.options.len, "d8ef 0101010101010101");
    CHECK(husk_oscore_echo_matches(&pair.inner, bytes(boot_1, 8)));

    CHECK_OK(oscore_pair_ask(&pair, ANSWER_1, &request));
    CHECK_OK(oscore_pair_hear(&pair, &request));
    CHECK_INT(pair.inner.code, HUSK_COAP_GET);
    CHECK(!pair.server.window_lost && pair.server.window_top == 44);
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 7, false, &reply));
    CHECK_INT(pair.server.sender_sequence, 257); /* a fresh request: its nonce was never used */
    CHECK_OK(oscore_pair_receive(&pair, &reply));
    for (size_t i = 0; i < 3; i++) {
        CHECK_INT(oscore_pair_hear(&pair, &late[i]), HUSK_ERR_REPLAY); /* below the lower limit */
    }
    CHECK_OK(oscore_pair_ask(&pair, PLAIN, &request));
    CHECK_OK(oscore_pair_ask(&pair, PLAIN, &late[0]));
    CHECK_OK(oscore_pair_hear(&pair, &late[0])); /* from there on the window is as ever */
    CHECK_OK(oscore_pair_hear(&pair, &request));
    CHECK_INT(oscore_pair_hear(&pair, &request), HUSK_ERR_REPLAY);
}

/* No Echo, that of an earlier reboot, a shorter or longer one, one outside: all challenged, nothing else. */
static void stale_answers(void)
{
    static const char *const stale[] = {PLAIN, ANSWER_2, "b1 61 d7e4 01010101010101", "b1 61 d9e4 010101010101010101",
                                        "60 51 61"};
    packet sent, reply;
    begin();
    for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
        CHECK_OK(oscore_pair_ask(&pair, stale[i], &sent));
        CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_FRESHNESS);
        CHECK(pair.server.window_lost && !husk_oscore_exchange_observes(&pair.heard));
        uint64_t before = pair.server.sender_sequence;
        CHECK_OK(challenge(NO_BYTES, &reply));
        CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply)); /* nor with the old nonce */
        CHECK_INT(pair.server.sender_sequence, before + 2);
        CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_REPLAY); /* one challenge for each recorded request */
    }
    CHECK_OK(oscore_pair_ask(&pair, PLAIN, &sent));
    uint8_t outside[12];
    size_t outside_len = unhex(OUTSIDE, outside, sizeof outside);
    size_t at = 5 + 4; /* header, token, OSCORE */
    memmove(sent.data + at + outside_len, sent.data + at, sent.len - at);
    memcpy(sent.data + at, outside, outside_len);
    sent.len += outside_len;
    CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_FRESHNESS);
    CHECK_OK(oscore_pair_ask(&pair, ANSWER_1, &sent));
    sent.data[sent.len - 1] ^= 1;
    CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_AUTHENTICATION);
    CHECK(pair.server.window_lost);
}

/* Without a lost window an Echo means nothing to the core; it is there for applications that ask for one. */
static void challenges_of_the_application(void)
{
    packet sent, reply;
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
    CHECK_INT(challenge(bytes(boot_2, 8), &reply), HUSK_ERR_STATE);
    CHECK_OK(oscore_pair_ask(&pair, ANSWER_1, &sent));
    CHECK_OK(oscore_pair_hear(&pair, &sent));
    CHECK(!husk_oscore_echo_matches(&pair.inner, bytes(boot_2, 8)));
    CHECK_INT(challenge(NO_BYTES, &reply), HUSK_ERR_STATE);
    uint8_t longest[41] = {0};
    CHECK_INT(challenge(bytes(longest, 41), &reply), HUSK_ERR_ARGUMENT);
    CHECK_OK(challenge(bytes(longest, 40), &reply));
    CHECK_INT(pair.server.sender_sequence, 1);
    CHECK_OK(oscore_pair_receive(&pair, &reply));
    CHECK(husk_oscore_echo_matches(&pair.inner, bytes(longest, 40)));
    CHECK(!husk_oscore_echo_matches(&pair.inner, bytes(longest, 39)));
    CHECK_OK(challenge(bytes(boot_2, 8), &reply));
    CHECK_OK(oscore_pair_ask(&pair, ANSWER_2, &sent));
    CHECK_OK(oscore_pair_hear(&pair, &sent));
    CHECK(husk_oscore_echo_matches(&pair.inner, bytes(boot_2, 8)));
}

/* Requests in any order, recorded and sent again, across reboots of a server that keeps nothing but its numbers:
 * nothing is acted upon twice, nothing with an Echo of before, and no nonce is used twice. */
static void reboots_at_random(void)
{
    enum { KEPT = 24, ROUNDS = 400 };
    static packet kept[KEPT];
    static bool acted[KEPT];
    static unsigned made_after[KEPT]; /* boots when it was made */
    test_rng rng = {31};
    oscore_pair_up(&pair, &nonce_watch_aead);
    nonce_watch_reset();
    unsigned boots = 0, recovered = 0, challenged = 0, replayed = 0, count = 0;
    uint8_t echo[HUSK_OSCORE_ECHO_BYTES] = {0};
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (round % 40 == 39) {
            boots++;
            pair.server.sender_sequence += 5; /* as reserved */
            echo[0] = (uint8_t)boots;
            husk_oscore_window_lost(&pair.server, echo);
            pair.heard = (husk_oscore_exchange){0};
        }
        unsigned slot = test_rng_next(&rng) % KEPT;
        if (count < KEPT || test_rng_next(&rng) % 2 == 0) { /* a new request, with the Echo of now, of before, or none */
            slot = count < KEPT ? count++ : slot;
            char options[] = "d8ef 0000000000000000";
            unsigned which = test_rng_next(&rng) % 3;
            unsigned value = which == 0 || boots == 0 ? boots : boots - 1;
            options[5] = "0123456789abcdef"[value >> 4];
            options[6] = "0123456789abcdef"[value & 15];
            CHECK_OK(oscore_pair_ask(&pair, which == 2 ? PLAIN : options, &kept[slot]));
            acted[slot] = false;
            made_after[slot] = boots;
        }
        bool lost = pair.server.window_lost;
        packet reply;
        husk_status status = oscore_pair_hear(&pair, &kept[slot]);
        if (status == HUSK_OK) {
            CHECK(!acted[slot]);
            acted[slot] = true;
            if (lost) {
                CHECK_INT(made_after[slot], boots);
                recovered++;
            }
            CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply));
        } else if (status == HUSK_ERR_FRESHNESS) {
            CHECK(lost);
            challenged++;
            CHECK_OK(challenge(NO_BYTES, &reply));
        } else {
            CHECK_INT(status, HUSK_ERR_REPLAY);
            replayed++;
        }
    }
    CHECK(recovered > 4 && challenged > 10 && replayed > 50);
    CHECK_INT(nonce_watch_repeats(), 0);
#ifdef TEST_SLOW
    CHECK_INT(nonce_watch_forgotten(), 0);
#endif
}

void suite_echo(void)
{
    RUN(recovery);
    RUN(stale_answers);
    RUN(challenges_of_the_application);
    RUN(reboots_at_random);
}
