/* The power cut: a device lives with its records in a journal over NOR flash, and the power fails at every step of
 * every program and erase. It has to come back each time: same keys on both sides, no (key, nonce) pair used twice,
 * nothing lost that was stored. The gateway's power does not fail. */
#include "loopback_gateway.h"
#include "nonce_watch.h"
#include "nor_flash.h"
#include "toy_suite.h"

static const uint8_t key[] = "0123456789abcdef";
static const uint8_t kid[] = {0x0a};
static const uint8_t cred_i[] = {0xa1, 0x02, 0x61, 'i'};
static const uint8_t cred_r[] = {0xa1, 0x02, 0x61, 'r'};

static const husk_suite watched_suite = {
    .id = 0,
    .edhoc_aead = &nonce_watch_aead,
    .app_aead = &nonce_watch_aead,
    .hash = &husk_hash_sha256,
    .ecdh = &toy_ecdh,
};
static const husk_suite *const suites[] = {&watched_suite};

#define APPLICATION_RECORD 20
#define SENDER_RECORD 21
#define OPENER_RECORD 22
#define ENVELOPE_CAP 64

/* What the application stores: its own record, of the number of the reading that was answered last. */
#define NUMBER_BYTES 4

/* A store that happens only after the next message was sent: the mistake that the test must find. */
typedef struct late_store {
    bool pending;
    size_t len;
    uint8_t data[HUSK_DEVICE_RECORD_MAX_BYTES];
} late_store;

/* Everything there is. */
typedef struct world {
    nor_flash nor;
    husk_journal journal;
    husk_device device;
    husk_kudos kudos;
    late_store late;
    union {
        loopback_gateway edhoc;
        struct {
            husk_kudos kudos;
            husk_oscore_context context;
            size_t record_len;
            uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
        } symmetric;
    } gateway;
    husk_envelope_sender sender; /* of the device, to an application beyond the gateway */
    husk_envelope_opener opener; /* of its commands */
    struct {
        husk_envelope_sender sender;
        husk_envelope_opener opener;
        uint8_t records[2][HUSK_ENVELOPE_OPENER_RECORD_BYTES];
        size_t record_lens[2];
        uint8_t command[ENVELOPE_CAP]; /* that was opened last */
        size_t command_len;
    } application;
    test_rng rng;
    uint32_t number; /* of the reading sent last */
    uint32_t stored; /* by the application */
    unsigned stores; /* by the endpoint */
    bool failing;
    struct {
        uint8_t sender_key[16];
        uint8_t secret[16];
    } sessions[2]; /* that were stored last, and the secret of KUDOS at that time */
} world;

static world w;
static husk_device_config config;
static husk_kudos_config device_kudos, gateway_kudos;
static uint8_t late_record; /* 0: none */
static bool symmetric;

/* ---- Storage ---- */

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    if (w.failing) {
        return HUSK_ERR_STORAGE;
    }
    w.stores++;
    if (record == HUSK_DEVICE_RECORD_SESSION && len > 0) {
        w.sessions[0] = w.sessions[1];
        memcpy(w.sessions[1].sender_key, w.device.oscore.sender_key, 16);
        memcpy(w.sessions[1].secret, w.kudos.secrets[0], 16);
    }
    if (record == late_record && len > 0) {
        w.late.pending = true;
        w.late.len = len;
        memcpy(w.late.data, data, len);
        return HUSK_OK;
    }
    return husk_journal_store(context, record, data, len);
}

static void store_late(void)
{
    if (w.late.pending) {
        w.late.pending = false;
        CHECK_OK(husk_journal_store(&w.journal, late_record, w.late.data, w.late.len));
    }
}

/* ---- The application beyond the gateway, and envelopes to and from it ---- */

static husk_envelope_key envelope_keys[2]; /* of readings, of commands */
static husk_envelope_sender_config sender_config, far_sender_config;
static husk_envelope_opener_config opener_config, far_opener_config;

static husk_status far_load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context;
    CHECK(w.application.record_lens[record] <= cap);
    *len = w.application.record_lens[record];
    memcpy(out, w.application.records[record], *len);
    return HUSK_OK;
}

static husk_status far_store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context;
    memcpy(w.application.records[record], data, len);
    w.application.record_lens[record] = len;
    return HUSK_OK;
}

