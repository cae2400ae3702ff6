/* Key usage limits (draft-ietf-core-oscore-key-limits): the recommended ones, what counts, and that nothing is protected
 * or decrypted beyond them. */
#include "oscore_pair.h"

static oscore_pair pair;

static void begin(void)
{
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
}

/* Sections 2.1.1 and 2.1.2. */
static void recommended(void)
{
    static const struct {
        const husk_aead *aead;
        unsigned q, v, l;
    } rows[] = {
        {&husk_aead_aes_ccm_16_64_128, 20, 14, 12},
        {&husk_aead_aes_ccm_16_128_128, 20, 20, 14},
        {&husk_aead_chacha20_poly1305, 20, 20, 16},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        oscore_pair_up(&pair, rows[i].aead);
        CHECK_INT(pair.client.limit_q, (int64_t)1 << rows[i].q);
        CHECK_INT(pair.client.limit_v, (int64_t)1 << rows[i].v);
        CHECK_INT(pair.client.limit_l, (int64_t)1 << rows[i].l);
        CHECK(husk_oscore_count_q(&pair.client) == 0 && pair.client.count_v == 0);
        CHECK(!husk_oscore_is_exhausted(&pair.client));
    }
    CHECK(sizeof(husk_oscore_context) <= 200);
}

/* Requests, responses with the nonce of their request, and notifications all count; what is refused does not. */
static void messages_protected(void)
{
    packet sent, reply;
    begin();
    pair.client.limit_q = 3;
    pair.server.limit_q = 5;
    for (unsigned i = 0; i < 3; i++) {
        CHECK(!husk_oscore_is_exhausted(&pair.client));
        CHECK_OK(oscore_pair_ask(&pair, "60 51 61", &sent));
        CHECK_INT(husk_oscore_count_q(&pair.client), i + 1);
    }
    husk_oscore_exchange asked = pair.asked;
    CHECK(husk_oscore_is_exhausted(&pair.client));
    CHECK_INT(oscore_pair_ask(&pair, "60 51 61", &sent), HUSK_ERR_EXHAUSTED);
    CHECK(pair.client.sender_sequence == 3 && pair.asked.request_sequence == asked.request_sequence);

    begin();
    pair.server.limit_q = 5;
    for (unsigned i = 0; i < 2; i++) { /* one response each, which takes none of the server's numbers */
        CHECK_OK(oscore_pair_ask(&pair, "60 51 61", &sent));
        CHECK_OK(oscore_pair_hear(&pair, &sent));
        CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "60", 1, false, &reply));
        CHECK_INT(husk_oscore_count_q(&pair.server), i + 1);
    }
    for (unsigned i = 0; i < 3; i++) { /* notifications */
        CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "60", 1, false, &reply));
    }
    CHECK(husk_oscore_is_exhausted(&pair.server));
    CHECK_INT(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "60", 1, false, &reply), HUSK_ERR_EXHAUSTED);
    CHECK_INT(pair.server.sender_sequence, 3);
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &sent));
    CHECK_OK(oscore_pair_hear(&pair, &sent)); /* the other key is another matter */
    for (unsigned own = 0; own < 2; own++) {
        CHECK_INT(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, own != 0, &reply), HUSK_ERR_EXHAUSTED);
    }

    begin(); /* the last one allowed may have the nonce of its request */
    pair.server.limit_q = 1;
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &sent));
    CHECK_OK(oscore_pair_hear(&pair, &sent));
    CHECK_INT(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, true, &reply), HUSK_ERR_EXHAUSTED);
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply));
    CHECK_INT(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply), HUSK_ERR_EXHAUSTED);
}

/* The count is never below what was protected, whatever order and mixture. */
static unsigned seals;

static husk_status counting_seal(const husk_aead *aead, const uint8_t *key, const uint8_t *nonce, const husk_bytes *aad,
                                 size_t aad_count, uint8_t *text, size_t len)
{
    (void)aead;
    seals++;
    return husk_aead_aes_ccm_16_64_128.seal(&husk_aead_aes_ccm_16_64_128, key, nonce, aad, aad_count, text, len);
}

