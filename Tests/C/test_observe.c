/* Observe under OSCORE (RFC 8613 sections 4.1.3.5, 7.4.1, 8.3.1 and 8.4.2): what travels outside and inside, the order
 * of notifications against a reference model, what proxies may do, and how an observation ends. */
#include "oscore_pair.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static oscore_pair pair;

static void pair_up(void)
{
    oscore_pair_up(&pair, &husk_aead_aes_ccm_16_64_128);
    pair.server.limit_q = UINT64_MAX; /* numbers of any size */
}

static husk_status ask(const char *options)
{
    return oscore_pair_ask(&pair, options, &pair.wire);
}

static husk_status hear(void)
{
    const packet sent = pair.wire;
    return oscore_pair_hear(&pair, &sent);
}

/* A response that says `number`, as notification if `observe` is not negative. */
static husk_status answer(int observe, uint8_t number, bool own_partial_iv, packet *out)
{
    uint8_t options[8];
    husk_coap_writer w;
    husk_coap_writer_init_options(&w, options, sizeof options);
    if (observe >= 0) {
        husk_coap_write_option_uint(&w, HUSK_COAP_OBSERVE, (uint32_t)observe);
    }
    const husk_coap_message reply = {HUSK_COAP_NON, observe >= 0 ? HUSK_COAP_CONTENT : HUSK_COAP_NOT_FOUND, 9,
                                     {(const uint8_t *)"t", 1}, {options, w.len}, {&number, 1}};
    return husk_oscore_response_protect(&pair.server, &pair.heard, own_partial_iv, &reply, out->data,
                                        sizeof out->data, &out->len);
}

static husk_status receive(const packet *sent)
{
    return oscore_pair_receive(&pair, sent);
}

static void register_both(void)
{
    pair_up();
    CHECK_OK(ask("60 51 61"));
    CHECK_OK(hear());
}

/* What a registration, a cancellation and a notification look like outside and inside. */
static void what_travels(void)
{
    static const struct {
        const char *plain, *outside;
        uint8_t code;
        bool observes;
    } requests[] = {
        {"60 51 61", "60 33 09 00 63 ff", HUSK_COAP_FETCH, true},
        {"61 01 51 61", "61 01 33 09 00 63 ff", HUSK_COAP_FETCH, false},
        {"31 68 30 51 61", "31 68 30 33 09 00 63 ff", HUSK_COAP_FETCH, true},
        {"b1 61", "93 09 00 63 ff", HUSK_COAP_POST, false},
    };
    for (size_t i = 0; i < COUNT(requests); i++) {
        pair_up();
        CHECK_OK(ask(requests[i].plain));
        CHECK_INT(pair.wire.data[1], requests[i].code);
        uint8_t outside[12];
        CHECK_MEM(pair.wire.data + 5, outside, unhex(requests[i].outside, outside, sizeof outside));
        CHECK_INT(husk_oscore_exchange_observes(&pair.asked), requests[i].observes);
        CHECK_OK(hear());
        CHECK_INT(husk_oscore_exchange_observes(&pair.heard), requests[i].observes);
        husk_bytes observe;
        CHECK_INT(husk_coap_option_find(pair.inner.options, HUSK_COAP_OBSERVE, &observe), i < 3);
        CHECK_INT(pair.inner.code, HUSK_COAP_GET);
    }
    register_both();
    packet first, second, last;
    CHECK_OK(answer(0x123456, 1, false, &first));
    CHECK_OK(answer(0x123457, 2, false, &second));
    CHECK_OK(answer(-1, 3, false, &last));
    CHECK_HEX(first.data, 11, "51 45 0009 74 63 123456 30 ff");
    CHECK_HEX(second.data, 13, "51 45 0009 74 63 123457 32 0100 ff");
    CHECK_HEX(last.data, 9, "51 44 0009 74 92 0101 ff");
    CHECK_OK(receive(&first));
    CHECK_HEX(pair.inner.options.data, pair.inner.options.len, "60");
    CHECK_INT(pair.inner.payload.data[0], 1);
    CHECK_OK(receive(&second));
    CHECK_INT(pair.inner.code, HUSK_COAP_CONTENT);
    CHECK(husk_oscore_exchange_observes(&pair.asked) && !husk_oscore_exchange_observes(&pair.heard));
    CHECK_OK(receive(&last));
    CHECK_INT(pair.inner.code, HUSK_COAP_NOT_FOUND);
    CHECK(!husk_oscore_exchange_observes(&pair.asked));
    CHECK_INT(receive(&last), HUSK_ERR_STATE);
    CHECK_INT(receive(&second), HUSK_ERR_STATE);
    CHECK_INT(answer(5, 4, false, &first), HUSK_ERR_STATE); /* the server ended it too */
}