static void begin_envelopes(void)
{
    static const uint8_t names[] = "rc"; /* a key for each direction */
    for (size_t i = 0; i < 2; i++) {
        const husk_envelope_parameters parameters = {.aead = &nonce_watch_aead,
                                                     .hash = &husk_hash_sha256,
                                                     .root_key = {key, 16},
                                                     .sender = {names + i, 1},
                                                     .recipient = {names + 1 - i, 1}};
        CHECK_OK(husk_envelope_key_derive(&envelope_keys[i], &parameters));
    }
    sender_config = (husk_envelope_sender_config){
        .keys = &envelope_keys[0], .key_count = 1, .storage = config.storage, .record = SENDER_RECORD};
    opener_config = (husk_envelope_opener_config){
        .key = &envelope_keys[1], .storage = config.storage, .record = OPENER_RECORD};
    const husk_storage far = {far_load, far_store, NULL};
    far_sender_config = (husk_envelope_sender_config){.keys = &envelope_keys[1], .key_count = 1, .storage = far};
    far_opener_config = (husk_envelope_opener_config){.key = &envelope_keys[0], .storage = far, .record = 1};
    CHECK_OK(husk_envelope_sender_init(&w.application.sender, &far_sender_config));
    CHECK_OK(husk_envelope_opener_init(&w.application.opener, &far_opener_config));
}

/* A reading there and a command back. */
static void exchange_envelopes(void)
{
    static const husk_envelope_metadata nothing = {0};
    static const uint8_t content[] = "envelope";
    uint8_t envelope[ENVELOPE_CAP];
    uint8_t copy[ENVELOPE_CAP];
    husk_envelope_view view;
    size_t len;
    CHECK_OK(husk_envelope_seal(&w.sender, &nothing, bytes(content, 8), envelope, sizeof envelope, &len));
    CHECK_OK(husk_envelope_open(&w.application.opener, HUSK_ENVELOPE_TIME_UNKNOWN, envelope, len, &view));
    CHECK_OK(husk_envelope_seal(&w.application.sender, &nothing, bytes(content, 8), envelope, sizeof envelope, &len));
    memcpy(copy, envelope, len);
    CHECK_OK(husk_envelope_open(&w.opener, HUSK_ENVELOPE_TIME_UNKNOWN, copy, len, &view));
    memcpy(w.application.command, envelope, len);
    w.application.command_len = len;
}

/* True if the command that was acted upon last is not acted upon again. */
static bool refuses_last_command(void)
{
    husk_envelope_view view;
    uint8_t copy[ENVELOPE_CAP];
    memcpy(copy, w.application.command, sizeof copy);
    return w.application.command_len == 0 ||
           husk_envelope_open(&w.opener, HUSK_ENVELOPE_TIME_UNKNOWN, copy, w.application.command_len, &view) ==
               HUSK_ERR_REPLAY;
}

/* ---- The gateway ---- */

static void gateway_reboot(void)
{
    if (!symmetric) {
        w.gateway.edhoc.has_context = false;
        return;
    }
    memset(&w.gateway.symmetric.context, 0, sizeof w.gateway.symmetric.context);
    CHECK_OK(husk_kudos_init(&w.gateway.symmetric.kudos, &gateway_kudos, gateway_kudos.bootstrap_secret));
    if (w.gateway.symmetric.record_len > 0) {
        CHECK_OK(husk_kudos_restore(&w.gateway.symmetric.kudos,
                                    bytes(w.gateway.symmetric.record, w.gateway.symmetric.record_len)));
    }
}

static const husk_oscore_context *gateway_context(void)
{
    return symmetric ? &w.gateway.symmetric.context : &w.gateway.edhoc.context;
}

