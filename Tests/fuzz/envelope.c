/* Envelopes as they arrive (envelope.h). Bits of the first byte: 1 one to several recipients, of whom we are the
 * second; 2 we have names; 4 a deadline is required; 8 the time is not known; 16 storage fails. The second chooses what
 * follows: 0 an envelope; 1 one that is trusted (see fuzz.h): protected header, unprotected header and recipients (none
 * means honest ones), each after its length, then the plaintext; 2 metadata and content, which the sender seals;
 * 3 patches for the sender's envelope; 4 numbers of envelopes that all verify, with 255 for a restart and 254 for
 * storage that fails from now on or no more.
 *
 * seed: 00 00 d08343a1010aa1064105490102030405060708ff
 * seed: 00 00 8343a1010aa10641054901020304050607ff
 * seed: 01 00 d8608443a1010aa1054d01020304050607080910111213490102030405060708ff80
 * seed: 00 00 d083590109a2010a0fa101790100 [256] a1064105 48 [8]
 * seed: 00 01 03 a1010a 04 a1064105 00 68656c6c6f
 * seed: 00 01 06 a2010a04416b 04 a1064105 00 68656c6c6f
 * seed: 00 01 06 a2010a044178 04 a1064105 00 68656c6c6f
 * seed: 00 01 03 a1010a 10 a1054d80000000000000000000000105 00 61
 * seed: 06 01 12 a3010a02810f0fa30161610361620419ffff 04 a1064105 00 616263
 * seed: 02 01 08 a2010a0fa103617a 04 a1064105 00 616263
 * seed: 00 01 09 a2010a0fa1041903e7 04 a1064105 00 616263
 * seed: 00 01 09 a2010a0fa1041903e8 04 a1064105 00 616263
 * seed: 08 01 09 a2010a0fa1041903e9 04 a1064105 00 616263
 * seed: 04 01 03 a1010a 04 a1064105 00 616263
 * seed: 00 01 14 a4010a03183c3a00010000073a00010001816178 04 a1064105 00 616263
 * seed: 00 01 06 a2010a028101 04 a1064105 00 616263
 * seed: 00 01 08 a3010a0281070700 04 a1064105 00 616263
 * seed: 10 01 03 a1010a 04 a1064105 00 68656c6c6f
 * seed: 00 01 03 a1010b 04 a1064105 00 68656c6c6f
 * seed: 00 01 03 a1010a 04 a1064105 00 68656c6c6f ff [7]
 * seed: 01 01 03 a1010a 10 a1054d00000000000000000000000005 00 68656c6c6f
 * seed: 01 01 03 a1010a 10 a1054d00000000000000000000000005 07 818340a1012240 6865
 * seed: 01 01 03 a1010a 10 a1054d00000000000000000000000005 0a 818340a2012204416c40 6865
 * seed: 01 01 03 a1010a 10 a1054d00000000000000000000000005 23 818340a2012204416c5818 [24] 6865
 * seed: 01 01 03 a1010a 10 a1054d00000000000000000000000005 53 818340a2012204416c5848 [72] 6865
 * seed: 00 02 3f 0161 0162 02ffff 3c 07 0178 0179 00 00 00 636f6e74656e74
 * seed: 01 02 40 07 68
 * seed: 00 02 01 ff [300]
 * seed: 12 02 02 0162 68
 * seed: 00 03
 * seed: 01 03
 * seed: 00 03 0801
 * seed: 01 03 5001
 * seed: 00 04 0001 05 0302 ff 03 0a 50 0a 09 fe 51 fe 51 */
#include "support/fuzz.h"

FUZZ_GOALS(OPENED, REFUSED, NOT_VERIFIED, NOT_STORED, TOO_LATE, NO_CLOCK, NOT_FOR_US, OTHER_KEY, ROUND_TRIP, NOT_SEALED,
           HARMLESS, FRESH, REPLAYED, STALE, RESTARTED);

#define TEXT_MAX 2048
#define ENVELOPE_MAX 4096
#define NOW 1000
#define NUMBERS_MAX 254