/* Observe values that RFC 7641 does not have, and Observe twice. */
static void other_values(void)
{
    pair_up();
    static const char *const refused[] = {"61 02 51 61", "62 01 00 51 61", "64 00 00 00 00 51 61", "60 00 51 61",
                                          "63 ff ff ff 51 61"};
    for (size_t i = 0; i < COUNT(refused); i++) {
        CHECK_INT(ask(refused[i]), HUSK_ERR_ARGUMENT);
        CHECK(pair.client.sender_sequence == 0 && pair.asked.phase == 0);
    }
    CHECK_OK(ask("62 00 00 51 61")); /* zeros in front: still 0 */
    CHECK(husk_oscore_exchange_observes(&pair.asked));
}

/* No notification without a registration, on either side. */
static void not_asked_for(void)
{
    packet sent;
    for (unsigned cancel = 0; cancel < 2; cancel++) {
        pair_up();
        CHECK_OK(ask(cancel != 0 ? "61 01 51 61" : "b1 61"));
        CHECK_OK(hear());
        CHECK_INT(answer(1, 1, false, &sent), HUSK_ERR_STATE);
        pair.heard.observes = true; /* a server that does it all the same */
        CHECK_OK(answer(1, 1, false, &sent));
        CHECK_INT(receive(&sent), HUSK_ERR_FORMAT);
        for (size_t i = sent.len - 8 - 4; i < sent.len - 8; i++) {
            CHECK_INT(pair.wire.data[i], 0);
        }
        CHECK_OK(answer(-1, 2, false, &sent));
        CHECK_OK(receive(&sent));
    }
    register_both(); /* a server that does not accept the registration */
    CHECK_OK(answer(-1, 1, false, &sent));
    CHECK_OK(receive(&sent));
    CHECK(!husk_oscore_exchange_observes(&pair.asked));
}

/* Random order, losses, copies and forgeries: what comes out only ever gets newer, and is as fresh as can be. */
static void order_of_notifications(void)
{
    test_rng rng = {21};
    static packet sent[12];
    for (unsigned round = 0; round < 40; round++) {
        register_both();
        pair.server.sender_sequence = round % 4 == 0 ? 0 : ((uint64_t)test_rng_next(&rng) << 8) >> round;
        for (uint8_t i = 0; i < COUNT(sent); i++) {
            CHECK_OK(answer(round % 3 == 0 ? 7 : i, i, round % 2 == 0, &sent[i])); /* outer values mean nothing */
        }
        int newest = -1;
        for (unsigned i = 0; i < 60; i++) {
            unsigned pick = test_rng_next(&rng) % COUNT(sent);
            husk_oscore_exchange before = pair.asked;
            packet forged = sent[pick];
            forged.data[forged.len - 1 - test_rng_next(&rng) % 9] ^= 1;
            CHECK_INT(receive(&forged), (int)pick > newest ? HUSK_ERR_AUTHENTICATION : HUSK_ERR_REPLAY);
            CHECK(pair.asked.notification == before.notification && pair.asked.phase == before.phase);
            CHECK_INT(receive(&sent[pick]), (int)pick > newest ? HUSK_OK : HUSK_ERR_REPLAY);
            if ((int)pick > newest) {
                newest = (int)pick;
                CHECK_INT(pair.inner.payload.data[0], pick);
            }
            CHECK(husk_oscore_exchange_observes(&pair.asked));
        }
        CHECK(newest > 5);
    }
}

/* Without a Partial IV there is one notification, the oldest. */
static void without_partial_iv(void)
{
    packet bare, numbered;
    register_both();
    CHECK_OK(answer(0, 1, false, &bare));
    CHECK_OK(answer(1, 2, false, &numbered));
    husk_oscore_exchange start = pair.asked;
    CHECK_OK(receive(&bare));
    CHECK_INT(receive(&bare), HUSK_ERR_REPLAY);
    CHECK_OK(receive(&numbered));
    CHECK_INT(receive(&bare), HUSK_ERR_REPLAY);
    pair.asked = start;
    CHECK_OK(receive(&numbered));
    CHECK_INT(receive(&bare), HUSK_ERR_REPLAY);
    /* A server never makes a second one, and does not come back to the nonce of the request. */
    CHECK_INT(pair.server.sender_sequence, 1);
    for (unsigned i = 0; i < 3; i++) {
        CHECK_OK(answer(2, 3, false, &numbered));
        CHECK_INT(pair.server.sender_sequence, 2 + i);
    }
}