static size_t symmetric_reply(uint8_t *datagram, size_t len, uint8_t *out)
{
    husk_kudos *kudos = &w.gateway.symmetric.kudos;
    husk_oscore_context *context = &w.gateway.symmetric.context;
    husk_oscore_exchange exchange = {0};
    husk_coap_message outer;
    husk_coap_message inner;
    uint8_t spare[64];
    uint8_t what;
    size_t out_len;
    CHECK_OK(husk_coap_decode(datagram, len, &outer));
    husk_coap_message reply = {.type = HUSK_COAP_ACK, .code = HUSK_COAP_CHANGED, .message_id = outer.message_id};
    uint8_t token[8];
    memcpy(token, outer.token.data, outer.token.len);
    reply.token = bytes(token, outer.token.len);
    if (husk_kudos_request_unprotect(kudos, context, &exchange, datagram, len, spare, sizeof spare, &inner, &what) !=
        HUSK_OK) {
        husk_coap_writer writer;
        husk_coap_writer_init(&writer, out, LOOPBACK_REPLY_MAX_BYTES, HUSK_COAP_ACK, HUSK_COAP_UNAUTHORIZED,
                              outer.message_id, reply.token);
        CHECK_OK(husk_coap_writer_finish(&writer, &out_len));
        return out_len;
    }
    if (husk_kudos_must_store(kudos)) {
        w.gateway.symmetric.record_len = husk_kudos_record_write(kudos, w.gateway.symmetric.record);
        husk_kudos_stored(kudos);
    }
    uint8_t payload[NUMBER_BYTES];
    if (what != HUSK_KUDOS_DIVERGENT && inner.payload.len == sizeof payload) {
        memcpy(payload, inner.payload.data, sizeof payload);
        reply.payload = bytes(payload, sizeof payload);
    }
    CHECK_OK(husk_kudos_response_protect(kudos, context, &exchange, &reply, out, LOOPBACK_REPLY_MAX_BYTES, &out_len));
    return out_len;
}

static size_t gateway_reply(uint8_t *datagram, size_t len, uint8_t *out)
{
    if (symmetric) {
        return symmetric_reply(datagram, len, out);
    }
    const loopback_reply *reply = loopback_gateway_receive(&w.gateway.edhoc, datagram, len);
    if (reply == NULL) {
        return 0;
    }
    memcpy(out, reply->data, reply->len);
    return reply->len;
}

/* ---- The device ---- */

static void begin(uint8_t unit, uint16_t page_bytes, uint8_t pages, uint16_t reserve)
{
    memset(&w, 0, sizeof w);
    nor_init(&w.nor, unit, page_bytes, pages);
    w.rng.state = 4242;
    nonce_watch_reset();
    device_kudos = (husk_kudos_config){
        .aead = &nonce_watch_aead,
        .hash = &husk_hash_sha256,
        .random = {test_random_fill, &w.rng},
        .bootstrap_secret = {key, 16},
        .sender_id = {1, {0x01}},
        .recipient_id = {1, {0x02}},
        .capable = true,
    };
    gateway_kudos = device_kudos;
    gateway_kudos.sender_id = device_kudos.recipient_id;
    gateway_kudos.recipient_id = device_kudos.sender_id;
    config = (husk_device_config){
        .profile = symmetric ? &husk_profile_kudos : &husk_profile_edhoc,
        .edhoc = {.suites = suites, .suite_count = 1, .random = {test_random_fill, &w.rng}},
        .psk = {{key, 16}, {kid, sizeof kid}, {cred_i, sizeof cred_i}, {cred_r, sizeof cred_r}},
        .kudos = &w.kudos,
        .kudos_config = symmetric ? &device_kudos : NULL,
        .storage = {husk_journal_load, store, &w.journal},
        .resume = true,
        .reserve = reserve,
        .keep = &husk_keeper_storage,
    };
    begin_envelopes();
    if (symmetric) {
        gateway_reboot();
    } else {
        loopback_gateway_init(&w.gateway.edhoc, &config.edhoc, &config.psk);
    }
}

static void boot(void)
{
    memset(&w.journal, 0xa5, sizeof w.journal);
    memset(&w.device, 0xa5, sizeof w.device);
    memset(&w.kudos, 0xa5, sizeof w.kudos);
    w.late.pending = false;
    husk_status status = husk_journal_mount(&w.journal, &w.nor.hooks);
    if (status == HUSK_ERR_CORRUPT && w.stored == 0) { /* the first start was cut */
        status = husk_journal_format(&w.journal, &w.nor.hooks);
    }
    CHECK_OK(status);
    CHECK_OK(husk_device_init(&w.device, &config));
    CHECK_OK(husk_envelope_sender_init(&w.sender, &sender_config));
    CHECK_OK(husk_envelope_opener_init(&w.opener, &opener_config));
}

