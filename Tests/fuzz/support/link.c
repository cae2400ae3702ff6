/* Both ends of a link, driven by the fuzzer's input: see link.h. */
#include "link.h"

#include "frame/steps.h"

enum { FUZZ_LINK_GOALS };

#define STEPS_MAX 64
#define FRAME_CAP 200
#define MESSAGE_MAX FUZZ_LINK_BUFFER
#define COUNTERS 256
#define FRAMES 16
#define RECOVERY_STEPS 400
#define STORE_FAILS 1
#define LOAD_FAILS 2
#define RANDOM_FAILS 4

fuzz_end fuzz_ends[2];

static uint8_t failing;
static struct {
    uint8_t data[HUSK_KUDOS_RECORD_MAX_BYTES];
    size_t len;
} records[2];

/* What went over the link last. */
static struct {
    uint8_t data[FRAME_CAP];
    size_t len;
} frames[FRAMES];
static size_t frame_count;

/* By end: the message on its way out, numbered so that no two are the same, and which of its messages arrived. */
static uint8_t message[2][MESSAGE_MAX];
static uint8_t next_counter[2];
static bool arrived[2][COUNTERS];

static uint32_t now;
static size_t frame_limit;
static bool trusted; /* in this run */

husk_status fuzz_link_random(void *context, uint8_t *out, size_t len)
{
    return (failing & RANDOM_FAILS) != 0 ? HUSK_ERR_RANDOM : fuzz_random(context, out, len);
}

static size_t record_of(const void *context)
{
    return context == &fuzz_ends[0] ? 0 : 1;
}

static husk_status load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    size_t which = record_of(context);
    FUZZ_CHECK(record == HUSK_LINK_RECORD_KUDOS && records[which].len <= cap);
    if ((failing & LOAD_FAILS) != 0) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(out, records[which].data, records[which].len);
    *len = records[which].len;
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    size_t which = record_of(context);
    FUZZ_CHECK(record == HUSK_LINK_RECORD_KUDOS && len <= sizeof records[which].data);
    if ((failing & STORE_FAILS) != 0) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(records[which].data, data, len);
    records[which].len = len;
    return HUSK_OK;
}

/* The first byte tells which message it is, the rest follows from it. */
static void fill_message(uint8_t *out, size_t len, uint8_t counter)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)(counter + i);
    }
}

static bool is_ours_to_wait(const husk_link *link)
{
    return link->phase == HUSK_LINK_WAIT_MESSAGE_2 || link->phase == HUSK_LINK_WAIT_MESSAGE_4 ||
           link->phase == HUSK_LINK_WAIT_UPDATE;
}

static void check_invariants(const fuzz_end *end)
{
    const husk_link *link = &end->link;
    FUZZ_CHECK(link->buffer_len <= sizeof link->buffer && link->header_len <= 9);
    FUZZ_CHECK(link->phase <= HUSK_LINK_WAIT_CONFIRMED);
    FUZZ_CHECK(!is_ours_to_wait(link) || link->buffer_len > 0);
}

/* A message is one of the peer's, as it was sent, and comes once. */
static void check_message(unsigned which, const husk_link_event *event, const uint8_t *frame, size_t len)
{
    const fuzz_end *end = &fuzz_ends[which];
    husk_bytes payload = event->payload;
    uint8_t expected[MESSAGE_MAX];
    bool in_buffer = end->config.fragments != NULL && payload.data >= end->reassembly &&
                     payload.data < end->reassembly + FUZZ_LINK_BUFFER;
    fuzz_check_inside(payload, in_buffer ? end->reassembly : frame, in_buffer ? FUZZ_LINK_BUFFER : len);
    FUZZ_CHECK(payload.len > 0 && payload.data != NULL);
    fuzz_reached(MESSAGE);
    if (trusted) {
        return;
    }
    uint8_t counter = payload.data[0];
    FUZZ_CHECK(payload.len <= MESSAGE_MAX && counter < next_counter[!which] && !arrived[which][counter]);
    arrived[which][counter] = true;
    fill_message(expected, payload.len, counter);
    FUZZ_CHECK(memcmp(payload.data, expected, payload.len) == 0);
}

