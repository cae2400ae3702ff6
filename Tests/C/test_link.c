/* Links: EDHOC and KUDOS over frames, then messages both ways, whole and in fragments; over a network that loses,
 * duplicates, delays and reorders, with reboots on both sides, and with somebody who injects. */
#include "nonce_watch.h"
#include "test.h"
#include "toy_suite.h"

#ifdef TEST_SLOW
#define RUNS(slow, quick) (slow)
#else
#define RUNS(slow, quick) (quick)
#endif

#define MESSAGE_MAX 64
#define FRAME_CAP 112

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t kid[] = {0x10};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};
static const husk_psk psks[2] = {
    {{key, 16}, {(const uint8_t *)"\x77", 1}, {cred_i, sizeof cred_i}, {cred_r, sizeof cred_r}},
    {{key, 16}, {kid, sizeof kid}, {cred_i, sizeof cred_i}, {cred_r, sizeof cred_r}},
};
static const husk_suite watched = {
    .id = 0, .edhoc_aead = &nonce_watch_aead, .app_aead = &nonce_watch_aead, .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh};
static const husk_suite *const suites[] = {&watched, &toy_suite_1};

typedef struct memory {
    uint8_t data[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t len;
    bool failing;
} memory;

static husk_status memory_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    const memory *m = context;
    CHECK_INT(record, HUSK_LINK_RECORD_KUDOS);
    CHECK(m->len <= cap);
    memcpy(out, m->data, m->len);
    *len = m->len;
    return m->failing ? HUSK_ERR_STORAGE : HUSK_OK;
}

static husk_status memory_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    memory *m = context;
    CHECK_INT(record, HUSK_LINK_RECORD_KUDOS);
    if (m->failing) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(m->data, data, len);
    m->len = len;
    return HUSK_OK;
}

/* One end, and what its application saw. */
typedef struct end {
    husk_link link;
    husk_link_config config;
    husk_link_fragments fragments;
    husk_kudos kudos;
    husk_kudos_config kudos_config;
    memory flash;
    uint8_t reassembly[MESSAGE_MAX];
    uint8_t message[MESSAGE_MAX]; /* on its way out */
    unsigned sessions, received, failures;
    uint32_t last_counter;
    husk_status why;
} end;

static end a, b; /* a begins, b answers; with KUDOS either may */
static test_rng rng;
static uint32_t now;

enum { EDHOC, KUDOS_FS, KUDOS_NO_FS, WAYS };

static void boot(end *e)
{
    CHECK_OK(husk_link_init(&e->link, &e->config));
    if (e->config.fragments != NULL) {
        CHECK_OK(husk_link_fragments_init(&e->fragments, e->fragments.frame_bytes, e->reassembly,
                                          sizeof e->reassembly));
    }
}

static void prepare(end *e, unsigned way, bool point_to_point, size_t frame_bytes)
{
    memset(e, 0, sizeof *e);
    e->config = (husk_link_config){
        .profile = way != EDHOC ? &husk_link_kudos : e == &a ? &husk_link_edhoc_initiator : &husk_link_edhoc_responder,
        .point_to_point = point_to_point,
        .edhoc = {.suites = suites, .suite_count = 1, .random = {test_random_fill, &rng}},
        .psks = e == &a ? psks + 1 : psks,
        .psk_count = e == &a ? 1 : 2,
        .id = {1, {e == &a ? 0x07 : 0x27}},
        .kudos = &e->kudos,
        .kudos_config = &e->kudos_config,
        .storage = {memory_load, memory_store, &e->flash},
        .fragments = frame_bytes > 0 ? &e->fragments : NULL,
    };
    e->kudos_config = (husk_kudos_config){
        .aead = &nonce_watch_aead,
        .hash = &husk_hash_sha256,
        .random = {test_random_fill, &rng},
        .bootstrap_secret = {key, 16},
        .sender_id = {1, {e == &a ? 0x01 : 0x02}},
        .recipient_id = {1, {e == &a ? 0x02 : 0x01}},
        .capable = way == KUDOS_FS || e == &b,
        .frame = true,
    };
    e->fragments.frame_bytes = frame_bytes;
    if (frame_bytes > 0) {
        CHECK_OK(husk_link_fragments_init(&e->fragments, frame_bytes, e->reassembly, sizeof e->reassembly));
    }
    boot(e);
}