/* Until the request, or what was started without one, has come to an end. */
static husk_event run(void)
{
    husk_event event = {0};
    while (event.kind == HUSK_EVENT_NONE || (event.kind == HUSK_EVENT_AUTHENTICATED && w.device.phase != 0)) {
        const uint8_t *datagram;
        size_t len;
        uint8_t copy[LOOPBACK_REPLY_MAX_BYTES];
        uint8_t reply[LOOPBACK_REPLY_MAX_BYTES];
        CHECK_OK(husk_device_transmit(&w.device, 0, &datagram, &len, &event));
        CHECK(len > 0);
        memcpy(copy, datagram, len);
        len = gateway_reply(copy, len, reply);
        store_late();
        CHECK(len > 0);
        (void)husk_device_receive(&w.device, 0, reply, len, &event);
    }
    return event;
}

/* A reading; true if it was answered. */
static bool send_reading(void)
{
    uint8_t payload[NUMBER_BYTES];
    w.number++;
    memcpy(payload, &w.number, sizeof payload);
    const husk_device_request request = {HUSK_COAP_POST, "r", 1, HUSK_DEVICE_NO_FORMAT, {payload, sizeof payload}};
    husk_status status = husk_device_start(&w.device, &request);
    if (status != HUSK_OK) {
        CHECK_INT(status, HUSK_ERR_STATE);
        return false;
    }
    husk_event event = run();
    bool answered = event.kind == HUSK_EVENT_RESPONSE && event.payload.len == sizeof payload &&
                    memcmp(event.payload.data, payload, sizeof payload) == 0;
    return answered;
}

static void new_session(void)
{
    CHECK_OK(husk_device_start(&w.device, NULL));
    CHECK_INT(run().kind, HUSK_EVENT_AUTHENTICATED);
}

static void store_number(void)
{
    CHECK_OK(husk_journal_store(&w.journal, APPLICATION_RECORD, (const uint8_t *)&w.number, sizeof w.number));
    w.stored = w.number;
}

/* ---- Lives ---- */

static uint32_t moment; /* of the life, counted in actions */

/* What happens at a moment: mostly readings. */
static void live(void)
{
    switch (moment) {
    case 0:
    case 12:
    case 300:
    case 301:
    case 900:
        boot();
        return;
    case 5:
    case 150:
    case 302:
    case 600:
        new_session();
        return;
    case 9:
    case 700:
        gateway_reboot();
        break;
    case 10:
    case 210:
        if (symmetric) { /* the gateway begins: its response to this reading does, the next reading completes it */
            CHECK_OK(husk_kudos_start(&w.gateway.symmetric.kudos));
        }
        break;
    case 800:
        if (!symmetric) {
            loopback_gateway_forget(&w.gateway.edhoc);
        }
        break;
    default:
        break;
    }
    if (moment % 100 == 7) {
        store_number();
        return;
    }
    if (moment % 25 == 3) {
        exchange_envelopes();
    }
    CHECK(send_reading());
}

static bool is_agreed(void)
{
    return w.device.has_context && memcmp(w.device.oscore.sender_key, gateway_context()->recipient_key, 16) == 0 &&
           memcmp(w.device.oscore.recipient_key, gateway_context()->sender_key, 16) == 0;
}

/* True if the application finds what it had stored, or what it was storing when the power failed. */
static bool finds_number(uint32_t number)
{
    uint32_t found = 0;
    size_t len;
    CHECK_OK(husk_journal_load(&w.journal, APPLICATION_RECORD, (uint8_t *)&found, sizeof found, &len));
    return found == w.stored || found == number;
}

/* A session that is taken up is of the secret that KUDOS goes on from. */
static bool session_fits(void)
{
    if (!symmetric || !w.device.has_context) {
        return true;
    }
    size_t which = memcmp(w.sessions[1].sender_key, w.device.oscore.sender_key, 16) == 0;
    return memcmp(w.sessions[which].sender_key, w.device.oscore.sender_key, 16) == 0 &&
           memcmp(w.sessions[which].secret, w.kudos.secrets[0], 16) == 0;
}