static const uint8_t root[16] = {2, 7, 1, 8, 2, 8, 1, 8};
static husk_envelope_key keys[4]; /* one that encrypts, two that wrap, one that nobody else uses */
static const husk_bytes names[] = {{(const uint8_t *)"b", 1}, {(const uint8_t *)"group", 5}};

/* ---- Storage: records of the sender, of the opener, and of who says again what an envelope says ---- */

static struct {
    uint8_t data[16];
    size_t len;
} flash[3];
static bool storage_fails;

static husk_status load(void *context, uint8_t record, uint8_t *out, size_t cap, size_t *len)
{
    (void)context;
    FUZZ_CHECK(record < 3 && flash[record].len <= cap);
    memcpy(out, flash[record].data, flash[record].len);
    *len = flash[record].len;
    return HUSK_OK;
}

static husk_status store(void *context, uint8_t record, const uint8_t *data, size_t len)
{
    (void)context;
    FUZZ_CHECK(record < 3 && len <= sizeof flash[0].data);
    if (storage_fails) {
        return HUSK_ERR_STORAGE;
    }
    memcpy(flash[record].data, data, len);
    flash[record].len = len;
    return HUSK_OK;
}

/* ---- Both ends ---- */

static husk_envelope_sender_config sender_config;
static husk_envelope_opener_config opener_config;
static husk_envelope_sender_config echo_config;
static husk_envelope_sender sender;
static husk_envelope_sender echo;
static husk_envelope_opener opener;
static uint64_t now;
static bool many;

void fuzz_setup(void)
{
    for (unsigned i = 0; i < 4; i++) {
        const husk_envelope_parameters parameters = {.aead = &fuzz_aead_8,
                                                     .hash = &husk_hash_sha256,
                                                     .root_key = {root, sizeof root},
                                                     .sender = {(const uint8_t *)"a", 1},
                                                     .recipient = names[i % 2],
                                                     .kid = {(const uint8_t *)"kklm" + i, 1},
                                                     .wraps = i == 1 || i == 2};
        FUZZ_OK(husk_envelope_key_derive(&keys[i], &parameters));
    }
}

static void connect(uint8_t choice)
{
    const husk_storage storage = {load, store, NULL};
    many = (choice & 1) != 0;
    now = (choice & 8) != 0 ? HUSK_ENVELOPE_TIME_UNKNOWN : NOW;
    memset(flash, 0, sizeof flash);
    storage_fails = false;
    sender_config = (husk_envelope_sender_config){.keys = many ? keys + 1 : keys,
                                                  .key_count = many ? 2 : 1,
                                                  .storage = storage,
                                                  .record = 0,
                                                  .random = {fuzz_random, NULL}};
    echo_config = (husk_envelope_sender_config){.keys = keys + 3, .key_count = 1, .storage = storage, .record = 2};
    opener_config = (husk_envelope_opener_config){.key = many ? keys + 2 : keys,
                                                  .storage = storage,
                                                  .record = 1,
                                                  .deadline_required = (choice & 4) != 0,
                                                  .names = names,
                                                  .name_count = (choice & 2) != 0 ? 2 : 0};
    FUZZ_OK(husk_envelope_sender_init(&sender, &sender_config));
    FUZZ_OK(husk_envelope_sender_init(&echo, &echo_config));
    FUZZ_OK(husk_envelope_opener_init(&opener, &opener_config));
    storage_fails = (choice & 16) != 0;
}

static husk_status open_envelope(uint8_t *data, size_t len, husk_envelope_view *view)
{
    return many ? husk_envelope_open_one_of_many(&opener, now, data, len, view)
                : husk_envelope_open(&opener, now, data, len, view);
}

static husk_status seal(const husk_envelope_metadata *metadata, husk_bytes content, uint8_t *out, size_t cap,
                        size_t *len)
{
    return many ? husk_envelope_seal_for_many(&sender, metadata, content, out, cap, len)
                : husk_envelope_seal(&sender, metadata, content, out, cap, len);
}