static void count_is_an_upper_bound(void)
{
    husk_aead counting = husk_aead_aes_ccm_16_64_128;
    counting.seal = counting_seal;
    test_rng rng = {41};
    packet sent[4], reply;
    husk_oscore_exchange heard[4];
    oscore_pair_up(&pair, &counting);
    pair.client.aead = &husk_aead_aes_ccm_16_64_128;
    pair.server.limit_q = 60;
    seals = 0;
    unsigned refused = 0;
    while (refused < 20) {
        for (unsigned i = 0; i < 4; i++) {
            CHECK_OK(oscore_pair_ask(&pair, "60 51 61", &sent[i]));
        }
        for (unsigned i = 4; i-- > 0;) { /* the latest first */
            CHECK_OK(oscore_pair_hear(&pair, &sent[i]));
            heard[i] = pair.heard;
        }
        for (unsigned i = 0; i < 6; i++) {
            unsigned slot = test_rng_next(&rng) % 4;
            pair.heard = heard[slot];
            husk_status status = oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "60", 1, i % 3 == 0, &reply);
            heard[slot] = pair.heard;
            CHECK(status == HUSK_OK || status == HUSK_ERR_EXHAUSTED);
            refused += status == HUSK_ERR_EXHAUSTED;
            CHECK(seals <= husk_oscore_count_q(&pair.server) && seals <= 60);
        }
    }
    CHECK(seals > 30);
}

/* Forgeries use up the recipient key; replays, and what is no OSCORE message at all, do not. */
static void forgeries(void)
{
    packet sent, forged, reply;
    begin();
    pair.server.limit_v = 3;
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &sent));
    CHECK_OK(oscore_pair_hear(&pair, &sent));
    CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_REPLAY);
    forged = sent;
    forged.len = 12;
    CHECK_INT(oscore_pair_hear(&pair, &forged), HUSK_ERR_FORMAT);
    CHECK_INT(pair.server.count_v, 0);
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &sent));
    for (unsigned i = 0; i < 3; i++) {
        CHECK(!husk_oscore_is_exhausted(&pair.server));
        forged = sent;
        forged.data[forged.len - 1] ^= 1;
        CHECK_INT(oscore_pair_hear(&pair, &forged), HUSK_ERR_AUTHENTICATION);
        CHECK_INT(pair.server.count_v, i + 1);
    }
    CHECK(husk_oscore_is_exhausted(&pair.server));
    CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_EXHAUSTED); /* the genuine one neither, and it stays encrypted */
    CHECK_MEM(pair.wire.data, sent.data, sent.len);
    CHECK_INT(pair.server.count_v, 3);
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply)); /* the other key is another matter */

    begin();
    pair.client.limit_v = 2;
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &sent));
    CHECK_OK(oscore_pair_hear(&pair, &sent));
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply));
    for (unsigned i = 0; i < 3; i++) {
        forged = reply;
        forged.data[forged.len - 9] ^= 1;
        CHECK_INT(oscore_pair_receive(&pair, &forged), i < 2 ? HUSK_ERR_AUTHENTICATION : HUSK_ERR_EXHAUSTED);
    }
    CHECK_INT(oscore_pair_receive(&pair, &reply), HUSK_ERR_EXHAUSTED);
    CHECK_INT(oscore_pair_ask(&pair, "b1 61", &sent), HUSK_OK);
}

/* Plaintext and tag of one message. */
static void length(void)
{
    packet sent, reply;
    begin();
    pair.client.limit_l = 3 + 8 - 1; /* code and option, and the tag */
    CHECK_INT(oscore_pair_ask(&pair, "b1 61", &sent), HUSK_ERR_ARGUMENT);
    CHECK(pair.client.sender_sequence == 0 && pair.asked.phase == 0);
    pair.client.limit_l++;
    CHECK_OK(oscore_pair_ask(&pair, "b1 61", &sent));
    pair.server.limit_l = 3 + 8 - 1;
    CHECK_INT(oscore_pair_hear(&pair, &sent), HUSK_ERR_FORMAT);
    pair.server.limit_l++;
    CHECK_OK(oscore_pair_hear(&pair, &sent));
    CHECK_OK(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, false, &reply)); /* code, marker, one byte */
    CHECK_OK(oscore_pair_receive(&pair, &reply));
    pair.server.limit_l = 8; /* not even a code */
    CHECK_INT(oscore_pair_answer(&pair, HUSK_COAP_CONTENT, "", 1, true, &reply), HUSK_ERR_ARGUMENT);
}

void suite_limits(void)
{
    RUN(recommended);
    RUN(messages_protected);
    RUN(count_is_an_upper_bound);
    RUN(forgeries);
    RUN(length);
}