/* After a cut: whether the device comes back, and again after another reboot, and can get new keys. */
static bool comes_back(void)
{
    uint32_t number = w.number;
    for (int again = 0; again <= 1; again++) {
        boot();
        if (!session_fits() || !finds_number(number) || !refuses_last_command()) {
            return false;
        }
        exchange_envelopes();
        bool answered = false;
        for (int tries = 0; !answered && tries < 3; tries++) {
            answered = send_reading();
        }
        if (!answered || !send_reading() || !is_agreed()) {
            return false;
        }
    }
    if (husk_device_start(&w.device, NULL) != HUSK_OK || run().kind != HUSK_EVENT_AUTHENTICATED || !send_reading()) {
        return false;
    }
    return is_agreed() && nonce_watch_repeats() == 0 && nonce_watch_forgotten() == 0;
}

static unsigned cuts, survived;

static void print_cuts(const char *what)
{
    test_print(what);
    test_print_uint(cuts);
    test_print(" cut points, ");
    test_print_uint(survived);
    test_print(" survived\n");
}

#ifdef TEST_SLOW

#define WHOLE_LIFE 1020
#define YOUTH 310

static world before;

/* Every step of so many moments. */
static void cut_everywhere(uint8_t unit, uint16_t page_bytes, uint8_t pages, uint32_t moments)
{
    begin(unit, page_bytes, pages, 0);
    for (moment = 0; moment < moments; moment++) {
        before = w;
        unsigned mark = nonce_watch_mark();
        for (uint32_t step = 0; !nor_run(&w.nor, step, step + moment, live); step++) {
            cuts++;
            survived += comes_back();
            w = before;
            nonce_watch_return(mark);
        }
        CHECK_INT(nonce_watch_repeats(), 0);
    }
    CHECK(nor_erases(&w.nor) > pages);
}

#else

/* A sample of the steps of a short life, from its beginning each time. */
#define WHOLE_LIFE 15
#define SAMPLES 12

static void live_short(void)
{
    for (moment = 0; moment < WHOLE_LIFE; moment++) {
        live();
    }
}

static void cut_everywhere(uint8_t unit, uint16_t page_bytes, uint8_t pages, uint32_t moments)
{
    (void)moments;
    begin(unit, page_bytes, pages, 4);
    CHECK(nor_run(&w.nor, NOR_NEVER, 0, live_short));
    uint32_t steps = w.nor.steps;
    for (uint32_t i = 0; i < SAMPLES; i++) {
        begin(unit, page_bytes, pages, 4);
        CHECK(!nor_run(&w.nor, (2 * i + 1) * steps / (2 * SAMPLES), i, live_short));
        cuts++;
        survived += comes_back();
    }
}

#endif

static void with_edhoc(void)
{
    symmetric = false;
    late_record = 0;
    cuts = survived = 0;
    cut_everywhere(4, 320, 2, WHOLE_LIFE);
#ifdef TEST_SLOW
    cut_everywhere(16, 640, 3, YOUTH);
#endif
    print_cuts("  power cut, EDHOC-PSK and resumption: ");
    CHECK_INT(survived, cuts);
}

static void with_kudos(void)
{
    symmetric = true;
    late_record = 0;
    cuts = survived = 0;
    cut_everywhere(8, 448, 2, WHOLE_LIFE);
#ifdef TEST_SLOW
    cut_everywhere(1, 320, 3, YOUTH);
#endif
    print_cuts("  power cut, KUDOS in FS mode: ");
    CHECK_INT(survived, cuts);
}

/* The test fails where a store comes after the message that depends on it. */
static void late_stores_are_found(void)
{
#ifdef TEST_SLOW
    symmetric = false;
    late_record = HUSK_DEVICE_RECORD_RESERVED;
    cuts = survived = 0;
    cut_everywhere(4, 320, 2, YOUTH);
    print_cuts("  numbers reserved too late: ");
    CHECK(survived < cuts);

    symmetric = true;
    late_record = HUSK_DEVICE_RECORD_KUDOS;
    cuts = survived = 0;
    cut_everywhere(4, 320, 2, YOUTH);
    print_cuts("  secrets stored too late: ");
    CHECK(survived < cuts);
#endif
}

/* ---- What the endpoint says of its way, and does to go it ---- */

