/* Fragments (fragment.h), payloads of frames that verified. Bit 0 of the first byte: 0 fragments of the input's
 * making, against a model that keeps every piece apart: the second byte is the room for a message, then for each
 * fragment its number, its length, and its bytes; 1 a message of as many bytes as the second says, cut into fragments
 * as long as the third says, that arrive in the order of the bytes that follow, once or more often, all the others
 * afterwards.
 *
 * seed: 00 20 0503 000102 0603 010304 0702 8205
 * seed: 00 20 0702 8205 0603 010304 0503 000102
 * seed: 00 06 0702 8205 0603 010304 0503 000102
 * seed: 00 04 0702 8205 0603 010304 0503 000102
 * seed: 00 20 0503 000102 0503 000102 0602 0103 0803 030304 0703 820102 0403 800102
 * seed: 00 20 0503 000102 0903 000102 0603 010304
 * seed: 00 20 0503 806162 0503 806162 0601 80 0701 00 0700 0102 8501 ff02 7f01
 * seed: 01 40 05 0302010405060000
 * seed: 01 fb 03 7f7e 01 0203040506070809
 * seed: 01 00 09
 * seed: 01 ff 02 */
#include "support/fuzz.h"

FUZZ_GOALS(TAKEN, COMPLETED, WHOLE, REPEATED, CONTRADICTED, TOO_LONG, REPLACED, CUT, TOO_MANY);

#define CAP_MAX 255
#define PIECE_MAX 256
#define LAST 0x80
#define INDEX 0x7f

/* Of the newest message every piece, wherever it goes. */
static struct {
    uint8_t piece[HUSK_FRAGMENTS_MAX][PIECE_MAX];
    size_t len[HUSK_FRAGMENTS_MAX];
    bool there[HUSK_FRAGMENTS_MAX];
    size_t last; /* its index; HUSK_FRAGMENTS_MAX: not known */
    uint64_t first;
    bool any;
} model;

void fuzz_setup(void)
{
}

/* Of a message of which `index` is one more piece: how many bytes it has at least, or 0 if the pieces do not fit
 * together. */
static size_t shortest(size_t index, size_t len, bool is_last)
{
    size_t last = is_last ? index : model.last;
    size_t last_len = is_last ? len : model.last < HUSK_FRAGMENTS_MAX ? model.len[model.last] : 0;
    size_t piece_len = is_last ? 0 : len;
    size_t top = index;
    if (is_last && model.last < HUSK_FRAGMENTS_MAX) {
        return 0;
    }
    for (size_t i = 0; i < HUSK_FRAGMENTS_MAX; i++) {
        if (!model.there[i] || i == model.last) {
            continue;
        }
        if (piece_len != 0 && model.len[i] != piece_len) {
            return 0;
        }
        piece_len = model.len[i];
        top = i > top ? i : top;
    }
    bool known = last < HUSK_FRAGMENTS_MAX;
    if (known && (top > last || (!is_last && top == last) || (piece_len != 0 && piece_len < last_len))) {
        return 0;
    }
    piece_len = piece_len != 0 ? piece_len : last_len;
    return known ? last * piece_len + last_len : (top + 1) * piece_len;
}

static bool is_complete(void)
{
    bool complete = model.last < HUSK_FRAGMENTS_MAX;
    for (size_t i = 0; complete && i < model.last; i++) {
        complete = model.there[i];
    }
    return complete;
}

static void forget(uint64_t first)
{
    memset(model.there, 0, sizeof model.there);
    model.last = HUSK_FRAGMENTS_MAX;
    model.first = first;
    model.any = true;
}

/* What becomes of a fragment; *complete if the message is all there. */
static husk_status expect(uint64_t number, husk_bytes fragment, size_t cap, bool *complete)
{
    *complete = false;
    if (fragment.len == 0) {
        return HUSK_ERR_FORMAT;
    }
    size_t index = fragment.data[0] & INDEX;
    bool is_last = (fragment.data[0] & LAST) != 0;
    size_t len = fragment.len - 1;
    if (index > number || (len == 0 && (index > 0 || !is_last)) || (index == HUSK_FRAGMENTS_MAX - 1 && !is_last)) {
        return HUSK_ERR_FORMAT;
    }
    uint64_t first = number - index;
    if (model.any && first < model.first) {
        return HUSK_ERR_REPLAY;
    }
    bool newer = !model.any || first > model.first;
    if (!newer && model.there[index]) {
        return HUSK_ERR_REPLAY;
    }
    /* A fragment that is refused must not end the message before it: so the model is asked before it forgets. */
    size_t least = (index + 1) * len;
    if (!newer) {
        bool alone = is_last && index == 0;
        for (size_t i = 0; alone && i < HUSK_FRAGMENTS_MAX; i++) {
            alone = !model.there[i];
        }
        least = is_last && index == 0 ? (alone ? 1 : 0) : shortest(index, len, is_last);
        if (least == 0) {
            return HUSK_ERR_FORMAT;
        }
    }
    if (least > cap && !(is_last && index == 0)) {
        return HUSK_ERR_BUFFER;
    }
    if (newer) {
        if (model.any && !is_complete()) {
            fuzz_reached(REPLACED);
        }
        forget(first);
    }
    memcpy(model.piece[index], fragment.data + 1, len);
    model.len[index] = len;
    model.there[index] = true;
    model.last = is_last ? index : model.last;
    *complete = is_complete();
    return HUSK_OK;
}

