/* Frames that a side with KUDOS receives (frame.h). The first byte chooses a moment of an honest execution (modulo 8),
 * and with bit 7 that the random hook fails; the second the room for keeping the ciphertext; the third what arrives: 0
 * a frame; 1 the plaintext of the honest frame, which is trusted (see fuzz.h); 2 patches for it; 3 header (length
 * first) and plaintext, trusted. What is accepted is answered.
 *
 * seed: 00 40 02
 * seed: 01 40 02
 * seed: 02 40 02
 * seed: 03 40 02
 * seed: 04 40 02
 * seed: 05 40 02
 * seed: 06 40 02
 * seed: 07 40 02
 * seed: 80 40 02
 * seed: 02 00 02
 * seed: 00 40 01 616263
 * seed: 04 40 02 0901
 * seed: 01 40 02 0002
 * seed: 03 40 03 03 090401 6162
 * seed: 01 40 03 0d 81010047000102030405060708 6162
 * seed: 00 40 00 8101040701020304050607080102030405060708
 * seed: 00 40 00 090001 0102030405060708 */
#include "support/oscore.h"

FUZZ_GOALS(PLAIN, DIVERGENT, ESTABLISHED, CONFIRMED, ANSWERED, NOT_VERIFIED, REFUSED, NO_RANDOM, NOBODY);

#define MOMENTS 8
#define FRAME_CAP 64
#define TEXT_MAX 1024
#define SPARE_MAX 255

typedef struct side {
    husk_kudos kudos;
    husk_frame_context context;
} side;

static struct {
    side side;
    uint8_t frame[FRAME_CAP];
    size_t len;
    uint8_t event; /* what the frame brings about */
} moments[MOMENTS];

static const uint8_t secret[16] = {16, 15, 14, 13};
static husk_kudos_config configs[2][2]; /* by side and capability */
static bool no_random;

static husk_status random_or_not(void *context, uint8_t *out, size_t len)
{
    return no_random ? HUSK_ERR_RANDOM : fuzz_random(context, out, len);
}

/* ---- The moments ---- */

static side make_side(bool is_a, bool capable)
{
    side made = {0};
    husk_kudos_config *config = &configs[is_a][capable];
    *config = (husk_kudos_config){.aead = &fuzz_aead_8,
                                  .hash = &husk_hash_sha256,
                                  .random = {random_or_not, NULL},
                                  .bootstrap_secret = {secret, sizeof secret},
                                  .sender_id = {1, {is_a ? 1 : 2}},
                                  .recipient_id = {1, {is_a ? 2 : 1}},
                                  .capable = capable,
                                  .frame = true};
    FUZZ_OK(husk_kudos_init(&made.kudos, config, (husk_bytes){secret, sizeof secret}));
    return made;
}

static void store(side *one)
{
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    if (husk_kudos_must_store(&one->kudos)) {
        FUZZ_CHECK(husk_kudos_record_write(&one->kudos, record) <= sizeof record);
        husk_kudos_stored(&one->kudos);
    }
}

static void hear(side *one, unsigned which)
{
    uint8_t copy[FRAME_CAP];
    uint8_t spare[SPARE_MAX];
    uint8_t event;
    husk_frame_message message;
    memcpy(copy, moments[which].frame, moments[which].len);
    FUZZ_OK(husk_frame_kudos_open(&one->kudos, &one->context, copy, moments[which].len, spare, sizeof spare, &message,
                                  &event));
    FUZZ_CHECK(event == moments[which].event);
    store(one);
}

/* A frame from one side, and the other as it awaits that. */
static void say(unsigned which, side *from, const side *to, uint8_t event)
{
    FUZZ_OK(husk_frame_kudos_seal(&from->kudos, &from->context, which % 2 == 0, (husk_bytes){secret, which},
                                  moments[which].frame, FRAME_CAP, &moments[which].len));
    moments[which].side = *to;
    moments[which].event = event;
}

/* A whole execution, a second one while there is a context, and one that both begin. */
static void run_fs(void)
{
    side a = make_side(true, true);
    side b = make_side(false, true);
    FUZZ_OK(husk_kudos_start(&a.kudos));
    say(0, &a, &b, HUSK_KUDOS_DIVERGENT);
    hear(&b, 0);
    moments[6] = moments[0]; /* the same once more */
    moments[6].side = b;
    say(1, &b, &a, HUSK_KUDOS_ESTABLISHED);
    hear(&a, 1);
    say(2, &a, &b, HUSK_KUDOS_CONFIRMED);
    hear(&b, 2);
    say(3, &b, &a, HUSK_KUDOS_PLAIN);
    hear(&a, 3);
    FUZZ_OK(husk_kudos_start(&b.kudos));
    say(4, &b, &a, HUSK_KUDOS_DIVERGENT);
    FUZZ_OK(husk_kudos_start(&a.kudos));
    say(5, &a, &b, HUSK_KUDOS_DIVERGENT);
}