static void check_way(uint8_t kind, uint8_t why, uint16_t round_trips)
{
    CHECK_INT(w.device.way.kind, kind);
    CHECK_INT(w.device.way.why, why);
    CHECK_INT(w.device.way.round_trips, round_trips);
    CHECK(w.device.way.bytes > 20u * round_trips);
}

static void begin_life(bool with_symmetric)
{
    symmetric = with_symmetric;
    late_record = 0;
    begin(4, 512, 2, 0);
    boot();
}

static void ways_with_edhoc(void)
{
    begin_life(false);
    CHECK(send_reading());
    check_way(HUSK_WAY_FULL, HUSK_WHY_NONE_KEPT, 2); /* message 1, and message 3 with the request */
    CHECK_INT(w.device.way.bytes, 170);
    CHECK(send_reading());
    check_way(HUSK_WAY_SESSION, HUSK_WHY_CHEAPEST, 1);
    for (unsigned i = 1; i <= 3; i++) {
        boot();
        CHECK_INT(w.device.oscore.sender_sequence, 1 + 256 * i);
        CHECK(send_reading());
        check_way(HUSK_WAY_CONTINUED, HUSK_WHY_CHEAPEST, 1);
    }
    /* Another session, whose numbers begin anew. */
    new_session();
    check_way(HUSK_WAY_RESUMED, HUSK_WHY_ASKED, 2);
    CHECK(send_reading());
    boot();
    CHECK_INT(w.device.oscore.sender_sequence, 256);
    CHECK(send_reading());
    check_way(HUSK_WAY_CONTINUED, HUSK_WHY_CHEAPEST, 1);
    w.device.oscore.limit_q = w.device.oscore.sender_sequence;
    CHECK(send_reading());
    check_way(HUSK_WAY_RESUMED, HUSK_WHY_EXHAUSTED, 2);
    gateway_reboot();
    boot();
    CHECK(send_reading());
    check_way(HUSK_WAY_RESUMED, HUSK_WHY_REFUSED, 3);
    loopback_gateway_forget(&w.gateway.edhoc);
    boot();
    CHECK(send_reading());
    check_way(HUSK_WAY_FULL, HUSK_WHY_RESUMPTION_REFUSED, 5);
    CHECK_INT(nonce_watch_repeats(), 0);
}

static void ways_with_kudos(void)
{
    begin_life(true);
    CHECK(send_reading());
    check_way(HUSK_WAY_KUDOS, HUSK_WHY_NONE_KEPT, 2);
    boot();
    CHECK_INT(w.device.oscore.sender_sequence, 256);
    CHECK(send_reading());
    check_way(HUSK_WAY_CONTINUED, HUSK_WHY_CHEAPEST, 1);
    new_session();
    check_way(HUSK_WAY_KUDOS, HUSK_WHY_ASKED, 1);
    boot();
    CHECK(send_reading());
    check_way(HUSK_WAY_CONTINUED, HUSK_WHY_CHEAPEST, 1);
    gateway_reboot();
    boot();
    CHECK(send_reading());
    check_way(HUSK_WAY_KUDOS, HUSK_WHY_REFUSED, 3);
    CHECK_INT(nonce_watch_repeats(), 0);
}

/* A device that lost its storage has its PSK; one whose storage is damaged does not go on with what it cannot trust. */
static void storage_is_lost_or_damaged(void)
{
    begin_life(false);
    CHECK(send_reading() && send_reading());
    nor_init(&w.nor, 4, 512, 2);
    boot();
    CHECK(send_reading());
    check_way(HUSK_WAY_FULL, HUSK_WHY_NONE_KEPT, 2);
    CHECK(is_agreed());
    for (uint8_t record = HUSK_DEVICE_RECORD_SESSION; record <= HUSK_DEVICE_RECORD_RESERVED; record++) {
        boot();
        CHECK(send_reading());
        static const uint8_t nonsense[] = {9, 9, 9};
        CHECK_OK(husk_journal_store(&w.journal, record, nonsense, sizeof nonsense));
        boot();
        CHECK(!w.device.has_context);
        CHECK(send_reading());
        check_way(HUSK_WAY_RESUMED, HUSK_WHY_STORAGE, 2);
        CHECK(is_agreed());
    }
    CHECK_INT(nonce_watch_repeats(), 0);
}