static void begin(unsigned way, bool point_to_point, size_t frame_bytes)
{
    rng.state = 21;
    now = 5;
    nonce_watch_reset();
    prepare(&a, way, point_to_point, frame_bytes);
    prepare(&b, way, point_to_point, frame_bytes);
}

/* Messages are a counter and bytes that depend on it: the receiver knows each for genuine, new, and whole. */
static size_t make_message(uint8_t *out, uint32_t counter)
{
    size_t len = 4 + counter * 7 % (MESSAGE_MAX - 4);
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(i < 4 ? counter >> (8 * i) : counter * 31 + i);
    }
    return len;
}

static void see(end *e, const husk_link_event *event)
{
    if (event->new_session) {
        e->sessions++;
        e->last_counter = 0;
    }
    if (event->kind == HUSK_LINK_FAILED) {
        e->failures++;
        e->why = event->status;
    }
    if (event->kind == HUSK_LINK_MESSAGE) {
        uint8_t expected[MESSAGE_MAX];
        CHECK(event->payload.len >= 4);
        const uint8_t *p = event->payload.data;
        uint32_t counter = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        CHECK_INT(make_message(expected, counter), event->payload.len);
        CHECK_MEM(p, expected, event->payload.len);
        e->received++;
        e->last_counter = counter;
    }
}

static size_t transmit(end *e, uint8_t *out)
{
    size_t len;
    husk_link_event event;
    CHECK_OK(husk_link_transmit(&e->link, now, out, FRAME_CAP, &len, &event));
    see(e, &event);
    CHECK(len == 0 || e->config.fragments == NULL || len <= e->fragments.frame_bytes);
    return len;
}

static husk_status receive(end *e, const uint8_t *data, size_t len)
{
    static uint8_t copy[FRAME_CAP];
    husk_link_event event;
    memcpy(copy, data, len);
    husk_status status = husk_link_receive(&e->link, copy, len, &event);
    see(e, &event);
    return status;
}

/* Everything that both have to say, over a perfect link; returns the bytes. */
static size_t settle(void)
{
    uint8_t out[FRAME_CAP];
    size_t total = 0;
    for (unsigned quiet = 0; quiet < 2;) {
        size_t from_a = transmit(&a, out);
        if (from_a > 0) {
            (void)receive(&b, out, from_a);
        }
        size_t from_b = transmit(&b, out);
        if (from_b > 0) {
            (void)receive(&a, out, from_b);
        }
        total += from_a + from_b;
        quiet = from_a + from_b == 0 ? quiet + 1 : 0;
        CHECK(total < 100000);
    }
    return total;
}

static husk_status send(end *e, uint32_t counter)
{
    size_t len = make_message(e->message, counter);
    return husk_link_send(&e->link, bytes(e->message, len));
}