static void check_event(unsigned which, const husk_link_event *event, const uint8_t *frame, size_t len)
{
    const husk_link *link = &fuzz_ends[which].link;
    FUZZ_CHECK(!event->new_session || link->has_session);
    switch (event->kind) {
    case HUSK_LINK_AUTHENTICATED:
        FUZZ_CHECK(event->new_session);
        fuzz_reached(AUTHENTICATED);
        return;
    case HUSK_LINK_MESSAGE:
        FUZZ_CHECK(link->has_session);
        check_message(which, event, frame, len);
        return;
    case HUSK_LINK_FAILED:
        FUZZ_CHECK(event->status != HUSK_OK);
        fuzz_reached(event->status == HUSK_ERR_TIMEOUT ? TIMED_OUT : FAILED);
        return;
    default:
        FUZZ_CHECK(event->kind == HUSK_LINK_NONE);
    }
}

/* Without what dropped frames may change: how many did not verify; and for one that verified and carries a fragment
 * that contradicts others, the replay window, and that the peer has shown to have the keys. */
static husk_link lasting(const husk_link *link, bool verified)
{
    husk_link copy = *link;
    copy.context.oscore.count_v = 0;
    if (verified) {
        copy.context.oscore.window_top = 0;
        copy.context.oscore.window_bits = 0;
        copy.send_now &= copy.phase != HUSK_LINK_WAIT_CONFIRMED;
        copy.phase = copy.phase == HUSK_LINK_WAIT_CONFIRMED ? HUSK_LINK_IDLE : copy.phase;
    }
    return copy;
}

/* What KUDOS works with for one call only is left out. */
static husk_kudos lasting_kudos(const husk_kudos *kudos)
{
    husk_kudos copy = *kudos;
    memset(&copy.work, 0, sizeof copy.work);
    memset(copy.work_secret, 0, sizeof copy.work_secret);
    copy.work_is_next = false;
    copy.own.bytes[0] = 0;
    return copy;
}

/* A dropped frame changes nothing; a Responder that refuses with an error message ends the handshake in progress, but
 * no session. */
static void check_dropped(const fuzz_end *end, const fuzz_end *before, husk_status status, bool verified)
{
    husk_link after = lasting(&end->link, verified);
    husk_link then = lasting(&before->link, verified);
    husk_kudos kudos_after = lasting_kudos(&end->kudos);
    husk_kudos kudos_then = lasting_kudos(&before->kudos);
    bool refused = status == HUSK_ERR_SUITE || status == HUSK_ERR_METHOD || status == HUSK_ERR_CREDENTIAL ||
                   status == HUSK_ERR_RANDOM;
    if (refused && end->config.profile == &husk_link_edhoc_responder) {
        FUZZ_CHECK(memcmp(&after.context, &then.context, sizeof then.context) == 0);
        FUZZ_CHECK(after.has_session == then.has_session && after.sending == then.sending);
        return;
    }
    FUZZ_CHECK(memcmp(&after, &then, sizeof then) == 0);
    FUZZ_CHECK(verified || memcmp(&kudos_after, &kudos_then, sizeof kudos_then) == 0);
    FUZZ_CHECK(memcmp(&end->fragments.in, &before->fragments.in, sizeof end->fragments.in) == 0);
    FUZZ_CHECK(memcmp(&end->fragments.out, &before->fragments.out, sizeof end->fragments.out) == 0);
}

static husk_status receive(unsigned which, const uint8_t *data, size_t len)
{
    fuzz_end *end = &fuzz_ends[which];
    if (end->link.config == NULL) {
        return HUSK_ERR_STATE;
    }
    static fuzz_end before;
    before = *end;
    uint8_t *frame = fuzz_exact(data, len);
    husk_frame_header header;
    bool protected = husk_frame_header_read(frame, len, &header) == HUSK_OK && header.partial_iv.len > 0;
    husk_link_event event;
    unsigned opened = fuzz_aead_opened();
    husk_status status = husk_link_receive(&end->link, frame, len, &event);
    if (status != HUSK_OK) {
        FUZZ_CHECK(event.kind == HUSK_LINK_NONE);
        check_dropped(end, &before, status, protected && fuzz_aead_opened() > opened);
        if (status == HUSK_ERR_AUTHENTICATION) {
            fuzz_check_no_plaintext();
        }
        fuzz_reached(DROPPED);
    }
    check_event(which, &event, frame, len);
    check_invariants(end);
    return status;
}