static void check_message(husk_bytes message)
{
    size_t at = 0;
    for (size_t i = 0; i <= model.last; i++) {
        FUZZ_CHECK(message.len - at >= model.len[i]);
        FUZZ_CHECK(model.len[i] == 0 || memcmp(message.data + at, model.piece[i], model.len[i]) == 0);
        at += model.len[i];
    }
    FUZZ_CHECK(at == message.len);
}

static void take(husk_reassembly *r, uint64_t number, husk_bytes fragment)
{
    const husk_reassembly before = *r;
    const uint8_t *held = fuzz_exact(r->buffer, r->cap);
    husk_bytes message;
    bool complete;
    husk_status expected = expect(number, fragment, r->cap, &complete);
    husk_status status = husk_reassembly_take(r, number, fragment, &message);
    FUZZ_CHECK(status == expected);
    if (status != HUSK_OK) {
        FUZZ_CHECK(memcmp(r, &before, sizeof before) == 0 && message.data == NULL);
        FUZZ_CHECK(r->cap == 0 || memcmp(r->buffer, held, r->cap) == 0);
        fuzz_reached(status == HUSK_ERR_REPLAY ? REPEATED : status == HUSK_ERR_BUFFER ? TOO_LONG : CONTRADICTED);
        return;
    }
    FUZZ_CHECK((message.data != NULL) == complete);
    fuzz_reached(TAKEN);
    if (complete) {
        check_message(message);
        bool whole = model.last == 0;
        fuzz_check_inside(message, whole ? fragment.data : r->buffer, whole ? fragment.len : r->cap);
        fuzz_reached(whole ? WHOLE : COMPLETED);
    }
}

static void made_up(fuzz_input *in)
{
    size_t cap = fuzz_byte(in);
    uint8_t zeros[CAP_MAX] = {0};
    husk_reassembly r;
    husk_reassembly_init(&r, fuzz_exact(zeros, cap), cap);
    forget(0);
    model.any = false;
    while (in->len > 0) {
        uint64_t number = fuzz_byte(in);
        husk_bytes fragment = fuzz_take(in, fuzz_byte(in));
        take(&r, number, (husk_bytes){fuzz_exact(fragment.data, fragment.len), fragment.len});
    }
}

static void honest(fuzz_input *in)
{
    static struct {
        uint8_t data[PIECE_MAX];
        size_t len;
    } sent[HUSK_FRAGMENTS_MAX];
    uint8_t bytes[CAP_MAX];
    size_t len = fuzz_byte(in);
    size_t fragment_bytes = fuzz_byte(in);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (uint8_t)(i * 7 + 1);
    }
    husk_fragmenter cut;
    const husk_bytes message = {fuzz_exact(bytes, len), len};
    husk_status status = husk_fragmenter_init(&cut, message, fragment_bytes);
    bool possible = fragment_bytes >= 2 && len <= HUSK_FRAGMENTS_MAX * (fragment_bytes - 1);
    FUZZ_CHECK(status == (possible ? HUSK_OK : HUSK_ERR_ARGUMENT));
    if (!possible) {
        fuzz_reached(TOO_MANY);
        return;
    }
    size_t count = 0;
    while (!cut.done) {
        FUZZ_CHECK(count < HUSK_FRAGMENTS_MAX && cut.index == count);
        uint8_t *out = fuzz_exact(bytes, fragment_bytes);
        sent[count].len = husk_fragmenter_next(&cut, out);
        FUZZ_CHECK(sent[count].len > 0 && sent[count].len <= fragment_bytes);
        memcpy(sent[count].data, out, sent[count].len);
        count++;
    }
    FUZZ_CHECK(husk_fragmenter_next(&cut, sent[0].data) == 0);

    /* No more room than the message needs. */
    husk_reassembly r;
    husk_reassembly_init(&r, fuzz_exact(bytes, len), len);
    bool arrived[HUSK_FRAGMENTS_MAX] = {false};
    unsigned completed = 0;
    uint64_t first = (uint64_t)1 << 39;
    size_t chosen = in->len;
    for (size_t i = 0; i < chosen + count; i++) {
        size_t which = i < chosen ? fuzz_byte(in) % count : i - chosen;
        husk_bytes got;
        const uint8_t *fragment = fuzz_exact(sent[which].data, sent[which].len);
        status = husk_reassembly_take(&r, first + which, (husk_bytes){fragment, sent[which].len}, &got);
        FUZZ_CHECK(status == (arrived[which] ? HUSK_ERR_REPLAY : HUSK_OK));
        arrived[which] = true;
        if (got.data != NULL) {
            FUZZ_CHECK(fuzz_same(got, message));
            completed++;
        }
    }
    FUZZ_CHECK(completed == 1);
    fuzz_reached(CUT);
}

void fuzz_one(fuzz_input in)
{
    if ((fuzz_byte(&in) & 1) != 0) {
        honest(&in);
        return;
    }
    made_up(&in);
}