static void all_ways_over_a_perfect_link(void)
{
    for (unsigned way = 0; way < WAYS; way++) {
        for (size_t frame_bytes = 0; frame_bytes <= 40; frame_bytes = frame_bytes == 0 ? 20 : frame_bytes + 5) {
            bool point_to_point = frame_bytes == 20 || frame_bytes == 0;
            begin(way, point_to_point, frame_bytes);
            CHECK_INT(send(&a, 1), HUSK_ERR_STATE);
            CHECK_INT(send(&b, 1), HUSK_ERR_STATE);
            CHECK_INT(husk_link_next_timeout(&a.link, now), HUSK_LINK_NO_TIMEOUT);
            CHECK_OK(husk_link_start(&a.link));
            CHECK_INT(husk_link_start(&a.link), HUSK_ERR_STATE);
            (void)settle();
            CHECK_INT(a.sessions, 1);
            CHECK_INT(b.sessions, 1);
            for (uint32_t i = 1; i <= 20; i++) {
                CHECK_OK(send(&a, i));
                CHECK_INT(send(&a, i), HUSK_ERR_STATE);
                CHECK_OK(send(&b, 100 + i));
                (void)settle();
                CHECK_INT(b.received, i);
                CHECK_INT(a.received, i);
                CHECK_INT(b.last_counter, i);
            }
            CHECK_INT(husk_link_next_timeout(&a.link, now), HUSK_LINK_NO_TIMEOUT);
            CHECK_INT(husk_link_next_timeout(&b.link, now), HUSK_LINK_NO_TIMEOUT);
            CHECK_INT(a.failures + b.failures, 0);
            CHECK_INT(nonce_watch_repeats(), 0);
        }
    }
}

/* What goes over the link: figures of the article. */
static void bytes_of_a_handshake(void)
{
    begin(EDHOC, true, 0);
    CHECK_OK(husk_link_start(&a.link));
    CHECK_INT(settle(), 38 + 36 + 12 + 10);
    begin(EDHOC, false, 0);
    CHECK_OK(husk_link_start(&a.link));
    CHECK_INT(settle(), 38 + 37 + 13 + 11);
    begin(KUDOS_NO_FS, true, 0);
    CHECK_OK(husk_link_start(&a.link));
    CHECK_INT(settle(), 20 + 20 + 10 + 10);
    begin(KUDOS_NO_FS, false, 0);
    CHECK_OK(husk_link_start(&a.link));
    CHECK_INT(settle(), 21 + 21 + 11 + 11);
    uint8_t out[FRAME_CAP];
    CHECK_OK(husk_link_send(&a.link, bytes(out, 32)));
    CHECK_INT(transmit(&a, out), 43);
}

static void both_begin_at_once(void)
{
    for (unsigned way = KUDOS_FS; way < WAYS; way++) {
        begin(way, true, 20);
        CHECK_OK(husk_link_start(&a.link));
        CHECK_OK(husk_link_start(&b.link));
        uint8_t from_a[FRAME_CAP], from_b[FRAME_CAP];
        size_t a_len = transmit(&a, from_a), b_len = transmit(&b, from_b);
        CHECK_OK(receive(&a, from_b, b_len));
        CHECK_OK(receive(&b, from_a, a_len));
        (void)settle();
        CHECK(a.sessions > 0 && b.sessions > 0);
        CHECK_OK(send(&a, 3));
        CHECK_OK(send(&b, 4));
        (void)settle();
        CHECK_INT(a.last_counter, 4);
        CHECK_INT(b.last_counter, 3);
    }
}

/* Each frame of a handshake is lost once: the whole message is sent again after a while. */
static void each_frame_lost_once(void)
{
    for (unsigned way = 0; way < WAYS; way++) {
        for (unsigned lost = 0; lost < 8; lost++) {
            begin(way, false, lost % 2 != 0 ? 32 : 0);
            CHECK_OK(husk_link_start(&a.link));
            uint8_t out[FRAME_CAP];
            unsigned sent = 0;
            while (a.sessions == 0 || b.sessions == 0) {
                size_t len = transmit(&a, out);
                if (len > 0 && sent++ != lost) {
                    (void)receive(&b, out, len);
                }
                size_t back = transmit(&b, out);
                if (back > 0 && sent++ != lost) {
                    (void)receive(&a, out, back);
                }
                if (len + back == 0) {
                    now += husk_link_next_timeout(&a.link, now);
                    CHECK(now < 60000);
                }
            }
            CHECK_INT(a.failures + b.failures, 0);
            CHECK_INT(a.sessions, 1);
            CHECK_INT(b.sessions, 1);
            (void)settle();
            CHECK_OK(send(&b, 9));
            CHECK_OK(send(&a, 8));
            (void)settle();
            CHECK_INT(a.last_counter, 9);
            CHECK_INT(b.last_counter, 8);
        }
    }
}