/* A registration made anew: nothing of the old one fits it; nor do other contexts. */
static void registrations_are_apart(void)
{
    packet old[2], sent;
    register_both();
    CHECK_OK(answer(0, 1, false, &old[0]));
    CHECK_OK(answer(1, 2, false, &old[1]));
    CHECK_OK(receive(&old[0]));
    husk_oscore_exchange first = pair.heard;
    CHECK_OK(ask("60 51 61"));
    CHECK_INT(pair.asked.notification, 0);
    CHECK_OK(hear());
    CHECK_INT(receive(&old[0]), HUSK_ERR_AUTHENTICATION);
    CHECK_INT(receive(&old[1]), HUSK_ERR_AUTHENTICATION);
    CHECK_OK(answer(2, 3, false, &sent));
    CHECK_OK(receive(&sent));
    husk_oscore_exchange second = pair.heard; /* a server that notifies the old registration still */
    pair.heard = first;
    CHECK_OK(answer(3, 4, false, &sent));
    CHECK_INT(receive(&sent), HUSK_ERR_AUTHENTICATION);
    pair.heard = second;
    CHECK_OK(answer(4, 5, false, &sent));
    CHECK_OK(receive(&sent));
    CHECK_INT(pair.inner.payload.data[0], 5);
}

/* The outer option taken away, added or changed, and the code with it: nothing changes. */
static void outer_observe_means_nothing(void)
{
    static const char *const heads[] = {"60 32", "92", "61 01 32", "63 aa bb cc 32"};
    for (size_t request = 0; request < 2; request++) {
        for (size_t i = 0; i < COUNT(heads); i++) {
            pair_up();
            CHECK_OK(ask(request == 0 ? "60 51 61" : "b1 61"));
            const size_t cut = request == 0 ? 2 : 1;
            uint8_t head[8];
            size_t head_len = unhex(heads[i], head, sizeof head);
            head[head_len - 1] = (uint8_t)((head[head_len - 1] & 0xf0) | 3); /* flags, Partial IV, kid */
            memmove(pair.wire.data + 5 + head_len, pair.wire.data + 5 + cut, pair.wire.len - 5 - cut);
            memcpy(pair.wire.data + 5, head, head_len);
            pair.wire.len += head_len - cut;
            pair.wire.data[1] = i % 2 == 0 ? HUSK_COAP_POST : HUSK_COAP_FETCH;
            CHECK_OK(hear());
            CHECK_INT(husk_oscore_exchange_observes(&pair.heard), request == 0);
        }
    }
    for (size_t i = 0; i < COUNT(heads); i++) {
        packet sent;
        register_both();
        CHECK_OK(answer(0, 1, true, &sent));
        CHECK_HEX(sent.data + 5, 4, "60 32 01 00");
        uint8_t head[8];
        size_t head_len = unhex(heads[i], head, sizeof head);
        memmove(sent.data + 5 + head_len, sent.data + 5 + 2, sent.len - 5 - 2);
        memcpy(sent.data + 5, head, head_len);
        sent.len += head_len - 2;
        sent.data[1] = i % 2 == 0 ? HUSK_COAP_CHANGED : HUSK_COAP_CONTENT;
        CHECK_OK(receive(&sent));
        CHECK(husk_oscore_exchange_observes(&pair.asked));
        CHECK_HEX(pair.inner.options.data, pair.inner.options.len, "60");
    }
}

/* Any bit of a notification flipped, any end cut off: refused, or as it was sent; the observation goes on. */
static void altered_notifications(void)
{
    packet sent;
    register_both();
    CHECK_OK(answer(300, 1, true, &sent));
    for (size_t bit = 0; bit < 8 * sent.len; bit++) {
        husk_oscore_exchange before = pair.asked;
        packet altered = sent;
        altered.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        husk_status status = receive(&altered);
        if (status == HUSK_OK) {
            CHECK_INT(pair.inner.payload.data[0], 1);
            CHECK_INT(pair.inner.code, HUSK_COAP_CONTENT);
            CHECK(bit / 8 < 9);
        } else {
            CHECK(pair.asked.notification == before.notification);
        }
        CHECK(husk_oscore_exchange_observes(&pair.asked));
        pair.asked = before;
    }
    for (size_t len = 0; len < sent.len; len++) {
        packet cut = sent;
        cut.len = len;
        CHECK(receive(&cut) != HUSK_OK);
    }
    CHECK_OK(receive(&sent));
}

void suite_observe(void)
{
    RUN(what_travels);
    RUN(other_values);
    RUN(not_asked_for);
    RUN(order_of_notifications);
    RUN(without_partial_iv);
    RUN(registrations_are_apart);
    RUN(outer_observe_means_nothing);
    RUN(altered_notifications);
}