/* ---- What holds for every envelope ---- */

static bool same_metadata(const husk_envelope_metadata *a, const husk_envelope_metadata *b)
{
    return fuzz_same(a->source, b->source) && fuzz_same(a->destination, b->destination) &&
           fuzz_same(a->tags, b->tags) && a->tag_count == b->tag_count &&
           a->has_content_format == b->has_content_format && a->content_format == b->content_format &&
           a->has_time == b->has_time && a->time == b->time && a->has_deadline == b->has_deadline &&
           a->deadline == b->deadline && a->has_priority == b->has_priority && a->priority == b->priority;
}

/* Without any key: what is said lies in the envelope, within its ranges, and can be said again. */
static void check_view(const husk_envelope_view *view, const uint8_t *data, size_t len)
{
    static uint8_t out[2 * ENVELOPE_MAX];
    const husk_envelope_metadata *m = &view->metadata;
    const husk_bytes slices[] = {m->source,      m->destination, m->tags,          view->media_type, view->kid,
                                 view->iv,       view->partial_iv, view->protected_header, view->ciphertext,
                                 view->recipients};
    for (size_t i = 0; i < sizeof slices / sizeof slices[0]; i++) {
        fuzz_check_inside(slices[i], data, len);
    }
    FUZZ_CHECK((view->iv.len == 0) != (view->partial_iv.len == 0) && view->content.len == 0);
    FUZZ_CHECK((view->recipient_count == 0) == (view->recipients.len == 0));
    FUZZ_CHECK(m->source.len <= HUSK_ENVELOPE_NAME_MAX_BYTES && m->destination.len <= HUSK_ENVELOPE_NAME_MAX_BYTES);

    husk_envelope_view again;
    size_t again_len;
    bool failing = storage_fails;
    storage_fails = false;
    FUZZ_OK(husk_envelope_seal(&echo, m, (husk_bytes){NULL, 0}, out, sizeof out, &again_len));
    storage_fails = failing;
    FUZZ_OK(husk_envelope_inspect(out, again_len, &again));
    FUZZ_CHECK(same_metadata(m, &again.metadata));
}

static void note(husk_status status)
{
    fuzz_reached(status == HUSK_ERR_AUTHENTICATION                                ? NOT_VERIFIED
                 : status == HUSK_ERR_STORAGE                                     ? NOT_STORED
                 : status == HUSK_ERR_EXPIRED                                     ? TOO_LATE
                 : status == HUSK_ERR_CLOCK                                       ? NO_CLOCK
                 : status == HUSK_ERR_DESTINATION                                 ? NOT_FOR_US
                 : status == HUSK_ERR_CONTEXT                                     ? OTHER_KEY
                                                                                  : REFUSED);
}

/* An envelope that was opened had to be. */
static void check_admitted(const husk_envelope_view *view)
{
    const husk_envelope_metadata *m = &view->metadata;
    bool named = m->destination.len == 0 || opener_config.name_count == 0;
    for (size_t i = 0; i < opener_config.name_count; i++) {
        named |= fuzz_same(m->destination, names[i]);
    }
    FUZZ_CHECK(named && view->alg == fuzz_aead_8.cose_alg);
    FUZZ_CHECK(m->has_deadline || !opener_config.deadline_required);
    FUZZ_CHECK(!m->has_deadline || (now != HUSK_ENVELOPE_TIME_UNKNOWN && now < m->deadline));
    FUZZ_CHECK(many || view->kid.len == 0 || fuzz_same(view->kid, (husk_bytes){keys[0].kid, keys[0].kid_len}));
    FUZZ_CHECK(many == (view->recipient_count > 0) && view->sequence <= HUSK_ENVELOPE_SEQUENCE_MAX);
}