static void silence_ends_in_a_timeout(void)
{
    for (unsigned way = 0; way < WAYS; way++) {
        begin(way, true, 0);
        uint8_t out[FRAME_CAP];
        unsigned sent = 0;
        CHECK_OK(husk_link_start(&a.link));
        while (a.failures == 0) {
            sent += transmit(&a, out) > 0;
            uint32_t wait = husk_link_next_timeout(&a.link, now);
            now += a.failures == 0 ? wait : 0;
        }
        CHECK_INT(a.why, HUSK_ERR_TIMEOUT);
        CHECK_INT(sent, 1 + HUSK_MAX_RETRANSMIT);
        CHECK_INT(husk_link_next_timeout(&a.link, now), HUSK_LINK_NO_TIMEOUT);
        CHECK_OK(husk_link_start(&a.link));
        (void)settle();
        CHECK_INT(a.sessions, 1);
    }
}

/* ---- EDHOC ---- */

static void suites_are_negotiated(void)
{
    begin(EDHOC, true, 20);
    static const husk_suite *const other_first[] = {&toy_suite_1, &watched};
    a.config.edhoc.suites = other_first;
    a.config.edhoc.suite_count = 2;
    CHECK_OK(husk_link_start(&a.link));
    (void)settle();
    CHECK_INT(a.sessions, 1);
    begin(EDHOC, false, 0);
    a.config.edhoc.suites = other_first;
    CHECK_OK(husk_link_start(&a.link));
    uint8_t out[FRAME_CAP];
    size_t len = transmit(&a, out);
    CHECK_INT(receive(&b, out, len), HUSK_ERR_SUITE);
    len = transmit(&b, out);
    CHECK_OK(receive(&a, out, len));
    CHECK_INT(a.why, HUSK_ERR_SUITE);
}

static void unknown_key_is_said(void)
{
    begin(EDHOC, true, 0);
    b.config.psk_count = 1;
    CHECK_OK(husk_link_start(&a.link));
    uint8_t out[FRAME_CAP];
    size_t len = transmit(&a, out);
    CHECK_OK(receive(&b, out, len));
    len = transmit(&b, out);
    CHECK_OK(receive(&a, out, len));
    len = transmit(&a, out);
    CHECK_INT(receive(&b, out, len), HUSK_ERR_CREDENTIAL);
    len = transmit(&b, out);
    CHECK_OK(receive(&a, out, len));
    CHECK_INT(a.why, HUSK_ERR_CREDENTIAL);
    CHECK_INT(b.sessions, 0);
    b.config.psk_count = 2;
    CHECK_OK(husk_link_start(&a.link));
    (void)settle();
    CHECK_INT(b.sessions, 1);
    CHECK_INT(b.link.psk_index, 1);
}

/* The same connection identifier on both sides is one that the Responder changes. */
static void identifiers_differ(void)
{
    begin(EDHOC, false, 0);
    b.config.id = a.config.id;
    CHECK_OK(husk_link_start(&a.link));
    (void)settle();
    CHECK_INT(b.sessions, 1);
    CHECK_OK(send(&a, 8));
    (void)settle();
    CHECK_INT(b.received, 1);
}