static void remember(const uint8_t *frame, size_t len)
{
    memcpy(frames[frame_count % FRAMES].data, frame, len);
    frames[frame_count % FRAMES].len = len;
    frame_count++;
}

/* The frame before the last `back`; false if there is none. */
static bool recall(uint8_t back, const uint8_t **frame, size_t *len)
{
    if (frame_count == 0) {
        return false;
    }
    size_t oldest = frame_count < FRAMES ? frame_count : FRAMES;
    size_t at = (frame_count - 1 - back % oldest) % FRAMES;
    *frame = frames[at].data;
    *len = frames[at].len;
    return true;
}

/* Returns the length of what was sent. */
static size_t transmit(unsigned which, bool arrives)
{
    fuzz_end *end = &fuzz_ends[which];
    if (end->link.config == NULL) {
        return 0;
    }
    uint8_t *out = fuzz_exact(frames[0].data, FRAME_CAP);
    size_t len;
    husk_link_event event;
    FUZZ_OK(husk_link_transmit(&end->link, now, out, FRAME_CAP, &len, &event));
    check_event(which, &event, out, len);
    check_invariants(end);
    if (len == 0) {
        FUZZ_CHECK(event.kind != HUSK_LINK_NONE || husk_link_next_timeout(&end->link, now) > 0);
        return 0;
    }
    husk_frame_header header;
    FUZZ_CHECK(len <= FRAME_CAP && (frame_limit == 0 || len <= frame_limit));
    FUZZ_OK(husk_frame_header_read(out, len, &header));
    FUZZ_CHECK(!header.has_kid || !end->config.point_to_point);
    remember(out, len);
    if (arrives) {
        (void)receive(!which, out, len);
    }
    return len;
}

static void start(unsigned which)
{
    fuzz_end *end = &fuzz_ends[which];
    if (end->link.config == NULL) {
        return;
    }
    bool waits = is_ours_to_wait(&end->link);
    husk_status status = husk_link_start(&end->link);
    if (end->config.profile == &husk_link_edhoc_responder || waits) {
        FUZZ_CHECK(status == HUSK_ERR_STATE);
    } else {
        FUZZ_CHECK(status == HUSK_OK || failing != 0);
    }
    check_invariants(end);
}

static husk_status send(unsigned which, size_t len)
{
    fuzz_end *end = &fuzz_ends[which];
    if (end->link.config == NULL || next_counter[which] == COUNTERS - 1) {
        return HUSK_ERR_STATE;
    }
    if (!end->link.sending) {
        fill_message(message[which], len, next_counter[which]);
    }
    husk_status status = husk_link_send(&end->link, (husk_bytes){message[which], len});
    FUZZ_CHECK(status == HUSK_OK || status == HUSK_ERR_STATE || len == 0 || trusted);
    next_counter[which] += status == HUSK_OK;
    return status;
}

static void boot(unsigned which)
{
    fuzz_end *end = &fuzz_ends[which];
    static const uint8_t zeros[FUZZ_LINK_BUFFER];
    if (frame_limit > 0) {
        end->reassembly = fuzz_exact(zeros, FUZZ_LINK_BUFFER);
        FUZZ_OK(husk_link_fragments_init(&end->fragments, frame_limit, end->reassembly, FUZZ_LINK_BUFFER));
    }
    husk_status status = husk_link_init(&end->link, &end->config);
    FUZZ_CHECK(status == HUSK_OK || failing != 0);
    FUZZ_CHECK(status == HUSK_OK || end->link.config == NULL);
}

static void patched(unsigned which, fuzz_input *in)
{
    const uint8_t *frame;
    size_t len;
    uint8_t back = fuzz_byte(in);
    husk_bytes patches = fuzz_take(in, 2 * (size_t)(fuzz_byte(in) % 8));
    fuzz_input walk = {patches.data, patches.len};
    if (recall(back, &frame, &len)) {
        uint8_t *copy = fuzz_exact(frame, len);
        (void)fuzz_patch(&walk, copy, len);
        (void)receive(which, copy, len);
    }
}