static husk_status receive(const uint8_t *data, size_t len, husk_envelope_view *view)
{
    static const husk_envelope_view empty;
    uint8_t *envelope = fuzz_exact(data, len);
    uint8_t *again = fuzz_exact(data, len);
    const husk_envelope_opener before = opener;
    uint8_t record[sizeof flash[1]];
    memcpy(record, &flash[1], sizeof record);
    husk_envelope_view seen;
    husk_status readable = husk_envelope_inspect(envelope, len, &seen);
    if (readable == HUSK_OK) {
        check_view(&seen, envelope, len);
    }
    FUZZ_CHECK(readable == HUSK_OK || readable == HUSK_ERR_FORMAT || readable == HUSK_ERR_UNSUPPORTED);
    FUZZ_CHECK(readable == HUSK_OK || memcmp(&seen, &empty, sizeof empty) == 0);
    unsigned tried = fuzz_aead_tried();
    husk_status status = open_envelope(envelope, len, view);
    bool decrypted = fuzz_aead_tried() > tried;
    if (status != HUSK_OK) {
        FUZZ_CHECK(readable == HUSK_OK || status == readable);
        FUZZ_CHECK(memcmp(&opener, &before, sizeof before) == 0 && memcmp(record, &flash[1], sizeof record) == 0);
        FUZZ_CHECK(memcmp(view, &empty, sizeof empty) == 0);
        FUZZ_CHECK(decrypted || len == 0 || memcmp(envelope, again, len) == 0);
        FUZZ_CHECK(!decrypted || status == HUSK_ERR_AUTHENTICATION || status == HUSK_ERR_STORAGE);
        if (decrypted) {
            fuzz_check_no_plaintext();
        }
        note(status);
        return status;
    }
    FUZZ_CHECK(decrypted && readable == HUSK_OK && !storage_fails);
    check_admitted(view);
    fuzz_check_inside(view->content, envelope, len);
    FUZZ_CHECK(view->content.len + fuzz_aead_8.tag_bytes == seen.ciphertext.len);
    husk_envelope_view claimed = *view;
    claimed.sequence = 0;
    claimed.content = seen.content;
    FUZZ_CHECK(memcmp(&claimed, &seen, sizeof seen) == 0);

    /* What is stored is what is known, and enough to refuse it from now on. */
    husk_envelope_opener restarted;
    husk_envelope_view ignored;
    FUZZ_OK(husk_envelope_opener_init(&restarted, &opener_config));
    FUZZ_CHECK(memcmp(&restarted, &opener, sizeof opener) == 0);
    FUZZ_CHECK(open_envelope(again, len, &ignored) == HUSK_ERR_REPLAY);
    FUZZ_CHECK(memcmp(&restarted, &opener, sizeof opener) == 0);
    fuzz_reached(OPENED);
    return HUSK_OK;
}

/* ---- The ways to make one ---- */

/* Its tag is zeros; the content key of many is zeros too. */
static size_t vouch(husk_bytes protected_header, husk_bytes unprotected, husk_bytes recipients, husk_bytes plaintext,
                    uint8_t out[ENVELOPE_MAX])
{
    static const uint8_t content_key[16];
    uint8_t text[TEXT_MAX + 16] = {0};
    husk_cbor_writer w;
    size_t len;
    FUZZ_CHECK(plaintext.len <= TEXT_MAX);
    if (plaintext.len > 0) {
        memcpy(text, plaintext.data, plaintext.len);
    }
    fuzz_conceal(text, plaintext.len);
    husk_cbor_writer_init(&w, out, ENVELOPE_MAX);
    husk_cbor_write_head(&w, HUSK_CBOR_TAG, many ? 96 : 16);
    husk_cbor_write_head(&w, HUSK_CBOR_ARRAY, many ? 4 : 3);
    husk_cbor_write_bytes(&w, protected_header.data, protected_header.len);
    husk_cbor_write_raw(&w, unprotected.data, unprotected.len);
    husk_cbor_write_bytes(&w, text, plaintext.len + fuzz_aead_8.tag_bytes);
    if (many && recipients.len > 0) {
        husk_cbor_write_raw(&w, recipients.data, recipients.len);
    } else if (many) {
        uint8_t wrapped[24];
        FUZZ_OK(husk_aes_kw_wrap(keys[2].key, content_key, sizeof content_key, wrapped));
        husk_cbor_write_raw(&w, (const uint8_t *)"\x81\x83\x40\xa2\x01\x22\x04\x41l", 9);
        husk_cbor_write_bytes(&w, wrapped, sizeof wrapped);
    }
    FUZZ_OK(husk_cbor_writer_finish(&w, &len));
    return len;
}