/* A session goes on until a handshake has been authenticated: whatever is injected does not touch it. */
static void injections_do_not_touch_a_session(void)
{
    for (unsigned way = 0; way < WAYS; way++) {
        begin(way, way == KUDOS_FS, 0);
        CHECK_OK(husk_link_start(&a.link));
        (void)settle();
        husk_frame_context before_a = a.link.context, before_b = b.link.context;
        for (unsigned i = 0; i < RUNS(3000, 150); i++) {
            static const uint8_t flags[] = {0x17, 0x27, 0x37, 0x47, 0x57, 0x01, 0x09, 0x81, 0x89, 0x97, 0xb7, 0x2f};
            uint8_t forged[60], out[FRAME_CAP];
            size_t len = 1 + test_rng_next(&rng) % (sizeof forged - 1);
            test_rng_fill(&rng, forged, len);
            forged[0] = flags[i % sizeof flags];
            (void)receive(i % 2 == 0 ? &a : &b, forged, len);
            (void)transmit(&a, out); /* errors, message 2: nobody waits for them */
            (void)transmit(&b, out);
        }
        before_a.oscore.count_v = a.link.context.oscore.count_v;
        before_b.oscore.count_v = b.link.context.oscore.count_v;
        CHECK(memcmp(&before_a, &a.link.context, sizeof before_a) == 0);
        CHECK(memcmp(&before_b, &b.link.context, sizeof before_b) == 0);
        CHECK_INT(a.sessions + b.sessions, 2);
        CHECK_OK(send(&a, 8));
        CHECK_OK(send(&b, 9));
        (void)settle();
        CHECK_INT(b.last_counter, 8);
        CHECK_INT(a.last_counter, 9);
    }
}

/* Handshake messages with any bit flipped lead to no session, and no forged one keeps the genuine ones from leading to
 * one, except for message 2 and errors, which nothing protects. */
static void tampered_handshakes(void)
{
    for (unsigned which = 0; which < 4; which++) {
        size_t len = 1;
        for (size_t bit = 0; bit < 8 * len; bit++) {
            begin(EDHOC, false, 0);
            CHECK_OK(husk_link_start(&a.link));
            uint8_t out[FRAME_CAP], forged[FRAME_CAP];
            for (unsigned k = 0; k <= which; k++) {
                end *from = k % 2 == 0 ? &a : &b, *to = k % 2 == 0 ? &b : &a;
                size_t frame_len = transmit(from, out);
                CHECK(frame_len > 0);
                if (k == which) {
                    len = frame_len;
                    memcpy(forged, out, len);
                    forged[bit / 8] ^= (uint8_t)(1u << bit % 8);
                    unsigned sessions = to->sessions;
                    (void)receive(to, forged, len);
                    if (which != 0) { /* of message 1 nothing is protected; it shows at message 3 */
                        CHECK(to->sessions == sessions);
                    }
                }
                if (k != which || which >= 2) {
                    husk_status status = receive(to, out, frame_len);
                    CHECK(status == HUSK_OK || (k == which && to->link.edhoc.phase == HUSK_EDHOC_WIPED));
                }
            }
        }
    }
}

/* Copies and forgeries of handshake messages that were taken do not keep the answer to them from being sent. */
static void copies_do_not_hold_an_answer_back(void)
{
    uint8_t message_1[FRAME_CAP], message_3[FRAME_CAP], out[FRAME_CAP];
    begin(EDHOC, true, 0);
    CHECK_OK(husk_link_start(&a.link));
    size_t len_1 = transmit(&a, message_1);
    CHECK_OK(receive(&b, message_1, len_1));
    size_t len = transmit(&b, out);
    CHECK_OK(receive(&a, out, len));
    size_t len_3 = transmit(&a, message_3);
    CHECK_OK(receive(&b, message_3, len_3));
    CHECK_INT(receive(&b, message_1, len_1), HUSK_ERR_REPLAY);
    message_3[len_3 - 1] ^= 1;
    CHECK_INT(receive(&b, message_3, len_3), HUSK_ERR_REPLAY);
    len = transmit(&b, out);
    CHECK(len > 0);
    CHECK_OK(receive(&a, out, len));
    CHECK_INT(a.sessions, 1);
}

/* ---- KUDOS ---- */