static void run_no_fs(void)
{
    side a = make_side(true, false);
    side b = make_side(false, true);
    FUZZ_OK(husk_kudos_start(&a.kudos));
    say(7, &a, &b, HUSK_KUDOS_DIVERGENT);
}

void fuzz_setup(void)
{
    fuzz_random_state = 7;
    fuzz_aead_begin(false);
    run_fs();
    run_no_fs();
}

/* ---- What arrives ---- */

/* The header, and a plaintext that is trusted. */
static size_t vouch(husk_bytes header, husk_bytes plaintext, uint8_t *out)
{
    if (header.len > 0) {
        memcpy(out, header.data, header.len);
    }
    if (plaintext.len > 0) {
        memcpy(out + header.len, plaintext.data, plaintext.len);
    }
    fuzz_conceal(out + header.len, plaintext.len);
    memset(out + header.len + plaintext.len, 0, fuzz_aead_8.tag_bytes);
    fuzz_aead_trust(true);
    return header.len + plaintext.len + fuzz_aead_8.tag_bytes;
}

static fuzz_datagram make_frame(unsigned which, fuzz_input *in, bool *changed)
{
    uint8_t out[FUZZ_DATAGRAM_MAX];
    husk_frame_header header;
    husk_bytes head = {moments[which].frame, moments[which].len};
    *changed = true;
    switch (fuzz_byte(in) % 4) {
    case 0:
        head = fuzz_take(in, TEXT_MAX);
        return (fuzz_datagram){fuzz_exact(head.data, head.len), head.len};
    case 1:
        FUZZ_OK(husk_frame_header_read(head.data, head.len, &header));
        head.len -= header.body.len;
        break;
    case 2:
        memcpy(out, head.data, head.len);
        *changed = fuzz_patch(in, out, head.len);
        return (fuzz_datagram){fuzz_exact(out, head.len), head.len};
    default:
        head = fuzz_take(in, fuzz_byte(in));
    }
    size_t len = vouch(head, fuzz_take(in, TEXT_MAX), out);
    return (fuzz_datagram){fuzz_exact(out, len), len};
}

/* ---- What holds ---- */

/* The state without what one call works with and the next one makes anew. */
static husk_kudos lasting(const husk_kudos *kudos)
{
    husk_kudos copy = *kudos;
    memset(&copy.work, 0, sizeof copy.work);
    memset(copy.work_secret, 0, sizeof copy.work_secret);
    copy.work_is_next = false;
    copy.own.bytes[0] = 0;
    return copy;
}

static void check_unchanged(const side *after, const side *before, husk_status status)
{
    husk_kudos kudos_after = lasting(&after->kudos);
    husk_kudos kudos_before = lasting(&before->kudos);
    husk_frame_context context = after->context;
    if (status == HUSK_ERR_AUTHENTICATION) {
        FUZZ_CHECK(context.oscore.count_v - before->context.oscore.count_v <= 1);
        context.oscore.count_v = before->context.oscore.count_v;
    }
    FUZZ_CHECK(memcmp(&kudos_after, &kudos_before, sizeof kudos_after) == 0);
    FUZZ_CHECK(memcmp(&context, &before->context, sizeof context) == 0);
}

/* Nothing goes out before what it depends on is stored, and what is stored can be restored. */
static void check_storing(side *one)
{
    if (!husk_kudos_must_store(&one->kudos)) {
        return;
    }
    uint8_t record[HUSK_KUDOS_RECORD_MAX_BYTES];
    uint8_t again[HUSK_KUDOS_RECORD_MAX_BYTES];
    uint8_t out[FRAME_CAP];
    size_t out_len;
    size_t len = husk_kudos_record_write(&one->kudos, record);
    husk_kudos fresh;
    FUZZ_CHECK(husk_frame_kudos_seal(&one->kudos, &one->context, true, (husk_bytes){NULL, 0}, out, sizeof out,
                                     &out_len) == HUSK_ERR_STATE);
    FUZZ_OK(husk_kudos_init(&fresh, one->kudos.config, (husk_bytes){secret, sizeof secret}));
    FUZZ_OK(husk_kudos_restore(&fresh, (husk_bytes){record, len}));
    FUZZ_CHECK(husk_kudos_record_write(&fresh, again) == len && memcmp(record, again, len) == 0);
    husk_kudos_stored(&one->kudos);
}