static void trusted(fuzz_input *in)
{
    static uint8_t out[ENVELOPE_MAX];
    husk_bytes protected_header = fuzz_take(in, fuzz_byte(in));
    husk_bytes unprotected = fuzz_take(in, fuzz_byte(in));
    husk_bytes recipients = fuzz_take(in, fuzz_byte(in));
    husk_bytes plaintext = fuzz_take(in, TEXT_MAX);
    husk_envelope_view view;
    fuzz_aead_trust(true);
    (void)receive(out, vouch(protected_header, unprotected, recipients, plaintext, out), &view);
}

/* Names of up to 300 bytes, texts of tags, and times as the input has them. */
static husk_envelope_metadata make_metadata(fuzz_input *in)
{
    static uint8_t tags[256];
    husk_envelope_metadata m = {0};
    uint8_t which = fuzz_byte(in);
    if ((which & 1) != 0) {
        m.source = fuzz_take(in, fuzz_byte(in));
    }
    if ((which & 2) != 0) {
        m.destination = fuzz_take(in, fuzz_byte(in));
    }
    m.has_deadline = (which & 4) != 0;
    for (unsigned i = m.has_deadline ? fuzz_byte(in) % 9 : 0; i > 0; i--) {
        m.deadline = m.deadline << 8 | fuzz_byte(in);
    }
    m.has_content_format = (which & 8) != 0;
    m.content_format = m.has_content_format ? (uint16_t)(fuzz_byte(in) * 257u) : 0;
    m.has_priority = (which & 16) != 0;
    m.priority = m.has_priority ? fuzz_byte(in) : 0;
    m.has_time = (which & 64) != 0;
    m.time = m.has_time ? fuzz_byte(in) : 0;
    if ((which & 32) != 0) {
        husk_cbor_writer w;
        husk_cbor_writer_init(&w, tags, sizeof tags);
        for (m.tag_count = 0; m.tag_count < 5 && in->len > 0; m.tag_count++) {
            husk_bytes tag = fuzz_take(in, fuzz_byte(in) % 16);
            husk_cbor_write_head(&w, HUSK_CBOR_TEXT, tag.len);
            husk_cbor_write_raw(&w, tag.data, tag.len);
        }
        m.tags = (husk_bytes){tags, w.len};
    }
    return m;
}

static void round_trip(fuzz_input *in)
{
    static uint8_t out[ENVELOPE_MAX];
    size_t len = 0;
    size_t exact_len;
    husk_envelope_view view;
    const husk_envelope_metadata metadata = make_metadata(in);
    husk_bytes content = fuzz_take(in, TEXT_MAX);
    const husk_envelope_sender before = sender;
    const uint64_t random_before = fuzz_random_state;
    husk_status status = seal(&metadata, content, out, sizeof out, &len);
    if (status != HUSK_OK) {
        /* CBOR texts that are no UTF-8 are refused by whoever writes them. */
        FUZZ_CHECK(status == HUSK_ERR_ARGUMENT || (status == HUSK_ERR_STORAGE && storage_fails));
        FUZZ_CHECK(memcmp(&sender, &before, sizeof before) == 0);
        fuzz_reached(NOT_SEALED);
        return;
    }
    FUZZ_CHECK(!storage_fails && sender.sequence == before.sequence + 1 && sender.limit >= sender.sequence);
    sender = before;
    fuzz_random_state = random_before;
    uint8_t *exact = fuzz_exact(out, len);
    FUZZ_CHECK(seal(&metadata, content, exact, len - 1, &exact_len) == HUSK_ERR_BUFFER);
    FUZZ_CHECK(memcmp(&sender, &before, sizeof before) == 0);
    FUZZ_OK(seal(&metadata, content, exact, len, &exact_len));
    FUZZ_CHECK(fuzz_same((husk_bytes){exact, exact_len}, (husk_bytes){out, len}));
    FUZZ_OK(husk_envelope_inspect(exact, len, &view));
    FUZZ_CHECK(same_metadata(&view.metadata, &metadata));
    if (receive(exact, len, &view) == HUSK_OK) {
        FUZZ_CHECK(same_metadata(&view.metadata, &metadata) && fuzz_same(view.content, content));
        FUZZ_CHECK(view.sequence == before.sequence);
        fuzz_reached(ROUND_TRIP);
    }
}