static void storage_that_fails(void)
{
    begin(KUDOS_FS, true, 0);
    a.flash.failing = true;
    CHECK_OK(husk_link_start(&a.link));
    uint8_t out[FRAME_CAP];
    size_t len = transmit(&a, out);
    CHECK_OK(receive(&b, out, len));
    len = transmit(&b, out);
    CHECK_OK(receive(&a, out, len));
    CHECK_INT(a.why, HUSK_ERR_STORAGE);
    CHECK_INT(a.sessions, 0);
    CHECK_INT(send(&a, 1), HUSK_ERR_STATE);
    CHECK_INT(transmit(&a, out), 0);
    len = make_message(b.message, 1);
    CHECK_OK(husk_frame_kudos_seal(&b.kudos, &b.link.context, false, bytes(b.message, len), out, FRAME_CAP, &len));
    CHECK(receive(&a, out, len) != HUSK_OK); /* no session, no messages */
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_STORAGE);
    a.flash.failing = false;
    boot(&a);
    for (unsigned tries = 0; a.sessions == 0; tries++) {
        CHECK(tries < 3);
        CHECK_OK(husk_link_start(&a.link));
        while (a.sessions == 0 && a.failures < 2 + tries) {
            len = transmit(&a, out);
            if (len > 0) {
                (void)receive(&b, out, len);
            }
            len = transmit(&b, out);
            if (len > 0) {
                (void)receive(&a, out, len);
            }
            now += 100;
        }
    }
    (void)settle();
    CHECK_OK(send(&a, 1));
    (void)settle();
    CHECK_INT(b.received, 1);
}

/* The end that began has the new keys and begins once more, before the other end has heard it under them: that end has
 * a session then. */
static void going_on_confirms(void)
{
    for (unsigned fails = 0; fails < 2; fails++) {
        uint8_t out[FRAME_CAP];
        begin(KUDOS_FS, true, 20);
        CHECK_OK(husk_link_start(&a.link));
        size_t len = transmit(&a, out);
        CHECK_OK(receive(&b, out, len));
        len = transmit(&b, out);
        CHECK_OK(receive(&a, out, len));
        CHECK(transmit(&a, out) > 0); /* lost */
        CHECK_OK(husk_link_start(&a.link));
        len = transmit(&a, out);
        b.flash.failing = fails != 0;
        CHECK_OK(receive(&b, out, len));
        CHECK_INT(b.sessions, !fails);
        CHECK_INT(b.failures, fails);
        CHECK(b.link.has_session == !fails);
        b.flash.failing = false;
        (void)settle();
        while (b.sessions == 0) {
            now += husk_link_next_timeout(&a.link, now);
            (void)settle();
        }
        CHECK_OK(send(&a, 1));
        CHECK_OK(send(&b, 2));
        (void)settle();
        CHECK_INT(b.last_counter, 1);
        CHECK_INT(a.last_counter, 2);
    }
}

/* A recorded first half may be repeated as often as one likes. */
static void recorded_updates_end_no_session(void)
{
    for (unsigned i = 0; i < 4; i++) {
        begin(KUDOS_FS + i % 2, true, i < 2 ? 20 : 0);
        uint8_t recorded[FRAME_CAP], out[FRAME_CAP];
        CHECK_OK(husk_link_start(&a.link));
        size_t len = transmit(&a, recorded);
        CHECK_OK(receive(&b, recorded, len));
        (void)settle();
        CHECK_INT(a.sessions, 1);
        for (uint32_t k = 1; k < 20; k++) {
            (void)receive(&b, recorded, len);
            (void)transmit(&b, out); /* the answer, which is for nobody */
            CHECK_OK(send(&a, k));
            CHECK_OK(send(&b, k));
            (void)settle();
            CHECK_INT(b.received, k);
            CHECK_INT(a.received, k);
        }
        CHECK_INT(nonce_watch_repeats(), 0);
    }
}