/* Bits of records that fall over in flash cost a handshake and nothing else. */
static void records_are_damaged(void)
{
    for (int with_symmetric = 0; with_symmetric <= 1; with_symmetric++) {
        for (uint8_t record = HUSK_DEVICE_RECORD_SUITE; record <= HUSK_DEVICE_RECORD_RESERVED; record++) {
            begin_life(with_symmetric != 0);
            CHECK(send_reading());
            boot();
            CHECK(send_reading());
            uint8_t data[HUSK_DEVICE_RECORD_MAX_BYTES];
            size_t len;
            CHECK_OK(husk_journal_load(&w.journal, record, data, sizeof data, &len));
            if (len < 8) { /* too short to be found */
                continue;
            }
            for (size_t i = 0; i + len <= NOR_BYTES; i++) {
                if (memcmp(w.nor.bytes + i, data, len) == 0) {
                    w.nor.bytes[i + 4] ^= 4;
                }
            }
            CHECK_INT(husk_journal_load(&w.journal, record, data, sizeof data, &len), HUSK_ERR_CORRUPT);
            boot();
            for (int tries = 0; !send_reading(); tries++) {
                CHECK(tries < 3);
            }
            CHECK(is_agreed());
            CHECK_INT(nonce_watch_repeats(), 0);
        }
    }
}

/* A session record cut short anywhere, or with any byte changed, is taken for what it is or not at all. */
static void session_records_of_any_length(void)
{
    uint8_t record[HUSK_DEVICE_SESSION_BYTES + 1] = {0};
    size_t record_len;
    begin_life(false);
    CHECK(send_reading());
    CHECK_OK(husk_journal_load(&w.journal, HUSK_DEVICE_RECORD_SESSION, record, sizeof record, &record_len));
    for (size_t len = 1; len <= record_len + 1; len++) {
        CHECK_OK(husk_journal_store(&w.journal, HUSK_DEVICE_RECORD_SESSION, record, len));
        boot();
        CHECK_INT(w.device.has_context, len == record_len);
    }
    for (size_t i = 0; i < record_len; i++) {
        record[i] ^= 0xf0;
        CHECK_OK(husk_journal_store(&w.journal, HUSK_DEVICE_RECORD_SESSION, record, record_len));
        record[i] ^= 0xf0;
        boot();
        CHECK(send_reading()); /* whatever it was taken for */
    }
}

/* One record for 256 messages; nothing is sent that is not reserved. */
static void reservations(void)
{
    begin_life(false);
    do {
        CHECK(send_reading());
    } while (w.device.oscore.sender_sequence < w.device.oscore.sender_limit);
    w.stores = 0;
    uint64_t first = w.device.oscore.sender_sequence;
    for (unsigned i = 0; i < 3 * 256; i++) {
        CHECK(send_reading());
    }
    CHECK_INT(w.device.oscore.sender_sequence, first + 768);
    CHECK_INT(w.stores, 3);
    w.failing = true;
    bool answered = true;
    unsigned sent = 0;
    const husk_device_request request = {HUSK_COAP_POST, "r", 1, HUSK_DEVICE_NO_FORMAT, {key, 4}};
    while (answered) {
        husk_status status = husk_device_start(&w.device, &request);
        answered = status == HUSK_OK;
        CHECK(answered || status == HUSK_ERR_STORAGE);
        if (answered) {
            CHECK_INT(run().kind, HUSK_EVENT_RESPONSE);
            sent++;
        }
        CHECK(sent <= 256);
    }
    CHECK_INT(w.device.oscore.sender_sequence, w.device.oscore.sender_limit);
    w.failing = false;
    CHECK(send_reading());
    config.storage.store = NULL;
    CHECK_INT(husk_device_init(&w.device, &config), HUSK_ERR_ARGUMENT);
}

void suite_power_cut(void)
{
    RUN(ways_with_edhoc);
    RUN(ways_with_kudos);
    RUN(storage_is_lost_or_damaged);
    RUN(records_are_damaged);
    RUN(session_records_of_any_length);
    RUN(reservations);
    RUN(with_edhoc);
    RUN(with_kudos);
    RUN(late_stores_are_found);
}