static void forged(unsigned which, fuzz_input *in)
{
    uint8_t out[FRAME_CAP + 256];
    const uint8_t *frame;
    size_t len;
    husk_frame_header header;
    uint8_t back = fuzz_byte(in);
    husk_bytes plaintext = fuzz_take(in, fuzz_byte(in));
    if (!recall(back, &frame, &len) || husk_frame_header_read(frame, len, &header) != HUSK_OK) {
        return;
    }
    size_t at = len - header.body.len;
    memcpy(out, frame, at);
    if (plaintext.len > 0) {
        memcpy(out + at, plaintext.data, plaintext.len);
    }
    fuzz_conceal(out + at, plaintext.len);
    memset(out + at + plaintext.len, 0, fuzz_aead_8.tag_bytes);
    trusted = true;
    fuzz_aead_trust(true);
    (void)receive(which, out, at + plaintext.len + fuzz_aead_8.tag_bytes);
    fuzz_aead_trust(false);
    fuzz_reached(TRUSTED);
}

static void step(fuzz_input *in)
{
    husk_bytes data;
    uint8_t what = fuzz_byte(in) % 10;
    uint8_t argument = fuzz_byte(in);
    unsigned which = argument & 1;
    switch (what) {
    case 0:
        now += 250u * argument;
        return;
    case 1:
        (void)transmit(which, true);
        return;
    case 2:
        (void)transmit(which, false);
        return;
    case 3:
        start(which);
        return;
    case 4:
        (void)send(which, fuzz_byte(in) % (MESSAGE_MAX + 1));
        return;
    case 5:
        patched(which, in);
        return;
    case 6:
        data = fuzz_take(in, fuzz_byte(in));
        (void)receive(which, data.data, data.len);
        return;
    case 7:
        forged(which, in);
        return;
    case 8:
        boot(which);
        return;
    default:
        failing = argument;
    }
}

/* Everything that both have to say arrives; false if there is nothing. */
static bool settle(void)
{
    bool any = false;
    for (unsigned i = 0; i < 40; i++) {
        bool sent = transmit(0, true) > 0;
        sent |= transmit(1, true) > 0;
        any |= sent;
        if (!sent) {
            break;
        }
    }
    return any;
}

/* Whether a message gets through from this end. */
static bool gets_through(unsigned which)
{
    uint8_t counter = next_counter[which];
    if (send(which, 20) != HUSK_OK) {
        return false;
    }
    (void)settle();
    return arrived[!which][counter];
}

/* Nothing fails any more: whatever happened, the end that begins gets new keys, and messages get through. */
static void recover(void)
{
    failing = 0;
    for (unsigned i = 0; i < 2; i++) {
        if (fuzz_ends[i].link.config == NULL) {
            boot(i);
        }
    }
    trusted = false; /* forgeries are over; messages of theirs that were not whole are replaced */
    for (unsigned i = 0; i < RECOVERY_STEPS; i++) {
        (void)settle();
        const husk_link *link = &fuzz_ends[0].link;
        if (!is_ours_to_wait(link)) {
            start(0);
            (void)settle();
        }
        if (gets_through(0) && gets_through(1)) {
            fuzz_reached(RECOVERED);
            return;
        }
        uint32_t wait = husk_link_next_timeout(link, now);
        uint32_t other = husk_link_next_timeout(&fuzz_ends[1].link, now);
        wait = wait < other ? wait : other;
        now += wait == HUSK_LINK_NO_TIMEOUT ? 1000 : wait;
    }
    FUZZ_CHECK(false);
}

void fuzz_link_run(fuzz_input *in, size_t frame_bytes, bool forgeable)
{
    memset(records, 0, sizeof records);
    memset(arrived, 0, sizeof arrived);
    memset(next_counter, 0, sizeof next_counter);
    frame_count = 0;
    failing = 0;
    now = 0xfffff000; /* about to wrap around */
    frame_limit = frame_bytes;
    trusted = false;
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    for (unsigned i = 0; i < 2; i++) {
        fuzz_end *end = &fuzz_ends[i];
        memset(&end->link, 0, sizeof end->link);
        memset(&end->fragments, 0, sizeof end->fragments);
        memset(&end->kudos, 0, sizeof end->kudos);
        end->config.fragments = frame_bytes > 0 ? &end->fragments : NULL;
        end->config.storage = (husk_storage){load, store, end};
        end->config.edhoc.random = (husk_random){fuzz_link_random, NULL};
        boot(i);
    }
    for (unsigned i = 0; i < STEPS_MAX && in->len > 0; i++) {
        step(in);
    }
    if (!trusted || !forgeable) {
        recover();
    }
}