/* A question in the middle of a message is answered after it: the numbers of fragments follow one another. */
static void questions_wait_for_messages(void)
{
    begin(KUDOS_NO_FS, true, 20);
    CHECK_OK(husk_link_start(&a.link));
    (void)settle();
    uint8_t out[FRAME_CAP], question[FRAME_CAP];
    size_t question_len;
    CHECK_OK(send(&b, 5));
    size_t len = transmit(&b, out);
    CHECK_OK(receive(&a, out, len));
    CHECK_OK(husk_frame_seal(&a.link.context, false, NO_BYTES, question, sizeof question, &question_len));
    CHECK_OK(receive(&b, question, question_len));
    (void)settle();
    CHECK_INT(a.received, 1);
    CHECK_INT(b.link.context.oscore.sender_sequence, a.link.context.oscore.window_top + 1); /* answered */
    CHECK(!b.link.send_now);
}

static void configs_that_cannot_work(void)
{
    begin(KUDOS_FS, false, 0);
    a.kudos_config.frame = false;
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_ARGUMENT);
    begin(KUDOS_FS, false, 24);
    a.fragments.frame_bytes = 20; /* KUDOS messages have 21 bytes with an identifier */
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_ARGUMENT);
    begin(KUDOS_FS, false, 0);
    a.config.storage = (husk_storage){0};
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_ARGUMENT);
    a.config.kudos = NULL;
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_ARGUMENT);
    begin(EDHOC, false, 0);
    a.config.psk_count = 0;
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_link_start(&a.link), HUSK_ERR_STATE);
    b.config.psk_count = 0;
    CHECK_INT(husk_link_init(&b.link, &b.config), HUSK_ERR_ARGUMENT);
    begin(EDHOC, false, 0);
    CHECK_INT(husk_link_start(&b.link), HUSK_ERR_STATE);
    a.config.profile = NULL;
    CHECK_INT(husk_link_init(&a.link, &a.config), HUSK_ERR_ARGUMENT);
    CHECK_INT(husk_link_fragments_init(&a.fragments, 19, NULL, 0), HUSK_ERR_ARGUMENT);
}

static void used_up_keys(void)
{
    begin(EDHOC, true, 0);
    CHECK_OK(husk_link_start(&a.link));
    (void)settle();
    a.link.context.oscore.sender_limit = 0;
    CHECK_OK(send(&a, 1));
    (void)settle();
    CHECK_INT(a.why, HUSK_ERR_EXHAUSTED);
    CHECK_OK(husk_link_start(&a.link));
    (void)settle();
    CHECK_OK(send(&a, 1));
    (void)settle();
    CHECK_INT(b.received, 1);
}

/* ---- A network that loses, duplicates and reorders ---- */

#define IN_FLIGHT RUNS(24, 10)

static struct {
    uint32_t arrives;
    size_t len; /* 0: free */
    bool to_b;
    uint8_t data[FRAME_CAP];
} network[IN_FLIGHT];

static void put(bool to_b, const uint8_t *data, size_t len, unsigned trouble)
{
    unsigned copies = test_rng_next(&rng) % 100 < trouble ? test_rng_next(&rng) % 3 : 1;
    for (size_t i = 0; i < IN_FLIGHT && copies > 0; i++) {
        if (network[i].len == 0) {
            network[i].arrives = now + (test_rng_next(&rng) % 100 < trouble ? test_rng_next(&rng) % 6000 : 20);
            network[i].len = len;
            network[i].to_b = to_b;
            memcpy(network[i].data, data, len);
            copies--;
        }
    }
}