/* What may change are the words for the other recipients. */
static void patched(fuzz_input *in)
{
    uint8_t out[256];
    size_t len;
    husk_envelope_view view;
    const husk_bytes content = {(const uint8_t *)"content", 7};
    const husk_envelope_metadata metadata = {.destination = names[0],
                                             .has_deadline = true,
                                             .deadline = NOW + 1,
                                             .tag_count = 1,
                                             .tags = {(const uint8_t *)"\x61t", 2}};
    now = NOW;
    storage_fails = false;
    FUZZ_OK(seal(&metadata, content, out, sizeof out, &len));
    bool changed = fuzz_patch(in, out, len);
    husk_status status = receive(out, len, &view);
    FUZZ_CHECK(changed || status == HUSK_OK);
    FUZZ_CHECK(!changed || many || status != HUSK_OK);
    if (status == HUSK_OK) {
        FUZZ_CHECK(same_metadata(&view.metadata, &metadata) && fuzz_same(view.content, content));
        FUZZ_CHECK(view.sequence == 0);
        fuzz_reached(HARMLESS);
    }
}

/* Envelopes that verify, numbered by the input: accepted once each, and only if no more than 63 behind. */
static void window(fuzz_input *in)
{
    bool seen[256] = {false};
    int top = -1;
    opener_config.deadline_required = false;
    fuzz_aead_trust(true);
    while (in->len > 0) {
        static uint8_t out[ENVELOPE_MAX];
        uint8_t number = fuzz_byte(in);
        uint8_t unprotected[16] = {0xa1, 0x06, 0x41, number};
        if (number == 255) {
            FUZZ_OK(husk_envelope_opener_init(&opener, &opener_config));
            fuzz_reached(RESTARTED);
            continue;
        }
        if (number == 254) {
            storage_fails = !storage_fails;
            continue;
        }
        size_t len = vouch((husk_bytes){(const uint8_t *)"\xa1\x01\x0a", 3}, (husk_bytes){unprotected, 4},
                           (husk_bytes){NULL, 0}, (husk_bytes){NULL, 0}, out);
        husk_envelope_view view;
        bool fresh = !seen[number] && (int)number > top - HUSK_ENVELOPE_WINDOW;
        husk_status status = receive(out, len, &view);
        FUZZ_CHECK(status == (!fresh ? HUSK_ERR_REPLAY : storage_fails ? HUSK_ERR_STORAGE : HUSK_OK));
        fuzz_reached(fresh ? FRESH : seen[number] ? REPLAYED : STALE);
        if (status == HUSK_OK) {
            seen[number] = true;
            top = (int)number > top ? (int)number : top;
        }
    }
}

void fuzz_one(fuzz_input in)
{
    husk_bytes rest;
    husk_envelope_view view;
    fuzz_random_state = 1;
    fuzz_aead_begin(false);
    connect(fuzz_byte(&in));
    switch (fuzz_byte(&in) % 5) {
    case 0:
        rest = fuzz_take(&in, TEXT_MAX);
        (void)receive(rest.data, rest.len, &view);
        return;
    case 1:
        trusted(&in);
        return;
    case 2:
        round_trip(&in);
        return;
    case 3:
        patched(&in);
        return;
    default:
        window(&in);
    }
}