/* What it says next, twice from the same state: equal, and no longer than it has to be. */
static void answer(const side *one)
{
    uint8_t first[FRAME_CAP];
    size_t len;
    size_t again_len;
    side a = *one;
    side b = *one;
    const husk_bytes payload = {(const uint8_t *)"answer", 6};
    husk_status status = husk_frame_kudos_seal(&a.kudos, &a.context, true, payload, first, sizeof first, &len);
    FUZZ_CHECK(status == HUSK_OK || status == HUSK_ERR_EXHAUSTED);
    if (status != HUSK_OK) {
        return;
    }
    uint8_t *second = fuzz_exact(first, len);
    FUZZ_CHECK(husk_frame_kudos_seal(&b.kudos, &b.context, true, payload, second, len - 1, &again_len) ==
               HUSK_ERR_BUFFER);
    FUZZ_OK(husk_frame_kudos_seal(&b.kudos, &b.context, true, payload, second, len, &again_len));
    FUZZ_CHECK(len == again_len && memcmp(first, second, len) == 0);
    FUZZ_CHECK(len <= payload.len + HUSK_FRAME_KUDOS_OVERHEAD_MAX_BYTES);
    fuzz_reached(ANSWERED);
}

static void check_accepted(side *one, const side *before, const husk_frame_message *message, uint8_t event,
                           fuzz_datagram datagram)
{
    FUZZ_CHECK(event <= HUSK_KUDOS_CONFIRMED);
    bool replaced = memcmp(one->context.oscore.sender_key, before->context.oscore.sender_key,
                           sizeof before->context.oscore.sender_key) != 0;
    /* A peer that goes on from CTX_NEW has confirmed it by that. */
    bool agreed = event == HUSK_KUDOS_ESTABLISHED || event == HUSK_KUDOS_CONFIRMED;
    FUZZ_CHECK(replaced ? event != HUSK_KUDOS_PLAIN : !agreed);
    FUZZ_CHECK(replaced == (one->kudos.epoch != before->kudos.epoch));
    FUZZ_CHECK(event != HUSK_KUDOS_DIVERGENT || husk_kudos_is_running(&one->kudos));
    FUZZ_CHECK(event != HUSK_KUDOS_ESTABLISHED || !husk_kudos_is_running(&one->kudos));
    fuzz_check_inside(message->payload, datagram.data, datagram.len);
    check_storing(one);
    fuzz_reached(event == HUSK_KUDOS_DIVERGENT     ? DIVERGENT
                 : event == HUSK_KUDOS_ESTABLISHED ? ESTABLISHED
                 : event == HUSK_KUDOS_CONFIRMED   ? CONFIRMED
                                                   : PLAIN);
}

static void refused(husk_status status)
{
    FUZZ_CHECK(status != HUSK_ERR_RANDOM || no_random);
    if (status == HUSK_ERR_AUTHENTICATION) {
        fuzz_check_no_plaintext();
    }
    fuzz_reached(status == HUSK_ERR_RANDOM           ? NO_RANDOM
                 : status == HUSK_ERR_CONTEXT        ? NOBODY
                 : status == HUSK_ERR_AUTHENTICATION ? NOT_VERIFIED
                                                     : REFUSED);
}

void fuzz_one(fuzz_input in)
{
    uint8_t choice = fuzz_byte(&in);
    size_t spare_cap = fuzz_byte(&in);
    unsigned which = (choice & 0x7f) % MOMENTS;
    side one = moments[which].side;
    husk_frame_message message = {0};
    uint8_t event;
    bool changed;
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    fuzz_datagram datagram = make_frame(which, &in, &changed);
    uint8_t room[SPARE_MAX] = {0};
    uint8_t *spare = fuzz_exact(room, spare_cap);
    no_random = (choice & 0x80) != 0;
    husk_status status = husk_frame_kudos_open(&one.kudos, &one.context, datagram.data, datagram.len, spare, spare_cap,
                                               &message, &event);
    bool honest = !changed && !no_random && spare_cap >= FRAME_CAP;
    FUZZ_CHECK(!honest || (status == HUSK_OK && event == moments[which].event &&
                           fuzz_same(message.payload, (husk_bytes){secret, message.payload.len})));
    if (status != HUSK_OK) {
        check_unchanged(&one, &moments[which].side, status);
        refused(status);
        no_random = false;
        return;
    }
    no_random = false;
    check_accepted(&one, &moments[which].side, &message, event, datagram);
    fuzz_aead_trust(false);
    answer(&one);
}