/* One thing happens. False if nothing is left to happen. */
static bool live(unsigned trouble)
{
    uint8_t data[FRAME_CAP];
    end *ends[2] = {&a, &b};
    for (unsigned i = 0; i < 2; i++) {
        size_t len = transmit(ends[i], data);
        if (len > 0) {
            put(i == 0, data, len, trouble);
            return true;
        }
    }
    size_t next = IN_FLIGHT;
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (network[i].len > 0 && (next == IN_FLIGHT || network[i].arrives < network[next].arrives)) {
            next = i;
        }
    }
    uint32_t wait = husk_link_next_timeout(&a.link, now), wait_b = husk_link_next_timeout(&b.link, now);
    wait = wait_b < wait ? wait_b : wait;
    if (next == IN_FLIGHT && wait == HUSK_LINK_NO_TIMEOUT) {
        return false;
    }
    if (next == IN_FLIGHT || (wait != HUSK_LINK_NO_TIMEOUT && network[next].arrives > now + wait)) {
        now += wait;
        return true;
    }
    now = network[next].arrives > now ? network[next].arrives : now;
    size_t len = network[next].len;
    memcpy(data, network[next].data, len);
    network[next].len = 0;
    (void)receive(network[next].to_b ? &b : &a, data, len);
    return true;
}

static void run_until_quiet(unsigned trouble)
{
    for (unsigned steps = 0; live(trouble); steps++) {
        CHECK(steps < 4000);
    }
}

static void schedule(unsigned run)
{
    static const size_t sizes[] = {0, 0, 20, 21, 30};
    unsigned way = run % WAYS;
    size_t frame_bytes = sizes[run / WAYS % 5];
    bool point_to_point = frame_bytes == 20 || run % 2 == 0;
    begin(way, point_to_point, frame_bytes);
    rng.state = 5000 + run;
    memset(network, 0, sizeof network);
    unsigned trouble = 10 * (run % 7);
    uint32_t counter = 1;
    (void)husk_link_start(&a.link);
    for (unsigned i = 0; i < RUNS(40, 12); i++) {
        unsigned act = test_rng_next(&rng) % 100;
        if (act < 8) {
            (void)husk_link_start(&a.link);
        } else if (act < 12 && way != EDHOC) {
            (void)husk_link_start(&b.link);
        } else if (act < 14) {
            boot(&a);
        } else if (act < 16) {
            boot(&b);
        }
        (void)send(&a, counter++);
        (void)send(&b, counter++);
        for (unsigned k = 0; k < 12; k++) {
            (void)live(trouble);
        }
    }
    /* Over a network without trouble, a few starts at most bring the peers together. */
    run_until_quiet(0);
    unsigned starts = 0;
    for (;;) {
        unsigned got_a = a.received, got_b = b.received;
        if (send(&a, counter++) == HUSK_OK && send(&b, counter++) == HUSK_OK) {
            run_until_quiet(0);
            if (a.received > got_a && b.received > got_b) {
                break;
            }
        }
        starts++;
        CHECK(starts < 5);
        (void)husk_link_start(&a.link);
        run_until_quiet(0);
    }
    CHECK_MEM(a.link.context.oscore.sender_key, b.link.context.oscore.recipient_key, 16);
    CHECK_MEM(a.link.context.oscore.recipient_key, b.link.context.oscore.sender_key, 16);
    CHECK_INT(nonce_watch_repeats(), 0);
    CHECK_INT(nonce_watch_forgotten(), 0);
}

static void any_network_ends_in_agreement(void)
{
    for (unsigned run = 0; run < RUNS(10000, 30); run++) {
        schedule(run);
    }
}

void suite_link(void)
{
    RUN(all_ways_over_a_perfect_link);
    RUN(bytes_of_a_handshake);
    RUN(both_begin_at_once);
    RUN(each_frame_lost_once);
    RUN(silence_ends_in_a_timeout);
    RUN(suites_are_negotiated);
    RUN(unknown_key_is_said);
    RUN(identifiers_differ);
    RUN(injections_do_not_touch_a_session);
    RUN(tampered_handshakes);
    RUN(copies_do_not_hold_an_answer_back);
    RUN(storage_that_fails);
    RUN(going_on_confirms);
    RUN(recorded_updates_end_no_session);
    RUN(questions_wait_for_messages);
    RUN(configs_that_cannot_work);
    RUN(used_up_keys);
    RUN(any_network_ends_in_agreement);
}
